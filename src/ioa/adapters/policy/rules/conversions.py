"""Tells two conversions ("350 F to C and 12 oz to g") from one of a sum ("12 miles and 300 yards to kilometres")."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.wordlists import word_set

_CONVERTING = word_set("convert change express turn transform translate")
_TARGET = word_set("to into in")


def converts(tokens: Sequence[Token]) -> bool:
    """Whether this is a whole conversion: its verb, a number with a unit, and "to" with another unit behind it."""
    if not tokens or tokens[0].low not in _CONVERTING:
        return False
    number = next((n for n, t in enumerate(tokens[:4]) if t.kind == "number"), 0)
    target = next((n for n, t in enumerate(tokens[:-1]) if number and n > number + 1 and t.low in _TARGET), 0)
    between = tokens[number + 1 : target]
    return bool(target) and all(t.kind in {"word", "number"} for t in between) and tokens[target + 1].kind == "word"
