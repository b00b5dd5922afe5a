"""Bodies of bounded size, whatever the headers promise and however well they are compressed; and text of bytes."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator

_STEP = 64 * 1024
_GZIP = b"\x1f\x8b"
_META = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""^<\?xml[^>]+encoding\s*=\s*["']([A-Za-z0-9_.:-]+)""")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class TooLarge(Exception):
    """The body goes on past the limit; nothing of it is kept."""


class BadEncoding(Exception):
    """The body is compressed in a way that is not understood, or is damaged."""


async def decompressed(raw: AsyncIterable[bytes], encoding: str, limit_bytes: int) -> AsyncIterator[bytes]:
    """The parts of a body after decompression, each at most 64 KiB. `encoding` is the header Content-Encoding.

    Raises `TooLarge` before more than `limit_bytes` are given out, `BadEncoding` for any but gzip and deflate.
    """
    names = [one.strip().lower() for one in encoding.split(",") if one.strip().lower() not in ("", "identity")]
    if len(names) > 1 or (names and names[0] not in ("gzip", "x-gzip", "deflate")):
        raise BadEncoding(f"it is compressed by {encoding}, which was not asked for")
    inflater = _Inflater(raw_deflate_allowed=names[0] == "deflate") if names else None
    given = 0
    async for part in raw:
        pieces = inflater.pieces(part) if inflater else iter((part,))
        for piece in pieces:
            given += len(piece)
            if given > limit_bytes:
                raise TooLarge
            yield piece
    if inflater and not inflater.finished:
        raise BadEncoding("the compressed body is cut off")


class _Inflater:
    """zlib that never has more than a step of output in memory."""

    def __init__(self, *, raw_deflate_allowed: bool) -> None:
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._raw_deflate_allowed = raw_deflate_allowed
        self._begun = False

    @property
    def finished(self) -> bool:
        return self._inflate.eof or not self._begun

    def pieces(self, part: bytes) -> Iterator[bytes]:
        rest = part
        while rest:
            try:
                piece = self._inflate.decompress(rest, _STEP)
            except zlib.error as error:
                if self._begun or not self._raw_deflate_allowed:
                    raise BadEncoding(f"the compressed body is damaged ({error})") from error
                # "deflate" is written with and without zlib's header; both are met.
                self._inflate, self._raw_deflate_allowed = zlib.decompressobj(-zlib.MAX_WBITS), False
                continue
            self._begun = True
            rest = self._inflate.unconsumed_tail
            if piece:
                yield piece
            if self._inflate.eof:
                rest = self._inflate.unused_data
                if not rest.startswith(_GZIP):
                    return  # padding after the end
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip may be made of several members


def decoded(content: bytes, charset: str) -> str:
    """Text of bytes: by the byte order mark, the header's `charset`, the page's own declaration, UTF-8, cp1252."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, errors="replace")
    head = content[:2048]
    declared = _XML.search(head) or _META.search(head)
    for name in (charset, declared[1].decode("ascii") if declared else "", "utf-8"):
        try:
            return content.decode(name) if name else content.decode("utf-8")
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("cp1252", errors="replace")
