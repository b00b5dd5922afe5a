"""Wikipedia: search, and articles section by section. Source: MediaWiki Action API, list=search and action=parse."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import msgspec

from ioa.adapters.agents.react.tool import Tool, ToolFailed, one_page, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_alone import alone, at_most, plain
from ioa.adapters.agents.react.web.page_text import page_text
from ioa.adapters.agents.react.web.replies import Reply

_LEFT_OUT = (
    ".mw-editsection", "sup.reference", ".navbox", ".metadata", ".mw-empty-elt", ".noprint", ".toc", "#toc",
    ".mw-cite-backlink", ".mwe-math-mathml-inline",
)  # fmt: skip
_LANGUAGE = re.compile(r"[a-z][a-z0-9-]{1,15}")


class _Hit(msgspec.Struct):
    title: str
    snippet: str = ""
    wordcount: int = 0


class _SearchInfo(msgspec.Struct):
    totalhits: int = 0
    suggestion: str | None = None


class _Found(msgspec.Struct):
    search: list[_Hit] = []
    searchinfo: _SearchInfo = msgspec.field(default_factory=_SearchInfo)


class _Error(msgspec.Struct):
    code: str
    info: str = ""


class _SearchAnswer(msgspec.Struct):
    query: _Found | None = None
    error: _Error | None = None


class _Section(msgspec.Struct):
    line: str
    number: str
    index: str
    toclevel: int = 1


class _Redirect(msgspec.Struct):
    to: str


class _Article(msgspec.Struct):
    title: str
    text: str = ""
    sections: list[_Section] = []
    redirects: list[_Redirect] = []
    properties: dict[str, str | bool | int | None] = {}


class _ParseAnswer(msgspec.Struct):
    parse: _Article | None = None
    error: _Error | None = None


class Wikipedia:
    """`IOA_WIKIPEDIA_URL` (option `url`) is the API's address, with `{language}` where the language stands."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._url = setting.option(
            "wikipedia", "url", "IOA_WIKIPEDIA_URL", "https://{language}.wikipedia.org/w/api.php"
        )

    async def wikipedia_search(self, query: str, count: int = 6, language: str = "en") -> str:
        """Search Wikipedia. Gives titles of articles with an extract; read one with wikipedia_read.

        Args:
            query: The words to search for.
            count: How many articles, at most 20.
            language: The language of the encyclopedia, such as en, de or simple.
        """
        asked = {"action": "query", "list": "search", "srsearch": query, "srlimit": str(at_most(count, 20)),
                 "srinfo": "totalhits|suggestion"}  # fmt: skip
        answer = (await self._get(asked, language)).decoded(_SearchAnswer)
        if answer.error:
            raise ToolFailed(f"Wikipedia refuses the search for {query!r}: {answer.error.info} ({answer.error.code}).")
        found = answer.query or _Found()
        if not found.search:
            hint = f" It suggests {found.searchinfo.suggestion!r}." if found.searchinfo.suggestion else ""
            return f"Wikipedia ({language}) has no article for {query!r}.{hint} Try fewer or other words."
        lines = [f"Wikipedia ({language}), {found.searchinfo.totalhits:,} articles for {query!r}:"]
        lines += [f"- {one.title} ({one.wordcount:,} words): {plain(one.snippet)}" for one in found.search]
        return "\n".join(lines)

    async def wikipedia_read(self, title: str, section: str = "", page: int = 1, language: str = "en") -> str:
        """Read an article of Wikipedia: its introduction and the list of its sections, or one section in full.

        Args:
            title: The title of the article.
            section: The heading or number of a section; empty for the introduction and the list of sections.
            page: Which page of a long section, from 1.
            language: The language of the encyclopedia, such as en, de or simple.
        """
        outline = await self._article(title, "", language)
        index = "0" if not section.strip() else _index_of(section.strip(), outline)
        article = await self._article(title, index, language)
        shown = await asyncio.to_thread(page_text, article.text, "", without=_LEFT_OUT, numbered=False)
        moved = f" (asked for {title!r})" if outline.redirects else ""
        several = ""
        if "disambiguation" in outline.properties:
            several = "This title has several meanings; choose the title of one of them.\n"
        head = f"Wikipedia ({language}): {outline.title}{moved}"
        if index != "0":
            return one_page(
                f"{head}\n{shown.text}", page, "wikipedia_read with page={page}", self._setting.limits.output_chars
            )
        contents = "\n".join(
            f"{'  ' * max(one.toclevel - 1, 0)}{one.number} {plain(one.line)}" for one in outline.sections
        )
        sections = f"\n\nSections (read one with section=…):\n{contents}" if contents else ""
        text = f"{head}\n{several}{shown.text}{sections}"
        return one_page(text, page, "wikipedia_read with page={page}", self._setting.limits.output_chars)

    async def _article(self, title: str, index: str, language: str) -> _Article:
        asked = {"action": "parse", "page": title.strip(), "redirects": "1", "disabletoc": "1"}
        asked |= {"prop": "text", "section": index} if index else {"prop": "sections|properties"}
        answer = (await self._get(asked, language)).decoded(_ParseAnswer)
        if answer.error or answer.parse is None:
            code = answer.error.code if answer.error else "no answer"
            if code in ("missingtitle", "pagecannotexist", "invalidtitle"):
                raise ToolFailed(
                    f"Wikipedia ({language}) has no article {title!r}. Find its title with wikipedia_search."
                )
            raise ToolFailed(f"Wikipedia cannot show {title!r}: {answer.error.info if answer.error else ''} ({code}).")
        return answer.parse

    async def _get(self, asked: dict[str, str], language: str) -> Reply:
        if not _LANGUAGE.fullmatch(language):
            raise ToolFailed(f"{language!r} is not the code of a language; write en, de, fr, simple …")
        shared = {"format": "json", "formatversion": "2", "utf8": "1"}
        url = self._url.replace("{language}", language)
        return await self._setting.the_web().get(url, {**asked, **shared}, api=True)


def _index_of(section: str, article: _Article) -> str:
    wanted = plain(section).casefold()
    for one in article.sections:
        if wanted in (plain(one.line).casefold(), one.number.casefold(), f"{one.number} {plain(one.line)}".casefold()):
            return one.index
    near = [one for one in article.sections if wanted in plain(one.line).casefold()]
    if len(near) == 1:
        return near[0].index
    known = "; ".join(f"{one.number} {plain(one.line)}" for one in article.sections) or "none"
    raise ToolFailed(f"{article.title!r} has no section {section!r}. Its sections: {known}.")


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    wiki = Wikipedia(setting)
    yield tool(wiki.wikipedia_search), tool(wiki.wikipedia_read)


wikipedia_search = alone(Wikipedia, Wikipedia.wikipedia_search)
wikipedia_read = alone(Wikipedia, Wikipedia.wikipedia_read)
