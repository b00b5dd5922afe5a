"""The hub at its limit, beside what does less. One command:

    python bench/hub.py [--quick] [--out DIR] [--only messages|crowd|goals]

writes hub.json, hub.md and hub.svg into `--out` (default: bench/results): deliveries a CPU second beside bare picows,
`websockets` and NATS, long chats against new ones, latency at half the load, 10,000 connected agents, 1,000 that come
back at once, a goal with instant agents. What is measured and how to read it: bench/README.md.

It ends within eight minutes: a part that takes too long, or breaks, is given up, which it says; then it writes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # `bench` is a package, however this file is started

from picows import WSError  # noqa: E402 - after the path

from bench import connections, fanout, goals, hub_report, machine  # noqa: E402 - same
from bench.load import Lost  # noqa: E402 - same
from bench.sockets import SocketLost  # noqa: E402 - same
from ioa.hub.serving import event_loop  # noqa: E402 - same

RESULTS = ROOT / "bench/results"
PARTS = {"messages": 270.0, "crowd": 130.0, "goals": 60.0}
"""What is measured, and seconds after which it is given up."""
_CLOSING_S = 0.2  # for sockets that were hung up


@dataclass(frozen=True)
class Size:
    """How much of everything is done."""

    name: str = "full"
    talk: fanout.Size = field(default_factory=fanout.Size)
    crowd: connections.Crowd = field(default_factory=connections.Crowd)
    goals: goals.Goals = field(default_factory=goals.Goals)


QUICK = Size(
    name="quick",
    talk=fanout.Size(
        groups=40, rounds=3, hub_s=1.5, bare_s=0.7, half_load_s=1.0, lengths=(100, 500), compared_rounds=3
    ),
    crowd=connections.Crowd(connected=1_000, cut=200, times=2),
    goals=goals.Goals(timed=5, warm_up=1),
)


def measure(size: Size, parts: Iterable[str], folder: Path, say: Callable[[str], None]) -> dict:
    """The results of the parts, one after the other, with what they were measured on; `given up` tells of parts that
    have none."""
    steps: dict[str, Callable[[Path], Awaitable[dict]]] = {
        "messages": lambda place: fanout.measure(size.talk, place, say),
        "crowd": lambda place: connections.measure(size.crowd, place, say),
        "goals": lambda place: goals.measure(size.goals, place, say),
    }
    began = time.monotonic()
    found: dict = {"size": size.name, "machine": machine.describe(), "load average before": machine.load_average()}
    given_up: dict[str, str] = {}
    for part in parts:
        place = folder / part
        place.mkdir()
        with asyncio.Runner(loop_factory=None if part == "goals" else event_loop) as runner:
            try:
                found[part] = runner.run(_step(steps[part], place, PARTS[part]))
            except TimeoutError:
                given_up[part] = f"not done within {PARTS[part]:g} s"
            except (Lost, SocketLost, OSError, WSError, RuntimeError) as error:
                given_up[part] = f"{type(error).__name__}: {error}"
        if part in given_up:
            say(f"{part}: given up, {given_up[part]}")
        gc.collect()
    if given_up:
        found["given up"] = given_up
    found["load average after"] = machine.load_average()
    found["took s"] = round(time.monotonic() - began)
    return found


async def _step(step: Callable[[Path], Awaitable[dict]], place: Path, within_s: float) -> dict:
    async with asyncio.timeout(within_s):
        found = await step(place)
    await asyncio.sleep(_CLOSING_S)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the hub on this machine, over loopback.")
    parser.add_argument("--quick", action="store_true", help="a fraction of everything: is it in order?")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for hub.{json,md,svg}")
    parser.add_argument("--only", choices=PARTS, help="one part, printed and not written")
    options = parser.parse_args()
    size = QUICK if options.quick else Size()

    def say(text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="ioa-bench-", ignore_cleanup_errors=True) as folder:
        parts = (options.only,) if options.only else PARTS
        found = measure(size, parts, Path(folder), say)
    print(hub_report.markdown(found))
    if "given up" in found:
        return 1
    if options.only is None:
        hub_report.write(found, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
