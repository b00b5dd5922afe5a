"""The store contract on both makers, and what only the file can show: durability, a full disk, versions."""

import asyncio
import sqlite3
import subprocess
import sys
from itertools import count

import pytest

from ioa.adapters.store.memory import MemoryStore
from ioa.adapters.store.opening import open_store
from ioa.adapters.store.sqlite import SqliteStore
from ioa.adapters.store.sqlite_schema import MIGRATIONS, migrate
from ioa.ports.store import Document, Entry, GroupRow, StoreUnavailable, Work
from ioa.testing.stores import check_shared_store, check_store


def entry(seq: int, size_bytes: int = 10) -> Entry:
    return Entry(comm_id="g", seq=seq, sender="Ann", message_id=f"m{seq}", at=1.0, body=b"x" * size_bytes)


GROUP = GroupRow(comm_id="g", goal_id="goal", owner="@me", members=("Ann",))


async def test_memory_store_keeps_the_contract():
    await check_store(MemoryStore)


async def test_memory_stores_beside_each_other_keep_the_contract_of_several_writers():
    first = MemoryStore(shared=True)
    await check_shared_store(first.beside)


async def test_sqlite_store_keeps_the_contract(tmp_path):
    numbers = count()
    await check_store(lambda: SqliteStore(tmp_path / f"{next(numbers)}.sqlite"))


async def test_everything_is_there_after_reopening(tmp_path):
    store = SqliteStore(tmp_path / "hub.sqlite")
    await store.open()
    await store.commit(Work(groups=(GROUP,), entries=(entry(1),), documents=(Document(kind="a", key="b", body=b"c"),)))
    await store.close()
    store = SqliteStore(tmp_path / "hub.sqlite")
    await store.open()
    assert await store.commit(Work(entries=(entry(2),))) == (2,)
    assert [stored.seq for stored in await store.log_of_group("g")] == [1, 2]
    kept = await store.document("a", "b")
    assert kept is not None
    assert kept.body == b"c"
    await store.close()


async def test_a_full_disk_refuses_all_that_waits_and_heals(tmp_path):
    store = SqliteStore(tmp_path / "hub.sqlite", max_bytes=200_000)
    await store.open()
    await store.commit(Work(groups=(GROUP,), entries=(entry(1),)))
    large = [store.commit(Work(entries=(entry(seq, 150_000),))) for seq in (2, 3)]
    answers = await asyncio.gather(*large, return_exceptions=True)
    assert all(isinstance(answer, StoreUnavailable) for answer in answers[1:])
    assert "full" in str(answers[1])
    newest = await store.newest()
    assert await store.commit(Work(entries=(entry(newest + 1),))) == (newest + 1,)
    assert [stored.seq for stored in await store.log_of_group("g")] == list(range(1, newest + 2))
    await store.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from ioa.adapters.store.sqlite import SqliteStore
from ioa.ports.store import Entry, GroupRow, Work
async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    await store.commit(Work(groups=(GroupRow(comm_id="g", goal_id="", owner="", members=("Ann",)),)))
    for seq in range(1, 1_000_000):
        message = Entry(comm_id="g", seq=seq, sender="Ann", message_id=str(seq), at=1.0, body=b"{}")
        await store.commit(Work(entries=(message,)))
        print(seq, flush=True)
asyncio.run(main())
"""


def write_until_killed(path, reports):
    """The entries that a process has reported as durable when it is killed after so many reports."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    reported = [int(process.stdout.readline()) for _ in range(reports)]
    process.kill()
    reported += [int(line) for line in process.stdout.read().split(b"\n") if line]
    process.wait()
    process.stdout.close()
    return reported


async def test_what_was_reported_committed_survives_kill_9(tmp_path):
    reported = await asyncio.to_thread(write_until_killed, tmp_path / "hub.sqlite", 30)
    store = SqliteStore(tmp_path / "hub.sqlite")
    await store.open()
    found = [stored.seq for stored in await store.log_of_group("g", limit=1_000_000)]
    assert found[: len(reported)] == reported
    assert found == list(range(1, len(found) + 1))
    await store.close()


async def test_a_newer_database_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "hub.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreUnavailable, match=r"version 99.*upgrade ioa"):
        await SqliteStore(path).open()


async def test_a_database_of_the_first_version_keeps_its_records_and_gets_an_epoch(tmp_path):
    connection = sqlite3.connect(tmp_path / "hub.sqlite", isolation_level=None)
    migrate(connection, MIGRATIONS[:1])
    for key in ("b", "a"):
        connection.execute("INSERT INTO documents (kind, key, owner, body) VALUES ('agent', ?, 'me', x'64')", (key,))
    connection.close()
    store = SqliteStore(tmp_path / "hub.sqlite")
    await store.open()
    assert [change.key for change in await store.documents_after("agent", 0, limit=9)] == ["b", "a"]
    await store.commit(Work(documents=(Document(kind="agent", key="b", body=b"new"),)))
    assert [change.key for change in await store.documents_after("agent", 0, limit=9)] == ["a", "b"]
    epoch = store.epoch
    await store.close()
    await store.open()
    assert store.epoch == epoch
    assert epoch
    await store.close()


def test_an_older_database_is_brought_forward_step_by_step():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, MIGRATIONS[:1])
    connection.execute("INSERT INTO documents (kind, key, owner, body) VALUES ('a', 'b', 'c', x'64')")
    migrate(connection, (*MIGRATIONS, "ALTER TABLE documents ADD COLUMN later TEXT NOT NULL DEFAULT 'none'"))
    assert connection.execute("SELECT key, later FROM documents").fetchall() == [("b", "none")]
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
    connection.close()


@pytest.mark.parametrize("url", ["{}/hub.sqlite", "sqlite:///{}/hub.sqlite", "sqlite:///{}/a%20hub.sqlite"])
async def test_a_path_or_url_opens_a_sqlite_file(tmp_path, url):
    store = open_store(url.format(tmp_path))
    assert not store.shared
    await store.open()
    await store.close()
    assert [path.suffix for path in tmp_path.glob("*hub.sqlite")] == [".sqlite"]


@pytest.mark.parametrize("url", ["", "mysql://host/database", "sqlite://hub.sqlite", "http://[", "redis:6379"])
def test_a_url_of_no_store_is_refused_with_what_would_be_one(url):
    with pytest.raises(ValueError, match=r"store .*: give .*postgresql://|Invalid IPv6"):
        open_store(url)
