"""The page in a real browser, against a real hub with real agents."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from ioa.ports.agent import Outcome
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause, say
from tests.web.expecting import expect
from tests.web.town import OTHER

EXAMPLES = Path(__file__).parents[2] / "examples"
GOAL = (
    "Find the total revenue per region in orders.csv. Look up the revenue target for 2026 in handbook.md. "
    "Then write a report with a bar chart of the total revenue per region in orders.csv."
)
FILES = (EXAMPLES / "orders.csv", EXAMPLES / "handbook.md")


def test_a_token_signs_in_and_a_wrong_one_says_so(town, window):
    page = window().page
    page.goto(town.url)
    page.get_by_label("Token").fill("ioa_user_wrong-wrong-wrong-wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").get_by_text("not known").wait_for()
    page.get_by_label("Token").fill(OTHER)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Give the network a goal").wait_for()
    page.reload()
    page.get_by_text("Give the network a goal").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token").wait_for()


def test_a_link_signs_in_once_and_leaves_no_trace_in_the_address(town, window):
    link = town.link()
    first = window().page
    first.goto(link)
    first.wait_for_selector(".shell")
    assert "code" not in first.url
    second = window().page
    second.goto(link)
    second.get_by_text("was used").wait_for()


def test_a_goal_is_given_watched_and_looked_at_from_all_sides(town, window):
    """Goals, chat, teams, tasks, cost, replay: a nested team, files in and out, pictures inline."""
    town.builtin("data-analyst", "librarian", "plotter", "writer")
    one = window()
    page = one.sign_in()
    goal_id = one.give(GOAL, *FILES)
    one.ended()

    page.get_by_role("button", name=re.compile("^Answer")).click()
    answer = page.get_by_role("dialog", name="Answer")
    answer.get_by_text("32,000").first.wait_for()
    answer.locator("img[alt^='Picture']").first.wait_for()
    with page.expect_download() as saved:
        answer.get_by_role("button", name=re.compile("^Save .*csv")).first.click()
    assert Path(saved.value.path()).read_text().startswith("region,")
    page.keyboard.press("Escape")

    expect(page.locator(".strip [aria-current=step]")).to_have_text(re.compile("^Conclusion"))
    page.get_by_label("Find in this chat").fill("revenue target")
    page.get_by_text(re.compile(r"^\d+ of \d+$")).wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector(".entry.marked")

    one.go(f"#/goals/{goal_id}/teams")
    page.wait_for_selector(".node >> nth=1")
    page.locator(".node", has_text="Team 2").click()
    page.get_by_role("region", name="Team 2").wait_for()

    one.go(f"#/goals/{goal_id}/tasks")
    done = page.get_by_role("region", name="Done", exact=True)
    done.locator(".card").first.wait_for()
    page.get_by_role("button", name="Timeline").click()
    page.locator(".bar.is-wait").first.wait_for()
    page.get_by_role("button", name="Board").click()
    done.locator(".card").first.click()
    page.wait_for_selector(".entry.marked")  # the message that the task came from

    one.go(f"#/goals/{goal_id}/cost")
    page.get_by_text("No model was called").wait_for()
    page.get_by_role("rowheader", name="Writer", exact=True).wait_for()

    one.go("#/agents/Data%20analyst")
    page.get_by_role("heading", name="Has worked with").wait_for()
    page.get_by_role("row", name=re.compile("^Librarian")).wait_for()
    one.go("#/trust")
    page.locator(".contacts circle").nth(1).wait_for()
    page.get_by_role("row", name=re.compile("^Data analyst Librarian 1 0")).wait_for()

    one.go(f"#/goals/{goal_id}/replay")
    page.get_by_label("Speed").select_option("64")
    page.get_by_role("button", name="Play", exact=True).click()
    slider = page.get_by_role("slider", name="Entry")
    page.wait_for_function("slider => slider.value === slider.max", arg=slider.element_handle())
    page.get_by_role("button", name="One entry back").click()
    expect(slider).to_have_value(str(int(slider.get_attribute("max") or 0) - 1))
    page.get_by_label("Show").last.select_option("teams")
    page.wait_for_selector(".node")


def test_a_goal_is_run_again_continued_and_compared(town, window):
    town.builtin("mathematician")
    one = window()
    page = one.sign_in()
    first = one.give("Compute 17 * 23")
    one.ended()
    page.get_by_role("link", name="Run again").click()
    expect(page.get_by_role("textbox", name="Goal", exact=True)).to_have_value("Compute 17 * 23")
    page.get_by_role("radio", name=re.compile("^Rules only")).check()
    page.get_by_role("button", name="Give the goal").click()
    one.ended()
    second = str(page.evaluate("location.hash.split('/')[2]"))
    assert second != first
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("heading", name="Two runs").wait_for()
    page.locator(".compare article >> nth=1").get_by_text("391").first.wait_for()
    one.go(f"#/goals/{second}")
    page.get_by_role("link", name="Continue").click()
    page.get_by_text("Goes on from team").wait_for()
    page.get_by_role("textbox", name="Goal", exact=True).fill("Divide the result by 2")
    page.get_by_role("button", name="Give the goal").click()
    page.wait_for_selector(".goal-head .answer, .goal-head .status.is-failed, .goal-head .status.is-partial")
    page.get_by_text("Known from before").first.wait_for()


def test_a_running_goal_is_nudged_and_cancelled_and_its_refusals_are_seen(town, window):
    go_on = asyncio.Event()

    async def slow(assignment, progress):
        await progress("half way")
        await go_on.wait()
        return Outcome(conclusion="done")

    def waiting(view):
        return pause(*[task.task_id for task in view.group.open_tasks])

    script = [assign(("Cora", "something long"), wait=False), say("who?", "Nobody"), waiting]
    town.agent("Cora", slow, lambda: ScriptedPolicy(script))
    one = window()
    page = one.sign_in()
    one.give("take your time")
    page.get_by_text("half way").first.wait_for()
    page.get_by_text(re.compile("Refused to Cora")).first.wait_for()
    page.get_by_label("Say something to the team").fill("hurry, **please**")
    page.keyboard.press("Enter")
    page.locator(".is-interjection strong", has_text="please").wait_for()
    page.get_by_role("button", name="Conclude now").click()
    page.get_by_text("Please conclude now with what there is.", exact=True).first.wait_for()
    page.get_by_role("button", name="Cancel").click()
    one.ended("cancelled")
    town.call(go_on.set)


def test_agents_are_found_by_what_they_can_do(town, window):
    town.builtin("plotter", "mathematician", "librarian")
    one = window()
    page = one.sign_in()
    one.give("Compute 2 + 3")
    one.ended()
    one.go("#/agents")
    page.get_by_label("Search agents by meaning").fill("draw a bar chart")
    first = page.locator(".list li a").first
    first.locator("meter").wait_for()
    expect(first).to_contain_text("Plotter")
    first.click()
    page.get_by_role("heading", name="Plotter", exact=True).wait_for()
    page.locator(".agent .status.is-online").wait_for()
    one.go("#/trust")
    page.get_by_text(re.compile("Nobody has worked together|remembers")).first.wait_for()
    one.go("#/network")
    page.get_by_text("Agents connected").wait_for()
    expect(page.locator(".figures div", has_text="Agents connected").locator("dd")).to_have_text("3")


def test_a_person_is_asked_answers_and_does_a_task(town, window):
    """Joins, gets a task and the floor, delivers, speaks; and is told in another place of the page."""

    def closing(view):
        answer = next(entry.content for entry in reversed(view.log) if entry.sender == "Ada")
        return conclude(f"Ada says: {answer}")

    script = [assign(("Ada", "Sign the form")), say("May I send it?", "Ada"), closing]

    async def nothing(assignment, progress):
        return Outcome(conclusion="nothing")

    town.agent("Clerk", nothing, lambda: ScriptedPolicy(script, team=("Ada",)))
    one = window()
    page = one.sign_in()
    one.go("#/me")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("What can you be asked?").fill("Signs forms and approves letters")
    page.get_by_role("button", name="Join").click()
    page.locator(".me-head .is-online").wait_for()
    one.give("get a form signed")
    page.get_by_text("The network waits for you").wait_for()
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("How far you are").fill("looking for a pen")
    page.get_by_role("button", name="Tell").click()
    page.get_by_text("looking for a pen").first.wait_for()
    page.get_by_label("Your result").fill("Signed.")
    page.get_by_role("button", name="Deliver").click()
    page.get_by_text("You have the floor").wait_for()
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    page.get_by_label("What you say").fill("Yes, do.")
    page.get_by_role("button", name="Send").click()
    one.ended()
    page.get_by_text("Ada says: Yes, do.").first.wait_for()
    one.go("#/me")
    page.get_by_role("button", name="Leave the network").click()
    page.get_by_role("heading", name="Take part").wait_for()


def test_two_windows_see_the_same_and_a_restart_of_the_hub_loses_nothing(town, window):
    step = asyncio.Event()

    async def work(assignment, progress):
        await step.wait()
        return Outcome(conclusion="worked through the restart")

    def closing(view):
        return conclude("all words are here")

    words = [say(f"word {number}", "Cora") for number in range(5)]
    script = [*words, assign(("Cora", "work")), *[say(f"later {number}", "Cora") for number in range(5)], closing]
    town.agent("Cora", work, lambda: ScriptedPolicy(script))
    one, two = window(), window()
    one.sign_in()
    goal_id = one.give("talk")
    two.sign_in()
    two.go(f"#/goals/{goal_id}")
    for each in (one, two):
        each.page.get_by_text("word 4").first.wait_for()
    town.stop()
    for each in (one, two):
        each.page.get_by_text("The hub is away").wait_for()
    town.start()
    town.call(step.set)
    for each in (one, two):
        each.ended()
        each.page.get_by_text("all words are here").first.wait_for()
    log = town.do(town.hub.store.log_of_goal(goal_id, after=0, limit=1000))
    for each in (one, two):
        each.go(f"#/goals/{goal_id}/replay")
        expect(each.page.get_by_role("slider", name="Entry")).to_have_attribute("max", str(len(log)))


def test_files_are_dropped_onto_the_form(town, window):
    town.builtin("data-analyst")
    one = window()
    page = one.sign_in()
    one.go("#/new")
    page.get_by_role("textbox", name="Goal", exact=True).fill("Find the total revenue in sales.csv")
    dropped = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(['region,revenue\\nNorth,40\\nSouth,2\\n'], 'sales.csv', { type: 'text/csv' }));
            data.items.add(new File(['not wanted'], 'other.txt', { type: 'text/plain' }));
            return data;
        }"""
    )
    page.dispatch_event(".new-goal", "drop", {"dataTransfer": dropped})
    page.get_by_role("button", name="Leave out other.txt").click()
    page.get_by_role("button", name="Give the goal").click()
    one.ended()
    page.get_by_text("42").first.wait_for()
    page.locator("figure", has_text="sales.csv").first.wait_for()
    assert page.locator("figure", has_text="other.txt").count() == 0


def test_a_person_is_called_when_the_page_is_not_in_sight(town, window):
    async def nothing(assignment, progress):
        return Outcome(conclusion="nothing")

    town.agent("Clerk", nothing, lambda: ScriptedPolicy([say("May I send it?", "Ada")], team=("Ada",)))
    one = window()
    page = one.page
    page.add_init_script(
        """window.called = [];
        window.Notification = class { constructor(title, more) { window.called.push([title, more.body]); } };
        window.Notification.permission = 'granted';"""
    )
    one.sign_in()
    one.go("#/me")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("What can you be asked?").fill("Approves letters")
    page.get_by_role("button", name="Join").click()
    page.locator(".me-head .is-online").wait_for()
    page.evaluate("() => Object.defineProperty(document, 'hidden', { get: () => true })")
    one.give("send a letter")
    page.wait_for_function("() => window.called.length > 0")
    assert page.evaluate("() => window.called[0]") == ["You have the floor", "send a letter"]
    page.get_by_role("button", name="Approve").click()
    one.ended()
