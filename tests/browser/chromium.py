"""Headless Chromium, by Playwright: what a page does, and what axe-core finds in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"


@dataclass
class Seen:
    """What was found of one page: `faults` are sentences; `undecided` counts what axe leaves to a person."""

    faults: list[str] = field(default_factory=list)
    passed: int = 0
    undecided: int = 0


def executable() -> str | None:
    """Where Chromium is; None where it is not installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that ends with the block. Chromium refuses its sandbox to root, who containers are."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(
    started: Browser, file: Path, scheme: str, width: int, *, height: int = 900, scale: float = 1
) -> Iterator[tuple[Page, Seen]]:
    """The page, loaded; its console and its requests are watched."""
    context = started.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
    )
    seen, page = Seen(), context.new_page()
    page.on("console", lambda message: seen.faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.faults.append(f"error: {error}"))
    page.on("dialog", lambda dialog: seen.faults.append(f"a dialog opened: {dialog.message}"))
    page.on("request", lambda request: _watch(request.url, file, seen))
    page.goto(file.as_uri())
    try:
        yield page, seen
    finally:
        context.close()


def look(page: Page, seen: Seen, axe: str) -> None:
    """Fills `seen`: does it fit, and what does axe say, everything unfolded?"""
    page.evaluate(OPEN_ALL)
    wide, there = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if wide > there:
        seen.faults.append(f"{wide} pixels wide in a window of {there}")
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("axe.run()")
    seen.faults += [
        f"axe {one['id']} ({one['impact']}): {one['help']}: {one['nodes'][0]['html'][:120]}"
        for one in found["violations"]
    ]
    seen.passed = len(found["passes"])
    seen.undecided = sum(len(one["nodes"]) for one in found["incomplete"])


def _watch(url: str, file: Path, seen: Seen) -> None:
    if url not in {file.as_uri(), "data:,"}:
        seen.faults.append(f"a request left the page: {url}")
