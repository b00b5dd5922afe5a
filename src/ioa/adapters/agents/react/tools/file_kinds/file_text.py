"""What a file says: parts of text with titles, within limits; and the words for a file that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

MAX_TEXT_CHARS = 4_000_000  # of one file, all parts together
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_UNPACKED_BYTES = 512 * 1024 * 1024  # all members of a packed file together, as it declares them
MAX_ROWS = 50_000  # of one table
_CELL_CHARS = 2000


class UnreadableFile(Exception):
    """A file that cannot be read as text. The message names the file, what is wrong, and what would help."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file: `title` says which (`page 3`, `sheet Orders`, empty for a file in one piece)."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class FileText:
    """A file that was read. `kind` is what it is in words (`PDF`, `Excel workbook`); `notes` say what its reader
    should know; `members` are the names of files inside that can be read by themselves."""

    kind: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All parts, each under a line `[title]` where it has one."""
        return "\n\n".join(f"[{part.title}]\n{part.text}" if part.title else part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: `name` is what people call it, its bytes are at `path`."""

    name: str
    path: Path

    @property
    def suffix(self) -> str:
        """The suffix of the name in lower case, with its dot."""
        return Path(self.name).suffix.lower()

    def content(self) -> bytes:
        """All bytes. Raises `UnreadableFile`."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise UnreadableFile(f"{self.name} cannot be read: {error.strerror or error}.") from error


class Reader(Protocol):
    """One reader of a kind."""

    def __call__(self, source: Source, /) -> FileText:
        """Read the file; blocks. Raises `UnreadableFile`."""
        ...


@dataclass(slots=True)
class Gathering:
    """Parts put together until the limit on characters is reached; what is beyond it is cut, and said."""

    name: str
    parts: list[Part] = field(default_factory=list[Part])
    notes: list[str] = field(default_factory=list[str])
    members: list[str] = field(default_factory=list[str])
    room: int = MAX_TEXT_CHARS

    def add(self, title: str, text: str) -> None:
        """Add a part; one without text is left out."""
        text = text.strip("\n")
        if not text.strip() or self.room <= 0:
            return
        if len(text) > self.room:
            self.notes.append(f"{self.name}: only its first {MAX_TEXT_CHARS:,} characters were read")
            text = text[: self.room]
        self.room -= len(text)
        self.parts.append(Part(title, text))

    @property
    def full(self) -> bool:
        """Is there no room for more?"""
        return self.room <= 0

    def made(self, kind: str) -> FileText:
        """What was gathered. Raises `UnreadableFile` when that is nothing."""
        if not self.parts:
            raise UnreadableFile(f"{self.name} is a {kind} without any text in it; is it the right file?")
        return FileText(kind, tuple(self.parts), tuple(self.notes), tuple(self.members))


def table(rows: Iterable[Sequence[object]], *, header: bool = True) -> str:
    """Rows as a Markdown table, the first as its titles; empty rows and columns at the edges are left out."""
    cells = [[_cell(value) for value in row] for row in rows]
    while cells and not any(cells[-1]):
        cells.pop()
    while cells and not any(cells[0]):
        cells.pop(0)
    width = max((number for row in cells for number, text in enumerate(row, 1) if text), default=0)
    if not width:
        return ""
    lines = [f"| {' | '.join((row + [''] * width)[:width])} |" for row in cells]
    if not header:
        lines.insert(0, f"| {' | '.join(f'column{number}' for number in range(1, width + 1))} |")
    lines.insert(1, f"|{' --- |' * width}")
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    text = " ".join(str(value)[: _CELL_CHARS + 1].split())
    text = text if len(text) <= _CELL_CHARS else text[:_CELL_CHARS] + "…"
    return text.replace("|", "\\|")
