"""Providers of web search: each asks one service in its format and gives the same results.

Sources: Brave Search API (web/search), Tavily API (POST /search), Serper (POST /search), SearXNG search API
(format=json), DuckDuckGo's page without scripts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urljoin, urlsplit

import msgspec

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_alone import plain
from ioa.adapters.agents.react.web.replies import WebFailed

_TOOL = "web_search"


@dataclass(frozen=True, slots=True)
class Result:
    title: str
    url: str
    extract: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """`find(setting, query, count, page)`; `key` is the environment variable without which it cannot be asked."""

    title: str
    key: str
    find: Callable[[ToolSetting, str, int, int], Awaitable[list[Result]]]


class _BraveResult(msgspec.Struct):
    title: str
    url: str
    description: str | None = None
    age: str | None = None
    page_age: str | None = None


class _BraveWeb(msgspec.Struct):
    results: list[_BraveResult] = []


class _Brave(msgspec.Struct):
    web: _BraveWeb | None = None


async def _brave(setting: ToolSetting, query: str, count: int, page: int) -> list[Result]:
    base = setting.option(_TOOL, "brave_url", "IOA_BRAVE_URL", "https://api.search.brave.com/res/v1/web/search")
    reply = await setting.the_web().get(
        base,
        {"q": query, "count": str(count), "offset": str(min(page - 1, 9))},
        headers={"accept": "application/json", "x-subscription-token": setting.environment["BRAVE_API_KEY"]},
        api=True,
        pause_s=1.0,  # one request a second in its free plan
    )
    found = reply.decoded(_Brave).web
    return [
        Result(plain(one.title), one.url, plain(one.description), one.age or (one.page_age or "")[:10])
        for one in (found.results if found else [])
    ]


class _TavilyResult(msgspec.Struct):
    title: str
    url: str
    content: str = ""
    published_date: str | None = None


class _Tavily(msgspec.Struct):
    results: list[_TavilyResult] = []


async def _tavily(setting: ToolSetting, query: str, count: int, page: int) -> list[Result]:
    if page > 1:
        raise ToolFailed("Tavily gives one page of results only; ask with other words, or with count up to 20.")
    base = setting.option(_TOOL, "tavily_url", "IOA_TAVILY_URL", "https://api.tavily.com/search")
    reply = await setting.the_web().post_json(
        base,
        {"query": query, "max_results": count, "search_depth": "basic"},
        headers={"authorization": f"Bearer {setting.environment['TAVILY_API_KEY']}"},
    )
    return [
        Result(plain(one.title), one.url, plain(one.content), one.published_date or "")
        for one in reply.decoded(_Tavily).results
    ]


class _SerperResult(msgspec.Struct):
    title: str
    link: str
    snippet: str = ""
    date: str | None = None


class _Serper(msgspec.Struct):
    organic: list[_SerperResult] = []


async def _serper(setting: ToolSetting, query: str, count: int, page: int) -> list[Result]:
    base = setting.option(_TOOL, "serper_url", "IOA_SERPER_URL", "https://google.serper.dev/search")
    reply = await setting.the_web().post_json(
        base, {"q": query, "num": count, "page": page}, headers={"x-api-key": setting.environment["SERPER_API_KEY"]}
    )
    return [
        Result(plain(one.title), one.link, plain(one.snippet), one.date or "") for one in reply.decoded(_Serper).organic
    ]


class _SearxResult(msgspec.Struct):
    url: str
    title: str = ""
    content: str | None = None
    publishedDate: str | None = None  # noqa: N815 - the service's name


class _Searx(msgspec.Struct):
    results: list[_SearxResult] = []


async def _searxng(setting: ToolSetting, query: str, count: int, page: int) -> list[Result]:
    base = setting.option(_TOOL, "searxng_url", "IOA_SEARXNG_URL").rstrip("/")
    if not base:
        raise ToolFailed("The web search provider 'searxng' needs IOA_SEARXNG_URL, the address of an instance.")
    try:
        reply = await setting.the_web().get(
            f"{base}/search", {"q": query, "format": "json", "pageno": str(page)}, api=True
        )
    except WebFailed as failure:
        if failure.status == 403:
            raise ToolFailed(
                f"{base} refuses the format json. Its owner must add json to search.formats in settings.yml."
            ) from failure
        raise
    return [
        Result(plain(one.title), one.url, plain(one.content), (one.publishedDate or "")[:10])
        for one in reply.decoded(_Searx).results[:count]
    ]


async def _duckduckgo(setting: ToolSetting, query: str, count: int, page: int) -> list[Result]:
    from bs4 import BeautifulSoup

    if page > 1:
        raise ToolFailed("DuckDuckGo's page without scripts gives one page of results; ask with other words.")
    base = setting.option(_TOOL, "duckduckgo_url", "IOA_DUCKDUCKGO_URL", "https://html.duckduckgo.com/html/")
    reply = await setting.the_web().get(base, {"q": query}, accept=("text/html",), pause_s=2.0)
    soup = BeautifulSoup(reply.text, "html.parser")
    found: list[Result] = []
    for block in soup.select("div.result:not(.result--ad)"):
        link = block.select_one("a.result__a[href]")
        if link is None:
            continue
        extract = block.select_one(".result__snippet")
        url = _behind(urljoin(reply.url, str(link["href"])))
        found.append(Result(plain(link.get_text()), url, plain(extract.get_text()) if extract else ""))
    if not found and (reply.status == 202 or soup.select_one(".anomaly-modal__title, #challenge-form")):
        raise ToolFailed(
            "DuckDuckGo asks for a proof that a person searches. Use another provider: BRAVE_API_KEY, TAVILY_API_KEY, "
            "SERPER_API_KEY or IOA_SEARXNG_URL."
        )
    if not found and soup.select_one(".no-results, .result--no-result") is None:
        raise ToolFailed("DuckDuckGo's page has changed and shows no results that can be read. Use another provider.")
    return found[:count]


def _behind(url: str) -> str:
    """The address that DuckDuckGo's redirect leads to."""
    parts = urlsplit(url)
    target = parse_qs(parts.query).get("uddg") if parts.path == "/l/" else None
    return target[0] if target else url


PROVIDERS: Mapping[str, Provider] = {
    "brave": Provider("Brave", "BRAVE_API_KEY", _brave),
    "tavily": Provider("Tavily", "TAVILY_API_KEY", _tavily),
    "serper": Provider("Serper (Google)", "SERPER_API_KEY", _serper),
    "searxng": Provider("SearXNG", "IOA_SEARXNG_URL", _searxng),
    "duckduckgo": Provider("DuckDuckGo", "", _duckduckgo),
}
"""By name, in the order in which the first with a key is taken."""
