"""An agent's connection without a WebSocket: the hub's frames as server-sent events, the agent's as requests.

It is the same protocol with the same limits. An event that was written counts as delivered: the hub acknowledges in the
agent's name, and an agent that comes again says with Last-Event-ID how far it really got.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from weakref import WeakValueDictionary

import msgspec

from ioa.ports.transport import ConnectionLost, Ear
from ioa.protocol.codec import encode
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Acknowledge, Pong

_FULL_FRAMES = 64
KEEP_ALIVE_S = 15.0


class _Head(msgspec.Struct):
    """What an event needs to know of a frame."""

    frame: str
    cursor: int = 0
    n: int = 0


class StreamedWire:
    """The hub's end. `events` are for the response; `take` is for frames that come as requests."""

    def __init__(self, hello: bytes) -> None:
        self._hello = hello
        self._ear: Ear | None = None
        self._frames: deque[bytes] = deque()
        self._early: deque[bytes] = deque()
        self._paused = False
        self._news = asyncio.Event()
        self._attached = asyncio.Event()
        self._closed = ""

    @property
    def full(self) -> bool:
        return len(self._frames) >= _FULL_FRAMES

    @property
    def waiting(self) -> int:
        return len(self._frames)

    @property
    def crowded(self) -> bool:
        """More was sent to the hub than it has taken: the next request should come later."""
        return len(self._early) >= _FULL_FRAMES

    def attach(self, ear: Ear) -> None:
        self._ear = ear
        self._attached.set()
        ear.take(self._hello)

    def write(self, frames: Sequence[bytes]) -> None:
        if not self._closed:
            self._frames.extend(frames)
            self._news.set()

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        while self._early and not self._paused and self._ear is not None:
            self._ear.take(self._early.popleft())

    def take(self, data: bytes) -> None:
        """A frame of the agent."""
        if self._paused or self._ear is None:
            self._early.append(data)
        else:
            self._ear.take(data)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if not self._closed:
            self._closed = f"{code} {reason}".strip()
            self._news.set()

    async def events(self) -> AsyncGenerator[bytes]:
        """The frames as events, `id` being the cursor of a delivery; `closed` says why the hub ended it."""
        await self._attached.wait()
        ear = self._ear
        assert ear is not None
        try:
            yield b"retry: 1000\n\n"
            while True:
                self._news.clear()
                while self._frames:
                    was_full = self.full
                    data = self._frames.popleft()
                    head = msgspec.json.decode(data, type=_Head)
                    if head.frame == "ping":
                        ear.take(encode(Pong(n=head.n)))
                        yield b": still there\n\n"
                        continue
                    number = b"id: %d\n" % head.cursor if head.frame == "delivery" else b""
                    yield number + b"event: " + head.frame.encode() + b"\ndata: " + data + b"\n\n"
                    if head.frame == "delivery":
                        ear.take(encode(Acknowledge(cursor=head.cursor)))
                    if was_full and not self.full:
                        ear.writable()
                if self._closed:
                    yield b"event: closed\ndata: " + msgspec.json.encode({"reason": self._closed}) + b"\n\n"
                    return
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        await self._news.wait()
                except TimeoutError:
                    yield b": still there\n\n"
        finally:
            self._closed = self._closed or "1006 the client is gone"
            self._frames.clear()
            ear.lost(ConnectionLost(1006, "the client is gone"))


class StreamedWires:
    """The open streams of a hub, by agent; the newest of each."""

    def __init__(self) -> None:
        self._open: WeakValueDictionary[str, StreamedWire] = WeakValueDictionary()

    def enter(self, name: str, wire: StreamedWire) -> None:
        self._open[name] = wire

    def get(self, name: str) -> StreamedWire:
        """Raises `Refused` (illegal_now) if the agent has no stream open."""
        wire = self._open.get(name)
        if wire is None:
            raise Refused(
                "illegal_now", "no stream of this agent is open here; GET /v1/stream first", legal=("GET /v1/stream",)
            )
        return wire
