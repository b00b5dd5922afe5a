"""The agents' WebSockets: picows on the transport of a request that asked the HTTP listener for an upgrade.

uvicorn hands such a transport to a protocol class of one's choice, with the request's head. Nothing of ASGI is in the
way of a frame afterwards. picows is C; it runs on uvloop and on asyncio's own loops.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType] - not in its stubs

from ioa.ports.transport import ConnectionLost, Ear

if TYPE_CHECKING:
    from picows.picows import WSCloseHandshake
    from uvicorn import Config
    from uvicorn.server import ServerState

_log = logging.getLogger(__name__)

ABORT_AFTER_S = 15.0
"""A peer that does not read its close frame is cut off after this."""
_LINGER_S = 2.0
_READ_BUFFER_BYTES = 2_048
_HIGH_BYTES, _LOW_BYTES = 65_536, 16_384
_NO_CODE, _ABNORMAL = 1005, 1006
_TEXT = WSMsgType.TEXT

Admit = Callable[[str, str, str | None], tuple[int, str] | None]
"""(path, Host, Origin) to the status and reason of a refusal, or None."""
Serve = Callable[["SocketWire", asyncio.BaseTransport, str], None]
"""Gets a socket that is open, its transport, and X-Forwarded-For."""


class _Quiet:
    """picows tells of every connection and of every mistake of a peer; that is no news here."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name in `logging`
        return False

    def debug(self, *_: object) -> None: ...
    def info(self, *_: object) -> None: ...
    def warning(self, *_: object) -> None: ...
    def error(self, *_: object) -> None: ...
    def log(self, *_: object) -> None: ...

    def exception(self, message: str, *arguments: object) -> None:
        _log.exception(message, *arguments)


_QUIET = _Quiet()


class SocketWire(WSListener):
    """One accepted WebSocket as a `Wire`. Several frames written at once leave in one write. `waiting` is in bytes."""

    def __init__(self, serve: Serve, limit_bytes: int, ended: Callable[[SocketWire], object]) -> None:
        self._serve = serve
        self._limit_bytes = limit_bytes
        self._ended = ended
        self._ear: Ear | None = None
        self._transport: WSTransport | None = None
        self._raw: asyncio.Transport | None = None
        self._parts: list[bytes] = []  # of a message that comes in fragments
        self._abort: asyncio.TimerHandle | None = None
        self._closing = False
        self._paused = False
        self.full = False

    @property
    def waiting(self) -> int:
        return self._raw.get_write_buffer_size() if self._raw is not None else 0

    def attach(self, ear: Ear) -> None:
        self._ear = ear

    def write(self, frames: Sequence[bytes]) -> None:
        if self._transport is None or self._raw is None or self._closing:
            return
        if len(frames) == 1:
            self._transport.send(_TEXT, frames[0])
            return
        pieces: list[bytes] = []
        for frame in frames:
            pieces.append(_head(len(frame)))
            pieces.append(frame)
        self._raw.write(b"".join(pieces))

    def pause(self) -> None:
        if not self._paused and self._raw is not None and not self._closing:
            self._paused = True
            self._raw.pause_reading()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            if self._raw is not None and not self._raw.is_closing():
                self._raw.resume_reading()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.shut(code, reason)

    def shut(self, code: int, reason: str) -> None:
        """Send a close frame; the connection ends when the peer answers it, or is cut off."""
        if self._closing or self._transport is None or self._raw is None:
            return
        self.resume()  # to see the answer
        self._transport.send_close(cast("WSCloseCode", code), reason.encode()[:120])
        self._closing = True
        self._abort = asyncio.get_running_loop().call_later(ABORT_AFTER_S if self.full else _LINGER_S, self._raw.abort)

    def shutdown(self) -> None:
        """The server ends (uvicorn calls this)."""
        self.shut(1012, "the hub stops")

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._raw = transport.underlying_transport
        self._raw.set_write_buffer_limits(high=_HIGH_BYTES, low=_LOW_BYTES)
        forwarded_for = ", ".join(transport.request.headers.getall("x-forwarded-for", []))
        self._serve(self, self._raw, forwarded_for)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        reserved = frame.rsv1 or frame.rsv2 or frame.rsv3
        if kind is _TEXT and frame.fin and self._ear is not None and not (self._parts or self._closing or reserved):
            self._ear.take(frame.get_payload_as_bytes())  # nearly all that comes
        elif reserved:
            self._fail(1002, "reserved bits are set")
        elif kind == WSMsgType.TEXT or kind == WSMsgType.BINARY or kind == WSMsgType.CONTINUATION:
            if self._closing or self._ear is None:
                return
            if frame.fin and not self._parts and kind != WSMsgType.CONTINUATION:
                self._ear.take(frame.get_payload_as_bytes())
            else:
                self._fragment(frame)
        elif kind == WSMsgType.PING:
            if not self.full:  # else the peer does not read: nothing may pile up for it
                transport.send_pong(frame.get_payload_as_bytes())
        elif kind == WSMsgType.CLOSE:
            if not self._closing:
                code = frame.get_close_code()
                transport.send_close(code if int(cast("int", code)) else WSCloseCode.OK)
                self._closing = True
            transport.disconnect()

    def _fragment(self, frame: WSFrame) -> None:
        if (frame.msg_type == WSMsgType.CONTINUATION) != bool(self._parts):
            self._fail(1002, "a fragment is out of place")
            return
        self._parts.append(frame.get_payload_as_bytes())
        if sum(map(len, self._parts)) > self._limit_bytes or len(self._parts) > 4_096:
            self._fail(1009, "the message is too large")
        elif frame.fin:
            whole = b"".join(self._parts)
            self._parts.clear()
            if self._ear is not None:
                self._ear.take(whole)

    def _fail(self, code: int, reason: str) -> None:
        self._parts.clear()
        self.shut(code, reason)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self._abort is not None:
            self._abort.cancel()
        handshake = cast("WSCloseHandshake | None", transport.close_handshake)
        told = handshake.recv if handshake is not None else None
        ear, self._ear = self._ear, None
        self._transport = self._raw = None
        self._ended(self)
        if ear is not None:
            code = int(cast("int", told.code)) or _NO_CODE if told is not None else _ABNORMAL
            ear.lost(ConnectionLost(code, told.reason if told is not None else ""))

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        if self._ear is not None:
            self._ear.writable()


