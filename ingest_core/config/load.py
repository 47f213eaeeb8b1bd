"""From a name to a checked config: find the file, lay overrides over it, judge it by schema and by the source."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest_core.api import Network
from ingest_core.codes import Code
from ingest_core.config.core_schema import CORE
from ingest_core.config.dates import time_zone
from ingest_core.config.document import (
    Document,
    decoded,
    parse_document,
    parse_value,
    read_body,
    read_document,
)
from ingest_core.config.durations import duration, size
from ingest_core.config.mistakes import did_you_mean, mistakes
from ingest_core.config.model import Config
from ingest_core.config.places import Path_
from ingest_core.config.schema import config_schema, replaced, secrets_in, with_defaults
from ingest_core.config.stamp import stamp_of, write_stamp
from ingest_core.errors import ConfigError, Located, PluginError, UsageError
from ingest_core.guard import adapted, calling
from ingest_core.keys import CONFIG_NAME, RecordKeys
from ingest_core.lake import S3_SCHEME, S3Options, mistake_in
from ingest_core.model import Batch, FailureBudget, Secret, Source
from ingest_core.state import Frozen

_NAME = re.compile(CONFIG_NAME)
_INDEX = re.compile(r"[0-9]{1,6}")
ENDINGS = (".yaml", ".yml")


def config_folder(environment: Mapping[str, str]) -> Path:
    """Where configs lie: INGEST_CONFIG_DIR, else `$LAMBDA_TASK_ROOT/config` in Lambda, else `config`."""
    if environment.get("INGEST_CONFIG_DIR"):
        return _at_home(environment["INGEST_CONFIG_DIR"])
    if environment.get("LAMBDA_TASK_ROOT"):
        return Path(environment["LAMBDA_TASK_ROOT"]) / "config"
    return Path("config")


def find_config(name: str, folder: Path) -> Path:
    """The file of a config: a name in `folder`, or a path to a YAML. Raises UsageError where there is none."""
    if name.endswith(ENDINGS) or "/" in name:
        path = _at_home(name)
        if not _NAME.fullmatch(path.stem):
            raise UsageError(
                f"{path.name}: a config's file has a name like tmdb.yaml", Code.CONFIG_UNKNOWN, hint="rename it"
            )
        if not path.is_file():
            raise UsageError(f"{name}: no such file", Code.CONFIG_UNKNOWN, hint="check the path")
        return path
    known = config_names(folder)
    if not _NAME.fullmatch(name) or name not in known:
        where = "no configs there" if not known else did_you_mean(name, known).lstrip("; ")
        raise UsageError(
            f"unknown source {name[:80]!r}: there is no {folder}/{name[:80]}.yaml ({where})",
            Code.CONFIG_UNKNOWN,
            hint="name a file of that folder, give a path, or set INGEST_CONFIG_DIR",
        )
    return next(path for ending in ENDINGS if (path := folder / f"{name}{ending}").is_file())


def checked_name(name: str) -> str:
    """`name`, where a config may be called so. Raises UsageError where it may not."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name[:80]!r} is no name of a config", Code.NAME, hint="write a lower-case word: things")
    return name


def config_names(folder: Path) -> list[str]:
    """The names of the configs in `folder`, sorted."""
    return sorted({path.stem for ending in ENDINGS for path in folder.glob(f"*{ending}") if path.is_file()})


def _at_home(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{path}: there is no such home folder", Code.CONFIG_UNKNOWN, hint="write the whole path"
        ) from None


def open_document(path: Path, overrides: Mapping[Path_, tuple[str, Any]], *, anew: bool = False) -> Document:
    """The file with `overrides` laid over it: path → (who says so, value). `anew`: whatever a stamp says of it."""
    return _overlaid(read_document(path, anew=anew), overrides)


def document_of(value: Mapping[str, Any], overrides: Mapping[Path_, tuple[str, Any]]) -> Document:
    """`value`, which a program made, with `overrides` laid over it. Raises UsageError where JSON cannot say it."""
    try:
        plain = json.loads(json.dumps(dict(value)))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the config: {error}", Code.CONFIG_TYPE, hint="text, numbers, lists and mappings") from None
    laid = _overlaid(Document("the config", plain, {}, {}, trusts_schema=True), overrides)
    return replace(laid, overridden={(): "the config", **laid.overridden})


def _overlaid(document: Document, overrides: Mapping[Path_, tuple[str, Any]]) -> Document:
    value: Any = document.value
    for place, (origin, given) in overrides.items():
        value = _laid(value, place, given, origin)
    return replace(document, value=value, overridden={place: origin for place, (origin, _) in overrides.items()})


def parse_override(text: str) -> tuple[Path_, tuple[str, Any]]:
    """`--set key=value`: `rate=5` and other keys of the core at the top, all else below `settings`.

    A dot steps inside (`select.0.pages=2`); the value is YAML.
    """
    name, equals, given = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--set {text[:60]!r}: write --set key=value", Code.OVERRIDE)
    origin = f"--set {name}"
    return override(name, parse_value(given, origin), origin)


