"""A local web and the setting of a task that may reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from ioa.adapters.agents.react.toolkit import Toolbox, ToolSetting, open_tools
from ioa.adapters.agents.react.web.addresses import AddressGuard
from ioa.adapters.agents.react.web_client import WebClient, WebLimits
from tests.tools.servers.jump_clock import JumpClock
from tests.tools.servers.web_server import WebServer


def client(server: WebServer, clock: JumpClock | None = None, limits: WebLimits | None = None, **more) -> WebClient:
    """A client that may reach this server and no other private address."""
    guard = AddressGuard((server.place,))
    return WebClient(guard=guard, clock=clock or JumpClock(), limits=limits, **more)


@asynccontextmanager
async def toolbox(
    name: str, server: WebServer, folder: Path, environment: Mapping[str, str], clock: JumpClock | None = None, **more
) -> AsyncIterator[Toolbox]:
    """The tools of that name, with this environment only, allowed to reach this server."""
    setting = ToolSetting(
        folder=folder, environment=environment, allowed_private=(server.place,), clock=clock or JumpClock(), **more
    )
    async with open_tools([name], setting) as opened:
        yield opened
