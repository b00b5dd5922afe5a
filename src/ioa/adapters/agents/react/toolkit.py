"""Tools by name: what there is (`TOOLS`), and those of one task, opened together and closed together.

    async with open_tools(["wikipedia", "sql"], ToolSetting(folder=folder)) as toolbox:
        for tool in toolbox.tools: ...
        text = await toolbox.call("wikipedia_search", {"query": "Ada Lovelace"})

A tool's module has `opened(setting) -> async context manager of Tool`s; its name stands in `tools/*_makers.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any

from ioa.adapters.agents.react.tool import Tool, ToolFailed, clipped, one_page, pages_of, tool
from ioa.adapters.agents.react.tool_maker import Ask, OpenTools, ToolLimits, ToolMaker, ToolSetting
from ioa.adapters.agents.react.tools import file_makers, web_makers

__all__ = [
    "TOOLS",
    "Ask",
    "OpenTools",
    "Tool",
    "ToolFailed",
    "ToolLimits",
    "ToolMaker",
    "ToolSetting",
    "Toolbox",
    "clipped",
    "one_page",
    "open_tools",
    "pages_of",
    "tool",
]

TOOLS: Mapping[str, ToolMaker] = {maker.name: maker for maker in (*file_makers.MAKERS, *web_makers.MAKERS)}
"""Every tool that `agent.yaml` can name."""


class UnknownTool(ToolFailed):
    """`agent.yaml` names a tool that there is not; the text lists those that there are."""


class Toolbox:
    """The tools of one task, while its context is open."""

    def __init__(self, makers: Sequence[ToolMaker], setting: ToolSetting) -> None:
        self._makers = makers
        self._setting = setting
        self._stack = AsyncExitStack()
        self.tools: tuple[Tool, ...] = ()

    async def __aenter__(self) -> Toolbox:
        """Open every tool. Raises `ToolFailed` for one that cannot be opened, with none left open."""
        async with AsyncExitStack() as stack:
            setting = self._setting
            if setting.web is None and any(maker.network for maker in self._makers):
                from ioa.adapters.agents.react.web_client import WebClient

                setting = replace(setting, web=await stack.enter_async_context(WebClient.of(setting)))
            found: dict[str, Tool] = {}
            for maker in self._makers:
                for one in await stack.enter_async_context(maker.opened(setting)):
                    if one.name in found:
                        raise ToolFailed(f"Two tools are called {one.name!r}; leave one of them out.")
                    found[one.name] = one
            self.tools = tuple(found.values())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tools = ()
        await self._stack.__aexit__(kind, error, trace)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Call a tool by its own name. The text is clipped to the setting's limit. Raises `ToolFailed`."""
        for one in self.tools:
            if one.name == name:
                text = await one.call(arguments)
                limit = self._setting.limits.output_chars
                # Tools page their own text; this is for one that forgot.
                return text if len(text) <= limit + 1_000 else clipped(text, "Ask for less at a time.", limit)
        raise UnknownTool(f"There is no tool {name!r} here; there are: {', '.join(t.name for t in self.tools)}.")


def open_tools(names: Sequence[str], setting: ToolSetting) -> Toolbox:
    """The named tools for one task, to be entered by `async with`. Raises `UnknownTool` with the known names."""
    makers: list[ToolMaker] = []
    for name in dict.fromkeys(names):
        maker = TOOLS.get(name)
        if maker is None:
            near = difflib.get_close_matches(name, TOOLS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UnknownTool(f"There is no tool {name!r}.{hint} Known: {', '.join(sorted(TOOLS))}.")
        makers.append(maker)
    return Toolbox(makers, setting)
