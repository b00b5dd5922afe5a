"""Rounding as people say it: to two decimals, to the nearest whole number."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S
from ioa.adapters.agents.mathematics.phrases import Solved

_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_NEAREST = {
    "tenth": 1,
    "hundredth": 2,
    "thousandth": 3,
    "cent": 2,
    "penny": 2,
    "ten": -1,
    "hundred": -2,
    "thousand": -3,
}
_HOW_FAR = (
    rf"(?:(?:(?P<n>\d+|{'|'.join(_COUNTS)})(?:\s*(?:decimals?(?:\s+(?:places?|digits))?|digits|places|dp))?(?!\s*(?:significant|sig))"
    rf"|(?:the\s+)?nearest\s+(?P<near>integer|whole(?:\s+number)?|unit|euro|dollar|pound|{'|'.join(_NEAREST)})|an?\s+(?P<whole>integer|whole\s+number)))(?!\w)"
)
_CLAUSE = re.compile(
    rf",?\s*(?:(?:and|then)\s+)*(?:rounded?|(?:give|write|show|express)\s+(?:it|(?:the|your) (?:result|answer)),?\s+rounded|round(?:ing)?(?:\s+off)?(?:\s+(?:it|that|this|(?:the|your)\s+(?:result|answer|value)))?(?:\s+off)?|correct)\s+to\s+{_HOW_FAR}",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"^(?:please\s+)?round\s+(?:off\s+)?(?P<e>\(?\s*-?[\d.,]+\s*\)?)(?:\s+off)?\s+to\s+{_HOW_FAR}$", re.IGNORECASE
)
_GIVEN = re.compile(
    rf"^(?:please\s+)?(?:give|show|write|express|state|report)\s+(?P<e>\(?\s*-?[\d.,]+\s*\)?)\s+(?:with|to)\s+{_HOW_FAR}$",
    re.IGNORECASE,
)


def rounding(text: str) -> tuple[str, int | None]:
    """The text without its wish to round, and to how many decimals (negative: to tens, hundreds)."""
    if alone := _ALONE.match(text) or _GIVEN.match(text):
        return alone["e"].strip(), _places(alone)
    if match := _CLAUSE.search(text):
        return text[: match.start()] + text[match.end() :], _places(match)
    return text, None


def rounding_after(text: str) -> tuple[str, int | None]:
    """The same for "…, and round it to two decimals" after something else: that "it" is what is computed here."""
    match = _CLAUSE.search(text)
    before = text[: match.start()].strip(" ,.;") if match else ""
    if match is None or text[match.end() :].strip(" .!") or not re.search(r"\w{2}.*\s", before):
        return text, None
    return before, _places(match)


def _places(match: re.Match[str]) -> int:
    if match["n"]:
        return _COUNTS.get(match["n"].lower()) or int(match["n"])
    return _NEAREST.get((match["near"] or "").lower(), 0)


def rounded(solved: Solved, places: int | None) -> Solved:
    if places is not None:
        if places > 50:
            raise Unclear("Rounding goes up to 50 decimals.")
        solved.answers = [(name, _round(value, places)) for name, value in solved.answers]
        solved.notes.append(
            f"Rounded to {places} decimal places." if places >= 0 else f"Rounded to the nearest {10**-places}."
        )
    return solved


def _round(value: Any, places: int) -> Any:
    if not getattr(value, "is_number", False) or not value.is_real:
        return value
    unit = S.Integer(10) ** places
    scaled = S.floor(S.Abs(value) * unit + S.Rational(1, 2))  # half up, as people round
    return scaled / unit * (-1 if value.is_negative else 1)
