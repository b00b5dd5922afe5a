"""Steps that ask on about earlier rows, restrictions, conditions, blocks of code: what each agent is told.

A word such as "there" or "their" that loses its step is answered over all rows, which is a wrong number.
"""

from __future__ import annotations

import pytest

from ioa.adapters.policy.rules.goal_text import split_goal

Steps = list[tuple[str, tuple[int, ...]]]

SAME_ROWS: list[tuple[str, Steps]] = [
    (
        "How many books were lent at the Harbour branch according to loans.csv, and what was the average fine there?",
        [
            ("How many books were lent at the Harbour branch according to loans.csv", ()),
            ("what was the average fine there in loans.csv?", (1,)),
        ],
    ),
    (
        "Count the samples in r.parquet with a pH below 6.5. Find the median temperature of these samples.",
        [
            ("Count the samples in r.parquet with a pH below 6.5", ()),
            ("Find the median temperature of these samples in r.parquet", (1,)),
        ],
    ),
    (
        "How many home games did the Rovers win in m.json? What was the average attendance at their home games?",
        [
            ("How many home games did the Rovers win in m.json?", ()),
            ("What was the average attendance at their home games in m.json?", (1,)),
        ],
    ),
    (
        "How many trips to Oslo are there in t.xlsx, how many passengers did they carry, and what was the longest "
        "delay among them?",
        [
            ("How many trips to Oslo are there in t.xlsx", ()),
            ("how many passengers did they carry in t.xlsx", (1,)),
            ("what was the longest delay among them in t.xlsx?", (2,)),
        ],
    ),
    (
        "Which ship has the longest average delay in t.xlsx? How many passengers did that ship carry?",
        [
            ("Which ship has the longest average delay in t.xlsx?", ()),
            ("How many passengers did that ship carry in t.xlsx?", (1,)),
        ],
    ),
    (
        "Which department has the highest mean salary in staff.csv? How many people work there?",
        [
            ("Which department has the highest mean salary in staff.csv?", ()),
            ("How many people work there in staff.csv?", (1,)),
        ],
    ),
    (
        "What is the highest temperature in w.csv? When was it measured?",
        [("What is the highest temperature in w.csv?", ()), ("When was it measured in w.csv?", (1,))],
    ),
    (
        "Select the smokers in c.parquet. Determine their median age. How many of them are women?",
        [
            ("Select the smokers in c.parquet", ()),
            ("Determine their median age", (1,)),
            ("How many of them are women?", (2,)),
        ],
    ),
    (
        "What percentage of the guests answered Yes in s.xlsx? And what is the average age of those who said No?",
        [
            ("What percentage of the guests answered Yes in s.xlsx?", ()),
            ("what is the average age of those who said No in s.xlsx?", ()),
        ],
    ),
    (
        "How many copies are there in b.csv? Which departments spent more than their budget in c.csv?",
        [
            ("How many copies are there in b.csv?", ()),
            ("Which departments spent more than their budget in c.csv?", ()),
        ],
    ),
]

GOING_ON: list[tuple[str, Steps]] = [
    (
        "How much is the rent in lease.pdf? Multiply it by 12. And what does the lease say about pets?",
        [
            ("How much is the rent in lease.pdf?", ()),
            ("Multiply it by 12", (1,)),
            ("what does the lease say about pets in lease.pdf?", ()),
        ],
    ),
    (
        "What does a crate cost according to guide.md? Multiply it by 240. And who is responsible for spraying?",
        [
            ("What does a crate cost according to guide.md?", ()),
            ("Multiply it by 240", (1,)),
            ("who is responsible for spraying in guide.md?", ()),
        ],
    ),
    (
        "What is the warranty period of the pump in pump.html, and how much does it weigh?",
        [
            ("What is the warranty period of the pump in pump.html", ()),
            ("how much does it weigh in pump.html?", (1,)),
        ],
    ),
    (
        "Please explain what guide.md says about storage, and describe its rules on spraying.",
        [
            ("explain what guide.md says about storage", ()),
            ("describe its rules on spraying in guide.md", (1,)),
        ],
    ),
    (
        "Plot the total fuel per ship in t.xlsx, work out the total fuel, then convert the result from litres to m3.",
        [
            ("Plot the total fuel per ship in t.xlsx", ()),
            ("work out the total fuel in t.xlsx", ()),
            ("convert the result from litres to m3", (2,)),
        ],
    ),
    (
        "Solve 3x + 7 = 25. Then compute the area of a circle with that radius.",
        [("Solve 3x + 7 = 25", ()), ("compute the area of a circle with that radius", (1,))],
    ),
    (
        "List the five dearest items in s.json and tell me the total stock value, that is price times quantity.",
        [
            ("List the five dearest items in s.json", ()),
            ("tell me the total stock value, that is price times quantity in s.json", ()),
        ],
    ),
    (
        "Add up the fees in t.csv. Then tell me the closing balance, i.e. the sum of all amounts.",
        [("Add up the fees in t.csv", ()), ("tell me the closing balance, i.e. the sum of all amounts in t.csv", ())],
    ),
    (
        "List the members in m.csv who joined after 2015, and compute their average fee. Round it to the nearest cent.",
        [
            ("List the members in m.csv who joined after 2015", ()),
            ("compute their average fee. Round it to the nearest cent.", (1,)),
        ],
    ),
]

