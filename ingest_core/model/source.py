"""The contract of a source, as a plugin's author sees it."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol

from msgspec import field

from ingest_core.errors import Mistake
from ingest_core.model.answer import Answer, Outcome
from ingest_core.model.record import Missing, Record, Rejected
from ingest_core.model.secret import Secret
from ingest_core.model.value import Value
from ingest_core.model.work import Checkpoint, Note, Ref, Slice, Truncated

Settings = Mapping[str, Any]
Planned = Slice | Ref | Checkpoint | Note
Fetched = Record | Missing | Rejected | Ref | Checkpoint | Truncated | Note | Slice


class Auth(Value, frozen=True):
    """How requests are signed: secrets that go into headers or into the query, and nowhere else.

    `headers` maps a name to (prefix, secret), `params` a name to a secret. Signing happens as a request leaves; no
    URL, log or answer ever holds the result.
    """

    headers: Mapping[str, tuple[str, Secret]] = field(default_factory=dict)
    params: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret that signing needs."""
        return (*(secret for _, secret in self.headers.values()), *self.params.values())


def bearer(token: Secret) -> Auth:
    """`Authorization: Bearer <token>` (RFC 6750)."""
    return Auth(headers={"Authorization": ("Bearer ", token)})


def header_key(name: str, key: Secret) -> Auth:
    """The key in a header of its own, for example `X-Api-Key`."""
    return Auth(headers={name: ("", key)})


def query_key(name: str, key: Secret) -> Auth:
    """The key as a query parameter, for APIs that take it no other way."""
    return Auth(params={name: key})


def basic(user: str | Secret, password: Secret | None = None) -> Auth:
    """`Authorization: Basic …` (RFC 7617). `user` is a Secret where an API takes its key as the name of a user.

    Raises ValueError where neither is a Secret: there would be nothing to sign with.
    """
    secrets = [one for one in (user, password) if isinstance(one, Secret)]
    if not secrets:
        raise ValueError("basic: the user or the password is a Secret")

    def encoded(_: str) -> str:
        name, word = (one.reveal() if isinstance(one, Secret) else one or "" for one in (user, password))
        return base64.b64encode(f"{name}:{word}".encode()).decode()

    def renewed(_: str, refused: str) -> str:
        for secret in secrets:
            secret.renew(secret.reveal())
        return encoded("")

    together = Secret(" and ".join(secret.reference for secret in secrets), encoded, renewed)
    return Auth(headers={"Authorization": ("Basic ", together)})


class Connection(Value, frozen=True):
    """Where requests may go, how they are signed, and what an answer means to this API.

    `base_url` is https, or http on loopback. `hosts` are further hosts that absolute URLs may name; `public_hosts`
    are such hosts, too, and are asked without the key. `classify` gives the Outcome of an answer, or None for what its
    HTTP status says. `probe` is a cheap path that `ingest check` asks.
    `headers` go along with each request, such as the version that an API wants named; never a secret.
    """

    base_url: str
    auth: Auth | None = None
    hosts: tuple[str, ...] = ()
    public_hosts: tuple[str, ...] = ()
    classify: Callable[[Answer], Outcome | None] | None = None
    probe: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Request(Value, frozen=True):
    """A GET: `path` below the base URL (or an absolute URL on a declared host) and its query.

    Values are strings, numbers or booleans (sent as `true` and `false`); None leaves a parameter out.
    """

    path: str
    params: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


class ApiClient(Protocol):
    """`ctx.api`: paced, retried, bounded and redacted."""

    def get(self, path: str, **params: str | int | float | bool | None) -> Answer:
        """One answer. Raises what `Answer.check` raises."""
        ...

    def open(self, path: str, **params: str | int | float | bool | None) -> BinaryIO:
        """The body of one answer as a file that is yours to close, for what is too large to hold; it is not cut to the
        size limit of other answers. It is whole before you have it: fetched in byte ranges, each retried alone, into
        a temporary file. Raises what `Answer.check` raises.
        """
        ...

    def get_many(self, requests: Iterable[Request | str]) -> Iterator[Answer]:
        """An answer for each request, in the order asked, fetched concurrently; raises for none of them.

        A request whose path is refused is answered as rejected; only an undeclared host raises. Takes from `requests`
        at most twice `connections` ahead of what was consumed.
        """
        ...


class Context(Value, frozen=True):
    """What `plan` and `fetch` are given.

    `settings` are checked and have their defaults; values marked as secrets are `Secret`. `date` is the run's logical
    date. `checkpoint` is what the newest committed run of an earlier date left. `api` is None for a source without
    `connect`. `open(uri)` reads a file on disk or in S3 as a binary stream. `landed(stream, since)` gives the ids
    that committed runs landed on or after the date `since`.
    """

    settings: Settings
    date: dt.date
    checkpoint: Mapping[str, Any]
    api: ApiClient
    open: Callable[[str], BinaryIO]
    landed: Callable[[str, dt.date], Iterator[str]]


class Source(Value, frozen=True):
    """A plugin: a name, a settings schema and two functions.

    name             what a config's `source:` says, `[a-z][a-z0-9_]*`
    label            the folder in the lake; None for a generic source whose config must say `label:`
    settings_schema  JSON Schema (draft 2020-12) of `settings:`; `"format": "secret"` marks a secret
    plan             plan(ctx) -> slices, refs, checkpoints, notes; few requests or none, writes nothing, may run twice
    fetch            fetch(ctx, slice) -> records and the rest; stateless, repeatable, any order, any machine
    connect          connect(settings) -> Connection; left out: no network
    check            check(settings, lake) -> mistakes that a schema cannot express; no I/O
    demo             demo() -> context manager that starts the source's simulator and gives settings for it
    streams          every stream it lands. Left out: it has one stream, and a record's file is `<id>.json`
    notice           attribution that the API's terms ask for
    dated            it answers for ctx.date, so that past days can be run; False where it knows the present alone
    adapt            adapt(source, settings) -> the source as these settings make it, its streams and `dated` above all;
                     for generic sources, whose streams stand in the config
    rate             requests per second where the config says nothing
    connections      requests at the same time where the config says nothing
    """

    name: str
    label: str | None
    settings_schema: Mapping[str, Any]
    plan: Callable[[Context], Iterable[Planned]]
    fetch: Callable[[Context, Slice], Iterable[Fetched]]
    connect: Callable[[Settings], Connection] | None = None
    check: Callable[[Settings, str], Iterable[Mistake]] | None = None
    demo: Callable[[], AbstractContextManager[Settings]] | None = None
    streams: tuple[str, ...] = ()
    notice: str = ""
    dated: bool = False
    adapt: Callable[[Source, Settings], Source] | None = None
    rate: float = 10
    connections: int = 10