class Upgrade(asyncio.Protocol):
    """What uvicorn makes for a request that asks for an upgrade: checks who is asked for, then steps aside."""

    def __init__(self, admit: Admit, serve: Serve, limit_bytes: int, state: ServerState) -> None:
        self._admit = admit
        self._serve = serve
        self._limit_bytes = limit_bytes
        self._state = state
        self._protocol: Any = None  # picows types none of its protocol's methods
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._protocol = cast("Any", WSProtocol)(
            None,
            None,
            False,
            self._accept,
            _QUIET,
            True,
            None,  # the head is here already
            False,
            0,
            0,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            False,
            self._limit_bytes,
            None,
            _READ_BUFFER_BYTES,
        )
        self._protocol.connection_made(transport)

    def _accept(self, request: WSUpgradeRequest) -> Any:
        headers = request.headers
        problem = self._admit(request.path.decode("latin-1"), headers.get("host", ""), headers.get("origin"))
        if problem is not None:
            status, reason = problem
            body = reason.encode("ascii", "backslashreplace")
            return WSUpgradeResponseWithListener(
                WSUpgradeResponse.create_error_response(HTTPStatus(status), body), None
            )
        wire = SocketWire(self._serve, self._limit_bytes, self._state.connections.discard)
        self._state.connections.add(cast("Any", wire))
        return wire

    def data_received(self, data: bytes) -> None:
        """The request's head, and what follows it until the transport is picows's own."""
        view = memoryview(data)
        while view:
            room = self._protocol.get_buffer(len(view))
            part = view[: len(room)]
            room[: len(part)] = part
            room.release()
            self._protocol.buffer_updated(len(part))
            view = view[len(part) :]
        asyncio.get_running_loop().call_soon(self._step_aside)  # uvicorn sets this protocol once we return

    def _step_aside(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None and not transport.is_closing():
            transport.set_protocol(self._protocol)

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


def upgrades(admit: Admit, serve: Serve, limit_bytes: int) -> Any:
    """The `ws` of a `uvicorn.Config`: messages of at most `limit_bytes`, each accepted socket goes to `serve`."""

    def make(config: Config, server_state: ServerState, app_state: object) -> Upgrade:
        return Upgrade(admit, serve, limit_bytes, server_state)

    return make


def _head(size: int) -> bytes:
    """The head of an unmasked, whole text frame."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")
