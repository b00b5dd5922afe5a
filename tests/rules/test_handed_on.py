"""What an assignee is told beyond its step's words: operands of a sum, a formula found before, what a report lacks."""

from __future__ import annotations

import pytest

from ioa.adapters.policy.rules.goal_text import split_goal
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.ports.agent import AgentFailed
from ioa.protocol.cards import Card
from ioa.protocol.messages import TaskStart
from ioa.testing.conversations import Conversation, Member, keyword_fit

FIT = keyword_fit(
    {
        "Counter": ("count", "sum", "add up", "amounts", "total"),
        "Librarian": ("look up", "find", "seats"),
        "Reckoner": ("subtract", "derivative", "integrate", "value", "evaluate", "divide"),
        "Writer": ("report", "summary"),
    }
)


async def told(goal: str, answers: dict[str, str]) -> list[str]:
    """What each agent was told, in order; `answers` by a part of what it was told, "" for a refusal."""

    def work(task_desc: str) -> str:
        found = next((answer for part, answer in answers.items() if part in task_desc), "ok")
        if not found:
            raise AgentFailed("no idea about notes.md")
        return found

    names = ("Counter", "Librarian", "Reckoner", "Writer")
    members = [Member(Card(name=name, description=name), RulesPolicy(), work) for name in names]
    chat = Conversation(goal, members, FIT)
    await chat.run()
    return [message.task_desc for message in chat.log if isinstance(message, TaskStart)]


@pytest.mark.parametrize(
    ("goal", "last"),
    [
        (
            "Look up the budget in plan.md, add up the amounts in spent.csv, and say how much of the budget is left.",
            "Subtract the second result from the first result",
        ),
        (
            "Add up the amounts in spent.csv, look up the grant in plan.md, and tell me how much of the grant remains.",
            "Subtract the first result from the second result",
        ),
        (
            "Total the fees in fees.csv. Total the refunds in back.csv. Subtract the refunds from the fees to get the "
            "net amount.",
            "Subtract the refunds from the fees",
        ),
        (
            "Total the fees in fees.csv. Total the refunds in back.csv. Subtract the refunds from the fees to get the "
            "percentage.",
            "Subtract the refunds from the fees to get the percentage",
        ),
    ],
)
async def test_a_sum_over_two_results_names_both(goal: str, last: str) -> None:
    assert (await told(goal, {}))[-1] == last


async def test_a_count_is_not_taken_from_a_budget() -> None:
    goal = "Look up the budget in plan.md, sum the costs in a.csv, and say how much of the budget is left."
    answers = {"sum the costs": "Number of costs: **9** (a.csv)."}
    assert (await told(goal, answers))[-1] == "say how much of the budget is left"


@pytest.mark.parametrize(
    "goal",
    [
        "Look up the budget in plan.md, count the rows in a.csv, and say how much of the budget is left.",
        "Look up the budget in plan.md, add up the amounts in a.csv, add up the amounts in b.csv, and say how much of "
        "the budget is left.",
        "Look up the address in plan.md, add up the amounts in a.csv, and say how much of the budget is left.",
    ],
)
def test_what_is_left_is_not_guessed(goal: str) -> None:
    assert all(not step.minus for step in split_goal(goal).steps)


@pytest.mark.parametrize(
    ("goal", "found", "last"),
    [
        (
            "What is the derivative of x^3, and what is its value at x = 2?",
            "**derivative with respect to x = 3*x^2**",
            "evaluate 3*x^2 at x = 2",
        ),
        ("Integrate 2*t, and evaluate the result at t = 5.", "**t^2**", "evaluate t^2 at t = 5"),
        ("Integrate 2*t, and evaluate the result at t = 5.", "**x = 4; y = 2**", "evaluate the result at t = 5"),
        ("Integrate 2*t, and evaluate the result at t = 5.", "It is t^2.", "evaluate the result at t = 5"),
    ],
)
async def test_a_formula_that_was_found_is_put_in(goal: str, found: str, last: str) -> None:
    assert (await told(goal, {"derivative": found, "Integrate": found}))[-1] == last


async def test_the_writer_is_told_what_is_missing() -> None:
    goal = "1. Count the rows in a.csv.\n2. Find the broken seats in notes.md.\n3. Write a report for the club."
    text = (await told(goal, {"seats": ""}))[-1]
    assert text.startswith("Write a report for the club\n\nSay under “Missing” what was not done:\n- Step 2, “")
    assert "failed at Librarian: no idea about notes (md)" in text
    assert (await told(goal, {}))[-1] == "Write a report for the club"


@pytest.mark.parametrize(
    ("goal", "steps"),
    [
        ("Convert 350 F to C and 12 oz to g.", ["Convert 350 F to C", "Convert 12 oz to g"]),
        ("Convert 3 feet to metres, 10 gallons to litres and 5 kg to pounds.", ["3 feet", "10 gallons", "5 kg"]),
        ("Convert 12 miles and 300 yards to kilometres", ["12 miles and 300 yards to kilometres"]),
        (
            "Convert 5 feet and 3 inches to metres and 10 kg to pounds",
            ["5 feet and 3 inches to metres", "10 kg to pounds"],
        ),
    ],
)
def test_two_conversions_are_two_steps(goal: str, steps: list[str]) -> None:
    plan = split_goal(goal)
    assert len(plan.steps) == len(steps)
    assert all(part in step.text and step.kind == "math" for part, step in zip(steps, plan.steps, strict=True))
