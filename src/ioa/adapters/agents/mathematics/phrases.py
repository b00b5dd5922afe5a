"""What the rules for mathematical phrases share: a solved task, and formulas and numbers read from words."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S, parse

N = r"\(?\s*(-?[$€£]?\d[\d,]*(?:\.\d+)?)\s*\)?"
A, B = r"\(?\s*(?P<a>-?[$€£]?[\d,]*\.?\d+)\s*\)?", r"\(?\s*(?P<b>-?[$€£]?[\d,]*\.?\d+)\s*\)?"


@dataclass(slots=True)
class Solved:
    """A solved task: what was read, the answers (name, SymPy object), and remarks."""

    reading: str
    answers: list[tuple[str, Any]]
    notes: list[str] = field(default_factory=list[str])
    unit: str = ""


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Solved]]


def number_of(text: str) -> Any:
    return S.Rational(re.sub(r"[$€£,\s()]", "", text))


def numbers_of(text: str) -> list[Any]:
    parts = [part for part in re.split(r"\s*(?:,(?!\d{3}(?!\d))|;|\band\b|\s)\s*", text.strip(" .:[]()")) if part]
    if len(parts) > 20_000:
        raise Unclear("More than 20000 numbers are too many.")
    return [expression_of(part) for part in parts]


def in_signs(text: str) -> str:
    """Operators that are written as words."""
    for pattern, sign in (
        (r"\bto the power(?: of)?\b|\braised to(?: the power(?: of)?)?\b", "^"), (r"\bsquared\b", "^2"), (r"\bcubed\b", "^3"), (r"\bmultiplied by\b|\btimes\b", "*"), (r"\bdivided by\b", "/"),
        (r"\bplus\b", "+"), (r"\bminus\b", "-"), (r"\b(?:the )?square root of\b", "sqrt"), (r"\b(?:the )?cube root of\b", "cbrt"), (r"\bmodulo\b", "mod"), (r"(?<=[\d)])\s+over\s+(?=[\d(])", "/"),
        (r"\b(?:the )?natural log(?:arithm)? of\b", "ln"), (r"\b(?:the )?absolute value of\b", "abs"), (r"\b(?:the )?(sin|cos|tan)e? of\b", r"\1"), (r"(?<=\d)\s+factorial\b", "!"), (r"\bequals?\b", "="), (r"[$€£](?=\d)", ""),
        (r"(?<=\d)x(?=\d)", "*"), (r"(?<=\d)\s+x\s+(?=\d)", "*"), (r"(\d)\s*%\s+of\s+", r"\1% * "),
    ):  # fmt: skip
        text = re.sub(pattern, sign, text, flags=re.IGNORECASE)
    return text


def expression_of(text: str) -> Any:
    text = re.sub(
        r"^(?:the\s+)?(?:expression|function|polynomial|equation|matrix|formula|number|term|inequality)s?\s+|^the\s+",
        "",
        text.strip(),
        flags=re.IGNORECASE,
    )
    text = re.sub(r"^[fgy]\s*\(\s*[a-z]\s*\)\s*=\s*", "", text)
    return parse(in_signs(text))


def symbol_of(text: str | None, expression: Any, what: str = "variable") -> Any:
    if text:
        return S.Symbol(text.strip())
    free: list[Any] = sorted(getattr(expression, "free_symbols", set()), key=str)
    if len(free) == 1:
        return free[0]
    if not free:
        return S.Symbol("x")
    if S.Symbol("x") in free:
        return S.Symbol("x")
    raise Unclear(f'Which {what}? There are {", ".join(map(str, free))}: say, for example, "for {free[0]}".')


def rule(pattern: str, function: Callable[[re.Match[str]], Solved]) -> Rule:
    return re.compile(rf"^(?:the\s+)?{pattern}$", re.IGNORECASE | re.DOTALL), function
