"""What every source must keep, as one test class. Each failure says what the author should do."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

import msgspec
import pytest

from ingest_core.model import Slice, Source, Status
from ingest_core.plugins import load_plugins
from ingest_core.run import plan
from ingest_core.testing.lake import MemoryLake
from ingest_core.testing.transport import CannedTransport
from ingest_core.testing.trial import Trial, job_for, land

SECRET_WORDS = ("token", "secret", "password", "api_key", "apikey", "credential")
Answers = Mapping[str, tuple[int, bytes]]


class SourceContract:
    """Subclass it and say which source.

    source    the name of an installed source, or a Source
    settings  what to try it with; left out: what its `demo` gives, or its defaults
    answers   what its API answers where it has no demo: `{"/v1/things?page=1": (200, b"…")}`
    """

    source: ClassVar[str | Source]
    settings: ClassVar[Mapping[str, Any]] = {}
    answers: ClassVar[Answers | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls) -> Source:
        """The source under test."""
        return load_plugins().find(cls.source) if isinstance(cls.source, str) else cls.source

    @pytest.fixture(scope="class")
    @classmethod
    def tried(cls, subject: Source) -> Iterator[Mapping[str, Any]]:
        """The settings of the trials; the source's simulator runs meanwhile, where it has one."""
        simulated = subject.demo() if subject.demo is not None and cls.answers is None else nullcontext({})
        with simulated as settings:
            yield {**settings, **cls.settings}

    @pytest.fixture(scope="class")
    @classmethod
    def trial(cls, subject: Source, tried: Mapping[str, Any]) -> Trial:
        """One run."""
        return cls.land(subject, tried)

    @classmethod
    def land(cls, subject: Source, tried: Mapping[str, Any], lake: MemoryLake | None = None) -> Trial:
        """A run against the answers of this class, or the simulator."""
        return land(subject, tried, CannedTransport(cls.answers) if cls.answers is not None else None, lake)

    def test_its_settings_schema_refuses_unknown_keys(self, subject: Source) -> None:
        for place, schema in _objects(subject.settings_schema, "settings"):
            assert schema.get("additionalProperties") is False, (
                f"{place} accepts misspelt keys in silence: say additionalProperties: False"
            )

    def test_its_settings_are_described(self, subject: Source) -> None:
        for place, schema in _objects(subject.settings_schema, "settings"):
            for name, inner in schema.get("properties", {}).items():
                assert inner.get("description"), f"{place}.{name} has no description, which editors show: give it one"

    def test_its_secrets_are_marked(self, subject: Source) -> None:
        for place, schema in _objects(subject.settings_schema, "settings"):
            for name, inner in schema.get("properties", {}).items():
                if any(word in name.lower() for word in SECRET_WORDS):
                    assert inner.get("format") == "secret", (
                        f'{place}.{name} looks like a secret: say "format": "secret"'
                    )

    def test_its_run_is_done(self, trial: Trial) -> None:
        report = trial.report
        assert report.status is Status.DONE, f"the run ended {report.status.value}: {report.error} {report.problems}"
        assert report.counts.records, "nothing landed: give settings under which something does"

    def test_its_plan_is_repeatable_and_survives_json(self, subject: Source, tried: Mapping[str, Any]) -> None:
        first, second = (plan(job_for(subject, tried, MemoryLake(), self._canned())) for _ in range(2))
        assert first == second, "plan gives other slices the second time: it may depend on ctx alone"
        for slice in first:
            again = msgspec.json.decode(msgspec.json.encode(slice), type=Slice)
            assert again == slice, f"slice {slice.name} changes on its way through JSON: use plain values in params"

    def test_its_fetch_is_repeatable(self, subject: Source, tried: Mapping[str, Any], trial: Trial) -> None:
        again = self.land(subject, tried)
        assert again.records == trial.records, (
            "a second run lands other records: fetch may depend on ctx and slice alone"
        )

    def test_a_rerun_changes_nothing(self, subject: Source, tried: Mapping[str, Any], trial: Trial) -> None:
        before = trial.lake.bodies("")
        again = self.land(subject, tried, trial.lake)
        assert again.report.already_done
        assert not again.exchanges, "a rerun of a done run asked the API again"
        assert trial.lake.bodies("") == before

    def test_its_records_are_the_bytes_that_came(self, subject: Source, trial: Trial) -> None:
        if subject.connect is None:
            pytest.skip("this source has no network")
        came = [exchange.response.body for exchange in trial.exchanges]
        for key, body in trial.records.items():
            assert any(body in whole for whole in came), (
                f"{key} is not as the API sent it: land row.body or answer.record(…), never json.dumps(…)"
            )

    def test_its_records_are_json_objects(self, trial: Trial) -> None:
        for key, body in trial.records.items():
            assert isinstance(json.loads(body), dict), f"{key} is not a JSON object"

    def test_it_asks_its_declared_hosts_alone(self, subject: Source, trial: Trial, tried: Mapping[str, Any]) -> None:
        if subject.connect is None:
            assert not trial.exchanges
            return
        connection = subject.connect(job_for(subject, tried, MemoryLake(), self._canned()).settings)
        allowed = {connection.base_url.split("/")[2], *connection.hosts}
        assert {exchange.host for exchange in trial.exchanges} <= allowed

    def test_no_secret_is_kept_or_logged(
        self, subject: Source, tried: Mapping[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG, logger="ingest_core"):
            trial = self.land(subject, tried)
        for secret in trial.secrets:
            leaks = [key for key, body in trial.lake.bodies("").items() if secret.encode() in body]
            assert not leaks, f"a secret stands in {leaks[0]}"
            assert secret not in caplog.text, "a secret stands in the log"
            assert secret not in repr(trial.report), "a secret stands in the report"

    @classmethod
    def _canned(cls) -> CannedTransport | None:
        return CannedTransport(cls.answers) if cls.answers is not None else None


def _objects(schema: Mapping[str, Any], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object schema inside, with its place."""
    if schema.get("type") == "object" or "properties" in schema:
        yield place, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _objects(inner, f"{place}.{name}")
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield from _objects(items, f"{place}[]")
