"""Which sentence answers a question: its words, its kin words and its kind of thing, weighed with the meaning; and a
bar that the best must clear.

The unit is a sentence, an item of a list, or a row of a table with the titles of its columns. What a unit does not say
itself may stand in its heading, the sentence before, its passage or the document's title, and counts less there.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from ioa.adapters.agents.computed_answers import computed
from ioa.adapters.agents.documents import Passage
from ioa.adapters.agents.kin_words import kin, written
from ioa.adapters.agents.questions import WORD, Concept, Question, key_words, parsed, stands
from ioa.adapters.agents.units import (
    DIRECT,
    Unit,
    begins_with_kind,
    fits_kind,
    is_exact,
    is_next,
    stems_of,
    told,
    units_of,
)

if TYPE_CHECKING:
    from ioa.adapters.index.embedding import Embedder

EmbedderFactory = Callable[[], "Embedder | None"]

log = logging.getLogger(__name__)

_UNITS_WEIGHED = 24  # so many are weighed by meaning: some 10 ms each

# How much a word counts that stands not in the unit but near it.
_IN_HEADING, _REFERRED_TO, _BEFORE, _IN_TITLE, _IN_PASSAGE, _EVERYWHERE = 0.9, 0.9, 0.6, 0.75, 0.45, 0.4

# The bar, found with the sets of questions in tests/agents/test_librarian_*.py and moved only with them.
_COVERED_ENOUGH = 0.62
_FOCUS_AT_LEAST = 0.60
_ALIKE_AT_LEAST = 0.25
_ALIKE_WITH_KIND = 0.15  # a row of figures is like no question, yet has the kind of figure that is asked for
_ALIKE_WITHOUT_VERB = 0.42
_WORDS_ALONE = 0.80
# A word or two may be missing that all else speaks for: the sentence as a whole, and some word of it, mean nearly the
# same as the question and the word.
_ALIKE_ENOUGH = 0.52
_COVERED_BUT_ONE = 0.50
_NEAR_WORD = 0.40
_ALIKE_BUT_VERB = 0.65


@dataclass(frozen=True, slots=True)
class Found:
    """A passage and its best unit. `covered`: the share, by rarity, of the question's words that unit and context
    have; `alike`: cosine of the meanings (`None` without a model); `fits`: has the kind of thing that is asked for;
    `complete`: the unit itself, with its heading, has every word of weight."""

    passage: Passage
    sentence: str
    covered: float
    alike: float | None
    fits: bool
    good: bool
    complete: bool
    score: float


@lru_cache(maxsize=1)
def shipped_embedder() -> Embedder | None:
    """The model of meaning that ships with ioa; `None`, with a line in the log, where it cannot be loaded."""
    try:
        from ioa.adapters.index.embedding import MeaningUnavailable, MiniLM
    except ImportError as error:
        log.warning("Passages are ranked by words alone: %s", error)
        return None
    try:
        return MiniLM()
    except MeaningUnavailable as error:
        log.warning("Passages are ranked by words alone: %s", error)
        return None


def rank(question: str, passages: Sequence[Passage], embedder: Embedder | None) -> list[Found]:
    """Each passage that has anything to do with the question, with its best unit, best first; blocks."""
    asked = parsed(question)
    if not asked.concepts or not passages:
        return []
    needs = computed(question)
    surroundings = _Surroundings(asked, passages)
    units = [unit for index, passage in enumerate(passages) for unit in units_of(index, passage)]
    weights = _weights(asked, units, surroundings)
    total = sum(weights.values())
    weighed: list[tuple[float, float, bool, bool, Unit]] = []
    for unit in units:
        levels = {one: surroundings.level(one, unit) for one in asked.concepts}
        covered = sum(weights[one] * level for one, level in levels.items()) / total
        if covered <= 0.1:
            continue
        fits = fits_kind(asked, unit) and is_next(asked, unit, passages[unit.passage].heading)
        complete = _complete(asked, unit, levels, weights)
        bonus = 0.0 if asked.kind is None else (0.25 if fits else 0.0) + (0.05 if is_exact(asked, unit) else 0.0)
        weighed.append((0.7 * covered + bonus + (0.1 if complete else 0.0), covered, fits, complete, unit))
    weighed.sort(key=lambda one: (-one[0], len(one[4].shown)))
    weighed = weighed[:_UNITS_WEIGHED]
    alike = _alike(question, [one[4] for one in weighed], passages, embedder)
    found: dict[int, Found] = {}
    for (rough, covered, fits, complete, unit), near in zip(weighed, alike, strict=True):
        levels = {one: surroundings.level(one, unit) for one in asked.concepts}
        score = rough if near is None else rough + 0.3 * near
        good = _good(asked, levels, covered, near, fits=fits, complete=complete)
        if not good and fits and near is not None and near >= _ALIKE_ENOUGH and covered >= _COVERED_BUT_ONE:
            good = embedder is not None and _others_near(asked, unit, levels, near, passages[unit.passage], embedder)
        good = good and needs.said(told(asked, unit, passages[unit.passage].columns), row=bool(unit.row))
        all_in_it = min((levels[one] for one in asked.needed), default=0.0) >= DIRECT
        one = Found(
            passages[unit.passage],
            told(asked, unit, passages[unit.passage].columns),
            covered,
            near,
            fits,
            good,
            all_in_it,
            score,
        )
        known = found.get(unit.passage)
        soft = asked.kind is not None and not asked.kind.hard
        if known is None or (one.score > known.score if soft else (one.good, one.score) > (known.good, known.score)):
            # Of a passage that answers, the sentence with what is asked for, "Remove them" after "Spots show blight".
            found[unit.passage] = replace(one, good=good or (soft and known is not None and known.good))
        elif soft and good:
            found[unit.passage] = replace(known, good=True)
    return sorted(found.values(), key=lambda one: (not one.good, -one.score))


def is_unique(question: str, passages: Sequence[Passage]) -> bool:
    """Is there, for a question that names no thing ("how much does it weigh?"), only one that can be meant?

    Only one unit has the kind of thing that is asked for, or only one of those says the question's word with it.
    """
    asked = parsed(question)
    if asked.kind is None or not asked.kind.hard:
        return True
    asking = {key for word in asked.kind.words for key in key_words(word)}
    if any(one.needed and one.word not in asking for one in asked.concepts):
        return True
    units = [unit for index, passage in enumerate(passages) for unit in units_of(index, passage)]
    fitting = [unit for unit in units if fits_kind(asked, unit)]
    saying = [unit for unit in fitting if any(stands(one, unit.stems) for one in asked.concepts)]
    return len(fitting) == 1 or len(saying) == 1


def absent_words(question: str, passages: Sequence[Passage]) -> list[str]:
    """Words of the question, as written, that stand nowhere in these passages, nor a word that is kin to them."""
    everything = {word for p in passages for word in stems_of(f"{p.text} {p.heading} {p.document}")}
    absent: list[str] = []
    for word in WORD.findall(question):
        (*keys,) = key_words(word)
        if keys and not any(written(one, everything) for key in keys for one in kin(key)):
            absent.append(word)
    return list(dict.fromkeys(absent))


class _Surroundings:
    """Where else than in the unit a concept stands: headings, titles, the passage, the whole document."""

    def __init__(self, asked: Question, passages: Sequence[Passage]) -> None:
        titles: dict[str, str] = {}
        for passage in passages:
            titles.setdefault(passage.document, passage.heading.split(" > ")[0])
        sizes = Counter(passage.document for passage in passages)
        bodies = [stems_of(f"{passage.text} {' '.join(passage.columns)}") for passage in passages]
        often: Counter[tuple[str, Concept]] = Counter()
        for passage, body in zip(passages, bodies, strict=True):
            often.update((passage.document, one) for one in asked.concepts if stands(one, body))
        self._levels: list[dict[Concept, float]] = []
        for passage, body in zip(passages, bodies, strict=True):
            *upper, heading = passage.heading.split(" > ")
            own, above = stems_of(heading), stems_of(" ".join(upper))
            title = stems_of(f"{titles[passage.document]} {passage.document.rpartition('.')[0]}")
            levels: dict[Concept, float] = {}
            for one in asked.concepts:
                count = often[passage.document, one]
                everywhere = count >= 3 or (count >= 2 and count >= 0.2 * sizes[passage.document])
                levels[one] = max(
                    _IN_HEADING * stands(one, own),
                    _IN_TITLE * max(stands(one, above), stands(one, title)),
                    _IN_PASSAGE * stands(one, body),
                    _EVERYWHERE if everywhere and not one.name else 0.0,
                )
            self._levels.append(levels)

    def level(self, concept: Concept, unit: Unit) -> float:
        """How surely this unit is about the concept, 0 to 1."""
        before = _REFERRED_TO if unit.refers else _BEFORE  # "It expires in May": what "it" is stands before
        return max(
            stands(concept, unit.stems), before * stands(concept, unit.before), self._levels[unit.passage][concept]
        )


def _weights(asked: Question, units: Sequence[Unit], surroundings: _Surroundings) -> dict[Concept, float]:
    """By rarity among the units; in a short text every word is common, yet none may count for nothing."""
    weights: dict[Concept, float] = {}
    for one in asked.concepts:
        seen = sum(surroundings.level(one, unit) >= _IN_TITLE for unit in units)
        rarity = math.log(1 + (len(units) - seen + 0.5) / (seen + 0.5))
        weights[one] = one.weight * min(max(rarity, 0.5), 3.0)
    return weights


def _complete(asked: Question, unit: Unit, levels: dict[Concept, float], weights: dict[Concept, float]) -> bool:
    """Is the rarest of what is asked in the unit or its heading, nothing needed without a trace, and the unit, or its
    heading, about any of it?"""
    needed = asked.needed or asked.concepts
    # What the whole document is about need not be said again beside the answer.
    own = [one for one in needed if levels[one] != _EVERYWHERE] or needed
    focus = max(own, key=lambda one: weights[one] * (0.6 if one.verb else 1.0))
    direct = max(levels[one] for one in needed) >= DIRECT or begins_with_kind(asked, unit)
    return direct and levels[focus] >= _FOCUS_AT_LEAST and all(levels[one] > 0 for one in needed)


def _good(
    asked: Question, levels: dict[Concept, float], covered: float, near: float | None, *, fits: bool, complete: bool
) -> bool:
    """Is it over the bar?"""
    needed = asked.needed or asked.concepts
    if not fits and (asked.kind is None or asked.kind.hard):
        return False
    if near is None:
        near_all = all(levels[one] >= _FOCUS_AT_LEAST or levels[one] == _EVERYWHERE for one in needed)
        return complete and near_all and covered >= _WORDS_ALONE
    if complete:
        told = asked.kind is not None and asked.kind.hard
        return covered >= _COVERED_ENOUGH and near >= (_ALIKE_WITH_KIND if told else _ALIKE_AT_LEAST)
    # A verb may be missing where all else is said in the unit itself, with the kind of thing that is asked for.
    rest = [levels[one] for one in needed if not one.verb]
    told = asked.kind is not None and asked.kind.hard and asked.kind.name not in ("person", "place", "number", "count")
    return len(rest) > 1 and told and min(rest) >= DIRECT and near >= _ALIKE_WITHOUT_VERB


def _others_near(
    asked: Question, unit: Unit, levels: dict[Concept, float], near: float, passage: Passage, embedder: Embedder
) -> bool:
    """Are only one or two words missing, no names or numbers, for which other words of the unit or its heading may
    stand? In a row of a table the words are names of things: nothing stands for them."""
    absent = [one for one in asked.needed if levels[one] < _FOCUS_AT_LEAST]
    if not 0 < len(absent) <= 2 or unit.row or any(one.name or one.word.isdigit() for one in absent):
        return False
    if asked.kind is None or not asked.kind.hard:
        # The verb alone may differ, where the sentence has all else and means nearly the same.
        rest = [levels[one] for one in asked.needed if one not in absent]
        return absent[0].verb and len(absent) == 1 and len(rest) > 1 and min(rest) >= DIRECT and near >= _ALIKE_BUT_VERB
    if asked.kind.name in ("person", "place"):
        return False
    said = [word for one in absent for word in WORD.findall(asked.text) if one.word in key_words(word)]
    if len(said) < len(absent) or any(word.endswith(("'s", "’s")) for word in said):
        return False  # "the landlord's number" is not the caretaker's
    words = re.findall(r"[^\W\d_]{3,}", f"{unit.shown} {passage.heading.rpartition(' > ')[2]}")
    vectors = embedder.embed([*said, *words])
    likeness = vectors[len(said) :] @ vectors[: len(said)].T
    return bool(words) and float(likeness.max(axis=0).min()) >= _NEAR_WORD


def _alike(
    question: str, units: Sequence[Unit], passages: Sequence[Passage], embedder: Embedder | None
) -> list[float | None]:
    """Cosines of the question and each unit, with its heading or without, whichever is nearer."""
    if embedder is None or not units:
        return [None] * len(units)
    headings = [passages[unit.passage].heading.rpartition(" > ")[2] for unit in units]
    texts = [
        f"{heading}. {unit.shown}" if heading else unit.shown for heading, unit in zip(headings, units, strict=True)
    ]
    vectors = embedder.embed([question, *texts, *(unit.shown for unit in units)])
    cosines = (vectors[1:] @ vectors[0]).tolist()
    return [max(one, other) for one, other in zip(cosines[: len(units)], cosines[len(units) :], strict=True)]
