"""A file goes to who reads files of its kind, by the words of the cards and not by names."""

from __future__ import annotations

import pytest

from ioa.adapters.policy.rules.file_readers import reader_phrases, reads, suited
from ioa.adapters.policy.rules.goal_text import split_goal
from ioa.adapters.policy.rules.plan import Step
from ioa.adapters.policy.rules.verbs import Kind
from ioa.protocol.cards import Card, FoundAgent

LONG = (
    "Helps with everything that people in an office may want to know in the course of a day, quickly, and without fuss"
)
RECKONER = Card(name="Reckoner", description=f"Solves equations and computes percentages. {LONG}.")
READER = Card(name="Reader", description=f"Reads PDF and Markdown files and quotes them. {LONG}.")
TABLES = Card(name="Tables", description=f"Answers questions about spreadsheets. {LONG}.")
SHORT = Card(name="Somebody", description="Answers questions.")


@pytest.mark.parametrize(
    ("card", "endings", "expected"),
    [
        (READER, ("pdf",), True),
        (READER, ("txt",), True),
        (READER, ("csv",), False),
        (TABLES, ("parquet",), True),
        (TABLES, ("pdf",), False),
        (RECKONER, ("pdf",), False),
        (RECKONER, (), True),
        (RECKONER, ("png",), True),
        (SHORT, ("pdf",), True),
    ],
)
def test_a_card_says_what_files_it_reads(card: Card, endings: tuple[str, ...], expected: bool) -> None:
    assert reads(card, endings) is expected


def test_who_reads_the_file_goes_before_who_only_shares_words_with_the_request() -> None:
    step = Step(1, "Who was elected treasurer in minutes.pdf", search=("who was elected",), reads=("pdf",))
    hits = [FoundAgent(card=RECKONER, score=0.7, online=True), FoundAgent(card=READER, score=0.6, online=True)]
    assert [hit.card.name for hit in suited(step, {"who was elected": hits})] == ["Reader", "Reckoner"]


ASKED = Step(1, "Who owes the rent?", search=("who owes rent",), kind="ask", may_read=("csv",))


def test_a_question_that_no_card_covers_goes_to_who_reads_the_attached_file() -> None:
    (phrase,) = reader_phrases(ASKED)
    weak = [FoundAgent(card=card, score=0.1, online=True) for card in (RECKONER, READER, TABLES, SHORT)]
    for_files = [
        FoundAgent(card=SHORT, score=0.95, online=True),
        FoundAgent(card=RECKONER, score=0.9, online=True),
        FoundAgent(card=TABLES, score=0.8, online=True),
    ]
    best = suited(ASKED, {"who owes rent": weak, phrase: for_files})[0]
    assert (best.card.name, best.score) == ("Tables", 0.8)


def test_a_card_that_covers_the_question_goes_before_who_merely_reads_the_file() -> None:
    (phrase,) = reader_phrases(ASKED)
    hits = [FoundAgent(card=SHORT, score=0.4, online=True)]
    readers = [FoundAgent(card=TABLES, score=0.9, online=True)]
    assert [hit.card.name for hit in suited(ASKED, {"who owes rent": hits, phrase: readers})] == ["Somebody"]


@pytest.mark.parametrize("kind", ["plot", "write", "math", "code", "send", "translate"])
def test_only_questions_go_to_the_readers_of_files(kind: Kind) -> None:
    assert reader_phrases(Step(1, "x", search=("x",), kind=kind, may_read=("csv",))) == ()


def test_the_files_of_a_goal_are_known_to_a_question_that_names_none() -> None:
    steps = split_goal("Who owes the rent? Count the rows in a.csv.", files=["a.csv"]).steps
    assert [step.may_read for step in steps] == [("csv",), ()]
