"""A browser for the tests of the page; they say SKIPPED without one."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.town import Town

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = os.environ.get("IOA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
HAS_BROWSER = CHROMIUM is not None and importlib.util.find_spec("playwright") is not None
PATIENCE_MS = 45_000  # the machine may be busy with other tests
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Town(tmp_path) as open_town:
        yield open_town


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not HAS_BROWSER:
        pytest.skip("needs Chromium and the extra browser (playwright)")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield running
        running.close()


class Window:
    """One window of one person, and what went wrong in it."""

    def __init__(self, browser: Browser, town: Town, **context: Any) -> None:
        settings = {"viewport": {"width": 1280, "height": 860}, **context}
        self.context = browser.new_context(**settings)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.town = town
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(f"dialog {dialog.message}") or dialog.dismiss())
        self.page.on("request", lambda request: self.asked.append(request.url))

    def sign_in(self) -> Page:
        """Open the link that signs in."""
        self.page.goto(self.town.link())
        self.page.wait_for_selector(".shell")
        return self.page

    def go(self, place: str) -> None:
        self.page.evaluate("place => { location.hash = place; }", place)

    def give(self, goal: str, *files: Path) -> str:
        """Give a goal by the form; returns its goal_id."""
        self.go("#/new")
        self.page.get_by_role("textbox", name="Goal", exact=True).fill(goal)
        if files:
            self.page.locator(".drop input[type=file]").set_input_files([str(path) for path in files])
        self.page.get_by_role("button", name="Give the goal").click()
        self.page.wait_for_selector(".goal-head")
        return str(self.page.evaluate("location.hash.split('/')[2]"))

    def ended(self, status: str = "completed") -> None:
        self.page.wait_for_selector(f".goal-head .status.is-{status}")


@pytest.fixture
def window(browser: Browser, town: Town) -> Iterator[Callable[..., Window]]:
    """Makes windows; at the end none may have had an error."""
    made: list[Window] = []

    def make(**context: Any) -> Window:
        made.append(Window(browser, town, **context))
        return made[-1]

    yield make
    errors = [error for one in made for error in one.errors]
    for one in made:
        one.context.close()
    assert not errors
