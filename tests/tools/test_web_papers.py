"""arXiv, Semantic Scholar and OpenAlex, over their formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.react.toolkit import ToolFailed
from tests.tools.servers.jump_clock import JumpClock
from tests.tools.servers.paper_sites import paper_sites
from tests.tools.servers.web_server import WebServer, web_server
from tests.tools.web_places import toolbox

FIRST = "0" * 39 + "1"


async def ask(
    service: str, tmp_path: Path, function: str, environment: dict[str, str] | None = None, **arguments
) -> str:
    text, _ = await ask_and_see(service, tmp_path, function, environment or {}, **arguments)
    return text


async def ask_and_see(
    service: str, tmp_path: Path, function: str, environment: dict[str, str], **arguments
) -> tuple[str, WebServer]:
    async with (
        web_server() as server,
        toolbox(service, server, tmp_path, paper_sites(server) | environment) as tools,
    ):
        return await tools.call(function, arguments), server


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ({"query": "attention transformers"}, "all:attention AND all:transformers"),
        ({"query": 'neural "sequence models"', "field": "title"}, 'ti:neural AND ti:"sequence models"'),
        ({"query": "au:hinton AND ti:capsules"}, "au:hinton AND ti:capsules"),
        ({"query": "Hinton", "field": "author", "order": "newest"}, "au:Hinton"),
    ],
)
async def test_words_become_a_query_of_arxiv_in_the_field_asked_for(
    tmp_path: Path, arguments: dict[str, str], asked: str
) -> None:
    _, server = await ask_and_see("arxiv", tmp_path, "arxiv_search", {}, **arguments)
    query = server.asked[-1].query
    assert query["search_query"] == asked
    assert query["sortBy"] == ("submittedDate" if arguments.get("order") else "relevance")


async def test_papers_of_arxiv_come_with_authors_dates_and_pages(tmp_path: Path) -> None:
    text, server = await ask_and_see("arxiv", tmp_path, "arxiv_search", {}, query="x", count=2, page=3)
    assert text.startswith("arXiv, papers 5 to 6 of 1,234 for 'x':\n- 1706.00004v7: Paper 4\n")
    assert "Ashish Vaswani, Noam Shazeer; 2017-06-12; cs.CL" in text
    assert "arxiv_search with page=4" in text
    assert server.asked[-1].query["start"] == "4"


@pytest.mark.parametrize(
    "paper",
    ["1706.03762", "arXiv:1706.03762v7", "https://arxiv.org/abs/1706.03762", "https://arxiv.org/pdf/1706.03762.pdf"],
)
async def test_one_paper_of_arxiv_is_read_by_any_of_its_names(tmp_path: Path, paper: str) -> None:
    text = await ask("arxiv", tmp_path, "arxiv_read", paper=paper)
    assert "Attention Is All You Need" in text
    assert "categories: cs.CL, cs.LG" in text
    assert "comment: 15 pages, 5 figures\nDOI: 10.1000/xyz" in text
    assert text.endswith("The dominant sequence transduction models are based on complex networks.")


async def test_a_paper_is_saved_as_pdf_and_a_page_in_its_place_is_not(tmp_path: Path) -> None:
    assert "Saved arxiv-1706.03762.pdf (14 bytes)" in await ask("arxiv", tmp_path, "arxiv_download", paper="1706.03762")
    assert (tmp_path / "arxiv-1706.03762.pdf").read_bytes().startswith(b"%PDF-")
    assert "Saved arxiv-1706.03762-2.pdf" in await ask("arxiv", tmp_path, "arxiv_download", paper="1706.03762")
    with pytest.raises(ToolFailed, match="is no PDF"):
        await ask("arxiv", tmp_path, "arxiv_download", paper="2501.00001")
    assert not (tmp_path / "arxiv-2501.00001.pdf").exists()


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("arxiv_search", {"query": "wrong"}, "incorrect id format for x"),
        ("arxiv_search", {"query": "bomb"}, "declares entities"),
        ("arxiv_search", {"query": "x", "field": "colour"}, "no field 'colour'; known: all, title"),
        ("arxiv_search", {"query": "x", "order": "best"}, "no order 'best'"),
        ("arxiv_search", {"query": " "}, "query is empty"),
        ("arxiv_read", {"paper": "attention"}, "not an identifier of arXiv"),
        ("arxiv_read", {"paper": "2501.99999"}, "no paper '2501.99999'"),
    ],
)
async def test_what_arxiv_cannot_do_is_said(
    tmp_path: Path, function: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(ToolFailed, match=said):
        await ask("arxiv", tmp_path, function, {}, **arguments)


async def test_arxiv_is_asked_at_most_every_three_seconds(tmp_path: Path) -> None:
    clock = JumpClock()
    async with web_server() as server, toolbox("arxiv", server, tmp_path, paper_sites(server), clock) as tools:
        await tools.call("arxiv_search", {"query": "a"})
        await tools.call("arxiv_search", {"query": "b"})
    assert 3.0 in clock.slept


async def test_papers_of_semantic_scholar_come_with_citations_and_years(tmp_path: Path) -> None:
    text, server = await ask_and_see(
        "scholar", tmp_path, "scholar_search", {"SEMANTIC_SCHOLAR_API_KEY": "k"}, query="attention", count=2, page=2,
        years="2015-2018",
    )  # fmt: skip
    assert text.startswith("Semantic Scholar, 3 to 4 of 100 papers for 'attention':")
    assert "Author 0, Author 1, Author 2, Author 3, Author 4 and 2 more; 2017; cited 90,000 times" in text
    assert "scholar_search with page=3" in text
    assert server.asked[-1].headers["x-api-key"] == "k"
    assert server.asked[-1].query["year"] == "2015-2018"


@pytest.mark.parametrize("paper", [FIRST, "10.1000/xyz", "https://doi.org/10.1000/xyz", "arXiv:1706.03762"])
async def test_a_paper_is_read_by_identifier_doi_or_arxiv_number(tmp_path: Path, paper: str) -> None:
    text = await ask("scholar", tmp_path, "scholar_read", paper=paper)
    assert "venue: NeurIPS\nDOI: 10.1000/xyz\nfree text: https://example.org/p.pdf" in text
    assert "The dominant models." in text


async def test_citations_and_references_are_followed(tmp_path: Path) -> None:
    text = await ask("scholar", tmp_path, "scholar_related", paper=FIRST)
    assert "Paper 2" in text
    assert "Paper 3" in text
    text = await ask("scholar", tmp_path, "scholar_related", paper=FIRST, relation="references")
    assert "Paper 4" in text
    assert "page=2" not in text


async def test_openalex_gives_the_same_with_its_abstract_put_in_order(tmp_path: Path) -> None:
    alex = {"IOA_SCHOLAR": "openalex", "IOA_WEB_CONTACT": "me@example.org"}
    text, server = await ask_and_see("scholar", tmp_path, "scholar_search", alex, query="bees", count=10, page=3)
    assert text.startswith("OpenAlex, 21 to 25 of 25 papers for 'bees':")
    assert "Do bees like bees" in text
    assert server.asked[-1].query["mailto"] == "me@example.org"
    text = await ask("scholar", tmp_path, "scholar_read", alex, paper="arXiv:1706.03762")
    assert "W7: Work 7" in text
    _, server = await ask_and_see(
        "scholar", tmp_path, "scholar_related", alex, paper="10.1000/xyz", relation="references"
    )
    assert server.asked[-1].query["filter"] == "cited_by:W7"


@pytest.mark.parametrize(
    ("environment", "function", "arguments", "said"),
    [
        ({}, "scholar_read", {"paper": "abc"}, "no such paper"),
        ({}, "scholar_search", {"query": "crowd"}, "SEMANTIC_SCHOLAR_API_KEY, or IOA_SCHOLAR=openalex"),
        ({}, "scholar_search", {"query": "x", "years": "soon"}, "are not years"),
        ({}, "scholar_related", {"paper": "x", "relation": "friends"}, "no relation 'friends'"),
        ({"IOA_SCHOLAR": "openalex"}, "scholar_read", {"paper": "W9"}, "no such paper"),
        ({"IOA_SCHOLAR": "openalex"}, "scholar_read", {"paper": "nine"}, "not an identifier of OpenAlex"),
        ({"IOA_SCHOLAR": "google"}, "scholar_read", {"paper": "x"}, "no catalogue of papers 'google'"),
    ],
)
async def test_what_a_catalogue_cannot_do_is_said(
    tmp_path: Path, environment: dict[str, str], function: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(ToolFailed, match=said):
        await ask("scholar", tmp_path, function, environment, **arguments)


async def test_no_paper_found_is_said(tmp_path: Path) -> None:
    assert "no paper for 'nothing'" in await ask("scholar", tmp_path, "scholar_search", query="nothing")
    assert "no paper for 'nothing'" in await ask("arxiv", tmp_path, "arxiv_search", query="nothing")
