"""The tools that reach the network, and what each needs."""

from __future__ import annotations

from ioa.adapters.agents.react.tool_maker import ToolMaker

_HERE = "ioa.adapters.agents.react.tools"
_READABLE = ("bs4", "lxml", "trafilatura")

MAKERS = (
    ToolMaker(
        name="web_search",
        summary="searches the web: titles, addresses and extracts",
        target=f"{_HERE}.web_search:opened",
        network=True,
        extra="tools",
        modules=("bs4",),
        keys=("BRAVE_API_KEY", "TAVILY_API_KEY", "SERPER_API_KEY", "IOA_SEARXNG_URL", "IOA_WEB_SEARCH"),
        optional="without any key: IOA_WEB_SEARCH=duckduckgo",
    ),
    ToolMaker(
        name="web_browser",
        summary="opens web pages: reads, follows links, finds words, downloads",
        target=f"{_HERE}.web_browser:opened",
        network=True,
        extra="tools",
        modules=_READABLE,
        optional="pages made by JavaScript: the extra `browser` and Chromium (IOA_CHROMIUM or on the PATH)",
    ),
    ToolMaker(
        name="wikipedia",
        summary="searches Wikipedia and reads its articles by section",
        target=f"{_HERE}.wikipedia:opened",
        network=True,
        extra="tools",
        modules=("bs4", "lxml"),
    ),
    ToolMaker(
        name="wikidata",
        summary="finds entities of Wikidata, their facts, and answers SPARQL",
        target=f"{_HERE}.wikidata:opened",
        network=True,
    ),
    ToolMaker(
        name="arxiv",
        summary="searches arXiv, shows abstracts, downloads papers",
        target=f"{_HERE}.arxiv:opened",
        network=True,
    ),
    ToolMaker(
        name="scholar",
        summary="finds scientific papers, who cites them and what they cite",
        target=f"{_HERE}.scholar:opened",
        network=True,
        optional="more requests: SEMANTIC_SCHOLAR_API_KEY",
    ),
    ToolMaker(
        name="youtube",
        summary="searches YouTube and reads transcripts",
        target=f"{_HERE}.youtube:opened",
        network=True,
        optional="search: YOUTUBE_API_KEY, or IOA_INVIDIOUS_URL or IOA_PIPED_URL",
    ),
)
