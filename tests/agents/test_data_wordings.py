"""Numbers that were wrong once, and harmless words that were refused: each in several wordings."""

# ruff: noqa: E501 - tables of cases: one case a line

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from ioa.adapters.agents.data_analyst import DataAnalyst
from ioa.ports.agent import AgentFailed

FILES = {
    "desk.csv": "ticket,agent,priority,opened_on,minutes,cost\n101,Amy,high,2024-01-03,35,12.50\n102,Bo,low,2024-01-05,3,2.25\n103,Amy,low,2024-01-09,8,3.10\n104,Cy,high,2024-02-01,130,60.40\n105,Bo,medium,2024-02-14,45,20.05\n106,Cy,low,2024-02-20,0,0.00\n107,Amy,medium,2024-03-03,75,31.35\n108,Bo,high,2024-03-09,150,71.00\n",
    "orchard.csv": "tree,variety,planted,apples,picker\n1,Cox,2009,120,Lena\n2,Cox,2011,140,Max\n3,Gala,2012,200,Lena\n4,Gala,2015,180,Max\n5,Boskoop,2008,90,Nora\n6,Boskoop,2013,75,Nora\n7,Cox,2016,60,Lena\n",
    "ferry.csv": "trip,route,passengers,delay_min,fare,operator\n1,North,45,0,12.30,Blue\n2,North,60,12,12.30,Blue\n3,South,30,5,9.90,Red\n4,South,0,0,9.90,Red\n5,East,80,25,15.15,Blue\n6,East,75,0,15.15,Red\n7,North,50,7,12.30,Red\n",
    "tour.csv": "ticket,guide,language,visitors\n5001,Ida,German,12\n5002,Jan,English,20\n5003,Ida,English,15\n5004,Kim,French,9\n",
    "lines.csv": "order,item,qty\n1001,pen,3\n1001,ink,1\n1002,pen,5\n1003,cap,2\n1003,pen,1\n",
    "kiosk.csv": "date,shop,amount\n2024-01-03,Pier,12.50\n2024-01-09,Mole,7.25\n2024-02-02,Pier,30.05\n2024-02-12,Mole,8.40\n",
    "donations.csv": "donor,amount\nAnn,10\nBob,20\nCyd,12.5\nDan,7\nEve,11\n",
    "guests.csv": "guest,rsvp,table\nAnn,yes,1\nBob,yes,1\nAnn,yes,2\nCyd,no,2\nDee,yes,3\nBob,no,3\n",
    "choir.csv": "name,voice,joined,dues,visits\nAnn,alto,2010,25,3\nBob,bass,2015,30,0\nCat,alto,2019,25,\nDee,soprano,2008,20,7\n",
    "class.csv": "pupil,form,mark\nAda,7A,62\nBen,7A,71\nCleo,7B,85\nDan,7B,58\nEve,7B,90\n",
}
ANSWERED: list[tuple[str, str, list[float]]] = [
    # quantiles of decimals are not rounded to the decimals of the column
    ("desk.csv", "What is the median cost?", [16.275]),
    ("desk.csv", "lower quartile of cost", [2.8875]),
    ("desk.csv", "What is the interquartile range of cost?", [35.725]),
    ("desk.csv", "median of the total cost per agent", [60.4]),
    ("ferry.csv", "What is the median fare of the trips of the Red operator?", [11.1]),
    # names of rows are counted, pieces are added up
    ("tour.csv", "how many tickets were guided", [4]),
    ("tour.csv", "How many tickets were issued for tours in English?", [2]),
    ("tour.csv", "total tickets", [4]),
    ("desk.csv", "Number of tickets per agent", [3, 3, 2]),
    ("desk.csv", "How many tickets were handled by Bo?", [3]),
    ("orchard.csv", "How many apples were picked by Lena?", [380]),
    ("orchard.csv", "How many trees are there?", [7]),
    ("tour.csv", "How many visitors were guided by Ida?", [27]),
    ("lines.csv", "Number of different orders", [3]),
    # where a row is a donation, its sum is of money, and its number is asked for by name
    ("donations.csv", "Sum the donations", [60.5]),
    ("donations.csv", "Add up all the donations", [60.5]),
    ("donations.csv", "Total number of donations", [5]),
    # a file of guests lists guests: two of one name are two
    ("guests.csv", "Count the guests whose rsvp is yes", [4]),
    ("guests.csv", "How many guests are there?", [6]),
    ("guests.csv", "How many different guests are there?", [4]),
    # what is left out is left out
    ("ferry.csv", "Ignoring trips where delay_min is 0, what is the average delay?", [12.25]),
    ("ferry.csv", "What is the average delay, not counting trips without any delay?", [12.25]),
    ("ferry.csv", "Excluding trips with no passengers, what is the average fare?", [12.85]),
    ("ferry.csv", "Apart from the North route, what is the total number of passengers?", [185]),
    ("ferry.csv", "Except for the South route, how many passengers were there?", [310]),
    ("ferry.csv", "Average fare except trips of the Blue operator", [11.8125]),
    ("ferry.csv", "Average fare, leaving out trips where passengers is 0", [12.85]),
    ("choir.csv", "Ignoring members without visits, what are the average dues?", [22.5]),
    ("choir.csv", "Apart from members who joined before 2012, what are the total dues?", [55]),
    # units of time, years, and words that say nothing new
    ("desk.csv", "How many tickets took more than 5 minutes?", [6]),
    ("desk.csv", "How many tickets lasted longer than 2 hours?", [2]),
    ("desk.csv", "Average cost of tickets over 1 hour", [54.25]),
    ("ferry.csv", "How many trips had a delay between 300 and 1000 seconds?", [3]),
    ("orchard.csv", "How many trees were planted before 2012?", [3]),
    ("orchard.csv", "average apples of trees planted since 2012", [128.75]),
    ("orchard.csv", "How many trees were planted in 2015?", [1]),
    ("ferry.csv", "How many passengers were carried on the East route?", [155]),
    ("ferry.csv", "How many passengers travelled on the North route?", [155]),
    ("choir.csv", "How many members joined before 2012?", [2]),
    ("kiosk.csv", "What was the turnover in February?", [38.45]),
    ("kiosk.csv", "takings per shop", [15.65, 42.55]),
    ("class.csv", "How many pupils are in 7B? What is their average mark?", [3, 77.6667]),
]
REFUSED: list[tuple[str, str, str]] = [
    ("lines.csv", "How many orders are there?", "order"),
    ("desk.csv", "How many tickets have a cost over 5 minutes?", "unit of time"),
    ("desk.csv", "What is the average ticket?", "numbers the rows"),
    ("desk.csv", "What was the turnover in February?", "turnover"),
    ("ferry.csv", "Average fare excluding passengers", "left out"),
    ("class.csv", "How many pupils are in 7A? What is their average mark? And of the others?", "others"),
    ("ferry.csv", "What is the average delay excluding trips over 10 minutes per route?", "excluding"),
]


@pytest.mark.parametrize(("name", "question", "numbers"), ANSWERED, ids=[case[1] for case in ANSWERED])
def test_a_question_is_answered_with_these_numbers(
    tmp_path: Path, name: str, question: str, numbers: list[float]
) -> None:
    said = _ask(tmp_path, name, question)
    found = [float(one) for one in re.findall(r"\*\*(-?[\d,.]*\d)\*\*", said.replace(",", ""))]
    assert found == [pytest.approx(number, rel=1e-5) for number in numbers]


@pytest.mark.parametrize(("name", "question", "word"), REFUSED, ids=[case[1] for case in REFUSED])
def test_a_question_without_one_meaning_is_refused(tmp_path: Path, name: str, question: str, word: str) -> None:
    with pytest.raises(AgentFailed, match=word):
        _ask(tmp_path, name, question)


def _ask(folder: Path, name: str, question: str) -> str:
    path = folder / name
    path.write_text(FILES[name], encoding="utf-8")
    return DataAnalyst(files=[path]).run(question)
