"""Questions in several steps, as a group asks them: each step gets the results before it. Numbers in plain Python.

A step that points back ("there", "these samples", "among them") is answered over the rows chosen before, or refused.
"""

# ruff: noqa: E501 - tables of cases: one case a line

from __future__ import annotations

import csv
import json
import random
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb")

from ioa.adapters.agents.data.own_files import local_file
from ioa.adapters.agents.data.stoppable import Stop
from ioa.adapters.agents.data_analyst import analyse
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult, Outcome

Rows = list[dict[str, Any]]
DICE = random.Random(77)
REFUSED = "an honest refusal"


def only(table: Rows, test: Callable[[dict[str, Any]], bool]) -> Rows:
    return [row for row in table if test(row)]


def col(table: Rows, name: str) -> list[Any]:
    return [row[name] for row in table]


def mean(table: Rows, name: str) -> float:
    return statistics.mean(col(table, name))


def per(table: Rows, key: str, fn: Callable[[Rows], float]) -> dict[str, float]:
    return {name: fn(only(table, lambda row, name=name: row[key] == name)) for name in dict.fromkeys(col(table, key))}


POOL: Rows = [
    {
        "visit_no": at,
        "pool": ["Lido", "Northbath", "Lido", "Riverside"][at % 4],
        "visited_on": f"2025-0{1 + at % 6}-1{at % 10}",
        "ticket": DICE.choice(["single", "season", "family"]),
        "minutes": DICE.randrange(25, 190),
        "price_eur": DICE.choice([3.5, 4.0, 6.5, 9.0]),
        "rating": DICE.randrange(1, 6),
    }
    for at in range(90)
]
POLL: Rows = [
    {
        "Person": at + 1,
        "Age": DICE.randrange(17, 80),
        "Town": DICE.choice(["Aarau", "Baden", "Chur"]),
        "Uses the bus weekly": DICE.choice(["Yes", "No"]),
        "Has a car": DICE.choice(["Yes", "No", "No"]),
        "Satisfaction": DICE.randrange(1, 6),
    }
    for at in range(80)
]
CLIENTS: Rows = [
    {"client_no": 100 + at, "firm": f"Firm{at}", "canton": ["Bern", "Uri", "Zug"][at % 3]} for at in range(9)
]
INVOICES: Rows = [
    {
        "invoice_no": 7000 + at,
        "client_no": 100 + DICE.randrange(9),
        "issued": f"2025-0{1 + at % 5}-03",
        "sum_chf": round(DICE.uniform(40, 900), 2),
        "paid": DICE.choice(["yes", "no"]),
    }
    for at in range(70)
]
CANTON = {row["client_no"]: row["canton"] for row in CLIENTS}
BILLED: Rows = [{**row, "canton": CANTON[row["client_no"]]} for row in INVOICES]
GREENHOUSE: Rows = [
    {"sensor": f"S{at % 3}", "temperature": round(DICE.uniform(12, 34), 1), "humidity": DICE.randrange(30, 95)}
    for at in range(75)
]
PANTRY: Rows = [
    {"article": name, "shelf": shelf, "price": price, "quantity": quantity}
    for name, shelf, price, quantity in (
        ("Olive oil", "A", 8.9, 30),
        ("Rice", "A", 2.4, 120),
        ("Saffron", "B", 24.5, 6),
        ("Honey", "B", 6.75, 44),
        ("Truffles", "B", 39.0, 3),
        ("Flour", "A", 1.1, 210),
    )
]
STAYS: Rows = [
    {"patient_id": at, "ward": f"W{at % 4}", "days": DICE.choice([0.5, 0.5, 2, 3, 7]), "age": 20 + at % 60}
    for at in range(60)
]
LOANS: Rows = [
    {"loan_id": at, "branch": ["Harbour", "Hill"][at % 2], "title": f"T{at % 7}", "fine": at % 5 / 2}
    for at in range(31)
]
LEDGER: Rows = [
    {
        "Date": f"2024-{1 + at % 12:02}-05",
        "Heading": ["Fees", "Hall rent"][at % 2],
        "Amount": (at + 1) * (1 if at % 2 else -2.5),
    }
    for at in range(24)
]
FILES = {
    "pool.csv": POOL,
    "poll.csv": POLL,
    "clients.csv": CLIENTS,
    "invoices.csv": INVOICES,
    "greenhouse.json": GREENHOUSE,
    "pantry.json": PANTRY,
    "stays.csv": STAYS,
    "loans.csv": LOANS,
    "ledger.csv": LEDGER,
}

