"""PDF files, page by page."""

from __future__ import annotations

import logging
from typing import Any, cast

from ioa.adapters.agents.documents import MAX_PAGES
from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Gathering, Source, UnreadableFile


def read_pdf(source: Source) -> FileText:
    """The text of each page, lines as they stand; the values of form fields; titles of the document."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of every blemish of a file
    gathered = Gathering(source.name)
    try:
        reader = PdfReader(source.path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFile(f"{source.name} is encrypted with a password; give it without one.")
        count = len(reader.pages)
        empty: list[str] = []
        for number in range(1, min(count, MAX_PAGES) + 1):
            if gathered.full:
                break
            text = reader.pages[number - 1].extract_text()
            if not text.strip():
                empty.append(str(number))
            gathered.add(f"page {number}", text)
        if count > MAX_PAGES:
            gathered.notes.append(f"only the first {MAX_PAGES:,} of {count:,} pages were read")
        fields = _fields(reader)
        if fields:
            gathered.add("form fields", "\n".join(fields))
    except UnreadableFile:
        raise
    except Exception as error:  # pypdf raises whatever a broken file provokes
        if "cryptography" in str(error).lower():
            raise UnreadableFile(
                f"{source.name} is encrypted (AES), which cannot be read here; save it without."
            ) from error
        said = f"{type(error).__name__}: {str(error)[:200]}"
        raise UnreadableFile(f"{source.name} is a broken PDF ({said}); open and save it again.") from error
    if not gathered.parts:
        raise UnreadableFile(
            f"{source.name} has {count} page(s) but no text: it is a scan; run text recognition on it first."
        )
    gathered.notes.append(f"{count} page(s)")
    if empty:
        gathered.notes.append(f"no text on page {', '.join(empty[:20])} (pictures or scans)")
    return gathered.made("PDF")


def _fields(reader: Any) -> list[str]:
    """Filled form fields: not part of a page's text."""
    found: list[str] = []
    for name, field in cast("dict[str, Any]", reader.get_fields() or {}).items():
        value = field.get("/V")
        if value not in (None, "", "/Off"):
            found.append(f"{name}: {value}")
    return found
