"""Hosts of their own whose cables are taken out: neither end is told, and nothing is lost."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest

from tests.chaos.accidents import accidents
from tests.chaos.network import one_hub
from tests.chaos.run import network_of, run
from tests.processes.hosts import HERE, NoHosts, network_hosts

SECONDS = float(os.environ.get("IOA_CHAOS_SECONDS", "15"))
SEED = int(os.environ.get("IOA_SEED", random.SystemRandom().randrange(10**6)))
PLACES = ("ioa-chaos-a", "ioa-chaos-b")


async def test_cables_that_are_taken_out_between_hosts_and_hub_lose_nothing() -> None:
    plan = accidents(SEED, within_s=SECONDS, every_s=2.5, kinds={"link down": 1.0})
    plan[0] = replace(plan[0], lasts_s=8.0)  # longer than a client believes in a silent hub
    try:
        with network_hosts(PLACES):
            async with network_of(SEED, one_hub(), address=HERE, places=PLACES) as network:
                report = await run(
                    network, plan, seconds=SECONDS, concurrent=8, hosts=2, agents_a_host=4, group_timeout_s=15
                )
    except NoHosts as why:
        pytest.skip(f"no network namespaces here: {why}")
    print(report.text(), *report.happened, sep="\n")
    assert not report.violations, report.text()
    assert report.figures["goals"] >= 8
    assert len(report.happened) == len(plan)
