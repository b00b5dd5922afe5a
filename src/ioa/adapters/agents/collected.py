"""Files that a program left in its folder, taken up as results without trusting the folder.

The program may have planted symbolic links, devices, pipes and folders of any depth: nothing is followed,
only regular files count, and what is copied is read through the descriptor that was checked.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ioa.adapters.agents.standalone import media_type_of
from ioa.ports.agent import LocalFile

_DEPTH_LIMIT = 8
_ENTRIES_LIMIT = 20_000
_SKIPPED_FOLDERS = frozenset({"__pycache__", ".cache", ".config", ".git", ".venv", "node_modules"})


@dataclass(frozen=True, slots=True)
class CollectLimits:
    """How many files, and how many bytes each and together, come back."""

    files: int = 32
    file_bytes: int = 16 * 1024 * 1024
    total_bytes: int = 64 * 1024 * 1024


def collect_files(
    folder: Path, into: Path, limits: CollectLimits, *, leave: Collection[str] = ()
) -> tuple[tuple[LocalFile, ...], tuple[str, ...]]:
    """Copy the regular files under `folder` into the folder `into`; blocks.

    `leave` names files at the top that were there before. Returns the copies, in order of their names, and a
    note for everything left behind, with the reason. Call it when nothing writes in `folder` any more.
    """
    into.mkdir(parents=True, exist_ok=True)
    made: list[LocalFile] = []
    notes: list[str] = []
    total = 0
    for relative in _entries(folder, notes):
        if relative in leave:
            continue
        shown = safe_name(relative)
        if len(made) >= limits.files:
            notes.append(f"{shown} and what follows: more than {limits.files} files")
            break
        room = min(limits.file_bytes, limits.total_bytes - total)
        name = _free_name(safe_name(relative.replace("/", "-")), into)
        try:
            size = _copy(folder / relative, into / name, room)
        except OSError as error:
            notes.append(f"{shown}: {error.strerror or 'could not be read'}")
            continue
        if size is None:
            notes.append(f"{shown}: larger than the {room:,} bytes that are left for files")
            continue
        total += size
        made.append(LocalFile(name, media_type_of(name), into / name))
    return tuple(made), tuple(notes)


def safe_name(name: str, fallback: str = "file") -> str:
    """A plain file name of at most 120 characters: no folders, control characters, or leading dots."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*')
    kept = kept.strip(" .") or fallback
    stem, dot, suffix = kept.rpartition(".")
    return kept if len(kept) <= 120 else (stem[: 119 - len(suffix)] + dot + suffix if len(suffix) < 20 else kept[:120])


def _entries(folder: Path, notes: list[str]) -> list[str]:
    """Relative paths of regular files, sorted; links, devices and depths are noted, not followed."""
    found: list[str] = []
    seen = 0
    waiting = [("", 0)]
    while waiting:
        inside, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder / inside), key=lambda entry: entry.name)
        except OSError:
            notes.append(f"{safe_name(inside)}: folder not readable")
            continue
        for entry in entries:
            seen += 1
            if seen > _ENTRIES_LIMIT:
                notes.append(f"more than {_ENTRIES_LIMIT} entries; the rest was not looked at")
                return sorted(found)
            relative = f"{inside}/{entry.name}" if inside else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name in _SKIPPED_FOLDERS:
                    continue
                if depth < _DEPTH_LIMIT:
                    waiting.append((relative, depth + 1))
                else:
                    notes.append(f"{safe_name(relative)}: folders nested too deep")
            elif entry.is_symlink():
                notes.append(f"{safe_name(relative)}: a symbolic link; only real files come back")
            elif entry.is_file(follow_symlinks=False):
                found.append(relative)
            else:
                notes.append(f"{safe_name(relative)}: not a plain file")
    return sorted(found)


def _copy(source: Path, target: Path, room: int) -> int | None:
    """Copy at most `room` bytes; `None`, and no target, when there are more."""
    # O_NOFOLLOW and O_NONBLOCK do not exist on Windows, where there are no such pipes or links to fear.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(source, flags)
    with os.fdopen(descriptor, "rb") as reader:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a plain file")
        if status.st_nlink > 1:
            raise OSError(0, "has a second name (hard link), which may lie outside the folder")
        if status.st_size > room:
            return None
        content = reader.read(room + 1)
    if len(content) > room:
        return None
    target.write_bytes(content)
    return len(content)


def _free_name(name: str, into: Path) -> str:
    stem, dot, suffix = name.rpartition(".")
    candidate, number = name, 1
    while (into / candidate).exists():
        number += 1
        candidate = f"{stem}-{number}{dot}{suffix}" if dot else f"{name}-{number}"
    return candidate
