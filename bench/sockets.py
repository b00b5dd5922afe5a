"""WebSockets that cost the load generator as little as Python can: callbacks from picows."""

from __future__ import annotations

from collections.abc import Callable

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

_MAX_BYTES = 16 * 1024 * 1024
_READ_BUFFER_BYTES = 2_048
_PATIENCE_S = 30.0


class SocketLost(Exception):
    """The server closed a connection that it should have kept."""


class Socket(WSListener):
    """One connection. `on_text` gets each message, `on_end` is called after each piece of input that was read;
    `on_lost` when the server ends it."""

    def __init__(
        self, on_text: Callable[[bytes], None], on_end: Callable[[], None], on_lost: Callable[[Exception], None]
    ) -> None:
        self._on_text = on_text
        self._on_end = on_end
        self._on_lost = on_lost
        self._transport: WSTransport | None = None
        self._closing = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        if self._closing:  # given up meanwhile
            transport.disconnect(graceful=False)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self._closing:
            return
        if frame.msg_type == WSMsgType.TEXT:
            self._on_text(frame.get_payload_as_bytes())
            if frame.last_in_buffer:
                self._on_end()
        elif frame.msg_type == WSMsgType.CLOSE:
            self._lost(f"{frame.get_close_code()} {frame.get_close_reason() or ''}")

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._lost("the connection broke")

    def _lost(self, why: str) -> None:
        if not self._closing:
            self._closing = True
            self._on_lost(SocketLost(why))

    def send(self, text: bytes) -> None:
        assert self._transport is not None
        self._transport.send(WSMsgType.TEXT, text)

    def close(self) -> None:
        """End it without ceremony: what is measured is over."""
        self._closing = True
        if self._transport is not None:
            self._transport.disconnect(graceful=False)


async def connect(
    url: str,
    on_text: Callable[[bytes], None],
    on_end: Callable[[], None],
    on_lost: Callable[[Exception], None],
) -> Socket:
    """An open connection to `ws://host:port/path`. Raises `SocketLost`, `OSError`, or why the handshake failed."""
    socket = Socket(on_text, on_end, on_lost)
    try:
        await ws_connect(
            lambda: socket,
            url,
            max_frame_size=_MAX_BYTES,
            read_buffer_init_size=_READ_BUFFER_BYTES,
            websocket_handshake_timeout=_PATIENCE_S,
            use_aiofastnet=False,
        )
    except BaseException:
        socket.close()
        raise
    return socket
