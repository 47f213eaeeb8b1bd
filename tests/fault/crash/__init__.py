"""Real crashes of real runs: `make crash`.

    api.py       a made-up API on loopback that remembers every byte it sent: the oracle
    launch.py    one `ingest run`, as the command itself or as a fork of a warm process
    site.py      a config, a lake and an API: what the runs of a series share
    lane.py      one site's dates, one after the other
    series.py    runs that are killed, in pairs, or stalled, until each date is done
    verdict.py   what lies in the lake, against what the API sent: lost, doubled, torn, left behind

Nothing of ingest_core is asked what the lake holds; `shelf.py` reads folders and buckets by itself.
"""
