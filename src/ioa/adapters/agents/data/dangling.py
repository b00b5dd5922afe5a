"""Words that point to something said before: "the average fine there", "their median", "of these samples".

What they stand for is a selection of rows made in another sentence or task. A question with such a word is answered
over that selection if there is exactly one, and refused if there is none: the whole file would be a wrong number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ioa.adapters.agents.data.words import singular, word_set

_EXPLETIVE = re.compile(
    r"\b(?:is|are|was|were|be|been)\s+there\b|\bthere\s+(?:is|are|was|were|has|have|exists?)\b", re.IGNORECASE
)
_BACK = re.compile(
    r"\b(?:there|their|theirs|them|they|here|its|his|hers?|him|she|he"
    r"|these|those|(?:(?<=\bof )|(?<=\bfor )|(?<=\bin )|(?<=\bat )|(?<=\bon )|(?<=\bfrom )|(?<=\bduring )|(?<=\bby )"
    r"|(?<=\bto )|(?<=\bwithin )|(?<=\bwith ))(?:this|that)|(?:the|that|this)\s+same|same)\b",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"\b(?:got|had|have|has|gave|reached|achieved|scored|received|hit|than|over|above|below|under)\s+(?:it|that|this)(?=\W*$)|"
    r"\b(?:does|do|did)\s+(?:that|this|it)\s+compare\b",
    re.IGNORECASE,
)
_SAID = re.compile(r"[,;]|\b(?:and|per|each|every|by|who|which|that|whose|than)\b", re.IGNORECASE)
"""Before a pronoun, one of these shows that it may point to something in the question itself."""

_PREPOSITION = re.compile(
    r"\b(?:out of|among|amongst|for|of|from|in|at|on|within|during|with|by|to|across)\s+(?:all\s+(?:of\s+)?)?$",
    re.IGNORECASE,
)
_DESCRIBES = word_set(
    "who whom that which whose with without in from over under above below aged living having of at on between not "
    "where for born made sold taken given paid older younger more less fewer before after since"
)
"""After "those", these begin a description: "those who said no" points nowhere."""
_ENDS = _DESCRIBES | word_set(
    "is are was were do did does has have had can could will would and or by per each every to as than come came "
    "went go cost costs make made get got"
)
_WORD = re.compile(r"\s+([\w-]+)(?!\.\w)")
_DATA = word_set(
    "data dataset file table sheet csv workbook spreadsheet document list question task goal case way order"
)
_PART_OF = re.compile(
    r"\b(?:how\s+(?:many|much)|which|most|any|some|count|number|share|percent|percentage|proportion|fraction)\s+of\s+$",
    re.IGNORECASE,
)
_POSSESSIVE = word_set("their its his her")


@dataclass(frozen=True, slots=True)
class Pointer:
    """A word that points outside the question. `noun` is what it says the rows are ("" for a bare pronoun).

    `place` for there, here and "in that branch": one value of one column; `single` for its, his, "of that item".
    `without` is the question without the pointer. `lost` is a pointer to a value, which no rows stand for;
    `soft` may also describe rows by itself: `how many of those from Hull`.
    """

    word: str
    without: str
    noun: str = ""
    place: bool = False
    single: bool = False
    lost: bool = False
    soft: bool = False


def described(question: str) -> str:
    """The question with "those" replaced where a description of the rows follows: `those who said no`."""
    return re.sub(
        rf"\b(?:those|the ones|ones)\s+(?=(?:{'|'.join(sorted(_DESCRIBES))})\b)",
        "the rows ",
        question,
        flags=re.IGNORECASE,
    )


def pointer(question: str) -> Pointer | None:
    """The first word of a question that points outside it; None if there is none."""
    if (value := _VALUE.search(question)) is not None:
        return Pointer(value[0], question, lost=True)
    plain = _EXPLETIVE.sub(lambda found: "_" * len(found[0]), question)
    for found in _BACK.finditer(plain):
        low = re.sub(r"\s+", " ", found[0].lower())
        before = plain[: found.start()]
        if low in ("there", "here"):
            return Pointer(found[0], _cut(question, found.start(), found.end(), ""), place=True)
        if low in ("these", "those", "this", "that") or low.endswith("same"):
            if (one := _demonstrative(question, found)) is not None:
                return one
            continue
        outside = len(before.split()) < 3 or not _SAID.search(before)
        if low in _POSSESSIVE or low in ("he", "she", "him", "hers"):
            if outside and low in _POSSESSIVE:
                text = _cut(question, found.start(), found.end(), "the")
                return Pointer(found[0], text, single=low != "their")
            if outside:
                return Pointer(found[0], question, single=True)
            continue
        if outside or re.search(r"\b(?:among|amongst|for|of|from)\s+$", before, re.IGNORECASE):
            return Pointer(found[0], _rows(question, found.start(), found.end()))
    return None


def _demonstrative(question: str, found: re.Match[str]) -> Pointer | None:
    """`of these samples`, `at that branch`, `how many of those`; not `those who`, `this file`."""
    words: list[str] = []
    last = found.end()
    while len(words) < 3 and (word := _WORD.match(question, last)) is not None:
        if word[1].lower() in _ENDS:
            if not words and word[1].lower() in _DESCRIBES and found[0].lower() == "those":
                if not _PART_OF.search(question[: found.start()]):
                    return None
                return Pointer(found[0], _rows(question, found.start(), found.end()), soft=True)
            break
        words.append(word[1].lower())
        last = word.end()
    noun = words[-1] if words else ""
    if _DATA & set(words):
        return None
    plural = found[0].lower() in ("these", "those")
    if not plural and not noun:
        return None
    if plural or singular(noun) != noun:
        return Pointer(question[found.start() : last], _rows(question, found.start(), last), singular(noun))
    return Pointer(
        question[found.start() : last],
        _cut(question, *_with_preposition(question, found.start(), last), ""),
        noun,
        place=True,
    )


def _with_preposition(question: str, start: int, end: int) -> tuple[int, int]:
    before = _PREPOSITION.search(question[:start])
    return (before.start() if before else start), end


def _rows(question: str, start: int, end: int) -> str:
    return _cut(question, start, end, "the rows")


def _cut(question: str, start: int, end: int, put: str) -> str:
    text = f"{question[:start]}{put}{question[end:]}"
    return re.sub(r"\s+([?.,!;])", r"\1", re.sub(r"[ \t]{2,}", " ", text)).strip(" ,;")
