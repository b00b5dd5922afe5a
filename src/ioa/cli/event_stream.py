"""Server-sent events: lines in, events out. Source: WHATWG HTML, 9.2.6."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its kind, its data, and the identifier to resume after."""

    kind: str
    data: str
    last_id: str


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """The events in a stream of bytes. Comments and unknown fields are skipped; an event that the stream cuts off in
    the middle is dropped, as it will come again."""
    kind, data, last_id = "", list[str](), ""
    async for line in _lines(chunks):
        if not line:
            if data:
                yield Event(kind or "message", "\n".join(data), last_id)
            kind, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Lines that end with LF or CR LF, without their ends. Not `str.splitlines`: it also splits at U+2028 and its kin,
    which JSON allows inside of texts. A lone CR, which the standard allows as well, is sent by no hub."""
    rest = bytearray()
    async for chunk in chunks:
        rest += chunk
        if b"\n" not in chunk:
            continue
        *whole, tail = rest.split(b"\n")
        rest = tail
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
