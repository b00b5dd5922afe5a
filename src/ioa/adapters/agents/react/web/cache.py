"""Answers of this task kept in memory for a few minutes: a model often opens the same page twice."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable

from ioa.adapters.agents.react.web.replies import Reply
from ioa.ports.clock import Clock

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*(\d+)")


class ReplyCache:
    """The most recently used answers, by bytes; none that its server asked not to keep."""

    def __init__(self, clock: Clock, *, limit_bytes: int = 16 * 2**20, keep_s: float = 300.0) -> None:
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._keep_s = keep_s
        self._kept: OrderedDict[Hashable, tuple[float, Reply]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> Reply | None:
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] <= self._clock.monotonic_s():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(self, key: Hashable, reply: Reply) -> None:
        control = reply.headers.get("cache-control", "").lower()
        if "no-store" in control or "no-cache" in control or len(reply.content) > self._limit_bytes // 4:
            return
        aged = _MAX_AGE.search(control)
        keep_s = min(float(aged[1]), self._keep_s) if aged else self._keep_s
        if keep_s <= 0:
            return
        if key in self._kept:
            self._drop(key)
        self._kept[key] = (self._clock.monotonic_s() + keep_s, reply)
        self._bytes += len(reply.content)
        while self._bytes > self._limit_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        _, reply = self._kept.pop(key)
        self._bytes -= len(reply.content)
