"""The bill of materials of a layer: what is in it, under which licence, the same each time."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from bom import Package, packages, write
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packing import LayerError


def installed(tree: Path, name: str, *lines: str) -> None:
    folder = tree / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines, ""]))


@pytest.mark.parametrize(
    ("line", "licence"),
    [
        ("License-Expression: Apache-2.0 OR BSD-3-Clause", "Apache-2.0 OR BSD-3-Clause"),
        ("License-Expression: LGPL-2.1-only OR MIT", "LGPL-2.1-only OR MIT"),
        ("License: MIT", "MIT"),
        ("Classifier: License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ],
)
def test_a_licence_is_read_however_its_package_says_it(tmp_path: Path, line: str, licence: str) -> None:
    installed(tmp_path, "Thing_One", line)
    assert packages(tmp_path) == [Package("thing-one", "1.0", licence)]


@pytest.mark.parametrize(
    "line",
    [
        "License-Expression: GPL-3.0-only",
        "License-Expression: MIT AND LicenseRef-Mine",
        "License-Expression: LGPL-2.1-only",
        "License: ask me",
        "X: y",
    ],
)
def test_a_licence_that_is_not_on_the_list_fails_the_build_by_name(tmp_path: Path, line: str) -> None:
    installed(tmp_path, "fine", "License: MIT")
    installed(tmp_path, "odd", line)
    with pytest.raises(LayerError, match="odd"):
        packages(tmp_path)


def test_a_bill_is_valid_names_the_zip_by_its_digest_and_is_the_same_twice(tmp_path: Path) -> None:
    layer = tmp_path / "layer.zip"
    layer.write_bytes(b"zip")
    found = [Package("a", "1.0", "MIT"), Package("b", "2.0", "Apache-2.0 OR BSD-2-Clause")]
    once = write(found, layer).read_text()
    assert write(found, layer).read_text() == once
    told = json.loads(once)
    assert told["metadata"]["component"]["hashes"][0]["content"] == hashlib.sha256(b"zip").hexdigest()
    assert [component["purl"] for component in told["components"]] == ["pkg:pypi/a@1.0", "pkg:pypi/b@2.0"]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(once) is None
