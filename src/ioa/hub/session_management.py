"""Session Management Block: one connection an agent, what is on its way to it, and whether it lives.
Source: IoA paper, A.3.2.

A session holds at most a window of deliveries and a few megabytes. What does not fit stays in the store and is read
when there is room, so that a reader that is away, slow or stalled costs nobody else anything.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from ioa.conversation.connection import Numbered, Outgoing
from ioa.hub.settings import Limits
from ioa.ports.clock import Clock
from ioa.ports.store import Store, StoreUnavailable
from ioa.ports.transport import Wire
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
_DELIVERY = b'{"frame":"delivery","cursor":%d,"previous":%d,"at":%a,"message":%b}'
_TOGETHER = 64  # deliveries in one write


class SessionEnded(Exception):
    """The hub ends a session, with the code and reason that the client gets."""

    def __init__(self, code: int, reason: str, refusal: Code | None = None) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason
        self.refusal: Code | None = refusal


class Session:
    """One connected agent, after its hello. `cursor` is the last position that it holds; `arrived` counts the
    connections of this hub in the order in which they came.

    Whatever is to be sent waits until the event loop's turn is over and then leaves in one write (`Turn`).
    """

    def __init__(
        self,
        name: str,
        wire: Wire,
        store: Store,
        clock: Clock,
        limits: Limits,
        turn: Turn,
        *,
        cursor: int,
        arrived: int = 0,
    ) -> None:
        self.name = name
        self.number = 0  # among the agent's connections, where a hub has several replicas
        self.arrived = arrived
        self._wire = wire
        self._store = store
        self._clock = clock
        self._limits = limits
        self._turn = turn
        self._at_its_end = turn.at_its_end
        self.outgoing: Outgoing[bytes] = Outgoing(cursor=cursor, window=limits.window)
        self._most_waiting = 2 * limits.window
        self._queued_bytes = 0
        self._most_bytes = limits.queued_bytes
        self._live = False  # nothing is missing between `outgoing` and the newest entry
        self._missed = False  # an entry was published while a page was being read
        self._reading: asyncio.Task[None] | None = None
        self._answers: list[bytes] = []
        self._prompt: list[bytes] = []  # deliveries that count as sent and are to be written
        self._behind = True  # others may be `ready`, or must be read
        self._asked = False  # to flush at the end of the turn
        self._ending: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._stuck_since: float | None = None
        self._stuck_at = 0
        self.on_room: Callable[[], None] | None = None
        self.heard_s = clock.monotonic_s()
        self._owing: tuple[int, float] | None = None  # the acknowledged cursor, and since when it was seen

    @property
    def acknowledged(self) -> int:
        """The last cursor that the client has told to hold."""
        return self.outgoing.acknowledged

    @property
    def queued(self) -> tuple[int, int]:
        """Deliveries that are sent and not acknowledged, or wait to be sent; and their bytes."""
        return len(self.outgoing), self._queued_bytes

    def end(self, code: int, reason: str, refusal: Code | None = None) -> None:
        """Make `run_until_ended` raise. Only the first call counts."""
        self.fail(SessionEnded(code, reason, refusal))

    def fail(self, error: Exception) -> None:
        """`end` with any error."""
        if not self._ending.done():
            self._ending.set_result(error)

    def end_token(self, why: str) -> None:
        """The token that the client came with has ended."""
        self.end(NOT_AUTHENTICATED, why, "not_authenticated")

    async def run_until_ended(self) -> None:
        """Deliver until somebody has called `end` or `fail`; raises that. Then nothing is read or sent any more."""
        self._ask()
        alive = asyncio.create_task(self._keep_alive())
        try:
            raise await self._ending
        finally:
            alive.cancel()
            if self._reading is not None:
                self._reading.cancel()
            self._ending.cancel()  # so that nothing is flushed after the farewell
            self.on_room = None

    @property
    def crowded(self) -> bool:
        """So many answers wait that no more questions should be taken. `on_room` is called when that is over."""
        return len(self._answers) >= _ANSWERS

    def answer(self, frame: HubFrame) -> None:
        """Send a frame that is no delivery."""
        if isinstance(frame, Refusal):
            self._turn.refusals[frame.code] += 1
        self._answers.append(encode(frame))
        if not self._asked:
            self._asked = True
            self._at_its_end(self)

    def offer_soon(self, frame: HubFrame) -> None:
        """`answer` for a frame that the hub sends on its own; dropped if too many wait (it is repeated at welcome)."""
        if len(self._answers) < 2 * _ANSWERS:
            self.answer(frame)

    def deliver(self, delivery: Numbered[bytes]) -> None:
        """A new entry of one of the agent's groups, as the frame that follows what `outgoing` had last."""
        if self._live and self._queued_bytes < self._most_bytes:
            self._queued_bytes += len(delivery.item)
            if self.outgoing.send(delivery):
                self._prompt.append(delivery.item)
            else:
                self._behind = True
                self._live = len(self.outgoing) < self._most_waiting
        else:
            self._live = False
            self._missed = self._behind = True
        if not self._asked:
            self._asked = True
            self._at_its_end(self)

    @property
    def _has_room(self) -> bool:
        return self._queued_bytes < self._most_bytes and len(self.outgoing) < self._most_waiting

    def acknowledge(self, cursor: int) -> None:
        """Raises `ProtocolError` for a cursor that was never sent."""
        outgoing = self.outgoing
        held_back = not self._live or len(outgoing) > self._limits.window
        for item in outgoing.acknowledge(cursor):
            self._queued_bytes -= len(item.item)
        if held_back:
            self._ask()

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            self._at_its_end(self)

    def flush(self) -> None:
        """Send answers, then deliveries, as far as the wire takes them; read what is missing when there is room."""
        self._asked = False
        if self._ending.done():
            return
        wire = self._wire
        if self._answers or self._behind or wire.full:
            self._flush_all(wire)
        elif self._prompt:  # nearly always
            frames, self._prompt = self._prompt, []
            self._turn.frames_sent += len(frames)
            wire.write(frames)

    def _flush_all(self, wire: Wire) -> None:
        while not wire.full:
            frames, self._answers = self._answers, []
            crowded = len(frames) >= _ANSWERS
            if self._prompt:
                frames += self._prompt[:_TOGETHER]
                del self._prompt[:_TOGETHER]
            else:
                frames += [item.item for item in self.outgoing.ready(_TOGETHER)]
            if not frames:
                self._behind = self.outgoing.unsent or not self._live
                break
            wire.write(frames)
            self._turn.frames_sent += len(frames)
            if crowded and self.on_room is not None:
                self.on_room()
            if not (self._behind or self._prompt or self._answers):
                break
        if wire.full and self._stuck_since is None:
            self._stuck_since = self._clock.monotonic_s()
            self._stuck_at = wire.waiting
        if not self._live and self._reading is None and self._may_read:
            self._reading = asyncio.create_task(self._read_page())

    def writable(self) -> None:
        """The wire takes more again."""
        self._stuck_since = None
        self._ask()

    @property
    def _may_read(self) -> bool:
        return not self._live and self._has_room and len(self.outgoing) < self._limits.window

    async def _read_page(self) -> None:
        self._missed = False
        try:
            page = await self._store.log_of_member(self.name, after=self.outgoing.last, limit=_PAGE)
        except StoreUnavailable as error:
            self.fail(error)
            return
        finally:
            self._reading = None
        for entry in page:
            delivery = delivery_of(entry.pos, self.outgoing.last, entry.at, entry.body)
            self.outgoing.append(delivery.cursor, delivery.item)
            self._queued_bytes += len(delivery.item)
        self._behind = True
        self._live = len(page) < _PAGE and not self._missed
        self._ask()

    async def _keep_alive(self) -> None:
        """For ever: ask whether the client is there; end the session if it is not, or does not read."""
        number = 0
        while True:
            await self._clock.sleep(self._limits.ping_interval_s)
            now = self._clock.monotonic_s()
            if now - self.heard_s >= self._limits.dead_after_s:
                self.end(GOING_AWAY, f"no sign of life for {self._limits.dead_after_s:g} s")
            elif self._stuck(now):
                self.end(SLOW_CONSUMER, "the client does not read; reconnect and resume", "slow_consumer")
            elif self._owes(now):
                self.end(SLOW_CONSUMER, "the client does not acknowledge; reconnect and resume", "slow_consumer")
            elif now - self.heard_s >= self._limits.ping_interval_s and self._stuck_since is None:
                number += 1
                self.offer_soon(Ping(n=number))

    def _owes(self, now: float) -> bool:
        """Does something wait for too long without any of it being acknowledged?"""
        if self.outgoing.idle:
            self._owing = None
        elif self._owing is None or self._owing[0] != self.outgoing.acknowledged:
            self._owing = self.outgoing.acknowledged, now
        return self._owing is not None and now - self._owing[1] >= self._limits.unacknowledged_s

    def _stuck(self, now: float) -> bool:
        """Has the wire been full for too long, without getting emptier?"""
        if self._stuck_since is None:
            return False
        if self._wire.waiting < self._stuck_at:
            self._stuck_since, self._stuck_at = now, self._wire.waiting
        return now - self._stuck_since >= self._limits.stalled_send_s


