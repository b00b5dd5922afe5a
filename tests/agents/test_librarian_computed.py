"""What must be computed (a most, an average, a total) the librarian answers only where the document says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.computed_answers import computed
from ioa.adapters.agents.librarian import Librarian
from ioa.ports.agent import AgentFailed

RAIN = "<h1>Rainfall</h1><table><tr><th>Month</th><th>Rain (mm)</th></tr><tr><td>January</td><td>61</td></tr><tr><td>March</td><td>92</td></tr></table>"  # noqa: E501 - a file in one piece
FAIR = """# Fair

The fair was open from May to July. 300 visitors came in May. 900 visitors came in June. 200 visitors came in July.

The busiest day was 3 June. An average visitor spent 12 euros.

Visitors may bring at most two dogs.
"""


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("rain.html", "Which month had the most rain?"),
        ("rain.html", "Which month was the driest, with the least rain?"),
        ("rain.html", "What was the average rainfall per month?"),
        ("rain.html", "What was the maximum rain?"),
        ("fair.md", "Which month had the most visitors?"),
        ("fair.md", "Which month had the fewest visitors?"),
        ("fair.md", "How many visitors came altogether?"),
        ("fair.md", "What was the total number of visitors?"),
    ],
)
def test_what_must_be_computed_is_not_quoted(tmp_path: Path, name: str, question: str) -> None:
    path = _written(tmp_path, name)
    with pytest.raises(AgentFailed, match="compute nothing"):
        Librarian(files=[path]).run(question)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What was the busiest day?", "3 June"),
        ("How many visitors came in June?", "900 visitors"),
        ("How much did an average visitor spend?", "12 euros"),
    ],
)
def test_what_the_document_says_itself_is_quoted(tmp_path: Path, question: str, said: str) -> None:
    assert said in Librarian(files=[_written(tmp_path, "fair.md")]).run(question).split("Passages")[0]


@pytest.mark.parametrize(
    ("question", "sentence", "answers"),
    [
        ("Which month had the most rain?", "The wettest month was July.", True),
        ("Which month had the least rain?", "Most rain fell in July.", False),
        ("Which month had the least rain?", "July was the driest month.", True),
        ("What is the highest fine?", "Fines are up to 75 pounds.", True),
        ("Who does most of the work?", "The treasurer does it.", True),
        ("What must I do at least once a year?", "Clean the filter every spring.", True),
        ("Where is the largest forest?", "The forest in the west has guests.", False),
        ("What was the average wage?", "A wage of 20 was paid.", False),
        ("How many came in total?", "In all, 40 came.", True),
        ("How many came in total?", "40 came in May.", False),
    ],
)
def test_a_sentence_must_say_what_is_asked_for(question: str, sentence: str, answers: bool) -> None:
    assert computed(question).said(sentence, row=False) is answers


def _written(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text({"rain.html": RAIN, "fair.md": FAIR}[name], encoding="utf-8")
    return path
