"""No clause of a goal is lost: each gives a step, goes with one, or is said to be not understood."""

from __future__ import annotations

import re
from itertools import product

import pytest

from ioa.adapters.policy.rules.goal_text import split_goal
from ioa.adapters.policy.rules.wordlists import word_set
from tests.rules.test_goal_text import ALL

_AROUND = word_set(
    """
    a about additionally after also analyse and answer at b both c can compare could d do finally first following
    for goal hello help hey i it just kindly know lastly like look lot me my need next no parallel please plus
    questions run same second tell thank thanks that the then these third this thx to two want we would you
    birthday board meeting party plan experiments results
    """
)
"""What stands around requests and is none; the last line announces what the rest of its goal then asks for."""

FIRST_HALVES = [
    "How much notice does the tenant have to give according to lease.pdf",
    "How much does the tenant pay for a late fee according to lease.pdf",
    "What is the deposit in lease.pdf",
    "According to lease.pdf, when does the tenant have to pay the rent",
    "In lease.pdf, who has to clear the snow",
]
SECOND_HALVES = [
    "what does it say about pets",
    "what does it require of guests",
    "are dogs allowed",
    "is smoking allowed",
    "do tenants pay for water",
    "is there a garden",
    "who repairs the boiler",
    "how long does the contract run",
]


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.lower()) if not word.isdigit()}


@pytest.mark.parametrize(("goal", "expected"), ALL, ids=[goal[:60] for goal, _ in ALL])
def test_every_word_of_a_goal_is_somewhere_in_its_plan(goal: str, expected: object) -> None:
    plan = split_goal(goal)
    kept = " ".join([*(step.text for step in plan.steps), *plan.not_understood, *plan.background])
    assert _words(goal) - _words(kept) <= _AROUND, expected


@pytest.mark.parametrize(("first", "second"), list(product(FIRST_HALVES, SECOND_HALVES)))
def test_two_questions_to_a_document_are_two_steps(first: str, second: str) -> None:
    plan = split_goal(f"{first}, and {second}?")
    assert len(plan.steps) == 2
    assert all("lease.pdf" in step.text and step.kind == "find" and not step.needs for step in plan.steps)
    assert _words(second) - {"it"} <= _words(plan.steps[1].text)


@pytest.mark.parametrize(
    ("goal", "texts"),
    [
        (
            "Calculate the mean absorbance per sample in assay.csv, leaving out the failed runs.",
            ["Calculate the mean absorbance per sample in assay.csv, leaving out the failed runs"],
        ),
        (
            "Sum the amounts per month in shop.csv, excluding refunds, and draw a bar chart of it.",
            ["Sum the amounts per month in shop.csv, excluding refunds", "draw a bar chart of it"],
        ),
        (
            "Count the rides per bike in rides.csv, not counting the commutes.",
            ["Count the rides per bike in rides.csv, not counting the commutes"],
        ),
        (
            "Count the rows in a.csv, and leave out the failed runs.",
            ["Count the rows in a.csv. Leave out the failed runs."],
        ),
        (
            "Which members owe us money, and how much is open in total? The list is in members.csv.",
            ["Which members owe us money in members.csv", "how much is open in total in members.csv?"],
        ),
        (
            "Count the loans per branch. You find the data in loans.parquet.",
            ["Count the loans per branch in loans.parquet"],
        ),
        (
            "Count the members in a.csv who are on the black list. The list is in black.csv.",
            ["Count the members in a.csv who are on the black list. The list is in black.csv."],
        ),
        (
            "How many guests come? The guests are in guests.csv, and the children do not count.",
            ["How many guests come? The guests are in guests.csv, and the children do not count."],
        ),
        (
            "What is the mean pulse in v.json? Show me a scatter plot as well.",
            ["What is the mean pulse in v.json?", "Show me a scatter plot in v.json"],
        ),
        (
            "What is the mean price in a.csv? A pie chart per region would be nice too.",
            ["What is the mean price in a.csv?", "A pie chart per region in a.csv"],
        ),
        (
            "What is the mean price in a.csv? A bar chart of it would also be really helpful. That would be great.",
            ["What is the mean price in a.csv?", "A bar chart of it"],
        ),
        ("17.5 % of 2480", ["17.5% of 2480"]),
        ("What is 17.5 % of 2480?", ["What is 17.5% of 2480?"]),
    ],
)
def test_what_hangs_on_a_request_stays_with_it(goal: str, texts: list[str]) -> None:
    plan = split_goal(goal)
    assert [step.text for step in plan.steps] == texts
    assert not plan.not_understood


@pytest.mark.parametrize("goal", ["17.5% of 2480", "17.5 % of 2480", "What is 17.5 % of 2480?"])
def test_a_percentage_is_reckoned_with_or_without_a_space(goal: str) -> None:
    assert [step.kind for step in split_goal(goal).steps] == ["math"]


@pytest.mark.parametrize("files", [(), ("members.csv",)])
def test_a_file_named_afterwards_is_read_by_all_whether_attached_or_not(files: tuple[str, ...]) -> None:
    plan = split_goal("Which members have not paid yet, and how much is open? The list is in members.csv.", files=files)
    assert [step.text for step in plan.steps] == [
        "Which members have not paid yet in members.csv",
        "how much is open in members.csv?",
    ]
