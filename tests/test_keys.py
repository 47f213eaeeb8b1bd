"""Where records and bookkeeping lie: the layouts, and ids that are names nowhere."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
import string
import unicodedata

import pytest

from ingest_core.keys import ControlKeys, RecordKeys, control_root, file_stem, id_text

DAY = dt.date(2026, 11, 23)
MOVIE_AND_TV = ("movie", "tv")
FOLDERS = {"movie": "Movies", "tv": "Series"}
SAFE = string.ascii_letters + string.digits + "_-"
NASTY = [
    "../../etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    ".",
    "..",
    ".hidden",
    "a.json",
    "-rf",
    "_x",
    " a",
    "a ",
    "a\n",
    "CON:",
    "título",
    unicodedata.normalize("NFD", "título"),
    "😀",
    "\ud800",
    "%2e%2e",
    "a?b#c",
    "x" * 129,
    "y" * 2048,
    "é" * 2048,
    "sha256.0",
]


@pytest.mark.parametrize(
    ("streams", "specification", "stream", "id", "key"),
    [
        ((), {}, "tweet", "603", "Raw/TMDB/JSON/2026/11/23/603.json"),
        (("movie",), {}, "movie", "603", "Raw/TMDB/JSON/2026/11/23/603.json"),
        (MOVIE_AND_TV, {}, "movie", "603", "Raw/TMDB/JSON/2026/11/23/movie-603.json"),
        (MOVIE_AND_TV, FOLDERS, "movie", "603", "Raw/TMDB/JSON/Movies/2026/11/23/603.json"),
        (MOVIE_AND_TV, FOLDERS, "tv", "603", "Raw/TMDB/JSON/Series/2026/11/23/603.json"),
        (MOVIE_AND_TV, {"movie": "Movies"}, "tv", "603", "Raw/TMDB/JSON/2026/11/23/tv-603.json"),
        (MOVIE_AND_TV, {"*": "All"}, "tv", "603", "Raw/TMDB/JSON/All/2026/11/23/tv-603.json"),
        (("movie",), {"*": "All"}, "movie", "603", "Raw/TMDB/JSON/All/2026/11/23/603.json"),
    ],
)
def test_a_record_lies_where_the_design_says(
    streams: tuple[str, ...], specification: dict[str, str], stream: str, id: str, key: str
) -> None:
    assert RecordKeys("TMDB", DAY, streams, specification).key(stream, id) == key


def test_a_record_whose_id_is_no_name_has_a_hashed_name_under_the_same_folder_and_prefix() -> None:
    hexed = hashlib.sha256(b"a/b").hexdigest()
    keys = RecordKeys("TMDB", DAY, MOVIE_AND_TV)
    assert keys.key("movie", "a/b") == f"Raw/TMDB/JSON/2026/11/23/movie-sha256.{hexed}.json"


def test_the_same_id_in_two_streams_has_two_keys() -> None:
    for specification in ({}, {"*": "All"}, FOLDERS, {"movie": "Movies"}):
        keys = RecordKeys("TMDB", DAY, MOVIE_AND_TV, specification)
        assert keys.key("movie", "11") != keys.key("tv", "11")
        assert keys.collisions() == []


def test_streams_whose_records_could_meet_are_told() -> None:
    both = RecordKeys("TMDB", DAY, ("movie", "tv", "person"), {"movie": "Titles", "tv": "Titles"})
    assert both.collisions() == [("movie", "tv")]
    mixed = RecordKeys("TMDB", DAY, MOVIE_AND_TV, {"movie": "All", "*": "All"})
    assert mixed.collisions() == [("movie", "tv")]


def test_the_common_folder_is_the_one_that_all_streams_share() -> None:
    assert RecordKeys("TMDB", DAY, MOVIE_AND_TV).common_folder() == "Raw/TMDB/JSON/2026/11/23/"
    assert RecordKeys("TMDB", DAY, ()).common_folder() == "Raw/TMDB/JSON/2026/11/23/"
    assert RecordKeys("TMDB", DAY, MOVIE_AND_TV, FOLDERS).common_folder() == "Raw/TMDB/JSON/"


def test_a_year_has_four_digits() -> None:
    assert RecordKeys("TMDB", dt.date(987, 6, 5)).folder("movie") == "Raw/TMDB/JSON/0987/06/05/"


def test_control_files_lie_where_the_design_says() -> None:
    keys = ControlKeys("TMDB", "tmdb-daily", DAY, generation=2)
    root = "_ingest/TMDB/tmdb-daily/2026-11-23/"
    assert control_root("TMDB", "tmdb-daily") == "_ingest/TMDB/tmdb-daily/"
    assert keys.day == root
    assert keys.root == f"{root}g2/"
    assert keys.plan(1, 0) == f"{root}g2/plan-1-0.json"
    assert keys.part("things-1") == f"{root}g2/parts/things-1.json"
    assert keys.intent("things-1", 5, 3) == f"{root}g2/intents/things-1/5-3.json"
    assert keys.quarantine("things-1", 5, 3) == f"{root}g2/quarantine/things-1/5-3.json"
    assert keys.manifest() == f"{root}g2/manifest.json"
    assert keys.manifest(1) == f"{root}g2/manifest-1.json"
    assert (keys.state, keys.lock) == (f"{root}state.json", f"{root}state.lock")
    assert keys.run == "tmdb-daily/2026-11-23/g2"
    assert keys.of_trial(3).root == f"{root}trial-3/"


def test_everything_that_came_before_a_generation_or_a_trial_is_earlier() -> None:
    keys = ControlKeys("TMDB", "tmdb", DAY)
    names = lambda found: [one.run.rpartition("/")[2] for one in found]  # noqa: E731
    assert names(keys.of(3).earlier(3, 2)) == ["trial-1", "trial-2", "g1", "g2"]
    assert names(keys.of_trial(2).earlier(1, 2)) == ["trial-1", "g1"]
    assert names(keys.of(1).earlier(1, 0)) == []


def test_a_file_of_many_records_is_named_after_its_slice() -> None:
    several = RecordKeys("TMDB", DAY, ("movie", "tv"))
    assert several.batch_key("movie", "list.p1", 0, 1) == "Raw/TMDB/JSON/2026/11/23/movie-list_p1-000.json"
    assert several.batch_key("tv", "list.p1", 12, 3) == "Raw/TMDB/JSON/2026/11/23/tv-list_p1-012-g3.json"
    apart = RecordKeys("TMDB", DAY, ("movie", "tv"), {"movie": "Movies", "tv": "Series"})
    assert apart.batch_key("tv", "p1", 0, 1) == "Raw/TMDB/JSON/Series/2026/11/23/p1-000.json"
    assert apart.folders() == ["Raw/TMDB/JSON/Movies/2026/11/23/", "Raw/TMDB/JSON/Series/2026/11/23/"]


@pytest.mark.parametrize("id", ["a", "603", "A-b_c", "0", "x" * 128])
def test_a_safe_id_is_its_own_name(id: str) -> None:
    assert file_stem(id) == id


@pytest.mark.parametrize("id", NASTY)
def test_an_id_that_is_safe_nowhere_is_hashed(id: str) -> None:
    assert re.fullmatch(r"sha256\.[0-9a-f]{64}", file_stem(id))
    assert file_stem(id) == f"sha256.{hashlib.sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()}"


def test_the_hash_is_that_of_the_ids_utf8_bytes() -> None:
    assert file_stem("título") == "sha256." + hashlib.sha256("título".encode()).hexdigest()


def test_ids_that_look_alike_keep_names_of_their_own() -> None:
    composed, decomposed = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    alike = [composed, decomposed, "e", "E", "Abc", "abc", "ABC", "a b", "a  b", "1", "01", "1.0", "x" * 128, "x" * 129]
    assert len({file_stem(id) for id in alike}) == len(alike)


def test_an_id_that_spells_a_hashed_name_does_not_take_it() -> None:
    taken = file_stem("a/b")
    assert file_stem(taken) != taken


def test_thousands_of_nasty_ids_never_meet_and_keys_stay_short() -> None:
    chance = random.Random(20261123)
    alphabet = SAFE + "./\\ \0\n%é\u0301😀" + "aA"
    ids = set(NASTY)
    for _ in range(5000):
        letters = chance.choice([SAFE, alphabet])
        ids.add("".join(chance.choices(letters, k=chance.choice([1, 2, 3, 8, 127, 128, 129, 600]))))
    ids |= {file_stem(id) for id in list(ids)}
    stems = {file_stem(id) for id in ids}
    assert len(stems) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", stem) for stem in stems)
    longest = RecordKeys("L" * 64, DAY, ("s" * 64, "t"), {"*": "F" * 64})
    assert max(len(longest.key("s" * 64, id).encode()) for id in ids) < 1024
    assert len(ControlKeys("L" * 64, "c" * 64, DAY, 10**6).quarantine("n" * 120, 10**9, 10**9).encode()) < 1024


@pytest.mark.parametrize(
    ("id", "text"), [("a", "a"), (603, "603"), (-5, "-5"), (0, "0"), (2**70, "1180591620717411303424"), (" ", " ")]
)
def test_a_string_or_an_integer_is_an_id(id: object, text: str) -> None:
    assert id_text(id) == text


@pytest.mark.parametrize("id", [None, True, False, 1.0, float("nan"), "", b"a", ["a"], {"id": 1}])
def test_anything_else_is_no_id(id: object) -> None:
    assert id_text(id) is None


def test_an_integer_too_long_to_write_is_no_id() -> None:
    assert id_text(10**5000) is None
