"""Equations, systems of equations and inequalities."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S
from ioa.adapters.agents.mathematics.phrases import Rule, Solved, expression_of, rule


def _equation(text: str) -> Any:
    found = expression_of(text)
    return found if isinstance(found, S.core.relational.Relational) else S.Eq(found, 0, evaluate=False)


def _solve_match(match: re.Match[str]) -> Solved:
    text = match["e"]
    names: list[str] | None = None
    if found := re.search(
        r"\s+(?:for|in terms of|with respect to|w\.?r\.?t\.?)\s+(?P<v>[a-zA-Z](?:\w?)(?:\s*(?:,|and|,\s*and)\s*[a-zA-Z]\w?)*)\s*$",
        text,
    ):
        names = re.findall(r"(?!and\b)\b[a-zA-Z]\w?\b", found["v"])
        text = text[: found.start()]
    text = re.sub(
        r"^(?:the\s+)?(?:system(?: of equations)?|equations?|simultaneous equations|inequality|inequalities|roots? of|quadratic(?: equation)?)\s*:?\s*",
        "",
        text.strip(),
        flags=re.IGNORECASE,
    )
    parts = [part for part in re.split(r"\s*(?:;|,|\band\b|\n)\s*", text.strip(" {}")) if part]
    return solve([_equation(part) for part in parts], names)


def solve(equations: list[Any], names: list[str] | None) -> Solved:
    free: list[Any] = sorted(set[Any]().union(*(equation.free_symbols for equation in equations)), key=str)
    if not free:
        raise Unclear("There is no unknown in this equation.")
    symbols: list[Any] = [S.Symbol(name) for name in names] if names else free
    missing = [str(symbol) for symbol in symbols if symbol not in free]
    if missing:
        raise Unclear(
            f"{', '.join(missing)} does not occur in the equations; they contain {', '.join(map(str, free))}."
        )
    reading = f"solve {'; '.join(_shown(equation) for equation in equations)} for {', '.join(map(str, symbols))}"
    if any(not isinstance(equation, S.Eq) for equation in equations):
        if len(symbols) != 1 or any(len(equation.free_symbols) != 1 for equation in equations):
            raise Unclear("Inequalities are solved in one unknown.")
        real = S.Symbol(str(symbols[0]), real=True)
        found = S.And(*[S.reduce_inequalities(equation.subs(symbols[0], real), real) for equation in equations])
        return Solved(reading, [("", S.simplify(found).subs(real, symbols[0]))])
    if len(equations) == 1 and len(symbols) == 1:
        return _solve_one(equations[0], symbols[0], reading)
    if len(equations) == 1 and names is None:
        raise Unclear(f"Solve for which unknown? There are {', '.join(map(str, free))}.")
    found = S.solve(equations, symbols, dict=True)
    if not found:
        return Solved(reading, [("", S.EmptySet)], ["There is no solution."])
    answers: list[tuple[str, Any]] = []
    for index, one in enumerate(found, start=1):
        prefix = f"solution {index}: " if len(found) > 1 else ""
        answers += [(f"{prefix}{symbol}", one[symbol]) for symbol in symbols if symbol in one]
    notes = (
        ["There are infinitely many solutions; free unknowns stay."]
        if any(len(one) < len(symbols) for one in found)
        else []
    )
    return Solved(reading, answers, notes)


def _solve_one(equation: Any, symbol: Any, reading: str) -> Solved:
    difference = S.together(equation.lhs - equation.rhs)
    if S.simplify(difference) == 0:
        return Solved(reading, [("", S.true)], [f"Every {symbol} is a solution."])
    numerator = S.numer(difference)
    if (
        numerator.is_polynomial(symbol)
        and len(equation.free_symbols) == 1
        and S.degree(numerator, symbol) > 4
        and not S.roots(numerator, symbol)
    ):
        roots = S.Poly(numerator, symbol).nroots(n=15)
        return Solved(
            reading, [(str(symbol), root) for root in roots], ["There is no closed form; the roots are numeric."]
        )
    try:
        found = S.solve(equation, symbol)
    except NotImplementedError:
        found = None
    if found:
        notes = [f"{len(found)} solutions."] if len(found) > 1 else []
        if equation.has(S.sin, S.cos, S.tan):
            notes.append("Periodic functions: solutions within one period; others follow by the period.")
        return Solved(reading, [(str(symbol), value) for value in found], notes)
    if found == []:
        return Solved(reading, [("", S.EmptySet)], ["There is no solution."])
    roots: list[Any] = []
    for start in (0.1, 1, -1, 2, -2, 5, -5, 10, -10):
        try:
            root = S.nsolve(equation.lhs - equation.rhs, symbol, start)
        except (ValueError, TypeError, ZeroDivisionError, NotImplementedError):
            continue
        if abs(S.im(root)) < 1e-12 and all(abs(root - other) > 1e-9 for other in roots):
            roots.append(S.re(root))
    if not roots:
        raise Unclear("I find no solution of this equation, neither exact nor numeric.")
    return Solved(
        reading, [(str(symbol), root) for root in sorted(roots)], ["Found numerically; there may be more solutions."]
    )


def _shown(relation: Any) -> str:
    signs = {
        "Equality": "=",
        "StrictLessThan": "<",
        "StrictGreaterThan": ">",
        "LessThan": "<=",
        "GreaterThan": ">=",
        "Unequality": "!=",
    }
    return f"{relation.lhs} {signs.get(type(relation).__name__, '?')} {relation.rhs}"


RULES: tuple[Rule, ...] = (
    rule(
        r"solve\s+for\s+(?P<v>[a-zA-Z])\s*[:,]?\s+(?P<e>.+)",
        lambda match: solve([_equation(match["e"])], [match["v"]]),
    ),
    rule(r"(?:solve|(?:the\s+)?(?:solutions?|roots?|zeros?|zeroes)\s+(?:of|to))\s*:?\s+(?P<e>.+)", _solve_match),
    rule(r"for\s+(?:what|which)\s+(?:values?\s+of\s+)?(?P<v>[a-z])\s+(?:is|does)\s+(?P<e>.+)", _solve_match),
)
