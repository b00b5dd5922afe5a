"""Session Management Block: one connection an agent, what is on its way to it, and whether it lives.
Source: IoA paper, A.3.2.

A session holds at most a window of deliveries and a few megabytes. What does not fit stays in the store and is read
when there is room, so that a reader that is away, slow or stalled costs nobody else anything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from ioa.conversation.connection import Outgoing
from ioa.hub.settings import Limits
from ioa.ports.clock import Clock
from ioa.ports.store import Store, Stored
from ioa.ports.transport import Connection
from ioa.protocol.codec import encode
from ioa.protocol.errors import Code, ProtocolError
from ioa.protocol.frames import HubFrame, Ping, Refusal
from ioa.protocol.names import printable

SUPERSEDED = 4409
NOT_AUTHENTICATED = 4401
WRONG_VERSION = 4406
TOO_FAST = 4429
SLOW_CONSUMER = 1013
TOO_LARGE = 1009
GOING_AWAY = 1001

_PAGE = 64
_ANSWERS = 256


class SessionEnded(Exception):
    """The hub ends a session, with the code and reason that the client gets."""

    def __init__(self, code: int, reason: str, refusal: Code | None = None) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason
        self.refusal: Code | None = refusal


class Session:
    """One connected agent, after its hello. `cursor` is the last position that it holds."""

    def __init__(
        self, name: str, connection: Connection, store: Store, clock: Clock, limits: Limits, *, cursor: int
    ) -> None:
        self.name = name
        self._connection = connection
        self._store = store
        self._clock = clock
        self._limits = limits
        self._outgoing: Outgoing[bytes] = Outgoing(cursor=cursor, window=limits.window)
        self._sizes: deque[tuple[int, int]] = deque()
        self._queued_bytes = 0
        self._live = False  # nothing is missing between `_outgoing` and the newest entry
        self._missed = False  # an entry was published while a page was being read
        self._answers: deque[bytes] = deque()
        self._answered = asyncio.Event()
        self._wake = asyncio.Event()
        self._ending: asyncio.Future[SessionEnded] = asyncio.get_running_loop().create_future()
        self._sending_since: float | None = None
        self.heard_s = clock.monotonic_s()
        self._acknowledged_s = clock.monotonic_s()

    @property
    def acknowledged(self) -> int:
        """The last cursor that the client has told to hold."""
        return self._outgoing.acknowledged

    def end(self, code: int, reason: str, refusal: Code | None = None) -> None:
        """Make `run_until_ended` raise. Only the first call counts."""
        if not self._ending.done():
            self._ending.set_result(SessionEnded(code, reason, refusal))

    def end_token(self, why: str) -> None:
        """The token that the client came with has ended."""
        self.end(NOT_AUTHENTICATED, why, "not_authenticated")

    async def run_until_ended(self) -> None:
        """Raises `SessionEnded` when somebody has called `end`."""
        raise await asyncio.shield(self._ending)

    async def answer(self, frame: HubFrame) -> None:
        """Send a frame that is no delivery. Waits while too many of them wait."""
        data = encode(frame)
        while len(self._answers) >= _ANSWERS:
            self._answered.clear()
            await self._answered.wait()
        self._answers.append(data)
        self._wake.set()

    def offer_soon(self, frame: HubFrame) -> None:
        """`answer` for a frame that the hub sends on its own; dropped if too many wait (it is repeated at welcome)."""
        if len(self._answers) < 2 * _ANSWERS:
            self._answers.append(encode(frame))
            self._wake.set()

    def deliver(self, pos: int, tail: bytes) -> None:
        """A new entry of one of the agent's groups. `tail` is the end of its frame, the same for all members."""
        if pos <= self._outgoing.last:
            return
        if self._live and self._has_room:
            self._append(pos, tail)
        else:
            self._live = False
            self._missed = True
        self._wake.set()

    @property
    def _has_room(self) -> bool:
        return len(self._outgoing) < 2 * self._limits.window and self._queued_bytes < self._limits.queued_bytes

    def _append(self, pos: int, tail: bytes) -> None:
        if self._outgoing.idle:
            self._acknowledged_s = self._clock.monotonic_s()
        self._outgoing.append(pos, tail)
        self._sizes.append((pos, len(tail)))
        self._queued_bytes += len(tail)

    def acknowledge(self, cursor: int) -> None:
        """Raises `ProtocolError` for a cursor that was never sent."""
        held_back = not self._live or len(self._outgoing) > self._limits.window
        self._outgoing.acknowledge(cursor)
        while self._sizes and self._sizes[0][0] <= cursor:
            self._queued_bytes -= self._sizes.popleft()[1]
        self._acknowledged_s = self._clock.monotonic_s()
        if held_back:
            self._wake.set()

    async def pump(self) -> None:
        """For ever: send answers, then deliveries; read what is missing when there is room for it."""
        while True:
            self._wake.clear()
            if self._may_read:
                await self._read_page()
            while self._answers:
                await self._send(self._answers.popleft())
                self._answered.set()
            sent = False
            for item in self._outgoing.ready():
                head = b'{"frame":"delivery","cursor":%d,"previous":%d' % (item.cursor, item.previous)
                await self._send(head + item.item)
                sent = True
            if not sent and not self._answers and not self._may_read:
                await self._wake.wait()

    @property
    def _may_read(self) -> bool:
        return not self._live and self._has_room and len(self._outgoing) < self._limits.window

    async def _read_page(self) -> None:
        self._missed = False
        page = await self._store.log_of_member(self.name, after=self._outgoing.last, limit=_PAGE)
        for entry in page:
            self._append(entry.pos, tail_of(entry))
        self._live = len(page) < _PAGE and not self._missed

    async def _send(self, data: bytes) -> None:
        self._sending_since = self._clock.monotonic_s()
        await self._connection.send(data)
        self._sending_since = None

    async def keep_alive(self) -> None:
        """For ever: ask whether the client is there; end the session if it is not, or does not read."""
        number = 0
        while True:
            await self._clock.sleep(self._limits.ping_interval_s)
            now = self._clock.monotonic_s()
            if now - self.heard_s >= self._limits.dead_after_s:
                raise SessionEnded(GOING_AWAY, f"no sign of life for {self._limits.dead_after_s:g} s")
            if self._sending_since is not None and now - self._sending_since >= self._limits.stalled_send_s:
                raise SessionEnded(SLOW_CONSUMER, "the client does not read; reconnect and resume", "slow_consumer")
            if not self._outgoing.idle and now - self._acknowledged_s >= self._limits.unacknowledged_s:
                raise SessionEnded(
                    SLOW_CONSUMER, "the client does not acknowledge; reconnect and resume", "slow_consumer"
                )
            if now - self.heard_s >= self._limits.ping_interval_s and self._sending_since is None:
                number += 1
                self.offer_soon(Ping(n=number))


