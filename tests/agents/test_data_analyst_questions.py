"""Questions in a stranger's words over data sets of different domains; expected values are computed in plain Python."""

# ruff: noqa: E501 - tables of cases: one case a line

from __future__ import annotations

import csv
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from data_sets import CUSTOMERS, GOALS, INVOICE_NET, LOANS, SALES, SENSORS, SHOP, STAFF, WEATHER, write_all

from ioa.adapters.agents.data.own_files import local_file
from ioa.adapters.agents.data.stoppable import Stop
from ioa.adapters.agents.data_analyst import analyse
from ioa.ports.agent import AgentFailed, Assignment, Outcome


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("data"))


Ask = Callable[..., tuple[Outcome, list[list[str]]]]


@pytest.fixture
def ask(files: dict[str, Path], tmp_path: Path) -> Ask:
    def asked(question: str, *names: str) -> tuple[Outcome, list[list[str]]]:
        given = tuple(local_file(files[name]) for name in names)
        outcome = analyse(Assignment("t", question, tmp_path, given), Stop())
        with outcome.files[0].path.open(encoding="utf-8", newline="") as stream:
            return outcome, list(csv.reader(stream))[1:]

    return asked


def grouped(rows: Iterable[dict], key: str | tuple[str, ...], value: str, fn: Callable = sum) -> dict:
    found = defaultdict(list)
    for row in rows:
        if value == "" or row[value] not in (None, ""):
            found[str(row[key]) if isinstance(key, str) else tuple(str(row[one]) for one in key)].append(
                1 if value == "" else row[value]
            )
    return {name: fn(values) for name, values in found.items()}


def top(values: dict, count: int, *, smallest: bool = False) -> list[str]:
    return sorted(values, key=lambda name: values[name] if smallest else -values[name])[:count]


def column(rows: Iterable[dict], name: str) -> list:
    return [row[name] for row in rows if row[name] not in (None, "")]


def where(rows: list[dict], **wanted: object) -> list[dict]:
    return [row for row in rows if all(row[name.replace("__", " ")] == value for name, value in wanted.items())]


def month(rows: list[dict], prefix: str, name: str = "date") -> list[dict]:
    return [row for row in rows if str(row[name]).startswith(prefix)]


def share(part: float, whole: float) -> float:
    return 100 * part / whole


