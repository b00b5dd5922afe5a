"""A copy of a hub's data folder, taken while the hub runs, and put back.

A backup is a folder (or a `.tar`, `.tar.gz` of it): the database as of one moment, by SQLite's online backup; every
stored file; the token and whatever else the folder holds but locks and what can be computed again; and a manifest with
the digest of each. Files are copied after the database, so that whatever it refers to is there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from ioa.adapters.store.sqlite_schema import connect, migrate
from ioa.ports.store import StoreUnavailable
from ioa.private_files import private_file, private_folder
from ioa.version import version

DATABASE = "hub.sqlite"
MANIFEST = "manifest.json"
FORMAT = 1
_LEFT_OUT = frozenset({"hub.lock", "lock", "running.json", MANIFEST})
_LEFT_OUT_ENDINGS = ("-wal", "-shm", "-journal")
_COMPUTED = frozenset({"vectors.sqlite", "index.cache", "index-words.cache"})
_ARCHIVES = (".tar", ".tar.gz", ".tgz")
_CHUNK_BYTES = 1024 * 1024


class BackupFailed(Exception):
    """A backup cannot be made or used. The text says why and what would mend it; nothing was replaced."""


class Part(Struct, frozen=True):
    """One file of a backup, by its path inside."""

    path: str
    size_bytes: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup holds. `epoch` and `newest` (position of the last entry) are those of its log."""

    format: int
    ioa: str
    made_at: float
    epoch: str
    newest: int
    files: tuple[Part, ...]


