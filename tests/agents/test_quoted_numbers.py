"""A number inside a text that another agent gave: computed with only when exactly one fits."""

from __future__ import annotations

import pytest

pytest.importorskip("sympy")

from ioa.adapters.agents.answer_kinds import kind_of
from ioa.adapters.agents.answer_number import figures, number_in
from ioa.adapters.agents.librarian import Librarian
from ioa.adapters.agents.mathematician import Mathematician
from ioa.adapters.agents.mathematics.quoted import quoted_numbers
from ioa.adapters.agents.standalone import local_file
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult


async def quiet(_: str) -> None:
    pass


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The charge is €185.50, payable on the third working day.", [("185.5", "€")]),
        ("The rent is 900 euros and the deposit is 1,800 euros", [("900", "euros"), ("1800", "euros")]),
        ("It costs 2000 euros from 2024 on", [("2000", "euros")]),
        ("about twenty-five people in room 7 at 19:05 on 4 March 2025", [("25", "people")]),
        ("The B60 weighs 31.5 kg.", [("31.5", "kg")]),
        ("1.2 million dollars", [("1200000", "dollars")]),
        ("0.62 euros per kilogram", [("0.62", "euros")]),
        ("open until 17.30", []),
    ],
)
def test_figures_are_quantities_with_their_units(text, found):
    assert [(one.value, one.unit) for one in figures(text)] == found


def test_the_whole_amount_is_read_not_its_first_digit():
    asked = kind_of("What is the monthly service charge?")
    assert number_in("The monthly service charge is €185.50, payable on the third working day.", asked) == "185.5"


@pytest.fixture(scope="module")
def mathematician():
    agent = Mathematician()
    yield agent
    agent.close()


@pytest.fixture
def computed(mathematician, tmp_path):
    async def computed(task: str, *earlier: EarlierResult) -> str:
        return (await mathematician.perform(Assignment("t", task, tmp_path, (), earlier), quiet)).conclusion

    return computed


async def test_a_rent_that_the_librarian_quotes_is_multiplied(tmp_path, computed):
    (tmp_path / "tenancy.md").write_text(
        "# Tenancy\n\nThe monthly service charge is €185.50, payable on the third working day.\n", encoding="utf-8"
    )
    task = "What is the monthly service charge in tenancy.md?"
    (tmp_path / "run").mkdir()
    files = (local_file(tmp_path / "tenancy.md"),)
    found = await Librarian().perform(Assignment("t", task, tmp_path / "run", files), quiet)
    told = await computed("Multiply it by 12.", EarlierResult("Librarian", task, found.conclusion, found.files))
    assert told.startswith("**2226**")


async def test_a_text_without_a_table_gives_its_one_number_or_names_those_it_may_be(computed):
    one = EarlierResult("Clerk", "Ask for the fee", "The fee is 42.50 euros since 3 May 2024.")
    assert (await computed("Multiply it by 4", one)).startswith("**170**")
    two = EarlierResult("Clerk", "Ask for the terms", "The rent is 900 euros and the deposit is 1,800 euros.")
    with pytest.raises(AgentFailed, match=r"900 euros.*1800 euros"):
        await computed("Multiply it by 4", two)
    assert (await computed("Multiply the deposit by 4", two)).startswith("**7200**")


@pytest.mark.parametrize(
    ("task", "values"),
    [
        ("How much does the move cost in memo.txt?", ["64500"]),
        ("How much does the council pay?", ["40000"]),
        ("What does the memo say about the move?", ["64500", "40000"]),
        ("How much money is it?", ["64500", "40000"]),
    ],
)
def test_of_several_numbers_the_one_whose_clause_has_the_words_of_the_question_is_meant(task, values):
    said = "**The move costs 64,500 euros, of which the council pays 40,000 euros.** — memo.txt, line 3"
    assert [one["value"] for one in quoted_numbers(task, said)] == values


async def test_an_older_number_is_not_taken_when_the_last_text_has_several(tmp_path, computed):
    (tmp_path / "n.csv").write_text("visits\n31\n", encoding="utf-8")
    older = EarlierResult("Data analyst", "Count the visits", "31", (local_file(tmp_path / "n.csv"),))
    last = EarlierResult("Clerk", "Ask for the terms", "The rent is 900 euros and the deposit is 1,800 euros.")
    with pytest.raises(AgentFailed, match="several numbers"):
        await computed("Multiply it by 4", older, last)
