"""A step as later steps can refer to it: what it yields, and by which words it may be called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ioa.adapters.policy.rules.acts import THINGS, head_verb, question_start
from ioa.adapters.policy.rules.sources import source_of
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import VERBS, Kind, gerund_root
from ioa.adapters.policy.rules.vocabulary import AUXILIARIES, DETERMINERS, PREPOSITIONS, RELATIVES, SUBJECTS, WH
from ioa.adapters.policy.rules.wordlists import word_set

_CALLED = {
    "count": frozenset(["count", "number"]),
    "average": frozenset(["average", "mean"]),
    "sum": frozenset(["sum", "total"]),
    "total": frozenset(["sum", "total"]),
    "add": frozenset(["sum", "total"]),
    "translate": frozenset(["translation"]),
    "divide": frozenset(["ratio", "quotient"]),
    "multiply": frozenset(["product"]),
    "subtract": frozenset(["difference"]),
    "differentiate": frozenset(["derivative"]),
    "integrate": frozenset(["integral"]),
    "solve": frozenset(["solution", "root"]),
}
"""What the result of an act may be called although its words do not say so."""
_SELECTING = word_set("list find identify select filter extract get retrieve show rank pick choose")


@dataclass(slots=True)
class Heard:
    """One step as later steps can refer to it.

    `heads` are the noun phrases that it is about, as plain singulars; `named` further names of its result;
    `plural` whether its result is several things; `selecting` whether it yields things rather than figures;
    `used` whether a later step builds on it already; `rows` the number of the step about whose rows it asks, or 0;
    `minus` the whole and the part whose difference it asks for.
    """

    number: int
    kind: Kind
    verb: str
    tokens: tuple[Token, ...]
    sentence: int
    label: str = ""
    heads: list[list[str]] = field(default_factory=list[list[str]])
    named: frozenset[str] = frozenset()
    plural: bool = False
    selecting: bool = False
    used: bool = False
    rows: int = 0
    minus: tuple[int, ...] = ()

    @property
    def has_source(self) -> bool:
        """Whether it names a file, an address, a document or a quotation of its own to work on."""
        return bool(source_of(self.tokens, whole=True)) or any(t.kind in THINGS for t in self.tokens)


def hear(number: int, tokens: tuple[Token, ...], sentence: int, label: str, kind: Kind) -> Heard:
    """Notes what a step yields and by which words a later step may call it."""
    verb = head_verb(tokens)
    phrases = _object_phrases(tokens)
    heads = [[lemma(t.low) for t in phrase] for phrase in phrases]
    lows = {t.low for t in tokens}
    named = _CALLED.get(verb, frozenset[str]())
    if "how" in lows and lows & {"many", "much"}:
        named = frozenset(["number", "count"])
    selecting = (question_start(tokens) and bool(lows & {"which", "who", "where"})) or verb in _SELECTING
    head = _head_word(phrases[0]) if phrases else ""
    plural = head.endswith("s") and not head.endswith("ss")
    return Heard(number, kind, verb, tokens, sentence, label, heads, named, plural, selecting)


def lemma(low: str) -> str:
    """A plain singular; enough to see that two words are the same."""
    for old, new in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x")):
        if low.endswith(old) and len(low) > len(old) + 1:
            return low[: -len(old)] + new
    if low.endswith("s") and not low.endswith(("ss", "us", "is")) and len(low) > 3:
        return low[:-1]
    return low


def _head_word(phrase: Sequence[Token]) -> str:
    words = [t.low for t in phrase]
    return words[words.index("of") - 1] if "of" in words[1:] else words[-1]


_NO_NOUNS = DETERMINERS | AUXILIARIES | SUBJECTS | frozenset(["many", "much", "me", "us", "out", "of"])


def _object_phrases(tokens: Sequence[Token]) -> list[list[Token]]:
    """The noun phrases that an act is about, without what they are grouped by or read from."""
    first = tokens[0].low if tokens else ""
    start = 1 if first in VERBS or first in WH | AUXILIARIES or gerund_root(first) else 0
    phrases: list[list[Token]] = [[]]
    for token in tokens[start : start + 24]:
        if token.low in {"and", "or", ",", "&"}:
            phrases.append([])
        elif token.kind != "word" or (token.low in PREPOSITIONS and token.low != "of") or token.low in RELATIVES:
            if any(phrases):
                break
        elif token.low not in _NO_NOUNS:
            phrases[-1].append(token)
    return [phrase for phrase in phrases if phrase]
