"""What a tool is called in `agent.yaml`, what it needs, and how it is opened for one task."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from ioa.adapters.agents.react.tool import Tool, ToolFailed
from ioa.adapters.clock import SystemClock
from ioa.ports.agent import LocalFile
from ioa.ports.clock import Clock

if TYPE_CHECKING:
    from ioa.adapters.agents.react.web_client import WebClient

Ask: TypeAlias = Callable[[str, str], Awaitable[str]]
"""(instruction, text) -> a model's answer; what the text says is data, not instruction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLimits:
    """How much one call may give back or fetch. Bytes are counted after decompression, while they arrive."""

    output_chars: int = 12_000
    page_bytes: int = 8 * 2**20
    download_bytes: int = 64 * 2**20
    call_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSetting:
    """What the tools of one task may use.

    `folder` is the task's own folder, where tools write; `files` are the files it was given. `environment` has keys
    and addresses of services. `allowed_private` names the private addresses that network tools may reach
    (`127.0.0.1:8080`, `10.1.0.0/16`, `[::1]:80`); none by default. `options` are the settings of a tool in
    `agent.yaml`, by tool. `ask` is a model for reading and summarising; without one tools give passages. `web` is
    the one client of network tools: `open_tools` makes it where it is `None`.
    """

    folder: Path
    files: tuple[LocalFile, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    allowed_private: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, object]] = field(default_factory=lambda: dict[str, Mapping[str, object]]())
    ask: Ask | None = None
    limits: ToolLimits = ToolLimits()
    clock: Clock = field(default_factory=SystemClock)
    web: WebClient | None = None

    def the_web(self) -> WebClient:
        """The client of network tools. Raises `ToolFailed` where the tools were opened without one."""
        if self.web is None:
            raise ToolFailed("This tool was opened without a web client; open it by open_tools or give setting.web.")
        return self.web

    def option(self, tool: str, name: str, variable: str = "", default: str = "") -> str:
        """A setting as text: from `options[tool][name]`, else the environment variable, else `default`."""
        given = self.options.get(tool, {}).get(name)
        return str(given) if given is not None else (self.environment.get(variable, "") if variable else "") or default


OpenTools: TypeAlias = Callable[[ToolSetting], AbstractAsyncContextManager[Sequence[Tool]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolMaker:
    """How the tool called `name` in `agent.yaml` is opened, and what it needs.

    `target` is `module:function`, an `OpenTools`, imported when the tool is opened. `extra` is the extra of this
    package with `modules`; of `programs` one must be on the PATH (`()`: none is needed), of `keys` one environment
    variable must be set, unless `agent.yaml` has options for the tool. `optional` says in words what is better with
    something else installed.
    """

    name: str
    summary: str
    target: str
    network: bool = False
    extra: str = ""
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    optional: str = ""

    def missing(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        """What must be installed or set before the tool can be opened: remedies, one a line; empty when ready."""
        found: list[str] = []
        absent = [one for one in self.modules if importlib.util.find_spec(one) is None]
        if absent:
            found.append(f'pip install "internet-of-agents[{self.extra}]" (for {", ".join(absent)})')
        if self.programs and not any(shutil.which(one, path=environment.get("PATH")) for one in self.programs):
            found.append(f"install one of these programs: {', '.join(self.programs)}")
        if self.keys and not any(environment.get(one) for one in self.keys):
            found.append(f"set one of these environment variables: {', '.join(self.keys)}")
        return tuple(found)

    def opened(self, setting: ToolSetting) -> AbstractAsyncContextManager[Sequence[Tool]]:
        """Open the tool. Raises `ToolFailed` with the remedy where something misses."""
        configured = replace(self, keys=()) if setting.options.get(self.name) else self
        missing = configured.missing(setting.environment)
        if missing:
            raise ToolFailed(f"The tool {self.name!r} cannot be used here: {'; '.join(missing)}.")
        module, _, attribute = self.target.partition(":")
        return cast("OpenTools", getattr(importlib.import_module(module), attribute))(setting)
