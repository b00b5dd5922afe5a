"""Derivatives, integrals, limits, series, sums and products."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S
from ioa.adapters.agents.mathematics.phrases import Rule, Solved, expression_of, rule, symbol_of


def _derivative(match: re.Match[str]) -> Solved:
    text = match["e"]
    order = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4}.get(
        (match.groupdict().get("n") or "").lower(), 1
    )
    point = None
    if found := re.search(r"\s+(?:at|when|for)\s+(?:the point\s+)?[a-z]\s*=\s*(?P<p>.+)$", text):
        point, text = expression_of(found["p"]), text[: found.start()]
    name = match.groupdict().get("v")
    if found := re.search(r"\s+(?:with respect to|w\.?r\.?t\.?|for|by)\s+(?P<v>[a-zA-Z])$", text):
        name, text = found["v"], text[: found.start()]
    expression = expression_of(text)
    symbol = symbol_of(name, expression)
    result = S.simplify(S.diff(expression, symbol, order))
    answers = [(f"derivative with respect to {symbol}", result)]
    if point is not None:
        answers.append((f"at {symbol} = {point}", S.simplify(result.subs(symbol, point))))
    return Solved(
        f"derivative{f' of order {order}' if order > 1 else ''} of {expression} with respect to {symbol}",
        answers[-1:] if point is not None else answers,
        [f"The derivative is {result}."] if point is not None else [],
    )


def _integral(match: re.Match[str]) -> Solved:
    text, name, bounds = match["e"], None, None
    if found := re.search(
        r",?\s+(?:from|between|over)\s+(?:[a-z]\s*=\s*)?(?P<a>\S+|\([^)]*\))\s+(?:to|and)\s+(?P<b>\S+|.+?)(?=$|\s+(?:with respect to|d[a-z]\b))",
        text,
    ):
        bounds = (expression_of(found["a"]), expression_of(found["b"]))
        text = text[: found.start()] + text[found.end() :]
    if found := re.search(r"\s+(?:with respect to|w\.?r\.?t\.?)\s+(?P<v>[a-zA-Z])$|\s*\bd(?P<d>[a-zA-Z])$", text):
        name, text = found["v"] or found["d"], text[: found.start()]
    expression = expression_of(text)
    symbol = symbol_of(name, expression)
    if bounds is None:
        result = S.integrate(expression, symbol)
        if result.has(S.Integral):
            raise Unclear(f"I find no closed form for the integral of {expression}.")
        return Solved(
            f"integral of {expression} with respect to {symbol}",
            [("antiderivative (plus a constant)", S.simplify(result))],
        )
    result = S.integrate(expression, (symbol, *bounds))
    notes: list[str] = []
    if result.has(S.Integral):
        result, notes = (
            S.Integral(expression, (symbol, *bounds)).evalf(15),
            ["No closed form was found; the value is numeric."],
        )
    return Solved(
        f"integral of {expression} from {symbol} = {bounds[0]} to {bounds[1]}", [("", S.simplify(result))], notes
    )


def _limit(match: re.Match[str]) -> Solved:
    expression, symbol, point = expression_of(match["e"]), S.Symbol(match["v"]), expression_of(match["p"])
    side = (match["side"] or "").lower()
    direction = "-" if "left" in side or "below" in side else "+" if "right" in side or "above" in side else "+-"
    if point in {S.oo, -S.oo}:
        result = S.limit(expression, symbol, point)
    else:
        left, right = (S.limit(expression, symbol, point, way) for way in ("-", "+"))
        if direction == "+-" and left != right:
            return Solved(
                f"limit of {expression} as {symbol} goes to {point}",
                [("from the left", left), ("from the right", right)],
                ["The two sides differ: there is no limit."],
            )
        result = left if direction == "-" else right
    if result.has(S.Limit):
        raise Unclear(f"I cannot find the limit of {expression}.")
    return Solved(f"limit of {expression} as {symbol} goes to {point}", [("", result)])


def _series(match: re.Match[str]) -> Solved:
    expression = expression_of(match["e"])
    symbol = symbol_of(match.groupdict().get("v"), expression)
    point = expression_of(match["p"]) if match["p"] else S.Integer(0)
    order = int(match["n"]) if match["n"] else 5
    if order > 40:
        raise Unclear("Series go up to order 40.")
    return Solved(
        f"series of {expression} around {symbol} = {point} up to order {order}",
        [("", S.series(expression, symbol, point, order + 1).removeO())],
        [f"Terms above order {order} are left out."],
    )


def _summation(match: re.Match[str]) -> Solved:
    expression, low, high = expression_of(match["e"]), expression_of(match["a"]), expression_of(match["b"])
    symbol = S.Symbol(match["v"]) if match["v"] else symbol_of(None, expression)
    product = match["op"].lower().startswith("prod")
    if product and high.is_number and high - low > 3000:
        raise Unclear("Products go up to 3000 factors.")
    result = S.product(expression, (symbol, low, high)) if product else S.summation(expression, (symbol, low, high))
    if result.has(S.Sum, S.Product):
        result = result.evalf(15)
    return Solved(
        f"{'product' if product else 'sum'} of {expression} for {symbol} from {low} to {high}",
        [("", S.simplify(result))],
    )


RULES: tuple[Rule, ...] = (
    rule(r"(?:differentiate|derive)\s+(?P<e>.+)", _derivative),
    rule(r"(?:(?P<n>first|second|third|fourth|2nd|3rd)\s+)?derivative\s+of\s+(?P<e>.+)", _derivative),
    rule(r"d\s*/\s*d(?P<v>[a-z])\s*(?:of\s+)?(?P<e>.+)", _derivative),
    rule(
        r"(?:integrate|(?:definite |indefinite )?integral\s+of|antiderivative\s+of|area under)\s+(?P<e>.+)", _integral
    ),
    rule(
        r"lim(?:it)?\s+(?:of\s+)?(?P<e>.+?)\s*,?\s+(?:as|when|for)\s+(?P<v>[a-z])\s*(?:->|→|approaches|goes to|tends to|to)\s*(?P<p>.+?)(?:\s+from\s+(?:the\s+)?(?P<side>left|right|above|below))?",
        _limit,
    ),
    rule(
        r"(?:(?:taylor|maclaurin|power)\s+)?series(?:\s+expansion)?\s+(?:of|for)\s+(?P<e>.+?)(?:\s+(?:around|about|at)\s+(?:(?P<v>[a-z])\s*=\s*)?(?P<p>\S+))?(?:\s*,?\s+(?:up to|to)\s+(?:order|degree)\s+(?P<n>\d+))?",
        _series,
    ),
    rule(
        r"(?P<op>sum|product)\s+(?:of\s+)?(?P<e>.+?)\s*,?\s+(?:for|from|over)\s+(?:(?P<v>[a-z])\s*(?:=|from)\s*)?(?P<a>\S+)\s+to\s+(?P<b>\S+)",
        _summation,
    ),
)
