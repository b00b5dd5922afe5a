"""Sees acts that hang on a condition ("If the total is over 1000, write a letter"), which rules do not decide.

To ignore the condition would be to do what nobody asked for, so such an act is refused with its own words. A
supposition ("how much is it if the rent is 850") is no condition: it is part of the question.
"""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.acts import head_verb, question_start
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.wordlists import word_set

_OPENERS = word_set("if unless whenever should otherwise else")
_INSIDE = word_set("if unless provided")
_COMPARING = word_set("""
    over above below under more less fewer greater higher lower larger smaller exceeds exceed exceeded least
    most reaches reached positive negative zero significant empty missing
""")
_REFERRING = word_set("it that this they there the those these any none")
_ASKING = word_set(
    "tell check see find know say test verify determine decide judge me us whether ask calculate compute"
)
_NO_ACTS = word_set("possible needed necessary so any not applicable available")
"""Behind "if", these make no condition that hangs on a result ("if possible", "list them, if any")."""


def hangs(lead: Sequence[Token], act: Sequence[Token]) -> bool:
    """Whether an act with this lead is to be done only if something turns out so."""
    if not lead or lead[0].low not in _OPENERS:
        return False
    if lead[0].low in {"otherwise", "else"}:
        return True
    if len(lead) < 2:
        return False
    lows = {token.low for token in lead[1:]}
    if lead[0].low == "if" and len(lead) < 4 and lows & _NO_ACTS:
        return False
    if question_start(act):
        return bool(lows & _COMPARING) and bool(lows & _REFERRING)
    return True


def hangs_behind(act: Sequence[Token]) -> bool:
    """Whether an act ends with its condition ("draw a chart only if the mean is above 80")."""
    if question_start(act):
        return False
    for n, token in enumerate(act):
        if token.low not in _INSIDE or not 2 < n < len(act) - 2 or act[n - 1].low in _ASKING:
            continue
        if act[n - 1].low == "only":
            return True
        lows = {other.low for other in act[n + 1 :]}
        if act[n + 1].low in _REFERRING and lows & _COMPARING and head_verb(act) not in _ASKING:
            return True
    return False


def is_condition(part: str) -> bool:
    """Whether what was not understood is an act under a condition, so that another wording is no help."""
    words = part.lower().split()
    return bool(words) and (words[0].strip(",") in _OPENERS or bool({"if", "unless", "provided"} & set(words)))
