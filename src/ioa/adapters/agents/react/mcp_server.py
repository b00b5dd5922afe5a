"""Our tools offered over MCP, to any client that speaks it: on standard input and output, or over HTTP."""

from __future__ import annotations

import asyncio
import functools
import inspect
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal, cast

from ioa.adapters.agents.react.tool import Tool, ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.toolkit import Toolbox, open_tools

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_END_S = 10.0
_ARGUMENT = re.compile(r"^(\w+)(?: \([^)]*\))?:\s*(.+)$")


async def serve_tools(
    names: Sequence[str],
    transport: Literal["stdio", "http"] = "stdio",
    *,
    setting: ToolSetting,
    host: str = "127.0.0.1",
    port: int = 8000,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Offer the named tools (of `TOOLS`) until the client leaves (`stdio`) or for ever (`http`, at `/mcp`).

    All calls share the one `setting`: its folder and files. HTTP has no sign-in: keep `host` on this machine, or
    put a gate before it. Port 0 takes a free one; `announce` is told the address when it is listened on. Raises
    `ToolFailed` for a tool that cannot be opened and `OSError` where the port is taken.
    """
    async with tool_server(names, setting) as server:
        if transport == "stdio":
            await server.run_stdio_async()
        else:
            await _serve_http(server, host, port, announce)


async def _serve_http(server: MCPServer, host: str, port: int, announce: Callable[[str], None] | None) -> None:
    import uvicorn

    from ioa.hub.serving import listening_socket

    with listening_socket(host, port) as listener:
        app = server.streamable_http_app(host=host)
        http = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
        listener.listen(128)  # from here on calls wait; they are answered when the server has started
        if announce is not None:
            shown = f"[{host}]" if ":" in host else host
            announce(f"http://{shown}:{listener.getsockname()[1]}/mcp")
        serving = asyncio.create_task(http.serve(sockets=[listener]), name="ioa-mcp-http")
        try:
            await asyncio.shield(serving)
        finally:  # cancelled: uvicorn closes what is open only when it is asked to end
            http.should_exit = True
            await asyncio.wait({serving}, timeout=_END_S)


@asynccontextmanager
async def tool_server(names: Sequence[str], setting: ToolSetting) -> AsyncGenerator[MCPServer]:
    """The MCP server with the named tools open, to be run or mounted (`streamable_http_app()`)."""
    try:
        from mcp.server.mcpserver import MCPServer
    except ModuleNotFoundError as error:
        raise ToolFailed('Offering tools over MCP needs: pip install "internet-of-agents[mcp]".') from error
    async with open_tools(names, setting) as toolbox:
        server: MCPServer = MCPServer(
            "internet-of-agents", version=_version(), tools=[_offered(one, toolbox) for one in toolbox.tools]
        )
        yield server


def _offered(one: Tool, toolbox: Toolbox) -> Any:
    """A tool for the server: its schema from the signature, with the words of its docstring for each parameter."""
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.mcpserver.tools import Tool as ServedTool

    if one.parameters is not None:
        raise ToolFailed(f"{one.name} belongs to another MCP server; ask that server, it is not offered again.")

    @functools.wraps(one.function)
    async def call(**arguments: Any) -> str:
        try:
            return await toolbox.call(one.name, arguments)
        except ToolFailed as error:
            raise ToolError(str(error)) from error

    served = ServedTool.from_function(call, name=one.name, description=one.description, structured_output=False)
    properties = cast("dict[str, dict[str, Any]]", served.parameters.get("properties", {}))
    for name, words in parameter_words(one.function).items():
        if name in properties:
            properties[name].setdefault("description", words)
    return served


def parameter_words(function: object) -> dict[str, str]:
    """What the section `Args:` of a docstring in Google style says of each parameter."""
    lines = (inspect.getdoc(function) or "").splitlines()
    found: dict[str, str] = {}
    inside, current = False, ""
    for line in lines:
        if line.strip() == "Args:":
            inside = True
        elif inside and line.strip() and not line.startswith(" "):
            break  # the next section
        elif inside and (begun := _ARGUMENT.match(line.strip())) and len(line) - len(line.lstrip()) <= 4:
            current = begun[1]
            found[current] = begun[2]
        elif inside and current and line.strip():
            found[current] += f" {line.strip()}"
    return found


def _version() -> str:
    try:
        return version("internet-of-agents")
    except PackageNotFoundError:
        return "0"
