"""Connections of httpx that are made only to addresses the guard has checked."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from typing import Any, cast

import httpcore
import httpx

from ioa.adapters.agents.react.web.addresses import AddressGuard

_CONNECT_S = 10.0
_NAMED_ALIKE: dict[str, type[httpx.TransportError]] = {name: getattr(httpx, name) for name in (
    "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "ConnectError", "ReadError", "WriteError",
    "LocalProtocolError", "RemoteProtocolError", "UnsupportedProtocol", "ProxyError",
)}  # fmt: skip


_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name, has its addresses checked, and connects to one of those; TLS still checks the name."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._inner = cast(
            "httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend()
        )  # its stub without anyio has no types

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises `AddressRefused`, `httpcore.ConnectError`, `httpcore.ConnectTimeout`."""
        addresses = await self._guard.addresses(host, port)
        end = time.monotonic() + (timeout if timeout is not None else _CONNECT_S)
        failure: Exception | None = None
        for tried, address in enumerate(addresses):
            share_s = max((end - time.monotonic()) / (len(addresses) - tried), 0.05)
            try:
                return await self._inner.connect_tcp(address, port, share_s, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError(f"Sockets of this machine are not reached: {path}")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """What `httpx.AsyncHTTPTransport` does, over `GuardedBackend`; no proxy is taken from the environment."""

    def __init__(self, guard: AddressGuard, *, connections: int = 20) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_ssl_context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(guard),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        raw = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            response = await self._pool.handle_async_request(raw)
        except _FAILURES as error:
            raise _as_httpx(error) from error
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Stream(response),
            extensions=dict(response.extensions),  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - httpcore does not say
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.aiter_stream():
                yield part
        except _FAILURES as error:
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        await self._response.aclose()


def _as_httpx(error: Exception) -> httpx.TransportError:
    """The exception of httpx that has the same name as httpcore's."""
    return _NAMED_ALIKE.get(type(error).__name__, httpx.TransportError)(str(error))


@lru_cache(maxsize=1)
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reads SSL_CERT_FILE and SSL_CERT_DIR, else certifi's list
