"""What a file is: its content decides, then its name; where the two differ, that is said."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from ioa.adapters.agents.react.tools.file_kinds.file_text import MAX_FILE_BYTES, Source, UnreadableFile

_HEAD_BYTES = 8192
_JSON_TRIED_BYTES = 2 * 1024 * 1024

_SUFFIXES: Final[dict[str, str]] = {
    **dict.fromkeys((".txt", ".text", ".log", ".rst", ".tex", ".org", ".adoc", ".srt", ".vtt", ".diff"), "text"),
    **dict.fromkeys((".md", ".markdown", ".mdown"), "markdown"),
    **dict.fromkeys(
        (
            ".py", ".pyi", ".js", ".mjs", ".ts", ".tsx", ".jsx", ".java", ".kt", ".c", ".h", ".cc", ".cpp", ".hpp",
            ".cs", ".go", ".rs", ".rb", ".php", ".pl", ".lua", ".r", ".jl", ".swift", ".scala", ".sh", ".bash", ".ps1",
            ".sql", ".css", ".scss", ".m", ".hs", ".ex", ".clj", ".f90", ".vb", ".asm", ".proto", ".dockerfile",
        ),
        "code",
    ),
    ".csv": "csv", ".tsv": "csv", ".tab": "csv",
    ".json": "json", ".geojson": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".ipynb": "notebook",
    ".yaml": "settings", ".yml": "settings", ".toml": "toml", ".ini": "settings", ".cfg": "settings",
    ".conf": "settings", ".properties": "settings", ".env": "settings",
    ".xml": "xml", ".svg": "xml", ".rss": "xml", ".atom": "xml", ".xsd": "xml", ".kml": "xml", ".gpx": "xml",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".pdf": "pdf", ".docx": "docx", ".docm": "docx", ".xlsx": "xlsx", ".xlsm": "xlsx", ".pptx": "pptx", ".pptm": "pptx",
    ".odt": "odf", ".ods": "odf", ".odp": "odf", ".epub": "epub", ".rtf": "rtf",
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".ico"), "image"),
    **dict.fromkeys((".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aiff", ".aif"), "audio"),
    **dict.fromkeys((".mp4", ".mkv", ".mov", ".avi", ".webm"), "video"),
    ".zip": "zip", ".jar": "zip", ".whl": "zip", ".tar": "tar", ".tgz": "gzip", ".gz": "gzip", ".bz2": "gzip",
    ".xz": "gzip", ".parquet": "parquet", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
    ".eml": "mail", ".ics": "calendar",
}  # fmt: skip

_MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"SQLite format 3\0", "sqlite"),
    (0, b"PAR1", "parquet"),
    (0, b"{\\rtf", "rtf"),
    (0, b"\x89PNG\r\n", "image"),
    (0, b"\xff\xd8\xff", "image"),
    (0, b"GIF8", "image"),
    (8, b"WEBP", "image"),
    (0, b"II*\0", "image"),
    (0, b"MM\0*", "image"),
    (8, b"WAVE", "audio"),
    (0, b"ID3", "audio"),
    (0, b"fLaC", "audio"),
    (0, b"OggS", "audio"),
    (4, b"ftypM4A", "audio"),
    (0, b"FORM", "audio"),
    (4, b"ftyp", "video"),
    (0, b"\x1aE\xdf\xa3", "video"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "gzip"),
    (0, b"\xfd7zXZ\0", "gzip"),
    (257, b"ustar", "tar"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
)

_FOREIGN: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"\xd0\xcf\x11\xe0", "an Office file of before 2007 (.doc, .xls, .ppt) or an Outlook message",
     "save it as .docx, .xlsx, .pptx or .eml"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "pack it as .zip or .tar.gz"),
    (b"Rar!", "a RAR archive", "pack it as .zip or .tar.gz"),
    (b"\x7fELF", "a program for Linux", "give the source or the documents"),
    (b"MZ", "a program for Windows", "give the source or the documents"),
    (b"\xcf\xfa\xed\xfe", "a program for macOS", "give the source or the documents"),
)  # fmt: skip

_TEXT_KINDS = frozenset({"text", "markdown", "code", "csv", "settings", "toml", "jsonl", "json", "notebook", "xml"})
_MAIL_HEADER = re.compile(
    r"^(?:from|to|subject|date|received|return-path|message-id|mime-version|delivered-to|reply-to|dkim-signature):",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """`kind` names the reader; `note` is set where the name promises something else than the content is."""

    kind: str
    note: str = ""


def recognised(source: Source) -> Recognised:
    """What the file is. Raises `UnreadableFile` when it is absent, empty, too large, or of no known kind."""
    head = _head(source)
    promised = _SUFFIXES.get(source.suffix, "")
    found = _by_magic(source, head)
    if not found:
        for mark, what, remedy in _FOREIGN:
            if head.startswith(mark) and (len(mark) > 2 or b"\0" in head):
                raise UnreadableFile(f"{source.name} is {what}, which cannot be read here; {remedy}.")
        if _is_binary(head):
            raise UnreadableFile(
                f"{source.name} is binary data of no kind known here (it begins with the bytes {head[:8].hex(' ')}); "
                "export it as text, CSV, PDF or an Office file."
            )
        found = _by_text(source, _head_text(head), promised)
    if not promised or promised == found or {promised, found} <= _TEXT_KINDS:
        return Recognised(found)
    if promised in ("text", "code", "settings") and found in ("mail", "calendar", "html"):
        return Recognised(found)
    return Recognised(
        found, f"{source.name} is called {source.suffix}, but its content is {_SHOWN.get(found, found)}; it was read so"
    )


_SHOWN = {
    "text": "plain text", "image": "a picture", "audio": "sound", "video": "a video", "zip": "a ZIP archive",
    "gzip": "compressed data", "tar": "a TAR archive", "pdf": "a PDF", "docx": "a Word document",
    "xlsx": "an Excel workbook", "pptx": "a PowerPoint presentation", "odf": "an OpenDocument file",
    "epub": "an EPUB book", "html": "an HTML page", "xml": "XML", "json": "JSON", "mail": "a mail",
    "calendar": "a calendar", "sqlite": "an SQLite database", "parquet": "a Parquet file", "rtf": "rich text (RTF)",
}  # fmt: skip


def _head(source: Source) -> bytes:
    try:
        size = source.path.stat().st_size
        with source.path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise UnreadableFile(f"{source.name} cannot be opened: {error.strerror or error}.") from error
    if not head:
        raise UnreadableFile(f"{source.name} is empty (0 bytes).")
    if size > MAX_FILE_BYTES:
        raise UnreadableFile(f"{source.name} has {size:,} bytes, at most {MAX_FILE_BYTES:,} are read; split it.")
    return head


def _by_magic(source: Source, head: bytes) -> str:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"BM") and b"\0" in head[:32]:
        return "image"
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0 and head[1] != 0xFE and b"\0" in head:
        return "audio"  # a frame of MPEG audio; FF FE is the mark of UTF-16
    for at, mark, kind in _MAGIC:
        if head[at : at + len(mark)] == mark:
            if kind == "zip":
                return _packed(source)
            if mark == b"FORM" and head[8:12] not in (b"AIFF", b"AIFC"):
                continue
            return kind
    return ""


def _packed(source: Source) -> str:
    """Office, OpenDocument and EPUB files are ZIP archives; which, their members say."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            names = set(archive.namelist())
            mimetype = b""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                mimetype = archive.read("mimetype").strip()
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        return "zip"  # its reader says what is wrong
    if mimetype == b"application/epub+zip":
        return "epub"
    if mimetype.startswith(b"application/vnd.oasis.opendocument"):
        return "odf"
    if "[Content_Types].xml" in names:
        for folder, kind in (("word", "docx"), ("xl", "xlsx"), ("ppt", "pptx")):
            if any(name.startswith(f"{folder}/") for name in names):
                return kind
    return "zip"