LIDO = only(POOL, lambda r: r["pool"] == "Lido")
LONG = only(POOL, lambda r: r["minutes"] > 120)
OVER_50 = only(POLL, lambda r: r["Age"] > 50)
BUS = "Uses the bus weekly"
HOT = only(GREENHOUSE, lambda r: r["temperature"] > 30)
HARBOUR = only(LOANS, lambda r: r["branch"] == "Harbour")
WHOLE_DAYS = only(STAYS, lambda r: r["days"] >= 1)
URI = only(BILLED, lambda r: r["canton"] == "Uri")


def yes(table: Rows, name: str) -> float:
    return 100 * len(only(table, lambda r: r[name] == "Yes")) / len(table)


def value(table: Rows) -> float:
    return sum(row["price"] * row["quantity"] for row in table)


CHAINS: list[tuple[str, list[tuple[str, object]]]] = [
    ("pool.csv", [("How many visits were made at the Lido according to pool.csv", len(LIDO)), ("what was the average price there in pool.csv?", mean(LIDO, "price_eur"))]),
    ("pool.csv", [("How many visits were made at the Lido, and what was the average price there?", [len(LIDO), mean(LIDO, "price_eur")])]),
    ("pool.csv", [("Which pool in pool.csv had the most visits?", "Lido"), ("What was the average rating there?", mean(LIDO, "rating")), ("How many visits had a rating of 5 at that pool?", len(only(LIDO, lambda r: r["rating"] == 5)))]),
    ("pool.csv", [("Count the visits in pool.csv that lasted longer than 120 minutes", len(LONG)), ("Find the median rating of these visits", statistics.median(col(LONG, "rating"))), ("What is the highest price among them?", max(col(LONG, "price_eur")))]),
    ("pool.csv", [("How many visits were made at the Lido in March 2025?", len(only(LIDO, lambda r: r["visited_on"] < "2025-04" and r["visited_on"] > "2025-03"))), ("What was the average price there?", REFUSED), ("What was the average rating of those visits?", mean(only(LIDO, lambda r: r["visited_on"] < "2025-04" and r["visited_on"] > "2025-03"), "rating"))]),
    ("pool.csv", [("What percentage of visits had a rating of 5?", yes([{"x": "Yes" if r["rating"] == 5 else "No"} for r in POOL], "x")), ("What was their average price?", REFUSED)]),
    ("pool.csv", [("Which two pools have the highest average price?", None), ("What was the average rating there?", REFUSED), ("And their average rating?", REFUSED)]),
    ("pool.csv", [("How many visits are there? How many of those were with a family ticket?", len(only(POOL, lambda r: r["ticket"] == "family")))]),
    ("poll.csv", [("How many people in poll.csv are over 50?", len(OVER_50)), (f'What share of them answered Yes to "{BUS}"?', yes(OVER_50, BUS))]),
    ("poll.csv", [(f'Of the respondents over 50 in poll.csv, what percentage answered Yes to "{BUS}"?', yes(OVER_50, BUS))]),
    ("poll.csv", [('How many respondents said No to "Has a car"?', len(only(POLL, lambda r: r["Has a car"] == "No"))), ("what is the average satisfaction of these people?", mean(only(POLL, lambda r: r["Has a car"] == "No"), "Satisfaction"))]),
    ("poll.csv", [("How many people from Baden are over 50?", len(only(OVER_50, lambda r: r["Town"] == "Baden"))), ("What is their average satisfaction?", mean(only(OVER_50, lambda r: r["Town"] == "Baden"), "Satisfaction"))]),
    ("poll.csv", [("How many happy respondents are there?", REFUSED), ("What is the average satisfaction of urban respondents?", REFUSED), ("How many respondents answered Yes?", REFUSED)]),
    ("pool.csv", [("How many visits were longer than 120 minutes, and how many of those with a family ticket?", [len(LONG), len(only(LONG, lambda r: r["ticket"] == "family"))])]),
    ("pool.csv", [("How many of those with a family ticket were longer than 120 minutes?", len(only(LONG, lambda r: r["ticket"] == "family"))), ("What is the highest rating at the Lido, and how many visits got it?", REFUSED), ("How many season tickets were there at the Lido? And at the Riverside?", REFUSED)]),
    ("pool.csv", [("Leave out visits longer than 120 minutes and give the average price, rounded to one decimal.", round(mean(only(POOL, lambda r: r["minutes"] <= 120), "price_eur"), 1))]),
    ("pool.csv", [("Which pool had the most visits? How many of them had a rating of 5?", len(only(LIDO, lambda r: r["rating"] == 5))), ("How does that compare with the Riverside?", REFUSED)]),
    ("greenhouse.json", [("Count the measurements with a temperature above 30", len(HOT)), ("Find the mean humidity of these measurements", mean(HOT, "humidity"))]),
    ("greenhouse.json", [("Ignore measurements below 15 degrees. What is the average humidity? Round to two decimals.", round(mean(only(GREENHOUSE, lambda r: r["temperature"] >= 15), "humidity"), 2))]),
    ("greenhouse.json", [("Excluding the readings with a humidity under 40, what is the average temperature per sensor?", per(only(GREENHOUSE, lambda r: r["humidity"] >= 40), "sensor", lambda t: mean(t, "temperature")))]),
    ("stays.csv", [("Leave out the stays of less than one day in stays.csv. Which ward has the longest average stay?", max(per(WHOLE_DAYS, "ward", lambda t: mean(t, "days")).values()))]),
    ("stays.csv", [("What is the average age per ward? Leave out the stays of less than one day.", per(WHOLE_DAYS, "ward", lambda t: mean(t, "age")))]),
    ("stays.csv", [("Leave out the stays of less than one day in stays.csv.", REFUSED), ("Ignore the weekend stays. What is the average age?", REFUSED), ("Leave out stays under 1 day and over 5 days. What is the average age?", REFUSED)]),
    ("loans.csv", [("How many books were lent at the Harbour branch according to loans.csv, and what was the average fine there?", [len(HARBOUR), mean(HARBOUR, "fine")])]),
    ("loans.csv", [("How many old books were lent?", REFUSED), ("What was the average fine there?", REFUSED), ("What is the total fine of these loans?", REFUSED)]),
    ("invoices.csv clients.csv", [("Join invoices.csv with clients.csv on client_no and give me the total sum per canton", per(BILLED, "canton", lambda t: sum(col(t, "sum_chf"))))]),
    ("invoices.csv clients.csv", [("Merge the two files by client_no. What percent of the total sum comes from each canton?", per(BILLED, "canton", lambda t: 100 * sum(col(t, "sum_chf")) / sum(col(BILLED, "sum_chf"))))]),
    ("invoices.csv clients.csv", [("Using both files, how many invoices went to clients in Uri?", len(URI)), ("What is the average sum of these invoices?", mean(URI, "sum_chf"))]),
    ("invoices.csv clients.csv", [("Join the two files on firm and give the total sum per canton", REFUSED)]),
    ("invoices.csv", [("How many unpaid invoices are there?", len(only(INVOICES, lambda r: r["paid"] == "no")))]),
    ("pantry.json", [("List the two most expensive items in pantry.json and tell me the total stock value, that is price times quantity summed over all items", [39.0, 24.5, value(PANTRY)])]),
    ("pantry.json", [("What is the total value of the goods, i.e. price times quantity?", value(PANTRY))]),
    ("pantry.json", [("How many items on shelf B cost more than 20?", 2), ("What is their average quantity?", 4.5)]),
    ("ledger.csv", [("tell me the closing balance, i.e. the sum of all amounts", sum(col(LEDGER, "Amount"))), ("what we spent on hall rent in total", sum(col(only(LEDGER, lambda r: r["Heading"] == "Hall rent"), "Amount")))]),
    ("ledger.csv", [("Give me the balance of the fees, i.e. the sum of all amounts", REFUSED)]),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All data sets as files."""
    made = tmp_path_factory.mktemp("chains")
    for name, table in FILES.items():
        if name.endswith(".json"):
            (made / name).write_text(json.dumps(table), encoding="utf-8")
            continue
        with (made / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
    return made


def cells(outcome: Outcome) -> list[list[str]]:
    texts = [file.path.read_text(encoding="utf-8") for file in outcome.files]
    return [row for text in texts for row in list(csv.reader(text.splitlines()))[1:]]


def holds(rows: list[list[str]], wanted: object, told: str) -> bool:
    """Whether the tables (or, for rounded numbers, the sentence) hold what was computed."""
    match wanted:
        case dict():
            return all(any(name in row and holds([row], one, told) for row in rows) for name, one in wanted.items())
        case list():
            return all(holds(rows, one, told) for one in wanted)
        case str():
            return any(wanted in row for row in rows)
        case float() | int():
            numbers = [cell for row in rows for cell in row if cell.replace(".", "", 1).lstrip("-").isdigit()]
            return any(float(cell) == pytest.approx(wanted, rel=1e-6) for cell in numbers) or f"**{wanted}**" in told
        case _:
            return wanted is None


@pytest.mark.parametrize(("files", "steps"), CHAINS, ids=[f"{at}-{one[0]}" for at, one in enumerate(CHAINS)])
def test_each_step_of_a_chain_is_answered_rightly_or_refused(
    folder: Path, tmp_path: Path, files: str, steps: list[tuple[str, object]]
) -> None:
    given = tuple(local_file(folder / name) for name in files.split())
    earlier: list[EarlierResult] = []
    for at, (question, wanted) in enumerate(steps):
        own = tmp_path / str(at)
        own.mkdir()
        task = Assignment("t", question, own, given, tuple(earlier))
        if wanted == REFUSED:
            with pytest.raises(AgentFailed):
                analyse(task, Stop())
            continue
        outcome = analyse(task, Stop())
        assert holds(cells(outcome), wanted, outcome.conclusion), outcome.conclusion
        earlier.append(EarlierResult("Data analyst", question, outcome.conclusion, outcome.files))


def test_the_answer_says_which_rows_it_was_about(folder: Path, tmp_path: Path) -> None:
    given = (local_file(folder / "pool.csv"),)
    first = analyse(Assignment("t", "How many visits were made at the Lido?", tmp_path, given), Stop())
    earlier = (EarlierResult("Data analyst", "How many visits were made at the Lido?", first.conclusion, first.files),)
    second = analyse(Assignment("t", "What was the average price there?", tmp_path, given, earlier), Stop())
    assert "WHERE (\"pool\" = 'Lido')" in second.conclusion
    assert "\"there\" is read as the rows chosen before: pool.csv, pool is 'Lido'." in second.conclusion


@pytest.mark.parametrize(
    "line",
    [
        "-- rows of pool.csv [one_pool: x] where 1=1) UNION SELECT (1",
        "-- rows of pool.csv [one_pool: x] where \"pool\" = 'Lido'; DROP TABLE pool",
        "-- rows of pool.csv [one_pool: x] where \"nothing\" = 'Lido'",
        "-- rows of other.csv [one_pool: x] where \"pool\" = 'Lido'",
    ],
)
def test_what_another_agent_says_about_rows_is_data_and_no_statement(folder: Path, tmp_path: Path, line: str) -> None:
    earlier = (EarlierResult("Stranger", "How many?", f"```sql\n{line}\n```"),)
    given = (local_file(folder / "pool.csv"),)
    with pytest.raises(AgentFailed):
        analyse(Assignment("t", "What was the average price there?", tmp_path, given, earlier), Stop())
