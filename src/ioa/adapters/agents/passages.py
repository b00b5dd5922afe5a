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

from ioa.adapters.agents.answer_kinds import DATES_AND_TIMES, EXACT_WHEN, NUMBER
from ioa.adapters.agents.documents import Passage, cells, is_rule
from ioa.adapters.agents.kin_words import kin, levelled, written
from ioa.adapters.agents.prose import sentences
from ioa.adapters.agents.questions import WORD, Concept, Question, key_words, parsed, stands
from ioa.adapters.index.words import stem

if TYPE_CHECKING:
    from ioa.adapters.index.embedding import Embedder

EmbedderFactory = Callable[[], "Embedder | None"]

log = logging.getLogger(__name__)

_LISTED = re.compile(r"\s*(?:[-*+•|]|\d|[\w ()/-]{1,40}:\s+\S)")  # an item, a row of a table, or `Weight: 2 kg`
_REFERS = re.compile(
    r"^\W*(?:It|Its|They|Their|This|These|Those|That|He|She|His|Her|Both|Each|The (?:former|latter))\b"
)
_WHOLE = re.compile(r"\b(?:have|has|had|are there|were there|in total|altogether|employs?)\b", re.IGNORECASE)
_SERVES = re.compile(
    rf"\b(?:serves|sleeps|seats|feeds|accommodates)\b\W*(?:up to )?(?:{NUMBER.pattern})", re.IGNORECASE
)
_NOT_BETWEEN = frozenset(
    ": | ; for of to per in with and or at by from on that the every each until after before".split()
)
_ROLE = re.compile(
    r"^\W*who (?:is|are|was|were) (?:the |our |its |their )?(?:[\w-]+ )*?([\w-]+)(?=\s*(?:[?.,]|$)|\s+(?:of|for|at|in)\b)",
    re.IGNORECASE,
)
_TWO_NAMES = re.compile(r"\W*[A-Z][\w'’-]+ [A-Z]")
_JOINING = frozenset(": is are was were the a an as by of our and dr prof professor mr mrs ms".split())
_SHARE = re.compile(r"\b(?:every|each|per|a|an) (?:\d+|[a-z]+)\b(?=\s)", re.IGNORECASE)
_UNITS_WEIGHED = 24  # so many are weighed by meaning: some 10 ms each

# How much a word counts that stands not in the unit but near it.
_IN_HEADING, _REFERRED_TO, _BEFORE, _IN_TITLE, _IN_PASSAGE, _EVERYWHERE = 0.9, 0.9, 0.6, 0.75, 0.45, 0.4

# The bar, found with the sets of questions in tests/agents/test_librarian_*.py and moved only with them.
_COVERED_ENOUGH = 0.62
_FOCUS_AT_LEAST = 0.60
_DIRECT = 0.8
_ALIKE_AT_LEAST = 0.25
_ALIKE_WITHOUT_VERB = 0.42
_WORDS_ALONE = 0.80
# One word may be missing that all else speaks for: the sentence as a whole, and some word of it, mean nearly the same.
_ALIKE_ENOUGH = 0.60
_COVERED_BUT_ONE = 0.60
_NEAR_WORD = 0.40


