"""Numbers for reports: middles of rounds and percentiles of many."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9)


def middle(values: Sequence[float]) -> float:
    """The median, to four significant digits."""
    return significant(statistics.median(values))


def significant(value: float, digits: int = 4) -> float:
    return float(f"{value:.{digits}g}")


def percentile(ordered: Sequence[float], share: float) -> float:
    """Of values in ascending order, the least that at least `share` percent do not exceed."""
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]


def percentiles(values_s: Sequence[float]) -> dict[str, float]:
    """`{"p50": …}` in milliseconds, of seconds."""
    ordered = sorted(values_s)
    return {f"p{share:g}": significant(1000 * percentile(ordered, share)) for share in PERCENTILES}


def middle_percentiles(rounds_s: Sequence[Sequence[float]]) -> dict[str, float]:
    """Of each percentile the median over the rounds: one in which the machine was busy does not decide."""
    rows = [percentiles(values) for values in rounds_s]
    return {name: middle([row[name] for row in rows]) for name in rows[0]}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown, and an empty one."""
    lines = ["|" + "|".join(head) + "|", "|" + "---|" * len(head)]
    return [*lines, *("|" + "|".join(row) + "|" for row in rows), ""]
