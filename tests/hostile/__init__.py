"""A hostile API, real runs over HTTP, and what they landed against what was sent: `make hostile`.

catalog.py    what there is: ids of every kind, documents, which of them is odd in which way; a seed decides
faults.py     every way in which an answer goes wrong, and what is to become of it
server.py     the API on loopback: it answers with faults and keeps its own log, which is the oracle
plugin.py     the source: lists that shift, details by reference
programme.py  runs until the day is done, then the lake against the log
"""
