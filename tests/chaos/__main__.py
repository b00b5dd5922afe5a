"""`python -m tests.chaos --minutes 10 --seed 7`: chaos for as long as one likes."""

from __future__ import annotations

import argparse
import asyncio
import random

from ioa.adapters.store.opening import open_store
from ioa.testing.servers.nats import NatsServer
from ioa.testing.servers.postgres import PostgresServer
from tests.chaos.accidents import KINDS, STORE_KINDS, accidents, one_hub_every
from tests.chaos.network import hubs, one_hub
from tests.chaos.run import Report, network_of, run


async def replicas(given: argparse.Namespace, seed: int) -> Report:
    """Several hubs over PostgreSQL and NATS of their own; one is killed every so many seconds."""
    with PostgresServer(durable=True) as postgres, NatsServer() as nats:
        url = postgres.database()
        engines = ("--store", url, "--bus", nats.url)
        async with network_of(
            seed, hubs(given.replicas), engines=engines, servers={"store": postgres, "bus": nats}
        ) as network:
            print(f"in {network.folder}", flush=True)
            seconds = 60 * given.minutes
            plan = one_hub_every(given.kill_every, within_s=seconds, hubs=given.replicas)
            if given.all:
                plan += accidents(seed, within_s=seconds, every_s=given.every, kinds={**KINDS, **STORE_KINDS})
                plan.sort(key=lambda accident: accident.at_s)
            return await run(
                network,
                plan,
                seconds=seconds,
                concurrent=given.goals,
                hosts=given.hosts,
                agents_a_host=given.agents,
                open_store=lambda: open_store(url),
            )


async def chaos(given: argparse.Namespace, seed: int) -> Report:
    if given.replicas > 1:
        return await replicas(given, seed)
    async with network_of(seed, one_hub(), clocks=given.clocks) as network:
        print(f"in {network.folder}", flush=True)
        seconds = 60 * given.minutes
        plan = accidents(seed, within_s=seconds, every_s=given.every, kinds=KINDS)
        return await run(
            network,
            plan,
            seconds=seconds,
            concurrent=given.goals,
            hosts=given.hosts,
            agents_a_host=given.agents,
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--goals", type=int, default=50, help="open at the same time (default 50)")
    parser.add_argument("--hosts", type=int, default=4, help="processes with clients (default 4)")
    parser.add_argument("--agents", type=int, default=5, help="clients a host (default 5)")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between accidents (default 2)")
    parser.add_argument("--clocks", action="store_true", help="clocks of all processes are wrong by up to an hour")
    parser.add_argument("--replicas", type=int, default=1, help="hubs over PostgreSQL and NATS (default: one, SQLite)")
    parser.add_argument("--kill-every", type=float, default=10.0, help="seconds between kills of a replica")
    parser.add_argument("--all", action="store_true", help="with replicas: all other accidents too")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    report = asyncio.run(chaos(given, seed))
    for line in report.happened:
        print(line)
    print(report.text())
    return 1 if report.violations else 0


if __name__ == "__main__":
    raise SystemExit(main())
