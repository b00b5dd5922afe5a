"""Schedules of accidents, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

HUB_FAULTS = ("kill hub", "stop hub", "disk full", "store away", "store slow")
CLIENT_FAULTS = ("kill", "kill at a write", "stop", "cut", "silence", "lose journal")
REPLICA_FAULTS = ("kill hub", "hub without store", "bus cut")
CLOCK_FAULTS = ("hub clock jumps", "client clock jumps")


@dataclass(frozen=True)
class Fault:
    """`kind` happens at `at_s` to `client` (by number; hub faults ignore it) and lasts `lasts_s` seconds."""

    at_s: float
    kind: str
    client: int
    lasts_s: float
    number: int

    def __str__(self) -> str:
        return f"{self.at_s:8.3f} s: {self.kind} (client {self.client}, {self.lasts_s:.3f} s, {self.number})"


def schedule(dice: Random, *, count: int, within_s: float, clients: int, clocks: bool, replicas: bool) -> list[Fault]:
    """So many accidents in the first `within_s` seconds, in order. With `clocks`, wall clocks jump too."""
    kinds = [*HUB_FAULTS, *CLIENT_FAULTS, *CLIENT_FAULTS, *(CLOCK_FAULTS if clocks else ())]
    kinds += REPLICA_FAULTS if replicas else ()
    return sorted(
        (
            Fault(
                at_s=dice.uniform(0, within_s),
                kind=dice.choice(kinds),
                client=dice.randrange(clients),
                lasts_s=dice.choice((0.0, dice.uniform(0, 2), dice.uniform(0, 20))),
                number=dice.randint(1, 40),
            )
            for _ in range(count)
        ),
        key=lambda fault: fault.at_s,
    )
