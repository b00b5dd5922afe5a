"""The frames of one connection: limited, handed to the blocks, and each answered once.

Frames are taken as they come, by callback. What can be done at once is: acknowledgements, and messages of groups in
memory. The rest runs in tasks of its own. While too much of one client is on its way, its wire is not read.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakValueDictionary

from ioa.hub.records import CONTACTS, ContactsRecord, document
from ioa.hub.security import TokenBucket
from ioa.hub.session_management import TOO_FAST, TOO_LARGE, Session, SessionEnded, refusal_of
from ioa.ports.store import Conflict, StoreUnavailable, Work
from ioa.ports.transport import ConnectionLost, Wire
from ioa.protocol.codec import decode_client_frame, reply_address
from ioa.protocol.errors import MalformedFrame, ProtocolError
from ioa.protocol.frames import (
    Accepted,
    Acknowledge,
    Found,
    Hello,
    HubFrame,
    LaunchGroup,
    Ping,
    Pong,
    Post,
    PublishContacts,
    Refusal,
    Search,
    Spend,
    Spent,
    UpdateCard,
    Updated,
)
from ioa.protocol.names import printable

if TYPE_CHECKING:
    from ioa.hub.hub import Hub

log = logging.getLogger(__name__)

Question: TypeAlias = Post | Search | LaunchGroup | PublishContacts | UpdateCard | Spend | Spent

_SEARCH_COST = 5.0
_MAX_REFUSED_IN_A_ROW = 500


class Intake:
    """The `Ear` of a connection. Until `begin`, frames wait; the first one is in `first`."""

    def __init__(self, hub: Hub, wire: Wire) -> None:
        self._hub = hub
        self._wire = wire
        self._limits = hub.settings.limits
        self._session: Session | None = None
        self._held: deque[bytes] = deque()
        self._monotonic_s = hub.clock.monotonic_s
        self._routing = hub.routing
        self._asking: set[asyncio.Task[None]] = set()
        self._posting = 0
        self._slow_posts = 0
        self._too_fast = 0
        self._shared = hub.store.shared
        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        now = hub.clock.monotonic_s()
        self._bucket = TokenBucket(self._limits.frames_per_s, self._limits.frames_burst, now)
        self._light = TokenBucket(10 * self._limits.frames_per_s, 10 * self._limits.frames_burst, now)
        self.first: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._lost: ConnectionLost | None = None

    def begin(self, session: Session) -> None:
        """The client is welcome: answer what it has sent, and will send, in this session."""
        self._session = session
        session.on_room = self._go_on
        if self._lost is not None:
            session.fail(self._lost)
        self._go_on()

    async def end(self) -> None:
        """Take nothing more, and wait until nothing runs for this connection any more."""
        self._session = None
        self._held.clear()
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    # What the wire tells.

    def take(self, data: bytes) -> None:
        session = self._session
        if session is None:
            self._take_early(data)
        elif self._held or self._busy(session):
            self._held.append(data)
            self._wire.pause()
        else:
            try:
                self._handle(session, data)
            except Exception as error:  # noqa: BLE001 - connection loop: one connection must not take the hub with it
                session.fail(error)
                self._session = None

    def writable(self) -> None:
        if self._session is not None:
            self._session.writable()

    def lost(self, error: ConnectionLost) -> None:
        self._lost = error
        if self._session is not None:
            self._session.fail(error)
        elif not self.first.done():
            self.first.set_exception(error)

    def _take_early(self, data: bytes) -> None:
        if not self.first.done():
            self.first.set_result(data)
        else:
            self._held.append(data)
        self._wire.pause()

    def _busy(self, session: Session) -> bool:
        return self._posting + len(self._asking) >= self._limits.in_flight or session.crowded

    def _go_on(self) -> None:
        session = self._session
        if session is None:
            return
        while self._held:
            if self._busy(session):
                return
            try:
                self._handle(session, self._held.popleft())
            except Exception as error:  # noqa: BLE001 - connection loop: one connection must not take the hub with it
                session.fail(error)
                self._session = None
                return
        self._wire.resume()

    def _handle(self, session: Session, data: bytes) -> None:
        session.heard_s = now = self._monotonic_s()
        if len(data) > self._limits.frame_bytes:
            raise SessionEnded(
                TOO_LARGE,
                f"a frame has {len(data)} bytes, at most {self._limits.frame_bytes} are allowed; send files as "
                "artifacts",
                "too_large",
            )
        try:
            frame = decode_client_frame(data)
        except MalformedFrame as error:
            frame = refusal_of(error, reply_address(data))
        kind = type(frame)
        if kind is Acknowledge or kind is Ping or kind is Pong:
            allowed = self._light.take(now)
        else:
            allowed = self._bucket.take(now, _SEARCH_COST if kind is Search else 1.0)
        if not allowed:
            self._refuse_flood(session, data)
            return
        self._too_fast = 0
        match frame:
            case Post():
                self._post(session, frame)
            case Acknowledge():
                try:
                    session.acknowledge(frame.cursor)
                except ProtocolError as error:
                    session.answer(refusal_of(error))
            case Ping():
                session.answer(Pong(n=frame.n))
            case Pong():
                pass
            case Refusal():
                session.answer(frame)
            case Hello():
                rule = "hello is the first frame only; this connection is welcome already"
                session.answer(Refusal(code="illegal_now", rule=rule))
            case _:
                self._start(session, frame)

    def _refused(self, session: Session, frame: Question, error: Exception) -> Refusal:
        refusal = _refused(session, frame, error)
        self._hub.refusals.note(session.name, frame, refusal)
        return refusal

    def _refuse_flood(self, session: Session, data: bytes) -> None:
        self._too_fast += 1
        if self._too_fast > _MAX_REFUSED_IN_A_ROW:
            raise SessionEnded(TOO_FAST, "flooding in spite of refusals; send more slowly", "too_fast")
        rate = f"at most {self._limits.frames_per_s:g} frames a second are allowed; wait, then send it again"
        session.answer(Refusal(code="too_fast", rule=rate, reply_to=reply_address(data)))

    def _post(self, session: Session, frame: Post) -> None:
        """At once if possible. Not while an earlier message of the same client still waits for something: it would
        overtake it. Where other replicas write too each message may have to be decided again, so one follows the other.
        """
        if self._shared:
            self._start(session, frame)
            return

        def told(answer: Accepted | Exception) -> None:
            self._posting -= 1
            if isinstance(answer, Conflict):
                self._start(session, frame)  # decide afresh
            else:
                session.answer(self._refused(session, frame, answer) if isinstance(answer, Exception) else answer)
            if self._held:
                self._go_on()

        self._posting += 1
        try:
            begun = not self._slow_posts and self._routing.post_soon(session.name, frame.message, told)
        except Exception as error:  # noqa: BLE001 - connection loop: a bug in one answer is that answer's only
            told(error)
            return
        if not begun:
            self._posting -= 1
            self._start(session, frame)

    def _start(self, session: Session, frame: Question) -> None:
        if self._session is None:
            return
        task = asyncio.create_task(self._ask(session, frame))
        self._asking.add(task)
        self._slow_posts += isinstance(frame, Post)
        task.add_done_callback(lambda done: self._asked(done, frame))

    def _asked(self, task: asyncio.Task[None], frame: Question) -> None:
        self._asking.discard(task)
        self._slow_posts -= isinstance(frame, Post)
        if self._held:
            self._go_on()

    async def _ask(self, session: Session, frame: Question) -> None:
        try:
            answer = await self._answer(session, frame)
        except Exception as error:  # noqa: BLE001 - connection loop: a bug in one answer is that answer's only
            answer = self._refused(session, frame, error)
        if answer is not None:
            session.answer(answer)

    async def _answer(self, session: Session, frame: Question) -> HubFrame | None:
        hub, name = self._hub, session.name
        match frame:
            case Post(message=message) if self._shared:
                order = self._orders.setdefault(message.comm_id, asyncio.Lock())
                async with order:
                    return await hub.routing.post(name, message)
            case Post():
                return await hub.routing.post(name, frame.message)
            case Search():
                begun_s = hub.clock.monotonic_s()
                agents = await hub.query.search(
                    name,
                    frame.desc,
                    limit=frame.limit,
                    threshold=frame.threshold,
                    online=frame.online,
                    agent_type=frame.type,
                    skill=frame.skill,
                    team=frame.team,
                    verified=frame.verified,
                )
                hub.metrics.searches.observe(hub.clock.monotonic_s() - begun_s)
                return Found(request_id=frame.request_id, agents=agents)
            case LaunchGroup():
                return await hub.setup.launch(name, frame)
            case UpdateCard():
                await hub.registry.update(name, frame.card)
                return Updated(request_id=frame.request_id)
            case Spend():
                return await hub.accounts.ask(name, frame)
            case Spent():
                told = await hub.accounts.tell(name, frame)
                hub.metrics.spent(frame)
                return told
            case PublishContacts():
                record = ContactsRecord(contacts=frame.contacts, at=hub.clock.now_s())
                owner = (await hub.registry.look_up(name)).owner
                await hub.store.commit(Work(documents=(document(CONTACTS, name, record, owner=owner),)))
                return None


def _refused(session: Session, frame: Question, error: Exception) -> Refusal:
    """The answer to a frame that failed."""
    reply_to = _address(frame)
    if isinstance(error, ProtocolError):
        return refusal_of(error, reply_to)
    if isinstance(error, StoreUnavailable | Conflict):
        log.warning("refused a frame: %s", printable(str(error)))
        rule = f"the hub cannot store this now ({error}); nothing was changed, send it again later"
        return Refusal(code="unavailable", rule=rule[:4_000], reply_to=reply_to)
    log.error("a frame of %s failed", printable(session.name), exc_info=error)
    return Refusal(code="internal", rule="internal error of the hub; its log has the details", reply_to=reply_to)


def _address(frame: Question) -> str:
    match frame:
        case Post():
            return frame.message.message_id
        case PublishContacts():
            return ""
        case _:
            return frame.request_id
