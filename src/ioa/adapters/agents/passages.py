"""Which passages answer a question: words and meaning weighed together, and a bar that the best must clear."""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ioa.adapters.agents.documents import Passage
from ioa.adapters.agents.prose import sentences
from ioa.adapters.index.words import stem, terms

if TYPE_CHECKING:
    from ioa.adapters.index.embedding import Embedder

EmbedderFactory = Callable[[], "Embedder | None"]

log = logging.getLogger(__name__)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ASKING = """a an the this that these those of in on at to for from by with without about into over under as and or but
    if is are was were be been being am do does did done has have had having can could may might must shall should
    will would i we you he she it they me us him her them my our your his its their mine what which who whom whose
    when where why how there here any some all each every no not yes also than then so such only just very much
    many
    say says said tell tells state states stated mention mentions mentioned describe describes described give gives
    find get show list look read quote please according regarding concerning related per exist let know us long often
    fast quickly happen happens mean means"""
_EMPTY = frozenset(stem(word) for word in _ASKING.split())  # words that ask, and words that every text has
# Words for the kind of text or of thing asked for; documents rarely repeat them beside the answer.
_GENERAL = """rule policy period detail information contract agreement document project company exact total name
    current chosen used regular amount value date take apply threshold limit"""
_LIGHT = frozenset(stem(word) for word in _GENERAL.split())
_LIGHT_WEIGHT = 0.35
_LISTED = re.compile(r"\s*(?:[-*+•|]|\d|[\w ()/-]{1,40}:\s+\S)")  # an item, a row of a table, or `Weight: 2 kg`
_MEANING_PASSAGES = 160  # so many are weighed by meaning: some 10 ms each, once a passage
_CONTEXT_WEIGHT = 0.75  # of a word that stands in the heading or the file's name only

_COUNTED = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|"
    r"ninety|hundred|thousand|million|half|once|twice|dozen|no|none|unlimited)\b"
)
_TIME = (
    r"|\b(?:first|second|third|fourth|fifth|quarter|daily|weekly|monthly|quarterly|annual(?:ly)?|yearly|immediately|"
    r"always|never|until|before|after|during|when|if|days?|weeks?|months?|years?|hours?|minutes?|morning|noon|evening|"
    r"today|tomorrow|spring|summer|autumn|winter|\w+day|january|february|march|april|may|june|july|august|september|"
    r"october|november|december)\b"
)
_SOMEBODY = re.compile(r"\w.*\b[A-Z][\w'’-]+|\b(?:manager|team|department|head|director|owner)\b", re.DOTALL)
_ANYTHING = re.compile("")
_WHEN = re.compile(_COUNTED + _TIME, re.IGNORECASE)
_EXPECTED = (
    (
        r"\bhow (?:many|much|high|large|big|heavy|old|tall|deep|wide|far|expensive)\b",
        re.compile(_COUNTED, re.IGNORECASE),
    ),
    (r"\bhow (?:long|often|soon|fast|quickly)\b", _WHEN),
    (r"\b(?:when|what (?:date|day|time|year)|which (?:date|day|year)|deadline)\b", _WHEN),
    (r"^\W*(?:who|whose|whom)\b", _SOMEBODY),
)

# The bar, found with tests/agents/test_librarian_calibration.py and moved only with it.
_COVERED_ENOUGH = 0.72
_ALIKE_AT_LEAST = 0.30
_ALIKE_ENOUGH = 0.58
_COVERED_AT_LEAST = 0.34
_WORDS_ALONE = 0.80


@dataclass(frozen=True, slots=True)
class Found:
    """A passage and how well it fits. `covered`: the share, by rarity, of the question's words that it has;
    `alike`: cosine of the meanings (`None` without a model). `sentence` is its most relevant one."""

    passage: Passage
    covered: float
    alike: float | None
    sentence: str
    near: float = 0.0  # cosine of the question and the passage without its heading
    fits: bool = True  # has the kind of thing that is asked for: a number, a date, a name
    whole: bool = True  # every word of weight in the question occurs somewhere in the documents
    about: bool = True  # has a word of the question that is no mere name of what it is about

    @property
    def score(self) -> float:
        """What ranks it."""
        return self.covered if self.alike is None else 0.45 * self.covered + 0.55 * self.alike

    @property
    def good(self) -> bool:
        """Is it over the bar?"""
        if not (self.fits and self.about):
            return False
        if self.alike is None:
            return self.covered >= _WORDS_ALONE
        if not self.whole and self.near < _ALIKE_ENOUGH:
            return False
        return (self.covered >= _COVERED_ENOUGH and self.alike >= _ALIKE_AT_LEAST) or (
            self.alike >= _ALIKE_ENOUGH and self.covered >= _COVERED_AT_LEAST
        )


def key_words(text: str) -> tuple[str, ...]:
    """Stems of the words that carry the meaning, in order, once each."""
    found = (word for word in terms(text) if word not in _EMPTY and (len(word) > 1 or word.isdigit()))
    return tuple(dict.fromkeys(found))


