"""Goals in other words, of other shapes and over other files than the examples', through a whole network.

Every number is recomputed here with the standard library. Source: issue "The network", Must show 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.goals import files as made
from tests.goals.network import Answer, AskNetwork, says

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Case:
    name: str
    goal: str
    check: Callable[[Answer, Path], None]
    make: Callable[[Path], list[Path]]


def staff(folder: Path) -> list[Path]:
    return [made.employees(folder)[0]]


def check_single_question(answer: Answer, folder: Path) -> None:
    rows = made.employees(folder)[1]
    for department, value in made.means(rows, "department", "salary").items():
        assert says(answer.text, department)
        assert says(answer.text, value)


def check_two_independent(answer: Answer, folder: Path) -> None:
    rows = made.employees(folder)[1]
    assert says(answer.text, made.median(made.column(rows, "salary")))
    assert says(answer.text, sum(row["city"] == "Graz" for row in rows))
    assert answer.groups == 1


def check_chain_with_mathematics(answer: Answer, folder: Path) -> None:
    rows = made.employees(folder)[1]
    total = sum(made.column(rows, "salary"))
    assert says(answer.text, total)
    assert says(answer.text, total * 1.04)


def check_plot(answer: Answer, folder: Path) -> None:
    rows = made.weather(folder)[1]
    for station, value in made.sums(rows, "station", "rain_mm").items():
        assert says(answer.text, station)
        assert says(answer.text, value)
    assert {"png", "svg"} <= answer.suffixes


def check_numbered_list(answer: Answer, folder: Path) -> None:
    rows = made.machines(folder)[1]
    by_machine = made.sums(rows, "machine", "downtime_minutes")
    assert says(answer.text, max(by_machine.values()))
    assert says(answer.text, "400 hours")
    assert {"md", "html"} <= answer.suffixes
    report = answer.file("html").read_text(encoding="utf-8")
    assert "400 hours" in report
    assert max(by_machine, key=lambda machine: by_machine[machine]) in report


def check_json_top(answer: Answer, folder: Path) -> None:
    rows = made.loans(folder)[1]
    counted = {title: sum(row["title"] == title for row in rows) for title in {row["title"] for row in rows}}
    for title in sorted(counted, key=lambda one: -counted[one])[:2]:
        assert says(answer.text, title)
        assert says(answer.text, counted[title])


def check_mathematics_only(answer: Answer, folder: Path) -> None:
    assert says(answer.text, 2)
    assert says(answer.text, 3)
    assert says(answer.text.replace("**", "^"), "2*x*cos(x^2)")


def check_document_only(answer: Answer, folder: Path) -> None:
    assert says(answer.text, "36 months")
    assert says(answer.text, "640 kg")
    assert "manual.md" in answer.text


def check_report_with_inner_chart(answer: Answer, folder: Path) -> None:
    rows = made.weather(folder)[1]
    for value in made.means(rows, "station", "temperature_c").values():
        assert says(answer.text, value)
    report = answer.file("html").read_text(encoding="utf-8")
    assert "<svg" in report or "data:image/" in report
    assert answer.groups >= 2, "the writer forms a team with the plotter"


def check_correlation(answer: Answer, folder: Path) -> None:
    rows = made.employees(folder)[1]
    salary, years = made.column(rows, "salary"), made.column(rows, "years")
    mean_salary, mean_years = made.mean(salary), made.mean(years)
    covariance = sum((s - mean_salary) * (y - mean_years) for s, y in zip(salary, years, strict=True))
    r = covariance / (
        sum((s - mean_salary) ** 2 for s in salary) ** 0.5 * sum((y - mean_years) ** 2 for y in years) ** 0.5
    )
    assert says(answer.text, r)


def check_filter(answer: Answer, folder: Path) -> None:
    rows = made.machines(folder)[1]
    night = [row for row in rows if row["shift"] == "night"]
    assert says(answer.text, sum(float(row["downtime_minutes"]) > 60 for row in night))
    assert says(answer.text, made.stdev(made.column(night, "parts")))


def check_questions(answer: Answer, folder: Path) -> None:
    rows = made.loans(folder)[1]
    by_branch = made.means(rows, "branch", "days")
    longest = max(by_branch, key=lambda one: by_branch[one])
    assert says(answer.text, longest)
    assert says(answer.text, sum(made.column(rows, "fine")))


def check_honest(answer: Answer, folder: Path) -> None:
    assert answer.outcome in ("partial", "failed")
    assert says(answer.text, len(made.employees(folder)[1]))
    assert "Not done" in answer.text or "Not understood" in answer.text


def check_sql_and_code(answer: Answer, folder: Path) -> None:
    rows = made.employees(folder)[1]
    assert says(answer.text, max(made.column(rows, "salary")))
    assert says(answer.text, sum(n * n for n in range(1, 101)))


def check_same_rows(answer: Answer, folder: Path) -> None:
    rows = [row for row in made.loans(folder)[1] if row["branch"] == "Northgate"]
    assert says(answer.text, len(rows))
    assert says(answer.text, made.mean(made.column(rows, "days")))


def check_rows_chosen_then_reckoned(answer: Answer, folder: Path) -> None:
    rows = [row for row in made.weather(folder)[1] if float(row["rain_mm"]) > 5]
    middle = made.mean(made.column(rows, "temperature_c"))
    assert says(answer.text, len(rows))
    assert says(answer.text, middle)
    assert says(answer.text, middle * 9 / 5 + 32)


def check_code_then_mathematics(answer: Answer, folder: Path) -> None:
    assert says(answer.text, 285)
    assert says(answer.text, 71.25)


def check_document_then_mathematics_then_document(answer: Answer, folder: Path) -> None:
    assert answer.outcome == "completed", answer.text
    assert says(answer.text, "640 kg")
    assert says(answer.text, 1920)
    assert says(answer.text, "lithium grease")


def check_condition(answer: Answer, folder: Path) -> None:
    assert answer.outcome == "partial"
    assert says(answer.text, made.median(made.column(made.employees(folder)[1], "salary")))
    assert says(answer.text, "“If it is above 60000, draw a bar chart of the salaries.”")
    assert not answer.suffixes & {"png", "svg"}


CASES = (
    Case("one question", "What is the average salary in each department?", check_single_question, staff),
    Case(
        "two independent questions",
        "Please tell me the median salary in staff.csv and how many employees live in Graz.",
        check_two_independent,
        staff,
    ),
    Case(
        "a chain with mathematics",
        "Compute the total salary of all employees in staff.csv. Then multiply the result by 1.04.",
        check_chain_with_mathematics,
        staff,
    ),
    Case(
        "a chart of a result",
        "Using weather.csv, calculate the total rain_mm for every station, and plot the result as a bar chart.",
        check_plot,
        lambda folder: [made.weather(folder)[0]],
    ),
    Case(
        "a numbered list over two files",
        "1. Find the machine with the most downtime minutes in downtime.csv.\n"
        "2. Find out how often the spindle bearing must be greased according to manual.md.\n"
        "3. Write a summary report of these findings.",
        check_numbered_list,
        lambda folder: [made.machines(folder)[0], made.manual(folder)],
    ),
    Case(
        "a top list over JSON",
        "Which two titles were borrowed most often in loans.json?",
        check_json_top,
        lambda folder: [made.loans(folder)[0]],
    ),
    Case(
        "mathematics without files",
        "Solve x^2 - 5x + 6 = 0, and differentiate sin(x^2) with respect to x.",
        check_mathematics_only,
        lambda folder: [],
    ),
    Case(
        "two facts of a document",
        "From manual.md, find out how long the warranty lasts. Also look up what the machine weighs.",
        check_document_only,
        lambda folder: [made.manual(folder)],
    ),
    Case(
        "a report with a chart in it",
        "Find the mean temperature_c per station in weather.csv and write a report with a bar chart of it.",
        check_report_with_inner_chart,
        lambda folder: [made.weather(folder)[0]],
    ),
    Case(
        "a correlation",
        "I would like to know the correlation between salary and years in staff.csv.",
        check_correlation,
        staff,
    ),
    Case(
        "filters",
        "In downtime.csv: count the rows of the night shift with more than 60 downtime minutes, "
        "and determine the standard deviation of parts for the night shift.",
        check_filter,
        lambda folder: [made.machines(folder)[0]],
    ),
    Case(
        "questions instead of commands",
        "Which branch has the highest average days in loans.json? And what is the sum of all fines?",
        check_questions,
        lambda folder: [made.loans(folder)[0]],
    ),
    Case(
        "something nobody can do",
        "Count the employees in staff.csv. Then book a flight to Lisbon for all of them.",
        check_honest,
        staff,
    ),
    Case(
        "a question about rows that another chose",
        "How many loans does the branch Northgate have in loans.json, and what were the average days there?",
        check_same_rows,
        lambda folder: [made.loans(folder)[0]],
    ),
    Case(
        "rows chosen, measured and converted",
        "1. Count the rows in weather.csv with rain_mm above 5.\n2. Find the mean temperature_c of these rows.\n"
        "3. Convert that mean from Celsius to Fahrenheit.",
        check_rows_chosen_then_reckoned,
        lambda folder: [made.weather(folder)[0]],
    ),
    Case(
        "a block of code behind two requests",
        "Please run this Python code and then divide the result by 4:\n"
        "```python\nprint(sum(n * n for n in range(1, 10)))\n```",
        check_code_then_mathematics,
        lambda folder: [],
    ),
    Case(
        "a document, a sum, and the document again",
        "How much does the machine weigh according to manual.md? Multiply it by 3. And with what is the spindle "
        "bearing greased?",
        check_document_then_mathematics_then_document,
        lambda folder: [made.manual(folder)],
    ),
    Case(
        "a condition",
        "What is the median salary in staff.csv? If it is above 60000, draw a bar chart of the salaries.",
        check_condition,
        staff,
    ),
    Case(
        "SQL and code",
        "Run SELECT max(salary) AS top FROM staff on staff.csv. "
        "Also execute this Python code:\n```python\nprint(sum(n * n for n in range(1, 101)))\n```",
        check_sql_and_code,
        staff,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_goal_over_new_files_gives_the_right_numbers(
    case: Case, tmp_path: Path, ask_network: AskNetwork
) -> None:
    answer = await ask_network(case.goal, case.make(tmp_path))
    case.check(answer, tmp_path)
