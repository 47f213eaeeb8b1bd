"""Where I/O happens, by the kind of object, and which faults can hit it there."""

from __future__ import annotations

import re
from collections import Counter

# What an I/O step does.
GET, PUT, PUT_NEW, SWAP, DELETE, LIST, HOLD, ASK = (
    "get", "put", "put-if-absent", "swap", "delete", "list", "hold", "ask",
)  # fmt: skip
WRITES = frozenset({PUT, PUT_NEW, SWAP, DELETE})

LANDS = "lands"  # S3, where a worker of a round that was handed over uses it

# What can go wrong with it.
CRASH_BEFORE, CRASH_AFTER, STALL_BEFORE, STALL_AFTER, FREEZE = (
    "crash before", "crash after", "stall before", "stall after", "freeze",
)  # fmt: skip
LOST, RETRIED, UNSENT, BUSY, RACED, RACED_ON = (
    "answer lost", "lost, sent again", "not sent", "503", "409", "409 again and again",
)  # fmt: skip
FULL = "disk full"
DOWN, THROTTLED = "API down", "429"
LATE, GHOST = "late", "late, after an error"

COMMON = (CRASH_BEFORE, CRASH_AFTER, STALL_AFTER, FREEZE)
_S3: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((PUT_NEW, SWAP), (*COMMON, STALL_BEFORE, LOST, RETRIED, UNSENT, BUSY, RACED, RACED_ON)),
    **dict.fromkeys((PUT, DELETE), (*COMMON, STALL_BEFORE, LOST, RETRIED, UNSENT, BUSY)),
    **dict.fromkeys((GET, LIST), (*COMMON, STALL_BEFORE, LOST, BUSY)),
}
POSSIBLE: dict[tuple[str, str], tuple[str, ...]] = {
    **{("s3", op): faults for op, faults in _S3.items()},
    **{(LANDS, op): faults for op, faults in _S3.items()},
    **{("disk", op): (*COMMON, STALL_BEFORE, FULL) for op in (PUT_NEW, SWAP, PUT)},
    **{("disk", op): (*COMMON, STALL_BEFORE) for op in (DELETE, GET, LIST, HOLD)},
    ("api", ASK): (*COMMON, STALL_BEFORE, DOWN, THROTTLED),
}

# What a run does where.
STEPS: dict[str, tuple[tuple[str, str], ...]] = {
    "s3": (
        ("state", GET), ("state", PUT_NEW), ("state", SWAP),
        ("plan", GET), ("plan", PUT_NEW), ("plan", SWAP),
        ("intent", GET), ("intent", PUT_NEW),
        ("part", GET), ("part", PUT_NEW),
        ("record", GET), ("record", PUT_NEW), ("record", SWAP), ("record", DELETE),
        ("batch file", GET), ("batch file", PUT_NEW), ("batch file", SWAP), ("batch file", DELETE),
        ("quarantine", PUT_NEW), ("manifest", GET), ("manifest", PUT_NEW), ("list", LIST),
    ),
    "disk": (
        ("lock", HOLD), ("state", GET), ("state", PUT_NEW), ("state", SWAP),
        ("plan", GET), ("plan", PUT_NEW), ("plan", SWAP),
        ("intent", GET), ("intent", PUT_NEW),
        ("part", GET), ("part", PUT_NEW),
        ("record", GET), ("record", PUT_NEW), ("record", SWAP), ("record", DELETE),
        ("batch file", GET), ("batch file", PUT_NEW), ("batch file", SWAP), ("batch file", DELETE),
        ("quarantine", PUT_NEW), ("manifest", GET), ("manifest", PUT_NEW), ("list", LIST),
    ),
    LANDS: (
        ("state", GET), ("state", SWAP), ("plan", GET), ("list", LIST),
        ("intent", GET), ("intent", PUT_NEW), ("part", GET), ("part", PUT_NEW),
        ("record", GET), ("record", PUT_NEW), ("batch file", GET), ("batch file", PUT_NEW), ("quarantine", PUT_NEW),
    ),
    "api": (("request", ASK),),
}  # fmt: skip
# What is written down for them.
HANDING = (("map", PUT_NEW), ("map", GET), ("map", SWAP))

_RECORD = re.compile(r"([a-z]+-)?[0-9]+\.json")
# What is rare among it: steps on the objects of an earlier generation, and on a plan that another config made.
RARE = (
    ("plan", SWAP), ("record", SWAP), ("batch file", SWAP), ("batch file", SWAP),
    ("record", DELETE), ("batch file", DELETE), ("quarantine", PUT_NEW),
    ("record", DELETE), ("batch file", GET), ("intent", GET), ("intent", GET), ("manifest", GET), ("manifest", PUT_NEW),
)  # fmt: skip

# And where a state machine is: what is rare of its functions', and what is written down for them.
RARE_IN_STEPS = (
    *24 * ((LANDS, "state", SWAP),), *2 * ((LANDS, "intent", GET),), *2 * ((LANDS, "quarantine", PUT_NEW),),
    (LANDS, "batch file", GET), (LANDS, "batch file", PUT_NEW),
    ("s3", "map", PUT_NEW), *2 * (("s3", "map", GET),), *16 * (("s3", "map", SWAP),),
)  # fmt: skip

Hit = tuple[str, str, str, str]


def site_of(key: str) -> str:
    """The kind of object that lies under a key."""
    name = key.rsplit("/", 1)[1]
    if key.startswith("Raw/"):
        return "record" if _RECORD.fullmatch(name) else "batch file"
    if name == "state.json":
        return "state"
    if name.startswith("plan-"):
        return "plan"
    if name.startswith("map-"):
        return "map"
    if name.startswith("manifest"):
        return "manifest"
    if "/parts/" in key:
        return "part"
    return "intent" if "/intents/" in key else "quarantine"


def declared() -> list[Hit]:
    """Every lake, site, step and fault that a long enough simulation must have met."""
    sites = {**STEPS, "s3": (*STEPS["s3"], *HANDING)}
    return [
        (where, site, step, fault)
        for where, steps in sites.items()
        for site, step in steps
        for fault in POSSIBLE[where, step]
    ]


def never_hit(hits: Counter[Hit]) -> list[Hit]:
    """What was declared and never met."""
    return [hit for hit in declared() if not hits[hit]]