REVENUE = grouped(SALES, "region", "revenue")
SALARY = "Annual Salary"
BY_CUSTOMER = {row["customer"]: row for row in CUSTOMERS}
JOINED = [{**row, **BY_CUSTOMER[row["customer"]]} for row in SALES]
ITEMS = [{**item, "city": order["buyer"]["city"]} for order in SHOP["orders"] for item in order["items"]]
SALES_QUESTIONS: list[tuple[str, object]] = [
    ("What is the total revenue?", sum(column(SALES, "revenue"))),
    ("Find the total revenue per region in sales.csv", REVENUE),
    ("Sum up the revenue for each product", grouped(SALES, "product", "revenue")),
    ("revenue by region", REVENUE),
    ("Please calculate the mean unit price of Widgets", statistics.mean(column(where(SALES, product="Widget"), "unit_price"))),
    ("Which product has the highest unit price?", ["Doohickey"]),
    ("Which region had the highest total revenue", top(REVENUE, 1)),
    ("Which region sold the most units?", top(grouped(SALES, "region", "quantity"), 1)),
    ("How many orders were placed in March 2024?", len(month(SALES, "2024-03"))),
    ("How many orders were there before March 2024?", len(month(SALES, "2024-01") + month(SALES, "2024-02"))),
    ("How many distinct customers are there?", len(set(column(SALES, "customer")))),
    ("How many customers are there per region?", {name: len(set(column(where(SALES, region=name), "customer"))) for name in REVENUE}),
    ("top 3 customers by revenue", top(grouped(SALES, "customer", "revenue"), 3)),
    ("Show me the bottom two regions by number of orders", ["West", "East", "South"]),
    ("the 5 most expensive products", ["Doohickey", "Gadget", "Gizmo", "Widget"]),
    ("median revenue by region", grouped(SALES, "region", "revenue", statistics.median)),
    ("What percentage of orders were returned?", share(1, 8)),
    ("What fraction of orders in March were pending?", share(2, 3)),
    ("What percent of total revenue came from the North region?", share(REVENUE["North"], sum(REVENUE.values()))),
    ("share of revenue by region", {name: share(value, sum(REVENUE.values())) for name, value in REVENUE.items()}),
    ("correlation between quantity and revenue", statistics.correlation(column(SALES, "quantity"), column(SALES, "revenue"))),
    ("difference between average revenue in North and South", 23.5 - 114.99),
    ("How much more revenue did South make than North?", REVENUE["South"] - REVENUE["North"]),
    ("ratio of North revenue to South revenue", REVENUE["North"] / REVENUE["South"]),
    ("revenue growth from February 2024 to March 2024", share(283.48 - 27.5, 27.5)),
    ("monthly revenue", {"2024-01": 55.0, "2024-02": 27.5, "2024-03": 283.48, "2024-04": 40.0}),
    ("total sales per quarter", {"2024-Q1": 365.98, "2024-Q2": 40.0}),
    ("Which month had the highest revenue?", ["2024-03"]),
    ("the 90th percentile of revenue", 93.594),
    ("number of orders by status", dict(Counter(column(SALES, "status")))),
    ("total quantity where status is not shipped", 8),
    ("total turnover excluding pending orders", sum(row["revenue"] for row in SALES if row["status"] != "pending")),
    ("Find the total margin (quantity times unit price) per region", {"East": 57.5, "North": 70.5, "South": 229.98, "West": 48.0}),
    ("which customers have more than 1 order?", {"Alice": 3, "Bob": 2}),
    ("regions with total revenue over 60", {"North": 70.5, "South": 229.98}),
    ("average number of orders per customer", 8 / 5),
    ("Who spent the most?", ["Dave"]),
    ("the second highest revenue", 48.0),
    ("for each region, find the product with the highest total quantity", [("East", "Widget"), ("North", "Widget"), ("South", "Gadget"), ("West", "Widget")]),
    ("How many orders are from either North or South?", 5),
    ("number of orders in the North or with revenue over 100", 4),
    ("List the different statuses", ["pending", "returned", "shipped"]),
    ("What is the largest order by revenue?", 199.98),
    ("total revenue from February to March 2024", 27.5 + 283.48),
    ("Which weekday has the most orders?", ["Friday"]),
    ("what is the total revenue for Alice in the North region?", 25.0),
    ("what is the total revnue?", sum(column(SALES, "revenue"))),
    ("total revenue by region and month", {("East", "2024-02"): 17.5, ("East", "2024-04"): 40.0, ("North", "2024-01"): 25.0, ("North", "2024-02"): 10.0, ("North", "2024-03"): 35.5, ("South", "2024-01"): 30.0, ("South", "2024-03"): 199.98, ("West", "2024-03"): 48.0}),
    ("how many customers spent more than 50 in total?", 3),
    ("average revenue per order", sum(column(SALES, "revenue")) / 8),
    ("percentage change in revenue between February and March 2024", share(283.48 - 27.5, 27.5)),
    ("orders in January or February 2024", 4),
    ("which 2 regions have the lowest revenue", ["West", "East"]),
    ("SELECT region, sum(revenue) FROM sales.csv GROUP BY region ORDER BY 1", REVENUE),
]  # fmt: skip
STAFF_QUESTIONS: list[tuple[str, object]] = [
    ("How many employees are in the Engineering department?", 3),
    ("What is the average salary per department?", grouped(STAFF, "Department", SALARY, statistics.mean)),
    ("Who earns the most?", ["Fatima Zahra"]),
    ("Who is the oldest employee?", ["Emil Berg"]),
    ("How many people work remotely?", 4),
    ("How many women work in Engineering?", 2),
    ("difference between the average salary of men and women", 60875 - 73625),
    ("How many employees were hired before 2019?", 4),
    ("employees older than 40", 3),
    ("headcount by department", dict(Counter(column(STAFF, "Department")))),
    ("What share of the Engineering employees are female?", share(2, 3)),
    ("how many employees earn more than the average salary?", 3),
    ("which employees have no manager?", 2),
    ("median salary of non remote employees", statistics.median(column(where(STAFF, Remote="no"), SALARY))),
    ("top 3 highest paid employees", ["Fatima Zahra", "Ana Silva", "Ben Okafor"]),
    ("highest salary in each department", grouped(STAFF, "Department", SALARY, max)),
    ("Which employee in Sales has the lowest salary?", ["Dora Novak"]),
    ("What is the standard deviation of salary?", statistics.stdev(column(STAFF, SALARY))),
    ("How many employees are between 30 and 40 years old?", 3),
    ("Show departments with more than 2 employees", {"Engineering": 3}),
    ("salary of Gus O'Brien", 48000),
]
WEATHER_QUESTIONS: list[tuple[str, object]] = [
    ("What is the average temperature per station?", grouped(WEATHER, "station", "temperature_c", statistics.mean)),
    ("Which station had the highest temperature?", ["Cairo"]),
    ("mean humidity in Oslo", statistics.mean(column(where(WEATHER, station="Oslo"), "humidity"))),
    ("total rainfall by station", grouped(WEATHER, "station", "rain_mm")),
    ("how many days had more than 1 mm of rain?", 1),
    ("maximum wind speed", 25),
    ("which station is the windiest on average?", ["Cairo"]),
    ("How many readings have no temperature?", 1),
    ("What is the difference in average temperature between Cairo and Oslo?", 36.2 - 19.8),
    ("temperature range per station", {"Cairo": 3.9, "Lima": 0.5, "Oslo": 5.2}),
    ("highest temperature in Cairo in June", 36.5),
    ("average temperature excluding Cairo", statistics.mean([17.2, 19.8, 22.4, 18.0, 17.5])),
    ("Which station has an average humidity above 50?", {"Lima": 256 / 3, "Oslo": 163 / 3}),
    ("percentage of readings with humidity over 50", share(5, 9)),
    ("list the days when humidity was below 20", ["2023-06-02", "2023-07-01"]),
]
LOAN_QUESTIONS: list[tuple[str, object]] = [
    ("How many books were borrowed in February 2024?", len(month(LOANS, "2024-02", "borrowed_on"))),
    ("How many loans have not been returned?", 2),
    ("Who borrowed the most books?", ["Mia"]),
    ("average number of days per genre", {**grouped(LOANS, "genre", "days", statistics.mean), "Mystery": None}),
    ("most popular genre", ["Classics", "Science Fiction"]),
    ("Which book was borrowed most often?", ["Dune", "Emma"]),
    ("How many loans were returned in March 2024?", 2),
    ("percentage of loans that are Classics", share(3, 7)),
    ("loans per borrower", dict(Counter(column(LOANS, "borrower")))),
]
GOAL_QUESTIONS: list[tuple[str, object]] = [
    ("Who scored the most goals?", ["Lopez"]),
    ("How many goals did Lopez score?", 39),
    ("total goals per team", grouped(GOALS, "team", "goals")),
    ("top 2 players by goals in 2023", ["Lopez", "Keane"]),
    ("How many goals were scored in 2022?", sum(column(where(GOALS, season=2022), "goals"))),
    ("which player has the most assists in season 2022?", ["Mbeki"]),
    ("What is the total capacity of all stadiums?", 96500),
    ("total goals by stadium", {"Old Park": 39, "River End": 23, "The Oval": 13}),
    ("Which team has the largest stadium?", ["Reds"]),
    ("goals by team and season", {(a, str(b)): v for (a, b), v in grouped(GOALS, ("team", "season"), "goals").items()}),
]
OTHER_QUESTIONS: list[tuple[str, str, object]] = [
    ("shop.json", "how many orders are paid?", 2),
    ("shop.json", "how many orders are there by city", {"Leeds": 1, "York": 2}),
    ("shop.json", "total pieces per sku", grouped(ITEMS, "sku", "pieces")),
    ("shop.json", "total of pieces times price per sku", {"apple": 6.5, "pear": 0.75, "plum": 1.2}),
    ("shop.json", "total pieces by city", grouped(ITEMS, "city", "pieces")),
    ("sensors.ndjson", "average pressure per sensor", grouped(SENSORS, "sensor_id", "pressure", statistics.mean)),
    ("sensors.ndjson", "how many readings are not ok?", 2),
    ("sensors.ndjson", "average pressure on 2024-05-01", statistics.mean(column(month(SENSORS, "2024-05-01", "timestamp"), "pressure"))),
    ("sensors.ndjson", "readings per hour", {"8": 3, "9": 1, "10": 1}),
    ("invoices.csv", "total Netto per Kunde", {"Müller GmbH": 1560.5, "Café Noir": 89.9, "Ødegård AS": 2000.0}),
    ("invoices.csv", "total Netto where Bezahlt is nein", 2089.9),
    ("invoices.csv", "average Netto in January 2024", statistics.mean([INVOICE_NET["2024-001"], INVOICE_NET["2024-002"]])),
    ("invoices.csv", "how many invoices have MwSt of 19%", 3),
    ("weather.parquet", "average temperature per station", grouped(WEATHER, "station", "temperature_c", statistics.mean)),
    ("sales.csv customers.csv", "total revenue per customer city", grouped(JOINED, "city", "revenue")),
    ("sales.csv customers.csv", "average revenue per segment", grouped(JOINED, "segment", "revenue", statistics.mean)),
    ("sales.csv customers.csv", "which city has the most orders?", ["Berlin"]),
    ("sales.csv customers.csv", "How many customers live in Berlin?", 2),
    ("sales.csv customers.csv", "revenue by city in sales.csv", grouped(JOINED, "city", "revenue")),
]  # fmt: skip
CASES = [
    *(("sales.csv", *one) for one in SALES_QUESTIONS),
    *(("staff.csv", *one) for one in STAFF_QUESTIONS),
    *(("weather.csv", *one) for one in WEATHER_QUESTIONS),
    *(("library_loans.csv", *one) for one in LOAN_QUESTIONS),
    *(("football.xlsx", *one) for one in GOAL_QUESTIONS),
    *OTHER_QUESTIONS,
]


