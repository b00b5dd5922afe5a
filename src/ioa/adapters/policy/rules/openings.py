"""Takes off what stands before a request: "First,", "and then", "Could you please", "I would like to know"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import VERBS, gerund_root
from ioa.adapters.policy.rules.vocabulary import (
    ADDITION,
    AUXILIARIES,
    COURTESY,
    DETERMINERS,
    ENUMERATION,
    FILLER,
    HELPING,
    KNOWING,
    SEQUENCE,
    WANTING,
    WH,
)
from ioa.adapters.policy.rules.wordlists import word_set

_PHRASES: dict[str, list[tuple[tuple[str, ...], str]]] = {}
for _name, _group in (
    ("sequence", SEQUENCE),
    ("enumeration", ENUMERATION),
    ("addition", ADDITION),
    ("courtesy", COURTESY),
    ("knowing", KNOWING),
    ("wanting", WANTING),
):
    for _phrase in _group:
        _words = tuple(_phrase.split())
        _PHRASES.setdefault(_words[0], []).append((_words, _name))
for _entries in _PHRASES.values():
    _entries.sort(key=lambda entry: (-len(entry[0]), entry))
_SAFE_ALONE = word_set("""
    then also and please kindly additionally furthermore moreover finally lastly afterwards
    subsequently but
""")
_MARKS = frozenset([",", ":", "-", "–", "—", "!", "."])


@dataclass(frozen=True, slots=True)
class Opening:
    """How a request is opened. `length` tokens were taken off; the flags say what they meant."""

    length: int = 0
    sequence: bool = False
    addition: bool = False
    courtesy: bool = False
    knowing: bool = False
    wanting: bool = False
    enumeration: bool = False
    helping: bool = False
    infinitive: bool = False

    @property
    def strong(self) -> bool:
        """Whether a request must follow, so that even an unknown word is taken for a verb."""
        return self.sequence or self.courtesy or self.enumeration


NO_OPENING = Opening()
"""Nothing stands before the request."""


def strip_opening(tokens: Sequence[Token]) -> Opening:
    """What opens the request at the beginning of `tokens`; several openers may follow one another."""
    at = 0
    found: set[str] = set()
    for _ in range(8):
        at = _skip_marks(tokens, at) if at or found else at
        match = _longest(tokens, at)
        if match is None:
            break
        at, name = match
        found.add(name)
    infinitive = at > 0 and tokens[at - 1].low == "to"
    at = _skip_marks(tokens, at) if at else 0
    helping = any(token.low in HELPING for token in tokens[:at])
    return Opening(at, **dict.fromkeys(found, True), helping=helping, infinitive=infinitive)


def _skip_marks(tokens: Sequence[Token], at: int) -> int:
    while at < len(tokens) and tokens[at].text in _MARKS:
        at += 1
    return at


def _longest(tokens: Sequence[Token], at: int) -> tuple[int, str] | None:
    if at >= len(tokens) or tokens[at].kind not in {"word", "abbr"}:
        return None
    for words, name in _PHRASES.get(tokens[at].low, ()):
        end = _match(tokens, at, words)
        if end is not None and _fits(tokens, end, words, name):
            return end, name
    return None


def _match(tokens: Sequence[Token], at: int, words: tuple[str, ...]) -> int | None:
    """The index after `words` at `at`, with fillers ("I would also like to") let through; None without a match."""
    position, skipped = at, 0
    for number, word in enumerate(words):
        while (
            number
            and skipped < 3
            and position < len(tokens)
            and tokens[position].low != word
            and (tokens[position].low in FILLER or (tokens[position].text == "," and skipped))
        ):
            position, skipped = position + 1, skipped + 1
        if position >= len(tokens) or tokens[position].low != word:
            return None
        position += 1
    return position


def _fits(tokens: Sequence[Token], end: int, words: tuple[str, ...], name: str) -> bool:
    following = tokens[end] if end < len(tokens) else None
    if following is None:
        return False
    low = following.low
    if words[-1] == "question":
        return following.text == ":"
    if words[-2:] in {("tell", "me"), ("tell", "us")}:
        if low in {"a", "an", "about", "more", "some", "something", "if", "whether"}:
            return False
        return low in WH or len(words) > 2
    if name == "wanting":
        if low in {"to", "you"}:
            return False
        return not (words[-1] == "require" and low in {"that"})
    if name == "courtesy":
        if words[-1] in {"you", "i", "we", "someone", "somebody", "anyone"} and words[0] in {
            "can",
            "could",
            "would",
            "will",
            "may",
        }:
            return low in VERBS or low not in AUXILIARIES | DETERMINERS
        if words == ("who", "can"):
            return low in VERBS
        return True
    if len(words) == 1 and words[0] not in _SAFE_ALONE:
        return (
            following.text in {",", ":"}
            or low in WH
            or (low in VERBS and words[0] not in {"further", "last", "well", "plus"})
            or low in {"please", "i", "we", "could", "can", "you", "let's", "kindly"}
            or (gerund_root(low) is not None)
        )
    return True