@dataclass(frozen=True, slots=True)
class Unit:
    """What can be an answer: `shown` as it stands (a row with its column titles), `stems` of it, and of `context`."""

    passage: int
    shown: str
    stems: frozenset[str]
    before: frozenset[str]
    row: tuple[str, ...] = ()
    refers: bool = False


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
        fits = _fits(asked, unit)
        complete = _complete(asked, unit, levels, weights)
        bonus = 0.0 if asked.kind is None else (0.25 if fits else 0.0) + (0.05 if _exact(asked, unit) else 0.0)
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
            good = embedder is not None and _one_near(asked, unit, levels, passages[unit.passage], embedder)
        all_in_it = min((levels[one] for one in asked.needed), default=0.0) >= _DIRECT
        one = Found(
            passages[unit.passage],
            _told(asked, unit, passages[unit.passage].columns),
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


def units_of(index: int, passage: Passage) -> list[Unit]:
    """The sentences of a passage; the lines of a list and the rows of a table are units of their own."""
    lines = [line for line in passage.text.splitlines() if re.search(r"[^\W_]", line)]
    table = bool(passage.columns) or sum("|" in line for line in lines) * 2 > len(lines)
    if table:
        rows = [tuple(cells(line)) for line in lines if not is_rule(line)]
        rows = [row for row in rows if row != passage.columns]
        return [
            Unit(index, labelled(row, passage.columns), frozenset(_stems(" ".join((*row, *passage.columns)))), frozenset(), row)
            for row in rows
        ]  # fmt: skip
    listed = sum(bool(_LISTED.match(line)) for line in lines) * 2 >= max(1, len(lines))
    shown = [line.strip() for line in lines] if listed else sentences(passage.text)
    made: list[Unit] = []
    for number, text in enumerate(shown or [passage.text.strip()]):
        intro = 0 if listed and shown[0].endswith(":") else number - 1
        before = _stems(shown[intro]) if number else frozenset[str]()
        stems = _stems(text)
        refers = bool(_REFERS.match(text)) or (listed and number > 0 and intro == 0)
        made.append(Unit(index, text, stems, before, refers=refers))
    return made


def absent_words(question: str, passages: Sequence[Passage]) -> list[str]:
    """Words of the question, as written, that stand nowhere in these passages, nor a word that is kin to them."""
    everything = {word for p in passages for word in _stems(f"{p.text} {p.heading} {p.document}")}
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
        bodies = [_stems(f"{passage.text} {' '.join(passage.columns)}") for passage in passages]
        often: Counter[tuple[str, Concept]] = Counter()
        for passage, body in zip(passages, bodies, strict=True):
            often.update((passage.document, one) for one in asked.concepts if stands(one, body))
        self._levels: list[dict[Concept, float]] = []
        for passage, body in zip(passages, bodies, strict=True):
            *upper, heading = passage.heading.split(" > ")
            own, above = _stems(heading), _stems(" ".join(upper))
            title = _stems(f"{titles[passage.document]} {passage.document.rpartition('.')[0]}")
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
    direct = max(levels[one] for one in needed) >= _DIRECT or _labels(asked, unit)
    return direct and levels[focus] >= _FOCUS_AT_LEAST and all(levels[one] > 0 for one in needed)


def _labels(asked: Question, unit: Unit) -> bool:
    """Does the unit begin with the kind itself, as in `Weight: 2.9 kg`, "The price is 5 euros" or "It weighs 12 kg"?"""
    if asked.kind is None:
        return False
    named = {stem(word) for word in (asked.kind.name, asked.kind.noun, *asked.kind.words) if word}
    first = frozenset(key_words(levelled(unit.shown))[: 2 if unit.row else 1])
    return any(written(other, first) for word in named for other in kin(word) if len(other) > 2)


def _good(
    asked: Question, levels: dict[Concept, float], covered: float, near: float | None, *, fits: bool, complete: bool
) -> bool:
    """Is it over the bar?"""
    needed = asked.needed or asked.concepts
    if not fits and (asked.kind is None or asked.kind.hard):
        return False
    if near is None:
        return complete and covered >= _WORDS_ALONE
    if complete:
        return covered >= _COVERED_ENOUGH and near >= _ALIKE_AT_LEAST
    # A verb may be missing where all else is said in the unit itself, with the kind of thing that is asked for.
    rest = [levels[one] for one in needed if not one.verb]
    told = asked.kind is not None and asked.kind.hard and asked.kind.name not in ("person", "place", "number", "count")
    return len(rest) > 1 and told and min(rest) >= _DIRECT and near >= _ALIKE_WITHOUT_VERB


def _one_near(asked: Question, unit: Unit, levels: dict[Concept, float], passage: Passage, embedder: Embedder) -> bool:
    """Is a single word missing, no name or number, for which another word of the unit or its heading may stand?"""
    absent = [one for one in asked.needed if levels[one] < _FOCUS_AT_LEAST]
    told = asked.kind is not None and asked.kind.hard and asked.kind.name not in ("person", "place")
    if not told or len(absent) != 1 or absent[0].name or absent[0].word.isdigit():
        return False
    said = [word for word in WORD.findall(asked.text) if absent[0].word in key_words(word)]
    if not said or said[0].endswith(("'s", "’s")):
        return False  # "the landlord's number" is not the caretaker's
    words = re.findall(r"[^\W\d_]{3,}", f"{unit.shown} {passage.heading.rpartition(' > ')[2]}")
    vectors = embedder.embed([said[0], *words])
    return bool(words) and max((vectors[1:] @ vectors[0]).tolist()) >= _NEAR_WORD


def _fits(asked: Question, unit: Unit) -> bool:
    kind = asked.kind
    if kind is None:
        return True
    if kind.name == "count" and kind.noun:
        return _counts(kind.noun, unit, whole=_WHOLE.search(asked.text) is not None)
    if kind.name == "person" and (role := _ROLE.match(asked.text)):
        return _is_named(role[1], unit.shown)
    if kind.name == "colour" and max(stands(one, unit.stems) for one in asked.concepts) < _DIRECT:
        return False  # of something else that the document is not named after
    return kind.found(unit.shown) is not None


def _exact(asked: Question, unit: Unit) -> bool:
    """A date or a time of day rather than a mere "before"."""
    return asked.kind is not None and (asked.kind.name != "date" or EXACT_WHEN.search(unit.shown) is not None)


def _is_named(role: str, text: str) -> bool:
    """Does a name stand at this role: "the caretaker, Henry Walsh", "Laura Ortiz (chair)", "The lead is Priya Nair"?"""
    wanted = kin(stem(role.lower()))
    tokens = re.findall(r"[^\W_][\w'’-]*|[:;.]", text)
    roles = [i for i, one in enumerate(tokens) if any(written(word, _stems(one)) for word in wanted)]
    names = [i for i, one in enumerate(tokens) if one[0].isupper() and i not in roles and (i or _TWO_NAMES.match(text))]
    for place in roles:
        for name in names:
            between = tokens[min(place, name) + 1 : max(place, name)]
            if all(one.lower() in _JOINING or one[0].isupper() for one in between):
                return True
    return False


def _counts(noun: str, unit: Unit, *, whole: bool = False) -> bool:
    """Does a number stand with this noun: "six children", "Sleeps: 3 persons", "Members: 40"? `whole`: of all there
    are, so that "every six children" does not count."""
    wanted = kin(stem(noun))
    if unit.row and any(written(one, _stems(unit.row[0])) for one in wanted):
        return any(NUMBER.fullmatch(cell) for cell in unit.row[1:])
    if noun in ("people", "persons", "guests", "servings", "portions") and _SERVES.search(unit.shown):
        return True
    text = DATES_AND_TIMES.sub(" ", unit.shown)
    text = _SHARE.sub(" ", text) if whole else text
    tokens = re.findall(r"[^\W_]+(?:[.,]\d+)*|[:|=;,](?=\s)", text)
    numbers = [index for index, token in enumerate(tokens) if NUMBER.fullmatch(token)]
    nouns = [i for i, token in enumerate(tokens) if any(written(one, frozenset(_stems(token))) for one in wanted)]
    for number in numbers:
        for place in nouns:
            between = tokens[number + 1 : place] if number < place else tokens[place + 1 : number]
            if number < place and len(between) <= 2 and not {word.lower() for word in between} & _NOT_BETWEEN:
                return True
            joins = {":", "|", "=", "is", "are", "was", "were", "of", "about"}
            if (
                place < number
                and len(between) <= 4
                and (set(between) <= joins or (set(between) & {":", "|"} and not set(between) & {";", ","}))
            ):
                return True
    return False


def _told(asked: Question, unit: Unit, columns: tuple[str, ...]) -> str:
    """The unit as it is shown; of a row only the cells that the question is about, by column or by kind."""
    if len(unit.row) != len(columns) or len(columns) < 3:
        return unit.shown
    words = frozenset(key_words(levelled(asked.text)))
    named = [n for n, title in enumerate(columns) if n and key_words(title) and set(key_words(title)) <= words]
    kind = asked.kind
    fitting = [n for n, cell in enumerate(unit.row) if n and kind and kind.found(f"{columns[n]} = {cell}")]
    near = [n for n in fitting if any(stands(one, _stems(columns[n])) for one in asked.concepts)]
    chosen = [n for n in named if n in fitting] or named or near or fitting
    return labelled(unit.row, columns, chosen) if chosen else unit.shown


def labelled(row: tuple[str, ...], columns: tuple[str, ...], chosen: Sequence[int] | None = None) -> str:
    """A row of a table in words: "Chess: Day = Tuesday, Price = 18 pounds"; `chosen` are the only cells to tell."""
    if len(columns) != len(row) or len(row) < 2:
        return " | ".join(row)
    if len(row) == 2 and chosen is None:
        return f"{row[0]}: {row[1]}"
    wanted = range(1, len(row)) if chosen is None else chosen
    return f"{row[0]}: " + ", ".join(f"{columns[n]} = {row[n]}" if columns[n] else row[n] for n in wanted)


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


@lru_cache(maxsize=20_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(key_words(levelled(text)))
