"""Numbers with a unit in filters and counts, totals that nobody means, and tables in HTML and Markdown files."""

# ruff: noqa: E501 - tables of cases: one case a line

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from ioa.adapters.agents.data.own_files import local_file
from ioa.adapters.agents.data.stoppable import Stop
from ioa.adapters.agents.data_analyst import analyse
from ioa.ports.agent import AgentFailed, Assignment

FILES = {
    "parcels.csv": "parcel_id,depot,weight_kg,price,distance_km\n1,North,4,12,100\n2,North,15,30,20\n3,South,12,9,300\n4,South,22,50,8\n5,South,9,11,5\n6,East,11,14,40\n",
    "coolers.csv": "reading,room,temp_c,humidity_pct\n1,Attic,31,40\n2,Attic,25,60\n3,Cellar,12,80\n4,Cellar,33,35\n5,Hall,28,31\n",
    "boxes.csv": "box,weight_lb,price\nA,10,5\nB,30,50\n",
    "runs.csv": "date,distance_km,duration_min,shoe\n2024-01-03,5.5,31,red\n2024-01-20,10,58,blue\n2024-02-02,7.5,42,red\n2024-02-19,12,70,blue\n2024-03-05,4,20,red\n",
    "marks.csv": "student,class,maths,science\nAnn,A,80,70\nBob,A,60,90\nCid,B,90,50\nDee,B,70,40\n",
    "rent.csv": "tenant,flat,month,rent,paid\nIda,1,April,500,yes\nIda,1,May,500,no\nJo,2,April,600,no\nJo,2,May,600,yes\nKim,3,April,700,yes\nKim,3,May,700,no\n",
    "tickets.csv": "ticket,agent,status\n5001,Ann,open\n5002,Bob,open\n5003,Ann,closed\n5004,Cid,closed\n",
    "hotels.csv": "hotel,city,rating,occupancy_percent,nights\nA,Oslo,4.5,80,120\nB,Oslo,3.5,60,90\nC,Bergen,5,70,60\n",
    "patients.csv": "name,ward,age,temperature\nAl,A,30,37\nBo,A,50,38.5\nCy,B,70,39\n",
    "rainfall.html": "<h1>Rain</h1><table><thead><tr><th>Month</th><th>Rain (mm)</th></tr></thead><tbody><tr><td>January</td><td>61</td></tr><tr><td>February</td><td>40</td></tr><tr><td>March</td><td>92</td></tr></tbody></table>",
    "fees.md": "# Fees\n\n| Group | Fee (EUR) | Members |\n|:--|--:|--:|\n| **Juniors** | 20 | 14 |\n| Adults | 60 | 33 |\n| Seniors | 35 | 21 |\n| Total | 115 | 68 |\n\n```\n| no | table |\n|--|--|\n| 1 | 2 |\n```\n",
    "two.html": "<table><tr><th>Site</th><th>Visitors</th></tr><tr><td>Fort</td><td>1,200</td></tr><tr><td>Mill</td><td>800</td></tr></table><table><tr><th>Guide</th><th>Tours</th></tr><tr><td>Eve</td><td>7</td></tr><tr><td>Max</td><td>9</td></tr></table>",
    "shop.html": "<table><tr><td>Menu</td><td>1</td></tr></table><table><thead><tr><th>Item</th><th>Kind</th><th>Price</th></tr></thead><tbody><tr><td>Tea</td><td rowspan=2>drink</td><td>€2.50</td></tr><tr><td>Juice</td><td>€3.50</td></tr><tr><td>Cake</td><td>food</td><td>€4.00</td></tr></tbody><tfoot><tr><td>Total</td><td></td><td>€10.00</td></tr></tfoot></table>",
    "plain.html": "<h1>Notes</h1><p>Only words here.</p>",
}
ANSWERED: list[tuple[str, str, list[str]]] = [
    # the unit of a number says the column, whatever else is computed
    ("parcels.csv", "Total price per depot for parcels over 10 kg", ["14", "30", "59"]),
    ("parcels.csv", "What do parcels above 10 kilograms cost in total, per depot?", ["14", "30", "59"]),
    ("parcels.csv", "Total price per depot of parcels of 12 kg or more", ["30", "59"]),
    ("parcels.csv", "Total price of parcels over 12kg", ["80"]),
    ("parcels.csv", "Average price of parcels between 10 and 20 kg", ["17.6667"]),
    ("parcels.csv", "How many parcels under 50 km are there per depot?", ["1", "1", "2"]),
    ("parcels.csv", "Total weight of parcels over 20 euros", ["37"]),
    ("parcels.csv", "Total price of parcels over 12000 g", ["80"]),
    ("coolers.csv", "How many readings are over 30 °C?", ["2"]),
    ("coolers.csv", "Average temperature of rooms over 50 percent", ["18.5"]),
    ("boxes.csv", "Total price of boxes over 10 kg", ["50"]),
    ("patients.csv", "How many patients have over 38 degrees?", ["2"]),
    ("patients.csv", "How many patients over 40?", ["2"]),
    # a word that is a unit counts the column in that unit
    ("runs.csv", "How many kilometres did I run each month?", ["15.5", "19.5", "4.0"]),
    ("runs.csv", "How many km did I run in February?", ["19.5"]),
    ("runs.csv", "How many minutes did I run per shoe?", ["128", "93"]),
    # marks in a subject
    ("marks.csv", "average mark in maths for each class", ["70", "80"]),
    ("marks.csv", "What was the mean score in science per class?", ["80", "45"]),
    ("marks.csv", "highest grade in maths", ["90"]),
    # a month that is a word of English
    ("rent.csv", "How many tenants have not yet paid the rent for May?", ["2"]),
    ("rent.csv", "How many tenants have paid the rent for April?", ["2"]),
    # totals said literally, and other aggregates, stay
    ("hotels.csv", "sum of rating", ["13.0"]),
    ("hotels.csv", "total nights", ["270"]),
    ("tickets.csv", "How many tickets per agent?", ["2", "1", "1"]),
    # tables of documents
    ("rainfall.html", "Which month had the most rain in rainfall.html, and what was the average rainfall per month?", ["92", "64.3333"]),
    ("rainfall.html", "How many months had more than 50 mm?", ["2"]),
    ("rainfall.html", "What was the total rainfall?", ["193"]),
    ("fees.md", "How many members are there in total?", ["68"]),
    ("fees.md", "Total of fee times members", ["2995"]),
    ("two.html", "Total visitors", ["2000"]),
    ("two.html", "Which guide has the most tours?", ["9"]),
    ("shop.html", "Average price per kind", ["3", "4"]),
]  # fmt: skip
REFUSED: list[tuple[str, str, str]] = [
    ("parcels.csv", "Total price per depot for parcels over 10", "weight_kg, price, distance_km"),
    ("parcels.csv", "Total price of parcels between 10 and 20", "price"),
    ("parcels.csv", "Average price of parcels above 15", "weight_kg"),
    ("parcels.csv", "Number of parcels over 5 litres", "litres"),
    ("parcels.csv", "parcels with price over 10 kg", "weight_kg"),
    ("parcels.csv", "average price over 10 kg", "do not fit"),
    ("parcels.csv", "Which depots have more than 30 kg?", "in total for each depot"),
    ("boxes.csv", "How many boxes over 20 pounds?", "price or weight_lb"),
    ("tickets.csv", "average ticket", "numbers the rows"),
    ("tickets.csv", "What is the mean ticket per agent?", "numbers the rows"),
    ("parcels.csv", "average parcel id", "numbers the rows"),
    ("hotels.csv", "total rating", "rarely meant"),
    ("hotels.csv", "Which city has the highest total rating?", "rarely meant"),
    ("hotels.csv", "total occupancy percent", "rarely meant"),
    ("patients.csv", "total age per ward", "rarely meant"),
    ("coolers.csv", "total temperature", "rarely meant"),
    ("plain.html", "What is the total?", "no table to analyse"),
]


