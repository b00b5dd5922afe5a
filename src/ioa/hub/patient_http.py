"""uvicorn's HTTP protocol with patience that ends: for a request's head, and for a peer that does not read its answer.

uvicorn waits for ever for the rest of a head, so that somebody who opens many connections and sends a byte now and then
(slowloris) takes all that there are. Bodies have deadlines of their own (`ioa.hub.endpoint`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from ioa.hub.settings import Limits


def patient_http(limits: Limits) -> type[asyncio.Protocol]:
    """The `http` of a `uvicorn.Config`. Connections that owe a head are few: who owes it longest makes room."""
    waiting: OrderedDict[PatientProtocol, None] = OrderedDict()

    class PatientProtocol(H11Protocol):
        _owed: asyncio.TimerHandle | None = None
        _unread: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._expect_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            cycle: Any = self.cycle
            if self.transport.get_protocol() is not self or not (cycle is None or cycle.response_complete):
                self._head_is_here()  # the request is being answered, or the socket belongs to the agents' protocol now
            else:
                self._expect_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_is_here()
            self._is_read()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._unread is None:
                self._unread = self.loop.call_later(limits.stalled_send_s, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._is_read()

        def _is_read(self) -> None:
            if self._unread is not None:
                self._unread.cancel()
                self._unread = None

        def _expect_head(self) -> None:
            """From the first moment on, whatever dribbles in meanwhile."""
            if self._owed is not None:
                return
            self._owed = self.loop.call_later(limits.head_timeout_s, self._give_up)
            waiting[self] = None
            if len(waiting) > limits.waiting_heads:
                next(iter(waiting))._give_up()

        def _head_is_here(self) -> None:
            if self._owed is not None:
                self._owed.cancel()
                self._owed = None
            waiting.pop(self, None)

        def _give_up(self) -> None:
            self._head_is_here()
            self.transport.abort()

    return PatientProtocol
