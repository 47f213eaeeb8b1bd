"""One turn, whole: a process that asks the simulator and puts into S3, what it cost, and what became of it."""

import pytest
from contest import APPEND, CONTESTANTS, Task, take_turn
from environments import prepare
from ingest_source_tmdb.simulator import Options, Simulator
from landed import bodies_of, truth
from servers import quick_s3, simulator

IDS = (1, 2, 3)


@pytest.fixture(scope="module")
def true():
    return truth(bodies_of(Simulator(Options(seed=1)), IDS, APPEND))


@pytest.mark.parametrize(("name", "identical"), [("default", 3), ("one-by-one", 0)])
def test_a_turn_tells_what_landed_and_what_was_asked(name, identical, true):
    (contestant,) = (each for each in CONTESTANTS if each.name == name)
    with simulator(seed=1) as api, quick_s3() as store:
        turn, log = take_turn(contestant, Task(api, store, true, rate=1000, connections=2), {})

    assert (turn.exit, turn.landed.lost, turn.landed.identical) == (0, 0, identical)
    assert sorted(one.path for one in log.each) == ["/3/movie/1", "/3/movie/2", "/3/movie/3"]
    assert (turn.requests, turn.refused) == (3, 0)
    assert turn.s3["PUT"] >= 3
    assert turn.cpu > 0
    assert turn.rss_mb > 0


def test_a_peer_that_cannot_be_installed_is_absent_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "gone.in").write_text("gone==1.0\n")
    (tmp_path / "gone.txt").write_text("gone @ file:///nowhere/gone-1.0-py3-none-any.whl\n")
    monkeypatch.setattr("environments.REQUIREMENTS", tmp_path)

    peer = prepare("gone", tmp_path / "venvs")

    assert peer.versions == "gone 1.0"
    assert "/nowhere/gone" in peer.absent