class Turn:
    """Sessions with something to send, at the end of this turn of the event loop: one wake-up for all of them."""

    def __init__(self) -> None:
        self._sessions: list[Session] = []
        self.frames_sent = 0
        self.refusals: Counter[Code] = Counter()

    def at_its_end(self, session: Session) -> None:
        if not self._sessions:
            asyncio.get_running_loop().call_soon(self._flush)
        self._sessions.append(session)

    def _flush(self) -> None:
        sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.flush()


class Sessions:
    """Who is connected."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self.turn = Turn()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, name: str) -> Session | None:
        return self._sessions.get(name)

    def online(self, name: str) -> bool:
        return name in self._sessions

    def names(self) -> tuple[str, ...]:
        return tuple(self._sessions)

    def queued(self) -> tuple[int, int]:
        """Deliveries that are on their way to all of them, and their bytes."""
        waiting = [session.queued for session in self._sessions.values()]
        return sum(frames for frames, _ in waiting), sum(size for _, size in waiting)

    def enter(self, session: Session) -> None:
        """A newer connection of the same agent takes the place of the older one. Newer is which came later, not which
        hello was answered later: a client that has given one up must not lose the next one to it."""
        other = self._sessions.get(session.name)
        older = other if other is None or other.arrived <= session.arrived else session
        if older is not session:
            self._sessions[session.name] = session
        if older is not None:
            older.end(SUPERSEDED, "the agent has connected again", "superseded")

    def leave(self, session: Session) -> None:
        if self._sessions.get(session.name) is session:
            del self._sessions[session.name]

    def publish(self, members: Sequence[str], pos: int, at: float, body: bytes) -> None:
        """Deliver an entry to the members of its group. Those who have heard the same before it get the same bytes."""
        delivery: Numbered[bytes] | None = None
        for name in members:
            session = self._sessions.get(name)
            if session is None:
                continue
            last = session.outgoing.last
            if last >= pos:
                continue
            if delivery is None or delivery.previous != last:
                delivery = delivery_of(pos, last, at, body)
            session.deliver(delivery)

    def end_all(self, code: int, reason: str) -> None:
        for session in tuple(self._sessions.values()):
            session.end(code, reason)


def delivery_of(pos: int, previous: int, at: float, body: bytes) -> Numbered[bytes]:
    """The frame `Delivery`, around the bytes of the message that are in the log."""
    return Numbered(pos, previous, _DELIVERY % (pos, previous, float(at), body))


def refusal_of(error: ProtocolError, reply_to: str = "") -> Refusal:
    """The frame that tells a client what is wrong. Foreign text in it is made safe to show."""
    return Refusal(
        code=error.code,
        rule=printable(error.rule)[:4_000],
        legal=tuple(printable(text)[:500] for text in error.legal[:100]),
        reply_to=reply_to[:128],
    )
