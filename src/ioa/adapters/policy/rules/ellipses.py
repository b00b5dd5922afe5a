"""Completes follow-ups that leave out what the question before said: "And the median?", "Also per carrier."

The earlier question is repeated with one thing replaced, where it is certain which: a measure for the one measure,
a grouping for the one grouping. What fits in more than one place is not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.vocabulary import MEASURE_WORDS, PREPOSITIONS
from ioa.adapters.policy.rules.wordlists import word_set

_STATISTICS = word_set("""
    mean median average sum total minimum maximum min max deviation variance count mode range
    highest lowest largest smallest biggest cheapest oldest youngest longest shortest most least first last best worst
""")
_EMPTY = word_set("and also what how about then now please for the its too well as same")
_OF = Token("word", "of", -1, -1, "of")
_OF_SOMETHING = word_set("deviation variance sum count range mode")
_GROUPING = frozenset(["per", "by"])


def is_elliptic(words: Sequence[Token]) -> bool:
    """Whether the words are only a measure or a grouping ("the median", "per carrier"), so that the rest is missing."""
    core = [token for token in words if token.kind != "punct"]
    while core and core[0].low in _EMPTY - {"for"}:
        core = core[1:]
    while core and core[-1].low in _EMPTY:
        core.pop()
    if not core or len(core) > 6:
        return False
    much = len(core) > 2 and core[0].low in {"much", "many"} and core[1].low in PREPOSITIONS - {"of"}
    if much and len(core) < 6:
        return True
    if core[0].low in _GROUPING or (core[0].low == "for" and len(core) > 1 and core[1].low == "each"):
        return len(core) < 5 and all(token.kind == "word" for token in core)
    return all(token.low in MEASURE_WORDS | _STATISTICS | _EMPTY | {"standard"} for token in core)


def complete(earlier: Sequence[Token], follow_up: Sequence[Token]) -> tuple[Token, ...] | None:
    """The earlier act with the follow-up put in its place; None where that is not certain."""
    words = [token for token in follow_up if token.kind != "punct"]
    while words and words[-1].low in _EMPTY:
        words.pop()
    while words and words[0].low in _EMPTY:
        if words[0].low == "for" and len(words) > 1 and words[1].low == "each":
            break
        words = words[1:]
    if not words or len(words) > 6:
        return None
    if words[0].low in _GROUPING or (words[0].low == "for" and len(words) > 1 and words[1].low == "each"):
        found = _regroup(earlier, words)
    else:
        found = _remeasure(earlier, words) or _rephrased(earlier, words)
    if found and found[-1].text == "?":
        return (*found[:-1], found[-1]._replace(start=found[-2].end))
    return found


def _regroup(earlier: Sequence[Token], words: Sequence[Token]) -> tuple[Token, ...] | None:
    places = [n for n, token in enumerate(earlier) if token.low in _GROUPING and n]
    if len(places) > 1:
        return None
    if not places:
        sources = (n for n, t in enumerate(earlier) if (n and t.low in {"in", "from", "using"}) or t.text == "?")
        end = next(sources, len(earlier))
        return (*earlier[:end], *words, *earlier[end:])
    at = places[0]
    end = at + 1
    while end < len(earlier) and earlier[end].kind == "word" and earlier[end].low not in PREPOSITIONS | {"and"}:
        end += 1
    if end < len(earlier) and earlier[end].low == "and":
        return None
    return (*earlier[:at], *words, *earlier[end:])


def _rephrased(earlier: Sequence[Token], words: Sequence[Token]) -> tuple[Token, ...] | None:
    """ "How much on tools?" after "How much did we spend on seeds in a.csv?": the one phrase with that preposition."""
    words = [*words]
    while words and words[0].low in {"much", "many"}:
        words.pop(0)
    if len(words) < 2 or words[0].low not in PREPOSITIONS:
        return None
    places = [n for n, t in enumerate(earlier[:-1]) if t.low == words[0].low and earlier[n + 1].kind != "file"]
    if len(places) != 1 or not places[0]:
        return None
    end = places[0] + 1
    while end < len(earlier) and earlier[end].kind in {"word", "number"} and earlier[end].low not in PREPOSITIONS:
        end += 1
    return (*earlier[: places[0]], *words, *earlier[end:])


def _remeasure(earlier: Sequence[Token], words: Sequence[Token]) -> tuple[Token, ...] | None:
    if not all(token.low in MEASURE_WORDS | _STATISTICS | {"standard", "value", "and"} for token in words):
        return None
    places = [n for n, token in enumerate(earlier) if token.low in _STATISTICS]
    if len(places) != 1:
        return None
    at = places[0]
    begin = at - 1 if at and earlier[at - 1].low == "standard" else at
    rest = earlier[at + 1 :]
    bare = bool(rest) and rest[0].kind == "word" and rest[0].low not in PREPOSITIONS
    return (*earlier[:begin], *words, *([_OF] if bare and words[-1].low in _OF_SOMETHING else []), *rest)
