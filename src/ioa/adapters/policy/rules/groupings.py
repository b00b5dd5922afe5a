"""Tells questions that one table answers from those that need two: "revenue per region and delay per carrier"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ioa.adapters.policy.rules.heard import lemma
from ioa.adapters.policy.rules.phrasals import plain_verb
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import VERBS
from ioa.adapters.policy.rules.vocabulary import AUXILIARIES, DETERMINERS, MEASURE_WORDS, PREPOSITIONS, WH
from ioa.adapters.policy.rules.wordlists import word_set

_PER = word_set("per by each every")
_FIGURES = word_set("""
    price salary amount revenue cost score grade temperature weight age height value number total
    sale income duration length distance speed time rating quantity balance profit rent wage fee
    rainfall pressure mileage consumption yield size mark rate percentage share average mean median
    count sum discount margin tax delay stay budget expense volume level population power
""")
"""Nouns of numbers: their highest is a figure, while the highest of other things is a row."""
_EXTREMES = word_set("most least best worst top bottom busiest")
_NOT_EXTREMES = word_set("rest test interest latest request west east forest guest harvest invest contest honest")
_LEADS = word_set("me us out up down")
_RANKING = word_set("order rank sort group split filter divide break classify")


class Shape(NamedTuple):
    """What a noun phrase asks of a table: by what it is grouped, whether it asks for a row, and its last noun."""

    grouping: frozenset[str]
    entity: bool
    noun: str


def regrouped(current: Sequence[Token], tokens: Sequence[Token], k: int) -> tuple[Token, ...] | None:
    """The words to borrow for a noun phrase at `k` that another table must answer; None where one table does both.

    `current` is the act so far ("find the total revenue per region").
    """
    begin = _object_start(current)
    pair = any(t.low in {"between", "both", "versus"} for t in current)
    if begin is None or pair or current[0].low in _RANKING:
        return None
    following = _phrase(tokens, k)
    if len(following) < 2 or following[0].low in PREPOSITIONS or following[0].kind != "word":
        return None
    here = _shape(_last_phrase(current[begin:]))
    there = _shape(following)
    if here is None or there is None or not _full(following):
        return None
    if here.grouping and here.grouping == there.grouping:
        return None
    apart = (bool(here.grouping) and here.grouping != there.grouping) or (
        (here.entity or there.entity) and "" not in {here.noun, there.noun}
    )
    return tuple(current[:begin]) if apart else None


def _object_start(current: Sequence[Token]) -> int | None:
    """Where the object of the act begins: after "find", "tell me", "what is"; None for other shapes."""
    if not current:
        return None
    first = current[0].low
    if first in WH:
        return 2 if len(current) > 2 and current[1].low in {"is", "are", "was", "were"} and first == "what" else None
    measure = first in MEASURE_WORDS and len(current) > 1 and current[1].low not in DETERMINERS
    if (first in VERBS and not measure) or plain_verb(current):
        at = 1
        while at < len(current) and current[at].low in _LEADS:
            at += 1
        if at + 1 < len(current) and current[at].low in WH:
            return at + 2 if current[at + 1].low in AUXILIARIES else at + 1
        return at
    return 0 if first in DETERMINERS or first in MEASURE_WORDS or _extreme(first) else None


def _phrase(tokens: Sequence[Token], k: int) -> list[Token]:
    """The noun phrase at `k`, up to the next comma, "and", mark or file."""
    found: list[Token] = []
    for token in tokens[k : k + 16]:
        if token.low in {"and", "or", "then"} or token.kind not in {"word", "number"}:
            break
        if token.low in {"in", "from", "using"} and found and not _still(found):
            break
        found.append(token)
    return found


def _still(found: Sequence[Token]) -> bool:
    return found[-1].low in {"the", "a"}


def _last_phrase(words: Sequence[Token]) -> list[Token]:
    """The last of the noun phrases before a connector: what stands after the last comma or "and"."""
    at = 0
    for n, token in enumerate(words):
        if token.text == "," or (token.low == "and" and n + 1 < len(words) and words[n + 1].low in DETERMINERS):
            at = n + 1
    return [token for token in words[at:] if token.kind in {"word", "number"}]


def _shape(phrase: Sequence[Token]) -> Shape | None:
    if not phrase:
        return None
    lows = [token.low for token in phrase]
    grouping: set[str] = set()
    head: list[str] = []
    per = ranked = False
    for n, low in enumerate(lows):
        if low in _PER and not (low == "by" and n + 1 < len(lows) and lows[n + 1] in _FIGURES):
            per = True
        elif per and low not in DETERMINERS | PREPOSITIONS:
            grouping.add(lemma(low))
        elif not per and low in PREPOSITIONS - {"of"} and not (low == "for" and lows[n + 1 : n + 2] == ["each"]):
            ranked = low == "with" and any(_extreme(other) for other in lows[n + 1 : n + 4])
            break
        elif not per:
            head.append(low)
    head = [low for low in head if low not in DETERMINERS]
    outer = head[: head.index("of")] if "of" in head[1:] else head
    noun = lemma(outer[-1]) if outer else ""
    extreme = any(_extreme(low) for low in outer)
    elliptic = bool(outer) and (_extreme(outer[-1]) or (len(outer) == 2 and outer[0] in {"most", "least"}))
    if elliptic:
        noun = ""
    thing = noun not in _FIGURES and noun not in MEASURE_WORDS
    entity = ranked or (extreme and not elliptic and thing)
    return Shape(frozenset(grouping), entity, noun)


def _extreme(low: str) -> bool:
    long = low.endswith("est") and len(low) > 4 and low not in _NOT_EXTREMES
    return long or low in _EXTREMES or low.startswith(("best-", "most-", "least-", "top-"))


def _full(phrase: Sequence[Token]) -> bool:
    """Whether the phrase names a thing of its own, as "the average delay" does, and "the lowest" does not."""
    lows = [token.low for token in phrase if token.low not in DETERMINERS]
    if phrase[0].low not in DETERMINERS and phrase[0].low not in MEASURE_WORDS and not _extreme(phrase[0].low):
        return False
    known = any(low in MEASURE_WORDS or _extreme(low) for low in lows)
    return known and len(lows) > 1 and not lows[0].endswith("s'")


__all__ = ["Shape", "regrouped"]
