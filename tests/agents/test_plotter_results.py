"""Which earlier table a chart shows: the one that the words name, else the last; never a guess between equals."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from ioa.adapters.agents.data.own_files import local_file
from ioa.adapters.agents.data.stoppable import Stop
from ioa.adapters.agents.plotter import plot
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult, LocalFile, Outcome


@pytest.fixture
def asked(tmp_path: Path):
    """Draw `text` with tables of earlier tasks: (what was asked, the file's name, its text)."""

    def ask(text: str, *earlier: tuple[str, str, str]) -> Outcome:
        own = tmp_path / "meter.csv"
        own.write_text("site,month,consumption\nHall,2024-01,1\nBarn,2024-01,2\nHall,2024-02,4\nBarn,2024-02,8\n")
        results: list[EarlierResult] = []
        for place, (task, name, table) in enumerate(earlier):
            path = tmp_path / f"{place}-{name}"
            path.write_text(table)
            results.append(EarlierResult("Data analyst", task, "Found.", (LocalFile(name, "text/csv", path),)))
        return plot(Assignment("p", text, tmp_path, (local_file(own),), tuple(results)), Stop())

    return ask


def rows(outcome: Outcome) -> list[list[str]]:
    with outcome.files[2].path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


COST = ("Total cost per ward in stays.csv", "total-cost-by-ward.csv", "ward,total cost\nA,10\nB,20\n")
STAYS = ("Number of stays per ward in stays.csv", "number-of-stays-by-ward.csv", "ward,number of stays\nA,1\nB,2\n")
SITES = (
    "Total consumption per site in meter.csv",
    "total-consumption-by-site.csv",
    "site,total consumption\nHall,50\nBarn,60\n",
)
BARN = (
    "Total consumption per month at the Barn",
    "total-consumption-by-month-where-site-is-barn.csv",
    "month,total consumption\n2024-01,2\n2024-02,8\n",
)
HALL = (
    BARN[0].replace("Barn", "Hall"),
    BARN[1].replace("barn", "hall"),
    "month,total consumption\n2024-01,1\n2024-02,4\n",
)
LIST = ("List the meters", "site-number.csv", "site,town,reader,consumption\nHall,X,P,7\nBarn,Y,Q,9\n")
NUMBER = ("How many sites?", "number-of-sites.csv", "number of sites\n2\n")

CHOICES = [
    ("Plot the result as a pie chart", (COST, SITES), [["Hall", "50"], ["Barn", "60"]]),
    ("Put the result in a bar chart", (COST, NUMBER), [["A", "10"], ["B", "20"]]),
    ("chart that", (STAYS,), [["A", "1"], ["B", "2"]]),
    ("Draw the total cost per ward as a bar chart", (COST, SITES), [["A", "10"], ["B", "20"]]),
    ("Bar chart of the total consumption by month", (BARN, SITES), [["2024-01", "2"], ["2024-02", "8"]]),
    ("Plot the first result as a horizontal bar chart", (COST, SITES), [["A", "10"], ["B", "20"]]),
    ("Draw the last table", (SITES, COST), [["A", "10"], ["B", "20"]]),
    ("Draw a pie chart of these counts", (STAYS, COST), [["A", "1"], ["B", "2"]]),
    ("Turn the totals into a column chart", (COST, STAYS), [["A", "10"], ["B", "20"]]),
    ("Plot the result for meter.csv as bars", (SITES, COST), [["Hall", "50"], ["Barn", "60"]]),
    ("Plot the monthly consumption at the Barn", (BARN, HALL), [["2024-01", "2"], ["2024-02", "8"]]),
    ("Plot the total consumption per month as a line chart", (BARN, SITES), [["2024-01", "2"], ["2024-02", "8"]]),
    ("Plot the total consumption per site", (LIST, BARN), [["Barn", "10"], ["Hall", "5"]]),
]


@pytest.mark.parametrize(("text", "earlier", "expected"), CHOICES, ids=[case[0] for case in CHOICES])
def test_the_table_that_the_words_mean_is_drawn(asked, text, earlier, expected) -> None:
    assert rows(asked(text, *earlier)) == expected


def test_the_chart_says_which_table_it_shows(asked) -> None:
    said = asked("Plot the result", COST, SITES).conclusion
    assert 'Drawn is total-consumption-by-site.csv ("Total consumption per site in meter.csv")' in said
    assert "not drawn: total-cost-by-ward.csv" in said


def test_a_file_that_the_words_name_is_drawn_and_the_result_is_mentioned(asked) -> None:
    outcome = asked("Plot the total consumption per site in meter.csv", SITES)
    assert rows(outcome) == [["Barn", "10"], ["Hall", "5"]]
    assert "Computed from the file; the earlier total-consumption-by-site.csv" in outcome.conclusion


@pytest.mark.parametrize(
    ("text", "earlier", "told"),
    [
        ("Plot the total consumption per month", (BARN, HALL), "fits several earlier results"),
        ("Plot both results as a bar chart", (COST, SITES), "One chart shows one table"),
        ("Plot the second result", (COST,), "only 1 earlier result"),
        ("Draw a pie chart of these averages", (COST, STAYS), "None of the earlier results has the average"),
        ("Plot the result", (NUMBER,), "no table with numbers"),
    ],
)
def test_a_guess_between_tables_is_refused_with_their_names(asked, text, earlier, told) -> None:
    with pytest.raises(AgentFailed) as refusal:
        asked(text, *earlier)
    assert told in str(refusal.value)


def test_two_results_with_files_of_one_name_are_told_apart(asked) -> None:
    again = (COST[0], COST[1], "ward,total cost\nA,11\nB,21\n")
    assert rows(asked("Plot the first result", COST, again)) == [["A", "10"], ["B", "20"]]
    assert rows(asked("Plot the result", COST, again)) == [["A", "11"], ["B", "21"]]
