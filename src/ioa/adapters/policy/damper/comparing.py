"""Whether a sentence says what another one says: by its words, or perhaps, when a model of meaning agrees.

Everything here may err in one direction only: what could be new is new. Words that make a difference (numbers, names,
negations, conditions, hedges, directions) have to be the same and in the same order; the rest may differ a little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ioa.adapters.policy.damper.lexicon import CONTRASTS, GUARDS, LIGHT
from ioa.adapters.policy.damper.sentences import Sentence

MIN_PART = 3
"""Words that a sentence must have to pass for a part of a longer one."""
MAX_SKIPPED = 6
"""Of so many words of a sentence, one may have been left out of the middle of the earlier one."""
MAX_NOVEL = 2
MIN_SHARED = 0.5
RELATIVES = frozenset({"that", "who", "whom", "whose", "which", "what"})


@dataclass(frozen=True, slots=True)
class Maybe:
    """The same if meaning agrees: the sentences are near, and each pair's first word is near its second ones."""

    earlier: Sentence
    pairs: tuple[tuple[str, tuple[str, ...]], ...]


def compare(new: Sentence, earlier: Sentence) -> Literal["same"] | Maybe | None:
    """None: they differ, or may."""
    if new.asks != earlier.asks or not new.words:
        return None
    if new.words == earlier.words:
        return "same"
    if _is_part(new, earlier):
        return "same"
    if _relatives(new) != _relatives(earlier):
        return None  # "the agency told him" and "the agency that he told" have the same words
    return "same" if _is_moved(new, earlier) else _perhaps(new, earlier)


def joined(first: Sentence, second: Sentence) -> Sentence:
    """Two sentences that follow each other, as one."""
    return Sentence(
        f"{first.text} {second.text}",
        first.raw + second.raw,
        first.words + second.words,
        first.fixed | second.fixed,
        first.asks or second.asks,
        first.opening,
    )


def _is_part(new: Sentence, earlier: Sentence) -> bool:
    """All words of `new` are in `earlier`, in order and close together, and nothing was left out that limits them."""
    places = _places(new.words, earlier.words)
    if places is None:
        return False
    taken = set(places)
    inside = [word for place, word in enumerate(earlier.words) if places[0] < place < places[-1] and place not in taken]
    outside = [word for place, word in enumerate(earlier.words) if not places[0] <= place <= places[-1]]
    if any(word in GUARDS for word in (*inside, *outside)):
        return False
    if any(word in earlier.fixed for word in inside) or len(inside) > len(new.words) // MAX_SKIPPED:
        return False
    return not outside or len(new.words) >= MIN_PART


def _places(words: Sequence[str], among: Sequence[str]) -> list[int] | None:
    """Where the words stand among others, in order and as close together as the last ones allow."""
    best: list[int] | None = None
    for start in (place for place, word in enumerate(among) if word == words[0]):
        places = [start]
        for word in words[1:]:
            after = next((place for place in range(places[-1] + 1, len(among)) if among[place] == word), None)
            if after is None:
                return best
            places.append(after)
        if best is None or places[-1] - places[0] < best[-1] - best[0]:
            best = places
    return best


def _is_moved(new: Sentence, earlier: Sentence) -> bool:
    """The same words, with one stretch of them moved, as when "in July" comes first."""
    words, before = _without_was(new.words), _without_was(earlier.words)
    if len(words) != len(before) or Counter(words) != Counter(before):
        return False
    middle, other = _between(words, before)
    if not any(middle == other[turn:] + other[:turn] for turn in range(1, len(other))):
        return False
    fixed = new.fixed | earlier.fixed
    for guard in GUARDS.intersection(words):
        if _followers(words, guard) != _followers(before, guard):
            return False
    if len(middle) == len(words) > MIN_PART:
        return True
    return _kept(words, fixed) == _kept(before, fixed) and all(
        _beside(words, word) & _beside(before, word) for word in fixed.intersection(middle)
    )


def _perhaps(new: Sentence, earlier: Sentence) -> Maybe | None:
    """Fixed words agree in number and order, most others too; what is new could stand for what is missing."""
    words, before = _without_was(new.words), _without_was(earlier.words)
    fixed = new.fixed | earlier.fixed
    if _kept(words, fixed) != _kept(before, fixed):
        return None
    shared = Counter(words) & Counter(before)
    novel = list((Counter(words) - shared).elements())
    missing = tuple((Counter(before) - shared).elements())
    same = shared.total()
    if new.opening in novel or len(novel) > MAX_NOVEL or same < MIN_SHARED * max(len(words), len(before)):
        return None
    if len(novel) > len(missing):
        if missing or not LIGHT.issuperset(novel):
            return None
        novel = []
    if _longest_common([word for word in words if shared[word]], [word for word in before if shared[word]]) < same - 1:
        return None
    for guard in GUARDS.intersection(words):
        if not _followers(words, guard) & _followers(before, guard):
            return None
    numbers = [word for word in _between(words, before)[0] if word[0].isdigit()]
    if not all(_beside(words, word) & _beside(before, word) for word in numbers):
        return None
    pairs: list[tuple[str, tuple[str, ...]]] = []
    for word in novel:
        stand_ins = tuple(other for other in missing if not contrasting(word, other))
        if not stand_ins or len(stand_ins) < len(missing):
            return None
        pairs.append((word, stand_ins))
    return Maybe(earlier, tuple(pairs))


def contrasting(word: str, other: str) -> bool:
    """Whether the two stand in one row of things that exclude each other."""
    return word != other and any(
        (word in row or f"{word}s" in row) and (other in row or f"{other}s" in row) for row in CONTRASTS
    )


def _relatives(sentence: Sentence) -> int:
    return sum(word in RELATIVES for word in sentence.raw)


def _without_was(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word != "WAS")


def _kept(words: Sequence[str], fixed: frozenset[str]) -> list[str]:
    return [word for word in words if word in fixed]


def _followers(words: Sequence[str], guard: str) -> frozenset[str]:
    """The words that stand after each place of a guard: what it limits."""
    return frozenset(
        words[place + 1] if place + 1 < len(words) else "" for place, word in enumerate(words) if word == guard
    )


def _between(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Both without what they have in common at the beginning and at the end."""
    most = min(len(words), len(others))
    start = next((place for place in range(most) if words[place] != others[place]), most)
    end = next((place for place in range(most - start) if words[-1 - place] != others[-1 - place]), most - start)
    return words[start : len(words) - end], others[start : len(others) - end]


def _beside(words: Sequence[str], word: str) -> frozenset[str]:
    """The words on either side of each place of a word."""
    ends = ("", *words, "")
    places = [place for place, other in enumerate(ends) if other == word]
    return frozenset(ends[place + side] for place in places for side in (-1, 1)) - {""}


def _longest_common(words: Sequence[str], others: Sequence[str]) -> int:
    """Length of the longest sequence that both have in order."""
    row = [0] * (len(others) + 1)
    for word in words:
        last = 0
        for place, other in enumerate(others, start=1):
            last, row[place] = row[place], last + 1 if word == other else max(row[place], row[place - 1])
    return row[-1]
