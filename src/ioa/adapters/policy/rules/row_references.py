"""Words of a question to a table that mean the rows of an earlier one: "there", "their", "of them", "that ship".

The earlier step chose rows (those of one branch, the samples below a limit, the best ship); the question is about the
same rows, so it needs that step, and still reads the same file.
"""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.acts import question_start
from ioa.adapters.policy.rules.antecedents import LOOK_BACK
from ioa.adapters.policy.rules.heard import Heard, lemma
from ioa.adapters.policy.rules.verbs import Kind
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    DETERMINERS,
    MEASURE_WORDS,
    NOT_RESULTS,
    PREPOSITIONS,
    RELATIVES,
    RESULT_WORDS,
    WH,
)
from ioa.adapters.policy.rules.wordlists import word_set

_ASKING: frozenset[Kind] = frozenset(["table", "ask", "find", "other"])
_AMONG = word_set("of among amongst between for from")
_BEING = word_set("is are was were be been has have had exists exist isn't aren't wasn't weren't")
_BETWEEN = word_set("difference ratio sum product quotient")
"""What lies between several results; of rows one asks the total."""
_PEOPLE = word_set("people staff everyone everybody anyone children women men who team crew each members")
_DOCUMENT_NOUNS = NOT_RESULTS - word_set(
    "month year week quarter day country city company person team school project club"
)
"""Nouns behind "that" which mean something in the user's text, not rows of a table."""


def points_to_rows(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """The number of the step whose rows the question is about, alone in a set; empty where no word points to rows."""
    if step.kind not in _ASKING or step.has_source:
        return set()
    chosen = [h for h in earlier[-LOOK_BACK:] if h.kind == "table"]
    if not chosen:
        return set()
    for i, token in enumerate(step.tokens):
        if token.kind != "word":
            continue
        found = _at(step, chosen, i)
        if found is not None:
            return {found.number}
    return set()


def _at(step: Heard, chosen: Sequence[Heard], i: int) -> Heard | None:
    low, before, after = _low(step, i), _low(step, i - 1), _low(step, i + 1)
    last = chosen[-1]
    if low == "there":
        return None if before in _BEING or after in _BEING else last
    if low == "their":
        return None if _said_here(step, i) or after in _BETWEEN else last
    if low in {"them", "these", "those"} and before in _AMONG:
        described = low == "those" and after in RELATIVES | {"with", "without", "over", "under", "in", "from"}
        return None if _said_here(step, i) or described else last
    if low == "they" and before in AUXILIARIES and question_start(step.tokens):
        return last
    single = low in {"it", "she", "he"} and before in AUXILIARIES and bool(WH & {_low(step, 0), _low(step, 1)})
    if single and step.kind != "math" and _low(step, 1) not in {"much", "many"}:
        return last if _asks_for_one(last) else None
    if low in {"these", "those"} and after and after not in PREPOSITIONS | AUXILIARIES | RELATIVES:
        return _spoke_of(chosen, _nouns(step, i + 1))
    if low in {"that", "this"} and (before in PREPOSITIONS | AUXILIARIES or i == 0):
        return _spoke_of(chosen, _nouns(step, i + 1), one=True)
    return None


def _asks_for_one(step: Heard) -> bool:
    """ "Find the heaviest parcel", "Who is the oldest?": one row, of which more may be asked."""
    lows = [token.low for token in step.tokens]
    extreme = any(low in {"most", "least", "best", "worst"} or (low.endswith("est") and len(low) > 4) for low in lows)
    return extreme and not {"per", "each", "every"} & set(lows)


def _low(step: Heard, i: int) -> str:
    return step.tokens[i].low if 0 <= i < len(step.tokens) else ""


def _nouns(step: Heard, i: int) -> list[str]:
    """What the words behind "these" or "that" may be called; none where they mean a result or the user's text."""
    nouns: list[str] = []
    for token in step.tokens[i : i + 3]:
        if token.kind != "word" or token.low in PREPOSITIONS | AUXILIARIES | RELATIVES | DETERMINERS | {"and", "or"}:
            break
        nouns.append(lemma(token.low))
    return [] if set(nouns) & (_DOCUMENT_NOUNS | RESULT_WORDS | MEASURE_WORDS) else nouns


def _spoke_of(chosen: Sequence[Heard], nouns: Sequence[str], *, one: bool = False) -> Heard | None:
    """The last step that spoke of such things; of one thing only where the step asked which (or who) it is."""
    for other in reversed(chosen):
        lows = [t.low for t in other.tokens]
        spoken = set(map(lemma, lows[:6] if one else lows)) | ({"person"} if "who" in lows[:2] else set[str]())
        if set(nouns) & spoken and (not one or WH & set(lows[:3])):
            return other
    return None


def _said_here(step: Heard, i: int) -> bool:
    """Whether the question itself names, before its word at `i`, the several things that the word can mean."""
    for n, token in enumerate(step.tokens[:i]):
        low = token.low
        if low in _PEOPLE:
            return True
        plural = token.kind == "word" and low.endswith("s") and not low.endswith(("ss", "us", "is"))
        grammar = low in PREPOSITIONS | AUXILIARIES | DETERMINERS | MEASURE_WORDS | WH
        if plural and n and not grammar and len(low) > 3:
            return True
    return False
