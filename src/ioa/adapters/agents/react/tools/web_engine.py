"""What opens pages for the browser tool: plain HTTP here, Chromium in `web_chromium`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.web_client import WebClient

KINDS = ("text/", "application/xhtml", "application/xml", "application/json", "application/ld+json", "application/rss",
          "application/atom")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loaded:
    """An open page. `html` is empty for `text` of another kind; `note` says what the reader should know of it."""

    url: str
    html: str
    text: str = ""
    note: str = ""


class PageLeft(ToolFailed):
    """It failed, and the page that was open before is open no more."""


class Engine(Protocol):
    """One page at a time. Each method raises `ToolFailed`."""

    async def open(self, url: str) -> Loaded: ...

    async def click(self, number: int) -> Loaded:
        """Click the element numbered so in the last page that was opened."""
        ...

    async def fill(self, number: int, text: str, *, submit: bool) -> Loaded: ...


class PlainEngine:
    """Fetches pages without running their scripts; `why` says why not."""

    def __init__(self, web: WebClient, why: str) -> None:
        self._web = web
        self._why = why

    async def open(self, url: str) -> Loaded:
        reply = await self._web.get(url, accept=KINDS, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.5"})
        kind = reply.media_type
        looks_like_html = reply.content.lstrip()[:1] == b"<" and kind in (
            "",
            "text/plain",
            "application/xml",
            "text/xml",
        )
        if kind in ("text/html", "application/xhtml+xml") or (
            looks_like_html and b"<html" in reply.content[:2048].lower()
        ):
            scripted = b"<script" in reply.content.lower()
            return Loaded(reply.url, reply.text, note=f"read without running scripts: {self._why}" if scripted else "")
        return Loaded(reply.url, "", reply.text, f"this is {kind or 'text of an unnamed kind'}")

    async def click(self, number: int) -> Loaded:
        raise ToolFailed(f"[{number}] needs scripts, and pages are read without running them here: {self._why}.")

    async def fill(self, number: int, text: str, *, submit: bool) -> Loaded:
        raise ToolFailed(
            f"Forms cannot be filled in without Chromium ({self._why}). Put the words into the address instead, "
            "such as ?q=words."
        )