def subject_words(text: str) -> frozenset[str]:
    """Key words without those for the kind of thing (`rule`, `policy`), unless there are no others."""
    words = frozenset(key_words(text))
    return words - _LIGHT or words


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
    """All that have anything to do with the question, best first; blocks. Empty when no word says anything."""
    asked = key_words(question)
    if not asked or not passages:
        return []
    bodies = [Counter(key_words(passage.text)) for passage in passages]
    contexts = [set(key_words(f"{passage.heading} {passage.document}")) for passage in passages]
    seen = Counter(word for body, context in zip(bodies, contexts, strict=True) for word in body.keys() | context)
    weight = {word: math.log(1 + (len(passages) - seen[word] + 0.5) / (seen[word] + 0.5)) for word in asked}
    # In a short text every word is common; none may count for nothing.
    weight = {word: max(value, 0.3) * (_LIGHT_WEIGHT if word in _LIGHT else 1.0) for word, value in weight.items()}
    complete = all(word in _LIGHT or _has(word, seen) for word in asked)
    expected = _expected(question)
    common = {word for word in asked if word not in _LIGHT and word not in _names(question)}
    whole = sum(weight.values())

    def covered(body: Counter[str] | set[str], context: set[str]) -> float:
        got = sum(
            value * (1.0 if _has(word, body) else _CONTEXT_WEIGHT if _has(word, context) else 0.0)
            for word, value in weight.items()
        )
        return got / whole

    coverage = [covered(body, context) for body, context in zip(bodies, contexts, strict=True)]
    order = sorted(range(len(passages)), key=lambda index: (-coverage[index], len(passages[index].text)))
    chosen = order[:_MEANING_PASSAGES] if embedder is not None else [i for i in order if coverage[i] > 0]
    alike: dict[int, float] = {}
    parts: dict[int, list[str]] = {index: _parts(passages[index].text) for index in chosen}
    if embedder is not None:
        texts = [f"{passages[index].heading}. {passages[index].text}" for index in chosen]
        vectors = embedder.embed([question, *texts])
        alike = dict(zip(chosen, (vectors[1:] @ vectors[0]).tolist(), strict=True))
    rough = sorted(chosen, key=lambda i: -(0.45 * coverage[i] + 0.55 * alike.get(i, coverage[i])))[:12]
    found: list[Found] = []
    for index in rough:
        scores = [covered(set(key_words(part)), contexts[index]) for part in parts[index]]
        near = 0.0
        if embedder is not None:
            vectors = embedder.embed([question, passages[index].text, *parts[index]])
            own = (vectors[1:] @ vectors[0]).tolist()
            scores = [0.5 * words + 0.5 * meaning for words, meaning in zip(scores, own[1:], strict=True)]
            near = max(own)
            alike[index] = max(alike[index], near)
        about = not common or any(_has(word, bodies[index]) or _has(word, contexts[index]) for word in common)
        fitting = [bool(expected.search(part)) for part in parts[index]]
        scores = [score + (0.15 if fits else 0.0) for score, fits in zip(scores, fitting, strict=True)]
        best = parts[index][max(range(len(scores)), key=scores.__getitem__)]
        found.append(
            Found(passages[index], coverage[index], alike.get(index), best, near, any(fitting), complete, about)
        )
    return sorted(found, key=lambda one: -one.score)


def _names(question: str) -> set[str]:
    """Key words that the question writes with a capital, its first word aside: names."""
    return {key for word in re.findall(r"(?<!^)\b[A-Z][\w'’-]+", question) for key in key_words(word)}


def _expected(question: str) -> re.Pattern[str]:
    """What an answer must contain: a number, a time, a name, or anything at all."""
    for asking, expected in _EXPECTED:
        if re.search(asking, question, re.IGNORECASE):
            return expected
    return _ANYTHING


def absent_words(question: str, passages: Sequence[Passage]) -> list[str]:
    """Words of the question, as written, that stand nowhere in these passages."""
    everything = {word for p in passages for word in key_words(f"{p.text} {p.heading} {p.document}")}
    absent: list[str] = []
    for word in _WORD.findall(question):
        (*keys,) = key_words(word)
        if keys and not any(_has(key, everything) for key in keys):
            absent.append(word)
    return list(dict.fromkeys(absent))


def _has(word: str, words: Counter[str] | set[str]) -> bool:
    if word in words:
        return True
    # policies/policy and other ends that stemming leaves apart, and compounds ("carry" in "carryover").
    return len(word) >= 5 and any(
        other.startswith(word) or (len(other) >= 5 and word.startswith(other)) for other in words
    )


def _parts(text: str) -> list[str]:
    """The sentences of a passage; the lines of a list or a table are sentences of their own."""
    lines = text.splitlines()
    listed = [line for line in lines if _LISTED.match(line)]
    if len(listed) * 2 < len(lines):
        return sentences(text) or [text.strip()]
    kept = [line.strip() for line in lines if re.search(r"[^\W_]", line)]
    return kept or [text.strip()]
