"""PostgreSQL killed, stopped, hung and cut off in the middle of commits: what was acknowledged is there once, what was
refused is not, and nothing is answered before that is known."""

import asyncio
from random import Random

import pytest

from ioa.ports.store import Document, Entry, FateUnknown, GroupRow, StoreUnavailable, Work
from ioa.testing.servers import PostgresServer, ServerUnavailable
from tests.stores.relay import Relay

psycopg = pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")

from ioa.adapters.store import postgres, postgres_writer  # noqa: E402 - where psycopg is
from ioa.adapters.store.postgres import PostgresStore  # noqa: E402 - where psycopg is

BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ioa-hub'"
GROUP = GroupRow(comm_id="g", goal_id="goal", owner="@me", members=("Ann",))


def entry(seq: int, comm_id: str = "g", message_id: str = "") -> Entry:
    return Entry(comm_id=comm_id, seq=seq, sender="Ann", message_id=message_id or f"{seq}", at=1.0, body=b"x" * 300)


@pytest.fixture(scope="module")
def server():
    try:
        with PostgresServer(tcp=True) as server:
            yield server
    except ServerUnavailable as reason:
        pytest.skip(f"no PostgreSQL here: {reason}")


@pytest.fixture
async def relay(server):
    relay = Relay(server.port)
    await relay.start()
    yield relay
    await relay.close()


@pytest.fixture
async def stores(server, relay):
    """A store whose connections go through the relay, and one that watches."""
    url = server.database()
    cut_off = PostgresStore(url.replace(f":{server.port}/", f":{relay.port}/"))
    watching = PostgresStore(url)
    await cut_off.open()
    await watching.open()
    await cut_off.commit(Work(groups=(GROUP,), entries=(entry(1),)))
    yield cut_off, watching
    relay.hold_answers = relay.hold_requests = relay.refuses = False
    await cut_off.close()
    await watching.close()


async def until_stored(store, seq):
    async with asyncio.timeout(60):
        while len(await store.log_of_group("g")) < seq:
            pass


@pytest.fixture
def short_patience(monkeypatch):
    for module in (postgres, postgres_writer):
        monkeypatch.setattr(module, "PATIENCE_S", 0.3)


async def test_a_commit_whose_answer_was_lost_is_acknowledged_and_not_written_again(relay, stores):
    store, watching = stores
    relay.hold_answers = True
    record = Document(kind="a", key="k", body=b"1", new=True)
    first = store.commit(Work(entries=(entry(2),), documents=(record,)))
    second = store.commit(Work(documents=(Document(kind="a", key="k", body=b"2", replaces=b"1"),)))
    await until_stored(watching, 2)
    assert not first.done()
    relay.hold_answers = False
    relay.cut()
    assert await first == (2,)
    assert await second == ()
    assert [stored.seq for stored in await watching.log_of_group("g")] == [1, 2]


async def test_a_commit_that_never_arrived_is_written_once_over_the_next_connection(relay, stores):
    store, watching = stores
    relay.hold_requests = True
    future = store.commit(Work(entries=(entry(2),)))
    await relay.held.wait()
    relay.hold_requests = False
    relay.cut()
    assert await future == (2,)
    await relay.deliver()  # the first attempt, which the server had not seen, arrives after all
    assert await store.commit(Work(entries=(entry(3),))) == (3,)
    assert [stored.seq for stored in await watching.log_of_group("g")] == [1, 2, 3]


async def test_an_attempt_that_was_given_up_is_not_carried_out_when_it_arrives_late(
    server, relay, stores, short_patience
):
    store, watching = stores
    relay.hold_requests = True
    record = Document(kind="a", key="k", body=b"late")
    future = store.commit(Work(documents=(record,)))
    await relay.held.wait()
    relay.refuses = True
    before = await asyncio.to_thread(server.run, BACKENDS)
    relay.cut()
    refused = store.commit(Work(entries=(entry(2),)))  # new work is refused, while the fate of the first is not known
    with pytest.raises(StoreUnavailable):
        await refused
    assert not future.done()
    relay.refuses = relay.hold_requests = False
    assert await future == ()
    await watching.commit(Work(documents=(Document(kind="a", key="k", body=b"newer"),)))
    await relay.deliver()
    async with asyncio.timeout(60):
        while await asyncio.to_thread(server.run, BACKENDS) != before:  # until the late attempt is over
            pass
    kept = await watching.document("a", "k")
    assert kept is not None
    assert kept.body == b"newer"


async def test_a_store_that_is_closed_in_doubt_says_that_it_does_not_know(relay, stores, short_patience):
    store, _ = stores
    relay.hold_answers = True
    future = store.commit(Work(entries=(entry(2),)))
    await relay.held.wait()
    relay.refuses = True
    relay.cut()
    await store.close()
    with pytest.raises(FateUnknown, match="could not be known"):
        await future


