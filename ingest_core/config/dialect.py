"""The dialect of a config: the part of YAML 1.2 that a person means.

`NO`, `2022-05-02`, `1_000` and `012` are text, as they look; only `true`, `false`, `null`, whole numbers and decimals
are anything else. Anchors, tags and duplicate keys are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from ingest_core.codes import Code
from ingest_core.config.places import Path_
from ingest_core.errors import ConfigError, Located

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


class _Loader(yaml.SafeLoader):
    """Notes what this dialect does without, as the text is composed: anchors, aliases and tags."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.refused: list[tuple[Any, str]] = []

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # types-pyyaml leaves the parser untyped
        if isinstance(event, yaml.AliasEvent):
            self.refused.append((event.start_mark, "an alias (`*name`) is not used here: write the value out"))
        elif event.anchor is not None:
            self.refused.append((event.start_mark, "an anchor (`&name`) is not used here"))
        if getattr(event, "tag", None) is not None:
            self.refused.append((event.start_mark, "a tag (`!name`) is not used here"))
        return super().compose_node(parent, index)


class Reader:
    """Reads one text; `places` and `key_places` are then known, as `Document` has them."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.places: dict[Path_, tuple[int, int]] = {}
        self.key_places: dict[Path_, tuple[int, int]] = {}
        self._seen: set[int] = set()
        self._mistakes: list[Located] = []

    def read(self, text: str) -> Any:
        try:
            loader = _Loader(text)
            node = loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = f"not YAML: {error.problem or error.context or 'it cannot be read'}"
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise self._not_yaml(*place, what) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise self._not_yaml(1, 1, f"not YAML: {_first_line(error)}") from None
        for mark, what in loader.refused:
            self._mistakes.append(Located(self._file, mark.line + 1, mark.column + 1, what, Code.CONFIG_DIALECT))
        if node is None:
            return None
        try:
            value = self._value(node, ())
        except RecursionError:
            raise self._not_yaml(1, 1, "nested too deep") from None
        if self._mistakes:
            raise ConfigError(sorted(self._mistakes, key=lambda found: (found.line, found.column)))
        return value

    def _value(self, node: yaml.Node, path: Path_) -> Any:
        self.places[path] = _place(node)
        if id(node) in self._seen:
            return None  # an alias, which is refused; following it could go round in circles
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*path, number)) for number, child in enumerate(node.value)]
        return _scalar(str(node.value), plain=not getattr(node, "style", None))

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._mistake(key_node, "a key is a word")
                continue
            key = key_node.value
            if key in value:
                self._mistake(key_node, f"the key {key!r} stands here a second time")
                continue
            self.key_places[(*path, key)] = _place(key_node)
            value[key] = self._value(child, (*path, key))
        return value

    def _not_yaml(self, line: int, column: int, what: str) -> ConfigError:
        return ConfigError([Located(self._file, line, column, what, Code.CONFIG_NOT_YAML)])

    def _mistake(self, node: yaml.Node, what: str) -> None:
        self._mistakes.append(Located(self._file, *_place(node), what, Code.CONFIG_DIALECT))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalar(text: str, *, plain: bool) -> Any:
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 100 else text
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
