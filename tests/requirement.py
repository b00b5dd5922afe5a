"""One requirement: where it is said, what it says, and which tests show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    id: str
    source: str
    behaviour: str
    tests: tuple[str, ...]


def need(id: str, source: str, behaviour: str, *tests: str) -> Requirement:  # noqa: A002 - the word for it
    return Requirement(id, source, behaviour, tests)
