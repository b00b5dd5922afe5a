"""An HTTP server in the test's own event loop, that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """`parts` are written one by one; a part that is a callable is awaited instead (to hang, to count)."""

    status: int = 200
    body: bytes | str = b""
    media_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[bytes | Callable[[], Awaitable[None]], ...] | None = None
    length: bool = True


Handler = Callable[[Asked], Answer]


def as_json(value: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(value), "application/json; charset=utf-8", headers)


class WebServer:
    """`on(path, answer or function)`; a path that ends in * stands for all that begin so. 404 for the rest."""

    def __init__(self, port: int, tasks: set[asyncio.Task[None]]) -> None:
        self.port = port
        self.asked: list[Asked] = []
        self._handlers: dict[str, Handler] = {}
        self.tasks = tasks

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def on(self, path: str, answer: Answer | Handler) -> None:
        self._handlers[path] = (lambda _: answer) if isinstance(answer, Answer) else answer

    def page(self, path: str, html: str) -> None:
        self.on(path, Answer(body=html))

    def count(self, path: str) -> int:
        return sum(one.path == path for one in self.asked)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        exact = self._handlers.get(asked.path)
        if exact is None:
            starts = [key for key in self._handlers if key.endswith("*") and asked.path.startswith(key[:-1])]
            exact = self._handlers[max(starts, key=len)] if starts else None
        return exact(asked) if exact else Answer(404, "not found", "text/plain")


@asynccontextmanager
async def web_server() -> AsyncIterator[WebServer]:
    tasks: set[asyncio.Task[None]] = set()
    known: list[WebServer] = []

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_serve(known[0], reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    known.append(WebServer(server.sockets[0].getsockname()[1], tasks))
    try:
        yield known[0]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _serve(server: WebServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if name
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                parts = urlsplit(target)
                query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                answer = server.answer(Asked(method, parts.path, query, headers, body))
                await _write(writer, answer)
                if headers.get("connection", "").lower() == "close" or not answer.length:
                    break
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _write(writer: asyncio.StreamWriter, answer: Answer) -> None:
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    parts = answer.parts if answer.parts is not None else (body,)
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    if answer.media_type:
        lines.append(f"Content-Type: {answer.media_type}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in answer.headers.items()]
    if answer.length:
        lines.append(f"Content-Length: {sum(len(one) for one in parts if isinstance(one, bytes))}")
    else:
        lines.append("Connection: close")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    for part in parts:
        if isinstance(part, bytes):
            writer.write(part)
            await writer.drain()
        else:
            await part()