@pytest.mark.parametrize(("name", "question", "expected"), ANSWERED)
def test_a_number_is_read_with_its_unit(tmp_path: Path, name: str, question: str, expected: list[str]) -> None:
    said = re.findall(r"\*\*([\d.]+)\*\*", _ask(tmp_path, name, question))
    assert said == expected or sorted(said) == sorted(expected)


@pytest.mark.parametrize(("name", "question", "reason"), REFUSED)
def test_a_number_that_nothing_fits_is_refused(tmp_path: Path, name: str, question: str, reason: str) -> None:
    with pytest.raises(AgentFailed) as refused:
        _ask(tmp_path, name, question)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which tenants have not paid the rent for May?", ["Ida", "Kim"]),
        ("Who still has not paid in May?", ["Ida", "Kim"]),
        ("Which tenants have not paid for April?", ["Jo"]),
    ],
)
def test_who_has_not_paid_is_told_by_month(tmp_path: Path, question: str, names: list[str]) -> None:
    said = _ask(tmp_path, "rent.csv", question)
    assert sorted(set(re.findall(r"Ida|Jo|Kim", said))) == names


def test_lines_that_sum_a_table_up_are_left_out_and_said(tmp_path: Path) -> None:
    assert "sums the others up and is left out" in _ask(tmp_path, "fees.md", "How many members are there in total?")
    assert "foot of the table is left out" in _ask(tmp_path, "shop.html", "What is the average price?")


def _ask(folder: Path, name: str, question: str) -> str:
    path = folder / name
    path.write_text(FILES[name], encoding="utf-8")
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return analyse(Assignment("t", question, out, (local_file(path),)), Stop()).conclusion


def test_a_page_without_a_table_does_not_stand_beside_data(tmp_path: Path) -> None:
    for name in ("plain.html", "hotels.csv"):
        (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    files = tuple(local_file(tmp_path / name) for name in ("plain.html", "hotels.csv"))
    assert "**270**" in analyse(Assignment("t", "total nights", tmp_path, files), Stop()).conclusion
