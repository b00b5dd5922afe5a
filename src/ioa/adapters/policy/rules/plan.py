"""What a goal is split into: steps with what they build on, what was not understood, and background."""

from __future__ import annotations

from dataclasses import dataclass

from ioa.adapters.policy.rules.verbs import Kind


@dataclass(frozen=True, slots=True)
class Step:
    """One request that a stranger can answer.

    `number` is 1-based. `needs` are the numbers of the earlier steps whose results it builds on; `after` those
    that it merely has to follow ("then"), without those in `needs`. `search` holds phrases to search an agent
    by. `context` is what was carried over from elsewhere into `text`; `kind` a rough guess of what it yields.
    """

    number: int
    text: str
    needs: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    search: tuple[str, ...] = ()
    context: str = ""
    kind: Kind = "other"


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a goal, what in it gave none (verbatim), and statements that hold for all of them (verbatim)."""

    steps: tuple[Step, ...] = ()
    not_understood: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
