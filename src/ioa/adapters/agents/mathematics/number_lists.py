"""Means, spreads and sums of numbers that are listed in the task."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S
from ioa.adapters.agents.mathematics.phrases import Rule, Solved, numbers_of, rule

_STATS = r"(?P<fn>(?:arithmetic |geometric )?mean|average|median|mode|(?:population |sample )?(?:standard deviation|variance|std)|range|minimum|maximum|min|max|smallest|largest)"


def _statistics(match: re.Match[str]) -> Solved:
    name, values = match["fn"].lower(), numbers_of(match["e"])
    if not values or any(not value.is_number for value in values):
        raise Unclear(f'"{match["e"]}" is not a list of numbers.')
    count, total = len(values), sum(values, S.Integer(0))
    mean = total / count
    ordered = sorted(values, key=lambda value: float(value))
    population = "population" in name
    if re.search("deviation|variance|std", name):
        if count < 2 and not population:
            raise Unclear("A sample standard deviation needs at least two numbers.")
        spread = sum(((value - mean) ** 2 for value in values), S.Integer(0)) / (count if population else count - 1)
        other = sum(((value - mean) ** 2 for value in values), S.Integer(0)) / (
            count - 1 if population and count > 1 else count
        )
        root = "variance" not in name
        kinds = ("population", "sample") if population else ("sample", "population")
        notes = [f"As a {kinds[1]}: {S.N(S.sqrt(other) if root else other, 10)}."]
        return Solved(
            f"{kinds[0]} {'standard deviation' if root else 'variance'} of {count} numbers",
            [("", S.sqrt(spread) if root else spread)],
            notes,
        )
    middle = count // 2
    median = ordered[middle] if count % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    most = max(values.count(value) for value in values)
    modes = [value for value in dict.fromkeys(ordered) if values.count(value) == most]
    table: dict[str, Any] = {
        "mean": mean,
        "average": mean,
        "median": median,
        "sum": total,
        "total": total,
        "add": total,
        "product": S.prod(values),
        "multiply": S.prod(values),
        "minimum": ordered[0],
        "min": ordered[0],
        "smallest": ordered[0],
        "maximum": ordered[-1],
        "max": ordered[-1],
        "largest": ordered[-1],
        "range": ordered[-1] - ordered[0],
        "geometric mean": S.root(S.prod(values), count),
    }
    key = re.sub(r"^(?:the|arithmetic)\s+", "", name)
    if key == "mode":
        return Solved(f"mode of {count} numbers", [("", value) for value in modes])
    return Solved(f"{key} of {count} numbers", [("", table[key])])


_LISTED = r"(?P<e>-?\d[\d.]*(?:\s*(?:,|;|,?\s*\band\b)\s*-?\d[\d.]*)+)"
RULES: tuple[Rule, ...] = (
    # "Average these numbers: 3, 4 and 8", "the mean: 3, 4, 8"
    rule(
        rf"(?:take\s+)?(?:the\s+)?{_STATS}\s*(?:(?:of|for)\s+)?(?:(?:these|those|the|following|given)\s+)*(?:numbers|values|figures|data|scores|marks|grades|prices|amounts)?\s*:?\s+{_LISTED}",
        _statistics,
    ),
    rule(
        rf"{_STATS}\s+(?:of|from|for|among)\s+(?:the\s+)?(?:(?:numbers|values|list|data)\s*:?\s*)?(?P<e>[-\d(\[][-\d.,\s;()\[\]]*(?:and\s+\(?-?[\d.]+\)?)?[\])]?)",
        _statistics,
    ),
    rule(
        r"(?P<fn>sum|product|add|multiply|total)\s+(?:of\s+|up\s+)?(?:the\s+)?(?:(?:numbers|values)\s*:?\s*)?(?P<e>[-(]?[\d.]+[)]?(?:\s*(?:,|;|,?\s*\band\b)\s*\(?-?[\d.]+\)?)+(?:\s+together)?)",
        _statistics,
    ),
)
