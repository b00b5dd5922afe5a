"""Chats over a NATS server: every member subscribes to its chat's subject, and whoever has the floor publishes to it.

The client is the wire protocol and nothing more, so that the load generator is as fast as with the other servers.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import cast

from bench.load import Chat, Lost
from bench.servers import Used
from bench.wires import Trouble, bare_text, hearing
from ioa.testing.servers.nats import NatsServer


class NatsProcess:
    """A NATS server as a server under test. CPU time is read from /proc: Linux only."""

    def __init__(self, server: NatsServer) -> None:
        self.port = server.port
        self._stat = Path(f"/proc/{server.pid}")

    def used(self) -> Used:
        fields = (self._stat / "stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return Used(cpu_s=ticks / os.sysconf("SC_CLK_TCK"), peak_bytes=0)


class _Member(asyncio.Protocol):
    def __init__(self, subject: str, on_text: Callable[[bytes], None], trouble: Trouble) -> None:
        self._subject = subject
        self._on_text = on_text
        self._trouble = trouble
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._closing = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b'CONNECT {"verbose":false}\r\nSUB %b 1\r\nPING\r\n' % self._subject.encode())

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        begin = 0
        while (end := data.find(b"\r\n", begin)) >= 0:
            line = data[begin:end]
            begin_next = end + 2
            if line.startswith(b"MSG"):
                size = int(line[line.rindex(b" ") + 1 :])
                if len(data) < begin_next + size + 2:
                    break
                self._on_text(data[begin_next : begin_next + size])
                begin_next += size + 2
            elif line.startswith(b"PONG") and not self.ready.done():
                self.ready.set_result(None)
            elif line.startswith(b"PING"):
                assert self._transport is not None
                self._transport.write(b"PONG\r\n")
            begin = begin_next
        self._rest = data[begin:]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closing:
            self._trouble(Lost("the NATS server closed a connection"))

    def send(self, text: bytes) -> None:
        assert self._transport is not None
        self._transport.write(b"PUB %b %d\r\n%b\r\n" % (self._subject.encode(), len(text), text))

    def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()


class NatsWire:
    """Chats over a NATS server. `trouble` hears of what goes wrong."""

    def __init__(self, port: int, trouble: Trouble) -> None:
        self._port = port
        self._trouble = trouble
        self._members: list[_Member] = []

    async def open_chat(self, name: str, size: int) -> Chat:
        members: list[_Member] = []
        chat = Chat(name, size, lambda place, number: members[place].send(bare_text(name, size, place, number)))
        for place in range(size):
            _, member = await asyncio.get_running_loop().create_connection(
                lambda place=place: _Member(name, hearing(chat, place, self._trouble), self._trouble),
                "127.0.0.1",
                self._port,
            )
            await member.ready
            members.append(member)
        self._members += members
        return chat

    def close(self) -> None:
        for member in self._members:
            member.close()
