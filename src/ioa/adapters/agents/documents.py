"""Text, Markdown, HTML and PDF files as passages that can be cited: verbatim text with page, heading and line."""

from __future__ import annotations

import codecs
import re
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ioa.adapters.agents.prose import sentences
from ioa.ports.agent import LocalFile

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_TEXT_CHARS = 5_000_000
MAX_PAGES = 2000
_PASSAGE_CHARS = 900

_TEXT_SUFFIXES = frozenset({".txt", ".text", ".rst", ".log", ".tex", ".org", ".adoc", ""})
_MARKDOWN_SUFFIXES = frozenset({".md", ".markdown", ".mdown"})
_HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{3,})\s*$")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")
NUMBERED_TITLE = re.compile(r"^(?:\d+(?:\.\d+)*[.)]?|[IVX]+\.|(?:Section|Article|Chapter|Appendix) \w+[.:]?)\s+\S")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one document may take, and whether its reader has been told to stop."""

    stop: threading.Event = field(default_factory=threading.Event)
    time_s: float = 120.0
    began: float = field(default_factory=time.monotonic)

    def check(self, name: str) -> None:
        """Raise `Unreadable` when it is over; asked between the pages of a PDF."""
        if self.stop.is_set():
            raise Unreadable(f"{name}: reading was stopped, as its task was cancelled.")
        if time.monotonic() - self.began > self.time_s:
            raise Unreadable(f"{name} takes longer than {self.time_s:g} seconds to read; split it.")


class Unreadable(Exception):
    """A file that is no document for us. The text says what it is and what would help."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, a list or a table, verbatim. `page` is set for PDF, `line` (of its first line) for the others;
    `columns` are the titles of a table that has such a line."""

    document: str
    text: str
    heading: str = ""
    page: int | None = None
    line: int | None = None
    columns: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        """Where it stands: `manual.pdf, page 4` or `handbook.md, "Leave > Carry-over", line 12`."""
        parts = [self.document]
        if self.page is not None:
            parts.append(f"page {self.page}")
        if self.heading:
            parts.append(f'"{self.heading}"')
        if self.line is not None:
            parts.append(f"line {self.line}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read. `text` is all of it in plain words; `notes` say what a reader should know."""

    name: str
    passages: tuple[Passage, ...]
    text: str
    notes: tuple[str, ...] = ()


def is_document(file: LocalFile) -> bool:
    """May this be one of ours, by its name or media type? Tables, pictures and code are for others."""
    suffix = Path(file.name).suffix.lower()
    known = suffix in _TEXT_SUFFIXES | _MARKDOWN_SUFFIXES | _HTML_SUFFIXES or suffix == ".pdf"
    return known or file.media_type in ("text/plain", "text/markdown", "text/html", "application/pdf")


def read_document(file: LocalFile, patience: Patience | None = None) -> Document:
    """Read one file; blocks. What it is decides its content, not only its name. Raises `Unreadable`."""
    try:
        size = file.path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise Unreadable(f"{file.name} has {size:,} bytes, at most {MAX_FILE_BYTES:,} are read; split it.")
        content = file.path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file.name} cannot be read: {error.strerror or error}.") from error
    if not content.strip():
        raise Unreadable(f"{file.name} is empty.")
    suffix = Path(file.name).suffix.lower()
    if b"%PDF-" in content[:1024]:
        from ioa.adapters.agents.documents_pdf import pdf_document

        return pdf_document(file, patience or Patience())
    if suffix == ".pdf":
        raise Unreadable(f"{file.name} is called a PDF but does not begin like one; is it whole?")
    text, notes = decoded(content, file.name)
    if len(text) > MAX_TEXT_CHARS:
        notes = (*notes, f"{file.name}: only the first {MAX_TEXT_CHARS:,} of {len(text):,} characters were read")
        text = text[:MAX_TEXT_CHARS]
    if suffix in _HTML_SUFFIXES or (file.media_type == "text/html" and suffix not in _MARKDOWN_SUFFIXES):
        from ioa.adapters.agents.documents_html import html_document

        return html_document(file.name, text, notes)
    passages = tuple(paragraphs(file.name, text.splitlines(), markdown=suffix in _MARKDOWN_SUFFIXES))
    return Document(file.name, passages, text, notes)


