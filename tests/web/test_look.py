"""How the page looks and how it is used without a mouse or without eyes: accessibility, pictures for the docs.

`IOA_PICTURES=1 pytest tests/web/test_look.py` renews the pictures in docs/pictures.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.web.expecting import expect
from tests.web.test_page import FILES, GOAL

ROOT = Path(__file__).parents[2]
AXE = ROOT / "tests" / "web" / "axe" / "axe.min.js"
PICTURES = ROOT / "docs" / "pictures"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SHOWN = {"chat", "teams", "timeline", "new"}  # in the docs
PLACES = ("chat", "teams", "tasks", "cost", "replay")


SERIOUS = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    const bad = violations.filter((one) => ['serious', 'critical'].includes(one.impact));
    const where = (one) => one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ');
    return bad.map((one) => `${one.id}: ${one.help} ${where(one)}`);
}"""


def findings(page) -> list[str]:
    """What axe calls serious or critical."""
    return [str(one) for one in page.evaluate(SERIOUS)]


def settled(page) -> None:
    page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("device", ["desk", "phone"])
def test_every_view_is_accessible_and_has_its_picture(town, window, colours, device, tmp_path):
    town.builtin("data-analyst", "librarian", "plotter", "writer")
    one = window(color_scheme=colours, bypass_csp=True, **(PHONE if device == "phone" else {}))  # axe comes as a script
    page = one.page
    shown = SHOWN if os.environ.get("IOA_PICTURES") and (colours, device) != ("dark", "phone") else ()
    problems: dict[str, list[str]] = {}

    def look(name: str) -> None:
        settled(page)
        out = PICTURES if name in shown else tmp_path
        page.screenshot(path=out / f"page-{name}-{colours}-{device}.png")
        page.evaluate(AXE.read_text("utf-8"))
        problems[name] = findings(page)

    page.goto(town.url)
    page.get_by_label("Token").wait_for()
    look("sign-in")
    one.sign_in()
    one.go("#/new")
    page.get_by_role("textbox", name="Goal", exact=True).fill(GOAL)
    look("new")
    goal_id = one.give(GOAL, *FILES)
    one.ended()
    for place in PLACES:
        one.go(f"#/goals/{goal_id}/{place}")
        page.locator(f".tabs [aria-current=page][href*={place}]").wait_for()
        look(place)
    one.go(f"#/goals/{goal_id}/tasks")
    page.get_by_role("button", name="Timeline").click()
    look("timeline")
    one.go("#/agents/Plotter")
    page.get_by_role("heading", name="Plotter", exact=True).wait_for()
    look("agent")
    one.go("#/me")
    page.get_by_role("heading", name="Take part").wait_for()
    look("me")
    one.go("#/network")
    page.get_by_text("Agents connected").wait_for()
    look("network")
    assert not {name: found for name, found in problems.items() if found}
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0  # nothing sticks out at the side


def test_the_page_is_used_by_keyboard_alone(town, window):
    town.builtin("mathematician")
    one = window()
    page = one.sign_in()
    page.get_by_role("link", name="New goal").first.wait_for()
    page.keyboard.press("Tab")
    page.wait_for_function("document.activeElement.textContent === 'Skip to the content'")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    one.go("#/new")
    expect(page.get_by_role("textbox", name="Goal", exact=True)).to_be_focused()
    page.keyboard.type("Compute 6 * 7")
    page.keyboard.press("Control+Enter")
    one.ended()
    page.keyboard.press("Control+f")
    expect(page.get_by_label("Find in this chat")).to_be_focused()
    page.keyboard.type("42")
    page.keyboard.press("Enter")
    page.wait_for_selector(".entry.marked")


def test_colours_are_chosen_and_kept(town, window):
    one = window(color_scheme="light")
    page = one.sign_in()
    for wanted in ("light", "dark"):
        page.get_by_role("button", name="Colours", exact=False).or_(
            page.locator(".rail button[title^=Colours]")
        ).first.click()
        page.wait_for_function("wanted => document.documentElement.dataset.theme === wanted", arg=wanted)
        assert page.evaluate("document.documentElement.dataset.theme") == wanted
    page.reload()
    page.wait_for_selector(".shell")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 19, 24)"
