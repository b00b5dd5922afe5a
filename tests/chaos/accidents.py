"""Schedules of what happens to real processes, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

KINDS: dict[str, float] = {
    "kill hub": 2.0,
    "stop hub": 1.0,
    "disk full": 1.0,
    "kill host": 3.0,
    "stop host": 1.0,
    "cut": 2.0,
    "silence": 1.0,
    "delay": 1.0,
    "repeat": 1.0,
    "swap": 1.0,
}
STORE_KINDS: dict[str, float] = {"kill store": 1.0, "stop store": 0.7, "kill bus": 1.0, "stop bus": 0.7}


@dataclass(frozen=True)
class Accident:
    """`kind` happens `at_s` seconds after the start to hub or host `number` (modulo how many there are)."""

    at_s: float
    kind: str
    number: int
    lasts_s: float

    def __str__(self) -> str:
        return f"{self.at_s:8.2f} s: {self.kind} {self.number}, {self.lasts_s:.2f} s"


def accidents(seed: int, *, within_s: float, every_s: float, kinds: dict[str, float]) -> list[Accident]:
    """One about every `every_s` seconds."""
    dice = Random(f"{seed} accidents")
    found: list[Accident] = []
    at_s = dice.uniform(0, every_s)
    while at_s < within_s:
        kind = dice.choices(list(kinds), list(kinds.values()))[0]
        found.append(Accident(at_s, kind, dice.randrange(1_000), dice.choice((0.0, 0.5, dice.uniform(0, 4)))))
        at_s += dice.uniform(0.5, 1.5) * every_s
    return found


def one_hub_every(seconds: float, *, within_s: float, hubs: int) -> list[Accident]:
    """Kill one hub after the other, each down for a moment."""
    count = int(within_s / seconds)
    return [Accident((n + 1) * seconds, "kill hub", n % hubs, 1.0) for n in range(count)]
