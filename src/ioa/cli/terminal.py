"""Text for terminals: colours where they are wanted, widths as they are seen, strangers' text made safe."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from ioa.protocol.names import printable

_CODES = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where text goes: its stream, how wide it is (columns), whether people watch it and whether it may be coloured."""

    stream: TextIO
    columns: int = 100
    watched: bool = False
    colour: bool = False

    @classmethod
    def of(cls, stream: TextIO, *, colour: bool = True) -> Terminal:
        """A terminal for this stream. Colours only where somebody watches; a pipe gets 100 columns."""
        watched = stream.isatty()
        columns = shutil.get_terminal_size((100, 24)).columns if watched else 100
        return cls(stream, max(40, columns), watched, colour and watched)

    def style(self, text: str, *styles: str) -> str:
        """The text in these styles, or as it is where there are no colours."""
        if not self.colour or not styles or not text:
            return text
        return f"\x1b[{';'.join(_CODES[name] for name in styles)}m{text}\x1b[0m"

    def write(self, text: str = "") -> None:
        """One line, or several. Characters that the stream cannot encode become visible escapes."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            text = text.encode(encoding, "backslashreplace").decode(encoding)
        self.stream.write(text + "\n")
        self.stream.flush()


def stdout(*, colour: bool = True) -> Terminal:
    """Where answers and lists go."""
    return Terminal.of(sys.stdout, colour=colour)


def stderr(*, colour: bool = True) -> Terminal:
    """Where the conversation and remarks go, so that stdout holds nothing but the answer."""
    return Terminal.of(sys.stderr, colour=colour)


def one_line(text: str, limit: int | None = None) -> str:
    """Text of strangers on one line, safe for a terminal, cut after `limit` columns."""
    line = printable(" ".join(text.split()))
    return line if limit is None else cut(line, limit)


def safe_block(text: str) -> str:
    """Text of strangers on several lines, safe for a terminal."""
    return printable("\n".join(text.expandtabs(4).splitlines()))


def width(text: str) -> int:
    """Columns that the text takes: East Asian characters and emoji two, marks that combine none."""
    return len(text) if text.isascii() else sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or char == "\u200d" or "\ufe00" <= char <= "\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """The text in at most so many columns, with … where something is missing."""
    if width(text) <= columns:
        return text
    taken = 0
    for place, char in enumerate(text):
        taken += _char_width(char)
        if taken > columns - 1:
            return text[:place].rstrip() + "…"
    return text


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled with blanks to so many columns."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def wrap(text: str, columns: int) -> list[str]:
    """The text of one paragraph in lines of at most so many columns; a word that is longer is broken."""
    lines: list[str] = []
    line = ""
    for given in text.split():
        word = given
        while width(word) > columns:
            head = _prefix(word, columns)
            lines += [*([line] if line else []), head]
            word, line = word[len(head) :], ""
        if line and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line or not lines else lines


def hanging(head: str, text: str, columns: int) -> str:
    """`head` and the text behind it, in lines of at most so many columns, each below the first letter of the text."""
    lead = width(head)
    lines = wrap(text, max(20, columns - lead))
    return "\n".join((" " * lead if place else head) + line for place, line in enumerate(lines))


def _prefix(word: str, columns: int) -> str:
    taken = 0
    for place, char in enumerate(word):
        taken += _char_width(char)
        if taken > columns:
            return word[: max(1, place)]
    return word


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> list[str]:
    """Rows under headings, each column as wide as its widest cell; the last one is cut to what fits."""
    widths = [max(width(cell) for cell in column) for column in zip(headings, *rows, strict=True)]
    lines: list[str] = []
    for row in (headings, *rows):
        fixed = "  ".join(pad(cell, size) for cell, size in zip(row[:-1], widths, strict=False))
        room = max(12, columns - width(fixed) - 2)
        lines.append(f"{fixed}  {cut(row[-1], room)}".rstrip())
    return lines


def seconds(duration_s: float) -> str:
    """A duration as people say it: 0.4 s, 12.3 s, 2 min 5 s, 1 h 3 min."""
    if duration_s < 99.95:
        return f"{max(0.0, duration_s):.1f} s"
    minutes, rest = divmod(round(duration_s), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
