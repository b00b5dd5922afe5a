"""A network tool's method as a plain function that needs no toolbox: any other framework can take it as it is."""

from __future__ import annotations

import functools
import html
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ioa.adapters.agents.react.tool_maker import ToolSetting

P = ParamSpec("P")
T = TypeVar("T")


def alone(
    kind: Callable[[ToolSetting], T], method: Callable[Concatenate[T, P], Awaitable[str]]
) -> Callable[P, Awaitable[str]]:
    """`method` with its name, types and docstring, on a `kind` opened for each call: settings from the environment,
    files in the working directory."""

    @functools.wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> str:
        from ioa.adapters.agents.react.web_client import WebClient

        setting = ToolSetting(folder=Path.cwd())
        async with WebClient.of(setting) as web:
            return await method(kind(replace(setting, web=web)), *args, **kwargs)

    whole = inspect.signature(method)
    call.__dict__["__signature__"] = whole.replace(parameters=list(whole.parameters.values())[1:])
    return call


def plain(text: str | None) -> str:
    """Text of a snippet of HTML, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text or "")).split())


def short(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word, with an ellipsis."""
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + " …"


def at_most(number: int, most: int) -> int:
    """A count that a model gave, within 1 and `most`."""
    return max(1, min(number, most))
