"""`python -m tests.chaos --minutes 10 --seed 7`: chaos for as long as one likes."""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Callable, Sequence

from bench.machine import load_average
from ioa.adapters.store.opening import open_store
from ioa.ports.store import Store
from ioa.testing.servers.nats import NatsServer
from ioa.testing.servers.postgres import PostgresServer
from tests.chaos.accidents import KINDS, STORE_KINDS, Accident, accidents, one_hub_every
from tests.chaos.network import ChaosNetwork, hubs, one_hub
from tests.chaos.results import keep, kept
from tests.chaos.run import Report, network_of, run


async def replicas(given: argparse.Namespace) -> Report:
    """Several hubs over PostgreSQL and NATS of their own; one is killed every so many seconds."""
    with PostgresServer(durable=True) as postgres, NatsServer() as nats:
        url = postgres.database()
        engines = ("--store", url, "--bus", nats.url)
        async with network_of(
            given.seed, hubs(given.replicas), engines=engines, servers={"store": postgres, "bus": nats}
        ) as network:
            plan = one_hub_every(given.kill_every, within_s=60 * given.minutes, hubs=given.replicas)
            if given.all:
                plan += drawn(given, {**KINDS, **STORE_KINDS})
                plan.sort(key=lambda accident: accident.at_s)
            return await judged(given, network, plan, lambda: open_store(url))


async def one(given: argparse.Namespace) -> Report:
    """One hub on SQLite."""
    async with network_of(given.seed, one_hub(), clocks=given.clocks) as network:
        return await judged(given, network, drawn(given, KINDS))


def drawn(given: argparse.Namespace, kinds: dict[str, float]) -> list[Accident]:
    return accidents(given.seed, within_s=60 * given.minutes, every_s=given.every, kinds=kinds)


async def judged(
    given: argparse.Namespace,
    network: ChaosNetwork,
    plan: Sequence[Accident],
    open_store: Callable[[], Store] | None = None,
) -> Report:
    print(f"in {network.folder}", flush=True)
    return await run(
        network,
        plan,
        seconds=60 * given.minutes,
        concurrent=given.goals,
        hosts=given.hosts,
        agents_a_host=given.agents,
        open_store=open_store,
    )


def words(parser: argparse.ArgumentParser, given: argparse.Namespace) -> str:
    """What starts the same run again: all that is not as it would be anyway, in the order of the options."""
    told: list[str] = []
    for name, value in vars(given).items():
        if name in ("write", "note") or value == parser.get_default(name):
            continue
        option = f"--{name.replace('_', '-')}"
        told += [option] if value is True else [option, f"{value:g}" if isinstance(value, float) else str(value)]
    return " ".join(told)


def arguments() -> argparse.ArgumentParser:
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
    parser.add_argument("--write", action="store_true", help="keep what it came to in bench/results/chaos.{json,md}")
    parser.add_argument("--note", default="", help="with --write: a sentence on this run")
    return parser


def main() -> int:
    parser = arguments()
    given = parser.parse_args()
    if given.seed is None:
        given.seed = random.SystemRandom().randrange(10**6)
    print(f"seed {given.seed}", flush=True)
    load_before = load_average()
    report = asyncio.run((replicas if given.replicas > 1 else one)(given))
    for line in report.happened:
        print(line)
    print(report.text())
    if given.write:
        keep(kept(report, words(parser, given), load_before=load_before, note=given.note))
    return 1 if report.violations else 0


if __name__ == "__main__":
    raise SystemExit(main())
