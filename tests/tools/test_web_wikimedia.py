"""Wikipedia and Wikidata, over their APIs' formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.react.toolkit import ToolFailed
from tests.tools.servers.web_server import web_server
from tests.tools.servers.wikimedia import wikimedia
from tests.tools.web_places import toolbox


async def ask(service: str, tmp_path: Path, function: str, **arguments: object) -> str:
    async with web_server() as server, toolbox(service, server, tmp_path, wikimedia(server)) as tools:
        return await tools.call(function, arguments)


async def test_a_search_gives_titles_lengths_and_plain_extracts(tmp_path: Path) -> None:
    text = await ask("wikipedia", tmp_path, "wikipedia_search", query="Ada")
    assert "2,345 articles" in text
    assert "- Ada Lovelace (10,123 words): Augusta Ada King & Countess" in text


async def test_a_search_without_hits_hands_on_the_suggestion(tmp_path: Path) -> None:
    text = await ask("wikipedia", tmp_path, "wikipedia_search", query="xyzzyq")
    assert "has no article" in text
    assert "'xyzzy'" in text


async def test_an_article_begins_with_its_introduction_and_lists_its_sections(tmp_path: Path) -> None:
    text = await ask("wikipedia", tmp_path, "wikipedia_read", title="Ada Byron")
    assert text.startswith("Wikipedia (en): Ada Lovelace (asked for 'Ada Byron')")
    assert "Ada Lovelace was an English mathematician." in text
    assert "Born | 10 December 1815" in text
    assert "1 Biography\n  1.1 Early life" in text
    assert "[1]" not in text


@pytest.mark.parametrize("section", ["Biography", "biography", "1", "1 Biography", "biog"])
async def test_a_section_is_found_by_its_heading_or_number(tmp_path: Path, section: str) -> None:
    text = await ask("wikipedia", tmp_path, "wikipedia_read", title="Ada Lovelace", section=section)
    assert "## Biography\nShe met Charles Babbage in 1833." in text.replace("\n\n", "\n")
    assert "- daughter of Lord Byron\n" in text
    assert "edit" not in text


async def test_a_long_section_comes_in_pages(tmp_path: Path) -> None:
    first = await ask("wikipedia", tmp_path, "wikipedia_read", title="Ada Lovelace", section="Long")
    assert "[page 1 of 2; wikipedia_read with page=2 for the next]" in first
    second = await ask("wikipedia", tmp_path, "wikipedia_read", title="Ada Lovelace", section="Long", page=2)
    assert "[page 2 of 2, the last]" in second
    assert first.count("A long story.") + second.count("A long story.") == 900
    with pytest.raises(ToolFailed, match="no page 3: the text has 2"):
        await ask("wikipedia", tmp_path, "wikipedia_read", title="Ada Lovelace", section="Long", page=3)


async def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"no section 'Death'\. Its sections: 1 Biography; 1\.1 Early life; 2 Long"):
        await ask("wikipedia", tmp_path, "wikipedia_read", title="Ada Lovelace", section="Death")
    with pytest.raises(ToolFailed, match=r"no article 'Nobody'\. Find its title with wikipedia_search"):
        await ask("wikipedia", tmp_path, "wikipedia_read", title="Nobody")
    with pytest.raises(ToolFailed, match="not the code of a language"):
        await ask("wikipedia", tmp_path, "wikipedia_search", query="x", language="en/../evil")


async def test_a_title_of_several_meanings_says_so_and_another_language_is_asked(tmp_path: Path) -> None:
    text = await ask("wikipedia", tmp_path, "wikipedia_read", title="Ada", language="de")
    assert "Wikipedia (de): Ada\nThis title has several meanings" in text


async def test_entities_are_found_by_name(tmp_path: Path) -> None:
    text = await ask("wikidata", tmp_path, "wikidata_search", name="Ada Lovelace")
    assert text == "Q7259: Ada Lovelace - English mathematician (1815-1852) (also Ada King)"
    assert "has no item called 'Qqq'" in await ask("wikidata", tmp_path, "wikidata_search", name="Qqq")


async def test_facts_are_in_words_with_units_dates_and_qualifiers(tmp_path: Path) -> None:
    text = await ask("wikidata", tmp_path, "wikidata_facts", entity="q7259")
    assert text.splitlines() == [
        "Q7259: Ada Lovelace - English mathematician",
        "also: Ada King",
        "instance of (P31): human (Q5)",
        "date of birth (P569): 1815-12-10 [preferred]",
        "occupation (P106): mathematician (Q170790) (start time: 1842)",
        "height (P2048): 1.65 metre",
        "coordinate location (P625): 51.50000, -0.12000",
        "name in native language (P1559): Ada (en)",
        "father (P22): unknown",
    ]


async def test_facts_can_be_asked_by_name_or_number_of_their_property(tmp_path: Path) -> None:
    for about in ("birth", "P569"):
        text = await ask("wikidata", tmp_path, "wikidata_facts", entity="Q7259", about=about)
        assert text.splitlines()[2:] == ["date of birth (P569): 1815-12-10 [preferred]"]
    assert "no fact about 'salary'" in await ask("wikidata", tmp_path, "wikidata_facts", entity="Q7259", about="salary")


async def test_an_entity_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no entity Q999999999"):
        await ask("wikidata", tmp_path, "wikidata_facts", entity="Q999999999")
    with pytest.raises(ToolFailed, match="not an identifier like Q42"):
        await ask("wikidata", tmp_path, "wikidata_facts", entity="Ada Lovelace")


async def test_sparql_gives_rows_a_yes_or_the_reason_why_not(tmp_path: Path) -> None:
    text = await ask("wikidata", tmp_path, "wikidata_query", sparql="SELECT ?item WHERE {}")
    assert text.splitlines() == ["item | itemLabel | empty", "Q1 | thing 1 | ", "Q2 | thing 2 | "]
    assert await ask("wikidata", tmp_path, "wikidata_query", sparql="ASK {}") == "yes"
    assert "no results" in await ask("wikidata", tmp_path, "wikidata_query", sparql="SELECT none")
    many = await ask("wikidata", tmp_path, "wikidata_query", sparql="SELECT many")
    assert many.endswith("[300 of 500 rows left out; use LIMIT and OFFSET]")
    with pytest.raises(ToolFailed, match=r"not understood: .*MalformedQueryException: Encountered"):
        await ask("wikidata", tmp_path, "wikidata_query", sparql="SELECT broken")
    with pytest.raises(ToolFailed, match="took too long"):
        await ask("wikidata", tmp_path, "wikidata_query", sparql="SELECT slow")
