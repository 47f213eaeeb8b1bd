"""Judges what pip-audit wrote: it calls a package that it could not ask about no finding, which is not the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> int:
    path, *options = sys.argv[1:]
    told = json.loads(Path(path).read_text(encoding="utf-8"))["dependencies"]
    asked = [one for one in told if "skip_reason" not in one]
    silent = [one["name"] for one in told if "skip_reason" in one]
    found = [f"{one['name']} {one['version']}: {bug['id']}" for one in asked for bug in one["vulns"]]
    for line in found:
        print(f"known: {line}")
    print(f"audit: {len(asked)} of {len(told)} packages asked about, {len(found)} advisories")
    if silent:
        print(f"audit skipped for {', '.join(silent)}: the advisory service does not know them, or does not answer")
    return 1 if found or (silent and "--must-answer" in options) or not told else 0


if __name__ == "__main__":
    sys.exit(main())
