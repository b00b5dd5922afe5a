"""Files of a hub in the same process: copies, checked, and only for those who may read them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ioa.adapters.artifacts.local import CHUNK_BYTES, LocalArtifacts
from ioa.ports.artifacts import ArtifactUnavailable
from ioa.ports.store import StoreUnavailable
from ioa.protocol.errors import Refused
from ioa.protocol.messages import Artifact

DATA = bytes(range(256)) * (CHUNK_BYTES // 200)


def artifact(data: bytes = DATA, name: str = "../data.bin") -> Artifact:
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    return Artifact(name=name, media_type="text/plain", size_bytes=len(data), digest=digest)


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


class Held:
    """A hub's files, of which Ann may read all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.away = False
        folder.mkdir()
        self.path(artifact().digest).write_bytes(DATA)

    async def get(self, speaker: str, digest: str) -> Artifact:
        if self.away:
            raise StoreUnavailable("the disk is full")
        if speaker != "Ann":
            raise Refused("unknown_artifact", f"digest {digest!r} is no file that you can read here")
        return artifact()

    def path(self, digest: str) -> Path:
        return self._folder / digest.removeprefix("sha256:")


class Uploads:
    """Where uploads go."""

    async def put(self, path: Path, name: str, media_type: str) -> Artifact:
        return artifact(b"made", name)

    async def fetch(self, artifact: Artifact, folder: Path) -> Path:
        raise AssertionError("nothing is downloaded")


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path / "held")


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    (tmp_path / "inputs").mkdir()
    return tmp_path / "inputs"


async def test_a_file_comes_as_a_copy_that_its_agent_may_change(held: Held, inputs: Path) -> None:
    path = await LocalArtifacts(held, "Ann", Uploads()).fetch(artifact(), inputs)
    assert path.parent == inputs
    assert path.read_bytes() == DATA
    path.write_bytes(b"changed")
    assert held.path(artifact().digest).read_bytes() == DATA
    assert names(inputs) == [path.name]


async def test_who_may_not_read_a_file_gets_the_hubs_words(held: Held, inputs: Path) -> None:
    with pytest.raises(ArtifactUnavailable, match="no file that you can read here"):
        await LocalArtifacts(held, "Eve", Uploads()).fetch(artifact(), inputs)
    assert names(inputs) == []


async def test_a_lost_a_damaged_and_an_unreachable_file_are_named(held: Held, inputs: Path) -> None:
    mine = LocalArtifacts(held, "Ann", Uploads())
    held.path(artifact().digest).write_bytes(b"other bytes")
    with pytest.raises(ArtifactUnavailable, match="digest"):
        await mine.fetch(artifact(), inputs)
    held.path(artifact().digest).unlink()
    with pytest.raises(ArtifactUnavailable, match=r"data\.bin' cannot be copied: No such file"):
        await mine.fetch(artifact(), inputs)
    held.away = True
    with pytest.raises(ArtifactUnavailable, match="the disk is full"):
        await mine.fetch(artifact(), inputs)
    assert names(inputs) == []


async def test_uploads_go_where_they_are_checked(held: Held, tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"made")
    found = await LocalArtifacts(held, "Ann", Uploads()).put(tmp_path / "made", "made.txt", "text/plain")
    assert found == artifact(b"made", "made.txt")
