"""`ioa hub cluster` and its load balancer."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys

import httpx
import pytest

from ioa.cli.balancer import Balancer
from ioa.cli.failures import BadInput
from ioa.cli.hub_cluster_run import run_cluster
from ioa.testing.servers import ServerUnavailable
from ioa.testing.servers.nats import find_nats
from ioa.testing.servers.postgres import find_postgres
from tests.processes.network import until


async def answering(text):
    """A server that says who it is. Returns it and its port."""

    async def serve(reader, writer):
        writer.write(text + await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def asked(balancer):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(balancer.url.rpartition(":")[2]))
    writer.write(b"hello\n")
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_connections_go_round_past_those_that_are_gone():
    one, two = await answering(b"one "), await answering(b"two ")
    balancer = Balancer([one[1], two[1]])
    await balancer.start()
    try:
        assert [await asked(balancer) for _ in range(4)] == [b"one hello\n", b"two hello\n"] * 2
        one[0].close()
        await one[0].wait_closed()
        assert [await asked(balancer) for _ in range(4)] == [b"two hello\n"] * 4
        two[0].close()
        await two[0].wait_closed()
        assert await asked(balancer) == b""
    finally:
        await balancer.stop()


def vectors(database: str) -> int:
    """How many agents have theirs there."""
    import psycopg

    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM ioa_card_vectors").fetchone()
    return row[0] if row is not None else 0


@pytest.mark.parametrize(("index", "words"), [("milvus:a.db", "for one process"), ("nowhere", "postgresql is the")])
async def test_an_index_that_replicas_cannot_share_is_refused_before_anything_starts(index, words):
    with pytest.raises(BadInput, match=words):
        await run_cluster(2, 0, index)


async def test_one_command_starts_a_cluster_that_survives_a_killed_replica_and_leaves_nothing():
    try:
        carried = find_postgres()
        find_nats()
    except ServerUnavailable as reason:
        pytest.skip(f"no engines here: {reason}")
    pgvector = any((carried.parent / "share").rglob("vector.control"))  # Debian's has it in a package of its own
    index = "postgresql" if pgvector else "memory"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ioa", "hub", "cluster", "--replicas", "2", "--port", "0", "--index", index,
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        said = ""
        async with asyncio.timeout(180):
            while "Ctrl-C" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, said
                said += line
        url = re.search(r"ioa hub +(\S+)", said)
        token = re.search(r"token +(\S+)", said)
        replicas = [int(pid) for pid in re.findall(r"process (\d+)", said)]
        assert url
        assert token
        assert len(replicas) == 2
        headers = {"Authorization": f"Bearer {token[1]}"}
        async with httpx.AsyncClient(base_url=url[1], headers=headers, trust_env=False, timeout=60) as http:
            made = await http.post("/v1/agents", json={"name": "Ann", "description": "does things"})
            assert made.status_code == 201
            store = re.search(r"store +(\S+)", said)
            assert store

            async def embedded():
                return await asyncio.to_thread(vectors, store[1]) > 0

            if pgvector:
                await until(embedded, "the card's vector is in the database")
            os.kill(replicas[0], signal.SIGKILL)

            async def known():
                try:
                    async with httpx.AsyncClient(
                        base_url=url[1], headers=headers, trust_env=False, timeout=60
                    ) as fresh:
                        return (await fresh.get("/v1/agents/Ann")).status_code == 200
                except httpx.HTTPError:
                    return False

            for _ in range(4):
                await until(known, "the other replica answers")
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(replicas[1], 0)
        database = re.search(r"host=(\S+)", said)
        assert database
        assert not os.path.exists(database[1])  # noqa: ASYNC240, PTH110 - a look at the disk of a test
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