def override(name: str, given: Any, origin: str) -> tuple[Path_, tuple[str, Any]]:
    """What `--set name=…` overrides, and with what; `origin` is who says so."""
    words: list[str | int] = [int(word) if _INDEX.fullmatch(word) else word for word in name.split(".")]
    if words[0] not in {*CORE, "settings", "label"}:
        words.insert(0, "settings")
    return tuple(words), (origin, given)


def source_named_in(document: Document) -> str:
    """What the document's `source:` says. Raises ConfigError where it says nothing."""
    name = document.value.get("source")
    if not isinstance(name, str):
        what = "missing key 'source': the plugin that reads the API" if name is None else "source: must be text"
        code = Code.CONFIG_KEY_MISSING if name is None else Code.CONFIG_TYPE
        raise ConfigError([document.locate(("source",), what, code)])
    return name


def build_config(
    document: Document,
    name: str,
    source: Source,
    resolve: Callable[[str], str],
    renew: Callable[[str, str], str] | None = None,
) -> Config:
    """The checked config; `resolve` and `renew` are what its secrets ask for their values.

    Raises ConfigError with every mistake that was found.
    """
    whole, schema, found = _judged(document, source)
    value = whole.value
    zone = time_zone(value["timezone"]) if isinstance(value["timezone"], str) else None
    if zone is None and isinstance(value["timezone"], str):
        what = f"timezone {value['timezone']!r} is not known: write Area/City"
        found.append(whole.locate(("timezone",), what, Code.CONFIG_TIMEZONE))
    lake = value.get("lake")
    wrong = mistake_in(lake) if isinstance(lake, str) and lake else None
    if wrong is not None:
        found.append(whole.locate(("lake",), wrong, Code.CONFIG_LAKE))
    if value.get("answers") is not None and isinstance(lake, str) and lake.startswith(S3_SCHEME):
        what = "answers: what was recorded does not go into S3: add --dry-run, or name a folder"
        found.append(whole.locate(("answers",), what, Code.CONFIG_RECORDED))
    found += _network_mistakes(whole)
    found += _layout_mistakes(whole, source if found else adapted(source, value["settings"]))
    found += _source_mistakes(whole, source, sound=not found)
    if found or zone is None:
        raise ConfigError(sorted(set(found), key=lambda located: (located.line, located.column, located.what)))
    specification = _specification(value.get("specification"))
    settings = value["settings"]
    for path, reference in list(secrets_in(settings, schema["properties"]["settings"])):
        settings = replaced(settings, path, Secret(reference, resolve, renew))
    return Config(
        name=name,
        source=source.name,
        label=source.label or value["label"],
        lake=value["lake"],
        timezone=zone,
        rate=float(value["rate"]),
        connections=int(value["connections"]),
        workers=int(value["workers"]),
        timeout=duration(value["timeout"]).total_seconds(),
        max_failed=_budget(value["max_failed"]),
        specification=specification,
        batch=_batch(value["layout"]),
        margin=duration(value["margin"]).total_seconds(),
        report=value["report"],
        s3=S3Options(**value.get("s3", {})),
        network=Network(**value.get("network", {})),
        settings=settings,
    )


def stamp_config(path: Path, find: Callable[[Document], Source]) -> Path:
    """Writes the stamp of the config at `path`, and says where; `find` gives the source that it names.

    Raises ConfigError where its schema is against it.
    """
    body = read_body(path)
    document = parse_document(decoded(body, path.name), path.name)
    _, schema, found = _judged(document, find(document))
    if found:
        raise ConfigError(found)
    try:
        return write_stamp(path, body, document.value, schema)
    except OSError as error:
        raise UsageError(f"{path.name}: its stamp cannot be written: {error.strerror or error}", Code.FOLDER) from error


def is_stamped(path: Path, find: Callable[[Document], Source]) -> bool | None:
    """Whether the stamp of the config at `path` counts, by the source that it names; None where it has none."""
    if not stamp_of(path).is_file():
        return None
    document = read_document(path)
    return document.stamp is not None and document.stamp.vouches_for(document.value, config_schema(find(document)))


def _judged(document: Document, source: Source) -> tuple[Document, dict[str, Any], list[Located]]:
    """The document with its defaults, the schema of its source, and what that finds wrong."""
    schema = config_schema(source)
    whole = replace(document, value=with_defaults({"settings": {}, **document.value}, schema))
    if document.stamp is not None and document.stamp.vouches_for(document.value, schema):
        return whole, schema, []
    return whole, schema, mistakes(whole, schema, f"source {source.name}")


