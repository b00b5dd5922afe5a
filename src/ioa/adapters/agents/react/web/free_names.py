"""File names for what is downloaded: made of plain characters, in the task's folder, over no other file."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

_RESERVED = frozenset(("con", "prn", "aux", "nul"))


def safe_name(name: str, default: str = "download") -> str:
    """A plain file name of at most 120 characters: no folders, no leading dots, nothing a shell minds."""
    plain = unicodedata.normalize("NFKC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = re.sub(r"[^\w.\- ]+", "_", plain).strip(" ._")
    stem, dot, suffix = plain.rpartition(".")
    plain = f"{stem[:100]}{dot}{suffix[:16]}" if dot and stem else plain[:120]
    return default if not plain or plain.split(".")[0].lower() in _RESERVED else plain


def free_path(folder: Path, name: str) -> Path:
    """A path in `folder` that is not taken: `report.pdf`, else `report-2.pdf` …"""
    wanted = folder / safe_name(name)
    path, number = wanted, 2
    while path.exists() or path.is_symlink():
        path = wanted.with_stem(f"{wanted.stem}-{number}")
        number += 1
    return path
