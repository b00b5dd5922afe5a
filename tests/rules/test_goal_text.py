"""A goal in ordinary English is split into steps that strangers can answer, and nothing is invented."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioa.adapters.policy.rules.goal_text import MAX_STEPS, Plan, split_goal
from ioa.adapters.policy.rules.inner_steps import split_task
from ioa.adapters.policy.rules.search_phrases import search_phrases
from tests.rules.goals import FRESH, GOALS, NOT_UNDERSTOOD, SECOND, Expected
from tests.rules.plain import ASKED, PLAIN, PLAINER
from tests.rules.strangers import FIFTH, FIRST, FOURTH, LAST, NEXT

ALL = GOALS + FRESH + SECOND + FIRST + NEXT + LAST + FOURTH + FIFTH + ASKED + PLAIN + PLAINER


@pytest.mark.parametrize(("goal", "expected"), ALL, ids=[goal[:60] for goal, _ in ALL])
def test_a_goal_is_split_into_its_steps(goal: str, expected: Expected) -> None:
    plan = split_goal(goal)
    assert [step.needs for step in plan.steps] == [needs for _, needs in expected], plan
    for step, (part, _) in zip(plan.steps, expected, strict=True):
        assert part in step.text
    assert not plan.not_understood
    invariants(goal, plan)


@pytest.mark.parametrize("goal", NOT_UNDERSTOOD)
def test_what_is_not_understood_gives_no_step_and_is_said(goal: str) -> None:
    plan = split_goal(goal)
    assert plan.steps == ()
    assert bool(plan.not_understood) == bool(re.search(r"\w", goal))


def invariants(goal: str, plan: Plan) -> None:
    """What holds for every goal whatever."""
    assert [step.number for step in plan.steps] == list(range(1, len(plan.steps) + 1))
    given_words = {*_words(goal), "in", "and", "draw", "of", "it"}
    for step in plan.steps:
        assert step.text.strip()
        assert all(0 < n < step.number for n in step.needs + step.after)
        assert not set(step.needs) & set(step.after)
        assert list(step.needs) == sorted(set(step.needs))
        assert step.search
        assert all(step.search)
        assert set(_words(step.text)) <= given_words


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.mark.parametrize(
    "request_",
    [
        "Look up the refund policy in handbook.md.",
        "Find out the deadline in notes.md.",
        "Work out the mean price in a.csv.",
        "Figure out which region is the best in a.csv.",
        "Write down the prices of a.csv.",
        "Pick out the three dearest items in shop.csv.",
        "Carry out a correlation analysis on a.csv.",
        "Point out the outliers in b.csv.",
        "Check for duplicates in c.csv.",
        "Sum up the hours in hours.csv.",
        "Add up the prices in a.csv.",
        "Set up a table of sums per region in a.csv.",
        "List out the names in members.csv.",
        "Read through notes.md and find the name of the mayor.",
        "Go through notes.md and list all names.",
        "Read the warranty clause in manual.pdf.",
        "Plot open and closed tickets in t.csv as a pie chart.",
        "Load the prices from a.csv and sort them.",
    ],
)
def test_a_request_with_a_verb_and_a_file_is_never_background(request_: str) -> None:
    plan = split_goal(f"Count the rows in x.csv. {request_} Then plot the price per month in x.csv.")
    assert len(plan.steps) == 3, plan
    assert not plan.background
    assert not plan.not_understood


@pytest.mark.parametrize(
    ("goal", "texts"),
    [
        (
            "find the total revenue per region and the average delivery days per carrier in o.csv",
            ["find the total revenue per region in o.csv", "find the average delivery days per carrier in o.csv"],
        ),
        (
            "Find the number of orders per month and the best-selling product in o.csv",
            ["Find the number of orders per month in o.csv", "Find the best-selling product in o.csv"],
        ),
        ("Find the total and average revenue per region in o.csv", None),
        ("Find revenue and quantity per region in o.csv", None),
        ("Count X and Y per Z in o.csv", None),
        ("What is the highest and the lowest price in o.csv?", None),
        ("Find the oldest and the youngest member in o.csv", None),
        ("What is the total revenue and the number of orders per region in o.csv?", None),
    ],
)
def test_what_one_table_cannot_answer_is_two_steps(goal: str, texts: list[str] | None) -> None:
    assert [step.text for step in split_goal(goal).steps] == (texts or [goal])


@pytest.mark.parametrize(
    ("goal", "completed"),
    [
        ("What is the average price in a.csv? And the median?", "What is the median price in a.csv?"),
        ("Find the total revenue per region in s.csv. And per carrier?", "Find the total revenue per carrier in s.csv"),
        (
            "Compute the mean pay in s.csv. Also the standard deviation.",
            "Compute the standard deviation of pay in s.csv",
        ),
        ("How many orders came in 2023 in o.csv? What about 2024?", "How many orders came in 2024 in o.csv?"),
        ("Compute the total cost in c.csv. Now per month.", "Compute the total cost per month in c.csv"),
    ],
)
def test_a_follow_up_that_leaves_words_out_is_completed(goal: str, completed: str) -> None:
    assert split_goal(goal).steps[-1].text == completed


def test_a_follow_up_that_fits_in_two_places_is_not_guessed() -> None:
    plan = split_goal("Find the mean price and the mean weight in a.csv. And the median?")
    assert plan.not_understood == ("And the median?",)


def test_an_attached_file_is_read_where_the_goal_names_none() -> None:
    plan = split_goal("How many orders were late? Find the refund rule.", files=["orders.csv", "rules.md"])
    assert [step.text for step in plan.steps] == [
        "How many orders were late in orders.csv?",
        "Find the refund rule in rules.md",
    ]


def test_then_means_after_and_no_more() -> None:
    plan = split_goal("Count the rows of a.csv. Then count the rows of b.csv. Also count the rows of c.csv.")
    assert [(step.needs, step.after) for step in plan.steps] == [((), ()), ((), (1,)), ((), ())]


def test_after_leaves_out_what_is_needed_anyway() -> None:
    plan = split_goal("Compute the mean of x in a.csv, count the rows, then plot the mean.")
    assert [(step.needs, step.after) for step in plan.steps] == [((), ()), ((), ()), ((1,), (2,))]


def test_background_is_kept_and_is_no_step() -> None:
    plan = split_goal("We are a small tea shop. Compute the profit in shop.csv.")
    assert plan.background == ("We are a small tea shop.",)
    assert [step.text for step in plan.steps] == ["Compute the profit in shop.csv"]


def test_a_reference_to_nothing_leaves_the_step_and_is_said() -> None:
    plan = split_goal("Plot the result.")
    assert [step.text for step in plan.steps] == ["Plot the result"]
    assert len(plan.not_understood) == 1
    assert "the result" in plan.not_understood[0]


def test_the_same_again_is_not_guessed() -> None:
    plan = split_goal("Count the rows of a.csv and b.csv. Do the same for c.csv.")
    assert len(plan.steps) == 1
    assert plan.not_understood == ("Do the same for c.csv.",)


def test_the_same_for_what_cannot_be_put_in_is_said() -> None:
    plan = split_goal(
        "Give me an overview of staff.csv, then the median tenure per department, then the same for managers only."
    )
    assert [step.number for step in plan.steps] == [1, 2]
    assert plan.not_understood == ("the same for managers only",)


def test_the_part_that_is_understood_is_done_and_the_rest_is_said() -> None:
    plan = split_goal("Count the rows of a.csv. Qwx zzk brrm.")
    assert [step.text for step in plan.steps] == ["Count the rows of a.csv"]
    assert plan.not_understood == ("Qwx zzk brrm.",)


def test_file_names_with_spaces_are_kept_whole() -> None:
    plan = split_goal("Count the rows of tea and cake sales.csv and plot them", files=["tea and cake sales.csv"])
    assert [step.text for step in plan.steps] == ["Count the rows of tea and cake sales.csv", "plot them"]


def test_background_that_names_the_file_is_where_the_steps_read() -> None:
    plan = split_goal("All loans are in loans.csv. How many books are overdue?")
    assert [step.text for step in plan.steps] == ["How many books are overdue in loans.csv?"]
    assert plan.steps[0].context == "in loans.csv"


@pytest.mark.parametrize(
    ("task", "inner"),
    [
        ("write a report with a chart of the monthly totals", ["draw a chart of the monthly totals"]),
        ("write a report with a bar chart of it", ["draw a bar chart of it"]),
        ("Write a report on the results with a pie chart of them", ["draw a pie chart of them"]),
        ("Write a report on the findings and include a line chart of them", ["draw a line chart of them"]),
        (
            "summarise the average temperature per city from weather.csv in a report",
            ["the average temperature per city from weather.csv"],
        ),
        ("translate the refund clause of terms.pdf into French", ["the refund clause of terms.pdf"]),
        ("Multiply the median salary in staff.csv by 12", ["the median salary in staff.csv"]),
        ("Email the total revenue in sales.csv to bob@example.org", ["the total revenue in sales.csv"]),
        (
            "Write a report on sales.csv with a bar chart of the revenue and a table of the top five products",
            ["draw a bar chart of the revenue", "a table of the top five products"],
        ),
        ("In sales.csv, write a report on total revenue by region", ["In sales.csv, total revenue by region"]),
        ("Write a report about the harvest that includes a map of the fields", ["draw a map of the fields"]),
        ("plot the median salary by department", []),
        ("compute the mean price in sales.csv", []),
        ("Write a poem about autumn", []),
        ("Write a letter with kind regards to Anna", []),
        ("Summarise handbook.pdf", []),
    ],
)
def test_a_task_shows_the_steps_inside_it(task: str, inner: list[str]) -> None:
    plan = split_task(task)
    assert [step.text[: len(part)] for step, part in zip(plan.steps, inner, strict=False)] == inner
    assert len(plan.steps) == len(inner) + 1
    assert plan.steps[-1].text == task
    assert plan.steps[-1].needs == tuple(range(1, len(inner) + 1))
    invariants(task, plan)


def test_the_outer_act_is_searched_without_what_the_inner_steps_do() -> None:
    plan = split_task("write a report with a chart of the monthly totals")
    assert plan.steps[0].search == ("draw chart of the monthly totals", "draw chart")
    assert plan.steps[1].search == ("write report",)


def test_a_task_of_several_requests_is_split_as_a_goal_is() -> None:
    assert [step.needs for step in split_task("compute the mean and plot it").steps] == [(), (1,)]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("Please compute the mean price in sales.csv", ("compute the mean price csv table",)),
        ("Could you find the notice period in contract.pdf?", ("find the notice period pdf document",)),
        ("compute the mean and plot it", ("compute the mean", "plot")),
        ("Solve x^2 - 5x + 6 = 0", ("solve equation",)),
        ("What is 15% of 230?", ("what is percentage",)),
        ("Run SELECT a FROM t", ("run sql query",)),
        ("Translate 'Good morning to you' into German", ("translate into german",)),
        ("```python\nprint(1)\n```", ("python code",)),
        ("42", ("42",)),
        ("", ()),
    ],
)
def test_search_phrases_keep_the_act_and_the_object(text: str, phrases: tuple[str, ...]) -> None:
    assert search_phrases(text) == phrases


_PIECES = st.sampled_from(
    re.split(
        " ",
        "compute the mean and plot it , then . ; : ? ! \n sales.csv in from using of both results first 2 2) (a) - * "
        "Step 1: please could you what is which write a report with chart if any list them do same for 2023 ``` ` ' "
        "x^2 = + SELECT FROM we are shop Berechne 3.5 e.g. http://a.b/c based on that after computing finally also "
        "the two numbers",
    )
)


@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=60).map(" ".join)))
def test_any_text_gives_a_plan(text: str) -> None:
    plan = split_goal(text)
    invariants(text, plan)
    assert plan == split_goal(text)
    invariants(text, split_task(text))
    search_phrases(text)


@given(st.lists(st.sampled_from([goal for goal, _ in ALL]), min_size=1, max_size=4))
def test_goals_after_one_another_give_a_plan(goals: list[str]) -> None:
    text = "\n\n".join(goals)
    plan = split_goal(text)
    invariants(text, plan)
    assert plan.steps


_REPEATED = [
    *["a", "a.", "a,", "and ", "compute the mean, ", "Compute the mean. ", "It ", '"', "'a ", "`", "```", "“", "("],
    *["1. do it ", "\n- x", "a.a", "SELECT x FROM ", "http://", "x@", "the total of ", "if any, ", "\x00", "…", "ä"],
    *["Write a report. ", "do the same for 2. ", "a and the b of ", "in sales.csv ", "9", "-", "= ", "a b c d "],
    *["the result and both numbers. Plot it. ", "-\n", "::", "? "],
]


@pytest.mark.parametrize("piece", _REPEATED)
def test_long_texts_take_time_in_proportion(piece: str) -> None:
    text = (piece * (25_000 // len(piece) + 1))[:25_000]
    began = time.process_time()
    plan = split_goal(text)
    assert time.process_time() - began < 4
    assert len(plan.steps) <= MAX_STEPS


def test_more_steps_than_a_goal_may_have_are_said() -> None:
    plan = split_goal("\n".join(f"- count the rows of a{n}.csv" for n in range(MAX_STEPS + 5)))
    assert len(plan.steps) == MAX_STEPS
    assert len(plan.not_understood) == 5
