"""Three replicas over PostgreSQL and NATS, one killed after the other while goals run: the checker finds nothing.

Longer: `python -m tests.chaos --replicas 3 --minutes 10`, with `--all` for all other accidents too.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ioa.adapters.store.opening import open_store
from ioa.testing.servers.nats import NatsServer
from ioa.testing.servers.postgres import PostgresServer
from ioa.testing.servers.supervised import ServerUnavailable
from tests.chaos.accidents import STORE_KINDS, Accident, accidents, one_hub_every
from tests.chaos.network import hubs
from tests.chaos.run import Report, network_of, run

SECONDS = float(os.environ.get("IOA_CHAOS_SECONDS", "18"))
SEED = int(os.environ.get("IOA_SEED", random.SystemRandom().randrange(10**6)))


def servers(*, durable: bool = False) -> tuple[PostgresServer, NatsServer]:
    try:
        return PostgresServer(durable=durable), NatsServer()
    except ServerUnavailable as why:
        pytest.skip(str(why))


async def three_replicas(plan: Sequence[Accident], *, goals: int, durable: bool = False) -> Report:
    """Three hubs over engines of their own, to which all this happens. Says what came of it."""
    postgres, nats = servers(durable=durable)
    with postgres, nats:
        url = postgres.database()
        engines = ("--store", url, "--bus", nats.url)
        async with network_of(SEED, hubs(3), engines=engines, servers={"store": postgres, "bus": nats}) as network:
            report = await run(
                network,
                plan,
                seconds=SECONDS,
                concurrent=goals,
                hosts=2,
                agents_a_host=4,
                group_timeout_s=15,
                open_store=lambda: open_store(url),
            )
    print(report.text(), *report.happened, sep="\n")
    return report


async def test_replicas_that_are_killed_one_after_the_other_lose_nothing() -> None:
    plan = one_hub_every(5.0, within_s=SECONDS, hubs=3)
    report = await three_replicas(plan, goals=10)
    assert not report.violations, report.text()
    assert report.figures["hub starts"] >= 3 + len(plan)
    assert report.figures["goals"] >= 10


async def test_postgres_and_nats_killed_and_stopped_under_three_replicas_lose_nothing() -> None:
    kinds = {**STORE_KINDS, "kill hub": 1.0, "kill host": 0.5}
    plan = accidents(SEED, within_s=SECONDS, every_s=2.5, kinds=kinds)
    first = [replace(accident, kind=kind) for accident, kind in zip(plan, STORE_KINDS, strict=False)]
    plan = [*first, *plan[len(first) :]]  # each of them once, whatever the seed
    report = await three_replicas(plan, goals=8, durable=True)
    assert not report.violations, report.text()
    assert report.figures["goals"] >= 8
    assert len(report.happened) == len(plan)