class Sessions:
    """Who is connected."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, name: str) -> Session | None:
        return self._sessions.get(name)

    def online(self, name: str) -> bool:
        return name in self._sessions

    def names(self) -> tuple[str, ...]:
        return tuple(self._sessions)

    def enter(self, session: Session) -> None:
        """A newer connection of the same agent takes the place of the older one."""
        older = self._sessions.get(session.name)
        self._sessions[session.name] = session
        if older is not None:
            older.end(SUPERSEDED, "the agent has connected again", "superseded")

    def leave(self, session: Session) -> None:
        if self._sessions.get(session.name) is session:
            del self._sessions[session.name]

    def publish(self, members: Sequence[str], pos: int, tail: bytes) -> None:
        for name in members:
            session = self._sessions.get(name)
            if session is not None:
                session.deliver(pos, tail)

    def end_all(self, code: int, reason: str) -> None:
        for session in tuple(self._sessions.values()):
            session.end(code, reason)


def delivery_tail(at: float, body: bytes) -> bytes:
    """The part of a delivery frame that all recipients share, made of the bytes in the log."""
    return b',"at":%s,"message":%s}' % (repr(float(at)).encode(), body)


def tail_of(entry: Stored) -> bytes:
    return delivery_tail(entry.at, entry.body)


def refusal_of(error: ProtocolError, reply_to: str = "") -> Refusal:
    """The frame that tells a client what is wrong. Foreign text in it is made safe to show."""
    return Refusal(
        code=error.code,
        rule=printable(error.rule)[:4_000],
        legal=tuple(printable(text)[:500] for text in error.legal[:100]),
        reply_to=reply_to[:128],
    )
