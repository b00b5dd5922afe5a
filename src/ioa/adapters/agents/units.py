"""What can be an answer: a sentence, an item of a list, or a row of a table; and which of them has a kind of thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ioa.adapters.agents.answer_kinds import DATES_AND_TIMES, EXACT_WHEN, NUMBER
from ioa.adapters.agents.documents import Passage, cells, is_rule
from ioa.adapters.agents.kin_words import kin, levelled, written
from ioa.adapters.agents.prose import sentences
from ioa.adapters.agents.questions import Question, key_words, stands
from ioa.adapters.index.words import stem

_LISTED = re.compile(
    r"\s*(?:[-*+•|]|\d+[.)]\s|\d{1,2}[:.]\d\d\b|\d{4}-\d\d|[\w ()/-]{1,40}:\s+\S)"
)  # an item, a row of a table, or `Weight: 2 kg`
_REFERS = re.compile(
    r"^\W*(?:It|Its|They|Their|This|These|Those|That|He|She|His|Her|Both|Each|The (?:former|latter))\b"
)
_WHOLE = re.compile(r"\b(?:have|has|had|are there|were there|in total|altogether|employs?|owns?)\b", re.IGNORECASE)
_SERVES = re.compile(
    rf"\b(?:serves|sleeps|seats|feeds|accommodates)\b\W*(?:up to )?(?:{NUMBER.pattern})", re.IGNORECASE
)
_ROLE = re.compile(
    r"^\W*who (?:is|are|was|were) (?:the |our |its |their )?(?:[\w-]+ )*?([\w-]+)(?=\s*(?:[?.,]|$)|\s+(?:of|for|"
    r"at|in)\b)",
    re.IGNORECASE,
)
_TWO_NAMES = re.compile(r"\W*[A-Z][\w'’-]+ [A-Z]")
_JOINING = frozenset(
    [
        ":",
        "is",
        "are",
        "was",
        "were",
        "the",
        "a",
        "an",
        "as",
        "by",
        "of",
        "our",
        "and",
        "dr",
        "prof",
        "professor",
        "mr",
        "mrs",
        "ms",
        "has",
        "been",
        "be",
        "elected",
        "re-elected",
        "reelected",
        "appointed",
        "reappointed",
        "chosen",
        "named",
        "made",
        "nominated",
        "selected",
        "voted",
        "confirmed",
        "becomes",
        "became",
        "new",
        "acting",
        "to",
        "unanimously",
        "serves",
        "acts",
        "remains",
    ]
)
_NOT_BETWEEN = frozenset(
    ": | ; for of to per in with and or at by from on that the every each until after before".split()  # noqa: SIM905 - a list of words reads best as one
)
_MEASURES = frozenset(("weight", "length", "area", "volume", "temperature"))
_SHARE = re.compile(
    r"\b(?:every|each|per|a|an|up to|at most|at least|no more than|maximum of) (?:\d+|[a-z]+)\b(?=\s)", re.IGNORECASE
)

# A word that the unit, or its heading, says itself counts at least this much.
DIRECT = 0.8


@dataclass(frozen=True, slots=True)
class Unit:
    """What can be an answer: `shown` as it stands (a row with its column titles), `stems` of it, and of `context`."""

    passage: int
    shown: str
    stems: frozenset[str]
    before: frozenset[str]
    row: tuple[str, ...] = ()
    refers: bool = False


def units_of(index: int, passage: Passage) -> list[Unit]:
    """The sentences of a passage; the lines of a list and the rows of a table are units of their own."""
    lines = [line for line in passage.text.splitlines() if re.search(r"[^\W_]", line)]
    table = bool(passage.columns) or sum("|" in line for line in lines) * 2 > len(lines)
    if table:
        rows = [tuple(cells(line)) for line in lines if not is_rule(line)]
        rows = [row for row in rows if row != passage.columns]
        return [
            Unit(index, labelled(row, passage.columns), stems_of(" ".join((*row, *passage.columns))), frozenset(), row)
            for row in rows
        ]  # fmt: skip
    listed = sum(bool(_LISTED.match(line)) for line in lines) * 2 >= max(1, len(lines))
    shown = [line.strip() for line in lines] if listed else sentences(passage.text)
    made: list[Unit] = []
    for number, text in enumerate(shown or [passage.text.strip()]):
        intro = 0 if listed and shown[0].endswith(":") else number - 1
        before = stems_of(shown[intro]) if number else frozenset[str]()
        stems = stems_of(text)
        refers = bool(_REFERS.match(text)) or (listed and number > 0 and intro == 0)
        made.append(Unit(index, text, stems, before, refers=refers))
    return made


def fits_kind(asked: Question, unit: Unit) -> bool:
    kind = asked.kind
    if kind is None:
        return True
    if kind.name == "count" and kind.noun:
        return _counts(kind.noun, unit, whole=_WHOLE.search(asked.text) is not None)
    if kind.name == "person" and (role := _ROLE.match(asked.text)):
        return _is_named(role[1], unit.shown, frozenset(re.findall(r"[\w-]+", asked.text.lower())))
    if kind.name == "colour" and max(stands(one, unit.stems) for one in asked.concepts) < DIRECT:
        return False  # of something else that the document is not named after
    return kind.found(unit.shown) is not None


_NEXT = re.compile(r"\bnext\b", re.IGNORECASE)
_COMING = re.compile(
    r"\b(?:next|following|upcoming|coming|forthcoming|every|each|annual(?:ly)?|yearly|monthly|weekly|daily)\b",
    re.IGNORECASE,
)
_NEXT_OF_TIME = re.compile(r"\bnext (?:to|year|month|week|day|time|door)\b", re.IGNORECASE)


def is_next(asked: Question, unit: Unit, heading: str) -> bool:
    """Does the unit, or its heading, speak of a next one, if the question does? The last meeting is not the next."""
    if not _NEXT.search(_NEXT_OF_TIME.sub(" ", asked.text)):
        return True
    return _COMING.search(f"{heading} {unit.shown}") is not None


def is_exact(asked: Question, unit: Unit) -> bool:
    """A date or a time of day rather than a mere "before"."""
    return asked.kind is not None and (asked.kind.name != "date" or EXACT_WHEN.search(unit.shown) is not None)


def begins_with_kind(asked: Question, unit: Unit) -> bool:
    """Does the unit begin with the kind itself, as in `Weight: 2.9 kg`, "The price is 5 euros" or "It weighs 12 kg"?
    Of a measure: is its number named by it, as in "width 60 cm, weight 68 kg"?"""
    kind = asked.kind
    if kind is None:
        return False
    named = {stem(word) for word in (kind.name, kind.noun, *kind.words) if word}
    labels = frozenset(other for word in named for other in kin(word) if len(other) > 2)
    first = frozenset(key_words(levelled(unit.shown))[: 2 if unit.row else 1])
    if any(written(label, first) for label in labels):
        return True
    match = kind.found(unit.shown) if kind.name in _MEASURES else None
    just_before = re.findall(r"[^\W\d_]+", unit.shown[: match.start()])[-1:] if match else []
    return any(written(label, stems_of(" ".join(just_before))) for label in labels)


def _is_named(role: str, text: str, asked: frozenset[str]) -> bool:
    """Does a name stand at this role: "the caretaker, Henry Walsh", "Laura Ortiz (chair)", "The lead is Priya Nair"?
    Words of the question (`asked`) may stand between: "was appointed branch manager"."""
    wanted = kin(stem(role.lower()))
    tokens = re.findall(r"[^\W_][\w'’-]*|[:;.]", text)
    roles = [i for i, one in enumerate(tokens) if any(written(word, stems_of(one)) for word in wanted)]
    names = [i for i, one in enumerate(tokens) if one[0].isupper() and i not in roles and (i or _TWO_NAMES.match(text))]
    for place in roles:
        for name in names:
            between = tokens[min(place, name) + 1 : max(place, name)]
            if all(one.lower() in _JOINING | asked or one[0].isupper() for one in between):
                return True
    return False


def _counts(noun: str, unit: Unit, *, whole: bool = False) -> bool:
    """Does a number stand with this noun: "six children", "Sleeps: 3 persons", "Members: 40"? `whole`: of all there
    are, so that "every six children" does not count."""
    wanted = kin(stem(noun))
    if unit.row and any(written(one, stems_of(unit.row[0])) for one in wanted):
        return any(NUMBER.fullmatch(cell) for cell in unit.row[1:])
    if noun in ("people", "persons", "guests", "servings", "portions") and _SERVES.search(unit.shown):
        return True
    text = DATES_AND_TIMES.sub(" ", unit.shown)
    text = _SHARE.sub(" ", text) if whole else text
    tokens = re.findall(r"[^\W_]+(?:[.,]\d+)*|[:|=;,](?=\s)", text)
    numbers = [index for index, token in enumerate(tokens) if NUMBER.fullmatch(token)]
    nouns = [i for i, token in enumerate(tokens) if any(written(one, frozenset(stems_of(token))) for one in wanted)]
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


def told(asked: Question, unit: Unit, columns: tuple[str, ...]) -> str:
    """The unit as it is shown; of a row only the cells that the question is about, by column or by kind."""
    if len(unit.row) != len(columns) or len(columns) < 3:
        return unit.shown
    words = frozenset(key_words(levelled(asked.text)))
    named = [n for n, title in enumerate(columns) if n and key_words(title) and set(key_words(title)) <= words]
    # "S2 Plus" is not also "S2"
    named = [n for n in named if not any(set(key_words(columns[n])) < set(key_words(columns[m])) for m in named)]
    kind = asked.kind
    fitting = [n for n, cell in enumerate(unit.row) if n and kind and kind.found(f"{columns[n]} = {cell}")]
    near = [n for n in fitting if any(stands(one, stems_of(columns[n])) for one in asked.concepts)]
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


@lru_cache(maxsize=20_000)
def stems_of(text: str) -> frozenset[str]:
    return frozenset(key_words(levelled(text)))
