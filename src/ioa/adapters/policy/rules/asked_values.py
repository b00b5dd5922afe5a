"""Sees that a question asks for the value of an earlier result: "what share of 500 that is", "how much would it be"."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.heard import Heard
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.vocabulary import AUXILIARIES
from ioa.adapters.policy.rules.wordlists import word_set

_AMOUNTING = word_set("""
    be make makes come comes amount amounts equal equals correspond corresponds represent represents
""")
_BEING = word_set("is are was were")
_MODAL = word_set("would will could can")
_FREE_AFTER = word_set("per in as at each on for a with after before if when and of to")
_BETWEEN = word_set("all together then also")


def asks_value(step: Heard, earlier: Sequence[Heard], tokens: Sequence[Token], i: int) -> bool:
    """Whether the pronoun at `i` stands for a number whose value, in other terms, is what `step` asks."""
    if not earlier or step.has_source:
        return False
    before = [t.low for t in tokens[max(0, i - 9) : i]]
    after = [t.low for t in tokens[i + 1 : i + 6] if t.low not in _BETWEEN]
    asked = next((n for n in range(len(before) - 1, -1, -1) if before[n] in {"how", "what"}), None)
    if asked is None:
        return False
    between = before[asked + 1 :]
    verb = after[0] if after else ""
    inner = after[1] if len(after) > 1 else ""
    if between and between[-1] in AUXILIARIES:  # "how much would that be"
        return verb in _AMOUNTING or (between[-1] in _BEING and (verb in _FREE_AFTER | {"", "?", "."}))
    if verb in _MODAL:
        return inner in _AMOUNTING
    short = not between or between[-1] in {"much", "many"} or tokens[i - 1].kind == "number"
    counted = len(between) < 4 and bool({"many", "much", "percentage", "share", "percent"} & set(between))
    if verb in _BEING:
        ends = inner in {"", "?", "."}
        return ends or (bool(between) and (short or (counted and inner in _FREE_AFTER)))
    return verb in _AMOUNTING and (short or counted)
