"""A question as what an answer must have: a kind of thing, and concepts that its words stand for. Rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ioa.adapters.agents.answer_kinds import Kind, kind_of
from ioa.adapters.agents.kin_words import kin, levelled, written
from ioa.adapters.index.words import stem, terms

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ASKING = """a an the this that these those of in on at to for from by with without about into over under as and or but
    if is are was were be been being am do does did done has have had having can could may might must shall should
    will would i we you he she it they me us him her them my our your his its their mine what which who whom whose
    when where why how there here any some all each every no not yes also than then so such only just very much
    many
    say says said tell tells state states stated mention mentions mentioned describe describes described give gives
    find get show list look read quote please according regarding concerning related per exist let know us long often
    happen happens mean means back ever really exactly actually currently usually normally still already
    themselves himself herself itself myself else altogether apart because out up off away upon during while"""
_EMPTY = frozenset(stem(word) for word in _ASKING.split())  # words that ask, and words that every text has
# Words for the kind of text or of thing asked for, and verbs of no weight; documents rarely repeat them.
_GENERAL = """rule policy period detail information contract agreement document project company exact total name current
    chosen used use regular amount value date threshold limit allow allowed permit permitted possible available able
    need must supposed person people someone anyone thing kind type sort number section manual guide handbook notes
    minutes report leaflet text file page work good way recipe brochure flyer letter invitation announcement venue
    condition term year day time place much little new main whole entire general usual normal standard typical step
    item point element"""
_LIGHT = frozenset(stem(word) for word in _GENERAL.split())
_VERBS_OF_NO_WEIGHT = frozenset(
    stem(word)
    for word in """take took apply want like go make made receive obtain have keep kept become expect come came
    stand lie sit use used given grant granted""".split()  # noqa: SIM905 - a list of words reads best as one
)
_LIGHT_WEIGHT = 0.35
_ASKING_WEIGHT = 0.15  # "due" of "when is it due": it need not be said, yet points where it is
# Nouns that say nothing but the kind: a price is a sum of money, however the text puts it.
_PURE = frozenset(
    stem(word)
    for word in """price cost weight mass height width depth length distance temperature phone telephone number email
    mail address website url date duration period colour color amount percentage size area dimension time""".split()  # noqa: SIM905 - as above
)
_AUXILIARY = r"do|does|did|must|should|can|could|may|might|will|would|shall|has|have|had|is|are|was|were"
_MODAL = r"do|does|did|must|should|can|could|may|might|will|would|shall"
_SMALL = r"the|an?|my|our|their|his|her|its|this|that|these|those|one|each|every|any|it|they|we|you|i|he|she|there|to"


@dataclass(frozen=True, slots=True)
class Concept:
    """One word of the question. `needed`: an answer that has no trace of it is none; `verb`: unless all else fits;
    `name`: written with a capital."""

    word: str
    kin: frozenset[str]
    weight: float
    needed: bool
    verb: bool = False
    name: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: `kind` of the answer (`None`: anything) and the concepts it is about."""

    text: str
    kind: Kind | None
    concepts: tuple[Concept, ...]

    @property
    def needed(self) -> tuple[Concept, ...]:
        """The concepts without which nothing is an answer."""
        return tuple(concept for concept in self.concepts if concept.needed)


def key_words(text: str) -> tuple[str, ...]:
    """Stems of the words that carry the meaning, in order, once each."""
    found = (word for word in terms(text) if word not in _EMPTY and (len(word) > 1 or word.isdigit()))
    return tuple(dict.fromkeys(found))


def subject_words(text: str) -> frozenset[str]:
    """Key words without those for the kind of thing (`rule`, `policy`), unless there are no others."""
    words = frozenset(key_words(text))
    return words - _LIGHT - _VERBS_OF_NO_WEIGHT or words


def parsed(text: str) -> Question:
    """What the question asks for."""
    kind = kind_of(text)
    flat = levelled(text)
    verbs = _verbs(flat)
    names = {key for word in re.findall(r"(?<!^)(?<![.?!] )\b[A-Z][\w'’-]+", flat) for key in key_words(word)}
    asking = {stem(word) for word in kind.words} if kind else set[str]()
    concepts: list[Concept] = []
    dropped: list[Concept] = []
    for word in key_words(flat):
        feather = word in _VERBS_OF_NO_WEIGHT and word not in names
        light = (word in _LIGHT and word not in names) or (kind is not None and kind.hard and word in _PURE)
        weight = _ASKING_WEIGHT if feather else _LIGHT_WEIGHT if light else 1.0
        verb = word in verbs and word not in names
        one = Concept(word, kin(word), weight, not (light or feather), verb, word in names)
        (dropped if word in asking else concepts).append(one)
    if not any(one.needed for one in concepts):
        # "What does it cost?": the words of asking are all there is.
        heavy = [one for one in [*concepts, *dropped] if one.word not in _VERBS_OF_NO_WEIGHT]
        concepts = [Concept(c.word, c.kin, 1.0, needed=True) for c in heavy or [*concepts, *dropped]]
    else:
        concepts += [Concept(c.word, c.kin, _ASKING_WEIGHT, needed=False) for c in dropped]
    return Question(text, kind, tuple(concepts))


def stands(concept: Concept, words: frozenset[str] | set[str]) -> float:
    """How surely a concept is among these stems: 1 as written, 0.9 by a kin word, else 0."""
    if written(concept.word, words):
        return 1.0
    if concept.name:
        return 0.0
    return 0.9 if any(written(one, words) for one in concept.kin) else 0.0


def _verbs(question: str) -> set[str]:
    """Stems that look like the question's verb: before the object of "does the landlord announce …", after "to"."""
    found: list[str] = []
    content = rf"(?!(?:{_SMALL}|{_AUXILIARY})\b)[a-z][\w'’-]*"
    stop = (
        rf"(?=\s*(?:[?.,;]|$)|\s+(?:{_SMALL}|{_AUXILIARY}|of|in|on|at|for|from|by|with|about|into|over|after|"
        rf"before|until|if|when|per|up|down|out|and|or|as)\b)"
    )
    for match in re.finditer(
        rf"\b(?:{_MODAL})\s+(?:(?:{_SMALL})\s+)*((?:{content}\s+)+?)({content}){stop}", question, re.IGNORECASE
    ):
        found.append(match[2])
    for match in re.finditer(
        rf"(?<!\d )\bto\s+({content})|^\W*who\s+({content})(?=\s+(?:{_SMALL}|[a-z]+)\b)", question, re.IGNORECASE
    ):
        found.append(match[1] or match[2])
    for match in re.finditer(
        r"\b(?:be|is|are|was|were|been)\s+(?:\w+\s+){0,3}?(\w+(?:ed|own|en))\b", question, re.IGNORECASE
    ):
        found.append(match[1])
    return {key for word in found for key in key_words(word)}
