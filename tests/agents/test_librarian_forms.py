"""The forms that a request to the librarian may take: two facts at once, lists, tables, yes or no, listings."""

from __future__ import annotations

import pytest

from ioa.adapters.agents.answer_kinds import kind_of
from ioa.adapters.agents.answer_number import number_in
from ioa.adapters.agents.inquiry import split, split_nouns, understood
from ioa.adapters.agents.librarian import Librarian
from ioa.adapters.agents.passages import shipped_embedder
from ioa.adapters.agents.standalone import local_file
from ioa.ports.agent import AgentFailed, Assignment
from tests.agents.strangers_questions import FIFTH, FIRST, SECOND, THIRD

FILES = {**FIRST, **SECOND, **THIRD, **FIFTH}


async def quiet(_: str) -> None:
    pass


@pytest.fixture
def ask(tmp_path):
    if shipped_embedder() is None:
        pytest.skip("model of meaning: not available here")

    async def ask(task: str, *names: str):
        for name in names:
            (tmp_path / name).write_bytes(FILES[name])
        files = tuple(local_file(tmp_path / name) for name in names)
        return await Librarian().perform(Assignment("t", task, tmp_path, files), quiet)

    return ask


async def test_the_verb_of_the_question_need_not_stand_in_the_text(tmp_path):
    (tmp_path / "pump.md").write_text("# Pump\n\nThe warranty period is 36 months from the date of delivery.\n")
    said = Librarian(files=[tmp_path / "pump.md"]).run("find out how long the warranty lasts")
    assert said.startswith("**The warranty period is 36 months from the date of delivery.** — pump.md")


async def test_two_facts_are_both_answered(ask):
    outcome = await ask("What is the guarantee period and the weight of the machine?", "washer.pdf")
    assert "The guarantee is two years for the machine" in outcome.abstract
    assert "weight 68 kg" in outcome.abstract


async def test_of_two_facts_the_one_that_is_missing_is_named(ask):
    outcome = await ask("What is the warranty period and the price of the TurboPress 9?", "manual.md")
    assert outcome.conclusion.startswith("**We give a guarantee of 24 months on the TurboPress 5 and 60 months on")
    assert "Not found in manual.md: 'the price of the TurboPress 9'." in outcome.conclusion
    assert outcome.abstract.endswith("Not found in manual.md: 'the price of the TurboPress 9'.")


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("how long is the notice period and how much is the deposit", 2),
        ("when does the work start, and who does it", 2),
        ("who signed the lease? and when does it begin?", 2),
        ("how long must a child stay at home", 1),
    ],
)
def test_questions_are_split_before_question_words(question, parts):
    assert len(split(question)) == parts


def test_nouns_are_split_and_share_what_they_are_of():
    assert split_nouns("what is the warranty period and the weight of the machine") == (
        "the warranty period of the machine",
        "the weight of the machine",
    )


@pytest.mark.parametrize(
    ("task", "name", "abstract"),
    [
        ("How loud is the TurboPress 9?", "manual.md", "Noise level: TurboPress 9 = 74 dB ("),
        ("How heavy are Marmande fruits?", "tomatoes.html", "Marmande: Fruit weight = 250 g ("),
        ("What does the chess club cost?", "school_policy.md", "Chess: Price per term = 18 pounds ("),
        ("What are the ingredients of the cake?", "cake.md", "Ingredients: Flour: 300 g; Sugar: 180 g; Butter: 200 g;"),
        (
            "What are the three rules for storing tomatoes?",
            "tomatoes.html",
            "Three rules for storing: Keep ripe tomatoes at room temperature; Never put them in the fridge; Use them",
        ),
        ("What should children bring on a trip?", "school_policy.md", "What to bring: A packed lunch without nuts; A"),
        (
            "List the action items in minutes.md",
            "minutes.md",
            "Action items: Joan Baker: publish the minutes by Friday;",
        ),
        ("Does the school policy mention nuts?", "school_policy.md", 'Yes, school_policy.md mentions "nuts": '),
        (
            "does the policy mention uniforms?",
            "school_policy.md",
            'No, "uniforms" is not mentioned in school_policy.md: the word uniforms does not occur there.',
        ),
        (
            "Which clause deals with subletting?",
            "lease.pdf",
            '1 section of lease.pdf mentions "subletting": 4. USE OF THE FLAT.',
        ),
        (
            "In the contract, find the delivery days",
            "supply.pdf",
            "Goods are delivered every Tuesday and Friday before",
        ),
        (
            "what is the monthly rent? Give only the number.",
            "lease.pdf",
            "The rent is 1,150 pounds a month, payable on",
        ),
        ("Summarise lease.pdf", "lease.pdf", "Extracted from lease.pdf: This lease is made between Margaret Doyle"),
    ],
)
async def test_the_abstract_answers_in_plain_words(ask, task, name, abstract):
    said = (await ask(task, name)).abstract
    assert said.startswith(abstract)
    assert "**" not in said


