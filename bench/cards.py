"""Cards and queries that are made up by combining words: as long as real ones, and as many as wanted."""

from __future__ import annotations

import random

from ioa.protocol.cards import Card


def _words(text: str) -> list[str]:
    return text.split()


_ACTS = _words("checks plans sorts translates draws repairs prices books counts compares cleans predicts schedules")
_KINDS = _words("monthly handwritten regional seasonal cheap medical legal historical digital public rural nordic")
_THINGS = _words(
    "invoices flights recipes contracts maps bridges gardens vaccines samples letters songs tickets engines rivers "
    "lectures budgets pumps orchards archives turbines"
)
_PEOPLE = _words("teachers pilots nurses farmers lawyers museums bakers students libraries airports builders divers")


def made_up_cards(count: int, *, seed: int) -> list[Card]:
    """Cards of some 40 words: two sentences and three skills. The same for the same seed."""
    chance = random.Random(seed)
    return [_card(chance, f"{chance.choice(_KINDS)} {chance.choice(_THINGS)} {seed}-{n}") for n in range(count)]


def _card(chance: random.Random, name: str) -> Card:
    first, second = (_request(chance) for _ in range(2))
    return Card(
        name=name,
        description=(
            f"{first.capitalize()} and keeps a record of what it did. When it is asked to, it also {second}, and says "
            f"which {chance.choice(_THINGS)} it was not sure about."
        ),
        skills=tuple(_request(chance) for _ in range(3)),
    )


def made_up_queries(count: int, *, seed: int) -> list[str]:
    """Different requests of some eight words. The same for the same seed."""
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_request(chance)] = None
    return list(found)


def _request(chance: random.Random) -> str:
    return (
        f"{chance.choice(_ACTS)} {chance.choice(_KINDS)} {chance.choice(_THINGS)} "
        f"and {chance.choice(_THINGS)} for {chance.choice(_KINDS)} {chance.choice(_PEOPLE)}"
    )
