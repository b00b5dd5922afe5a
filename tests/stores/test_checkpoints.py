"""The write-ahead log is taken over while the writer goes on: it begins anew, and nobody's refusal costs a message."""

import asyncio
import sqlite3

import pytest

from ioa.adapters.store import checkpoints
from ioa.adapters.store.sqlite import SqliteStore
from ioa.ports.store import Entry, GroupRow, Work

_GROUPS, _TIMES = 200, 20


def works(number: int) -> list[Work]:
    """The next entry of each group."""
    return [
        Work(
            entries=(
                Entry(comm_id=f"g{n}", seq=number, sender=f"a{n}", message_id=f"{number}", at=1.0, body=b"x" * 600),
            )
        )
        for n in range(_GROUPS)
    ]


async def launched(store: SqliteStore) -> None:
    rows = tuple(GroupRow(comm_id=f"g{n}", goal_id="goal", owner="@me", members=("Ann",)) for n in range(_GROUPS))
    await store.commit(Work(groups=rows))


async def say(store: SqliteStore, number: int) -> None:
    for future in [store.commit(work) for work in works(number)]:
        await future


async def said(store: SqliteStore) -> None:
    """Enough messages for several checkpoints, one commit after the other."""
    await launched(store)
    for number in range(1, _TIMES + 1):
        await say(store, number)


def times_begun_anew(folder) -> int:
    """From the head of the write-ahead log's file: its checkpoint sequence number."""
    head = (folder / "hub.sqlite-wal").read_bytes()[:16]
    return int.from_bytes(head[12:], "big")


@pytest.fixture
async def store(tmp_path):
    store = SqliteStore(tmp_path / "hub.sqlite")
    await store.open()
    yield store
    await store.close()


async def test_the_write_ahead_log_begins_anew_while_the_writer_goes_on(store, tmp_path):
    await launched(store)
    number = 0
    async with asyncio.timeout(60):
        while times_begun_anew(tmp_path) < 3:
            number += 1
            await say(store, number)
    assert len(await store.log_after(0, limit=1_000_000)) == _GROUPS * number


async def test_it_does_so_for_no_other_reason(store, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "PAGES_APART", 10**9)
    await said(store)
    assert times_begun_anew(tmp_path) == 0


async def test_what_cannot_be_taken_over_is_no_reason_to_refuse_a_message(store, monkeypatch, caplog):
    monkeypatch.setattr(checkpoints, "_TAKE_OVER", "PRAGMA nothing(")
    await said(store)
    assert "cannot be taken over" in caplog.text
    assert len(await store.log_after(0, limit=10_000)) == _GROUPS * _TIMES


async def test_a_reader_that_stays_holds_nobody_up(store, tmp_path):
    reader = sqlite3.connect(tmp_path / "hub.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM log").fetchone()
    await said(store)
    assert reader.execute("SELECT count(*) FROM log").fetchone() == (0,)
    reader.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM log").fetchone() == (_GROUPS * _TIMES,)
    reader.close()
