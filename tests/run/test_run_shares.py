"""The shares of workers add up to the whole, and never to more."""

from __future__ import annotations

import random

from ingest_core.run.shares import Shares
from ingest_core.run.spread import Allotment, Done


def test_each_of_several_gets_the_same_rate_and_every_connection_is_given_out() -> None:
    shares = Shares(Allotment(40, 20))

    given = [shares.give(worker, among=8) for worker in range(8)]

    assert [share and share.rate for share in given] == [5.0] * 8
    assert sum(share.connections for share in given if share) == 20
    assert {share.connections for share in given if share} == {2, 3}


def test_whatever_workers_come_and_go_the_sum_stays_below_the_whole() -> None:
    chance, whole = random.Random(7), Allotment(40, 11)
    shares, at_work = Shares(whole), dict[int, Allotment]()
    for _ in range(5_000):
        worker = chance.randrange(9)
        if at_work.pop(worker, None) is not None:
            shares.hear(worker, Done(requests=5, throttled=chance.random() < 0.1))
            shares.take_back(worker)
        else:
            given = shares.give(worker, among=max(len(at_work) + 1, chance.randint(1, 9)))
            if given is not None:
                at_work[worker] = given
        assert sum(share.rate for share in at_work.values()) <= whole.rate + 1e-9
        assert sum(share.connections for share in at_work.values()) <= whole.connections
        assert all(share.rate > 0 and share.connections > 0 for share in at_work.values())


def test_who_is_left_has_the_share_of_those_who_ended_with_its_next_piece() -> None:
    shares = Shares(Allotment(40, 20))
    for worker in range(4):
        shares.give(worker, among=4)
    for worker in (1, 2, 3):
        shares.take_back(worker)
    shares.hear(0, Done(requests=10))
    shares.take_back(0)

    assert shares.give(0, among=1) == Allotment(40, 20)


def test_a_new_worker_waits_until_others_have_given_back_what_is_its_own() -> None:
    shares = Shares(Allotment(40, 20))
    shares.give(0, among=1)

    assert shares.give(1, among=2) is None
    shares.take_back(0)
    assert shares.give(0, among=2) == shares.give(1, among=2) == Allotment(20, 10)


def test_one_refusal_slows_all_and_pieces_without_one_bring_the_rate_back() -> None:
    shares = Shares(Allotment(40, 20))
    rates = []
    for throttled in (0, 3, 0, 0, 0, 0):
        given = [shares.give(worker, among=2) for worker in (0, 1)]
        rates.append(sum(share.rate for share in given if share))
        shares.hear(0, Done(requests=6, throttled=throttled))
        shares.hear(0, Done(requests=4))
        shares.take_back(0)
        shares.take_back(1)
    assert [round(rate, 2) for rate in rates] == [40, 40, 32, 35.2, 38.72, 40]
