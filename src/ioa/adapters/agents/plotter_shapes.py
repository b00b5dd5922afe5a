"""What of a table goes on which axis of a chart, and what a kind of chart cannot show. Rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ioa.ports.agent import AgentFailed

if TYPE_CHECKING:
    from ioa.adapters.agents.data.answer import Row
    from ioa.adapters.agents.data.chart_words import ChartWords
    from ioa.adapters.agents.data.charts import Chart

_TEMPORAL = re.compile(r"^\d{4}(-(\d{2}|Q\d|W\d{2}))?$")
_TIME_WORDS = frozenset(["year", "month", "day", "date", "week", "quarter", "season", "hour", "time"])
RAW_KINDS = frozenset({"scatter", "histogram", "box"})


def _numeric(values: list[object]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in present
    )


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) else None


def shaped(names: list[str], rows: Sequence[Row], kind: str, words: ChartWords, groups: int = 0) -> Chart:
    """Decide what is on which axis from the types of the columns; the first `groups` columns are keys."""
    from ioa.adapters.agents.data.charts import Chart

    if not rows:
        raise AgentFailed("There are no rows to draw.")
    columns: list[list[object]] = [[row[index] for row in rows] for index in range(len(names))]
    numbers = [index for index, values in enumerate(columns) if _numeric(values)]
    timed = [index for index in numbers if set(re.findall(r"[a-z]+", names[index].lower())) & _TIME_WORDS]
    if kind not in RAW_KINDS and len(timed) < len(numbers):
        numbers = [index for index in numbers if index >= groups and (groups or index not in timed)]
    keys = [index for index in range(len(names)) if index not in numbers]
    if not numbers:
        raise AgentFailed(f"None of the columns {', '.join(names)} has numbers to draw.")
    if kind == "histogram" or (not kind and len(names) == 1):
        chart = Chart("histogram", f"Distribution of {names[numbers[0]]}", names[numbers[0]], "number of rows")
        chart.series = {names[index]: [_float(value) for value in columns[index]] for index in numbers[:1]}
        return chart
    if kind == "box":
        return _box(names, columns, numbers, keys)
    if kind == "scatter":
        if len(numbers) < 2:
            raise AgentFailed(f"A scatter plot needs two columns with numbers; there is {names[numbers[0]]}.")
        y, x = numbers[0], numbers[1]
        chart = Chart(
            "scatter", f"{names[y]} against {names[x]}", names[x], names[y], [_float(value) for value in columns[x]]
        )
        chart.series = {names[y]: [_float(value) for value in columns[y]]}
        return chart
    if not keys and len(numbers) > 1:
        first = numbers[0]
        ordered = len(set(columns[first])) == len(rows)
        if not ordered and not set(re.findall(r"[a-z]+", names[first].lower())) & _TIME_WORDS:
            raise AgentFailed(
                f'Which of {", ".join(names)} goes on the x-axis? Say, for example, "{names[1]} by {names[0]}".'
            )
        keys, numbers = [first], numbers[1:]
    elif not keys:
        keys, columns, names = [len(columns)], [*columns, list[object](range(1, len(rows) + 1))], [*names, "row"]
    return _against(names, columns, keys, numbers, kind, words)


def _box(names: list[str], columns: list[list[object]], numbers: list[int], keys: list[int]) -> Chart:
    from ioa.adapters.agents.data.charts import Chart

    chart = Chart(
        "box",
        f"{names[numbers[0]]}" + (f" by {names[keys[0]]}" if keys else ""),
        names[keys[0]] if keys else "",
        names[numbers[0]],
    )
    if not keys:
        chart.series = {names[index]: [_float(value) for value in columns[index]] for index in numbers}
        return chart
    for group, value in zip(columns[keys[0]], columns[numbers[0]], strict=True):
        if value is not None:
            chart.series.setdefault("–" if group is None else str(group), []).append(_float(value))
    chart.series = dict(sorted(chart.series.items()))
    if len(chart.series) > 40:
        raise AgentFailed(f"{len(chart.series)} boxes are too many to read; filter the groups first.")
    return chart


def _against(
    names: list[str], columns: list[list[object]], keys: list[int], numbers: list[int], kind: str, words: ChartWords
) -> Chart:
    """Values against categories, dates or years; a second key column becomes the series."""
    from ioa.adapters.agents.data.charts import Chart

    dated = [index for index in keys if _temporal(names[index], columns[index])]
    x = dated[0] if dated else keys[0]
    others = [index for index in keys if index != x]
    chart = Chart(kind or ("line" if dated else "bar"), "", names[x], ", ".join(names[index] for index in numbers))
    if len(others) == 1 and len(numbers) == 1:
        _pivot(chart, columns[x], columns[others[0]], columns[numbers[0]])
        by = f"{names[x]} and {names[others[0]]}"
    else:
        if len(set(map(str, columns[x]))) < len(columns[x]):
            raise AgentFailed(
                f'"{names[x]}" repeats, so {names[numbers[0]]} is not one value for each: say total, average or count of {names[numbers[0]]} by {names[x]}.'  # noqa: E501 - a sentence in one piece
            )
        chart.x = list(columns[x])
        chart.series = {names[index]: [_float(value) for value in columns[index]] for index in numbers}
        by = names[x]
    if chart.kind == "line" and dated:
        order = sorted(range(len(chart.x)), key=lambda index: str(chart.x[index]))
        chart.x = [chart.x[index] for index in order]
        chart.series = {name: [values[index] for index in order] for name, values in chart.series.items()}
    chart.title = f"{', '.join(names[index] for index in numbers)} by {by}"
    chart.stacked = words.stacked
    return chart


def _temporal(name: str, values: list[object]) -> bool:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, date) for value in present):
        return True
    named = bool(set(re.findall(r"[a-z]+", name.lower())) & _TIME_WORDS)
    return (
        named and len(present) > 1 and all(_TEMPORAL.match(str(value)) or isinstance(value, int) for value in present)
    )


def _pivot(chart: Chart, xs: list[object], names: list[object], values: list[object]) -> None:
    cells: dict[tuple[object, str], float | None] = {}
    for x, name, value in zip(xs, names, values, strict=True):
        cell = (x, "–" if name is None else str(name))
        if cell in cells:
            raise AgentFailed(f'"{x}" and "{name}" occur together more than once: say total, average or count.')
        cells[cell] = _float(value)
    chart.x = list(dict.fromkeys(xs))
    for name in dict.fromkeys(name for _, name in cells):
        chart.series[name] = [cells.get((x, name)) for x in chart.x]


def finished(chart: Chart, words: ChartWords) -> Chart:
    """Title, readable numbers of categories, and what a kind of chart cannot show."""
    from ioa.adapters.agents.data.charts import MAX_BARS, MAX_SLICES

    chart.title = words.title or (chart.title[:1].upper() + chart.title[1:]).replace("_", " ")
    if chart.kind == "pie":
        if len(chart.series) != 1:
            raise AgentFailed(f"A pie chart shows one column; there are {', '.join(chart.series)}. Say which.")
        if any((value or 0) < 0 for value in next(iter(chart.series.values()))):
            raise AgentFailed("A pie chart cannot show negative values; a bar chart can.")
    if (
        chart.kind == "bar"
        and not chart.stacked
        and len(chart.series) == 1
        and (len(chart.x) > 12 or any(len(str(x)) > 18 for x in chart.x))
        and not _temporal(chart.x_label, chart.x)
    ):
        chart.kind = "horizontal bar"
    limit = MAX_SLICES if chart.kind == "pie" else MAX_BARS
    if (
        chart.kind in {"pie", "bar", "horizontal bar"}
        and len(chart.x) > limit
        and not _temporal(chart.x_label, chart.x)
    ):
        _shorten(chart, limit)
    if len(chart.series) > 12 and chart.kind != "box":
        raise AgentFailed(f"{len(chart.series)} series are too many to tell apart; filter first, or take the top few.")
    return chart


def _shorten(chart: Chart, limit: int) -> None:
    totals = [sum(values[index] or 0.0 for values in chart.series.values()) for index in range(len(chart.x))]
    order = sorted(range(len(chart.x)), key=lambda index: -totals[index])
    together = chart.additive or chart.kind == "pie"
    kept, rest = order[: limit - together], order[limit - together :]
    chart.series = {
        name: [values[index] for index in kept] + ([sum(values[index] or 0.0 for index in rest)] if together else [])
        for name, values in chart.series.items()
    }
    chart.x = [chart.x[index] for index in kept] + (["other"] if together else [])
    chart.notes.append(
        f"The largest {len(kept)} are drawn; {len(rest)} more are "
        + ('added up as "other".' if together else "left out.")
    )
