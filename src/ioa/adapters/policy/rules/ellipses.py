"""Completes follow-ups that leave out what the question before said: "And the median?", "Also per carrier."

The earlier question is repeated with one thing replaced, where it is certain which: a measure for the one measure,
a grouping for the one grouping. What fits in more than one place is not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.vocabulary import DETERMINERS, MEASURE_WORDS, PREPOSITIONS
from ioa.adapters.policy.rules.wordlists import word_set

_STATISTICS = word_set("""
    mean median average sum total minimum maximum min max deviation variance count mode range
    highest lowest largest smallest biggest cheapest oldest youngest longest shortest
""")
_GROUPING = frozenset(["per", "by"])
_SUPERLATIVES = frozenset(["highest", "lowest", "largest", "smallest", "biggest"])


def complete(earlier: Sequence[Token], follow_up: Sequence[Token]) -> tuple[Token, ...] | None:
    """The earlier act with the follow-up put in its place; None where that is not certain."""
    words = [token for token in follow_up if token.kind != "punct"]
    while words and words[0].low in {"and", "also", "what", "how", "about", "then", "now", "please", "for", "the", "its"}:
        if words[0].low == "for" and len(words) > 1 and words[1].low == "each":
            break
        words = words[1:]
    if not words or len(words) > 6:
        return None
    if words[0].low in _GROUPING or (words[0].low == "for" and len(words) > 1 and words[1].low == "each"):
        return _regroup(earlier, words)
    return _remeasure(earlier, words)


def _regroup(earlier: Sequence[Token], words: Sequence[Token]) -> tuple[Token, ...] | None:
    places = [n for n, token in enumerate(earlier) if token.low in _GROUPING and n]
    if len(places) > 1:
        return None
    if not places:
        end = next((n for n, t in enumerate(earlier) if n and t.low in {"in", "from", "using"} or t.text == "?"), None)
        end = len(earlier) if end is None else end
        return (*earlier[:end], *words, *earlier[end:])
    at = places[0]
    end = at + 1
    while end < len(earlier) and earlier[end].kind == "word" and earlier[end].low not in PREPOSITIONS | {"and"}:
        end += 1
    if end < len(earlier) and earlier[end].low == "and":
        return None
    return (*earlier[:at], *words, *earlier[end:])


def _remeasure(earlier: Sequence[Token], words: Sequence[Token]) -> tuple[Token, ...] | None:
    if not all(token.low in MEASURE_WORDS | _STATISTICS | {"standard", "value", "and"} for token in words):
        return None
    places = [n for n, token in enumerate(earlier) if token.low in _STATISTICS]
    if len(places) != 1:
        return None
    at = places[0]
    begin = at - 1 if at and earlier[at - 1].low == "standard" else at
    if earlier[at].low in _SUPERLATIVES and words[-1].low not in _SUPERLATIVES:
        words = [*words]
    if begin and earlier[begin - 1].low not in DETERMINERS and begin == 0:
        return None
    return (*earlier[:begin], *words, *earlier[at + 1 :])
