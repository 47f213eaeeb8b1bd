# ruff: noqa: E501 -- what is replaced stands here as it stands in the code
"""Each mutant: one promise of the protocol taken back by a change of a line or two, and the checks that must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` stands once in `file` and becomes `new`; each of `checks` (pytest's node ids) must then fail."""

    name: str
    file: str
    old: str
    new: str
    checks: tuple[str, ...]


SIMULATION = "tests/simulation/test_simulation.py"
EVERY_STEP = "tests/simulation/test_every_step.py"
RESUME = "tests/run/test_run_resume.py"
GENERATIONS = "tests/run/test_run_generations.py"

MUTANTS = (
    Mutant(
        "wall-clock date",
        "ingest_core/run/engine.py",
        "_, report = _attempted(replace(job, date=day, only_resume=True))",
        "_, report = _attempted(replace(job, date=job.clock.now().date(), only_resume=True))",
        (f"{RESUME}::test_an_unfinished_run_of_another_day_comes_first_with_its_own_date",),
    ),
    Mutant(
        "checkpoint before data",
        "ingest_core/run/attempt.py",
        "            if conclusion.error is None and job.limit is None:",
        "            if job.limit is None:",
        ("tests/run/test_run_checkpoint.py::test_a_run_that_did_not_commit_tells_nobody",),
    ),
    Mutant(
        "unconditional put",
        "ingest_core/sink.py",
        "            if self._lake.put_if_absent(parcel.key, parcel.body, metadata):",
        "            if self._lake.put(parcel.key, parcel.body) is None:",
        (
            "tests/run/test_run_outcomes.py::test_another_document_under_the_key_is_kept_counted_and_named",
            "tests/test_sink.py::test_other_bytes_are_a_conflict_and_stay",
        ),
    ),
    Mutant(
        "compare-and-swap removed",
        "ingest_core/state/claim.py",
        "        if lake.swap(keys.state, encode(mine), stored, {}) or",
        "        if lake.put(keys.state, encode(mine)) is None or",
        ("tests/state/test_claim.py::test_of_two_that_claim_at_the_same_instant_one_wins",),
    ),
    Mutant(
        "read-back removed",
        "ingest_core/sink.py",
        "            outcome = self._whose(stored, digest, parcel, slice_name)",
        '            outcome = "conflict"',
        (
            "tests/test_sink.py::test_an_own_write_whose_answer_was_lost_is_written",
            f"{GENERATIONS}::test_a_refresh_replaces_removes_and_adds",
        ),
    ),
    Mutant(
        "part before its records",
        "ingest_core/run/slices.py",
        "        landing.finish()\n        self._settle_pending(filling)\n        if self._dock.is_shared:",
        "        self._close(draft.part(landing.landed, landing.files, rest, is_cut_short=True))\n"
        "        landing.finish()\n        self._settle_pending(filling)\n        if self._dock.is_shared:",
        (f"{RESUME}::test_wherever_a_run_is_killed_the_next_one_lands_the_same",),
    ),
    Mutant(
        "lease ignored",
        "ingest_core/state/claim.py",
        "wanted.waits_for(seen) and not lake.holds:",
        "wanted.waits_for(seen) and lake.uri is None:",
        ("tests/state/test_claim.py::test_a_claim_that_is_renewed_meanwhile_is_locked",),
    ),
    Mutant(
        "412 taken for success",
        "ingest_core/lake/s3.py",
        '            if status_of(error) == 412 or code_of(error) == "NoSuchKey":\n                return False\n',
        '            if status_of(error) == 412 or code_of(error) == "NoSuchKey":\n                return True\n',
        ("tests/lake/test_lake_contract.py", "tests/lake/test_lake_swap.py"),
    ),
    Mutant(
        "412 taken for success by the direct way",
        "ingest_core/lake/s3_direct.py",
        "        return {200: True, 412: False}.get(answer.status)",
        "        return {200: True, 412: True}.get(answer.status)",
        ("tests/lake/test_lake_s3_direct.py",),
    ),
    Mutant(
        "superseded objects not removed",
        "ingest_core/run/superseded.py",
        "            self._lake.delete(earlier.key)\n",
        "",
        (
            f"{GENERATIONS}::test_a_refresh_replaces_removes_and_adds",
            "tests/test_duckdb_reads.py::test_after_a_refresh_with_another_layout_the_folder_has_each_id_once",
        ),
    ),
    Mutant(
        "transient failure closing a slice",
        "ingest_core/run/slices.py",
        "        except BaseException as error:\n            landing.let_go()",
        "        except TransientError:\n            return self._close(filling.draft.part((), (), (), is_cut_short=True))\n"
        "        except BaseException as error:\n            landing.let_go()",
        (
            "tests/run/test_run_failures.py::test_a_transient_failure_leaves_its_slice_open_and_the_next_round_unplanned",
            "tests/run/test_run_outage.py",
        ),
    ),
    Mutant(
        "missing counted as failed",
        "ingest_core/run/summary.py",
        '        totals["rejected"] = len(part.rejected) - len(part.recovered)',
        '        totals["rejected"] = len(part.rejected) + len(part.missing) - len(part.recovered)',
        ("tests/run/test_run_outcomes.py::test_missing_ids_do_not_count_against_the_budget",),
    ),
    Mutant(
        "intent left out",
        "ingest_core/run/landing.py",
        "        self._dock.puts.submit(self._dock.store.write_intent, self._number, intent).result()",
        "        del intent",
        (f"{RESUME}::test_a_row_that_has_left_the_list_since_it_landed_is_kept_and_listed",),
    ),
    Mutant(
        "closed slices fetched again",
        "ingest_core/run/slices.py",
        "        if closed is not None:\n            return closed\n",
        "        del closed\n",
        (f"{RESUME}::test_a_closed_slice_is_not_fetched_again",),
    ),
    Mutant(
        "every id to whoever names it",
        "ingest_core/run/index.py",
        "            if self._rows.execute(query, (stream, id, slice_name)).rowcount == 1:\n                return Claimed.MINE",
        "            if self._rows.execute(query, (stream, id, slice_name)).rowcount < 2:\n                return Claimed.MINE",
        ("tests/run/test_run_batch.py::test_an_id_that_two_slices_name_lies_in_one_file",),
    ),
    Mutant(
        "removal without a claim",
        "ingest_core/run/superseded.py",
        "            may_remove()  # again: while the object was being read, another run may have taken the date over\n",
        "",
        (
            "tests/run/test_run_taken_over.py"
            "::test_a_run_that_stands_still_before_it_removes_leaves_what_another_has_landed_since",
        ),
    ),
    Mutant(
        "a worker that does not look at the claim",
        "ingest_core/run/worker.py",
        "state.epoch, self._share.confirm, job.redactor",
        "state.epoch, lambda: None, job.redactor",
        ("tests/run/test_run_spread.py::test_workers_write_nothing_once_another_has_taken_the_date_over",),
    ),
    Mutant(
        "lists to workers where nothing tells their records apart",
        "ingest_core/run/spreading.py",
        "self._takes_lists = takes_lists(job, state)",
        "self._takes_lists = True",
        ("tests/run/test_run_spread.py::test_lists_that_overlap_land_each_id_once",),
    ),
)
