"""The table that a chart shows: computed from what the words ask for, or an earlier result as it is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from ioa.adapters.agents.plotter_results import stems
from ioa.adapters.agents.plotter_shapes import shaped
from ioa.ports.agent import AgentFailed, EarlierResult

if TYPE_CHECKING:
    from ioa.adapters.agents.data.answer import Row
    from ioa.adapters.agents.data.chart_words import ChartWords
    from ioa.adapters.agents.data.charts import Chart
    from ioa.adapters.agents.data.reading import Reading
    from ioa.adapters.agents.data.tables import Table, Tables
    from ioa.adapters.agents.plotter_request import ChartRequest


def chart_of_question(request: ChartRequest, tables: Tables, earlier: Sequence[EarlierResult], whole: str) -> Chart:
    """Compute what the words ask for, then draw it. Raises `NotUnderstood` and `AgentFailed`."""
    from ioa.adapters.agents.data.answer import answer
    from ioa.adapters.agents.data.question import NotUnderstood
    from ioa.adapters.agents.data.reading import Group
    from ioa.adapters.agents.plotter_readings import ChartAnswering, kind_of

    words, kind = request.words, kind_of(request.question, request.words.kind)
    before = [(one.task_desc, one.conclusion) for one in earlier]
    readings = ChartAnswering(tables, before, request.question, kind, whole).readings(request.text)
    if len(readings) != 1:
        raise NotUnderstood("This could be several charts, or of several files: ask for one, and name its file.")
    reading = readings[0]
    several = [one for one in reading.conditions if len(one.parts) > 1 and not one.negated and one.column is not None]
    if reading.kind == "table" and reading.measures and not reading.groups and len(several) == 1:
        column = several[0].column
        assert column is not None
        reading.groups.append(Group(column, reading.column_sql(column)))  # `revenue of North and South`: a bar for each
    found = answer(tables.con, reading)
    names, rows = found.columns, found.rows
    if reading.kind in {"share", "growth", "running"} and reading.groups:
        keep = len(reading.groups)
        names, rows = [*names[:keep], names[-1]], [[*row[:keep], row[-1]] for row in rows]
    elif reading.kind in {"ranked rows", "rows"}:
        names, rows = _chosen(reading, names, rows)
    elif reading.kind not in {"table", "ranked"} or (not reading.groups and kind != "histogram"):
        raise NotUnderstood(
            f'That is no table to draw: {found.sentence} Say what to compare, such as "revenue by region".'
        )
    chart = shaped(names, rows, kind, words, len(reading.groups) if reading.measures else 0)
    chart.additive = bool(reading.measures) and all(measure.fn in {"sum", "count"} for measure in reading.measures)
    chart.notes = list(dict.fromkeys(found.notes)) + ([f"Only where {reading.where_words}."] if reading.where else [])
    return chart


def _chosen(reading: Reading, names: list[str], rows: list[Row]) -> tuple[list[str], list[Row]]:
    """Of the columns of rows, those to draw: without columns that only filters brought in."""
    from ioa.adapters.agents.data.question import NotUnderstood

    filters = {
        condition.column.name for condition in reading.conditions if condition.column is not None and condition.values
    }
    if reading.kind == "ranked rows" and reading.rank:
        label = [column.name for column in reading.columns if column.name in names][:1]
        texts = [column.name for column in reading.scope.columns if column.kind == "text" and column.name in names]
        wanted = [*(label or texts[:1]), reading.rank.label]
    else:
        wanted = [column.name for column in reading.columns if column.name not in filters]
        if not wanted:
            raise NotUnderstood("Name the columns to plot, not only which rows.")
    places = [names.index(name) for name in wanted if name in names]
    return [names[place] for place in places], [[row[place] for place in places] for row in rows]


def chart_of_table(table: Table, tables: Tables, words: ChartWords) -> Chart:
    """Draw a table as it is; of its number columns, those that the words name. Raises `AgentFailed`."""
    from ioa.adapters.agents.data.answer import run_sql
    from ioa.adapters.agents.data.typing_columns import identifier

    if not any(column.kind == "number" for column in table.columns):
        raise AgentFailed(
            f'{table.source} has no column with numbers to draw; say what to count, such as "number of rows by ...".'
        )
    wanted = stems(words.question)
    names, rows = run_sql(tables.con, f"SELECT * FROM {identifier(table.name)}")  # noqa: S608 - names and values are quoted
    kinds = {column.name: column.kind for column in table.columns}
    numbers = [name for name in names if kinds[name] == "number"]
    said = [name for name in numbers if stems(name) <= wanted]
    if said and len(said) < len(numbers):
        places = [index for index, name in enumerate(names) if name in said or name not in numbers]
        names, rows = [names[place] for place in places], [[row[place] for place in places] for row in rows]
    return shaped(names, rows, words.kind, words)


def rounded(chart: Chart, places: int | None) -> Chart:
    """The chart with its values rounded, halves up; unchanged if `places` is None."""
    if places is None:
        return chart
    step = Decimal(1).scaleb(-places)
    chart.series = {
        name: [None if one is None else float(Decimal(f"{one:.15g}").quantize(step, ROUND_HALF_UP)) for one in values]
        for name, values in chart.series.items()
    }
    chart.notes.append(f"Values are rounded to {places} decimal place(s).")
    return chart