CODE = "```python\nprint(91)\n```"
BLOCKS: list[tuple[str, Steps]] = [
    (
        f"Run this Python code and then divide the result by 4:\n{CODE}",
        [(f"Run this Python code\n{CODE}", ()), ("divide the result by 4", (1,))],
    ),
    (
        f"Could you execute the following code and subtract 100 from its output?\n{CODE}",
        [(f"execute the following code\n{CODE}", ()), ("subtract 100 from its output", (1,))],
    ),
    (
        f"1. Run the code below.\n2. Double the result.\n{CODE}",
        [(f"Run the code below\n{CODE}", ()), ("Double the result", (1,))],
    ),
    (
        f"Run the code below and tell me whether its result is prime.\n{CODE}",
        [(f"Run the code below\n{CODE}", ()), ("tell me whether its result is prime", (1,))],
    ),
]


@pytest.mark.parametrize(("goal", "steps"), SAME_ROWS + GOING_ON + BLOCKS)
def test_each_step_says_all_and_needs_what_it_speaks_of(goal: str, steps: Steps) -> None:
    plan = split_goal(goal)
    assert [(step.text, step.needs) for step in plan.steps] == steps
    assert not plan.not_understood


def test_who_chose_the_rows_is_asked_on_about_them() -> None:
    plan = split_goal("How many books are overdue in loans.csv, and what is their average fine?")
    assert plan.steps[1].same_rows == 1
    assert plan.steps[1].reads == ("csv",)


@pytest.mark.parametrize(
    ("goal", "texts"),
    [
        (
            "Leave out the stays of less than one day in stays.csv. Which wards have the longest average stay?",
            ["Which wards have the longest average stay in stays.csv? Leave out the stays of less than one day."],
        ),
        (
            "Ignore the members who have not paid in m.csv. Which voice is the largest? And how many members remain?",
            [
                "Which voice is the largest in m.csv? Ignore the members who have not paid.",
                "how many members remain in m.csv? Ignore the members who have not paid.",
            ],
        ),
        (
            "Only consider the guests over 40 in s.xlsx. What is their average age? How many rows has t.csv?",
            ["What is their average age in s.xlsx? Only consider the guests over 40.", "How many rows has t.csv?"],
        ),
        (
            "Count the flights in f.json. Do not count the cancelled flights.",
            ["Count the flights in f.json. Do not count the cancelled flights."],
        ),
        (
            "In stays.csv, skip stays under a day. Count the stays. Draw a pie chart of the result.",
            ["Count the stays in stays.csv. Skip stays under a day.", "Draw a pie chart of the result"],
        ),
    ],
)
def test_a_restriction_goes_with_every_question_to_its_file(goal: str, texts: list[str]) -> None:
    plan = split_goal(goal)
    assert [step.text for step in plan.steps] == texts
    assert not plan.not_understood


@pytest.mark.parametrize(
    ("goal", "refused"),
    [
        (
            "Add up the fees in c.csv. If the total is over 1000, write a letter to the members.",
            ("If the total is over 1000, write a letter to the members.",),
        ),
        (
            "Add up the fees in c.csv. If they exceed 90, draw a chart of them. Otherwise write a letter.",
            ("If they exceed 90, draw a chart of them.", "Otherwise write a letter."),
        ),
        (
            "What is the mean pulse in c.csv? Plot the pulse per clinic only if it is above 80.",
            ("Plot the pulse per clinic only if it is above 80",),
        ),
        (
            "Add up the fees in c.csv; if it is above 0.5, draw a scatter plot.",
            ("if it is above 0.5, draw a scatter plot.",),
        ),
        (
            "What is the mean pulse in c.csv? If it is above 80, what is the maximum pulse?",
            ("If it is above 80, what is the maximum pulse?",),
        ),
        ("Add up the fees in c.csv. If there is none, find a hostel.", ("If there is none, find a hostel.",)),
    ],
)
def test_an_act_under_a_condition_is_refused_in_its_own_words(goal: str, refused: tuple[str, ...]) -> None:
    plan = split_goal(goal)
    assert plan.not_understood == refused
    assert len(plan.steps) == 1


@pytest.mark.parametrize(
    "goal",
    [
        "Calculate the break-even point if fixed costs are 5000, the price is 25 and the unit costs 15.",
        "Tell me if the average in a.csv is above 3.",
        "If I save 350 euros a month at 3% yearly interest, how much do I have after 5 years?",
        "Plot the prices in a.csv and, if possible, write a report about it.",
    ],
)
def test_a_supposition_is_no_condition(goal: str) -> None:
    assert not split_goal(goal).not_understood
