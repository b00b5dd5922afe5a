"""Tools of configured MCP servers, each with the schema that its server gives, called `server__tool`.

Every server lives in an asyncio task of its own: what goes wrong in it ends that task, and not the agent's.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import mimetypes
import re
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from ioa.adapters.agents.collected import safe_name
from ioa.adapters.agents.react.mcp_setting import ServerSetting, servers_of
from ioa.adapters.agents.react.tool import Tool, ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.option_numbers import positive_number

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult
    from mcp_types import Tool as McpTool

log = logging.getLogger(__name__)

MAX_TOOLS = 128  # of one server
_MAX_PAGES = 20
_SCHEMA_CHARS = 30_000
_DESCRIPTION_CHARS = 3000
_FILE_BYTES = 32 * 1024 * 1024
_START_S = 60.0  # npx and uvx may download the server first
_END_S = 10.0
_NAME_CHARS = 64  # what providers of models allow


class McpServer:
    """One server of a task, between `start` and `stop`."""

    def __init__(self, server: ServerSetting, setting: ToolSetting) -> None:
        self._server = server
        self._setting = setting
        self._client: Client | None = None
        self._listed: list[McpTool] = []
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
        self._files = 0

    async def start(self) -> Sequence[Tool]:
        """Connect and list the tools. Raises `ToolFailed`, with nothing left running."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(ready), name=f"mcp-{self._server.name}")
        start_s = positive_number(self._setting, "mcp", "start_s", _START_S)
        try:
            await asyncio.wait({ready, self._task}, timeout=start_s, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                return self._tools()
            if not self._task.done():
                raise self._failed(f"did not answer within {start_s:g} seconds")
            raise self._failed(f"does not start: {_said(_error_of(self._task))}")
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the connection, and the server's process where it has one."""
        self._stop.set()
        task, self._task = self._task, None
        if task is not None:
            if self._client is None:  # still connecting, where it does not look at `_stop`
                task.cancel()
            await asyncio.wait({task}, timeout=_END_S)
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_END_S)
            if task.done() and (error := _error_of(task)) is not None:
                log.info("MCP server %s ended with: %s", self._server.name, _said(error))
        self._complaints.close()

    async def _live(self, ready: asyncio.Future[None]) -> None:
        from mcp import Client

        async with AsyncExitStack() as stack:
            transport = await self._transport(stack)
            client = await stack.enter_async_context(Client(transport))
            self._listed = await _listed(client)
            self._client = client
            if not ready.done():
                ready.set_result(None)
            try:
                await self._stop.wait()
            finally:
                self._client = None

    async def _transport(self, stack: AsyncExitStack) -> Any:
        server = self._server
        if server.command:
            from mcp.client.stdio import StdioServerParameters, stdio_client

            parameters = StdioServerParameters(
                command=server.command,
                args=list(server.args),
                env=dict(server.env),
                cwd=server.cwd or self._setting.folder,
                encoding_error_handler="replace",
            )
            # A file, because the process writes to it by its descriptor.
            return stdio_client(parameters, errlog=cast("Any", self._complaints))
        if server.sse:
            from mcp.client.sse import sse_client

            return sse_client(server.url, headers=dict(server.headers))
        from mcp.client.streamable_http import streamable_http_client
        from mcp.shared._httpx_utils import create_mcp_http_client

        http = await stack.enter_async_context(create_mcp_http_client(headers=dict(server.headers)))
        return streamable_http_client(server.url, http_client=http)

    def _tools(self) -> list[Tool]:
        found: dict[str, Tool] = {}
        wanted = self._server.tools
        missing = sorted(set(wanted) - {one.name for one in self._listed})
        if missing:
            known = ", ".join(one.name for one in self._listed) or "none"
            raise self._failed(f"has no tool {missing[0]!r}; it has: {known}")
        for one in self._listed:
            if wanted and one.name not in wanted:
                continue
            schema = _schema(one.input_schema)
            if schema is None:
                log.warning("MCP server %s: tool %r has no usable schema; left out", self._server.name, one.name)
                continue
            name = _free_name(f"{self._server.name}__{one.name}", found)
            found[name] = self._tool(name, one, schema)
            if len(found) >= MAX_TOOLS:
                log.warning("MCP server %s has more than %s tools; the rest is left out", self._server.name, MAX_TOOLS)
                break
        return list(found.values())

    def _tool(self, name: str, one: McpTool, schema: Mapping[str, Any]) -> Tool:
        async def call(**arguments: Any) -> str:
            return await self._call(one.name, arguments)

        description = (one.description or one.title or one.name).strip()[:_DESCRIPTION_CHARS]
        return Tool(name, f"{description}\n(A tool of the MCP server {self._server.name}.)", call, schema)

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> str:
        client, task = self._client, self._task
        if client is None or task is None or task.done():
            raise self._failed("has ended; go on without its tools")
        limit_s = self._server.timeout_s or self._setting.limits.call_s
        work = asyncio.ensure_future(client.call_tool(name, dict(arguments), read_timeout_seconds=limit_s))
        try:
            # A server that dies may leave its call without an answer.
            await asyncio.wait({work, task}, timeout=limit_s + 5, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                why = "has ended" if task.done() else f"did not answer {name} within {limit_s:g} seconds"
                raise self._failed(why)
            error = _error_of(work)
            if error is not None:
                raise self._failed(f"could not do {name}: {_said(error)}") from error
            result = work.result()
        finally:
            work.cancel()
        text = await asyncio.to_thread(self._text, name, result)
        if result.is_error:
            raise ToolFailed(f"{name} of the MCP server {self._server.name} failed: {text}")
        return text

    def _text(self, name: str, result: CallToolResult) -> str:
        """What the server said, with pictures and other bytes as files of the task; blocks."""
        parts: list[str] = []
        for block in result.content:
            match block.type:
                case "text":
                    parts.append(block.text)
                case "image" | "audio":
                    parts.append(self._saved(name, block.data, block.mime_type))
                case "resource_link":
                    parts.append(f"Resource {block.name}: {block.uri}")
                case "resource":
                    found = block.resource
                    text = getattr(found, "text", None)
                    blob = str(getattr(found, "blob", ""))
                    parts.append(str(text) if text is not None else self._saved(name, blob, found.mime_type or ""))
        if not any(part.strip() for part in parts) and result.structured_content is not None:
            parts = [json.dumps(result.structured_content, ensure_ascii=False, indent=1)]
        return "\n".join(parts) or "(It answered without any text.)"

    def _saved(self, name: str, data: str, media_type: str) -> str:
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            return f"[{media_type or 'a file'}, broken on its way]"
        if len(content) > _FILE_BYTES:
            return f"[{media_type or 'a file'} of {len(content):,} bytes, more than the {_FILE_BYTES:,} that are kept]"
        suffix = mimetypes.guess_extension(media_type) or ".bin"
        path = self._free_file(safe_name(f"{self._server.name}-{name}"), suffix)
        path.write_bytes(content)
        return f"[{media_type or 'a file'}, saved as {path.name} in the task's folder]"

    def _free_file(self, stem: str, suffix: str) -> Path:
        while True:
            self._files += 1
            path = self._setting.folder / f"{stem}-{self._files}{suffix}"
            if not path.exists():
                return path

    def _failed(self, why: str) -> ToolFailed:
        said = self._last_complaint()
        return ToolFailed(f"The MCP server {self._server.name} {why}.{f' It complained: {said}' if said else ''}")

    def _last_complaint(self) -> str:
        """The end of what a program wrote to its error output."""
        if self._complaints.closed:
            return ""
        end = self._complaints.seek(0, 2)
        self._complaints.seek(max(0, end - 2000))
        text = self._complaints.read().decode(errors="replace").strip()
        self._complaints.seek(0, 2)
        return " / ".join(text.splitlines()[-4:])[-600:]


@asynccontextmanager
async def open_servers(servers: Sequence[ServerSetting], setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    """The tools of these servers. One that does not start gives a tool `name__unavailable` that says why, so that
    the others can be used and the model knows what it lacks."""
    running = [McpServer(one, setting) for one in servers]
    try:
        # Together: each may need seconds to start.
        started = await asyncio.gather(*(one.start() for one in running), return_exceptions=True)
        tools: list[Tool] = []
        for server, outcome in zip(servers, started, strict=True):
            if isinstance(outcome, ToolFailed):
                log.warning("%s", outcome)
                tools.append(_unavailable(server, str(outcome)))
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                tools += outcome
        yield tools
    finally:
        await asyncio.gather(*(one.stop() for one in running))


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    """The tools of the servers in the option `servers` (a mapping) or `config` (a JSON file of them, as
    `mcp.json`). Options: `start_s`, 60 by default."""
    options = setting.options.get("mcp", {})
    given = options.get("servers")
    if given is None and options.get("config"):
        given = await asyncio.to_thread(_config, str(options["config"]))
    if given is None:
        raise ToolFailed(
            'No MCP server is configured; set options.mcp.servers to {"name": {"command": …, "args": […]}}.'
        )
    async with open_servers(servers_of(given, setting.environment), setting) as tools:
        yield tools


def _config(name: str) -> object:
    path = Path(name).expanduser()
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ToolFailed(f"The MCP servers in {path} cannot be read: {error}.") from error


def _unavailable(server: ServerSetting, why: str) -> Tool:
    async def unavailable() -> str:
        raise ToolFailed(why)

    return Tool(_free_name(f"{server.name}__unavailable", {}), f"Not usable. {why}", unavailable)


async def _listed(client: Client) -> list[McpTool]:
    found: list[McpTool] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):  # a list that never ends must end
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor or len(found) > 4 * MAX_TOOLS:
            break
    return found


def _schema(given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of an object, as models need it; `None` where it is something else or too long."""
    if given.get("type", "object") != "object" or not isinstance(given.get("properties", {}), dict):
        return None
    if len(json.dumps(given)) > _SCHEMA_CHARS:
        return None
    return {"type": "object", "properties": dict[str, object](), **given}


def _free_name(name: str, taken: Mapping[str, Tool]) -> str:
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:_NAME_CHARS]
    number, candidate = 1, plain
    while candidate in taken:
        number += 1
        candidate = f"{plain[: _NAME_CHARS - 4]}_{number}"
    return candidate


def _error_of(done: asyncio.Future[Any]) -> BaseException | None:
    return asyncio.CancelledError() if done.cancelled() else done.exception()


def _said(error: BaseException | None) -> str:
    """An error in words; of a group, its first."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseException", error.exceptions[0])
    if error is None:
        return "it ended at once"
    if isinstance(error, FileNotFoundError):
        return f"the program {error.filename or ''} was not found; is it installed?"
    text = " ".join(str(error).split())[:400]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
