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
_NUMBERED_TITLE = re.compile(r"^(?:\d+(?:\.\d+)*[.)]?|[IVX]+\.|(?:Section|Article|Chapter|Appendix) \w+[.:]?)\s+\S")


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
    """A paragraph or a list, verbatim. `page` is set for PDF, `line` (of its first line) for the others."""

    document: str
    text: str
    heading: str = ""
    page: int | None = None
    line: int | None = None

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
        return _pdf(file, patience or Patience())
    if suffix == ".pdf":
        raise Unreadable(f"{file.name} is called a PDF but does not begin like one; is it whole?")
    text, notes = decoded(content, file.name)
    if len(text) > MAX_TEXT_CHARS:
        notes = (*notes, f"{file.name}: only the first {MAX_TEXT_CHARS:,} of {len(text):,} characters were read")
        text = text[:MAX_TEXT_CHARS]
    if suffix in _HTML_SUFFIXES or (file.media_type == "text/html" and suffix not in _MARKDOWN_SUFFIXES):
        return _html(file.name, text, notes)
    passages = tuple(_paragraphs(file.name, text.splitlines(), markdown=suffix in _MARKDOWN_SUFFIXES))
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


def _paragraphs(name: str, lines: Iterable[str], *, markdown: bool) -> Iterator[Passage]:
    headings: list[tuple[int, str]] = []
    block: list[str] = []
    began = 1
    fenced = False

    def flush() -> Iterator[Passage]:
        if block:
            heading = " > ".join(title for _, title in headings[-2:])
            yield from _cut(name, block, heading, None, began)
            block.clear()

    def open_heading(level: int, title: str) -> None:
        while headings and headings[-1][0] >= level:
            headings.pop()
        headings.append((level, title.strip("*_` ")))

    def open_title(title: str) -> None:
        # The first line of a plain text, when it has no number, is the title of all.
        first = not headings and not _NUMBERED_TITLE.match(title)
        open_heading(2 if first else 3, title)

    for number, line in enumerate(lines, 1):
        if markdown and line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        heading = _HEADING.match(line) if markdown and not fenced else None
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
            elif not markdown and len(block) == 1 and _is_title(block[0]):
                open_title(block.pop().strip())
                began = number
            block.append(line)
        elif not fenced and block and not markdown and len(block) == 1 and _is_title(block[0]):
            open_title(block.pop().strip())
        elif not fenced and block and not block[-1].rstrip().endswith(":"):
            yield from flush()  # what follows a colon belongs to it
    yield from flush()


def _is_title(line: str) -> bool:
    words = line.strip()
    if (
        not words
        or len(words) > 70
        or words[-1] in ".:;,!?"
        or (_LIST_ITEM.match(line) and not _NUMBERED_TITLE.match(words))
    ):
        return False
    return bool(_NUMBERED_TITLE.match(words)) or (words.isupper() and len(words) > 3)


def _cut(name: str, block: list[str], heading: str, page: int | None, began: int | None) -> Iterator[Passage]:
    """One passage, or several when the block is long: cut between lines of a list, else between sentences."""
    text = "\n".join(line.rstrip() for line in block).strip("\n")
    if len(text) <= _PASSAGE_CHARS:
        yield Passage(name, text, heading, page, began)
        return
    lined = sum(len(line) < 200 for line in block) == len(block) and page is None
    parts = [line.rstrip() for line in block] if lined else sentences(text)
    glue = "\n" if lined else " "
    start, held = 0, 0
    for index, part in enumerate(parts):
        if held and held + len(part) > _PASSAGE_CHARS:
            yield Passage(
                name, glue.join(parts[start:index]), heading, page, began + start if lined and began else began
            )
            start, held = index, 0
        held += len(part) + 1
    yield Passage(name, glue.join(parts[start:]), heading, page, began + start if lined and began else began)


def _html(name: str, text: str, notes: tuple[str, ...]) -> Document:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

    soup = BeautifulSoup(text, "html.parser")
    for hidden in soup(["script", "style", "template", "noscript", "nav", "head", "svg"]):
        hidden.decompose()
    headings: list[tuple[int, str]] = []
    passages: list[Passage] = []
    blocks = ["p", "li", "pre", "blockquote", "dd", "dt", "td", "th", "figcaption", "caption", "address", "div", "body",
              "section", "article", "main", "h1", "h2", "h3", "h4", "h5", "h6"]  # fmt: skip
    for element in soup.find_all([name for name in blocks if name not in ("td", "th")] + ["tr"]):
        if element.name != "tr" and element.find(blocks) is not None and element.name not in ("li",):
            # A container: its own loose text only, the blocks inside come by themselves.
            own = " ".join(" ".join(str(child) for child in element.find_all(string=True, recursive=False)).split())
            found = own if len(own) > 20 else ""
        elif element.name == "li":
            loose = [
                child for child in element.children if not (isinstance(child, Tag) and child.name in ("ul", "ol", "p"))
            ]
            found = " ".join(" ".join(c.get_text(" ") if isinstance(c, Tag) else str(c) for c in loose).split())
        elif element.name == "tr":
            found = " | ".join(" ".join(cell.get_text(" ").split()) for cell in element.find_all(["td", "th"]))
        else:
            found = element.get_text() if element.name == "pre" else " ".join(element.get_text(" ").split())
        if not found.strip():
            continue
        if element.name[0] == "h" and element.name[1:].isdigit():
            level = int(element.name[1])
            while headings and headings[-1][0] >= level:
                headings.pop()
            headings.append((level, found))
            continue
        heading = " > ".join(title for _, title in headings[-2:])
        passages.extend(_cut(name, [found], heading, None, element.sourceline))
    if not passages:
        raise Unreadable(f"{name} contains no readable text (its content may be made by scripts).")
    return Document(name, tuple(passages), soup.get_text(" "), notes)


def _pdf(file: LocalFile, patience: Patience) -> Document:
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of every blemish of a file
    texts: list[str] = []
    notes: list[str] = []
    try:
        reader = PdfReader(file.path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable(f"{file.name} is encrypted with a password; give it without one.")
        count = len(reader.pages)
        if count > MAX_PAGES:
            notes.append(f"{file.name}: only the first {MAX_PAGES} of {count} pages were read")
        for number in range(min(count, MAX_PAGES)):
            patience.check(file.name)
            texts.append(reader.pages[number].extract_text())
    except Unreadable:
        raise
    except Exception as error:  # pypdf raises whatever a broken file provokes
        needs = "cryptography" in str(error).lower()
        if needs:
            raise Unreadable(f"{file.name} is encrypted (AES), which cannot be read here; save it without.") from error
        kind = "is broken" if isinstance(error, PyPdfError) else "cannot be read"
        raise Unreadable(f"{file.name} {kind}: {type(error).__name__}: {error}; open and save it again.") from error
    if not any(text.strip() for text in texts):
        raise Unreadable(
            f"{file.name} has {len(texts)} pages but no text: it is a scan; run text recognition on it first."
        )
    if empty := [str(number) for number, text in enumerate(texts, 1) if not text.strip()]:
        notes.append(f"{file.name}: no text on page {', '.join(empty[:20])} (pictures or scans)")
    passages: list[Passage] = []
    for number, text in enumerate(texts, 1):
        for passage in _paragraphs(file.name, text.splitlines(), markdown=False):
            passages.append(Passage(file.name, passage.text, passage.heading, page=number))
    return Document(file.name, tuple(passages), "\n".join(texts), tuple(notes))
