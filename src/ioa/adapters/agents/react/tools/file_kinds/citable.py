"""Files of any kind as passages that can be cited, with page, sheet, slide, heading or line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

from ioa.adapters.agents.documents import Passage, Patience, Unreadable, paragraphs
from ioa.adapters.agents.documents_html import html_document
from ioa.adapters.agents.documents_pdf import pdf_document
from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Source, UnreadableFile, table
from ioa.adapters.agents.react.tools.file_kinds.plain import separator_of
from ioa.adapters.agents.react.tools.file_kinds.readers import read_file
from ioa.ports.agent import LocalFile

MAX_PASSAGES = 5000
_LINED = frozenset({"text", "markdown", "code", "settings", "toml", "json", "jsonl", "xml", "csv"})
_ROWS_A_PASSAGE = 8


def read_passages(source: Source, members: Sequence[str] = ()) -> tuple[FileText, list[Passage]]:
    """The file's text without its parts, and its passages; blocks. Raises `UnreadableFile`."""
    kind, text = read_file(source, members)
    passages: list[Passage] = []
    if not members and kind in ("pdf", "html"):
        try:
            if kind == "pdf":
                passages += pdf_document(LocalFile(source.name, "application/pdf", source.path), Patience()).passages
            else:
                page = source.content().decode("utf-8", errors="replace")
                passages += html_document(source.name, page, ()).passages
        except Unreadable as error:
            raise UnreadableFile(str(error)) from error
    elif kind == "csv":
        passages += _records(source.name, text.text, tab=source.suffix in (".tsv", ".tab"))
    else:
        for part in text.parts:
            found = paragraphs(source.name, part.text.splitlines(), markdown=kind not in ("text", "code"))
            for passage in found:
                heading = " > ".join(one for one in (part.title, passage.heading) if one)
                line = passage.line if kind in _LINED and not part.title else None
                passages.append(replace(passage, heading=heading, line=line))
                if len(passages) > MAX_PASSAGES:
                    break
    notes = text.notes
    if len(passages) > MAX_PASSAGES:
        notes = (*notes, f"{source.name}: only its first {MAX_PASSAGES:,} passages are searched")
    return FileText(text.kind, (), notes, text.members), passages[:MAX_PASSAGES]


def _records(name: str, text: str, *, tab: bool) -> list[Passage]:
    """Rows of separated values in small groups, each a table with its titles: a passage says what its cells are."""
    separator = separator_of(text, tab=tab)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found: list[Passage] = []
    titles: list[str] = []
    group: list[list[str]] = []
    began = 1

    def flush() -> None:
        if group:
            found.append(Passage(name, table([titles, *group]), line=began, columns=tuple(titles)))
            group.clear()

    try:
        for row in reader:
            if not titles:
                titles = row
            elif any(row):
                began = began if group else reader.line_num
                group.append(row)
            if len(group) == _ROWS_A_PASSAGE:
                flush()
            if len(found) > MAX_PASSAGES:
                break
    except csv.Error:
        pass  # its reader has noted that the table is not clean; what was read so far is searched
    flush()
    return found
