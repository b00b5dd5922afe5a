"""One connection to a NATS server, from its beginning to its end.

The client library's own reconnection gives up for good on errors that a server may well send to one who should come
back (a slow consumer, credentials that are being changed), so it is switched off, and each connection is a client.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from ioa.adapters.bus.bundles import unbundled
from ioa.adapters.bus.nats_url import NatsSetting, unavailable

log = logging.getLogger(__name__)

ERRORS = (nats.errors.Error, OSError, TimeoutError)
"""What a connection that is lost raises."""
_HEARD_BYTES = 64 * 1024 * 1024
_CONNECT_WITHIN_S, _FLUSH_WITHIN_S, _CLOSE_WITHIN_S = 5, 2, 1
_PING_EVERY_S = 5  # a server that does not answer twice is lost


class NatsLink:
    """`hear` gets subject and data of what others publish; `overrun` is called when some of it had to be dropped."""

    def __init__(
        self, setting: NatsSetting, server: str, hear: Callable[[str, bytes], None], overrun: Callable[[], None]
    ) -> None:
        self._setting = setting
        self._server = server
        self._hear = hear
        self._overrun = overrun
        self._client = Client()
        self._subscriptions: dict[str, Subscription] = {}
        self.lost = asyncio.Event()
        """Is the connection over?"""
        self.reason = "the server closed the connection"
        self._error: Exception | None = None

    @property
    def largest_bytes(self) -> int:
        """The largest message that the server takes."""
        return self._client.max_payload

    async def connect(self) -> None:
        """Raises `BusUnavailable` with the remedy."""
        options: dict[str, Any] = {
            "user": self._setting.user,
            "password": self._setting.password,
            "token": self._setting.token,
            "tls": self._setting.tls,
            "user_credentials": self._setting.creds,
            "nkeys_seed": self._setting.nkey,
        }
        try:
            connecting = self._client.connect(
                servers=[self._server],
                name="ioa-hub",
                error_cb=self._failed,
                closed_cb=self._closed,
                allow_reconnect=False,
                max_reconnect_attempts=1,  # that many more at the beginning, at once
                reconnect_time_wait=0,
                no_echo=True,
                connect_timeout=_CONNECT_WITHIN_S,
                ping_interval=_PING_EVERY_S,
                **{name: value for name, value in options.items() if value is not None},
            )
            await _within(_CONNECT_WITHIN_S, connecting)
        except ERRORS as error:
            await self.close()
            raise unavailable(self._server, self._error or error) from error
        except ImportError as error:
            raise unavailable(self._server, error) from error

    async def listen(self, subject: str) -> None:
        """Hear a subject; returns when the server knows. Nothing if the connection is lost."""
        if subject in self._subscriptions:
            return

        async def take(message: Msg) -> None:
            try:
                for piece in unbundled(message.data):
                    self._hear(subject, piece)
            except ValueError as error:
                log.warning("the bus carried what no hub says on %s: %s", message.subject, error)

        try:
            self._subscriptions[subject] = await self._client.subscribe(  # pyright: ignore[reportUnknownMemberType] - a parameter that we do not give
                self._name(subject), cb=take, pending_bytes_limit=_HEARD_BYTES
            )
            await self.flush()
        except ERRORS as error:
            self._lose(error)

    async def unlisten(self, subject: str) -> None:
        """Hear it no more."""
        subscription = self._subscriptions.pop(subject, None)
        if subscription is not None:
            try:
                await subscription.unsubscribe()
            except ERRORS as error:
                self._lose(error)

    async def send(self, subject: str, message: bytes) -> None:
        """Publish; waits while the server does not take what was sent before."""
        try:
            await self._client.publish(self._name(subject), message)
        except nats.errors.MaxPayloadError:
            self._overrun()
            log.warning(
                "NATS at %s takes messages of %d bytes, one on %s has %d and is dropped; raise its max_payload",
                *(self._server, self.largest_bytes, subject, len(message)),
            )
        except ERRORS as error:
            self._lose(error)

    async def flush(self) -> None:
        """Wait until the server has what was sent, or is lost."""
        asking, losing = asyncio.ensure_future(self._flush()), asyncio.ensure_future(self.lost.wait())
        try:
            await asyncio.wait({asking, losing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.cancel()
            losing.cancel()
            await asyncio.gather(asking, losing, return_exceptions=True)

    async def _flush(self) -> None:
        try:
            for _ in range(2):  # the library puts a ping before what waits: only the second is behind it
                await self._client.flush(timeout=_FLUSH_WITHIN_S)
        except ERRORS as error:
            self._lose(error)

    async def close(self) -> None:
        """May be called twice."""
        self.lost.set()
        with suppress(*ERRORS):
            await _within(_CLOSE_WITHIN_S, self._client.close())

    def _name(self, subject: str) -> str:
        return f"{self._setting.prefix}.{subject}"

    def _lose(self, error: BaseException) -> None:
        self.reason = str(error) or type(error).__name__
        self.lost.set()

    async def _failed(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            self._overrun()
        else:
            self._error = error
            self.reason = str(error) or type(error).__name__

    async def _closed(self) -> None:
        last = self._client.last_error
        if last is not None:
            self.reason = str(last)
        self.lost.set()


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Raises `TimeoutError` after that time. `asyncio.timeout` is no match for the library, which swallows
    cancellations, and waits for ever for the end of a TLS connection whose handshake has failed."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    if not done:
        raise TimeoutError(f"no answer within {seconds:g} s")
    task.result()
