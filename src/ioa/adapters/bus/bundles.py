"""Several pieces of data as one message: each behind its length in 4 bytes, most significant first."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

_LENGTH = struct.Struct(">I")
HEAD_BYTES = _LENGTH.size


def bundled(pieces: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    """The pieces in messages of at most `most_bytes`; a piece that is larger has a message of its own."""
    parts: list[bytes] = []
    size = 0
    for piece in pieces:
        more = HEAD_BYTES + len(piece)
        if parts and size + more > most_bytes:
            yield b"".join(parts)
            parts, size = [], 0
        parts += (_LENGTH.pack(len(piece)), piece)
        size += more
    if parts:
        yield b"".join(parts)


def unbundled(message: bytes) -> Iterator[bytes]:
    """The pieces again. Raises `ValueError` for what is no bundle."""
    start = 0
    while start < len(message):
        if start + HEAD_BYTES > len(message):
            raise ValueError("the bundle ends within a length")
        (length,) = _LENGTH.unpack_from(message, start)
        start += HEAD_BYTES
        if start + length > len(message):
            raise ValueError("the bundle ends within a piece")
        yield message[start : start + length]
        start += length
