"""Web search over each provider, in the provider's format."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.react.toolkit import ToolFailed
from tests.tools.servers.search_engines import engines
from tests.tools.servers.web_server import Answer, web_server
from tests.tools.web_places import toolbox

FOUND = [
    ({"BRAVE_API_KEY": "brave-key"}, "Brave", "Bees & hives (April 1, 2025)", "https://bees.example/hives"),
    ({"TAVILY_API_KEY": "tavily-key"}, "Tavily", "Tavily on bees", "https://bees.example/t"),
    ({"SERPER_API_KEY": "serper-key"}, "Serper (Google)", "Serper on bees (Mar 3, 2024)", "https://bees.example/s"),
    ({"IOA_SEARXNG_URL": "{url}/searx/"}, "SearXNG", "Bees 1 (2023-05-06)", "https://bees.example/1"),
    ({"IOA_WEB_SEARCH": "duckduckgo"}, "DuckDuckGo", "All about bees", "https://bees.example/a?b=1&c=2"),
]


@pytest.mark.parametrize(("keys", "title", "first", "url"), FOUND)
async def test_each_provider_gives_titles_addresses_and_extracts(
    tmp_path: Path, keys: dict[str, str], title: str, first: str, url: str
) -> None:
    async with web_server() as server:
        environment = engines(server) | {name: value.format(url=server.url) for name, value in keys.items()}
        async with toolbox("web_search", server, tmp_path, environment) as tools:
            text = await tools.call("web_search", {"query": "bees", "count": 5})
    lines = text.splitlines()
    assert lines[0] == f"{title}, results for 'bees':"
    assert lines[1] == f"1. {first}"
    assert lines[2].strip() == url
    assert "<" not in text


async def test_extracts_are_plain_words_and_advertisements_are_left_out(tmp_path: Path) -> None:
    async with web_server() as server:
        environment = engines(server) | {"BRAVE_API_KEY": "brave-key"}
        async with toolbox("web_search", server, tmp_path, environment) as tools:
            assert "How a bee builds 'combs'." in await tools.call("web_search", {"query": "bees"})
        environment = engines(server) | {"IOA_WEB_SEARCH": "duckduckgo"}
        async with toolbox("web_search", server, tmp_path, environment) as tools:
            text = await tools.call("web_search", {"query": "bees"})
    assert "Bees are insects." in text
    assert "https://direct.example/" in text
    assert "Buy" not in text


async def test_more_pages_are_asked_for(tmp_path: Path) -> None:
    async with web_server() as server:
        environment = engines(server) | {"IOA_SEARXNG_URL": f"{server.url}/searx"}
        async with toolbox("web_search", server, tmp_path, environment) as tools:
            text = await tools.call("web_search", {"query": "bees", "count": 3, "page": 2})
            assert server.asked[-1].query["pageno"] == "2"
            assert text.count("https://bees.example/") == 3
            assert "web_search with page=3" in text


async def test_without_a_provider_it_says_how_to_get_one(tmp_path: Path) -> None:
    async with web_server() as server:
        with pytest.raises(ToolFailed, match=r"BRAVE_API_KEY.*TAVILY_API_KEY.*IOA_WEB_SEARCH"):
            async with toolbox("web_search", server, tmp_path, {}):
                pass
        with pytest.raises(ToolFailed, match="no web search provider 'altavista'; known: brave, tavily"):
            async with toolbox("web_search", server, tmp_path, {"IOA_WEB_SEARCH": "altavista"}):
                pass
        with pytest.raises(ToolFailed, match="'brave' needs the environment variable BRAVE_API_KEY"):
            async with toolbox("web_search", server, tmp_path, {"IOA_WEB_SEARCH": "brave"}):
                pass


async def test_the_agents_file_may_name_the_provider_and_its_address(tmp_path: Path) -> None:
    async with web_server() as server:
        engines(server)
        options = {"web_search": {"provider": "searxng", "searxng_url": f"{server.url}/searx"}}
        async with toolbox("web_search", server, tmp_path, {}, options=options) as tools:
            assert "Bees 1" in await tools.call("web_search", {"query": "bees"})


async def test_a_wrong_key_fails_at_once_and_is_not_shown(tmp_path: Path) -> None:
    async with web_server() as server:
        environment = engines(server) | {"TAVILY_API_KEY": "wrong-one"}
        async with toolbox("web_search", server, tmp_path, environment) as tools:
            with pytest.raises(ToolFailed, match=r"401.*key is missing or wrong") as caught:
                await tools.call("web_search", {"query": "bees"})
        assert "wrong-one" not in str(caught.value)
        assert server.count("/tavily") == 1


@pytest.mark.parametrize(
    ("query", "said"), [("robot", "proof that a person searches"), ("changed", "page has changed")]
)
async def test_a_page_of_duckduckgo_that_has_no_results_is_not_taken_for_none(
    tmp_path: Path, query: str, said: str
) -> None:
    async with web_server() as server:
        environment = engines(server) | {"IOA_WEB_SEARCH": "duckduckgo"}
        async with toolbox("web_search", server, tmp_path, environment) as tools:
            with pytest.raises(ToolFailed, match=said):
                await tools.call("web_search", {"query": query})
            assert "found nothing for 'nothing'" in await tools.call("web_search", {"query": "nothing"})


async def test_duckduckgos_robots_are_honoured(tmp_path: Path) -> None:
    async with web_server() as server:
        environment = engines(server) | {"IOA_WEB_SEARCH": "duckduckgo"}
        server.on("/robots.txt", Answer(body="User-agent: *\nDisallow: /html\n", media_type="text/plain"))
        async with toolbox("web_search", server, tmp_path, environment) as tools:
            with pytest.raises(ToolFailed, match=r"robots\.txt"):
                await tools.call("web_search", {"query": "bees"})


async def test_searxng_without_json_names_the_remedy(tmp_path: Path) -> None:
    async with web_server() as server:
        server.on("/search", Answer(403, "Forbidden"))
        async with toolbox("web_search", server, tmp_path, {"IOA_SEARXNG_URL": server.url}) as tools:
            with pytest.raises(ToolFailed, match=r"search\.formats"):
                await tools.call("web_search", {"query": "bees"})


async def test_an_empty_query_is_refused(tmp_path: Path) -> None:
    async with web_server() as server:
        environment = engines(server) | {"BRAVE_API_KEY": "brave-key"}
        async with toolbox("web_search", server, tmp_path, environment) as tools:
            with pytest.raises(ToolFailed, match="query is empty"):
                await tools.call("web_search", {"query": "  "})
