"""What a layer is made of, as a CycloneDX bill of materials, and whether its licences let it ship."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packing import LayerError, normal

# Permissive, or (MPL-2.0: certifi) of files that ship unchanged.
ALLOWED = frozenset({"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "PSF-2.0"})
# For packages whose metadata have no License-Expression (PEP 639) yet: the words that they have instead.
_WORDS = {
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "mit": "MIT",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl-2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
# Of the shared libraries that a wheel brings along, in a folder of its own. They ship unchanged, each as a file that
# can be replaced, which is what the LGPL asks for; so it is allowed for these alone.
_BUNDLED = {
    "brotlicommon": "MIT",
    "brotlidec": "MIT",
    "com_err": "MIT",
    "crypto": "Apache-2.0",
    "curl": "curl",
    "gssapi_krb5": "MIT",
    "idn2": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "k5crypto": "MIT",
    "krb5": "MIT",
    "krb5support": "MIT",
    "nghttp2": "MIT",
    "nghttp3": "MIT",
    "ngtcp2": "MIT",
    "ngtcp2_crypto_ossl": "MIT",
    "psl": "MIT",
    "sfparse": "MIT",
    "ssh2": "BSD-3-Clause",
    "ssl": "Apache-2.0",
    "unistring": "LGPL-3.0-or-later OR GPL-2.0-or-later",
}
_ALLOWED_BUNDLED = ALLOWED | {"LGPL-3.0-or-later", "curl"}
# As auditwheel names them: libcurl-330bcbb6.so.4.8.0
_LIBRARY = re.compile(r"lib(?P<name>.+)-[0-9a-f]{8}\.so(?:\.(?P<version>[0-9.]+))?")
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Package:
    """One distribution of a layer, or (`generic`) a library that one brings; `licence` is an SPDX expression."""

    name: str
    version: str
    licence: str
    kind: str = "pypi"


def packages(tree: Path) -> list[Package]:
    """What is in a folder of installed packages, by name, the libraries that came along included.

    Raises LayerError for a licence that is not allowed.
    """
    found = [_package(one) for one in importlib.metadata.distributions(path=[str(tree)])]
    found += [_library(path) for path in tree.glob("*.libs/*")]
    wrong = [f"{one.name} ({one.licence})" for one in found if not _is_allowed(one)]
    if wrong:
        raise LayerError(f"licences that a layer is not shipped under: {', '.join(wrong)} (layer/bom.py)")
    return sorted(found, key=lambda package: package.name)


def write(found: Iterable[Package], layer: Path) -> Path:
    """Writes the bill beside the zip and returns its path. Equal layers have equal bills: no time, no serial number."""
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    whole = Component(
        name=layer.stem,
        bom_ref=layer.stem,
        type=ComponentType.APPLICATION,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )
    parts = [
        Component(
            name=package.name,
            version=package.version,
            type=ComponentType.LIBRARY,
            bom_ref=f"{package.name}=={package.version}",
            purl=PackageURL(package.kind, name=package.name, version=package.version),
            licenses=[LicenseExpression(package.licence)],
        )
        for package in found
    ]
    bom = Bom(components=parts)
    bom.metadata.component = whole
    bom.register_dependency(whole, parts)
    bill = layer.with_suffix(".cdx.json")
    bill.write_text(_settled(JsonV1Dot6(bom).output_as_string(indent=1)), encoding="utf-8")
    return bill


def _settled(text: str) -> str:
    """The bill without what differs each time."""
    told = json.loads(text)
    told.pop("serialNumber", None)
    told["metadata"].pop("timestamp", None)
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _package(one: importlib.metadata.Distribution) -> Package:
    metadata = one.metadata
    words = metadata.get_all("License", [])
    words += [line.removeprefix(_CLASSIFIER) for line in metadata.get_all("Classifier", []) if _CLASSIFIER in line]
    said = [_WORDS[word.strip().lower()] for word in words if word.strip().lower() in _WORDS]
    licence = [*metadata.get_all("License-Expression", []), *said, f"unknown: {' '.join(words)[:60]!r}"][0]
    return Package(normal(metadata["Name"]), one.version, licence)


def _library(path: Path) -> Package:
    told = _LIBRARY.fullmatch(path.name)
    name = told["name"] if told else path.name
    version = told["version"] if told else None
    return Package(f"lib{name}", version or "0", _BUNDLED.get(name, "unknown"), "generic")


def _is_allowed(package: Package) -> bool:
    """Whether one of the licences to choose from is on the list. With brackets, all have to be."""
    allowed = ALLOWED if package.kind == "pypi" else _ALLOWED_BUNDLED
    if "(" in package.licence:
        words = package.licence.replace("(", " ").replace(")", " ").split()
        return all(word in allowed for word in words if word not in {"AND", "OR"})
    return any(all(one in allowed for one in choice.split(" AND ")) for choice in package.licence.split(" OR "))