async def test_all_deadlines_are_listed_with_their_places(ask):
    outcome = await ask("List all deadlines in minutes.md", "minutes.md")
    assert outcome.conclusion.startswith("**3 places in minutes.md with deadlines:**")
    for text in ("by 20 November", "before the summer party", "by Friday"):
        assert text in outcome.conclusion
    assert outcome.conclusion.count("— minutes.md, ") == 3


async def test_all_amounts_and_dates_are_listed(ask):
    money = await ask("Find all amounts of money in minutes.md", "minutes.md")
    assert "18,500 euros" in money.abstract
    assert "5.60 euros" in money.abstract
    dates = await ask("List all dates mentioned in supply.pdf", "supply.pdf")
    for text in ("31 December 2027", "1 March 2026", "11 February 2026"):
        assert text in dates.abstract


async def test_nothing_to_list_is_a_refusal(ask):
    with pytest.raises(AgentFailed, match=r"No phone numbers were found in cake\.md"):
        await ask("list all phone numbers", "cake.md")


async def test_a_refusal_tells_of_the_nearest_sentence_without_claiming_it(ask):
    with pytest.raises(AgentFailed, match=r"The nearest, which does not answer it by my rules: \".*caretaker"):
        await ask("What is the landlord's phone number?", "lease.pdf")


async def test_headings_of_a_pdf_are_told_from_its_lines(ask):
    outcome = await ask("How often should I clean the filter?", "washer.pdf")
    assert outcome.conclusion.startswith(
        '**Clean the filter every three months.** — washer.pdf, page 1, "AquaSpin W7 washing machine > Care"'
    )


def test_what_is_listed_is_understood():
    inquiry = understood("list all deadlines for the trip", [])
    assert (inquiry.kind, inquiry.what, inquiry.about) == ("listing", "deadlines", "for the trip")


@pytest.mark.parametrize(
    ("question", "sentence", "number"),
    [
        ("what is the monthly rent", "The rent is 1,150 pounds a month, payable on the third working day.", "1150"),
        ("the meal allowance abroad", "The daily allowance is 38 euros within the country and 52 euros abroad.", None),
        ("what is the guarantee period", "We give 24 months on the small one and 60 months on the large one.", None),
        ("how heavy is the machine", "Width 60 cm, depth 55 cm, weight 68 kg.", "68"),
        ("how long does the tenancy last", "It begins on 1 September 2025 and runs for two years.", "2"),
        ("what is the price", "The price is 0.62 euros per kilogram, freight included.", "0.62"),
        ("how loud is it", "Noise level: TurboPress 9 = 74 dB", "74"),
        ("at what temperature is it sown", "Sow indoors at 20 to 24 degrees.", None),
        ("what is the turnover", "Turnover was 1.2 million euros in 2024.", "1200000"),
        ("what is the interest rate", "Late payments bear interest of five percent a year.", "5"),
        ("who is the owner", "Room 5 belongs to Anna.", None),
    ],
)
def test_the_number_of_an_answer_is_the_one_that_was_asked_for(question, sentence, number):
    assert number_in(sentence, kind_of(question)) == number


async def test_a_number_that_answers_goes_along_as_a_table_of_one_cell(ask):
    outcome = await ask("what is the monthly rent?", "lease.pdf")
    assert [(file.name, file.path.read_text()) for file in outcome.files] == [("answer.csv", "answer\n1150\n")]
    assert (await ask("what is the meal allowance abroad?", "expenses.md")).files == ()