def _is_binary(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return False
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head) - head.count(b"\x1b")
    return b"\0" in head or controls > max(1, len(head) // 100)


def _head_text(head: bytes) -> str:
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return head.decode(encoding, errors="replace")


def _by_text(source: Source, head: str, promised: str) -> str:
    start = head.lstrip()[:2000]
    lower = start.lower()
    if lower.startswith("begin:vcalendar"):
        return "calendar"
    if re.match(r"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", lower, re.DOTALL):
        return "html"
    headers = _mail_headers(head)
    if promised == "mail" or (promised in ("", "text") and headers >= 2) or (promised == "csv" and headers >= 4):
        return "mail" if headers >= 2 else "text"
    if promised == "html":
        return "html" if re.search(r"<[a-z!/][^>]*>", lower) else "text"
    if lower.startswith("<?xml"):
        return "xml"
    if promised == "notebook":
        return "notebook" if '"cells"' in _whole(source) else "json"
    if promised in _TEXT_KINDS:
        return promised
    if start[:1] in ("{", "[") and _is_json(source):
        return "json"
    if promised or PurePath(source.name).suffix == "":
        return "text"  # the name promises a kind that this is not, or nothing
    return "text"


def _mail_headers(head: str) -> int:
    """How many kinds of a mail's headers stand at its top; 0 when it does not begin with one."""
    top = re.split(r"\r?\n\r?\n", head, maxsplit=1)[0]
    return len({found.lower() for found in _MAIL_HEADER.findall(top)}) if re.match(r"[\w-]+:\s", head) else 0


def _whole(source: Source) -> str:
    return source.content().decode("utf-8", errors="replace")


def _is_json(source: Source) -> bool:
    if source.path.stat().st_size > _JSON_TRIED_BYTES:
        return False
    try:
        json.loads(source.content())
    except (ValueError, RecursionError):
        return False
    return True
