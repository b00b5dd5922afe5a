"""Network infrastructure: one connection to the hub that comes back for ever.

Whatever happens to the wire, each post is sent until the hub has accepted or refused it, each request until it is
answered, under the same identifier; deliveries go on after the journal's cursor. Only a hub that says that this client
must not be here ends it (`ClientEnded`). Source: IoA paper, A.2.1.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from random import Random
from typing import NoReturn, Protocol, TypeAlias, assert_never

from ioa.client.events import Connected, Disconnected, Listener
from ioa.client.handshake import ClientEnded as ClientEnded  # what `run` raises: named where it is looked for
from ioa.client.handshake import Patience, end_if_closed_for_good, end_if_final, shake_hands
from ioa.client.journal import Journal, Run
from ioa.conversation.connection import Incoming
from ioa.ports.clock import Clock
from ioa.ports.transport import Connection, ConnectionLost, Transport
from ioa.protocol import codec
from ioa.protocol.errors import Code, MalformedFrame, Refused
from ioa.protocol.frames import (
    PROTOCOL_VERSION,
    Accepted,
    Acknowledge,
    ClientFrame,
    Delivery,
    Found,
    GoalOffer,
    Granted,
    HubFrame,
    Launched,
    LaunchGroup,
    Ping,
    Pong,
    Post,
    PublishContacts,
    Recorded,
    Refusal,
    Search,
    Spend,
    Spent,
    UpdateCard,
    Updated,
    Welcome,
)
from ioa.protocol.messages import AnyMessage
from ioa.protocol.names import printable
from ioa.protocol.versions import OLDER, next_older

PASSING: frozenset[Code] = frozenset({"too_fast", "unavailable"})
"""Refusals of the moment: the same frame is sent again a little later."""

ACKNOWLEDGE_EVERY = 32
ACKNOWLEDGE_WITHIN_S = 1.0
"""So many deliveries, or this time after the first of them: an acknowledgement says what has been stored since."""

Asking: TypeAlias = Search | LaunchGroup | UpdateCard | Spend | Spent
Answer: TypeAlias = Found | Launched | Updated | Granted | Recorded

_log = logging.getLogger(__name__)


class Receiver(Protocol):
    """Who is told what arrives. Called on the loop, in order, without waiting."""

    def welcomed(self) -> None: ...
    def forgotten(self) -> None: ...
    def delivered(self, delivery: Delivery) -> None: ...
    def offered(self, offer: GoalOffer) -> None: ...
    def accepted(self, message: AnyMessage) -> None: ...
    def refused(self, message: AnyMessage, refusal: Refusal) -> None: ...


class HubConnection:
    """`run` keeps the connection; `post`, `ask` and `tell` work whether it is up or not."""

    def __init__(
        self,
        *,
        agent: str,
        token: str,
        transport: Transport,
        journal: Journal,
        clock: Clock,
        random: Random,
        receiver: Receiver,
        listener: Listener,
        patience: Patience,
    ) -> None:
        self._agent = agent
        self._token = token
        self._transport = transport
        self._journal = journal
        self._clock = clock
        self._random = random
        self._receiver = receiver
        self._listen = listener
        self._patience = patience
        self._incoming = Incoming(cursor=journal.cursor())
        self._outbox: dict[str, AnyMessage] = {message.message_id: message for message in journal.outbox()}
        self._asked: dict[str, tuple[Asking, asyncio.Future[Answer]]] = {}
        self._wake = asyncio.Event()
        self._up = False
        self._queue: deque[Post | Asking] = deque()  # bounded by the outbox and the requests that wait
        self._passing: deque[Post | Asking] = deque()  # same
        self._passed = asyncio.Event()
        self._told: dict[str, Post | PublishContacts | Ping | Pong] = {}
        self._version = PROTOCOL_VERSION
        self._acknowledged = 0
        self._owed = 0  # deliveries since the last acknowledgement
        self._every = ACKNOWLEDGE_EVERY
        self._due = False
        self._acknowledging: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._failures = 0
        self._given_up_at: float | None = None  # a connection whose end the hub may not have seen, by monotonic time

    @property
    def connected(self) -> bool:
        return self._up

    def waiting(self, message_id: str) -> AnyMessage | None:
        """The message, if it is neither accepted nor refused yet."""
        return self._outbox.get(message_id)

    def post(self, message: AnyMessage, run: Run | None = None) -> None:
        """Put a message into the outbox (and the run's state with it). The receiver hears what became of it.

        Raises `MalformedFrame`, and nothing is stored, for one that no hub could read.
        """
        check_sendable(Post(message=message))
        self._journal.post(message, run)
        self._outbox[message.message_id] = message
        if self._up:
            self._queue.append(Post(message=message))
            self._wake.set()

    def amend(self, message: AnyMessage) -> None:
        """Replace a message that waits, under its identifier, before it is sent again."""
        self._journal.post(message)
        self._outbox[message.message_id] = message

    def withdraw(self, message_id: str) -> None:
        """Stop sending a message that has lost its point. It may have arrived already."""
        if self._outbox.pop(message_id, None) is not None:
            self._journal.settled(message_id)

    def tell(self, about: str, frame: Post | PublishContacts) -> None:
        """Send once, if the connection is up; the newest frame about a thing replaces the one that waits."""
        try:
            check_sendable(frame)
        except MalformedFrame as error:
            _log.error("%s cannot be sent: %s", about, printable(error.rule))
            return
        if self._up:
            self._told[about] = frame
            self._wake.set()

    async def ask(self, frame: Asking) -> Answer:
        """The hub's answer. Survives reconnects; raises `Refused`, or `MalformedFrame` for an unreadable frame."""
        check_sendable(frame)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[frame.request_id] = (frame, future)
        if self._up:
            self._queue.append(frame)
            self._wake.set()
        try:
            return await future
        finally:
            del self._asked[frame.request_id]

    def rewound(self) -> None:
        """The journal was set back before `run`."""
        self._incoming = Incoming(cursor=self._journal.cursor())

    def fetch_again(self) -> NoReturn:
        """The journal was set back: reconnect from its cursor. To be called while a delivery is taken."""
        self.rewound()
        raise ConnectionLost(1000, "the log is fetched again")

    async def run(self) -> None:
        """Connect for ever. Raises `ClientEnded`."""
        while True:
            try:
                await self._attempt()
            except ConnectionLost as lost:
                step_s = min(
                    self._patience.longest_retry_s, self._patience.first_retry_s * 2 ** min(self._failures, 20)
                )
                wait_s = step_s * self._random.uniform(0.5, 1.0)
                self._failures += 1
                self._listen(Disconnected(lost.code, lost.reason, wait_s))
                await self._clock.sleep(wait_s)

    async def _attempt(self) -> NoReturn:
        """One connection, and whether its end is one for good. Raises `ConnectionLost`, `ClientEnded`."""
        try:
            try:
                await self._connected()
            except ConnectionLost as lost:
                end_if_closed_for_good(lost)
                self._given_up_at = self._clock.monotonic_s()
                raise
        except ClientEnded as ended:
            # The hub may have come only now to a connection that this client has given up: then no other client has
            # taken its place, and it must not leave it.
            given_up = self._given_up_at
            if (
                ended.code != "superseded"
                or given_up is None
                or self._clock.monotonic_s() - given_up > self._patience.silence_s
            ):
                raise
            raise ConnectionLost(1006, "taken for an older connection of this client's own") from ended

    async def _connected(self) -> NoReturn:
        """One connection, until it is lost. Hello is said in the newest version that the hub speaks."""
        version: int | None = PROTOCOL_VERSION
        while version is not None:
            connection = await self._transport.connect()
            try:
                welcome = await self._greeted(connection, version)
                if welcome is not None:
                    self._version = version
                    self._welcome(welcome)
                    await self._serve(connection)
            finally:
                self._up = False
                if self._acknowledging is not None:
                    self._acknowledging.cancel()
                    self._acknowledging = None
                self._owed = 0
                await connection.close()
            version = next_older(version)
        raise AssertionError("the oldest version is refused for good")

    async def _greeted(self, connection: Connection, version: int) -> Welcome | None:
        """The hub's welcome; None where it wants an older version. Raises `ClientEnded`, `ConnectionLost`."""
        try:
            return await shake_hands(
                connection,
                version=version,
                agent=self._agent,
                token=self._token,
                cursor=self._incoming.cursor,
                clock=self._clock,
                limit_s=self._patience.hello_s,
            )
        except ClientEnded as ended:
            if ended.code != "wrong_version" or next_older(version) is None:
                raise
            _log.info("the hub does not speak version %d", version)
            return None

    def _welcome(self, welcome: Welcome) -> None:
        epoch = self._journal.epoch()
        replaced = bool(epoch and welcome.epoch and epoch != welcome.epoch)
        if self._incoming.cursor and (replaced or welcome.cursor < self._incoming.cursor):
            _log.warning("cursor %d is not of the log that the hub has now: reading it anew", self._incoming.cursor)
            self._journal.begin_anew(welcome.epoch)
            self._outbox = {message.message_id: message for message in self._journal.outbox()}
            self._incoming = Incoming(cursor=0)
            self._receiver.forgotten()
            raise ConnectionLost(1000, "reading the hub's log anew")
        if welcome.epoch and welcome.epoch != epoch:
            self._journal.note_epoch(welcome.epoch)
        self._failures = 0
        self._incoming = Incoming(cursor=welcome.cursor)
        self._acknowledged = welcome.cursor
        self._every = max(1, min(ACKNOWLEDGE_EVERY, welcome.window // 4))
        self._told.clear()
        self._passing.clear()
        self._queue = deque(Post(message=message) for message in self._outbox.values())
        self._queue.extend(frame for frame, _ in self._asked.values())
        self._heard_at = self._clock.monotonic_s()
        self._up = True
        self._wake.set()
        self._listen(Connected(welcome.cursor))
        self._receiver.welcomed()

    async def _serve(self, connection: Connection) -> NoReturn:
        # No TaskGroup: one that fails while it is cancelled from outside would forget the cancellation, and the client
        # would connect again instead of ending.
        loops = [
            asyncio.create_task(loop(connection)) for loop in (self._read, self._write, self._watch, self._send_again)
        ]
        try:
            await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
        errors = [error for task in loops if not task.cancelled() and (error := task.exception()) is not None]
        raise next((error for error in errors if not isinstance(error, ConnectionLost)), errors[0])

    async def _read(self, connection: Connection) -> None:
        count = 0
        while True:
            data = await connection.receive()
            self._heard_at = self._clock.monotonic_s()
            try:
                frame = codec.decode_hub_frame(data)
            except MalformedFrame as error:
                _log.error("a frame of the hub was not understood: %s", printable(error.rule))
                continue
            self._take(frame)
            count += 1
            if count % 64 == 0:
                await asyncio.sleep(0)  # a long replay must not starve the rest

    def _take(self, frame: HubFrame) -> None:
        match frame:
            case Delivery():
                self._deliver(frame)
            case Accepted():
                message = self._settle(frame.message_id)
                if message is not None:
                    self._receiver.accepted(message)
            case Refusal():
                self._refuse(frame)
            case Found() | Launched() | Updated() | Granted() | Recorded():
                asked = self._asked.get(frame.request_id)
                if asked is not None and not asked[1].done():
                    asked[1].set_result(frame)
            case GoalOffer():
                self._receiver.offered(frame)
            case Ping():
                self._told["pong"] = Pong(n=frame.n)
                self._wake.set()
            case Pong() | Welcome():
                pass
            case _:
                assert_never(frame)

    def _deliver(self, delivery: Delivery) -> None:
        before = self._incoming.cursor
        trial = Incoming(cursor=before)
        if trial.take(delivery.cursor, delivery.previous):
            self._receiver.delivered(delivery)  # stores it; if that fails the cursor has not moved
            self._incoming = trial
        elif delivery.cursor > before:  # a gap: what is missing is delivered again after a new hello
            raise ConnectionLost(1000, f"delivery {delivery.cursor} follows {delivery.previous}, not {before}")
        else:  # a repeat: the acknowledgement was lost
            self._acknowledged = min(self._acknowledged, before - 1)
        self._acknowledge_soon()

    def _acknowledge_soon(self) -> None:
        """Not each delivery by itself: that would cost the hub more than delivering it. Nothing rests on it being soon:
        after a loss the client says by itself what it holds."""
        self._owed += 1
        if self._owed >= self._every:
            self._acknowledge_now()
        elif self._owed == 1:
            self._acknowledging = asyncio.get_running_loop().call_later(ACKNOWLEDGE_WITHIN_S, self._acknowledge_now)

    def _acknowledge_now(self) -> None:
        self._owed = 0
        if self._acknowledging is not None:
            self._acknowledging.cancel()
            self._acknowledging = None
        self._due = True
        self._wake.set()

    def _settle(self, message_id: str) -> AnyMessage | None:
        message = self._outbox.get(message_id)
        if message is not None:
            self._journal.settled(message_id)
            del self._outbox[message_id]
        return message

    def _refuse(self, refusal: Refusal) -> None:
        end_if_final(refusal)
        waiting = self._outbox.get(refusal.reply_to)
        asked = self._asked.get(refusal.reply_to)
        if refusal.code in PASSING:
            if waiting is not None:
                self._passing.append(Post(message=waiting))
            elif asked is not None:
                self._passing.append(asked[0])
            self._passed.set()
            return
        if waiting is not None:
            self._settle(refusal.reply_to)
            self._receiver.refused(waiting, refusal)
        elif asked is not None:
            if not asked[1].done():
                asked[1].set_exception(Refused(refusal.code, refusal.rule, legal=refusal.legal))
        elif not refusal.reply_to:  # with one: progress that came too late, or a request nobody waits for any more
            _log.warning("the hub refused a frame (%s): %s", refusal.code, printable(refusal.rule))

    async def _write(self, connection: Connection) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while (frame := self._next()) is not None:
                if (data := self._said(frame)) is not None:
                    await connection.send(data)

    def _said(self, frame: ClientFrame) -> bytes | None:
        """The frame in the words of the hub; None if it has none for it."""
        words = OLDER.get(self._version)
        if words is None:
            return codec.encode(frame)
        match frame:  # a hub of version 1 keeps no account, and sets no limit to it
            case Spend(request_id=request_id):
                return self._take(Granted(request_id=request_id))
            case Spent(request_id=request_id):
                return self._take(Recorded(request_id=request_id))
            case _:
                return words.from_client(codec.encode(frame))

    def _next(self) -> ClientFrame | None:
        if self._due and self._acknowledged < self._incoming.cursor:
            self._due = False
            self._acknowledged = self._incoming.cursor
            return Acknowledge(cursor=self._acknowledged)
        while self._queue:
            frame = self._queue.popleft()
            if isinstance(frame, Post):
                message = self._outbox.get(frame.message.message_id)  # None: it was withdrawn
                if message is not None:
                    return Post(message=message)
            elif frame.request_id in self._asked:
                return frame
        if self._told:
            return self._told.pop(next(iter(self._told)))
        return None

    async def _watch(self, connection: Connection) -> None:
        """Pings; a hub that is silent for too long is taken for gone."""
        number = 0
        while True:
            await self._clock.sleep(self._patience.ping_every_s)
            if self._clock.monotonic_s() - self._heard_at > self._patience.silence_s:
                raise ConnectionLost(1006, f"the hub was silent for {self._patience.silence_s:g} s")
            number += 1
            self._told["ping"] = Ping(n=number)
            self._wake.set()

    async def _send_again(self, connection: Connection) -> None:
        """Frames that were refused for the moment."""
        while True:
            await self._passed.wait()
            await self._clock.sleep(self._patience.again_s)
            self._passed.clear()
            self._queue.extend(self._passing)
            self._passing.clear()
            self._wake.set()


def check_sendable(frame: Post | PublishContacts | Asking) -> None:
    """Raises `MalformedFrame` (too_large, malformed) for a frame that a hub would not take: better here, with a
    reason, than a closed connection."""
    codec.decode_client_frame(codec.encode(frame))
