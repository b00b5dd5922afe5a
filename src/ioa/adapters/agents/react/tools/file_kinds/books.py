"""EPUB books and OpenDocument files: ZIP archives of XML, read by the standard library."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from ioa.adapters.agents.react.tools.file_kinds.file_text import (
    MAX_ROWS,
    FileText,
    Gathering,
    Source,
    UnreadableFile,
    table,
)
from ioa.adapters.agents.react.tools.file_kinds.office import check_packed
from ioa.adapters.agents.react.tools.file_kinds.plain import html_text

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_REPEATED_AT_MOST = 1000


def read_epub(source: Source) -> FileText:
    """A book, chapter by chapter in its own order."""
    check_packed(source)
    gathered = Gathering(source.name)
    try:
        with zipfile.ZipFile(source.path) as archive:
            container = _xml(source, archive, "META-INF/container.xml")
            rootfile = next((e.get("full-path", "") for e in container.iter() if e.tag.endswith("}rootfile")), "")
            package = _xml(source, archive, rootfile)
            items = {e.get("id", ""): e.get("href", "") for e in package.iter() if e.tag.endswith("}item")}
            spine = [e.get("idref", "") for e in package.iter() if e.tag.endswith("}itemref")]
            about = [
                f"{e.tag.rpartition('}')[2].capitalize()}: {e.text.strip()}"
                for e in package.iter()
                if e.tag.startswith("{http://purl.org/dc/elements/1.1/}") and e.text and len(e.text) < 2000
            ]
            gathered.add("about the book", "\n".join(about))
            for number, one in enumerate(spine, 1):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(rootfile), unquote(items.get(one, ""))))
                try:
                    page = archive.read(path).decode("utf-8", errors="replace")
                    gathered.add(f"chapter {number}", html_text(path, page))
                except (KeyError, UnreadableFile):
                    continue  # a cover or a picture on a page of its own
    except (zipfile.BadZipFile, KeyError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise UnreadableFile(f"{source.name} is not a whole EPUB book ({error}); get it again.") from error
    return gathered.made("EPUB book")


def read_odf(source: Source) -> FileText:
    """An OpenDocument text, spreadsheet or presentation."""
    check_packed(source)
    try:
        with zipfile.ZipFile(source.path) as archive:
            content = _xml(source, archive, "content.xml")
    except (zipfile.BadZipFile, KeyError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise UnreadableFile(
            f"{source.name} is broken or locked with a password ({error}); open and save it again without one."
        ) from error
    gathered = Gathering(source.name)
    kind = "OpenDocument file"
    for body in content.iter():
        if body.tag == f"{_OFFICE}spreadsheet":
            kind = "OpenDocument spreadsheet"
            for sheet in body.iter(f"{_TABLE}table"):
                gathered.add(f"sheet {sheet.get(f'{_TABLE}name', '')}", _rows(sheet) or "(empty)")
        elif body.tag == f"{_OFFICE}presentation":
            kind = "OpenDocument presentation"
            for number, page in enumerate(body.iter(f"{_DRAW}page"), 1):
                gathered.add(f"slide {number}", "\n".join(_blocks(page)))
        elif body.tag == f"{_OFFICE}text":
            kind = "OpenDocument text"
            gathered.add("", "\n\n".join(_blocks(body)))
    return gathered.made(kind)


def _xml(source: Source, archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    raw = archive.read(name)
    if b"<!ENTITY" in raw:
        raise UnreadableFile(f"{source.name} declares entities in {name}, which no honest file of its kind does.")
    try:
        return ElementTree.fromstring(raw)  # noqa: S314 - entities are refused above, the process is bounded
    except ElementTree.ParseError as error:
        raise UnreadableFile(f"{source.name} has broken XML in {name} ({error}); save it again.") from error


def _blocks(element: ElementTree.Element, depth: int = 0) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_TEXT}h":
            level = child.get(f"{_TEXT}outline-level", "1")
            yield f"{'#' * (min(int(level), 5) if level.isdigit() else 1)} {_said(child)}"
        elif child.tag == f"{_TEXT}p":
            if said := _said(child).strip():
                yield said
            yield from (block for frame in child if frame.tag.startswith(_DRAW) for block in _blocks(frame, depth))
        elif child.tag == f"{_TEXT}list":
            items = (
                [" ".join(_blocks(item, depth + 1)) for item in child.iter(f"{_TEXT}list-item")] if not depth else []
            )
            yield from ([f"- {item}" for item in items] if items else _blocks(child, depth + 1))
        elif child.tag == f"{_TABLE}table":
            yield _rows(child)
        elif child.tag != f"{_TEXT}tracked-changes":
            yield from _blocks(child, depth)


def _said(element: ElementTree.Element) -> str:
    """The text of a paragraph with its tabs and spaces; not that of frames inside."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == f"{_TEXT}s":
            parts.append(" ")
        elif child.tag == f"{_TEXT}tab":
            parts.append("\t")
        elif child.tag == f"{_TEXT}line-break":
            parts.append("\n")
        elif not child.tag.startswith(_DRAW):
            parts.append(_said(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _rows(sheet: ElementTree.Element) -> str:
    rows: list[list[str]] = []
    for row in sheet.iter(f"{_TABLE}table-row"):
        cells: list[str] = []
        for cell in row:
            if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            said = " ".join(_said(paragraph) for paragraph in cell.iter(f"{_TEXT}p"))
            cells += [said] * _times(cell.get(f"{_TABLE}number-columns-repeated"))
        rows += [cells] * (_times(row.get(f"{_TABLE}number-rows-repeated")) if any(cells) else 1)
        if len(rows) >= MAX_ROWS:
            break
    return table(rows[:MAX_ROWS])


def _times(repeated: str | None) -> int:
    return min(int(repeated), _REPEATED_AT_MOST) if repeated and repeated.isdigit() else 1
