"""Archives and compressed files: what is in them, and one member at a time, bounded against bombs.

Nothing is ever unpacked under a member's own name: a member is found by its name and its bytes are handed on.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from typing import IO, cast

from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Gathering, Source, UnreadableFile, table

MAX_MEMBER_BYTES = 128 * 1024 * 1024
MAX_MEMBERS = 5000
MAX_SCANNED_BYTES = 1024 * 1024 * 1024  # of a compressed TAR, which must be unpacked to be listed

_BROKEN = (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError,
           NotImplementedError, RuntimeError)  # fmt: skip


def read_zip(source: Source) -> FileText:
    """The members of a ZIP archive with their sizes."""
    gathered = Gathering(source.name)
    rows: list[list[object]] = [["member", "bytes", "modified"]]
    with _zip(source) as archive:
        files = [member for member in archive.infolist() if not member.is_dir()]
        for member in files[:MAX_MEMBERS]:
            gathered.members.append(member.filename)
            rows.append([member.filename, member.file_size, "{:04}-{:02}-{:02}".format(*member.date_time[:3])])
        if any(member.flag_bits & 0x1 for member in files):
            gathered.notes.append("members are locked with a password and cannot be read here")
    return _listed(gathered, rows, len(files), "ZIP archive")


def read_tar(source: Source) -> FileText:
    """The members of a TAR archive, also a compressed one, with their sizes."""
    gathered = Gathering(source.name)
    rows: list[list[object]] = [["member", "bytes"]]
    count = 0
    with _tar(source) as archive:
        for member in archive:
            if not member.isfile():
                continue  # links and devices have nothing to read
            count += 1
            if count <= MAX_MEMBERS:
                gathered.members.append(member.name)
                rows.append([member.name, member.size])
    return _listed(gathered, rows, count, "TAR archive")


def is_tar(source: Source) -> bool:
    """Is there a TAR archive inside this compressed file?"""
    try:
        with _unpacked(source) as stream:
            return stream.read(512)[257:262] == b"ustar"
    except _BROKEN:
        return False


def inner_name(source: Source) -> str:
    """What a single compressed file is called inside: `data.csv` of `data.csv.gz`."""
    path = PurePosixPath(source.name)
    return path.stem if path.suffix.lower() in (".gz", ".bz2", ".xz") and path.stem else f"{path.name}.content"


def unpacked_file(source: Source) -> bytes:
    """The bytes of a single compressed file. Raises `UnreadableFile`, also for more than `MAX_MEMBER_BYTES`."""
    try:
        with _unpacked(source) as stream:
            return _bounded(stream, f"the content of {source.name}")
    except _BROKEN as error:
        raise UnreadableFile(f"{source.name} is not whole: {error}; get it again.") from error


def member_of(source: Source, kind: str, name: str) -> bytes:
    """The bytes of one member of a ZIP or TAR archive. Raises `UnreadableFile`."""
    shown = f"{name} in {source.name}"
    try:
        if kind == "zip":
            with _zip(source) as archive:
                return _zip_member(archive, name, shown)
        with _tar(source) as tar:
            for member in tar:
                if member.isfile() and member.name == name:
                    stream = tar.extractfile(member)
                    if stream is not None:
                        return _bounded(stream, shown)
    except _BROKEN as error:
        raise UnreadableFile(f"{shown} cannot be unpacked: {error}.") from error
    raise UnreadableFile(f"There is no member {name!r} in {source.name}; read it without a member to list them.")


def _zip_member(archive: zipfile.ZipFile, name: str, shown: str) -> bytes:
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise UnreadableFile(f"There is no member {shown}; read the archive without a member to list them.") from None
    if member.flag_bits & 0x1:
        raise UnreadableFile(f"{shown} is locked with a password; give the archive without one.")
    with archive.open(member) as stream:
        return _bounded(stream, shown)


def _bounded(stream: IO[bytes], shown: str) -> bytes:
    content = stream.read(MAX_MEMBER_BYTES + 1)
    if len(content) > MAX_MEMBER_BYTES:
        raise UnreadableFile(f"{shown} unpacks to more than {MAX_MEMBER_BYTES:,} bytes; it is not read.")
    return content


@contextmanager
def _zip(source: Source) -> Generator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(source.path)
    except _BROKEN as error:
        raise UnreadableFile(f"{source.name} is not a whole ZIP archive: {error}; get it again.") from error
    with archive:
        yield archive


@contextmanager
def _tar(source: Source) -> Generator[tarfile.TarFile]:
    try:
        with _unpacked(source) as stream, tarfile.open(fileobj=_Counted(stream, source.name), mode="r|") as archive:
            yield archive
    except _BROKEN as error:
        raise UnreadableFile(f"{source.name} is not a whole TAR archive: {error}; get it again.") from error


@contextmanager
def _unpacked(source: Source) -> Generator[IO[bytes]]:
    with ExitStack() as stack:
        raw = stack.enter_context(source.path.open("rb"))
        head = raw.read(6)
        raw.seek(0)
        if head.startswith(b"\x1f\x8b"):
            yield cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=raw)))
        elif head.startswith(b"BZh"):
            yield stack.enter_context(bz2.BZ2File(raw))
        elif head.startswith(b"\xfd7zXZ"):
            yield stack.enter_context(lzma.LZMAFile(raw))
        else:
            yield raw


class _Counted(io.RawIOBase):
    """A stream that ends with a complaint when more was read than a listing is worth."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._left = MAX_SCANNED_BYTES

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise UnreadableFile(f"{self._name} unpacks to more than {MAX_SCANNED_BYTES:,} bytes; it is not read.")
        return content


def _listed(gathered: Gathering, rows: list[list[object]], count: int, kind: str) -> FileText:
    if count > MAX_MEMBERS:
        gathered.notes.append(f"only the first {MAX_MEMBERS:,} of {count:,} members are listed")
    gathered.notes.append(f"{count:,} member(s); give `member` to read one")
    gathered.add("", table(rows))
    return gathered.made(kind)
