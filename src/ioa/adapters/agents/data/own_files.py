"""Files that a plain text names by their path, for agents that are used on their own."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path

from ioa.ports.agent import LocalFile

_PATH = re.compile(
    r"\"([^\"]+\.\w{1,8})\"|'([^']+\.\w{1,8})'|`([^`]+\.\w{1,8})`|((?:[\w~./\\:-]|(?<=\\) )*\w\.\w{2,8})\b"
)


def local_file(path: Path) -> LocalFile:
    """A file of this machine as an agent gets it."""
    return LocalFile(path.name, mimetypes.guess_type(path.name)[0] or "application/octet-stream", path)


def named_files(text: str, known: Iterable[Path] = ()) -> tuple[LocalFile, ...]:
    """The files given, and those in the text that exist on this machine."""
    paths = list(known)
    for match in _PATH.finditer(text):
        path = Path(next(part for part in match.groups() if part)).expanduser()
        if path.is_file() and path not in paths:
            paths.append(path)
    return tuple(local_file(path) for path in paths)
