"""A question that points to rows chosen elsewhere is refused: answering over the whole file would be a wrong number."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.data_analyst import DataAnalyst
from ioa.ports.agent import AgentFailed

ROWS = "Respondent,Age,branch,fine\n1,30,Harbour,2\n2,50,Harbour,4\n3,61,Hill,9\n4,20,Hill,1\n5,44,Hill,4\n"


@pytest.fixture
def analyst(tmp_path: Path) -> DataAnalyst:
    path = tmp_path / "loans.csv"
    path.write_text(ROWS, encoding="utf-8")
    return DataAnalyst(files=[path])


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("what was the average fine there in loans.csv", "there"),
        ("What is their median fine in loans.csv?", "their"),
        ("give the average fine for them in loans.csv", "them"),
        ("What is the average fine among them in loans.csv?", "them"),
        ("also in the branch in loans.csv", "branch"),
    ],
)
def test_a_word_that_points_outside_the_question_is_refused(analyst: DataAnalyst, question: str, word: str) -> None:
    with pytest.raises(AgentFailed, match=word):
        analyst.run(question)


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("How many rows are there in loans.csv?", "5"),
        ("How many respondents in loans.csv are over 40?", "3"),
        ("how many loans are there at the Harbour branch in loans.csv", "2"),
    ],
)
def test_a_word_that_points_inside_it_is_not(analyst: DataAnalyst, question: str, number: str) -> None:
    assert number in analyst.run(question)


def test_the_end_of_a_word_is_no_preposition_of_a_file_name(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer_id,amount\n1,5\n2,7\n", encoding="utf-8")
    (tmp_path / "customers.csv").write_text("customer_id,country\n1,Norway\n2,France\n", encoding="utf-8")
    both = DataAnalyst(files=[tmp_path / "orders.csv", tmp_path / "customers.csv"])
    with pytest.raises(AgentFailed) as refusal:
        both.run("Join orders.csv, and sing the amount")
    assert '"Jo"' not in str(refusal.value)
