"""The least that could carry a group chat: a `websockets` server that sends each text to everybody in its group.

No validation, no log, no sequence numbers, no acknowledgements: what the hub's work is compared with.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from bench.servers import serve_until_told


async def main() -> None:
    groups: defaultdict[str, set[ServerConnection]] = defaultdict(set)

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

    async with serve(talk, "127.0.0.1", 0, compression=None, ping_interval=None) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        await serve_until_told({"url": f"ws://127.0.0.1:{port}"})


if __name__ == "__main__":
    asyncio.run(main())