def test_there_are_at_least_eighty_questions() -> None:
    assert len(CASES) >= 80


@pytest.mark.parametrize(("names", "question", "expected"), CASES, ids=[case[1] for case in CASES])
def test_a_question_in_plain_words_gets_the_right_numbers(
    ask: Ask, names: str, question: str, expected: object
) -> None:
    outcome, rows = ask(question, *names.split())
    check(expected, rows)
    assert "```sql\nSELECT" in outcome.conclusion
    assert outcome.abstract


def check(expected: object, rows: list[list[str]]) -> None:
    if isinstance(expected, dict):
        width = len(next(iter(expected))) if isinstance(next(iter(expected)), tuple) else 1
        found = {row[0] if width == 1 else tuple(row[:width]): float(row[-1]) if row[-1] else None for row in rows}
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert found[name] == (value if value is None else pytest.approx(value, rel=1e-6))
    elif isinstance(expected, list):
        width = len(expected[0]) if isinstance(expected[0], tuple) else 1
        assert [row[0] if width == 1 else tuple(row[:width]) for row in rows] == expected
    elif len(rows) == 1:
        numbers = [
            float(cell) for cell in rows[0] if cell.replace(".", "", 1).replace("-", "", 1).replace("e-", "").isdigit()
        ]
        assert any(number == pytest.approx(expected, rel=1e-6) for number in numbers)
    else:
        assert len(rows) == expected  # a list of rows: how many


