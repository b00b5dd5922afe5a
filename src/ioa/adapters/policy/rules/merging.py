"""Joins clauses again that are one request: preparing with acting, arranging with showing, acting with handing over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ioa.adapters.policy.rules.acts import files_in, head_verb, kind_of
from ioa.adapters.policy.rules.openings import NO_OPENING, Opening
from ioa.adapters.policy.rules.sources import source_of
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import ARRANGING, DELIVERING, PREPARING, VERBS
from ioa.adapters.policy.rules.vocabulary import (
    CHART_WORDS,
    DETERMINERS,
    LETTER_WORDS,
    MEASURE_WORDS,
    OBJECT_PRONOUNS,
    PREPOSITIONS,
    REPORT_WORDS,
    RESULT_WORDS,
    SOURCE_NOUNS,
)
from ioa.adapters.policy.rules.wordlists import word_set

_PASSAGES = word_set("passage passages section page pages sentence source sources")
_INCLUDING = word_set("include add embed insert incorporate illustrate attach")
_COUNTING = word_set("sum count total average add")
_PRINTED = word_set("prints print printed outputs output returns return says printout shows")
_STUDYING = word_set("analyse analyze examine explore study investigate")
_LOADING = word_set("load open import take use consider access parse")
"""Acts that yield nothing by themselves, whatever they take from a file."""
_SOURCE_WORDS = SOURCE_NOUNS | word_set("""
    file files sheet sheets workbook attached given provided following enclosed csv excel json
    parquet column columns first second called named here both two three carefully
