"""What a contestant left is counted by id and compared byte for byte, as objects and as lines."""

import gzip
import hashlib

from landed import landed_in, truth

SENT = {"1": b'{"id": 1, "price": 1.50}', "2": b'{"id": 2}', "3": b'{"id": 3}'}


class Store:
    """As much of a bucket as is looked at."""

    def __init__(self, bodies):
        self._bodies = bodies

    def objects(self):
        return {key: (hashlib.md5(body).hexdigest(), len(body)) for key, body in self._bodies.items()}

    def get(self, key):
        return self._bodies[key]


def test_what_is_there_as_it_was_sent_is_identical_and_what_is_not_there_is_lost():
    store = Store({"Raw/TMDB/JSON/2026/11/25/movie-1.json": SENT["1"], "Raw/movie-2.json": b'{"id":2}'})

    landed = landed_in(store, truth(SENT))

    assert (landed.expected, landed.objects, landed.lost, landed.identical) == (3, 2, 1, 1)
    assert (landed.sent, landed.bytes) == (sum(map(len, SENT.values())), len(SENT["1"]) + len(b'{"id":2}'))


def test_lines_of_one_file_are_a_record_each():
    lines = b'{"id": 1, "price": 1.5}\n' + SENT["2"] + b"\n"
    store = Store({"Raw/tmdb/movie/17.3.jsonl.gz": gzip.compress(lines), "Raw/tmdb/_dlt_loads/17.jsonl": b'{"id": 3}'})

    landed = landed_in(store, truth(SENT))

    assert (landed.objects, landed.lost, landed.identical) == (2, 1, 1)


def test_an_object_of_another_id_answers_for_none_that_was_asked_for():
    assert landed_in(Store({"Raw/movie-4.json": SENT["1"]}), truth(SENT)).lost == 3
