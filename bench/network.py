"""The first benchmark of the network: messages, registrations, searches, whole goals. One command:

    python bench/network.py [--quick] [--out DIR]

writes network.json, network.md and network.svg into `--out` (default: bench/results). What is measured and how to read
it: bench/README.md. `--quick` takes a fraction of the time and says so in what it writes.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # `bench` is a package, however this file is started

from bench import discovery, goals, machine, messages, report  # noqa: E402 - after the path

RESULTS = ROOT / "bench/results"
PARTS = ("messages", "registrations", "searches", "goals")


@dataclass(frozen=True)
class Size:
    """How much of everything is done."""

    name: str = "full"
    talk: messages.Talk = field(default_factory=messages.Talk)
    crowd: discovery.Crowd = field(default_factory=discovery.Crowd)
    goals: goals.Goals = field(default_factory=goals.Goals)


QUICK = Size(
    name="quick",
    talk=messages.Talk(rounds=3, hub_s=1.5, bare_s=0.7, half_load_s=0.7, long=200, compared_rounds=3),
    crowd=discovery.Crowd(registered=100, registered_with_meaning=20, sizes=(1_500, 5_000), queries=40),
    goals=goals.Goals(timed=5, warm_up=1),
)


async def measure(size: Size, parts: tuple[str, ...], folder: Path, say: Callable[[str], None]) -> dict:
    """The results of the parts, one after the other, with what they were measured on."""
    steps: dict[str, Callable[[Path], Awaitable[dict]]] = {
        "messages": lambda place: messages.measure(size.talk, place, say),
        "registrations": lambda place: discovery.registrations(size.crowd, place, say),
        "searches": lambda place: discovery.searches(size.crowd, place, say),
        "goals": lambda place: goals.measure(size.goals, place, say),
    }
    began = time.monotonic()
    found: dict = {"size": size.name, "machine": machine.describe(), "load average before": machine.load_average()}
    for part in parts:
        place = folder / part
        place.mkdir()
        found[part] = await steps[part](place)
        gc.collect()
    found["load average after"] = machine.load_average()
    found["took s"] = round(time.monotonic() - began)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the network on this machine, over loopback.")
    parser.add_argument("--quick", action="store_true", help="a fraction of everything: is it in order?")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for network.{json,md,svg}")
    parser.add_argument("--only", choices=PARTS, help="one part, printed and not written")
    options = parser.parse_args()
    size = QUICK if options.quick else Size()

    def say(text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="ioa-bench-", ignore_cleanup_errors=True) as folder:
        parts = (options.only,) if options.only else PARTS
        found = asyncio.run(measure(size, parts, Path(folder), say))
    print(report.markdown(found))
    if options.only is None:
        report.write(found, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
