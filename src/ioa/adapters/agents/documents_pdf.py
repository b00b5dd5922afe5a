"""A PDF as passages. A PDF has lines, no paragraphs: headings and paragraphs are told by how its lines look."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ioa.adapters.agents.documents import (
    MAX_PAGES,
    NUMBERED_TITLE,
    Document,
    Patience,
    Unreadable,
    is_title,
    paragraphs,
)
from ioa.ports.agent import LocalFile

_ENDED = (".", "!", "?", ":", ";", ".”", '."', ".)")
_ITEM = re.compile(r"^\s*(?:[-*+•▪●–]|\d+[.)]|\(?[a-z]\))\s+")
_TITLE_LINES = 3
_NUMBER = re.compile(r"^(?:section |article |chapter |appendix )?([\dIVX]+(?:\.\d+)*)", re.IGNORECASE)


def pdf_document(file: LocalFile, patience: Patience) -> Document:
    """Read a PDF; blocks. Raises `Unreadable` when it is locked, broken, or a scan."""
    texts, notes = _pages(file, patience)
    lines: list[str] = []
    starts: list[int] = []
    for page in _bare(texts):
        if lines and page and not (page[0][:1].islower() and not lines[-1].endswith(_ENDED)):
            lines.append("")
        starts.append(len(lines) + 1)
        lines += page
    passages = [
        replace(passage, page=bisect.bisect_right(starts, passage.line or 1), line=None)
        for passage in paragraphs(file.name, _structured(lines), markdown=True)
    ]
    return Document(file.name, tuple(passages), "\n".join(texts), tuple(notes))


def _pages(file: LocalFile, patience: Patience) -> tuple[list[str], list[str]]:
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
        if "cryptography" in str(error).lower():
            raise Unreadable(f"{file.name} is encrypted (AES), which cannot be read here; save it without.") from error
        kind = "is broken" if isinstance(error, PyPdfError) else "cannot be read"
        raise Unreadable(f"{file.name} {kind}: {type(error).__name__}: {error}; open and save it again.") from error
    if not any(text.strip() for text in texts):
        raise Unreadable(
            f"{file.name} has {len(texts)} pages but no text: it is a scan; run text recognition on it first."
        )
    if empty := [str(number) for number, text in enumerate(texts, 1) if not text.strip()]:
        notes.append(f"{file.name}: no text on page {', '.join(empty[:20])} (pictures or scans)")
    return texts, notes


def _bare(texts: Sequence[str]) -> list[list[str]]:
    """The lines of each page without what every page repeats at its top or foot."""
    pages = [[line.rstrip() for line in text.splitlines()] for text in texts]

    def shape(line: str) -> str:
        return re.sub(r"\d+", "0", line.strip().lower())

    edges = Counter(shape(line) for page in pages if page for line in {page[0], page[-1]})
    often = {line for line, count in edges.items() if line and count >= max(3, 0.6 * len(pages))}
    return [
        [
            line
            for index, line in enumerate(page)
            if not (index in (0, len(page) - 1) and (shape(line) in often or re.fullmatch(r"\W*\d*\W*", line)))
        ]
        for page in pages
    ]


def _structured(lines: Sequence[str]) -> list[str]:
    """The same lines in the same places, headings marked as in Markdown; a paragraph that ends is told by a form feed
    put behind it (`paragraphs` splits there)."""
    width = max((len(line) for line in lines), default=0)
    made: list[str] = []
    after_heading = True
    for index, line in enumerate(lines):
        before = lines[index - 1].strip() if index else ""
        after = lines[index + 1].strip() if index + 1 < len(lines) else ""
        free = after_heading or not before or before.endswith(_ENDED)
        level = _level(line.strip(), before, after, width, first=not made) if free else 0
        if not level and free and index < _TITLE_LINES and after and _is_cover_line(line.strip(), width):
            level = 2 if made else 1
        if level:
            made.append(f"{'#' * level} {line.strip()}")
            after_heading = True
            continue
        after_heading = False
        ends = line.strip().endswith((".", "!", "?")) and len(line) < 0.75 * width and after[:1].isupper()
        made.append(f"{line}\f" if ends and not _ITEM.match(line) else line)
    return made


def _level(line: str, before: str, after: str, width: int, *, first: bool) -> int:
    """The depth of a heading, 0 when the line is none."""
    if not line or not after or not is_title(line, numbered=False):
        return 0
    if NUMBERED_TITLE.match(line):
        if _sibling(line, after) or (_sibling(before, line) and not line.isupper()):
            return 0  # items of a list
        return 2 + line.split()[0].rstrip(".)").count(".")
    if line.isupper() and len(line) > 3:
        return 1 if first else 2
    short = len(line) <= 60 and len(line.split()) <= 8 and len(line) < 0.6 * width
    goes_on = len(after) > len(line) or after.endswith(_ENDED) or NUMBERED_TITLE.match(after) or _ITEM.match(after)
    if short and line[0].isupper() and goes_on and after[0] in "(-•" + after[0].upper():
        return 0 if re.search(r"[\d:|@]", line) else (1 if first else 2)
    return 0


def _is_cover_line(line: str, width: int) -> bool:
    """Is this, at the top of the document, a title ("AquaSpin W7") or the line below it?"""
    short = len(line) <= 60 and len(line.split()) <= 8 and len(line) < 0.75 * width
    return short and line[:1].isupper() and is_title(line, numbered=False) and not re.search(r"[:|@,]", line)


def _sibling(one: str, other: str) -> bool:
    """Are these two numbered items of one depth, one after the other?"""
    here, there = _NUMBER.match(one), _NUMBER.match(other)
    return bool(here and there and here[1].isdigit() and there[1].isdigit() and int(there[1]) == int(here[1]) + 1)
