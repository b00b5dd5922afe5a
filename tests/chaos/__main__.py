"""`python -m tests.chaos --minutes 10 --seed 7`: chaos for as long as one likes."""

from __future__ import annotations

import argparse
import asyncio
import random

from tests.chaos.accidents import KINDS, accidents
from tests.chaos.network import one_hub
from tests.chaos.run import Report, network_of, run


async def chaos(given: argparse.Namespace, seed: int) -> Report:
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
