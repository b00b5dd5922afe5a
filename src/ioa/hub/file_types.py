"""What a file is by its first bytes, where they say so. Nothing is opened, unpacked or run."""

from __future__ import annotations

import re

HEAD_BYTES = 1_024
"""How much of a file's beginning is looked at."""

_ZIP = (
    "application/zip", "application/java-archive", "application/epub+zip", "application/vnd.openxmlformats-",
    "application/vnd.oasis.opendocument", "application/x-zip", "application/vnd.android",
    "application/vnd.ms-", "model/",
)  # fmt: skip
_OLE = ("application/msword", "application/vnd.ms-", "application/x-ole-storage")
_MEDIA = ("video/", "audio/", "image/")

# (first bytes, type, further declared types that may begin so)
_MAGIC: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"%PDF-", "application/pdf", ()),
    (b"\x89PNG\r\n\x1a\n", "image/png", ("image/apng",)),
    (b"\xff\xd8\xff", "image/jpeg", ("image/pjpeg",)),
    (b"GIF87a", "image/gif", ()),
    (b"GIF89a", "image/gif", ()),
    (b"PK\x03\x04", "application/zip", _ZIP),
    (b"PK\x05\x06", "application/zip", _ZIP),
    (b"\x1f\x8b", "application/gzip", ("application/x-gzip", "application/x-tar", "application/x-tgz", "image/svg")),
    (b"BZh", "application/x-bzip2", ("application/x-tar", "application/bzip2")),
    (b"\xfd7zXZ\x00", "application/x-xz", ("application/x-tar",)),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", ()),
    (b"Rar!\x1a\x07", "application/vnd.rar", ("application/x-rar",)),
    (b"\x28\xb5\x2f\xfd", "application/zstd", ("application/x-tar",)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", _OLE),
    (b"\x7fELF", "application/x-executable", ("application/x-sharedlib", "application/x-elf", "application/x-pie")),
    (b"MZ", "application/vnd.microsoft.portable-executable", ("application/x-msdownload", "application/x-dosexec")),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary", ()),
    (b"\xca\xfe\xba\xbe", "application/java-vm", ("application/x-mach-binary", "application/x-java")),
    (b"\x00asm", "application/wasm", ()),
    (b"SQLite format 3\x00", "application/vnd.sqlite3", ("application/x-sqlite3",)),
    (b"PAR1", "application/vnd.apache.parquet", ("application/parquet", "application/x-parquet")),
    (b"OggS", "application/ogg", ("audio/", "video/")),
    (b"fLaC", "audio/flac", ("audio/",)),
    (b"ID3", "audio/mpeg", ("audio/",)),
    (b"\x1aE\xdf\xa3", "video/webm", ("video/", "audio/")),
)
_PAGE = re.compile(
    rb"<!doctype html|<(html|head|body|script|iframe|title|meta|style|object|embed)[\s>/]", re.IGNORECASE
)
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
# Files of these types begin with their mark, or are none.
_MARKED = (
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/zip",
    "application/gzip",
)
_TEXTS = ("text/html", "image/svg+xml", "application/xml")
_UNKNOWN = ("application/octet-stream", "binary/octet-stream", "application/x-unknown")


def recognised(head: bytes) -> tuple[str, tuple[str, ...]] | None:
    """The type that the first bytes say, and the beginnings of declared types that agree with it. None: they do not
    say, as with most kinds of text."""
    for magic, kind, others in _MAGIC:
        if head.startswith(magic) and (magic != b"MZ" or b"\0" in head):
            return kind, others
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}[head[8:12]], (
            "audio/",
            "video/",
        )
    if head[4:8] == b"ftyp":
        return "video/mp4", _MEDIA
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] == b"<" and b"\0" not in text:
        # Text may be called any kind of text: a page that is declared text/plain is shown as its source.
        if _SVG.search(text) and not _PAGE.match(text):
            return "image/svg+xml", ("text/", "application/")
        if _PAGE.match(text) or (text.startswith(b"<!--") and _PAGE.search(text)):
            return "text/html", ("text/", "application/")
        if text.startswith(b"<?xml"):
            return "application/xml", ("text/", "application/", "image/svg+xml")
    return None


def truthful(declared: str, head: bytes) -> str:
    """The type to show and serve: the declared one, or that of the content where it contradicts what was declared."""
    plain = declared.partition(";")[0].strip().lower()
    if plain in _UNKNOWN or not head:
        return declared
    found = recognised(head)
    if found is None:
        return "application/octet-stream" if plain in _MARKED else declared
    kind, others = found
    agrees = plain == kind or (plain.startswith(others) and not (plain in _MARKED and kind in _TEXTS))
    return declared if agrees else kind
