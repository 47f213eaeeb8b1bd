"""Looks at every page in both themes and at three widths; exit 1 where one has a fault. `--shoot` writes images."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chromium import browser, executable, look, opened
from tests.browser.pages import pages
from tests.browser.terminal import screens

SCHEMES = ("light", "dark")
WIDTHS = (1200, 390, 320)
# name → scheme, width, scale, and the selectors of the first and the last element in the picture
SHOTS = {
    "report-light": ("light", 1100, 1.0, "header", ".line"),
    "report-dark": ("dark", 1100, 1.0, "section[aria-labelledby=run]", "section[aria-labelledby=drift]"),
    "report-phone": ("light", 390, 1.5, "header", ".line"),
}
CLIP = """([first, last]) => {
    const from = document.querySelector(first).offsetTop, to = document.querySelector(last);
    return [from, to.offsetTop + to.offsetHeight - from]
}"""
MARGIN = 24
# Everything that is looked for: a check that finds nothing here would find nothing anywhere.
WRONG = """<!doctype html><title>x</title><body style="width: 3000px"><img src="http://127.0.0.1:9/x.png">
<p style="color: #ccc; background: #fff">pale</p><script>console.error("said")</script>"""
EXPECTED = {
    "console: said",
    "a request left the page",
    "3000",
    "axe image-alt",
    "axe color-contrast",
    "axe html-has-lang",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make report-check")
    parser.add_argument("--axe", type=Path, required=True, help="axe.min.js")
    parser.add_argument("--shoot", type=Path, help="the folder for screenshots")
    asked = parser.parse_args()
    if executable() is None:
        print("skipped: no Chromium is installed (apt install chromium)")
        return 0
    with tempfile.TemporaryDirectory() as home, browser() as started:
        files = {name: Path(home) / f"{name}.html" for name in pages()}
        for name, document in pages().items():
            files[name].write_text(document, encoding="utf-8")
        unseen = _unseen(started, Path(home) / "wrong.html", asked.axe.read_text(encoding="utf-8"))
        if unseen:
            print(f"the check itself is broken: it does not see {', '.join(sorted(unseen))}")
            return 1
        bad = _check(started, files, asked.axe.read_text(encoding="utf-8"))
        if asked.shoot is not None:
            _shoot(started, files["year"], Path(home), asked.shoot)
    return 1 if bad else 0


def _unseen(started: Browser, file: Path, axe: str) -> set[str]:
    """What of EXPECTED is not found in a page that has it all."""
    file.write_text(WRONG, encoding="utf-8")
    with opened(started, file, "light", 390) as (page, seen):
        look(page, seen, axe)
    return {expected for expected in EXPECTED if not any(expected in fault for fault in seen.faults)}


def _check(started: Browser, files: dict[str, Path], axe: str) -> int:
    bad = 0
    print("page        theme  width   bytes  axe: passed  undecided  faults")
    for name, file in files.items():
        for scheme in SCHEMES:
            for width in WIDTHS:
                with opened(started, file, scheme, width) as (page, seen):
                    look(page, seen, axe)
                size = file.stat().st_size
                told = f"{name:<11} {scheme:<5} {width:>6} {size:>7} {seen.passed:>12} {seen.undecided:>10}"
                print(f"{told} {len(seen.faults):>7}")
                for fault in seen.faults:
                    print(f"  {fault}")
                bad += len(seen.faults)
    print(f"{bad} faults")
    return bad


def _shoot(started: Browser, file: Path, home: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, (scheme, width, scale, first, last) in SHOTS.items():
        with opened(started, file, scheme, width, scale=scale) as (page, _):
            top, high = page.evaluate(CLIP, [first, last])
            page.screenshot(
                path=folder / f"{name}.png",
                full_page=True,
                clip={"x": 0, "y": max(0, top - MARGIN), "width": width, "height": high + 2 * MARGIN},
            )
    for name, document in zip(("run-live", "run-summary"), screens(), strict=True):
        shown = home / f"{name}.html"
        shown.write_text(document, encoding="utf-8")
        with opened(started, shown, "dark", 1000) as (page, _):
            page.locator("pre").screenshot(path=folder / f"{name}.png")
    for image in sorted(folder.glob("*.png")):
        print(f"{image}: {image.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
