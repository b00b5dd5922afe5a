"""Terms, clauses, views and parts: how texts are taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioa.adapters.index import clauses
from ioa.adapters.index.phrases import gist, parts_of_card, views
from ioa.adapters.index.words import separated, stem, terms


@pytest.mark.parametrize(
    "kin",
    [
        ("plan", "plans", "planning", "planned"),
        ("retrieve", "retrieves", "retrieving", "retrieved"),
        ("translate", "translation", "translator", "translations"),
        ("summary", "summaries"),
        ("database", "databases"),
    ],
)
def test_kin_words_meet(kin: tuple[str, ...]) -> None:
    assert len({stem(word) for word in kin}) == 1


@pytest.mark.parametrize(("one", "other"), [("organ", "organization"), ("bus", "busy"), ("univers", "university")])
def test_other_words_do_not_meet(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_names_are_taken_apart_however_they_are_written() -> None:
    wanted = terms("get health workforce")
    assert terms("getHealthWorkforce") == terms("get_health_workforce") == terms("get-health-workforce") == wanted
    assert terms("HTTPServer") == ["http", "server"]
    assert separated("getUser_name") == "get User name"


def test_scripts_without_spaces_give_pairs_and_accents_do_not_matter() -> None:
    assert terms("人工知能") == ["人工", "工知", "知能"]
    assert terms("Café") == terms("cafe")
    assert terms("网站translate") == ["网站", "translate"]


def test_function_words_say_nothing() -> None:
    assert terms("Could you please help me, I would like to know what it is") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("  \n ", []),
        ("Solve the equation", ["Solve the equation"]),
        ("Compute the mean and plot it as bars", ["Compute the mean", "plot it as bars"]),
        ("Find bread and butter recipes", ["Find bread and butter recipes"]),
        ("Load a.csv, e.g. the 2.5 MB one. Then sum it up.", ["Load a.csv, e.g. the 2.5 MB one.", "sum it up."]),
        ("1. Get the rate. 2. Draw a chart of it.", ["Get the rate.", "Draw a chart of it."]),
        (
            "- count the rows\n- plot the counts\n- write a report",
            ["count the rows", "plot the counts", "write a report"],
        ),
        ("Translate “Stop. Then go and find it.” into French", ["Translate “Stop. Then go and find it.” into French"]),
        ("Describe the data; after that, draw it nicely", ["Describe the data", "draw it nicely"]),
        ("Find the longest river. Thank you.", ["Find the longest river. Thank you."]),
    ],
)
def test_a_request_is_split_where_it_asks_for_another_thing(text: str, wanted: list[str]) -> None:
    assert clauses(text) == wanted


@given(st.text(max_size=300))
def test_any_text_has_clauses_parts_and_views(text: str) -> None:
    assert all(part.strip() for part in clauses(text))
    assert len(parts_of_card(text)) <= 16
    assert all(view.meaning for view in views(text))
    assert isinstance(gist(text), str)


def test_what_is_handed_over_is_not_what_is_asked_for() -> None:
    assert gist('Delete the subnet with ID "aZpDn7loU".') == "Delete the subnet with ID ."
    assert gist("Mail the result to anna@example.com at 15:39") == "Mail the result to at"
    assert gist('"Stop"') == '"Stop"'


def test_a_long_card_has_at_most_16_parts_that_cover_all_of_it() -> None:
    text = ". ".join(f"Skill number {i} does the thing {i}" for i in range(100))
    parts = parts_of_card(text)
    assert len(parts) <= 16
    assert all(f"thing {i}" in " ".join(parts) for i in range(0, 100, 7))
    assert parts_of_card("Solves equations, exactly.") == ["Solves equations, exactly."]