async def test_a_server_that_is_away_is_reported_with_the_remedy_and_used_again_when_back(server, short_patience):
    store = PostgresStore(server.database())
    await store.open()
    await store.commit(Work(groups=(GROUP,), entries=(entry(1),)))
    await asyncio.to_thread(server.kill)
    try:
        for ask in (lambda: store.commit(Work(entries=(entry(2),))), store.newest, lambda: store.lead("deadlines")):
            with pytest.raises(StoreUnavailable, match=r"refused.*start it, or correct the URL"):
                await ask()
    finally:
        await asyncio.to_thread(server.start)
    assert await store.newest() == 1
    assert await store.commit(Work(entries=(entry(2),))) == (2,)
    assert await store.lead("deadlines") is not None
    await store.close()


async def test_a_short_restart_is_waited_for_and_ends_leadership(server):
    store = PostgresStore(server.database())
    await store.open()
    await store.commit(Work(groups=(GROUP,), entries=(entry(1),)))
    leadership = await store.lead("deadlines")
    assert leadership is not None
    await asyncio.to_thread(server.stop)
    answers = asyncio.gather(store.commit(Work(entries=(entry(2),))), store.newest())
    await asyncio.to_thread(server.start)
    assert (await answers)[0] == (2,)
    async with asyncio.timeout(60):
        await leadership.lost()
    await store.close()


async def test_a_server_that_hangs_delays_its_answers_and_loses_none(server):
    store = PostgresStore(server.database())
    await store.open()
    await store.commit(Work(groups=(GROUP,), entries=(entry(1),)))
    server.pause()
    answers = asyncio.gather(*(store.commit(Work(entries=(entry(seq),))) for seq in range(2, 50)))
    reading = asyncio.create_task(store.newest())
    await asyncio.sleep(0)
    assert not answers.done()
    server.resume()
    assert await answers == [(seq,) for seq in range(2, 50)]
    assert await reading >= 1
    await store.close()


class Writer:
    """Writes to a group of its own, one entry after the other, and remembers what it was told."""

    def __init__(self, store: PostgresStore, number: int) -> None:
        self.store = store
        self.comm_id = f"g{number}"
        self.acknowledged: dict[str, int] = {}
        self.refused: list[str] = []

    async def run(self, stop: asyncio.Event) -> None:
        row = GroupRow(comm_id=self.comm_id, goal_id="", owner="", members=("Ann",))
        await self.store.commit(Work(groups=(row,)))
        attempt = 0
        while not stop.is_set():
            attempt += 1
            name = f"{self.comm_id}-{attempt}"
            mark = Document(kind="mark", key=name, body=b"", new=True)
            work = Work(entries=(entry(len(self.acknowledged) + 1, self.comm_id, name),), documents=(mark,))
            try:
                (self.acknowledged[name],) = await self.store.commit(work)
            except StoreUnavailable:
                self.refused.append(name)


@pytest.mark.parametrize("seed", [1, 2])
async def test_kill_9_in_the_middle_of_commits_loses_and_doubles_nothing(server, short_patience, seed):
    """Two replicas write while the server is killed and started again; afterwards its data are compared with what the
    writers were told."""
    dice, url = Random(seed), server.database()
    stores = [PostgresStore(url), PostgresStore(url)]
    for store in stores:
        await store.open()
    writers = [Writer(stores[number % 2], number) for number in range(20)]
    stop = asyncio.Event()
    running = [asyncio.create_task(writer.run(stop)) for writer in writers]
    try:
        for _ in range(6):
            wanted = sum(len(writer.acknowledged) for writer in writers) + dice.randrange(20, 300)
            async with asyncio.timeout(60):
                while sum(len(writer.acknowledged) for writer in writers) < wanted:
                    assert not any(task.done() for task in running)
                    await asyncio.sleep(0.001)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
    finally:
        stop.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*running)
    rows = server.run("SELECT pos, comm_id, seq, message_id FROM ioa.log ORDER BY pos", url).splitlines()
    log = [tuple(row.split("|")) for row in rows]
    assert [int(row[0]) for row in log] == list(range(1, len(log) + 1))
    acknowledged = {name: pos for writer in writers for name, pos in writer.acknowledged.items()}
    assert {row[3]: int(row[0]) for row in log} == acknowledged
    assert len(acknowledged) == len(log)
    marks = server.run("SELECT key FROM ioa.documents WHERE kind = 'mark'", url).splitlines()
    assert sorted(marks) == sorted(acknowledged)
    assert not {name for writer in writers for name in writer.refused} & set(marks)
    for store in stores:
        await store.close()
