"""Percentages: parts, shares, changes."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.phrases import A, B, Rule, Solved, number_of, rule

P = r"(?P<a>-?[$€£]?[\d,.]*\d)\s*%"


def _percent(operation: Callable[[Any, Any], Any], words: str, unit: str = "") -> Callable[[re.Match[str]], Solved]:
    def rule(match: re.Match[str]) -> Solved:
        one, other = number_of(match["a"]), number_of(match["b"])
        if (unit and words.startswith("change") and not words.startswith("change from {b}") and one == 0) or (
            words.startswith(("share", "change from {b}")) and other == 0
        ):
            raise Unclear("A percentage of zero is not defined.")
        return Solved(words.format(a=one, b=other), [("", operation(one, other))], unit=unit)

    return rule


_ASKED = r"(?:how\s+(?:many|much)|what|which)\s+(?:percent(?:age)?|per\s*cent|%)|\b(?:percent(?:age)?|%)\s+(?:change|increase|decrease|rise|drop)|\bin\s+percent"
_UP = r"rise[sn]?|rose|increas\w*|gr[eo]wn?|grows|gain\w*|go(?:es|ne)?\s+up|went\s+up|climb\w*|raised?|more\s+expensive|dearer"
_DOWN = r"f[ae]ll(?:s|en)?|drop\w*|decreas\w*|declin\w*|shr[aiu]nk\w*|go(?:es|ne)?\s+down|went\s+down|reduc\w*|lower\w*|cut|cheaper|lose[s]?|lost"
_FROM_TO = re.compile(
    r"\bfrom\s+(?P<a>[$€£]?\d[\d,]*(?:\.\d+)?)\s*(?P<u>[a-z°%€$£]+)?\s+(?:\([^)]*\)\s+)?(?:down\s+|up\s+)?to\s+(?P<b>[$€£]?\d[\d,]*(?:\.\d+)?)\s*(?P<w>[a-z°%€$£]+)?",
    re.IGNORECASE,
)
_THAN = re.compile(
    r"^by\s+(?:how\s+(?:many|much)|what)\s+percent(?:age)?\s+(?:is|are|was|were)\s+(?P<a>[$€£]?\d[\d,]*(?:\.\d+)?)\s+(?P<how>more|higher|larger|greater|bigger|less|fewer|lower|smaller|cheaper)\s+than\s+(?P<b>[$€£]?\d[\d,]*(?:\.\d+)?)$",
    re.IGNORECASE,
)
_AFTER_PERCENT = frozenset(
    [
        "is",
        "was",
        "has",
        "does",
        "did",
        "in",
        "per",
        "when",
        "a",
        "an",
        "each",
        "it",
        "that",
        "and",
        "what",
        "how",
        "by",
        "over",
        "during",
    ]
)


def change_in_words(text: str) -> str:
    """ "By how many percent does a fee rise when it goes from 80 to 96 pounds?" as the change that it asks for; the text
    itself when it asks for none, or has other numbers."""
    if compared := _THAN.match(text):
        less = re.fullmatch(r"(?i)less|fewer|lower|smaller|cheaper", compared["how"]) is not None
        return f"percentage {'fall' if less else 'change'} from {compared['b']} to {compared['a']}"
    found = _FROM_TO.search(text)
    if found is None or not re.search(_ASKED, text, re.IGNORECASE):
        return text
    rest = text[: found.start()] + " " + text[found.end() :]
    units = {unit.lower() for unit in (found["u"], found["w"]) if unit and unit.lower() not in _AFTER_PERCENT}
    up, down = (re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) for words in (_UP, _DOWN))
    if re.search(r"\d|\bthen\b", rest) or len(units) > 1 or (up and down):
        return text
    if re.search(r"\bpoints?\b", text, re.IGNORECASE) or units & {"%", "percent"}:
        return text  # percentage points are no percentages
    if not (up or down or re.search(r"\bchang\w*|\bdiffer\w*", text, re.IGNORECASE)):
        return text
    return f"percentage {'fall' if down else 'change'} from {found['a']} to {found['b']}"


RULES: tuple[Rule, ...] = (
    rule(
        rf"percentage\s+fall\s+from\s+{A}\s+to\s+{B}",
        _percent(lambda a, b: 100 * (a - b) / a, "change from {a} down to {b}, in percent of {a}", "%"),
    ),
    rule(rf"{P}\s*(?:of|\*)\s*{B}", _percent(lambda a, b: a * b / 100, "{a}% of {b}")),
    rule(
        rf"what\s+(?:percent(?:age)?|%|share|proportion)\s+of\s+{B}\s+is\s+{A}",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    rule(
        rf"(?:what\s+)?(?:percent(?:age)?|%|share|proportion|fraction)\s+of\s+{B}\s+(?:(?:is|does|do|are|was|were)\s+)?{A}(?:\s+(?:is|are|was|were|makes?(?:\s+up)?|represents?|come to))?",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    rule(
        rf"(?:by\s+)?(?:how\s+many|how\s+much|what)\s+(?:percent(?:age)?|%)\s+(?:more(?:\s+expensive)?|higher|larger|greater|bigger|dearer)\s+(?:is|are|was|were)\s+{A}\s+(?:than|compared\s+(?:to|with))\s+{B}",
        _percent(lambda a, b: 100 * (a - b) / b, "change from {b} to {a}, in percent of {b}", "%"),
    ),
    rule(
        rf"(?:by\s+)?(?:how\s+many|how\s+much|what)\s+(?:percent(?:age)?|%)\s+(?:less|fewer|lower|smaller|cheaper)\s+(?:is|are|was|were)\s+{A}\s+(?:than|compared\s+(?:to|with))\s+{B}",
        _percent(lambda a, b: 100 * (b - a) / b, "change from {b} down to {a}, in percent of {b}", "%"),
    ),
    rule(
        rf"convert\s+{A}(?:\s*(?P<old>euros?|dollars?|pounds?|francs?|eur|usd|gbp|chf|yen|jpy))?\s+(?:in)?to\s+(?P<new>euros?|dollars?|pounds?|francs?|eur|usd|gbp|chf|yen|jpy)\s+(?:at|with|using)\s+(?:a\s+|an\s+|the\s+)?(?:exchange\s+)?(?:rate\s+(?:of\s+)?)?{B}",
        _percent(lambda a, b: a * b, "{a} times the rate {b}"),
    ),
    rule(
        rf"(?:what\s+)?(?:percent(?:age)?|%)\s+(?:is\s+)?{A}\s+(?:is\s+)?of\s+{B}",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    rule(
        rf"{A}\s+is\s+what\s+(?:percent(?:age)?|%)\s+of\s+{B}",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    rule(
        rf"(?:express\s+)?{A}\s+as\s+(?:a\s+)?(?:percent(?:age)?|%|share)\s+of\s+{B}",
        _percent(lambda a, b: 100 * a / b, "share of {a} in {b}", "%"),
    ),
    rule(
        rf"(?:increase|raise|grow)\s+{A}\s+by\s+(?P<b>[\d.]+)\s*%",
        _percent(lambda a, b: a * (1 + b / 100), "{a} increased by {b}%"),
    ),
    rule(
        rf"(?:decrease|reduce|lower|discount|cut)\s+{A}\s+by\s+(?P<b>[\d.]+)\s*%",
        _percent(lambda a, b: a * (1 - b / 100), "{a} decreased by {b}%"),
    ),
    rule(
        rf"{A}\s+(?:plus|\+|increased by)\s+(?P<b>[\d.]+)\s*%(?:\s+(?:tax|vat))?",
        _percent(lambda a, b: a * (1 + b / 100), "{a} increased by {b}%"),
    ),
    rule(
        rf"{A}\s+(?:minus|-|decreased by|reduced by)\s+(?P<b>[\d.]+)\s*%",
        _percent(lambda a, b: a * (1 - b / 100), "{a} decreased by {b}%"),
    ),
    rule(
        rf"add\s+(?P<b>[\d.]+)\s*%(?:\s+(?:tax|vat|tip))?\s+to\s+{A}",
        _percent(lambda a, b: a * (1 + b / 100), "{a} increased by {b}%"),
    ),
    rule(
        rf"(?P<b>[\d.]+)\s*%\s+(?:off|discount (?:on|from))\s+{A}",
        _percent(lambda a, b: a * (1 - b / 100), "{a} decreased by {b}%"),
    ),
    rule(
        rf"(?:percent(?:age)?\s+(?:change|increase|decrease|difference|growth)|growth rate|relative change|change in percent)\s+(?:from|between)\s+{A}\s+(?:to|and)\s+{B}",
        _percent(lambda a, b: 100 * (b - a) / a, "change from {a} to {b}", "%"),
    ),
)
