"""Artifacts over the hub's HTTP API: streamed, checked by size and digest, tried again when the wire fails."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Literal, Self, TypeVar

import httpx
import msgspec

from ioa.client.task_files import plain_name
from ioa.ports.artifacts import ArtifactUnavailable
from ioa.ports.clock import Clock
from ioa.protocol.messages import Artifact

T = TypeVar("T")

CHUNK_BYTES = 65_536
HELD_BYTES = 1024 * 1024  # what is held of a download before it is written: most files are written in one go
TRIES = 6
LONGEST_WAIT_S = 10.0
TRANSIENT = frozenset({429, 500, 502, 503, 504})


class _TryAgain(Exception):
    """The wire or the hub failed for the moment."""


class HttpArtifacts:
    """`ArtifactExchange` with the hub at `hub_url`, as the holder of `token`.

    `transport` replaces the network, for example `httpx.ASGITransport(app)`. Close it with `aclose`.
    """

    def __init__(
        self,
        hub_url: str,
        token: str,
        *,
        clock: Clock,
        random: Random,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        host = httpx.URL(hub_url).host
        self._clock = clock
        self._random = random
        self._http = httpx.AsyncClient(
            base_url=hub_url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(30.0, connect=10.0),
            transport=transport,
            trust_env=host not in ("localhost", "127.0.0.1", "::1"),  # no proxy on this machine
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def put(self, path: Path, name: str, media_type: str) -> Artifact:
        """Upload a file. Raises `ArtifactUnavailable` if it is over the hub's size limit, or cannot be read or sent."""

        async def upload() -> Artifact:
            size_bytes = (await asyncio.to_thread(path.stat)).st_size
            answer = await self._http.put(
                "/v1/artifacts",
                params={"name": name, "media_type": media_type},
                content=_chunks(path),
                headers={"Content-Type": "application/octet-stream", "Content-Length": str(size_bytes)},
            )
            _check(answer, name)
            try:
                return msgspec.json.decode(answer.content, type=Artifact)
            except msgspec.DecodeError as error:
                raise ArtifactUnavailable(
                    f"the hub answered the upload of {name!r} with no artifact: {error}"
                ) from error

        try:
            return await self._tried(f"upload of {name!r}", upload)
        except OSError as error:
            raise ArtifactUnavailable(f"file {name!r} cannot be read: {error.strerror or error}") from error

    async def fetch(self, artifact: Artifact, folder: Path) -> Path:
        """Download into `folder` and check the bytes. Raises `ArtifactUnavailable`; then nothing is left there."""
        target = folder / plain_name(artifact.name)
        partial = target.with_name(target.name + ".part")

        async def download() -> Path:
            async with self._http.stream("GET", f"/v1/artifacts/{artifact.digest}") as answer:
                if answer.status_code != 200:
                    await answer.aread()
                    _check(answer, artifact.name)
                await _save(answer.aiter_bytes(CHUNK_BYTES), partial, target, artifact)
            return target

        try:
            return await self._tried(f"download of {artifact.name!r}", download)
        except OSError as error:
            raise ArtifactUnavailable(f"file {artifact.name!r} cannot be stored: {error.strerror or error}") from error

    async def _tried(self, what: str, attempt: Callable[[], Awaitable[T]]) -> T:
        for number in range(1, TRIES + 1):
            try:
                return await attempt()
            except (httpx.TransportError, _TryAgain) as error:
                if number == TRIES:
                    text = f"the {what} failed {TRIES} times: {error or type(error).__name__}"
                    raise ArtifactUnavailable(text) from error
            await self._clock.sleep(min(LONGEST_WAIT_S, 0.25 * 2**number) * self._random.uniform(0.5, 1.0))
        raise AssertionError("the last try returns or raises")


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        await asyncio.to_thread(file.close)


async def _save(chunks: AsyncIterator[bytes], partial: Path, target: Path, artifact: Artifact) -> None:
    """Write the bytes, and refuse those that are not the artifact's: then nothing is left of them."""
    digest = hashlib.sha256()
    size_bytes = 0
    waiting = bytearray()
    mode: Literal["wb", "ab"] = "wb"
    try:
        async for chunk in chunks:
            size_bytes += len(chunk)
            if size_bytes > artifact.size_bytes:
                raise ArtifactUnavailable(f"{artifact.name!r} is longer than its {artifact.size_bytes} bytes")
            digest.update(chunk)
            waiting += chunk
            if len(waiting) >= HELD_BYTES:
                await asyncio.to_thread(_write, partial, mode, bytes(waiting))
                waiting.clear()
                mode = "ab"
        if size_bytes < artifact.size_bytes:
            raise _TryAgain(f"{size_bytes} of {artifact.size_bytes} bytes came")
        if f"sha256:{digest.hexdigest()}" != artifact.digest:
            raise ArtifactUnavailable(f"{artifact.name!r} was damaged on the way: its digest is not {artifact.digest}")
        await asyncio.to_thread(_finish, partial, mode, bytes(waiting), target)
    except BaseException:
        await asyncio.to_thread(partial.unlink, True)
        raise


def _write(path: Path, mode: Literal["wb", "ab"], data: bytes) -> None:
    with path.open(mode) as file:
        file.write(data)


def _finish(partial: Path, mode: Literal["wb", "ab"], rest: bytes, target: Path) -> None:
    _write(partial, mode, rest)
    partial.replace(target)


def _check(answer: httpx.Response, name: str) -> None:
    """Raises for everything but success, with the hub's own words."""
    if answer.is_success:
        return
    said = _message(answer)
    if answer.status_code in TRANSIENT:
        raise _TryAgain(said)
    if answer.status_code == 413:
        raise ArtifactUnavailable(f"{name!r} is too large for the hub: {said}")
    raise ArtifactUnavailable(said)


class _Error(msgspec.Struct):
    message: str = ""


class _Body(msgspec.Struct):
    error: _Error


def _message(answer: httpx.Response) -> str:
    try:
        return msgspec.json.decode(answer.content, type=_Body).error.message or f"status {answer.status_code}"
    except msgspec.DecodeError:
        return f"the hub answered with status {answer.status_code}"