def back_up(folder: Path, target: Path, *, now_s: float) -> Manifest:
    """Copy the data folder of a hub, which may run, to `target`: a folder that does not exist yet, or a `.tar.gz`.

    Blocks. Raises `BackupFailed`; then nothing is left at `target`.
    """
    if not (folder / DATABASE).is_file():
        raise BackupFailed(f"{folder} holds no {DATABASE}: give the data folder of a hub with --data")
    if target.exists():
        raise BackupFailed(f"{target} exists already; give a name that is free")
    try:
        private_folder(target.absolute().parent) if not target.absolute().parent.exists() else None
        with tempfile.TemporaryDirectory(prefix=".ioa-backup-", dir=target.absolute().parent) as place:
            made = Path(place) / "backup"
            private_folder(made)
            epoch, newest = _snapshot(folder / DATABASE, made / DATABASE)
            for path in _others(folder):
                copy = made / path.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                private_file(copy)
                shutil.copyfile(path, copy)
            manifest = Manifest(
                format=FORMAT, ioa=version(), made_at=now_s, epoch=epoch, newest=newest, files=tuple(_parts(made))
            )
            private_file(made / MANIFEST)
            (made / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
            if target.name.endswith(_ARCHIVES):
                archive = Path(place) / target.name
                private_file(archive)
                with tarfile.open(archive, "w" if target.suffix == ".tar" else "w:gz") as packed:
                    packed.add(made, arcname=".")
                made = archive
            _sync(made)
            made.replace(target)
            return manifest
    except sqlite3.Error as error:
        raise BackupFailed(f"{folder / DATABASE} cannot be copied: {error}") from error
    except OSError as error:
        raise BackupFailed(f"the backup cannot be written: {error}") from error


def restore(source: Path, folder: Path, *, keep_epoch: bool = False) -> Manifest:
    """Put a backup back into `folder`, which must be empty or missing, once every digest is right.

    The log gets a new epoch, so that clients who know more of it than the backup holds begin anew; `keep_epoch` where
    it is certain that nothing was accepted after the backup (a move to another machine). Blocks; raises `BackupFailed`.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupFailed(f"{folder} is not empty; move it away, or give another folder with --data")
    with _opened(source) as place:
        manifest = read_manifest(place)
        _compare(place, manifest)
        try:
            private_folder(folder.absolute().parent) if not folder.absolute().parent.exists() else None
            with tempfile.TemporaryDirectory(prefix=".ioa-restore-", dir=folder.absolute().parent) as fresh:
                made = Path(fresh) / "hub"
                private_folder(made)
                for part in manifest.files:
                    copy = made / part.path
                    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    private_file(copy)
                    shutil.copyfile(place / part.path, copy)
                with closing(connect(str(made / DATABASE))) as database:
                    migrate(database)
                    if not keep_epoch:
                        database.execute("UPDATE epoch SET name = ?", (secrets.token_hex(16),))
                    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                _sync(made)
                if folder.exists():
                    folder.rmdir()
                made.replace(folder)
        except (sqlite3.Error, StoreUnavailable) as error:
            raise BackupFailed(f"the database of {source} cannot be used: {error}") from error
        except OSError as error:
            raise BackupFailed(f"{folder} cannot be written: {error}") from error
    return manifest


def verify(source: Path) -> Manifest:
    """The manifest of a backup whose files all have the digests in it. Blocks; raises `BackupFailed`."""
    with _opened(source) as place:
        manifest = read_manifest(place)
        _compare(place, manifest)
        return manifest


def read_manifest(place: Path) -> Manifest:
    """Raises `BackupFailed`."""
    try:
        manifest = msgspec.json.decode((place / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise BackupFailed(f"{place} is no backup: {MANIFEST} cannot be read ({error})") from error
    if manifest.format != FORMAT:
        raise BackupFailed(f"{place} has format {manifest.format}, this release reads {FORMAT}: upgrade ioa")
    for part in manifest.files:
        path = Path(part.path)
        if path.is_absolute() or ".." in path.parts:
            raise BackupFailed(f"{place}: the manifest names {part.path!r}, which is outside; it is not from ioa")
    return manifest


def _snapshot(source: Path, copy: Path) -> tuple[str, int]:
    private_file(copy)
    reading = f"file:{source.absolute().as_posix()}?mode=ro"
    with closing(sqlite3.connect(reading, uri=True, timeout=30.0)) as live, closing(sqlite3.connect(copy)) as made:
        live.backup(made)  # in one step: of one moment, and writers do not wait for it
        made.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        problem = made.execute("PRAGMA quick_check").fetchone()[0]
        if problem != "ok":
            raise BackupFailed(f"{source} is damaged ({problem}); run: ioa hub check")
        (newest,) = made.execute("SELECT coalesce(max(pos), 0) FROM log").fetchone()
        named = made.execute("SELECT name FROM sqlite_master WHERE name = 'epoch'").fetchone()
        epoch = made.execute("SELECT name FROM epoch").fetchone()[0] if named else ""
    return str(epoch), int(newest)


def _others(folder: Path) -> Iterator[Path]:
    """Files to copy, all but the database, its kin, locks, unfinished uploads, and what is computed from it."""
    parts = folder / "artifacts" / "parts"
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or parts in path.parents:
            continue
        if path.name in _LEFT_OUT | _COMPUTED | {DATABASE} or path.name.endswith(_LEFT_OUT_ENDINGS):
            continue
        yield path


def _parts(place: Path) -> Iterator[Part]:
    for path in sorted(place.rglob("*")):
        if path.is_file():
            yield Part(path.relative_to(place).as_posix(), path.stat().st_size, digest_of(path))


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _opened(source: Path) -> Generator[Path]:
    """The folder of a backup; an archive is unpacked to a temporary one."""
    if source.is_dir():
        yield source
        return
    if not source.is_file():
        raise BackupFailed(f"there is no backup at {source}")
    with tempfile.TemporaryDirectory(prefix="ioa-backup-") as place:
        try:
            with tarfile.open(source) as archive:
                archive.extractall(place, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise BackupFailed(f"{source} is no backup, or is damaged: {error}") from error
        yield Path(place)


def _compare(place: Path, manifest: Manifest) -> None:
    wrong = [
        part.path
        for part in manifest.files
        if not (place / part.path).is_file() or digest_of(place / part.path) != part.sha256
    ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise BackupFailed(
            f"{place} is damaged: {', '.join(wrong[:5])}{more} differ from the manifest; use another one"
        )
    if DATABASE not in {part.path for part in manifest.files}:
        raise BackupFailed(f"{place} holds no {DATABASE}")


def _sync(made: Path) -> None:
    for path in [*made.rglob("*"), made] if made.is_dir() else [made]:
        if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
