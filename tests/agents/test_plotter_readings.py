"""Charts of rows that other words choose: pointers, exclusions, joins, rounding. Other rows than these are wrong."""

# ruff: noqa: E501 - tables of cases: one case a line

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from ioa.adapters.agents.data.own_files import local_file
from ioa.adapters.agents.data.stoppable import Stop
from ioa.adapters.agents.data_analyst import analyse
from ioa.adapters.agents.plotter import plot
from ioa.adapters.agents.plotter_request import read_request
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult, Outcome

Row = dict[str, object]
WARDS, CITIES, GENRES = ("Cardiology", "Surgery", "Oncology"), ("Hull", "York", "Leeds"), ("crime", "poetry")
STAYS: list[Row] = [
    {"stay_id": n, "ward": WARDS[n * 5 % 7 % 3], "admitted": f"2024-{n % 4 + 1:02d}-{n % 27 + 1:02d}", "stay_days": (0.5, 1.5, 3, 6)[n * 7 % 11 % 4], "cost": 200 + n * 37 % 500}
    for n in range(1, 41)
]  # fmt: skip
MEMBERS: list[Row] = [{"member_id": n, "city": CITIES[n * 5 % 7 % 3]} for n in range(1, 13)]
LOANS: list[Row] = [
    {"loan_id": n, "member_id": n * 5 % 12 + 1, "genre": GENRES[n * 3 % 5 % 2], "fine": (0, 0.5, 1.25, 3.1)[n * 5 % 7 % 4]}
    for n in range(1, 38)
]  # fmt: skip
CITY = {row["member_id"]: row["city"] for row in MEMBERS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("charts")
    for name, rows in (("stays.csv", STAYS), ("members.csv", MEMBERS), ("loans.csv", LOANS)):
        with (made / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return made


def grouped(
    rows: list[Row],
    key: Callable[[Row], object],
    value: str,
    how: str,
    keep: Callable[[Row], bool] = lambda _: True,
) -> list[tuple[str, float]]:
    """The same computed without DuckDB."""
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if keep(row):
            groups[str(key(row))].append(float(str(row[value])))
    each = {"sum": sum, "mean": lambda values: sum(values) / len(values), "count": len}[how]
    return sorted((name, float(each(values))) for name, values in groups.items())


def ward(row: Row) -> object:
    return row["ward"]


def genre(row: Row) -> object:
    return row["genre"]


def month(row: Row) -> object:
    return str(row["admitted"])[:7]


def long(row: Row) -> bool:
    return float(str(row["stay_days"])) >= 1


def dear(row: Row) -> bool:
    return float(str(row["fine"])) > 1


DEAREST = max(grouped(STAYS, ward, "cost", "sum"), key=lambda one: one[1])[0]


def drawn(folder: Path, place: Path, names: str, request_text: str, *earlier: str) -> Outcome:
    files = tuple(local_file(folder / name) for name in names.split())
    results = [(text, analyse(Assignment("a", text, place, files), Stop())) for text in earlier]
    before = tuple(EarlierResult("Data analyst", text, one.conclusion, one.files) for text, one in results)
    return plot(Assignment("p", request_text, place, files, before), Stop())


def values(outcome: Outcome) -> list[tuple[str, float]]:
    with outcome.files[2].path.open(encoding="utf-8", newline="") as stream:
        return sorted((name, float(value)) for name, value in list(csv.reader(stream))[1:])


CHOSEN = [
    ("stays.csv", "Leave out the stays of less than 1 day. Plot the average cost per ward as a bar chart.", (), grouped(STAYS, ward, "cost", "mean", long)),
    ("stays.csv", "Excluding Surgery, draw a pie chart of the number of stays by ward", (), grouped(STAYS, ward, "cost", "count", lambda row: row["ward"] != "Surgery")),
    ("stays.csv", "Show the number of stays per month in a line chart; leave out the Oncology ward.", (), grouped(STAYS, month, "cost", "count", lambda row: row["ward"] != "Oncology")),
    ("loans.csv", "Draw a bar chart of the number of loans per genre. Count only loans with a fine above 1.", (), grouped(LOANS, genre, "fine", "count", dear)),
    ("loans.csv", "Make a bar chart of the average fine per genre for those loans", ("List the loans with a fine above 1",), grouped(LOANS, genre, "fine", "mean", dear)),
    ("loans.csv", "Draw a pie chart with the number of these loans by genre", ("How many loans have a fine above 1?",), grouped(LOANS, genre, "fine", "count", dear)),
    ("stays.csv", "Draw a line chart of the number of stays there per month", ("Which ward has the highest total cost?",), grouped(STAYS, month, "cost", "count", lambda row: row["ward"] == DEAREST)),
    ("stays.csv", "Which ward has the highest total cost? And then show its total cost per month as a line chart.", (), grouped(STAYS, month, "cost", "sum", lambda row: row["ward"] == DEAREST)),
    ("loans.csv members.csv", "Join loans.csv with members.csv on member_id and plot the total fine per city as a column chart", (), grouped(LOANS, lambda row: CITY[row["member_id"]], "fine", "sum")),
    ("loans.csv members.csv", "Join loans.csv with members.csv on member_id. Ignore poetry. Plot the number of loans per city.", (), grouped(LOANS, lambda row: CITY[row["member_id"]], "fine", "count", lambda row: row["genre"] != "poetry")),
    ("loans.csv", "What is the total fine per genre? Plot it as a pie chart.", (), grouped(LOANS, genre, "fine", "sum")),
    ("loans.csv", "Compute the total fine per genre and plot these values as a bar chart", (), grouped(LOANS, genre, "fine", "sum")),
]  # fmt: skip


@pytest.mark.parametrize(("names", "text", "earlier", "expected"), CHOSEN, ids=[case[1] for case in CHOSEN])
def test_only_the_rows_that_the_words_choose_are_drawn(
    folder: Path, tmp_path: Path, names: str, text: str, earlier: tuple[str, ...], expected: list[tuple[str, float]]
) -> None:
    found = values(drawn(folder, tmp_path, names, text, *earlier))
    assert found == [(name, pytest.approx(value)) for name, value in expected]


def test_single_rows_are_those_chosen_before(folder: Path, tmp_path: Path) -> None:
    outcome = drawn(
        folder, tmp_path, "loans.csv", "Draw a histogram of their fine", "List the loans with a fine above 1"
    )
    with outcome.files[2].path.open(encoding="utf-8", newline="") as stream:
        counts = [int(row[2]) for row in list(csv.reader(stream))[1:]]
    assert sum(counts) == sum(map(dear, LOANS))


def test_values_are_rounded_as_asked_and_the_chart_says_so(folder: Path, tmp_path: Path) -> None:
    outcome = drawn(
        folder, tmp_path, "stays.csv", "Bar chart of the average cost per ward, rounded to one decimal place"
    )
    exact = dict(grouped(STAYS, ward, "cost", "mean"))
    assert all(abs(value - exact[name]) <= 0.05 and round(value, 1) == value for name, value in values(outcome))
    assert any(value != exact[name] for name, value in values(outcome))
    assert "rounded to 1 decimal" in outcome.conclusion


def test_all_rows_are_drawn_with_a_remark_where_rows_were_chosen_before(folder: Path, tmp_path: Path) -> None:
    outcome = drawn(
        folder, tmp_path, "loans.csv", "Plot the total fine per genre", "How many loans have a fine above 1?"
    )
    assert values(outcome) == [(name, pytest.approx(value)) for name, value in grouped(LOANS, genre, "fine", "sum")]
    assert "All rows of loans.csv are drawn, not only those chosen before (fine over 1)" in outcome.conclusion


REFUSED = [
    ("Plot the cost of these stays by ward as a box plot", "these stays"),
    ("Chart their cost by ward", "their"),
    ("Plot the total cost in that month per ward", "that month"),
    ("Draw the same for the Surgery ward", "same"),
    ("Leave out the quixotic stays. Plot the total cost per ward.", "quixotic"),
    ("Plot the total cost per ward as a bar chart. Plot the average stay per month as a line chart.", "several charts"),
    ("Chart the number of stays by ward. How many are there in all?", "no part of a chart"),
    ("Plot the result as a bar chart", "no earlier result"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_would_be_a_guess_is_refused(folder: Path, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(AgentFailed) as refusal:
        drawn(folder, tmp_path, "stays.csv", text)
    assert told in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "kind", "question"),
    [
        ("Draw a bar chart. Show revenue by region. Label the axes.", "bar", "revenue by region"),
        ("Use only 2024. Plot A and B in the same chart.", "", "A and B"),
        ("List revenue by region, then draw it as a pie chart", "pie", "List revenue by region"),
    ],
)
def test_a_request_is_taken_apart(text: str, kind: str, question: str) -> None:
    request = read_request(text)
    assert request.words.kind == kind
    assert question in request.question
