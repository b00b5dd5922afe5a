"""One tool: a plain typed function with a name and a description; and how its text is kept short."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

ToolFunction: TypeAlias = Callable[..., str] | Callable[..., Awaitable[str]]
"""Typed parameters, a docstring in Google style with `Args:`; answers in text, raises `ToolFailed`."""

_CHARS = 12_000


class ToolFailed(Exception):
    """The tool could not do it. The text is for a model: what was asked, what happened, what to do instead."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call. Its schema is derived from `function`'s signature and docstring by whoever
    offers it (pydantic-ai, an MCP server); `description` is the docstring without its sections. `parameters` is set
    where the schema (JSON Schema of an object) came with the tool, as from an MCP server: then it counts, and
    `function` takes any keywords."""

    name: str
    description: str
    function: ToolFunction
    parameters: Mapping[str, Any] | None = None

    async def call(self, arguments: Mapping[str, Any]) -> str:
        """Run the function, a synchronous one in a thread. Raises `ToolFailed`, also for arguments that do not fit."""
        try:
            inspect.signature(self.function).bind(**arguments)
        except TypeError as error:
            raise ToolFailed(f"{self.name}: {error}. It takes {_taken(self.function)}.") from error
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**arguments)
        answer = await asyncio.to_thread(self.function, **arguments)
        return await answer if inspect.isawaitable(answer) else answer


def _taken(function: ToolFunction) -> str:
    """Its parameters in words: `query, count (6)`."""
    parameters = inspect.signature(function).parameters.values()
    shown = [one.name if one.default is one.empty else f"{one.name} ({one.default!r})" for one in parameters]
    return ", ".join(shown) or "nothing"


def tool(function: ToolFunction, *, name: str | None = None) -> Tool:
    """A tool from a plain typed function or bound method. Raises `ValueError` where its docstring or a type misses."""
    chosen = name or getattr(function, "__name__", "")
    text = inspect.getdoc(function)
    if not chosen.isidentifier():
        raise ValueError(f"A tool needs a name that is an identifier, not {chosen!r}.")
    if not text:
        raise ValueError(f"{chosen} needs a docstring: a model reads it to know when to use the tool.")
    untyped = [
        one.name for one in inspect.signature(function).parameters.values() if one.annotation is inspect.Parameter.empty
    ]
    if untyped:
        raise ValueError(f"{chosen} needs types for its parameters: {', '.join(untyped)}.")
    description = text.split("\nArgs:")[0].split("\nReturns:")[0].split("\nRaises:")[0].strip()
    return Tool(chosen, description, function)


def clipped(text: str, how_to_get_the_rest: str, limit_chars: int = _CHARS) -> str:
    """`text`, or its beginning with a mark that says how much was left out and how to get it."""
    if len(text) <= limit_chars:
        return text
    at = text.rfind("\n", limit_chars // 2, limit_chars)
    kept = text[: at if at > 0 else limit_chars].rstrip()
    return f"{kept}\n[… {len(text) - len(kept):,} of {len(text):,} characters left out. {how_to_get_the_rest}]"


def pages_of(text: str, limit_chars: int = _CHARS) -> list[str]:
    """`text` cut at ends of lines, else of words, into pages of at most `limit_chars`; never an empty list."""
    pages: list[str] = []
    rest = text
    while len(rest) > limit_chars:
        at = max(rest.rfind("\n", limit_chars // 2, limit_chars), 0) or rest.rfind(" ", limit_chars // 2, limit_chars)
        at = at if at > 0 else limit_chars
        pages.append(rest[:at].rstrip())
        rest = rest[at:].lstrip("\n")
    return [*pages, rest] if rest.strip() or not pages else pages


def one_page(text: str, page: int, how: str, limit_chars: int = _CHARS) -> str:
    """Page `page` (from 1) of `text`, marked `[page 2 of 5; … for the next]`.

    `how` names the call that gets another page, with `{page}` where its number stands. Raises `ToolFailed` for a
    page that is not there.
    """
    pages = pages_of(text, limit_chars)
    if not 1 <= page <= len(pages):
        raise ToolFailed(f"There is no page {page}: the text has {len(pages)} page(s), counted from 1.")
    if len(pages) == 1:
        return pages[0]
    more = f"; {how.format(page=page + 1)} for the next" if page < len(pages) else ", the last"
    return f"{pages[page - 1]}\n[page {page} of {len(pages)}{more}]"
