"""Operations named in words: add to, divide by, simplify, factor, half of."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S, power
from ioa.adapters.agents.mathematics.phrases import Rule, Solved, expression_of, rule
from ioa.adapters.agents.mathematics.whole_numbers import primes


def _simple(name: str, function: Callable[[Any], Any]) -> Callable[[re.Match[str]], Solved]:
    def rule(match: re.Match[str]) -> Solved:
        text = re.sub(r"\s*\b(?:completely|fully|as far as possible)$", "", match["e"])
        expression = expression_of(text)
        if name == "factor" and expression.is_Integer:
            return primes(expression)
        if isinstance(expression, S.core.relational.Relational):
            raise Unclear(f"To {name} an equation makes no sense; give an expression, or say solve.")
        return Solved(f"{name} {expression}", [("", function(expression))])

    return rule


def _binary(
    operation: Callable[[Any, Any], Any], words: str, first: int = 1, second: int = 2
) -> Callable[[re.Match[str]], Solved]:
    def rule(match: re.Match[str]) -> Solved:
        one, other = expression_of(match[first]), expression_of(match[second])
        if words == "/" and other == 0:
            raise Unclear("Division by zero.")
        if words == "compare" and other == 0:
            raise Unclear("A percentage of zero is not defined.")
        return Solved(
            {"/": f"{one} / {other}", "*": f"{one} * {other}", "+": f"{one} + {other}", "-": f"{one} - {other}"}.get(
                words, f"{words}: {one}, {other}"
            ),
            [("", operation(one, other))],
        )

    return rule


RULES: tuple[Rule, ...] = (
    rule(r"simplify\s+(?P<e>.+)", _simple("simplify", lambda e: S.simplify(e))),
    rule(r"(?:expand|multiply out)\s+(?P<e>.+)", _simple("expand", lambda e: S.expand(e))),
    rule(
        r"(?:factor(?:i[sz]e)?|factors? of|factori[sz]ation of)\s+(?P<e>.+)", _simple("factor", lambda e: S.factor(e))
    ),
    rule(
        r"partial fractions?(?: decomposition)?\s+(?:of\s+)?(?P<e>.+)",
        _simple("partial fractions of", lambda e: S.apart(e)),
    ),
    rule(r"add\s+(.+?)\s+(?:to|and)\s+(.+)", _binary(lambda a, b: b + a, "+", 2, 1)),
    rule(r"sum\s+of\s+(.+?)\s+and\s+(.+)", _binary(lambda a, b: a + b, "+")),
    rule(r"product\s+of\s+(.+?)\s+and\s+(.+)", _binary(lambda a, b: a * b, "*")),
    rule(r"subtract\s+(.+?)\s+from\s+(.+)", _binary(lambda a, b: a - b, "-", 2, 1)),
    rule(r"difference\s+(?:between|of)\s+(.+?)(?:\s+and\s+|\s*,\s*)(.+)", _binary(lambda a, b: a - b, "-")),
    rule(r"divide\s+(.+?)\s+by\s+(.+)", _binary(lambda a, b: a / b, "/")),
    rule(r"(?:ratio\s+(?:of|between)|quotient\s+of)\s+(.+?)\s+(?:to|and)\s+(.+)", _binary(lambda a, b: a / b, "/")),
    rule(r"multiply\s+(.+?)\s+(?:by|with|and|times)\s+(.+)", _binary(lambda a, b: a * b, "*")),
    rule(
        r"(?:remainder\s+(?:of|when)\s+)(.+?)\s+(?:is\s+)?divided\s+by\s+(.+)",
        _binary(lambda a, b: S.Mod(a, b), "remainder"),
    ),
    rule(r"halve\s+(?P<e>.+)", _simple("half of", lambda e: e / 2)),
    rule(r"(?:half|a half)\s+(?:of\s+)?(?P<e>.+)", _simple("half of", lambda e: e / 2)),
    rule(
        r"(?:a|one)\s+(?P<part>third|quarter|fifth|tenth)\s+of\s+(?P<e>.+)",
        lambda match: Solved(
            f"one {match['part'].lower()} of {match['e'].strip()}",
            [
                (
                    "",
                    expression_of(match["e"])
                    / {"third": 3, "quarter": 4, "fifth": 5, "tenth": 10}[match["part"].lower()],
                )
            ],
        ),
    ),
    rule(r"(?:double|twice)\s+(?:of\s+)?(?P<e>.+)", _simple("double of", lambda e: e * 2)),
    rule(r"triple\s+(?:of\s+)?(?P<e>.+)", _simple("triple of", lambda e: e * 3)),
    rule(r"square\s+(?!root)(?:of\s+)?(?P<e>.+)", _simple("square of", lambda e: power(e, S.Integer(2)))),
)
