"""One connection from its hello to its end. What is said in between is in `intake`, what is delivered in
`session_management`.

Bad frames are refused and the connection goes on. It ends when the client leaves, is superseded, does not read or
acknowledge, sends no sign of life, or floods in spite of refusals.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ioa.hub.intake import Intake
from ioa.hub.older_clients import OlderWire, in_words_of
from ioa.hub.records import CURSOR, CursorRecord, document
from ioa.hub.security import HERE, Identity, Peer
from ioa.hub.session_management import (
    GOING_AWAY,
    NOT_AUTHENTICATED,
    SLOW_CONSUMER,
    TOO_FAST,
    WRONG_VERSION,
    Session,
    SessionEnded,
    refusal_of,
)
from ioa.ports.store import Conflict, StoreUnavailable, Work
from ioa.ports.transport import ConnectionLost, Wire
from ioa.protocol.codec import decode_client_frame, encode, reply_address
from ioa.protocol.errors import MalformedFrame, ProtocolError, Refused
from ioa.protocol.frames import Hello, Welcome
from ioa.protocol.versions import SPOKEN, spoken

if TYPE_CHECKING:
    from ioa.hub.hub import Hub

log = logging.getLogger(__name__)

_STOPPING_S = 4.0


class ConnectionLoop:
    """Serves connections of a hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limits = hub.settings.limits
        self._open = 0
        self._arrivals = 0
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._begun: set[asyncio.Task[None]] = set()

    async def drained(self) -> None:
        """Wait until all connections have ended."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._none_open.wait(), _STOPPING_S)

    def begin(self, wire: Wire, peer: Peer) -> None:
        """`serve` in a task of its own. What comes before that task has its first turn is heard all the same: while
        very many connect, a hello can be here before."""
        task = asyncio.create_task(self._serve(wire, self._heard(wire), peer))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def serve(self, wire: Wire, peer: Peer = HERE) -> None:
        """One connection, from hello to close."""
        await self._serve(wire, self._heard(wire), peer)

    def _heard(self, wire: Wire) -> Intake:
        intake = Intake(self._hub, wire)
        wire.attach(intake)
        return intake

    async def _serve(self, wire: Wire, intake: Intake, peer: Peer) -> None:
        self._open += 1
        self._arrivals += 1
        arrived = self._arrivals
        self._none_open.clear()
        try:
            if self._open > self._limits.connections:
                raise SessionEnded(SLOW_CONSUMER, "the hub has all the connections that it may have; try again later")
            session, identity = await self._welcome(wire, intake, peer, arrived)
            try:
                with self._hub.leases.hold(identity, session.end_token):
                    intake.begin(session)
                    await session.run_until_ended()
            except Refused as error:
                raise SessionEnded(NOT_AUTHENTICATED, error.rule, error.code) from error
            finally:
                await self._left(session)
                await intake.end()
                await self._note_cursor(session)
        except SessionEnded as end:
            await self._farewell(wire, end)
        except ConnectionLost:
            await wire.close(1000, "")
        except StoreUnavailable as error:
            await self._farewell(wire, SessionEnded(GOING_AWAY, str(error)[:100], "unavailable"))
        except Exception:  # connection loop: one connection must not take the hub with it
            log.exception("a connection failed")
            await wire.close(1011, "internal error of the hub")
        finally:
            intake.first.cancel()  # nobody asks for it any more
            self._open -= 1
            if not self._open:
                self._none_open.set()

    async def _welcome(self, wire: Wire, intake: Intake, peer: Peer, arrived: int) -> tuple[Session, Identity]:
        """The hello's answer. Raises `SessionEnded` for a hello that is missing, late or wrong."""
        data = await self._first_frame(intake)
        try:
            hello = decode_client_frame(data)
        except MalformedFrame as error:
            wire.write([encode(refusal_of(error, reply_address(data)))])
            raise SessionEnded(NOT_AUTHENTICATED, "the first frame must be hello") from error
        if not isinstance(hello, Hello):
            raise SessionEnded(NOT_AUTHENTICATED, "the first frame must be hello", "not_authenticated")
        if hello.version not in SPOKEN:
            raise SessionEnded(
                WRONG_VERSION,
                f"version {hello.version} is not spoken here, only {spoken()}; use a release that speaks one of them",
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
        told = in_words_of(hello.version, wire)
        session = Session(
            identity.name,
            told,
            self._hub.store,
            self._hub.clock,
            self._limits,
            self._hub.sessions.turn,
            cursor=cursor,
            arrived=arrived,
        )
        if isinstance(told, OlderWire):
            told.on_unsayable = partial(session.end, WRONG_VERSION, refusal="wrong_version")
        await self._hub.presence.enter(session)
        session.answer(
            Welcome(
                version=hello.version,
                name=identity.name,
                cursor=cursor,
                window=self._limits.window,
                max_frame_bytes=self._limits.frame_bytes,
                epoch=self._hub.store.epoch,
            )
        )
        for goal in self._hub.goals.came_online(identity.name):
            session.answer(goal.offer())
        return session, identity

    async def _first_frame(self, intake: Intake) -> bytes:
        patience = asyncio.ensure_future(self._hub.clock.sleep(self._limits.hello_timeout_s))
        try:
            await asyncio.wait((intake.first, patience), return_when=asyncio.FIRST_COMPLETED)
            if not intake.first.done():
                raise SessionEnded(
                    NOT_AUTHENTICATED,
                    f"no hello within {self._limits.hello_timeout_s:g} s",
                    "not_authenticated",
                )
            return intake.first.result()
        finally:
            intake.first.cancel()
            patience.cancel()

    async def _left(self, session: Session) -> None:
        with suppress(StoreUnavailable, Conflict):
            await self._hub.presence.leave(session)

    async def _note_cursor(self, session: Session) -> None:
        """For people who look: how far the agent has come. The client's own cursor is the one that counts."""
        record = CursorRecord(cursor=session.acknowledged, at=self._hub.clock.now_s())
        with suppress(StoreUnavailable):
            await self._hub.store.commit(Work(documents=(document(CURSOR, session.name, record),)))

    async def _farewell(self, wire: Wire, end: SessionEnded) -> None:
        if end.refusal is not None:
            legal = tuple(map(str, SPOKEN)) if end.refusal == "wrong_version" else ()
            wire.write([encode(refusal_of(ProtocolError(end.refusal, end.reason, legal=legal)))])
        await wire.close(end.code, end.reason[:100])
