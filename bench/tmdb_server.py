"""TMDB's simulator in a process of its own, which tells its log: python tmdb_server.py '{"rate": 40, "latency": 0.1}'

The first line it prints is its address and token. For each line on its standard input it prints what it was asked since
the last one, as JSON: seconds since its start, path, page, status. It ends with its standard input.
"""

from __future__ import annotations

import json
import sys

from ingest_source_tmdb.simulator import Options, Simulator


def main() -> None:
    options = Options(**json.loads(sys.argv[1]))
    with Simulator(options) as simulator:
        print(json.dumps([simulator.base_url, options.token]), flush=True)
        for _ in sys.stdin:
            log = [[one.seconds, one.path, dict(one.query).get("page"), one.status] for one in simulator.log]
            simulator.clear_log()
            print(json.dumps(log), flush=True)


if __name__ == "__main__":
    main()
