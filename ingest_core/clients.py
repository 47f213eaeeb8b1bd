"""The clients of one process: each lake and each transport is opened once, by the engine that the environment names."""

from __future__ import annotations

from collections.abc import Mapping

from ingest_core.api import Network, Transport, open_transport
from ingest_core.aws import Aws
from ingest_core.engine import Engine
from ingest_core.lake import Lake, S3Options, open_lake


class Clients:
    """Opens what is asked for, and keeps it. `aws` makes what speaks with AWS."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.aws = Aws()
        self._lakes: dict[tuple[str, S3Options], Lake] = {}
        self._transports: dict[tuple[int, Network], Transport] = {}

    @property
    def engine(self) -> Engine:
        """The engine that INGEST_ENGINE names; else what is installed decides."""
        return Engine.named(self._environment.get("INGEST_ENGINE", "") or Engine.AUTO)

    def lake(self, uri: str, options: S3Options) -> Lake:
        """The lake of that name."""
        wanted = (uri, options)
        if wanted not in self._lakes:
            self._lakes[wanted] = open_lake(*wanted, self.engine, self.aws)
        return self._lakes[wanted]

    def transport(self, connections: int, network: Network) -> Transport:
        """What requests go through, so many at once."""
        wanted = (connections, network)
        if wanted not in self._transports:
            self._transports[wanted] = open_transport(connections, network, self.engine)
        return self._transports[wanted]
