"""Web search, by the provider that is configured."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from ioa.adapters.agents.react.tool import Tool, ToolFailed, clipped, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_alone import alone, at_most, short
from ioa.adapters.agents.react.tools.web_providers import PROVIDERS, Provider

_NONE = (
    "No web search is configured. Set one of BRAVE_API_KEY, TAVILY_API_KEY, SERPER_API_KEY or IOA_SEARXNG_URL (an own "
    "SearXNG with the format json switched on), or IOA_WEB_SEARCH=duckduckgo, which needs no key and may be refused."
)


class WebSearch:
    """Asks the provider that `IOA_WEB_SEARCH` (or the option `provider`) names, else the first that has its key."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._provider = chosen_provider(setting)

    async def web_search(self, query: str, count: int = 8, page: int = 1) -> str:
        """Search the web. Gives titles, addresses and extracts of pages; open an address to read the page.

        Args:
            query: The words to search for.
            count: How many results, at most 20.
            page: Which page of results, from 1.
        """
        if not query.strip():
            raise ToolFailed("web_search: the query is empty. Give the words to search for.")
        found = await self._provider.find(self._setting, query.strip(), at_most(count, 20), max(page, 1))
        if not found:
            return f"{self._provider.title} found nothing for {query!r}. Try fewer or other words."
        lines = [f"{self._provider.title}, results for {query!r}:"]
        for number, one in enumerate(found[: at_most(count, 20)], 1):
            dated = f" ({one.date})" if one.date else ""
            lines.append(
                f"{number}. {one.title or '(no title)'}{dated}\n   {one.url}\n   {short(one.extract, 400)}".rstrip()
            )
        lines.append(f"[web_search with page={max(page, 1) + 1} for more]")
        return clipped("\n".join(lines), "Ask for fewer results.", self._setting.limits.output_chars)


def chosen_provider(setting: ToolSetting) -> Provider:
    """Raises `ToolFailed` when none is configured, or the one named is unknown or lacks its key."""
    name = setting.option("web_search", "provider", "IOA_WEB_SEARCH").lower()
    if name:
        provider = PROVIDERS.get(name)
        if provider is None:
            raise ToolFailed(f"There is no web search provider {name!r}; known: {', '.join(PROVIDERS)}.")
        given = provider.key == "IOA_SEARXNG_URL" and setting.option("web_search", "searxng_url")
        if provider.key and not setting.environment.get(provider.key) and not given:
            raise ToolFailed(f"The web search provider {name!r} needs the environment variable {provider.key}.")
        return provider
    for provider in PROVIDERS.values():
        if provider.key and setting.environment.get(provider.key):
            return provider
    raise ToolFailed(_NONE)


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    yield (tool(WebSearch(setting).web_search),)


web_search = alone(WebSearch, WebSearch.web_search)
