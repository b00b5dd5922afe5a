"""The web browser of one task: it opens a page, and the other tools work on the page that is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from ioa.adapters.agents.react.tool import Tool, ToolFailed, clipped, one_page, pages_of, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_chromium import chromium, why_not
from ioa.adapters.agents.react.tools.web_engine import Engine, Loaded, PageLeft, PlainEngine
from ioa.adapters.agents.react.tools.web_reading import answer_from, found_in, main_text, summary_of
from ioa.adapters.agents.react.web.free_names import free_path
from ioa.adapters.agents.react.web.page_text import Link, PageText, page_text

_VIEW_CHARS = 6_000
_HISTORY = 20
_HTML_CHARS = 2_000_000  # a page of nothing but links takes some 10 s to read at that length


class WebBrowser:
    """Chromium is started at the first page, when it is there; else pages are fetched without running scripts."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._stack = AsyncExitStack()
        self._engine: Engine | None = None
        self._busy = asyncio.Lock()
        self._page: PageText | None = None
        self._loaded = Loaded("", "")
        self._views: list[str] = []
        self._at = 0
        self._history: list[str] = []
        self._left = False

    async def aclose(self) -> None:
        await self._stack.aclose()

    async def browser_open(self, url: str) -> str:
        """Open a web page and show its beginning as text. Links and buttons carry numbers, like this[3].

        Args:
            url: Its address; https:// is added where it misses.
        """
        address = url.strip()
        if "://" not in address and not address.lower().startswith(("data:", "javascript:", "file:", "about:")):
            address = f"https://{address}"
        if urlsplit(address).scheme.lower() not in ("http", "https"):
            raise ToolFailed(f"{url}: only http and https are opened. Write https://host/path.")
        async with self._busy:
            return await self._show((await self._the_engine()).open(address))

    async def browser_click(self, link: str) -> str:
        """Click a link or button of the open page and show what comes.

        Args:
            link: Its number, such as 3, or its text.
        """
        async with self._busy:
            target = self._link(link)
            engine = await self._the_engine()
            if target.url and isinstance(engine, PlainEngine):
                return await self._show(engine.open(target.url))
            await self._back_at_page(engine)
            return await self._show(engine.click(target.number))

    async def browser_fill(self, field: str, text: str, submit: bool = True) -> str:
        """Fill in a field of the open page, such as a search box. Needs Chromium.

        Args:
            field: The number of the field, or its label.
            text: What to write into it.
            submit: Whether to press Enter after it.
        """
        async with self._busy:
            target = self._link(field)
            engine = await self._the_engine()
            await self._back_at_page(engine)
            return await self._show(engine.fill(target.number, text, submit=submit))

    async def browser_back(self) -> str:
        """Go back to the page that was open before."""
        async with self._busy:
            if len(self._history) < 2:
                raise ToolFailed("There is no page before this one.")
            self._history.pop()
            return await self._show((await self._the_engine()).open(self._history.pop()))

    async def browser_page_down(self) -> str:
        """Show the next part of the open page."""
        return self._view(self._at + 1)

    async def browser_page_up(self) -> str:
        """Show the part of the open page before this one."""
        return self._view(self._at - 1)

    async def browser_find(self, text: str) -> str:
        """Find words in the whole open page: shows each place with its surroundings, and goes to the first.

        Args:
            text: The words, in any case.
        """
        page = self._open_page()
        shown, first = found_in(page.text, text, self._setting.limits.output_chars)
        at = 0
        for number, view in enumerate(self._views):
            at += len(view)
            if first < at:
                self._at = number
                break
        return f"{shown}\n[the first is in part {self._at + 1} of {len(self._views)}, which is now the one shown]"

    async def browser_links(self, containing: str = "", page: int = 1) -> str:
        """List links and buttons of the open page with their numbers and addresses.

        Args:
            containing: Only those with this in their text or address; empty for all.
            page: Which page of a long list, from 1.
        """
        wanted = containing.casefold()
        links = [one for one in self._open_page().links if wanted in f"{one.text} {one.url}".casefold()]
        if not links:
            return f"The page has no link with {containing!r}." if containing else "The page has no links."
        text = "\n".join(
            f"[{one.number}] {one.text or '(no text)'}{f': {one.url}' if one.url else ''}" for one in links
        )
        return one_page(text, page, "browser_links with page={page}", self._setting.limits.output_chars)

    async def browser_read(self, page: int = 1) -> str:
        """The main text of the open page, without menus and advertisements, as Markdown.

        Args:
            page: Which page of a long text, from 1.
        """
        text = await self._main_text()
        return one_page(text, page, "browser_read with page={page}", self._setting.limits.output_chars)

    async def browser_answer(self, question: str) -> str:
        """Answer a question from the open page; without a model, the passages that fit best.

        Args:
            question: The question.
        """
        text = await self._main_text()
        return await answer_from(question, text, self._loaded.url, self._setting)

    async def browser_summarise(self) -> str:
        """Summarise the open page; without a model, its headings and first sentences."""
        text = await self._main_text()
        return await summary_of(text, self._loaded.url, self._setting)

    async def browser_download(self, link: str) -> str:
        """Download a file into the task's folder; read it then with a tool for files.

        Args:
            link: An address, or the number or text of a link of the open page.
        """
        url = link.strip()
        if not url.lower().startswith(("http://", "https://")):
            found = self._link(link)
            if not found.url:
                raise ToolFailed(f"[{found.number}] leads to no address. Give the address of the file.")
            url = found.url
        name = unquote(urlsplit(url).path.rsplit("/", 1)[-1]) or "download"
        path = free_path(self._setting.folder, name)
        reply = await self._setting.the_web().download(url, path)
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        kind = reply.media_type or "kind not named"
        return f"Saved {path.name} ({size:,} bytes, {kind}) from {reply.url} in the task's folder."

    async def _the_engine(self) -> Engine:
        if self._engine is None:
            reason = why_not(self._setting)
            if reason is None:
                try:
                    self._engine = await self._stack.enter_async_context(chromium(self._setting))
                except ToolFailed as failure:
                    reason = str(failure).rstrip(".")
            if self._engine is None:
                self._engine = PlainEngine(self._setting.the_web(), reason or "Chromium does not start")
        return self._engine

    async def _back_at_page(self, engine: Engine) -> None:
        """A click that led to a refused place took Chromium off the page that the reader still sees."""
        if self._left:
            await engine.open(self._loaded.url)
            self._left = False

    async def _show(self, coming: Awaitable[Loaded]) -> str:
        try:
            loaded = await coming
        except PageLeft:
            self._left = True
            raise
        self._left = False
        if loaded.html:
            if len(loaded.html) > _HTML_CHARS:
                note = (
                    f"the page is very long; of its {len(loaded.html):,} characters the first {_HTML_CHARS:,} are read"
                )
                loaded = replace(loaded, html=loaded.html[:_HTML_CHARS], note=f"{loaded.note}; {note}".lstrip("; "))
            page = await asyncio.to_thread(page_text, loaded.html, loaded.url)
        else:
            page = PageText("", loaded.text, ())
        self._loaded, self._page, self._at = loaded, page, 0
        self._views = pages_of(page.text or "(The page shows no text.)", _VIEW_CHARS)
        self._history = [*self._history[-_HISTORY:], loaded.url]
        return self._view(0)

    def _view(self, at: int) -> str:
        page = self._open_page()
        if not 0 <= at < len(self._views):
            raise ToolFailed(f"This is the {'last' if at > 0 else 'first'} of {len(self._views)} part(s) of the page.")
        self._at = at
        head = f"{page.title or '(no title)'}\n{self._loaded.url}"
        note = f"\n({self._loaded.note})" if self._loaded.note else ""
        foot = (
            f"\n[part {at + 1} of {len(self._views)}; browser_page_down for more]" if at + 1 < len(self._views) else ""
        )
        return f"{head}{note}\n\n{self._views[at]}{foot}"

    def _open_page(self) -> PageText:
        if self._page is None:
            raise ToolFailed("No page is open. Open one with browser_open.")
        return self._page

    def _link(self, wanted: str) -> Link:
        """By number, by exact text, by the only text that has it."""
        links = self._open_page().links
        text = wanted.strip().strip("[]").strip()
        if text.isascii() and text.isdigit():
            for one in links:
                if one.number == int(text):
                    return one
            raise ToolFailed(f"The page has no link [{text}]; its numbers go to {len(links)}. See browser_links.")
        exact = [one for one in links if one.text.casefold() == text.casefold()]
        near = exact or [one for one in links if text and text.casefold() in one.text.casefold()]
        if not near:
            raise ToolFailed(f"The page has no link with the text {wanted!r}. See browser_links.")
        if len({one.url or str(one.number) for one in near}) > 1:
            shown = clipped("; ".join(f"[{one.number}] {one.text} {one.url}" for one in near[:8]), "", 800)
            raise ToolFailed(f"Several links have the text {wanted!r}; give a number: {shown}")
        return near[0]

    async def _main_text(self) -> str:
        page = self._open_page()
        return await asyncio.to_thread(main_text, self._loaded, page)


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    browser = WebBrowser(setting)
    try:
        yield tuple(
            tool(one)
            for one in (
                browser.browser_open, browser.browser_click, browser.browser_fill, browser.browser_back,
                browser.browser_page_down, browser.browser_page_up, browser.browser_find, browser.browser_links,
                browser.browser_read, browser.browser_answer, browser.browser_summarise, browser.browser_download,
            )
        )  # fmt: skip
    finally:
        await browser.aclose()
