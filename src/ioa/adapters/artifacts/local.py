"""Artifacts of a hub in the same process: its files are copied on the disk instead of being sent over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Protocol

from ioa.client.task_files import plain_name
from ioa.ports.artifacts import ArtifactExchange, ArtifactUnavailable
from ioa.ports.store import StoreUnavailable
from ioa.protocol.errors import Refused
from ioa.protocol.messages import Artifact

CHUNK_BYTES = 1024 * 1024


class HeldFiles(Protocol):
    """The hub's side: `ioa.hub.artifacts.Artifacts`."""

    async def get(self, speaker: str, digest: str) -> Artifact:
        """Raises `Refused` for a file that the speaker may not read, `StoreUnavailable`."""
        ...

    def path(self, digest: str) -> Path:
        """Where the bytes are."""
        ...


class LocalArtifacts:
    """`ArtifactExchange` of `speaker` with a hub that keeps its files on this machine; uploads go through `uploads`,
    whose end checks them. What is fetched is a copy: an agent may change it."""

    def __init__(self, held: HeldFiles, speaker: str, uploads: ArtifactExchange) -> None:
        self._held = held
        self._speaker = speaker
        self._uploads = uploads

    async def put(self, path: Path, name: str, media_type: str) -> Artifact:
        """As that of `uploads`."""
        return await self._uploads.put(path, name, media_type)

    async def fetch(self, artifact: Artifact, folder: Path) -> Path:
        """Copy into `folder` and check the bytes. Raises `ArtifactUnavailable`; then nothing is left there."""
        target = folder / plain_name(artifact.name)
        try:
            await self._held.get(self._speaker, artifact.digest)
            await asyncio.to_thread(_copy, self._held.path(artifact.digest), target, artifact)
        except Refused as error:
            raise ArtifactUnavailable(error.rule) from error
        except StoreUnavailable as error:
            raise ArtifactUnavailable(f"the hub cannot look for {artifact.name!r} now: {error}") from error
        except OSError as error:
            raise ArtifactUnavailable(f"file {artifact.name!r} cannot be copied: {error.strerror or error}") from error
        return target


def _copy(source: Path, target: Path, artifact: Artifact) -> None:
    partial = target.with_name(target.name + ".part")
    digest = hashlib.sha256()
    try:
        with source.open("rb") as old, partial.open("wb") as new:
            while chunk := old.read(CHUNK_BYTES):
                digest.update(chunk)
                new.write(chunk)
        if f"sha256:{digest.hexdigest()}" != artifact.digest:
            raise ArtifactUnavailable(f"{artifact.name!r} was damaged: its digest is not {artifact.digest}")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
