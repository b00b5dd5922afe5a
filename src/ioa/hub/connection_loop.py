"""One connection from its hello to its end: frames are read, limited, and handed to the blocks; each gets one answer.

Bad frames are refused and the connection goes on. It ends when the client leaves, is superseded, does not read or
acknowledge, sends no sign of life, or floods in spite of refusals.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from ioa.hub.records import CONTACTS, CURSOR, ContactsRecord, CursorRecord, document
from ioa.hub.security import HERE, Identity, Peer, TokenBucket
from ioa.hub.session_management import (
    GOING_AWAY,
    NOT_AUTHENTICATED,
    SLOW_CONSUMER,
    TOO_FAST,
    TOO_LARGE,
    WRONG_VERSION,
    Session,
    SessionEnded,
    refusal_of,
)
from ioa.ports.store import Conflict, StoreUnavailable, Work
from ioa.ports.transport import Connection, ConnectionLost
from ioa.protocol.codec import decode_client_frame, encode, reply_address
from ioa.protocol.errors import MalformedFrame, ProtocolError, Refused
from ioa.protocol.frames import (
    PROTOCOL_VERSION,
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
    Welcome,
)
from ioa.protocol.names import printable

if TYPE_CHECKING:
    from ioa.hub.hub import Hub

log = logging.getLogger(__name__)

Question: TypeAlias = Post | Search | LaunchGroup | PublishContacts | UpdateCard | Spend | Spent

_FAREWELL_S = 2.0  # of real time: how long a peer that is being closed may hold us up
_SEARCH_COST = 5.0
_MAX_REFUSED_IN_A_ROW = 500


class ConnectionLoop:
    """Serves connections of a hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limits = hub.settings.limits
        self._open = 0
        self._none_open = asyncio.Event()
        self._none_open.set()

    async def drained(self) -> None:
        """Wait until all connections have ended."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._none_open.wait(), 2 * _FAREWELL_S)

    async def serve(self, connection: Connection, peer: Peer = HERE) -> None:
        """One connection, from hello to close."""
        self._open += 1
        self._none_open.clear()
        try:
            if self._open > self._limits.connections:
                raise SessionEnded(SLOW_CONSUMER, "the hub has all the connections that it may have; try again later")
            session, identity = await self._welcome(connection, peer)
            try:
                with self._hub.leases.hold(identity, session.end_token):
                    await self._talk(session, connection)
            except Refused as error:
                raise SessionEnded(NOT_AUTHENTICATED, error.rule, error.code) from error
            finally:
                self._hub.sessions.leave(session)
                await self._note_cursor(session)
        except SessionEnded as end:
            await self._farewell(connection, end)
        except ConnectionLost:
            await _close(connection, 1000, "")
        except StoreUnavailable as error:
            await self._farewell(connection, SessionEnded(GOING_AWAY, str(error)[:100], "unavailable"))
        except Exception:  # connection loop: one connection must not take the hub with it
            log.exception("a connection failed")
            await _close(connection, 1011, "internal error of the hub")
        finally:
            self._open -= 1
            if not self._open:
                self._none_open.set()

    async def _welcome(self, connection: Connection, peer: Peer) -> tuple[Session, Identity]:
        """The hello's answer. Raises `SessionEnded` for a hello that is missing, late or wrong."""
        data = await self._first_frame(connection)
        try:
            hello = decode_client_frame(data)
        except MalformedFrame as error:
            await connection.send(encode(refusal_of(error, reply_address(data))))
            raise SessionEnded(NOT_AUTHENTICATED, "the first frame must be hello") from error
        if not isinstance(hello, Hello):
            raise SessionEnded(NOT_AUTHENTICATED, "the first frame must be hello", "not_authenticated")
        if hello.version != PROTOCOL_VERSION:
            raise SessionEnded(
                WRONG_VERSION,
                f"version {hello.version} is not spoken here, only {PROTOCOL_VERSION}; use a release of the same "
                "protocol version",
                "wrong_version",
            )
        try:
            identity = await self._hub.sign_in.identify(hello.token, peer)
            if identity.kind != "agent":
                whose = f"this is the token of a {identity.kind}"
                raise Refused("not_authenticated", f"{whose}; register an agent and use its own")
        except Refused as error:
            if error.code == "too_fast":
                raise SessionEnded(TOO_FAST, error.rule, error.code) from error
            raise SessionEnded(NOT_AUTHENTICATED, error.rule, error.code) from error
        newest = await self._hub.store.newest()
        # A cursor from the future is that of another hub, or of one whose data were lost: begin anew.
        cursor = hello.cursor if hello.cursor <= newest else 0
        session = Session(identity.name, connection, self._hub.store, self._hub.clock, self._limits, cursor=cursor)
        self._hub.sessions.enter(session)
        await session.answer(
            Welcome(
                version=PROTOCOL_VERSION,
                name=identity.name,
                cursor=cursor,
                window=self._limits.window,
                max_frame_bytes=self._limits.frame_bytes,
            )
        )
        for goal in self._hub.goals.came_online(identity.name):
            await session.answer(goal.offer())
        return session, identity

    async def _first_frame(self, connection: Connection) -> bytes:
        receiving = asyncio.ensure_future(connection.receive())
        patience = asyncio.ensure_future(self._hub.clock.sleep(self._limits.hello_timeout_s))
        try:
            await asyncio.wait((receiving, patience), return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                raise SessionEnded(
                    NOT_AUTHENTICATED,
                    f"no hello within {self._limits.hello_timeout_s:g} s",
                    "not_authenticated",
                )
            return receiving.result()
        finally:
            for task in (receiving, patience):
                task.cancel()
                with suppress(asyncio.CancelledError, ConnectionLost):
                    await task

    async def _talk(self, session: Session, connection: Connection) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(session.pump())
                group.create_task(session.keep_alive())
                group.create_task(session.run_until_ended())
                group.create_task(self._read(session, connection, group))
        except* (SessionEnded, ConnectionLost, StoreUnavailable) as ended:
            reasons = [error for error in _flat(ended) if isinstance(error, SessionEnded)]
            raise (reasons or _flat(ended))[0] from None

    async def _read(self, session: Session, connection: Connection, group: asyncio.TaskGroup) -> None:
        now = self._hub.clock.monotonic_s()
        bucket = TokenBucket(self._limits.frames_per_s, self._limits.frames_burst, now)
        light = TokenBucket(10 * self._limits.frames_per_s, 10 * self._limits.frames_burst, now)
        slots = asyncio.Semaphore(self._limits.in_flight)
        too_fast = 0
        while True:
            data = await connection.receive()
            session.heard_s = now = self._hub.clock.monotonic_s()
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
            cheap = isinstance(frame, Acknowledge | Ping | Pong)
            allowed = light.take(now) if cheap else bucket.take(now, _SEARCH_COST if isinstance(frame, Search) else 1.0)
            if not allowed:
                too_fast += 1
                if too_fast > _MAX_REFUSED_IN_A_ROW:
                    raise SessionEnded(TOO_FAST, "flooding in spite of refusals; send more slowly", "too_fast")
                rate = f"at most {self._limits.frames_per_s:g} frames a second are allowed; wait, then send it again"
                await session.answer(Refusal(code="too_fast", rule=rate, reply_to=reply_address(data)))
                continue
            too_fast = 0
            match frame:
                case Acknowledge():
                    await self._acknowledge(session, frame)
                case Ping():
                    await session.answer(Pong(n=frame.n))
                case Pong():
                    pass
                case Refusal():
                    await session.answer(frame)
                case Hello():
                    rule = "hello is the first frame only; this connection is welcome already"
                    await session.answer(Refusal(code="illegal_now", rule=rule))
                case _:
                    await slots.acquire()
                    task = group.create_task(self._ask(session, frame))
                    task.add_done_callback(lambda _: slots.release())

    @staticmethod
    async def _acknowledge(session: Session, frame: Acknowledge) -> None:
        try:
            session.acknowledge(frame.cursor)
        except ProtocolError as error:
            await session.answer(refusal_of(error))

    async def _ask(self, session: Session, frame: Question) -> None:
        reply_to = _address(frame)
        try:
            answer = await self._answer(session, frame)
        except ProtocolError as error:
            answer = refusal_of(error, reply_to)
        except (StoreUnavailable, Conflict) as error:
            log.warning("refused a frame: %s", printable(str(error)))
            rule = f"the hub cannot store this now ({error}); nothing was changed, send it again later"
            answer = Refusal(code="unavailable", rule=rule[:4_000], reply_to=reply_to)
        except Exception:  # connection loop: a bug in one answer is that answer's only
            log.exception("a frame of %s failed", printable(session.name))
            answer = Refusal(
                code="internal", rule="internal error of the hub; its log has the details", reply_to=reply_to
            )
        if answer is not None:
            await session.answer(answer)

    async def _answer(self, session: Session, frame: Question) -> HubFrame | None:
        hub, name = self._hub, session.name
        match frame:
            case Post():
                return await hub.routing.post(name, frame.message)
            case Search():
                agents = await hub.query.search(
                    name,
                    frame.desc,
                    limit=frame.limit,
                    threshold=frame.threshold,
                    online=frame.online,
                    agent_type=frame.type,
                    skill=frame.skill,
                    team=frame.team,
                )
                return Found(request_id=frame.request_id, agents=agents)
            case LaunchGroup():
                return await hub.setup.launch(name, frame)
            case UpdateCard():
                await hub.registry.update(name, frame.card)
                return Updated(request_id=frame.request_id)
            case Spend():
                return await hub.accounts.ask(name, frame)
            case Spent():
                return await hub.accounts.tell(name, frame)
            case PublishContacts():
                record = ContactsRecord(contacts=frame.contacts, at=hub.clock.now_s())
                owner = hub.registry.named(name).owner
                await hub.store.commit(Work(documents=(document(CONTACTS, name, record, owner=owner),)))
                return None

    async def _note_cursor(self, session: Session) -> None:
        """For people who look: how far the agent has come. The client's own cursor is the one that counts."""
        record = CursorRecord(cursor=session.acknowledged, at=self._hub.clock.now_s())
        with suppress(StoreUnavailable):
            await self._hub.store.commit(Work(documents=(document(CURSOR, session.name, record),)))

    async def _farewell(self, connection: Connection, end: SessionEnded) -> None:
        if end.refusal is not None:
            refusal = refusal_of(ProtocolError(end.refusal, end.reason))
            with suppress(ConnectionLost, TimeoutError):
                await asyncio.wait_for(connection.send(encode(refusal)), _FAREWELL_S)
        await _close(connection, end.code, end.reason)


async def _close(connection: Connection, code: int, reason: str) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(connection.close(code, reason[:100]), _FAREWELL_S)


def _address(frame: Question) -> str:
    match frame:
        case Post():
            return frame.message.message_id
        case PublishContacts():
            return ""
        case _:
            return frame.request_id


def _flat(group: BaseExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for error in group.exceptions:
        found += _flat(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
