"""The robots.txt of each site this task met, fetched once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import httpx

from ioa.adapters.agents.react.web.bodies import BadEncoding, TooLarge, decompressed
from ioa.adapters.agents.react.web.replies import WebFailed
from ioa.adapters.agents.react.web.robots import ALL_ALLOWED, LIMIT_BYTES, UNKNOWN, Robots, parsed

OpenUrl: TypeAlias = Callable[[str], AbstractAsyncContextManager[httpx.Response]]


class SiteRules:
    """`rules(origin)` for origins such as `https://example.org`. `opened` opens an address without asking back here."""

    def __init__(self, opened: OpenUrl, agent: str) -> None:
        self._opened = opened
        self._agent = agent
        self._known: dict[str, Robots] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def rules(self, origin: str) -> Robots:
        """RFC 9309: a missing file allows all, a server that cannot say allows nothing. Raises `WebFailed` and
        `AddressRefused` for a server that cannot be reached at all."""
        async with self._locks[origin]:
            if origin not in self._known:
                self._known[origin] = await self._fetched(origin)
            return self._known[origin]

    async def _fetched(self, origin: str) -> Robots:
        content = bytearray()
        try:
            async with self._opened(f"{origin}/robots.txt") as response:
                if response.headers.get("content-type", "").startswith("text/html"):
                    return ALL_ALLOWED  # a page that says "not found" with status 200
                async for part in self._parts(response):
                    content += part
        except (TooLarge, BadEncoding):
            pass  # what was read so far counts
        except WebFailed as failure:
            if 400 <= failure.status < 500 and failure.status != 429:
                return ALL_ALLOWED
            if failure.status:
                return UNKNOWN
            raise
        return parsed(content.decode("utf-8", errors="replace"), self._agent)

    def _parts(self, response: httpx.Response) -> AsyncIterator[bytes]:
        return decompressed(response.aiter_raw(), response.headers.get("content-encoding", ""), LIMIT_BYTES)