REFUSED = [
    ("sales.csv", "total profit per region", "profit"),
    ("sales.csv", "average revenue for refunds", "refunds"),
    ("sales.csv", "average revenue in Nort", "Did you mean North"),
    ("sales.csv", "total revenue of Zed", "Zed"),
    ("sales.csv", "list all orders over 30", "Over 30 of what"),
    ("sales.csv", "average monthly revenue", "two meanings"),
    ("sales.csv", "revenue last month", "last month"),
    ("sales.csv", "forecast the revenue for next year", "forecast"),
    ("sales.csv", "unit price by region", "Average, total"),
    ("sales.csv", "what is the weather like", "weather"),
    ("sales.csv", "total revenue in current orders", "current"),
    ("staff.csv", "average tenure", "tenure"),
    ("staff.csv", "average bonus by department", "bonus"),
    ("staff.csv", "salary by department", "Average, total"),
    ("weather.csv", "average snow depth", "snow"),
    ("library_loans.csv", "number of loans per month", "several"),
    ("football.xlsx", "goals per match by player", "ratio"),
    ("football.xlsx", "average minutes for players with more than 10 goals", "single row"),
    ("sales.csv", "Which products were never returned?", "in no row at all"),
    ("sales.csv", "customers who bought Gadgets and Widgets", "with both"),
    ("sales.csv", "customers who spent more than 50", "in total for each"),
    ("sales.csv", "which region has revenue below average?", "several rows each"),
    ("sales.csv", "total price", "one piece"),
    ("sales.csv", "DROP TABLE sales", "only SELECT"),
    ("sales.csv", "SELECT * FROM read_csv('/etc/passwd')", "failed"),
    ("sales.csv", "SELECT 1 FROM sales; DELETE FROM sales", "Only SELECT"),
    ("sales.csv", "```sql\nCOPY sales TO '/tmp/x.csv'\n```", "Only SELECT"),
    ("sales.csv", "SET lock_configuration=false", "only SELECT"),
    ("sales.csv weather.csv staff.csv", "", "no question"),
]


@pytest.mark.parametrize(("names", "question", "told"), REFUSED, ids=[case[1] for case in REFUSED])
def test_what_is_not_understood_is_refused_with_the_word_that_is_meant(
    ask: Ask, names: str, question: str, told: str
) -> None:
    with pytest.raises(AgentFailed) as refusal:
        ask(question, *names.split())
    assert told.lower() in str(refusal.value).lower()
