"""Tells requests that stand for themselves from those that only say how an earlier one is to be done."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.acts import files_in
from ioa.adapters.policy.rules.merging import delivers
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import CONSTRAINING, VERBS
from ioa.adapters.policy.rules.vocabulary import CHART_WORDS, DETERMINERS, RESULT_WORDS
from ioa.adapters.policy.rules.wordlists import word_set

_ALWAYS_CONSTRAINS = word_set("""
    ignore exclude omit disregard avoid assume remember ensure only don't never always note keep
    treat stick skip be
""")
_WITH_OBJECT = word_set("use include label limit format cite mention specify restrict leave mark highlight")
_MANNER = word_set("""
    make sort order round save limit mark restrict leave keep format label give show report present
    express answer return print write name
""")


_CLOSING_VERBS = word_set("provide give gather make do complete perform share return")
_CLOSING_NOUNS = word_set("information details results result calculations answers answer tasks findings")
_CLOSING_REST = word_set("relevant requested necessary required needed it based on of me us with to and for")


def is_constraint(tokens: Sequence[Token], *, first: bool, sequence: bool = False) -> bool:
    """Whether the words only say how another act is to be done ("Round the result", "Ignore the cancelled ones")."""
    if len(tokens) < 2:
        return False
    low, following = tokens[0].low, tokens[1].low
    if low == "do" and following == "not":
        return True
    if low in {"see", "refer", "consult"} and len(tokens) < 7 and not first:
        return True
    if low not in CONSTRAINING | _MANNER | _WITH_OBJECT | _ALWAYS_CONSTRAINS:
        return False
    if low in _ALWAYS_CONSTRAINS:
        return low not in {"keep", "only", "always", "never"} or not files_in(tokens)
    if low == "make":
        return following == "sure" or (following in {"it", "them"} and not first)
    if first or files_in(tokens) or (sequence and not delivers(tokens)):
        return False
    if low in _WITH_OBJECT and following not in {"it", "that", "this", "them"}:
        lows = {t.low for t in tokens}
        if low in {"use", "include"}:
            return not any(
                t.low == "to" and n + 1 < len(tokens) and tokens[n + 1].low in VERBS for n, t in enumerate(tokens)
            )
        return not lows & {"write"}
    if low in {"give", "show", "report", "present", "express", "return", "print", "name", "answer", "write"}:
        if low in {"answer", "write", "express", "report"} and following in {"in", "with", "using", "only"}:
            return True
        return low not in {"write", "report", "answer"} and delivers(tokens)
    if following in {"it", "them"} and low not in {"answer"}:
        return True
    if following in DETERMINERS and low in {
        "round",
        "sort",
        "order",
        "save",
        "format",
        "label",
        "limit",
        "mark",
        "restrict",
    }:
        nouns = {t.low for t in tokens[2:5]}
        return bool(nouns & (RESULT_WORDS | CHART_WORDS | {"axes", "axis", "bars", "list", "table"}))
    return low in {"round", "sort", "order"} and following in {
        "to",
        "by",
        "alphabetically",
        "descending",
        "ascending",
        "all",
    }


def is_closing(core: Sequence[Token]) -> bool:
    """Whether a last sentence asks for nothing new ("Please provide me with the requested results")."""
    lows = [t.low for t in core if t.kind == "word"]
    if len(lows) < 2 or lows[0] not in _CLOSING_VERBS or not _CLOSING_NOUNS & set(lows):
        return False
    return all(low in _CLOSING_VERBS | _CLOSING_NOUNS | _CLOSING_REST or low in DETERMINERS for low in lows)
