"""A stand-in for TMDB's API v3 on loopback, with made-up data: for tests, for benchmarks and for trying things out."""

from ingest_source_tmdb.simulator.log import LoggedRequest
from ingest_source_tmdb.simulator.options import Options
from ingest_source_tmdb.simulator.server import Simulator

__all__ = ["LoggedRequest", "Options", "Simulator"]
