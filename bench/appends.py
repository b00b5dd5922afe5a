"""Durable appends alone: concurrent senders, each waiting for the commit of its last message, on each store.

    python -m bench.appends [--seconds 5] [--senders 256]

PostgreSQL is a server of its own with fsync on; its CPU is not in the figures of this process.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from ioa.adapters.store.memory import MemoryStore
from ioa.adapters.store.opening import open_store
from ioa.ports.store import Entry, GroupRow, Store, Work
from ioa.testing.servers import PostgresServer, ServerUnavailable

_BODY = b"x" * 600


async def measure(store: Store, senders: int, seconds: float) -> str:
    """One line of figures."""
    await store.open()
    rows = tuple(
        GroupRow(comm_id=f"group-{number:06}", goal_id="goal", owner="me", members=("Ann",))
        for number in range(senders)
    )
    await store.commit(Work(groups=rows))
    waits: list[float] = []
    end = time.perf_counter() + seconds

    async def send(comm_id: str) -> None:
        seq, before = 0, time.perf_counter()
        while before < end:
            seq += 1
            message = Entry(
                comm_id=comm_id, seq=seq, sender="Ann", message_id=f"{comm_id}-{seq}", at=before, body=_BODY
            )
            await store.commit(Work(entries=(message,)))
            now = time.perf_counter()
            waits.append(now - before)
            before = now

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(send(row.comm_id) for row in rows))
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    await store.close()
    waits.sort()
    p50, p99 = (waits[int(len(waits) * share)] * 1e3 for share in (0.5, 0.99))
    return (
        f"{len(waits) / wall:>10,.0f}/s {cpu / len(waits) * 1e6:>8.1f} µs of CPU here "
        f"{p50:>8.1f} ms p50 {p99:>8.1f} ms p99"
    )


async def main() -> None:
    """Print a line for each store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--senders", type=int, default=256)
    chosen = parser.parse_args()
    print("memory    ", await measure(MemoryStore(), chosen.senders, chosen.seconds))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(str(Path(folder) / "hub.sqlite"))
        print("sqlite    ", await measure(store, chosen.senders, chosen.seconds))
    try:
        with PostgresServer(durable=True) as server:
            print("postgresql", await measure(open_store(server.database()), chosen.senders, chosen.seconds))
    except ServerUnavailable as reason:
        print("postgresql", reason)


if __name__ == "__main__":
    asyncio.run(main())
