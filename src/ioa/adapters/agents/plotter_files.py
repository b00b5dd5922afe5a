"""A chart as files: PNG, SVG, and the plotted values as a table."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.adapters.agents.data_analyst import free_name, write_table
from ioa.ports.agent import AgentFailed, LocalFile, Outcome

if TYPE_CHECKING:
    from ioa.adapters.agents.data.answer import Row
    from ioa.adapters.agents.data.charts import Chart


def _plotted(chart: Chart) -> tuple[list[str], list[Row]]:
    """The plotted values as a table."""
    if chart.kind == "histogram":
        from ioa.adapters.agents.data.charts import bins

        edges = bins(chart)
        values = [value for value in next(iter(chart.series.values())) if value is not None]
        counts = [
            sum(low <= value < high or (high == edges[-1] and value == high) for value in values)
            for low, high in itertools.pairwise(edges)
        ]
        return ["from", "to", "number of rows"], [
            [low, high, count] for low, high, count in zip(edges, edges[1:], counts, strict=False)
        ]
    if chart.kind == "box":
        import statistics

        rows: list[Row] = []
        for name, series in chart.series.items():
            values = sorted(value for value in series if value is not None)
            low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
            rows.append([name, len(values), values[0], low, middle, high, values[-1]])
        return [chart.x_label or "column", "rows", "min", "q25", "median", "q75", "max"], rows
    return [chart.x_label, *chart.series], [
        [x, *(values[index] for values in chart.series.values())] for index, x in enumerate(chart.x)
    ]


def saved(chart: Chart, folder: Path) -> Outcome:
    from ioa.adapters.agents.data.answer import markdown_table
    from ioa.adapters.agents.data.charts import draw, slug

    if not any(value is not None for values in chart.series.values() for value in values):
        raise AgentFailed("There are no values to draw.")
    png = free_name(folder, f"{slug(chart.title)}.png")
    svg = free_name(folder, f"{png.stem}.svg")
    draw(chart, png, svg)
    names, rows = _plotted(chart)
    values = write_table(free_name(folder, f"{png.stem}.csv"), names, rows)
    points = sum(value is not None for series in chart.series.values() for value in series)
    kind = {"box": "box plot", "scatter": "scatter plot", "histogram": "histogram"}.get(
        chart.kind, f"{chart.kind} chart"
    )
    if chart.stacked:
        kind = f"stacked {kind}"
    sentence = f'Drew a {kind}, "{chart.title}", with {points} values: {png.name} and {svg.name}.'
    parts = [
        sentence,
        *(["\n".join(f"- {note}" for note in chart.notes)] if chart.notes else []),
        markdown_table(names, rows),
    ]
    files = (LocalFile(png.name, "image/png", png), LocalFile(svg.name, "image/svg+xml", svg), values)
    return Outcome("\n\n".join(parts), sentence, files)
