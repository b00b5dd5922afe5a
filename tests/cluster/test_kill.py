"""Three replicas as processes over a PostgreSQL and a NATS server: one after the other is killed while goals run, and
the checker finds nothing lost, repeated, reordered or stuck."""

from __future__ import annotations

import os
import random

from ioa.adapters.store.postgres import PostgresStore
from ioa.testing.servers import spare_port
from tests.chaos.accidents import one_hub_every
from tests.chaos.network import Hub
from tests.chaos.run import network_of, run

SECONDS = float(os.environ.get("IOA_CHAOS_SECONDS", "13"))
SEED = int(os.environ.get("IOA_SEED", random.SystemRandom().randrange(10**6)))


async def test_nothing_is_lost_repeated_reordered_or_stuck_while_replicas_are_killed(postgres_url, nats_server):
    hubs = [Hub(number, spare_port()) for number in range(3)]
    engines = ("--store", postgres_url, "--bus", nats_server.url)
    plan = one_hub_every(4.0, within_s=SECONDS, hubs=3)
    async with network_of(SEED, hubs, engines=engines) as network:
        report = await run(
            network,
            plan,
            seconds=SECONDS,
            concurrent=10,
            hosts=3,
            agents_a_host=4,
            group_timeout_s=20,
            open_store=lambda: PostgresStore(postgres_url),
        )
    print(report.text(), *report.happened, sep="\n")
    assert not report.violations, report.text()
    assert report.figures["goals"] >= 10
    assert report.figures["nested groups"]
    assert report.figures["hub starts"] >= 3 + len(plan)