def effective(document: Document, source: Source) -> dict[str, Any]:
    """What the document says, and every default where it says nothing; secrets are references."""
    said: dict[str, Any] = with_defaults({"settings": {}, **document.value}, config_schema(source))
    return said


def frozen_keys(frozen: Frozen) -> dict[str, Any]:
    """The keys of a config that a run keeps from its first attempt to its last, as its YAML would say them."""
    every, batch = frozen.specification.get("*"), frozen.batch
    said: dict[str, Any] = {
        "source": frozen.source,
        "settings": frozen.settings,
        "specification": every if every is not None else dict(frozen.specification),
        "layout": "record",
    }
    if batch is not None:
        said["layout"] = {
            "batch": {
                "records": batch.records,
                "bytes": f"{batch.bytes // 1000}KB",
                "as": "array" if batch.array else "lines",
                "gzip": batch.gzip,
            }
        }
    return said


def unknown_source(document: Document, name: str, known: list[str], broken: str) -> ConfigError:
    """What to raise for a source that nobody knows: that, and what is wrong with the keys that every source has.

    `broken` says which plugins cannot be used and why: the source may be one of theirs.
    """
    schema = config_schema(Source(name, "Unknown", {}, lambda ctx: (), lambda ctx, slice: ()))
    schema["properties"]["label"] = {}
    found = mistakes(document, schema, f"source {name}")
    what = f"unknown source {name!r}{did_you_mean(name, known)}" + (f"; {broken}" if broken else "")
    found.append(document.locate(("source",), what, Code.CONFIG_SOURCE))
    return ConfigError(sorted(set(found), key=lambda located: (located.line, located.column, located.what)))


def _laid(value: Any, place: Path_, given: Any, origin: str) -> Any:
    if not place:
        return given
    first, rest = place[0], place[1:]
    if isinstance(value, list) and isinstance(first, int):
        if first >= len(value):
            what = f"there are {len(value)} items, counted from 0"
            raise ConfigError([Located(origin, 0, 0, what, Code.CONFIG_INDEX)])
        return [*value[:first], _laid(value[first], rest, given, origin), *value[first + 1 :]]
    inside = dict(value) if isinstance(value, dict) else {}
    inside[str(first)] = _laid(inside.get(str(first)), rest, given, origin)
    return inside


def _specification(given: Any) -> Mapping[str, str]:
    """Stream → folder; what is no such mapping is judged by the schema and counts as nothing here."""
    if isinstance(given, str):
        return {"*": given}
    return {stream: str(folder) for stream, folder in given.items()} if isinstance(given, dict) else {}


def _batch(layout: str | Mapping[str, Any]) -> Batch | None:
    if layout == "record":
        return None
    given = layout["batch"] if isinstance(layout, Mapping) else {}
    if not given:
        return Batch()
    return Batch(given["records"], size(given["bytes"]), given["as"] == "array", given["gzip"])


def _budget(given: int | str) -> FailureBudget:
    if isinstance(given, str):
        return FailureBudget(share=float(given.rstrip("%")) / 100)
    return FailureBudget(count=int(given))


def _network_mistakes(document: Document) -> list[Located]:
    """A file of certificates that is not there would look like a failing network, request after request."""
    given = document.value.get("network")
    bundle = given.get("ca_bundle") if isinstance(given, dict) else None
    if not isinstance(bundle, str) or not bundle or Path(bundle).is_file():
        return []
    return [document.locate(("network", "ca_bundle"), f"ca_bundle: there is no file {bundle!r}", Code.CONFIG_FILE)]


def _layout_mistakes(document: Document, source: Source) -> list[Located]:
    specification = _specification(document.value.get("specification"))
    keys = RecordKeys("label", dt.date(2000, 1, 1), source.streams, specification)
    unknown = [] if source.adapt is None or not source.streams else sorted(set(specification) - {"*", *source.streams})
    return [
        document.locate(
            ("specification", stream),
            f"unknown stream {stream!r}{did_you_mean(stream, list(source.streams))}",
            Code.CONFIG_KEY_UNKNOWN,
            at_key=True,
        )
        for stream in unknown
    ] + [
        document.locate(
            ("specification",),
            f"specification: {one} and {other} with the same id would have the same key",
            Code.CONFIG_COLLISION,
        )
        for one, other in keys.collisions()
    ]


def _source_mistakes(document: Document, source: Source, *, sound: bool) -> list[Located]:
    """What the source's own check finds. Where the schema found mistakes, the check may trip over them: then it is
    asked all the same, and what it says before it trips is kept, so that a person hears everything at once.
    """
    found: list[Located] = []
    if source.check is None:
        return found
    try:
        with calling(source.name, ": check"):
            for mistake in source.check(document.value["settings"], str(document.value.get("lake", ""))):
                found.append(document.locate(("settings", *mistake.path), mistake.what, Code.CONFIG_REFUSED))
    except PluginError:
        if sound:
            raise
    return found
