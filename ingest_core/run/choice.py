"""Which run of a date: the one that is unfinished, the one that is done, or a new generation."""

from __future__ import annotations

import msgspec

from ingest_core.codes import Code
from ingest_core.errors import UsageError
from ingest_core.run.job import Job
from ingest_core.state import FORMAT, Phase, RunState


class Choice:
    """Decides for `acquire`, and for whoever only looks."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._frozen = job.frozen

    def __call__(self, seen: RunState | None) -> RunState | None:
        """The state to claim, None where the run is done. Raises UsageError where a limit cannot be had."""
        job = self._job
        if job.only_resume:
            return self._begun(seen) if seen is not None and seen.is_unfinished else None
        if job.replay:
            return self._replayed(seen)
        if job.limit is not None:
            return self._trial(seen)
        if seen is None:
            return self._new(seen)
        is_as_frozen = seen.frozen.fingerprint == self._frozen.fingerprint
        if seen.is_unfinished and job.refresh:
            # The same wish once more, from a schedule or from a person: it goes on with what it began.
            return seen if seen.refreshed and is_as_frozen else self._new(seen)
        if seen.is_unfinished:
            return self._begun(seen)
        if job.refresh:
            return self._new(seen)
        if seen.phase is Phase.DONE and is_as_frozen:
            return None
        return self._new(seen)

    def _begun(self, seen: RunState) -> RunState:
        """The unfinished run: as it was begun, or, where nothing of it has landed, as the config is by now."""
        if seen.phase is Phase.OPEN and seen.untouched:
            return msgspec.structs.replace(seen, frozen=self._frozen, begun=self._job.clock.now(), untouched=False)
        return seen

    def _trial(self, seen: RunState | None) -> RunState | None:
        """A limited run has files of its own; every real run supersedes it, and it never touches a real run's."""
        if seen is not None and seen.phase is Phase.DONE:
            return None
        if seen is not None and seen.is_unfinished:
            raise UsageError(
                f"the run of {seen.config} for {seen.date} is not finished, and --limit would mix a trial into it",
                Code.UNFINISHED,
                hint="run it without --limit, or try with --dry-run",
            )
        return self._new(seen)

    def _replayed(self, seen: RunState | None) -> RunState:
        if seen is not None and seen.limit is None and (seen.is_unfinished or seen.phase is Phase.DONE):
            return seen
        raise UsageError(
            f"there is no run of {self._job.config} for {self._job.date} whose quarantine could be tried again",
            Code.NOT_REPLAYABLE,
            hint=f"ingest runs {self._job.config} lists what there is; --date names another day",
        )

    def _new(self, seen: RunState | None) -> RunState:
        now, is_trial = self._job.clock.now(), self._job.limit is not None
        generation, trials = (0, 0) if seen is None else (seen.generation, seen.trials)
        return RunState(
            format=FORMAT,
            config=self._job.config,
            date=self._job.date.isoformat(),
            phase=Phase.RUNNING,
            generation=generation if is_trial else generation + 1,
            epoch=0,
            nonce="",
            frozen=self._frozen,
            begun=now,
            touched=now,
            limit=self._job.limit,
            trials=trials + is_trial,
            refreshed=self._job.refresh,
        )


def given_up(seen: RunState | None) -> RunState | None:
    """For `acquire`: claims an unfinished run as it is, so that it can be abandoned."""
    return seen if seen is not None and seen.phase in {Phase.RUNNING, Phase.HANDED, Phase.OPEN, Phase.DONE} else None


def forgetting(seen: RunState | None) -> RunState | None:
    """For `acquire`: claims a done run whose checkpoint is not to be used any more."""
    if seen is None or seen.phase is not Phase.DONE or seen.forgotten:
        return None
    return msgspec.structs.replace(seen, forgotten=True)
