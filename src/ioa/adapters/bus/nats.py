"""A bus over NATS (extra `nats`): what is published on a subject within a turn of the event loop is one message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle

from ioa.adapters.bus.bundles import HEAD_BYTES, bundled
from ioa.adapters.bus.hearing import Hearing
from ioa.adapters.bus.nats_link import NatsLink
from ioa.adapters.bus.nats_url import parse
from ioa.ports.bus import Bus, BusUnavailable, Hear, check_publication

log = logging.getLogger(__name__)

MOST_WAITING_BYTES = 32 * 1024 * 1024
"""What waits for a server that does not take it; more is dropped, and told as a gap."""
_FAREWELL_S = 2.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0


class NatsBus(Bus):
    """One replica's end. `url` as `nats_url.parse` takes it; raises what that raises."""

    def __init__(self, url: str) -> None:
        self._setting = parse(url)
        self._servers = cycle(self._setting.servers)
        self._hearing = Hearing()
        self._waiting: dict[str, list[bytes]] = {}
        self._waiting_bytes = 0
        self._overran = False
        self._to_send = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self._link: NatsLink | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._partings: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        if self._keeper is not None:
            return
        refused: BusUnavailable | None = None
        for server in self._setting.servers:
            try:
                link = await self._connect(server)
            except BusUnavailable as error:
                refused = refused or error
                continue
            self._keeper = asyncio.create_task(self._keep(link), name="ioa-bus")
            return
        if refused is not None:
            raise refused

    async def close(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        link = self._link
        if link is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await self._all_sent.wait()
                    await link.flush()
        keeper.cancel()
        await asyncio.gather(keeper, *self._partings, return_exceptions=True)

    def publish(self, subject: str, data: bytes) -> None:
        check_publication(subject, data)
        if self._link is None:
            return
        size = HEAD_BYTES + len(data)
        if self._waiting_bytes + size > MOST_WAITING_BYTES:
            if not self._overran:
                self._overran = True
                log.warning("NATS does not take what is published; it is dropped until it does")
            return
        self._waiting.setdefault(subject, []).append(data)
        self._waiting_bytes += size
        self._all_sent.clear()
        self._to_send.set()

    async def subscribe(self, subject: str, hear: Hear) -> Callable[[], None]:
        self._hearing.add(subject, hear)
        if self._link is not None:
            await self._link.listen(subject)

        def end() -> None:
            if self._hearing.remove(subject, hear) and self._link is not None:
                parting = asyncio.ensure_future(self._link.unlisten(subject))
                self._partings.add(parting)
                parting.add_done_callback(self._partings.discard)

        return end

    @property
    def away(self) -> bool:
        return self._keeper is not None and self._link is None

    def on_gap(self, tell: Callable[[], None]) -> None:
        self._hearing.on_gap(tell)

    async def _connect(self, server: str) -> NatsLink:
        """A link on which everything is heard that is listened to."""
        link = NatsLink(self._setting, server, self._hearing.hear, self._hearing.gap)
        await link.connect()
        try:
            for subject in self._hearing.subjects:
                await link.listen(subject)
        except BaseException:
            await link.close()
            raise
        self._overran = False
        self._link = link
        return link

    async def _keep(self, link: NatsLink) -> None:
        """Send what is published; connect again for ever."""
        while True:
            sending = asyncio.create_task(self._send(link), name="ioa-bus-send")
            try:
                await link.lost.wait()
            finally:
                self._link = None
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                self._waiting.clear()
                self._waiting_bytes = 0
                self._all_sent.set()
                await link.close()
            log.warning("the bus is lost (%s); replicas hear of each other late until it is back", link.reason)
            link = await self._reconnect()
            log.warning("the bus is back")
            self._hearing.gap()

    async def _reconnect(self) -> NatsLink:
        pause = _FIRST_PAUSE_S
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            with suppress(BusUnavailable):
                return await self._connect(next(self._servers))

    async def _send(self, link: NatsLink) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            bundles, self._waiting = self._waiting, {}
            for subject, pieces in bundles.items():
                for message in bundled(pieces, link.largest_bytes):
                    await link.send(subject, message)
                    self._waiting_bytes -= len(message)
            if self._overran:
                self._overran = False
                self._hearing.gap()
            if not self._waiting:
                self._all_sent.set()
