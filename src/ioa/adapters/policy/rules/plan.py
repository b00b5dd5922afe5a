"""What a goal is split into: steps with what they build on, what was not understood, and background."""

from __future__ import annotations

from dataclasses import dataclass

from ioa.adapters.policy.rules.verbs import Kind


@dataclass(frozen=True, slots=True)
class Step:
    """One request that a stranger can answer.

    `number` is 1-based. `needs` are the numbers of the earlier steps whose results it builds on; `after` those
    that it merely has to follow ("then"), without those in `needs`. `search` holds phrases to search an agent
    by. `same_rows` is the number of the earlier step about whose rows or passage it goes on asking (0: none); who
    did that one knows best. `reads` are the endings of the files that it names,
    `may_read` those of the goal's files where it is a question that names none. `minus` is (whole, part) where the step
    asks for the difference of two earlier results. `context`
    is what was carried over from elsewhere into `text`; `kind` a rough guess of what it yields.
    """

    number: int
    text: str
    needs: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    search: tuple[str, ...] = ()
    context: str = ""
    kind: Kind = "other"
    same_rows: int = 0
    reads: tuple[str, ...] = ()
    may_read: tuple[str, ...] = ()
    minus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a goal, what in it gave none (verbatim), and statements that hold for all of them (verbatim)."""

    steps: tuple[Step, ...] = ()
    not_understood: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
