"""The part of an `agent.yaml` that describes a ReAct agent: tools, model, instructions, options.

tools: [web_search, read_file]
options: {web_search: {provider: searxng, url: "https://search.example"}}
allow_private: ["127.0.0.1:8080"]
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from ioa.adapters.agents.carded import CardError
from ioa.adapters.agents.react.agent import MAX_STEPS, MakeMind, ReactAgent
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.toolkit import open_tools

MOST_STEPS = 200
WEB_OPTIONS = "web"
"""Options of the one client of all network tools."""


def react_agent(given: Mapping[str, object], name: str, mind: MakeMind) -> ReactAgent:
    """The agent. Raises `CardError` for a field that is wrong, `ToolFailed` for a tool that there is not."""
    tools = _texts(given, "tools")
    if not tools:
        raise CardError("tools: the list is empty; name at least one, such as tools: [read_file].")
    open_tools(tools, ToolSetting(folder=Path()))  # opens nothing yet: it looks the names up
    options = given.get("options", {})
    if not isinstance(options, dict) or not all(
        isinstance(entry, dict) for entry in cast("dict[object, object]", options).values()
    ):
        raise CardError("options: not lines of tool: {option: value}; write for example options: {sql: {rows: 50}}.")
    unknown = [str(tool) for tool in cast("dict[object, object]", options) if tool not in (*tools, WEB_OPTIONS)]
    if unknown:
        raise CardError(f"options: {unknown[0]!r} is none of this agent's tools ({', '.join(tools)}).")
    steps = given.get("max_steps", MAX_STEPS)
    if not isinstance(steps, int) or isinstance(steps, bool) or not 1 <= steps <= MOST_STEPS:
        raise CardError(f"max_steps: {steps!r} is not a whole number from 1 to {MOST_STEPS}.")
    return ReactAgent(
        name=name,
        mind=mind,
        tools=tools,
        model=_text(given, "model") or None,
        instructions=_text(given, "instructions"),
        options=cast("dict[str, Mapping[str, object]]", options),
        allowed_private=_texts(given, "allow_private"),
        max_steps=steps,
    )


def _text(given: Mapping[str, object], key: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise CardError(f"{key}: {value!r} is {type(value).__name__}, not text; put it in quotes.")
    return value.strip()


def _texts(given: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = given.get(key, [])
    if not isinstance(value, list):
        raise CardError(f"{key}: {value!r} is {type(value).__name__}, not a list; write {key}: [first, second].")
    texts = cast("list[object]", value)
    for entry in texts:
        if not isinstance(entry, str) or not entry.strip():
            raise CardError(f"{key}: {entry!r} is not text; put it in quotes.")
    return tuple(cast("list[str]", texts))