def decoded(content: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Bytes as text, with a note when the encoding was a guess. Raises `Unreadable` for binary content."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            try:
                return content.decode(encoding), ()
            except UnicodeDecodeError as error:
                raise Unreadable(f"{name} begins like {encoding} text but is none (byte {error.start}).") from error
    head = content[:65536]
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head) - head.count(b"\x1b")
    if b"\0" in head or controls > len(head) // 100:
        raise Unreadable(f"{name} is binary, not text; give the document as text, Markdown, HTML or PDF.")
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), (f"{name} is not UTF-8; it was read as Latin-1",)


def paragraphs(name: str, lines: Iterable[str], *, markdown: bool) -> Iterator[Passage]:
    """The passages of a text: blocks between empty lines, under their headings. Tables are passages of their own."""
    headings: list[tuple[int, str]] = []
    block: list[str] = []
    began = 1
    fenced = False

    def flush() -> Iterator[Passage]:
        if block:
            heading = " > ".join(title for _, title in headings[-2:])
            yield from cut(name, block, heading, None, began, _columns(block))
            block.clear()

    def open_heading(level: int, title: str) -> None:
        while headings and headings[-1][0] >= level:
            headings.pop()
        headings.append((level, title.strip("*_` ")))

    def open_title(title: str) -> None:
        # The first line of a plain text, when it has no number, is the title of all.
        first = not headings and not NUMBERED_TITLE.match(title)
        open_heading(2 if first else 3, title)

    for number, line in enumerate(lines, 1):
        if markdown and line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        heading = _HEADING.match(line) if markdown and not fenced else None
        if block and not fenced and line.strip() and _is_row(line) != _is_row(block[-1]):
            yield from flush()
        if heading:
            yield from flush()
            open_heading(len(heading[1]), heading[2])
        elif len(block) == 1 and not fenced and _UNDERLINE.match(line) and not _LIST_ITEM.match(block[0]):
            title = block.pop()
            open_heading(1 if line.strip()[0] == "=" else 2, title)
        elif line.strip():
            # A line like "3.2 Refunds" alone in its paragraph is a heading of a plain text.
            if not block:
                began = number
            elif not markdown and len(block) == 1 and is_title(block[0]):
                open_title(block.pop().strip())
                began = number
            block.append(line)
            if line.endswith("\f"):  # a paragraph of a PDF ends here
                block[-1] = line.rstrip("\f")
                yield from flush()
        elif not fenced and block and not markdown and len(block) == 1 and is_title(block[0]):
            open_title(block.pop().strip())
        elif not fenced and block and not block[-1].rstrip().endswith(":"):
            yield from flush()  # what follows a colon belongs to it
    yield from flush()


def is_title(line: str, *, numbered: bool = True) -> bool:
    """May this line, alone in its paragraph, be a heading? `numbered`: it must have a number or be in capitals."""
    words = line.strip()
    if (
        not words
        or len(words) > 70
        or words[-1] in ".:;,!?"
        or (_LIST_ITEM.match(line) and not NUMBERED_TITLE.match(words))
    ):
        return False
    return not numbered or bool(NUMBERED_TITLE.match(words)) or (words.isupper() and len(words) > 3)


def cut(
    name: str, block: list[str], heading: str, page: int | None, began: int | None, columns: tuple[str, ...] = ()
) -> Iterator[Passage]:
    """One passage, or several when the block is long: cut between lines of a list, else between sentences."""
    text = "\n".join(line.rstrip() for line in block).strip("\n")
    if len(text) <= _PASSAGE_CHARS:
        yield Passage(name, text, heading, page, began, columns)
        return
    lined = sum(len(line) < 200 for line in block) == len(block) and page is None
    parts = [line.rstrip() for line in block] if lined else sentences(text)
    glue = "\n" if lined else " "
    start, held = 0, 0
    for index, part in enumerate(parts):
        if held and held + len(part) > _PASSAGE_CHARS:
            line = began + start if lined and began else began
            yield Passage(name, glue.join(parts[start:index]), heading, page, line, columns)
            start, held = index, 0
        held += len(part) + 1
    line = began + start if lined and began else began
    yield Passage(name, glue.join(parts[start:]), heading, page, line, columns)


def cells(row: str) -> list[str]:
    """The cells of a table's line, without its frame."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def is_rule(row: str) -> bool:
    """Is this the line below a Markdown table's titles?"""
    return "-" in row and set(row) <= set("|:- \t")


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def _columns(block: list[str]) -> tuple[str, ...]:
    return tuple(cells(block[0])) if len(block) > 2 and _is_row(block[0]) and is_rule(block[1]) else ()
