"""What the made-up conversations of `damper.py` are about, read from damper_tuned.json and damper_reported.json: facts,
each said in other words, and each with statements that sound alike but say something else. Written by hand.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

HERE = Path(__file__).parent


class Fact(msgspec.Struct, frozen=True):
    """`said` first, `again` the same in other words, `other` near in words and different in content."""

    said: str
    again: tuple[str, ...]
    other: tuple[str, ...]


class Topic(msgspec.Struct, frozen=True):
    """`plan` is said once early on, `plan_again` are ways of saying it once more."""

    name: str
    goal: str
    members: tuple[str, ...]
    facts: tuple[Fact, ...]
    plan: str
    plan_again: tuple[str, ...]


class Courtesies(msgspec.Struct, frozen=True):
    """Turns without any content. `loops` go back and forth, each line by the next member; `news` are as short, but say
    something."""

    single: tuple[str, ...]
    loops: tuple[tuple[str, ...], ...]
    news: tuple[str, ...]


class Manners(msgspec.Struct, frozen=True):
    """How turns are introduced: what is new, what is said again, and what is summed up."""

    chatty: tuple[str, ...]
    again: tuple[str, ...]
    digest: tuple[str, ...]


class Half(msgspec.Struct, frozen=True):
    """Topics, and the words that go around them; the halves share none."""

    topics: tuple[Topic, ...]
    courtesies: Courtesies
    manners: Manners


def half(name: str) -> Half:
    """`tuned` or `reported`."""
    return msgspec.json.decode((HERE / f"damper_{name}.json").read_bytes(), type=Half)
