"""Files of a task: what its agent reads, fetched into a folder of the run, and what it made, shared with the group."""

from __future__ import annotations

import asyncio
import shutil
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ioa.ports.agent import AgentFailed, LocalFile, Outcome
from ioa.ports.artifacts import ArtifactExchange, ArtifactUnavailable
from ioa.protocol.messages import Artifact

MAX_FILE_NAME_BYTES = 200
_FORBIDDEN = frozenset('/\\:*?"<>|')


def plain_name(name: str) -> str:
    """A file name of strangers as one that stays in its folder on every system: no path, no control characters."""
    cleaned = "".join("_" if char in _FORBIDDEN or unicodedata.category(char)[0] == "C" else char for char in name)
    cleaned = cleaned.strip().lstrip(".").rstrip(". ") or "file"
    stem, dot, suffix = cleaned.rpartition(".")
    if not dot or len(suffix) > 16:
        stem, suffix = cleaned, ""
    keep = MAX_FILE_NAME_BYTES - len((dot + suffix).encode())
    stem = stem.encode()[:keep].decode(errors="ignore") or "file"
    return f"{stem}.{suffix}" if suffix else stem


class TaskFolder:
    """The folders of one run: `work` is empty and the agent's own, `inputs` holds what was fetched."""

    def __init__(self, root: Path, artifacts: ArtifactExchange) -> None:
        self.root = root
        self.work = root / "work"
        self._inputs = root / "inputs"
        self._artifacts = artifacts
        self._have: dict[tuple[str, str], LocalFile] = {}
        self._taken: set[str] = set()

    async def create(self) -> None:
        """Make the folders anew; what an earlier run left is removed."""
        await asyncio.to_thread(self._create)

    def _create(self) -> None:
        if self.root.exists():
            shutil.rmtree(self.root)
        self.work.mkdir(parents=True)
        self._inputs.mkdir()

    async def remove(self) -> None:
        """Delete the run's folders. An agent that was left behind may still hold a file: then it stays."""
        # Submitted at once and shielded: a run that is cancelled just now must not leave its files behind.
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, shutil.rmtree, self.root, True))

    async def fetch(self, artifacts: Iterable[Artifact]) -> tuple[LocalFile, ...]:
        """Download files. The same bytes under the same name come once; different ones under one name are numbered.

        Raises `AgentFailed` that names the file that cannot be had.
        """
        wanted = tuple(artifacts)
        new = [artifact for artifact in dict.fromkeys(wanted) if _key(artifact) not in self._have]
        landings = [self._inputs / f"{number}" for number, _ in enumerate(new, start=len(self._have) + 1)]
        if landings:
            await asyncio.to_thread(_make, landings)
        for artifact, landing in zip(new, landings, strict=True):
            if _key(artifact) not in self._have:
                await self._fetch(artifact, landing)
        return tuple(self._have[_key(artifact)] for artifact in wanted)

    async def _fetch(self, artifact: Artifact, landing: Path) -> None:
        name = self._free_name(plain_name(artifact.name))
        try:
            path = await self._artifacts.fetch(artifact, landing)
        except ArtifactUnavailable as error:
            raise AgentFailed(f"file {artifact.name!r}, which the task needs, cannot be had: {error}") from error
        if path.name != name:
            path = await asyncio.to_thread(path.rename, path.with_name(name))
        self._have[_key(artifact)] = LocalFile(name=name, media_type=artifact.media_type, path=path)

    def _free_name(self, name: str) -> str:
        stem, dot, suffix = name.rpartition(".")
        if not dot:
            stem, suffix = name, ""
        number, free = 1, name
        while free.casefold() in self._taken:  # some file systems do not tell case apart
            number += 1
            free = f"{stem}-{number}{dot}{suffix}"
        self._taken.add(free.casefold())
        return free


def _key(artifact: Artifact) -> tuple[str, str]:
    return artifact.name, artifact.digest


def _make(folders: Iterable[Path]) -> None:
    for folder in folders:
        folder.mkdir(exist_ok=True)  # it is there after a download that failed


async def share(outcome: Outcome, artifacts: ArtifactExchange) -> tuple[Artifact, ...]:
    """Upload the files of an outcome. Raises `AgentFailed` that names the file and says what the agent had found."""
    shared: list[Artifact] = []
    for file in outcome.files:
        try:
            if not await asyncio.to_thread(file.path.is_file):
                raise ArtifactUnavailable(f"there is no file at {file.path.name!r} in the agent's folder")
            shared.append(await artifacts.put(file.path, plain_name(file.name), file.media_type))
        except ArtifactUnavailable as error:
            raise AgentFailed(
                f"the agent finished, but its file {file.name!r} cannot be shared: {error}\n\n"
                f"What it had found:\n\n{outcome.conclusion[:100_000]}"
            ) from error
    return tuple(shared)
