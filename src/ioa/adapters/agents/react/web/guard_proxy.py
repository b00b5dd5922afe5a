"""A proxy on this machine through which the browser's every connection goes, so that the guard judges each of them:
pages, redirects, frames, scripts, web sockets. The name is resolved here, and the connection made to what was checked.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from ioa.adapters.agents.react.web.addresses import AddressGuard, AddressRefused

_HEAD_BYTES = 64 * 1024
_STEP = 64 * 1024
_CONNECT_S = 10.0
_IDLE_S = 60.0
_CONNECTIONS = 64


class GuardProxy:
    """Use it as `async with`. It takes CONNECT and plain requests, on loopback, while a task's browser is open.

    `refusals` has the reason for each `host:port` that was refused; `bytes_left` is what may still come in: when it
    is used up, connections are closed. Other programs of this machine could use it too: it lets them reach what the
    guard lets tools reach, and no more.
    """

    def __init__(self, guard: AddressGuard, *, limit_bytes: int) -> None:
        self._guard = guard
        self.bytes_left = limit_bytes
        self.refusals: dict[str, str] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> GuardProxy:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=_HEAD_BYTES)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_CONNECT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            if len(self._tasks) > _CONNECTIONS or self.bytes_left <= 0:
                await _say(writer, 503, "The browser has used up its connections or bytes.")
                return
            await self._forwarded(head, reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the browser went away or sent no request
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _forwarded(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, _, rest = head.partition(b"\r\n")
        words = line.decode("latin-1").split(" ")
        if len(words) != 3:
            await _say(writer, 400, "This is no request.")
            return
        method, target, version = words
        tunnel = method == "CONNECT"
        try:
            parts = urlsplit(f"//{target}" if tunnel else target)
            host, port = parts.hostname, parts.port or (443 if tunnel else 80)
        except ValueError:
            host, port, parts = None, 0, urlsplit("")
        if not host or (not tunnel and parts.scheme != "http"):
            await _say(writer, 400, "This is no address.")
            return
        try:
            addresses = await self._guard.addresses(host, port)
        except AddressRefused as refused:
            self.refusals[f"{host}:{port}"] = str(refused)
            await _say(writer, 403, str(refused))
            return
        opened = await _connected(addresses, port)
        if opened is None:
            await _say(writer, 502, f"{host}:{port} cannot be reached.")
            return
        to_reader, to_writer = opened
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
                path = path if path.startswith("/") else f"/{path}"
                to_writer.write(f"{method} {path} {version}\r\n".encode("latin-1") + _passed_on(rest))
            await self._piped(reader, writer, to_reader, to_writer)
        finally:
            to_writer.close()
            with suppress(OSError):
                await to_writer.wait_closed()

    async def _piped(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        to_reader: asyncio.StreamReader,
        to_writer: asyncio.StreamWriter,
    ) -> None:
        """Both ways until the far side ends, or nothing comes for a while."""
        up = asyncio.create_task(self._copied(reader, to_writer, counted=False))
        try:
            await self._copied(to_reader, writer, counted=True)
        finally:
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)

    async def _copied(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: bool) -> None:
        while True:
            async with asyncio.timeout(_IDLE_S):
                part = await source.read(_STEP)
            if not part:
                return
            if counted:
                self.bytes_left -= len(part)
                if self.bytes_left < 0:
                    return
            sink.write(part)
            await sink.drain()


async def _connected(addresses: list[str], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    for address in addresses:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                return await asyncio.open_connection(address, port)
    return None


def _passed_on(headers: bytes) -> bytes:
    """Headers for the server: those meant for the proxy left out, and one request for each connection."""
    kept = [
        line
        for line in headers.removesuffix(b"\r\n\r\n").split(b"\r\n")
        if line and not line.lower().startswith((b"proxy-", b"connection:"))
    ]
    upgrade = any(line.lower().startswith(b"upgrade:") for line in kept)
    return b"\r\n".join([*kept, b"Connection: upgrade" if upgrade else b"Connection: close"]) + b"\r\n\r\n"


async def _say(writer: asyncio.StreamWriter, status: int, text: str) -> None:
    body = text.encode()
    head = f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
    await writer.drain()