""")
"""What one says of a file that one only names ("Take the attached spreadsheet sales.xlsx")."""
_ON_CHARTS = word_set("mark label highlight annotate shade colour color title scale")


@dataclass(frozen=True, slots=True)
class Clause:
    """One act of a sentence. `tokens` begin after its opener; `prefix` holds words borrowed for a missing verb."""

    tokens: tuple[Token, ...]
    opening: Opening = NO_OPENING
    prefix: tuple[Token, ...] = ()
    main: int = 0
    """Where the act itself begins in `tokens`, after what only prepares it ("load sales.csv and")."""
    built: int = 0
    """On how many of the clauses just before it builds, because it was taken apart into them and itself."""
    bare: bool = False
    """So far nothing but verbs ("count, sum and"), whose object follows."""

    @property
    def act(self) -> tuple[Token, ...]:
        """The words of the act itself, with a borrowed verb, without what prepares it."""
        return self.prefix + self.tokens[self.main :]

    @property
    def words(self) -> tuple[Token, ...]:
        """All words of the act: the borrowed ones, then its own."""
        return self.prefix + self.tokens


def merge(clauses: list[Clause], tokens: Sequence[Token], spans: list[tuple[int, int]]) -> list[Clause]:
    """Joins again what is one request: preparing with acting, arranging with showing, acting with handing over."""
    merged: list[tuple[Clause, int]] = []
    for clause, (start, end) in zip(clauses, spans, strict=True):
        lone = all(t.low in VERBS or t.text == "," or t.low == "and" for t in clause.tokens)
        how = _joined(merged[-1][0], clause) if merged and not clause.prefix else ""
        if not how:
            merged.append((replace(clause, bare=lone), start))
            continue
        last, first = merged[-1]
        main = start - first + clause.main if how == "prepares" else last.main
        merged[-1] = (replace(last, tokens=tuple(tokens[first:end]), main=main, bare=last.bare and lone), first)
    return [clause for clause, _ in merged]


def _joined(before: Clause, after: Clause) -> Literal["", "prepares", "shares", "delivers"]:
    """Whether two clauses are one request, and which of the two is the act."""
    first, second = before.act, after.act
    if not first or not second:
        return "delivers"
    verb, following = head_verb(first), head_verb(second)
    if before.bare and not after.opening.sequence:
        return "shares"  # "count, sum and average the amounts"
    if verb in _STUDYING and only_source(first, verbs=_STUDYING) and not before.main and not after.opening.sequence:
        return "prepares"  # "analyse the data in survey.csv and tell me ..."
    loads = verb in _LOADING and bool(source_of(first, whole=True))
    if verb in PREPARING and (loads or only_source(first)) and not before.main:
        return "prepares"
    kind = kind_of(second)
    arranges = verb in ARRANGING and len(first) > 1 and not files_in(second)
    if arranges and (kind == "table" or following in DELIVERING | {"find", "calculate", "compute"}):
        return "prepares"
    if verb in {"group", "split", "filter"} and following in _COUNTING and any(t.low in {"it", "them"} for t in second):
        return "shares"  # "group the expenses by category and add them up"
    reports = kind_of(first) == "write" and any(t.low in REPORT_WORDS for t in first)
    if reports and following in _INCLUDING and not after.opening.sequence:
        return "delivers"  # "write a report and include a line chart of it"
    if kind_of(first) == "code" and following in {"tell", "show", "report", "give", "return", "print", ""}:
        lows = {t.low for t in second}
        judged = {"whether", "if", "prime"} & lows
        if lows & (_PRINTED | RESULT_WORDS) and len(second) < 9 and not lows & REPORT_WORDS - {"report"} | judged:
            return "delivers"  # "run clean.py and tell me what it prints"
    if kind_of(first) == "plot" and following in _ON_CHARTS and not files_in(second):
        return "delivers"
    quotes = following in {"quote", "cite", "show", "give", "list"} and any(t.low in _PASSAGES for t in second)
    if verb and kind_of(first) == "find" and quotes and len(second) < 6:
        return "delivers"
    return "delivers" if delivers(second) and kind_of(first) not in {"translate", "send"} else ""


def only_source(tokens: Sequence[Token], *, verbs: frozenset[str] = PREPARING) -> bool:
    """Whether a preparing act names nothing but its source ("load the file sales.csv")."""
    source = source_of(tokens, whole=True)
    if not source or head_verb(tokens) not in verbs:
        return False  # "look up the refund policy in handbook.md" asks for something
    named = bool(files_in(tokens))
    own = [t for t in tokens[1:] if t not in source] if named else list(tokens[1:])
    content = [t for t in own if t.kind == "word" and t.low not in DETERMINERS | PREPOSITIONS | {"and"}]
    return all(t.low in _SOURCE_WORDS for t in content) if named else len(content) <= 3


def delivers(tokens: Sequence[Token]) -> bool:
    """Whether an act only hands over, or puts into form, what the act before it found ("and show it as a table")."""
    verb = head_verb(tokens)
    if verb == "report" and len(tokens) < 4 and tokens[-1].low in {"it", "them", "back", "result", "results"}:
        return True
    if verb not in DELIVERING or len(tokens) < 2 or files_in(tokens):
        return False
    lows = [token.low for token in tokens[1:]]
    if lows[-2:] in (["in", "it"], ["in", "them"]) and verb in {"list", "give", "show", "quote", "name"}:
        return False  # "list the phone numbers in it"
    if verb == "order" and not {"by", "alphabetically", "descending", "ascending"} & set(lows):
        return False
    if any(low in CHART_WORDS | REPORT_WORDS | LETTER_WORDS | {"translation"} for low in lows):
        return verb in {"save", "export", "store", "label", "name"} and lows[0] in {"it", "them", "the", "this", "that"}
    if verb == "round" and "to" in lows[:1]:
        return True
    position = 0
    while position < len(lows) and lows[position] in {"me", "us", "back", "only", "just", "out", "to"}:
        position += 1
    if position >= len(lows):
        return verb not in {"list", "state", "name", "quote"}
    if lows[position] in OBJECT_PRONOUNS - {"me", "us", "her", "him", "everyone"}:
        following = lows[position + 1] if position + 1 < len(lows) else ""
        return lows[position] in {"it", "them"} or following in PREPOSITIONS | RESULT_WORDS | {"", "and"}
    if lows[position] in DETERMINERS:
        at = next((n for n, low in enumerate(lows[position + 1 : position + 4]) if low in RESULT_WORDS), None)
        if at is None or any(low in {"between", "of"} for low in lows):
            return False
        return not MEASURE_WORDS & set(lows[position + 1 : position + 1 + at])  # "the total stock value" is a new one
    if lows[position] in RESULT_WORDS:
        return True
    return verb in {"sort", "order", "round"} and lows[position] in {
        "by",
        "in",
        "from",
        "alphabetically",
        "descending",
        "ascending",
        "to",
    }
