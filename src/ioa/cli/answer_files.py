"""The answer on disk: its text as `answer.md`, its files beside it. Files of others are never overwritten."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ioa.cli.failures import BadInput

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the answer, and where it is. `renamed` when its own name was taken."""

    name: str
    path: Path
    renamed: bool


def safe_name(name: str) -> str:
    """A stranger's file name as a plain one that every system takes: no folders, no control characters, no leading
    dot, at most 120 characters."""
    plain = "".join(char for char in name if unicodedata.category(char)[0] != "C")
    plain = _FORBIDDEN.sub("_", plain.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    if not plain or _RESERVED.match(plain):
        plain = f"file-{plain}".rstrip("-")
    if len(plain) > 120:
        suffix = Path(plain).suffix[:20]
        plain = plain[: 120 - len(suffix)] + suffix
    return plain


def check_folder(folder: Path) -> None:
    """Raises `BadInput` if answers cannot be written there. Makes nothing."""
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        raise BadInput(f"--out {folder}: {above} is a file, not a folder; choose another folder.")
    if not os.access(above, os.W_OK):
        raise BadInput(f"--out {folder}: {above} cannot be written; choose another folder.")


def write_file(folder: Path, name: str, content: bytes) -> Written:
    """Write one file of the answer. Where the name is taken by other content it gets a number. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = safe_name(name)
    stem, suffix = Path(plain).stem, Path(plain).suffix
    number = 1
    while True:
        path = folder / (plain if number == 1 else f"{stem}-{number}{suffix}")
        try:
            with path.open("xb") as target:
                target.write(content)
        except FileExistsError:
            if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
                return Written(plain, path, renamed=number > 1)
            number += 1
            continue
        return Written(plain, path, renamed=number > 1)
