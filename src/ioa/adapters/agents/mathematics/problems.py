"""Mathematical tasks in words: which operation on which formula; refused when a word is not understood."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from decimal import Decimal

from ioa.adapters.agents.mathematics import (
    calculus,
    equations,
    interest,
    matrices,
    number_lists,
    operations,
    percentages,
    whole_numbers,
)
from ioa.adapters.agents.mathematics.chains import bare_step, carried_out, chained
from ioa.adapters.agents.mathematics.earlier import Earlier, Unclear, substitute
from ioa.adapters.agents.mathematics.equations import solve
from ioa.adapters.agents.mathematics.formula import BadFormula, S
from ioa.adapters.agents.mathematics.geometry import geometry
from ioa.adapters.agents.mathematics.interest import interest_in_words
from ioa.adapters.agents.mathematics.percentages import change_in_words
from ioa.adapters.agents.mathematics.phrases import Rule, Solved, expression_of, rule
from ioa.adapters.agents.mathematics.rounding import rounded, rounding, rounding_after
from ioa.adapters.agents.mathematics.units import convert, convert_earlier

_LEAD = re.compile(
    r"^(?:(?:please|now|then|next|also|finally|and|can you|could you|i want to know|tell me|give me|what(?:'s| is| are| was| will be)|how much is|calculate|compute|determine|work out|find(?: out)?|evaluate|get|the value of|value of|the result of|exactly|numerically|the exact value of)\b[\s:,]*)+",
    re.IGNORECASE,
)


_SPELT_NUMBERS = {
    word: value
    for value, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
} | {"twenty": 20, "hundred": 100}
_SPELT = re.compile(
    rf"\b(?P<by>by|times|plus|minus|add)\s+(?P<n>{'|'.join(_SPELT_NUMBERS)})\b(?!\s+(?:{'|'.join(_SPELT_NUMBERS)}|thousand|million|and|percent|%))",
    re.IGNORECASE,
)
_LEAD_OF_CONVERSION = re.compile(
    r"^(?:(?:please|now|then|next|also|finally|and|can you|could you)\b[\s,]*)+", re.IGNORECASE
)


def solve_text(text: str, earlier: list[Earlier]) -> Solved:
    """Understand and solve one task. Raises `Unclear` or `BadFormula`."""
    body = re.sub(r"\s+", " ", change_in_words(_tidy(text))).strip()
    body, places = rounding_after(body)
    body = bare_step(body, earlier)
    if (chain := chained(body)) is not None:
        first, steps = chain
        solved, own = _one(bare_step(first, earlier), earlier)
        if own is not None:
            raise Unclear("Round at the end or in a sentence of its own, not between two steps.")
        return rounded(carried_out(solved, steps), places)
    solved, own = _one(body, earlier)
    return rounded(solved, own if places is None else places)


def _one(body: str, earlier: list[Earlier]) -> tuple[Solved, int | None]:
    """One task, and the decimal places that it wishes."""
    solved = _of_words(body, earlier)
    if solved is not None:
        return solved, None
    body, notes = substitute(body, earlier)
    body, own = rounding(re.sub(r"\s+", " ", body).strip())
    solved = _of_numbers(body)
    solved.notes = notes + solved.notes
    return solved, own


def _of_words(body: str, earlier: list[Earlier]) -> Solved | None:
    """What finds its earlier numbers itself: figures, interest, conversions of an earlier number."""
    if found := geometry(body, earlier):
        return found
    if re.search(r"(?i)\binterest\b|\bcompound", body):
        words, notes = substitute(body, earlier)
        if found := interest_in_words(words):
            found.notes = notes + found.notes
            return found
    if earlier and (converted := convert_earlier(_LEAD_OF_CONVERSION.sub("", body), earlier)):
        asked, value, unit, reading, notes = converted
        return _conversion(asked, value, unit, reading, notes)
    return None


def _of_numbers(body: str) -> Solved:
    """A task in which every number is written."""
    lead = _LEAD.sub("", body)
    try:
        for candidate in dict.fromkeys((body, lead)):
            rated = re.search(r"\b(?:at|rate|percent|percentage)\b|%", candidate, re.IGNORECASE)
            if not rated and (found := convert(candidate)):
                return _conversion(*found, [])
            for pattern, solve_match in RULES:
                if match := pattern.match(candidate):
                    return solve_match(match)
        return _evaluate(lead)
    except BadFormula as error:
        if not str(error).startswith("I do not understand"):
            raise
        raise Unclear(
            f'I do not understand "{_shortened(body)}" as mathematics: {error} '
            'Write a formula such as "solve x^2 = 2" or "15% of 240".'
        ) from error


def _conversion(asked: str, value: Decimal, unit: str, reading: str, notes: list[str]) -> Solved:
    exact = S.Rational(str(value)) if len(str(value)) < 40 else S.Float(str(value))
    return Solved(reading, [(asked, exact)], notes, unit)


def _shortened(text: str) -> str:
    return text if len(text) <= 90 else text[:89] + "…"


def _tidy(text: str) -> str:
    text = text.replace("’", "'").strip()
    text = re.sub(r"^```\w*|```$|`", " ", text)
    text = re.sub(r"(?<=\d)\s*percent\b|(?<=\d)\s*per cent\b", "%", text, flags=re.IGNORECASE)
    text = _SPELT.sub(lambda match: f"{match['by']} {_SPELT_NUMBERS[match['n'].lower()]}", text)
    return (
        re.sub(r"[?.!;:,\s]+$", "", text)
        if not text.rstrip().endswith(tuple("0123456789")) and not re.search(r"\d!$", text)
        else text.strip()
    )


def _evaluate(text: str) -> Solved:
    if match := re.match(
        r"^(?P<e>.+?)\s+(?:at|for|when|where|if|with)\s+(?P<v>[a-z]\s*=\s*[^,]+(?:(?:,|\band\b)\s*[a-z]\s*=\s*[^,]+)*)$",
        text,
        re.IGNORECASE,
    ):
        expression = expression_of(match["e"])
        values = [part.split("=") for part in re.split(r",|\band\b", match["v"])]
        pairs = {S.Symbol(name.strip()): expression_of(value) for name, value in values}
        return Solved(
            f"{expression} where {', '.join(f'{name} = {value}' for name, value in pairs.items())}",
            [("", expression.subs(pairs))],
        )
    expression = expression_of(text)
    if isinstance(expression, S.core.relational.Relational):
        if not expression.free_symbols:
            return Solved(str(expression), [("", S.simplify(expression.doit()))])
        return solve([expression], None)
    if isinstance(expression, S.Symbol):
        raise BadFormula(f'"{text}" alone is no task.')
    value = S.nsimplify(expression) if False else expression
    return Solved(str(expression), [("", S.simplify(value) if value.is_number is False else value)])


RULES: tuple[Rule, ...] = (
    *percentages.RULES,
    *interest.RULES,
    *calculus.RULES,
    *matrices.RULES,
    *equations.RULES,
    *whole_numbers.RULES,
    *number_lists.RULES,
    *operations.RULES,
    rule(r"evaluate\s+(?P<e>.+)", lambda match: _evaluate(match["e"])),
)
