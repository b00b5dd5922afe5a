"""The plotter: which values are drawn, as which kind of chart; the same data give the same picture."""

# ruff: noqa: E501 - tables of cases: one case a line

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from data_sets import SALES, STAFF, WEATHER, write_all

from ioa.adapters.agents.data.own_files import local_file
from ioa.adapters.agents.data.stoppable import Stop
from ioa.adapters.agents.data_analyst import analyse
from ioa.adapters.agents.plotter import Plotter, plot
from ioa.ports.agent import Agent, AgentFailed, Assignment, EarlierResult, LocalFile, Outcome


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("data"))


def drawn(outcome: Outcome) -> list[list[str]]:
    with outcome.files[2].path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def total(rows: list[dict], key: str, name: str, value: str) -> float:
    return sum(row[value] for row in rows if row[key] == name)


REQUESTS = [
    ("sales.csv", "bar chart of total revenue by region in sales.csv", "bar chart", [["East", 57.5], ["North", 70.5], ["South", 229.98], ["West", 48.0]]),
    ("sales.csv", "Plot revenue per month as a line chart", "line chart", [["2024-01", 55.0], ["2024-02", 27.5], ["2024-03", 283.48], ["2024-04", 40.0]]),
    ("sales.csv", "Draw a pie chart of the number of orders by status", "pie chart", [["pending", 2], ["returned", 1], ["shipped", 5]]),
    ("sales.csv", "horizontal bar chart of the top 3 customers by revenue", "horizontal bar chart", [["Dave", 199.98], ["Alice", 82.5], ["Bob", 78.0]]),
    ("sales.csv", "create a bar graph comparing total revenue of North and South", "bar chart", [["North", 70.5], ["South", 229.98]]),
    ("weather.csv", "line chart of temperature over time for Oslo", "line chart", [[row["date"], row["temperature_c"]] for row in WEATHER if row["station"] == "Oslo"]),
    ("weather.csv", "plot the average temperature per station", "bar chart", [["Cairo", 36.2], ["Lima", 17.75], ["Oslo", 19.8]]),
    ("staff.csv", "Visualize the headcount per department", "bar chart", [["Engineering", 3], ["Human Resources", 1], ["Marketing", 2], ["Sales", 2]]),
    ("football.xlsx", "make a chart with player on the x-axis and total goals on the y-axis", "bar chart", [["Keane", 21], ["Lopez", 39], ["Mbeki", 13], ["Novak", 2]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "request_text", "kind", "expected"), REQUESTS, ids=[case[1] for case in REQUESTS])
def test_the_values_drawn_are_those_asked_for(
    files: dict[str, Path], tmp_path: Path, name: str, request_text: str, kind: str, expected: list[list]
) -> None:
    outcome = plot(Assignment("t", request_text, tmp_path, (local_file(files[name]),)), Stop())
    rows = drawn(outcome)[1:]
    assert [[row[0], float(row[1])] for row in rows] == [[one[0], pytest.approx(one[1])] for one in expected]
    assert f"Drew a {kind}" in outcome.abstract
    assert outcome.files[0].path.read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in outcome.files[1].path.read_bytes()


def test_two_groups_become_series_and_can_be_stacked(files: dict[str, Path], tmp_path: Path) -> None:
    text = "stacked bar chart of revenue by region and product"
    outcome = plot(Assignment("t", text, tmp_path, (local_file(files["sales.csv"]),)), Stop())
    header, *rows = drawn(outcome)
    assert "stacked bar chart" in outcome.abstract
    north = dict(zip(header, next(row for row in rows if row[0] == "North"), strict=True))
    for product in ("Widget", "Gadget", "Gizmo"):
        assert float(north[product]) == total(
            [row for row in SALES if row["region"] == "North"], "product", product, "revenue"
        )


def test_scatter_histogram_and_box_plots_use_single_rows(files: dict[str, Path], tmp_path: Path) -> None:
    def asked(text: str, name: str) -> list[list[str]]:
        return drawn(plot(Assignment("t", text, tmp_path, (local_file(files[name]),)), Stop()))

    scatter = asked("scatter plot of temperature against humidity", "weather.csv")
    assert [float(row[0]) for row in scatter[1:]] == [row["humidity"] for row in WEATHER]
    histogram = asked("histogram of wind", "weather.csv")
    assert sum(int(row[2]) for row in histogram[1:]) == len(WEATHER)
    boxes = asked("box plot of salary by department", "staff.csv")
    engineering = sorted(row["Annual Salary"] for row in STAFF if row["Department"] == "Engineering")
    assert [float(cell) for cell in boxes[1][2:]] == [engineering[0], 76500, engineering[1], 90500, engineering[2]]


def test_the_result_of_the_analyst_is_drawn(files: dict[str, Path], tmp_path: Path) -> None:
    first = analyse(Assignment("a", "total revenue by region", tmp_path, (local_file(files["sales.csv"]),)), Stop())
    earlier = EarlierResult("data_analyst", "total revenue by region", first.conclusion, first.files)
    for text in (
        "plot the result as a bar chart",
        "Draw a bar chart",
        "visualize it",
        "plot the total revenue by region",
    ):
        outcome = plot(Assignment("b", text, tmp_path, (local_file(files["staff.csv"]),), (earlier,)), Stop())
        assert [row[0] for row in drawn(outcome)[1:]] == ["East", "North", "South", "West"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("sales.csv", "plot the profit per region", "profit"),
        ("staff.csv", "plot salary by department", "Average, total"),
        ("customers.csv", "plot customers.csv", "no column with numbers"),
        ("sales.csv", "scatter plot of revenue", "two columns"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    files: dict[str, Path], tmp_path: Path, name: str, text: str, told: str
) -> None:
    with pytest.raises(AgentFailed) as refusal:
        plot(Assignment("t", text, tmp_path, (local_file(files[name]),)), Stop())
    assert told in str(refusal.value)


def test_many_categories_are_cut_and_added_up_as_other(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("country,population\n" + "".join(f"c{number:02d},{number}\n" for number in range(40)))
    rows = drawn(plot(Assignment("t", "bar chart of population by country", tmp_path, (local_file(path),)), Stop()))[1:]
    assert len(rows) == 25
    assert rows[-1][0] == "other"
    assert sum(float(row[1]) for row in rows) == sum(range(40))


def test_odd_labels_are_drawn_as_they_are_and_pictures_repeat(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text('名前,price $x^2$\n$a_b$,1\n"<script>",2\n数据,3\n', encoding="utf-8")
    pictures: list[bytes] = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        outcome = plot(Assignment("t", "bar chart", tmp_path / folder, (local_file(path),)), Stop())
        pictures += [outcome.files[0].path.read_bytes() + outcome.files[1].path.read_bytes()]
        assert outcome.files[0].media_type == "image/png"
    assert pictures[0] == pictures[1]
    assert b"<script>" not in pictures[0]


def test_names_of_charts_do_not_collide(files: dict[str, Path], tmp_path: Path) -> None:
    assignment = Assignment("t", "bar chart of revenue by region", tmp_path, (local_file(files["sales.csv"]),))
    names = {plot(assignment, Stop()).files[0].name for _ in range(3)}
    assert len(names) == 3


async def test_it_is_an_agent(files: dict[str, Path], tmp_path: Path) -> None:
    said: list[str] = []

    async def progress(text: str) -> None:
        said.append(text)

    agent = Plotter(folder=tmp_path)
    assert isinstance(agent, Agent)
    outcome = await agent.perform(
        Assignment("t", "pie chart of orders by status", tmp_path, (local_file(files["sales.csv"]),)), progress
    )
    assert said
    assert isinstance(outcome.files[0], LocalFile)
    assert str(tmp_path) in agent.run(f"bar chart of revenue by region in {files['sales.csv']}")
