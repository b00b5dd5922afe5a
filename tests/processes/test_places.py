"""One goal, three places: in one process, in a process each, on a host each. The answer is the same.

Source: issue "The network", Must show 3.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.processes.hosts import NoHosts, network_hosts
from tests.processes.network import ProcessNetwork

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = [EXAMPLES / "orders.csv", EXAMPLES / "handbook.md"]
BUILTIN = ("data-analyst", "mathematician", "librarian", "plotter", "coder", "writer")
GOAL = (
    "Find the total revenue per region in orders.csv. Look up the revenue target for 2026 in handbook.md. "
    "Then write a report with a bar chart of the total revenue per region in orders.csv."
)
SAME_BYTES = (".csv", ".png")
HOSTS = ("ioa-hub-host", "ioa-host-a", "ioa-host-b")


def plain(text: str) -> str:
    """The answer without what differs from run to run: identifiers in the names of files."""
    return re.sub(r"[0-9a-f]{8,}", "#", text)


@pytest.fixture(scope="module")
def in_one_process(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("embedded")
    files = [part for path in FILES for part in ("--file", str(path))]
    done = subprocess.run(
        [sys.executable, "-m", "ioa", "run", GOAL, *files, "--json", "--quiet", "--out", str(folder / "out")],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "IOA_DATA": str(folder / "data")},
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = [path for path in (folder / "out").iterdir() if path.name.endswith(SAME_BYTES)]
    digests = {f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in made}
    return {**json.loads(done.stdout), "digests": digests}


async def answer_of(network: ProcessNetwork) -> dict[str, Any]:
    try:
        network.start_hub()
        await network.hub_ready()
        for name in BUILTIN:
            network.add_agent(name, f"builtin: {name}\nname: {name}\n")
        await network.agents_ready(*BUILTIN)
        return await asyncio.wait_for(network.ended(await network.give(GOAL, FILES)), 180)
    finally:
        network.stop()


def check_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found["status"] == "completed", found["conclusion"]
    assert len(found["groups"]) >= 2, "a nested team drew the chart"
    # Agents have other names here than in one process; what they found is the same to the letter.
    numbers = re.compile(r"\d[\d,.]*\d")
    assert numbers.findall(plain(found["conclusion"])) == numbers.findall(plain(expected["conclusion"]))
    digests = {artifact["digest"] for artifact in found["artifacts"] if artifact["name"].endswith(SAME_BYTES)}
    assert digests == expected["digests"]


async def test_in_a_process_each_the_answer_is_the_same(tmp_path: Path, in_one_process: dict[str, Any]) -> None:
    check_same(await answer_of(ProcessNetwork(tmp_path)), in_one_process)


async def test_on_a_host_each_the_answer_is_the_same(tmp_path: Path, in_one_process: dict[str, Any]) -> None:
    try:
        with network_hosts(HOSTS) as addresses:
            places = {"hub": HOSTS[0], **{name: HOSTS[1 + n % 2] for n, name in enumerate(BUILTIN)}}
            network = ProcessNetwork(
                tmp_path,
                address=addresses[HOSTS[0]],
                port=7700,
                prefix=lambda name: ("ip", "netns", "exec", places[name]),
            )
            check_same(await answer_of(network), in_one_process)
    except NoHosts as reason:
        pytest.skip(f"network namespaces: {reason}")
