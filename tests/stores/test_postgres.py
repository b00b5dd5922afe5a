"""The store contract on PostgreSQL, for one hub and for several; schema versions; wrong URLs; text it cannot hold."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from ioa.adapters.clock import SystemClock
from ioa.hub.artifacts import Artifacts
from ioa.ports.store import Conflict, Document, Entry, GroupRow, StoreUnavailable, Work
from ioa.testing.stores import check_shared_store, check_store

psycopg = pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")

from ioa.adapters.artifacts.postgres import PostgresBlobs  # noqa: E402 - where psycopg is
from ioa.adapters.store import postgres_schema  # noqa: E402 - where psycopg is
from ioa.adapters.store.opening import open_blobs, open_store  # noqa: E402 - where psycopg is
from ioa.adapters.store.postgres import PostgresStore  # noqa: E402 - where psycopg is
from ioa.adapters.store.postgres_connection import redacted  # noqa: E402 - where psycopg is


def entry(seq: int, comm_id: str = "g", message_id: str = "") -> Entry:
    return Entry(
        comm_id=comm_id, seq=seq, sender="Ann", message_id=message_id or f"{comm_id}-{seq}", at=1.0, body=b"{}"
    )


GROUP = GroupRow(comm_id="g", goal_id="goal", owner="@me", members=("Ann",))


@pytest.fixture
async def store(postgres_url):
    store = PostgresStore(postgres_url)
    await store.open()
    yield store
    await store.close()


async def test_postgres_store_keeps_the_contract(postgres_server):
    await check_store(lambda: PostgresStore(postgres_server.database()))


async def test_postgres_stores_of_one_database_keep_the_contract_of_several_writers(postgres_url):
    await check_shared_store(lambda: open_store(postgres_url))


async def test_replicas_that_start_together_bring_the_database_forward_once(postgres_server, postgres_url):
    stores = [PostgresStore(postgres_url) for _ in range(5)]
    await asyncio.gather(*(store.open() for store in stores))
    assert len({store.epoch for store in stores}) == 1
    assert postgres_server.run("SELECT count(*), max(version) FROM ioa.version", postgres_url) == "1|2"
    await asyncio.gather(*(store.close() for store in stores))


async def test_an_older_database_is_brought_forward_beside_a_program_that_runs(postgres_url, store, monkeypatch):
    await store.commit(Work(groups=(GROUP,), entries=(entry(1),)))
    later = "ALTER TABLE groups ADD COLUMN later text NOT NULL DEFAULT 'none'; CREATE TABLE more (n int)"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        postgres_schema.migrate(connection, (*postgres_schema.MIGRATIONS, later))
        connection.execute("SET search_path = ioa")
        assert connection.execute("SELECT version, needs FROM version").fetchall() == [(3, 1)]
        assert connection.execute("SELECT comm_id, later FROM groups").fetchall() == [("g", "none")]
    await store.commit(Work(groups=(GroupRow(comm_id="h", goal_id="", owner="", members=()),), entries=(entry(2),)))
    older = PostgresStore(postgres_url)  # an older program that starts beside newer ones
    await older.open()
    assert await older.commit(Work(entries=(entry(3),))) == (3,)
    await older.close()


async def test_a_database_of_the_first_version_is_brought_forward(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        postgres_schema.migrate(connection, postgres_schema.MIGRATIONS[:1])
    store = PostgresStore(postgres_url)
    await store.open()
    assert not PostgresBlobs(postgres_url).fetch("sha256:0", Path("never"))
    await store.close()


async def test_a_file_that_one_replica_took_in_is_served_by_another(postgres_url, store, tmp_path):
    async def sent(data: bytes) -> AsyncIterator[bytes]:
        yield data

    def replica(name: str) -> Artifacts:
        return Artifacts(
            store,
            tmp_path / name,
            SystemClock(),
            lambda: uuid4().hex,
            max_bytes=10_000_000,
            blobs=open_blobs(postgres_url),
        )

    one, two = replica("one"), replica("two")
    one.start()
    two.start()
    data = bytes(range(256)) * 5_000 + b"end"
    artifact = await one.put("Ann", "a.bin", "application/octet-stream", sent(data))
    assert (await one.put("Bob", "b.bin", "application/octet-stream", sent(data))).digest == artifact.digest
    assert await two.get("Ann", artifact.digest) == artifact
    assert (await two.hold(artifact.digest)).read_bytes() == data
    absent = f"sha256:{'0' * 64}"
    assert not (await two.hold(absent)).exists()
    empty = await two.put("Ann", "empty", "text/plain", sent(b""))
    assert (await one.hold(empty.digest)).read_bytes() == b""
    assert not list((tmp_path / "two" / "parts").iterdir())


async def test_files_wait_for_no_server_that_is_away(tmp_path):
    (tmp_path / "file").write_bytes(b"1")
    blobs = PostgresBlobs("postgresql://127.0.0.1:1/hub")
    with pytest.raises(StoreUnavailable, match="cannot be given a file"):
        blobs.put("sha256:1", tmp_path / "file")
    with pytest.raises(StoreUnavailable, match="cannot be asked for a file"):
        blobs.fetch("sha256:1", tmp_path / "copy")


async def test_a_database_that_needs_a_newer_program_is_refused_with_the_remedy(postgres_server, postgres_url, store):
    postgres_server.run("UPDATE ioa.version SET version = 99, needs = 98", postgres_url)
    with pytest.raises(StoreUnavailable, match=r"version 99.*98.*upgrade ioa"):
        await PostgresStore(postgres_url).open()


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("postgresql://ann:secret@127.0.0.1:1/hub", r"refused.*start it, or correct the URL"),
        ("postgresql://postgres@/absent?host={}", r'"absent" does not exist.*correct the URL'),
        ("postgresql://absent@/postgres?host={}", r'"absent" does not exist.*correct the URL'),
    ],
)
async def test_a_server_that_cannot_be_had_is_reported_with_the_remedy(postgres_server, url, remedy):
    with pytest.raises(StoreUnavailable, match=remedy) as error:
        await PostgresStore(url.format(postgres_server.folder)).open()
    assert "secret" not in str(error.value)


def test_a_url_that_postgres_does_not_understand_is_refused_without_its_password():
    with pytest.raises(ValueError, match=r"postgresql://user:password@host/database") as error:
        PostgresStore("postgresql://ann:secret@host/hub?nonsense=1")
    assert "secret" not in str(error.value)
    assert redacted("host=a password=secret user=b") == "host=a password=*** user=b"


async def test_a_text_that_postgres_cannot_hold_is_refused_alone(store):
    works = [
        Work(groups=(GROUP,), entries=(entry(1),)),
        Work(entries=(entry(2, message_id="a\0b"),)),
        Work(documents=(Document(kind="a", key="\ud800", body=b""),)),
        Work(entries=(entry(2),)),
    ]
    answers = await asyncio.gather(*map(store.commit, works), return_exceptions=True)
    assert [type(answer) for answer in answers] == [tuple, StoreUnavailable, StoreUnavailable, tuple]
    assert "NUL" in str(answers[1])


async def test_records_that_one_batch_removes_and_makes_again_keep_the_order_of_the_works(store):
    def put(body: bytes, *, new: bool = False) -> Work:
        return Work(documents=(Document(kind="a", key="k", body=body, new=new),))

    works = [put(b"1", new=True), put(b"2"), Work(removed=(("a", "k"),)), put(b"3", new=True), put(b"4", new=True)]
    works += [put(b"5"), Work(removed=(("a", "k"),)), Work(removed=(("a", "k"),)), put(b"6")]
    answers = await asyncio.gather(*map(store.commit, works), return_exceptions=True)
    assert [index for index, answer in enumerate(answers) if isinstance(answer, Conflict)] == [4]
    kept = await store.document("a", "k")
    assert kept is not None
    assert kept.body == b"6"


async def test_a_leader_that_hangs_is_replaced(postgres_server, postgres_url, store):
    other = PostgresStore(postgres_url)
    await other.open()
    leadership = await store.lead("deadlines")
    assert leadership is not None
    assert await other.lead("deadlines") is None
    postgres_server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 6909794", postgres_url
    )
    async with asyncio.timeout(60):
        await leadership.lost()
        again = await other.lead("deadlines")
    assert again is not None
    assert await store.lead("deadlines") is None
    await other.close()
