"""Figures become tables and verdicts."""

from contest import Turn
from landed import Landed
from rounds import between_rounds
from scenarios import Measured
from servers import Asked, Log
from table import COLUMNS, Figures, markdown, table
from targets import targets


def turn(contestant, cpu, wall=10.0, refused=0, rss_mb=60.0, exit=0):
    landed = Landed(100, objects=100, lost=exit, identical=100 - exit, bytes=1000, sent=1000)
    return Turn(
        contestant, exit, wall, cpu, 0.0, rss_mb, 0.5, landed, requests=100, refused=refused, asking=9.0, s3={"PUT": 9}
    )


def cpu_scenario(**cpus):
    turns = [turn(name.replace("_", "-"), cpu) for name, cpu in cpus.items()]
    starts = [turn(name.replace("_", "-"), 0.0) for name in cpus]
    return Measured("cpu", "No latency", "", turns, starts)


def test_a_target_is_met_or_missed_by_the_peer_of_the_same_run():
    measured = cpu_scenario(default=0.7, fast=0.1, one_by_one=1.0, dlt=2.0)

    verdicts = {found.what: found.is_met for found in targets([measured])}

    assert verdicts["default: CPU a record ÷ script of today"] is False
    assert verdicts["fast: CPU a record ÷ script of today"] is True
    assert verdicts["fast: CPU a record ÷ dlt"] is True
    assert "fast: CPU a record ÷ Singer" not in verdicts  # it was absent


def test_one_refusal_in_any_round_misses_the_target():
    turns = [turn("default", 1.0), turn("default", 1.0, refused=1), turn("fast", 1.0)]
    measured = Measured("limited", "", "", turns, ideal=lambda records: records / 10)

    verdicts = {found.what: found.is_met for found in targets([measured])}

    assert verdicts["default: refused with 429, worst round"] is False
    assert verdicts["fast: refused with 429, worst round"] is True


def test_medians_are_over_the_rounds_and_landing_is_of_the_worst():
    measured = cpu_scenario(default=0.2)
    measured = Measured("cpu", "", "", [turn("default", cpu, exit=cpu == 9) for cpu in (1, 9, 2)], measured.starts)

    figures = Figures(measured, "default")

    assert figures.cpu == 2 / 100 * 1e6
    assert figures.failed


def test_a_row_has_a_cell_for_each_column():
    measured = cpu_scenario(default=0.7, fast=0.1, one_by_one=1.0)
    head, _, *rows = table(measured, COLUMNS["cpu"](measured))

    assert len(rows) == 3
    assert {row.count("|") for row in rows} == {head.count("|")}
    assert "missed" in markdown(["facts"], targets([measured]), [measured])


def test_the_log_tells_what_lay_between_two_rounds():
    pages = [Asked(at, "/3/movie/popular", "1", 200) for at in (0.0, 0.2, 0.25, 0.45)]
    details = [Asked(at, "/3/movie/5", None, 200) for at in (0.7, 0.75)]

    between = between_rounds("default", Log(6, (*pages, *details)), rate=20, latency=0.1)

    assert (between.pages, between.side_by_side) == (4, 2)
    assert round(between.learning, 3) == 0.15
    assert round(between.barrier, 3) == 0.2
