"""A Starlette WebSocket as the `Connection` of the transport port."""

from __future__ import annotations

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ioa.ports.transport import ConnectionLost


class WebSocketConnection:
    """The hub's end of an accepted WebSocket: text frames out, text or binary ones in."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def send(self, data: bytes) -> None:
        try:
            await self._socket.send({"type": "websocket.send", "text": data.decode()})
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            raise ConnectionLost(1006, "the client is gone") from error

    async def receive(self) -> bytes:
        try:
            message = await self._socket.receive()
        except RuntimeError as error:  # what Starlette raises after the disconnect was seen
            raise ConnectionLost(1006, "the client is gone") from error
        if message["type"] == "websocket.disconnect":
            raise ConnectionLost(message.get("code") or 1006, message.get("reason") or "")
        text: str | None = message.get("text")
        if text is not None:
            return text.encode()
        data: bytes = message.get("bytes") or b""
        return data

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._socket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            await self._socket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError, OSError):
            return  # it is closed already
