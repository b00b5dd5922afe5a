"""Any file as text, also one inside archives and mails: recognised, then read by the reader of its kind."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final, cast

from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Reader, Source, UnreadableFile
from ioa.adapters.agents.react.tools.file_kinds.packed import inner_name, is_tar, member_of, read_tar, unpacked_file
from ioa.adapters.agents.react.tools.file_kinds.recognise import recognised

MAX_DEPTH = 4
_HERE = "ioa.adapters.agents.react.tools.file_kinds"

READERS: Final[dict[str, str]] = {
    "text": "plain:read_text", "markdown": "plain:read_text", "code": "plain:read_text",
    "settings": "plain:read_text", "csv": "plain:read_csv", "json": "plain:read_json", "jsonl": "plain:read_jsonl",
    "toml": "plain:read_toml", "notebook": "plain:read_notebook", "xml": "plain:read_xml", "html": "plain:read_html",
    "rtf": "plain:read_rtf", "pdf": "pdf:read_pdf", "docx": "office:read_docx", "xlsx": "office:read_xlsx",
    "pptx": "office:read_pptx", "odf": "books:read_odf", "epub": "books:read_epub",
    "image": "pictures_sound:read_image", "audio": "pictures_sound:read_audio", "video": "pictures_sound:read_video",
    "zip": "packed:read_zip", "tar": "packed:read_tar", "parquet": "databases:read_parquet",
    "sqlite": "databases:read_sqlite", "mail": "letters:read_mail", "calendar": "letters:read_calendar",
}  # fmt: skip
"""The reader of each kind; `gzip` is looked into first."""

_EXTRAS = {"docx": "tools", "openpyxl": "tools", "pptx": "tools", "PIL": "tools", "pypdf": "tools", "bs4": "tools",
           "duckdb": "agents"}  # fmt: skip


def read_file(source: Source, members: Sequence[str] = ()) -> tuple[str, FileText]:
    """Kind and text of a file, or of what lies inside it under `members`, outermost first; blocks.

    Raises `UnreadableFile`. A single compressed file is read through, without a member's name.
    """
    with tempfile.TemporaryDirectory(prefix="ioa-member-") as scratch:
        return _read(source, list(members), Path(scratch), ())


def _read(source: Source, members: list[str], scratch: Path, notes: tuple[str, ...]) -> tuple[str, FileText]:
    if len(list(scratch.iterdir())) > MAX_DEPTH:
        raise UnreadableFile(f"{source.name} lies too deep: at most {MAX_DEPTH} archives inside each other are opened.")
    what = recognised(source)
    notes = (*notes, what.note) if what.note else notes
    kind = what.kind
    if kind == "gzip" and is_tar(source):
        kind = "tar"
    if kind == "gzip":
        inner = _laid_down(inner_name(source), unpacked_file(source), scratch)
        return _read(inner, members, scratch, (*notes, f"{source.name} is compressed; {inner.name} inside was read"))
    if members:
        name, *deeper = members
        return _read(_laid_down(name, _member(source, kind, name), scratch), deeper, scratch, notes)
    text = read_tar(source) if kind == "tar" else _reader(source, kind)(source)
    return kind, replace(text, notes=(*notes, *text.notes))


def _reader(source: Source, kind: str) -> Reader:
    module, _, function = READERS[kind].partition(":")
    try:
        reader = cast("Reader", getattr(importlib.import_module(f"{_HERE}.{module}"), function))
    except ModuleNotFoundError as error:
        raise lacking(source.name, error) from error

    def read(source: Source, /) -> FileText:
        try:
            return reader(source)
        except ModuleNotFoundError as error:  # imported where it is first needed
            raise lacking(source.name, error) from error

    return read


def lacking(name: str, error: ModuleNotFoundError) -> UnreadableFile:
    """The complaint that a package is not installed, with the extra that has it."""
    package = (error.name or "").partition(".")[0]
    extra = _EXTRAS.get(package, "tools")
    return UnreadableFile(
        f'{name} needs the package {package} to be read; install it: pip install "internet-of-agents[{extra}]".'
    )


def _member(source: Source, kind: str, name: str) -> bytes:
    if kind in ("zip", "tar"):
        return member_of(source, kind, name)
    if kind == "mail":
        from ioa.adapters.agents.react.tools.file_kinds.letters import attachment_of

        return attachment_of(source, name)
    raise UnreadableFile(f"{source.name} has no members: it is neither an archive nor a mail. Read it without one.")


def _laid_down(name: str, content: bytes, scratch: Path) -> Source:
    if not content:
        raise UnreadableFile(f"{name} is empty (0 bytes).")
    path = scratch / f"member-{len(list(scratch.iterdir()))}"  # never under the member's own name
    path.write_bytes(content)
    return Source(PurePosixPath(name.replace("\\", "/")).name or name, path)
