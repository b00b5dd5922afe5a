"""Playwright's assertions, which wait until they hold; imported when they are used, for it may not be installed."""

from __future__ import annotations

from typing import Any


def expect(shown: Any) -> Any:
    """`expect(locator or page).to_have_…`; the fixture `browser` says how long it waits."""
    from playwright.sync_api import expect as assertions

    return assertions(shown)
