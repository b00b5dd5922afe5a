"""The least that could carry a group chat: a server that sends each text to everybody in its group.

No validation, no log, no sequence numbers, no acknowledgements: what the hub's work is compared with. On `websockets`,
or on picows over uvloop, where what one socket gets in a turn of the event loop can leave in one write (`--coalesced`).
"""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict
from typing import Any

from bench.servers import serve_until_told
from ioa.hub.serving import event_loop


async def websockets_server(groups: defaultdict[str, set]) -> int:
    """Listens; returns the port."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve
    from websockets.exceptions import ConnectionClosed

    async def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        group = groups[connection.request.path]
        group.add(connection)
        try:
            async for text in connection:
                broadcast(group, text)
        except ConnectionClosed:
            pass  # the load generator hangs up without a word
        finally:
            group.discard(connection)

    listening = await serve(talk, "127.0.0.1", 0, compression=None, ping_interval=None)
    return next(iter(listening.sockets)).getsockname()[1]


async def picows_server(groups: defaultdict[str, set], *, coalesced: bool) -> int:
    """Listens; returns the port."""
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

    loop = asyncio.get_running_loop()
    text_kind = WSMsgType.TEXT
    waiting: dict[Any, list[bytes]] = {}

    def flush() -> None:
        for transport, frames in waiting.items():
            transport.underlying_transport.write(b"".join(frames))
        waiting.clear()

    def later(group: set[WSTransport], text: bytes) -> None:
        if not waiting:
            loop.call_soon(flush)
        frame = b"\x81\x7e" + len(text).to_bytes(2, "big") + text
        for transport in group:
            waiting.setdefault(transport, []).append(frame)

    class Member(WSListener):
        def __init__(self, group: set[WSTransport]) -> None:
            self.group = group

        def on_ws_connected(self, transport: WSTransport) -> None:
            self.group.add(transport)

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            text = frame.get_payload_as_bytes()
            if coalesced:
                later(self.group, text)
                return
            for other in self.group:
                other.send(text_kind, text)

        def on_ws_disconnected(self, transport: WSTransport) -> None:
            self.group.discard(transport)

    def accept(request: WSUpgradeRequest) -> WSListener:
        return Member(groups[request.path.decode()])

    listening = await ws_create_server(accept, "127.0.0.1", 0, use_aiofastnet=False, read_buffer_init_size=2_048)
    return listening.sockets[0].getsockname()[1]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", choices=("picows", "websockets"), default="picows")
    parser.add_argument("--coalesced", action="store_true")
    options = parser.parse_args()
    groups: defaultdict[str, set] = defaultdict(set)
    if options.on == "picows":
        port = await picows_server(groups, coalesced=options.coalesced)
    else:
        port = await websockets_server(groups)
    await serve_until_told({"url": f"ws://127.0.0.1:{port}"})


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(main())
