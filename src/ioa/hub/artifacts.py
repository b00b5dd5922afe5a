"""Files of goals and groups: stored once under the digest of their bytes, read by those whose groups refer to them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import unicodedata
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import BinaryIO

from ioa.hub.file_types import HEAD_BYTES, truthful
from ioa.hub.quotas import QuotaBook
from ioa.hub.records import ARTIFACT, ARTIFACT_USE, UPLOAD, ArtifactRecord, document, read
from ioa.ports.blobs import Blobs
from ioa.ports.clock import Clock, NewId
from ioa.ports.store import Conflict, Document, Store, StoreUnavailable, Work
from ioa.protocol.errors import Refused
from ioa.protocol.messages import Artifact
from ioa.protocol.names import ZERO_WIDTH_JOINER, printable

_CHUNK_BYTES = 1024 * 1024
_PAGE = 200
_REMEMBERED = 20_000
_ATTEMPTS = 100


class Artifacts:
    """The hub's files, in `folder`. An upload is on the disk before it is answered; with `blobs`, also where the other
    replicas find it, and `folder` then holds copies that may be deleted."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        clock: Clock,
        new_id: NewId,
        *,
        max_bytes: int,
        blobs: Blobs | None = None,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._folder = folder
        self._clock = clock
        self._new_id = new_id
        self.max_bytes = max_bytes
        self.quotas: QuotaBook | None = None
        # Who may read what, under which name. A file that one may read stays readable, so what is here holds.
        self._readable: OrderedDict[tuple[str, str], Artifact] = OrderedDict()
        self._newest: OrderedDict[str, Artifact] = OrderedDict()

    def start(self) -> None:
        """Make the folders and remove what uploads have left that were cut off. Blocks."""
        parts = self._folder / "parts"
        parts.mkdir(parents=True, exist_ok=True)
        for left in parts.iterdir():
            left.unlink()

    def path(self, digest: str) -> Path:
        """Where the bytes of a well-formed digest are."""
        hexadecimal = digest.removeprefix("sha256:")
        return self._folder / hexadecimal[:2] / hexadecimal

    async def put(self, speaker: str, name: str, media_type: str, chunks: AsyncIterator[bytes]) -> Artifact:
        """Store a stream of bytes. A `media_type` that the content contradicts is replaced by that of the content.

        Raises `Refused` (too_large, bad_name), `StoreUnavailable`; then nothing remains of it."""
        part = self._folder / "parts" / self._new_id()
        try:
            _check_name(name)
            digest, size, head = await self._receive(part, chunks)
            charged: tuple[Document, ...] = ()
            if self.quotas is not None and await self._store.document(UPLOAD, f"{digest}/{speaker}") is None:
                charged = (await self.quotas.charged(speaker, size),)
            kind = truthful(media_type, head)
            artifact = Artifact(name=name, media_type=kind, size_bytes=size, digest=digest)
            await asyncio.to_thread(_settle, part, self.path(digest))
            if self._blobs is not None:
                await asyncio.to_thread(self._blobs.put, digest, self.path(digest))
        except BaseException as error:
            await asyncio.to_thread(part.unlink, missing_ok=True)
            if isinstance(error, OSError):
                raise StoreUnavailable(f"the file cannot be stored: {error.strerror or error}") from error
            raise
        record = ArtifactRecord(artifact=artifact, created_at=self._clock.now_s())
        uploaded = (document(ARTIFACT, digest, record), document(UPLOAD, f"{digest}/{speaker}", record, owner=speaker))
        await self._commit(uploaded, charged, speaker, size)
        self._remember(artifact, (speaker,), own=True)
        return artifact

    async def _commit(
        self, uploaded: tuple[Document, ...], charged: tuple[Document, ...], speaker: str, size_bytes: int
    ) -> None:
        for _ in range(_ATTEMPTS):
            try:
                await self._store.commit(Work(documents=(*uploaded, *charged)))
                return
            except Conflict:  # another file of the user's was charged meanwhile
                if not charged or self.quotas is None:
                    raise
                charged = (await self.quotas.charged(speaker, size_bytes),)
        raise Refused("unavailable", "too many files of one user are uploaded at once; send it again")

    def shared(self, speakers: Iterable[str], artifacts: Iterable[Artifact]) -> None:
        """It is durable that a group of these speakers refers to these files: they may read them."""
        for artifact in artifacts:
            newest = self._newest.get(artifact.digest)
            if newest is not None:
                self._remember(newest, speakers)

    def _remember(self, artifact: Artifact, speakers: Iterable[str], *, own: bool = False) -> None:
        if own or artifact.digest not in self._newest:
            self._newest[artifact.digest] = artifact
        for speaker in speakers:
            if own or (speaker, artifact.digest) not in self._readable:
                self._readable[speaker, artifact.digest] = artifact
        for remembered in (self._newest, self._readable):
            while len(remembered) > _REMEMBERED:
                remembered.popitem(last=False)

    async def _receive(self, part: Path, chunks: AsyncIterator[bytes]) -> tuple[str, int, bytes]:
        """Digest, size in bytes, and the first bytes."""
        digest = hashlib.sha256()
        size = 0
        head = b""
        waiting = bytearray()
        with await asyncio.to_thread(part.open, "wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > self.max_bytes:
                    raise Refused(
                        "too_large", f"the file has more than {self.max_bytes} bytes, the limit of this hub; split it"
                    )
                digest.update(chunk)
                if len(head) < HEAD_BYTES:
                    head += chunk[: HEAD_BYTES - len(head)]
                waiting += chunk
                if len(waiting) >= _CHUNK_BYTES:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(_finish, file, bytes(waiting))
        return f"sha256:{digest.hexdigest()}", size, head

    async def get(self, speaker: str, digest: str) -> Artifact:
        """What is known of a file that `speaker` may read; its bytes are at `path`. Raises `Refused`
        (unknown_artifact), the same for one that is not there and one that is not for the speaker."""
        known = self._readable.get((speaker, digest))
        if known is not None:
            return known
        found = await self._store.document(ARTIFACT, digest)
        if found is None or not await self._may_read(speaker, digest):
            raise Refused("unknown_artifact", f"digest {digest!r} is no file that you can read here; upload it first")
        shared = await self._store.document(UPLOAD, f"{digest}/{speaker}")  # each uploader has its own name for it
        artifact = read(shared or found, ArtifactRecord).artifact
        self._remember(artifact, (speaker,))
        return artifact

    async def hold(self, digest: str) -> Path:
        """Where the bytes are on this machine, brought here if another replica took them in; no file is there if they
        are lost. Raises `StoreUnavailable`."""
        path = self.path(digest)
        if self._blobs is not None and not await asyncio.to_thread(path.exists):
            part = self._folder / "parts" / self._new_id()
            if await asyncio.to_thread(self._blobs.fetch, digest, part):
                await asyncio.to_thread(_settle, part, path)
        return path

    async def check_use(self, speaker: str, artifacts: Iterable[Artifact]) -> None:
        """May these files go into a message or goal of `speaker`? Raises `Refused` (unknown_artifact, bad_name)."""
        for artifact in artifacts:
            _check_name(artifact.name)
            known = await self.get(speaker, artifact.digest)
            if known.size_bytes != artifact.size_bytes:
                raise Refused(
                    "unknown_artifact",
                    f"artifacts: {artifact.name!r} has size_bytes {artifact.size_bytes}, "
                    f"the file has {known.size_bytes}; correct it",
                )

    async def _may_read(self, speaker: str, digest: str) -> bool:
        if await self._store.document(UPLOAD, f"{digest}/{speaker}") is not None:
            return True
        after = 0
        while True:
            uses = await self._store.documents(ARTIFACT_USE, prefix=f"{digest}/", after=after, limit=_PAGE)
            for use in uses:
                if await self._is_party(speaker, use):
                    return True
                after = use.number
            if len(uses) < _PAGE:
                return False

    async def _is_party(self, speaker: str, use: Document) -> bool:
        """Is the speaker a member or the owner of the group that refers to the file? A goal's files are its owner's
        until its first group has them too."""
        row = await self._store.group_row(use.owner)
        return row is not None and (speaker == row.owner or speaker in row.members)


def _check_name(name: str) -> None:
    """Raises `Refused` (bad_name) for what turns letters around or hides them: `\u202egpj.exe` reads as a picture."""
    for char in name:
        if unicodedata.category(char) == "Cf" and char != ZERO_WIDTH_JOINER:
            raise Refused(
                "bad_name", f"name {printable(name)!r} contains U+{ord(char):04X}, which shows it as another; remove it"
            )


def _finish(file: BinaryIO, rest: bytes) -> None:
    file.write(rest)
    file.flush()
    os.fsync(file.fileno())


def _settle(part: Path, final: Path) -> None:
    """Move a finished part to its place, durably. One that is there already has the same bytes."""
    final.parent.mkdir(parents=True, exist_ok=True)
    part.replace(final)
    if hasattr(os, "O_DIRECTORY"):  # not on Windows, where a rename needs no sync of the folder
        folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
