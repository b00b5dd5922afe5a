"""Server-sent events, in whatever pieces they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ioa.cli.event_stream import Event, read_events

STREAM = (
    b': keep-alive\n\nid: 7\r\nevent: message\r\ndata: {"a":"x\xe2\x80\xa8y"}\r\n\r\n'
    b"data: one\ndata:two\n\nretry: 5\nid: 9\n\nevent: goal\ndata: end\n\nid: 10\ndata: cut off"
)


async def _in_pieces(size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(STREAM), size):
        yield STREAM[start : start + size]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_events_do_not_depend_on_how_the_bytes_arrive(size: int) -> None:
    assert [event async for event in read_events(_in_pieces(size))] == [
        Event("message", '{"a":"x\u2028y"}', "7"),
        Event("message", "one\ntwo", "7"),
        Event("goal", "end", "9"),
    ]
