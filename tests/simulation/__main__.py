"""`python -m tests.simulation --histories 1000` or `--steps 1000000`: many worlds, each from a seed of its own.

Every seed gives the same history each time. One that breaks the law is told with the smallest part of its accidents
that still breaks it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass

from tests.chaos.checker import Violation
from tests.simulation.loop import Stuck
from tests.simulation.world import Outcome, Setup, simulate

MOST_TOLD = 12


@dataclass(frozen=True)
class Shrunk:
    """A history that breaks the law with as few accidents as were found to be enough."""

    setup: Setup
    violations: list[Violation]


def outcome_of(setup: Setup) -> Outcome:
    """The history, also where it does not end."""
    try:
        return simulate(setup)
    except Stuck as stuck:
        return Outcome(setup.seed, [Violation("everything_ended", "world", str(stuck))], setup.faults or ())


def shrink(failed: Outcome) -> Shrunk:
    """The shortest beginning of the accidents that still fails, then without those that are not needed."""
    faults = failed.faults
    found = Shrunk(Setup(failed.seed, faults), failed.violations)
    for length in range(len(faults)):
        outcome = outcome_of(Setup(failed.seed, faults[:length]))
        if outcome.violations:
            found = Shrunk(Setup(failed.seed, faults[:length]), outcome.violations)
            break
    assert found.setup.faults is not None
    for fault in reversed(found.setup.faults):
        fewer = tuple(other for other in found.setup.faults or () if other is not fault)
        outcome = outcome_of(Setup(failed.seed, fewer))
        if outcome.violations:
            found = Shrunk(Setup(failed.seed, fewer), outcome.violations)
    return found


def tell(shrunk: Shrunk) -> None:
    """A broken history, for whoever mends it."""
    print(f"seed {shrunk.setup.seed} breaks the law with these accidents:")
    for fault in shrunk.setup.faults or ():
        print(f"    {fault}")
    for violation in shrunk.violations[:MOST_TOLD]:
        print(f"  {violation}")
    print(f"again: python -m tests.simulation --seed {shrunk.setup.seed} --histories 1")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--histories", type=int, default=0, help="so many histories (default: as --steps says)")
    parser.add_argument("--steps", type=int, default=1_000_000, help="at least so many steps of the loops together")
    parser.add_argument("--each", action="store_true", help="a line for each history")
    parser.add_argument("--go-on", action="store_true", help="do not stop at the first history that breaks the law")
    given = parser.parse_args()
    steps = entries = goals = nested = broken = number = accidents = 0
    began_s = time.process_time()
    print(f"seeds from {given.seed}")
    while number < given.histories if given.histories else steps < given.steps:
        outcome = outcome_of(Setup(given.seed + number))
        number += 1
        steps, entries, goals = steps + outcome.steps, entries + outcome.entries, goals + outcome.goals
        nested, accidents = nested + outcome.nested, accidents + len(outcome.faults)
        if given.each:
            print(outcome.seed, outcome.steps, outcome.entries, len(outcome.faults), outcome.trace, flush=True)
        if outcome.violations:
            broken += 1
            tell(shrink(outcome))
            if not given.go_on:
                break
    took_s = time.process_time() - began_s
    print(
        f"{number} histories, {steps} steps, {goals} goals, {nested} nested groups, {entries} entries, "
        f"{accidents} accidents; {broken} broke the law; {took_s:.1f} s of CPU, {steps / max(took_s, 1e-9):.0f} steps/s"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a history
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    raise SystemExit(main())
