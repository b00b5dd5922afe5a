"""Where an identity provider's keys come from: its URL, fetched by the guarded client, or a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.web.addresses import AddressGuard
from ioa.adapters.agents.react.web.guarded_transport import GuardedTransport
from ioa.adapters.identity.oidc import FETCH_TIMEOUT_S, MAX_KEYS_BYTES, FetchKeys
from ioa.hub.oidc_settings import OidcSettings


def keys_of(settings: OidcSettings) -> FetchKeys:
    """What fetches the JWKS that the settings name. It raises `OSError`."""
    if settings.keys.startswith(("http://", "https://")):
        return _keys_at(settings.keys, AddressGuard(settings.allowed_private))
    path = Path(settings.keys).expanduser()

    async def read() -> bytes:
        return await asyncio.to_thread(_bounded, path)

    return read


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return _fitting(file.read(MAX_KEYS_BYTES + 1), str(path))


def _fitting(data: bytes, where: str) -> bytes:
    if len(data) > MAX_KEYS_BYTES:
        raise OSError(f"{where} gives more than {MAX_KEYS_BYTES} bytes; is it a JWKS document?")
    return data


def _keys_at(url: str, guard: AddressGuard) -> FetchKeys:
    """One GET, without redirects, bounded in time and size, to addresses that the guard allows."""

    async def fetch() -> bytes:
        data = bytearray()
        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT_S),
                httpx.AsyncClient(transport=GuardedTransport(guard), trust_env=False) as client,
                client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
            ):
                if answer.status_code != 200:
                    raise OSError(f"{url} answered HTTP {answer.status_code}")
                async for chunk in answer.aiter_bytes():
                    data += chunk
                    _fitting(bytes(data), url)
        except (httpx.HTTPError, ToolFailed, TimeoutError) as error:
            raise OSError(f"{url}: {error or type(error).__name__}") from error
        return bytes(data)

    return fetch
