"""Files between machines: stored once at the hub under the digest of their bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ioa.protocol.messages import Artifact


class ArtifactUnavailable(Exception):
    """The bytes cannot be had: unknown, not shared with this agent, too large, or damaged on the way."""


class ArtifactExchange(Protocol):
    """A client's access to the files of its groups."""

    async def put(self, path: Path, name: str, media_type: str) -> Artifact:
        """Upload a file. Raises `ArtifactUnavailable` if it is over the hub's size limit."""
        ...

    async def fetch(self, artifact: Artifact, folder: Path) -> Path:
        """Download into `folder` under the artifact's name and check the digest."""
        ...
