"""A small MCP server made with the official package: `python mcp_harbour.py stdio`, or `http` (it prints its port)."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.utilities.types import Image

server = MCPServer("harbour")


@server.tool()
def add_tons(first: int, second: int = 1) -> str:
    """Add two weights in tons."""
    return f"{first + second} tons"


@server.tool(name="berth.plan-B")
def berth(ship: str) -> dict[str, Any]:
    """Say where a ship lies."""
    return {"ship": ship, "berth": 7}


@server.tool()
def chart() -> Image:
    """Draw a chart."""
    return Image(data=b"\x89PNG not really", format="png")


@server.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("the crane is broken")


@server.tool()
def die() -> str:
    """End the server."""
    os._exit(3)


@server.tool()
def environment(name: str) -> str:
    """Read a variable."""
    return os.environ.get(name, "(not set)")


@server.tool()
def header(name: str, context: Context[Any, Any]) -> str:
    """Read a header of the request."""
    return str((context.headers or {}).get(name, "(not set)"))


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        import uvicorn

        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(server.streamable_http_app(), log_level="error")).run(sockets=[listener])
