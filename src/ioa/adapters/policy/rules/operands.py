"""Sums over two earlier results: "subtract the costs from the donations", "how much of the budget is left".

Where it is not certain which result is meant, none is named: a wrong difference is worse than a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ioa.adapters.policy.rules.antecedents import FIGURES, MEASURES, names_something
from ioa.adapters.policy.rules.heard import Heard, lemma
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.vocabulary import PREPOSITIONS, RELATIVES
from ioa.adapters.policy.rules.wordlists import word_set

_TAKING = word_set("subtract deduct divide add multiply compare")
_BETWEEN = word_set("from by and to with")
_LEFT = word_set("left remaining remain remains over still available")
_EMPTY = word_set("how much many what money is are say tell")
_FUNDS = word_set("budget grant allowance fund credit allocation")
_TOTAL = word_set("total sum add spent spend spending cost expense paid pay used expenditure")
_NO_TOTAL = word_set("""
    count number average mean median many per by each every percent percentage share highest lowest most least maximum
    minimum correlation income revenue earn earned received donation donations
""")
_PART = re.compile(r"[a-z]+")


def operands(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """The two steps that the two sides of a sum name, each by a word that only its own step has; else nothing."""
    if step.verb not in _TAKING or step.has_source or any(t.kind == "number" for t in step.tokens):
        return set()
    at = next((n for n, t in enumerate(step.tokens) if n > 1 and t.low in _BETWEEN), 0)
    if not at:
        return set()
    one, two = (_named(_head(side), earlier) for side in (step.tokens[1:at], step.tokens[at + 1 :]))
    return {one.number, two.number} if one is not None and two is not None and one is not two else set()


def remainder(step: Heard, earlier: Sequence[Heard]) -> tuple[int, int] | None:
    """ "how much of the budget is left": the step of the whole and the one total that was taken from it.

    None where another reading is possible: several totals, a count, a whole that no step names.
    """
    lows = [t.low for t in step.tokens]
    asked = "what" in lows or ("how" in lows and bool({"much", "many"} & set(lows)))
    if not asked or not {"left", "remaining", "remain", "remains"} & set(lows) or step.has_source:
        return None
    if any(t.kind == "number" for t in step.tokens):
        return None
    nouns = [lemma(t.low) for t in step.tokens[1:] if names_something(t)]
    nouns = [noun for noun in nouns if noun not in _LEFT | _EMPTY]
    figures = [h for h in earlier if h.kind in FIGURES]
    whole = [h for h in figures if (set(nouns[-1:]) if nouns else _FUNDS) & _words(h)]
    spent = [h for h in figures if h not in whole and _is_total(h)]
    return (whole[0].number, spent[0].number) if len(whole) == 1 and len(spent) == 1 else None


def _is_total(step: Heard) -> bool:
    lows = {t.low for t in step.tokens}
    return bool((_words(step) | {step.verb}) & _TOTAL) and not lows & _NO_TOTAL


def _head(side: Sequence[Token]) -> str:
    """The last word of the noun phrase that opens a side of a sum."""
    head = ""
    for token in side:
        if token.kind != "word" or (head and token.low in PREPOSITIONS | RELATIVES):
            break
        if names_something(token):
            head = lemma(token.low)
    return head


def _named(noun: str, earlier: Sequence[Heard]) -> Heard | None:
    found = [h for h in earlier if h.kind in FIGURES and noun in _words(h)]
    return found[0] if noun and noun not in MEASURES and len(found) == 1 else None


def _words(step: Heard) -> set[str]:
    """Plain singulars of what a step says, the names of its files with them."""
    said = {lemma(t.low) for t in step.tokens if t.kind == "word"}
    files = {lemma(part) for t in step.tokens if t.kind == "file" for part in _PART.findall(t.low)}
    return said | files | {word for head in step.heads for word in head}
