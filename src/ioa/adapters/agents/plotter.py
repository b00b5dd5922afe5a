"""The plotter: charts of files or of earlier results, with Matplotlib; saved as PNG and SVG."""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
import threading
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.adapters.agents.data.own_files import named_files
from ioa.adapters.agents.data_analyst import TIME_LIMIT_S, Stop, earlier_tables, free_name, write_table
from ioa.ports.agent import AgentFailed, Assignment, LocalFile, Outcome, ReportProgress

if TYPE_CHECKING:
    from ioa.adapters.agents.data.answer import Row
    from ioa.adapters.agents.data.chart_words import ChartWords
    from ioa.adapters.agents.data.charts import Chart
    from ioa.adapters.agents.data.reading import Reading
    from ioa.adapters.agents.data.tables import Table, Tables
    from ioa.adapters.agents.data.understanding import Understanding

_TEMPORAL = re.compile(r"^\d{4}(-(\d{2}|Q\d|W\d{2}))?$")
_TIME_WORDS = frozenset(["year", "month", "day", "date", "week", "quarter", "season", "hour", "time"])
_RAW = frozenset({"scatter", "histogram", "box"})


class Plotter:
    """Draws charts: `perform` in a network, `run` on its own (files go to the folder given)."""

    name = "Plotter"
    description = (
        "Draws charts and graphs: plots data from a CSV, Excel, JSON or Parquet file, or the table that another agent "
        "found, as a bar chart, column chart, horizontal bar chart, line chart, scatter plot, histogram, pie chart, box "  # noqa: E501 - a sentence in one piece
        "plot, grouped or stacked bars. Visualises results, trends over time, distributions, shares and comparisons, with "  # noqa: E501 - a sentence in one piece
        "title and labelled axes. Saves the figure as an image: PNG and SVG."
    )
    skills: tuple[str, ...] = (
        "plot the result as a bar chart",
        "draw a line chart of values over time, by month or by year",
        "scatter plot of one column against another",
        "histogram or box plot of a distribution",
        "pie chart of shares",
        "visualise data, make a graph, figure or diagram and save it as PNG or SVG",
    )
    idempotent = True

    def __init__(self, files: Iterable[str | Path] = (), folder: str | Path | None = None) -> None:
        """`files` are used by `run` besides those its text names; charts go to `folder` (else a new one)."""
        self._files = tuple(Path(file) for file in files)
        self._folder = Path(folder) if folder is not None else None

    def run(self, task_desc: str) -> str:
        """Draw what the text asks for; says where the files are. Raises `AgentFailed`."""
        folder = self._folder or Path(tempfile.mkdtemp(prefix="ioa-plot-"))
        folder.mkdir(parents=True, exist_ok=True)
        outcome = plot(Assignment("run", task_desc, folder, named_files(task_desc, self._files)), Stop())
        return f"{outcome.conclusion}\n\nFiles: {', '.join(str(file.path) for file in outcome.files)}"

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Draw in a thread; a cancelled task interrupts its query."""
        await progress("Drawing the chart.")
        stop = Stop()
        try:
            return await asyncio.to_thread(plot, assignment, stop)
        except asyncio.CancelledError:
            stop.now("cancelled")
            raise


def plot(assignment: Assignment, stop: Stop) -> Outcome:
    """Do the work of one assignment. Raises `AgentFailed`."""
    import duckdb

    from ioa.adapters.agents.data.question import NotUnderstood
    from ioa.adapters.agents.data.tables import Tables

    watchdog = threading.Timer(TIME_LIMIT_S, stop.now, [f"the work took longer than {TIME_LIMIT_S:g} seconds"])
    watchdog.daemon = True
    watchdog.start()
    try:
        with Tables(assignment.files, earlier_tables(assignment.earlier)) as tables:
            stop.watch(tables.con)
            try:
                chart = _chart(assignment.task_desc, tables)
            finally:
                stop.watch(None)
        return _save(chart, assignment.folder)
    except NotUnderstood as error:
        raise AgentFailed(str(error)) from error
    except duckdb.Error as error:
        why = stop.reason or str(error).splitlines()[0]
        raise AgentFailed(f"The data for the chart could not be computed: {why}.") from error
    finally:
        watchdog.cancel()


def _chart(text: str, tables: Tables) -> Chart:
    from ioa.adapters.agents.data.chart_words import read_chart_words
    from ioa.adapters.agents.data.question import NotUnderstood
    from ioa.adapters.agents.data.understanding import Understanding

    if not tables.tables:
        raise AgentFailed(" ".join(tables.problems) or "There is nothing to plot: no table file and no earlier result.")
    words = read_chart_words(text)
    understanding = Understanding(tables)
    results = [table for table in tables.tables if table.result]
    plain = _without_files(words.bare, tables)
    if results and not plain and (words.refers or not words.question):
        return _finish(_from_result(results, tables, words), words)
    if not plain:
        named = understanding.candidates(text, text)
        if len(named) != 1:  # a result is called by what it shows, so words of a question may name it
            named = [table for table in named if table.result] or named
        if len(named) != 1:
            raise AgentFailed(f"What is to be plotted? There are {', '.join(table.source for table in named)}.")
        return _finish(_from_result(named, tables, words), words)
    try:
        return _finish(_from_question(words, tables, understanding, text), words)
    except NotUnderstood as error:
        wanted = {word.lower() for word in re.findall(r"\w+", plain)}
        known = {
            word.lower()
            for table in results
            for column in table.columns
            for word in re.findall(r"[^\W_]+", column.name)
        }
        if results and wanted <= known | {word + "s" for word in known}:
            return _finish(_from_result(results, tables, words), words)
        raise error from None


def _without_files(text: str, tables: Tables) -> str:
    for table in tables.tables:
        file = table.source.split(":")[0]
        for part in re.findall(r"\w+", file):
            text = re.sub(rf"\b{re.escape(part)}\b", " ", text, flags=re.IGNORECASE) if re.escape(file) else text
    return " ".join(text.split())


def _from_question(words: ChartWords, tables: Tables, understanding: Understanding, whole: str) -> Chart:
    """Compute what the words ask for, then draw it."""
    from ioa.adapters.agents.data.answer import answer
    from ioa.adapters.agents.data.question import NotUnderstood
    from ioa.adapters.agents.data.reading import Group

    question, kind = words.question, words.kind
    versus = re.search(r"\b(?:versus|vs\.?|against)\b", question, re.IGNORECASE)
    if not kind and versus:
        kind = "scatter"
    over_time = re.search(r"\bover\s+(?:the\s+)?(?:time|days|dates?)\b", question, re.IGNORECASE)
    readings: list[Reading] | None = None
    refusal: NotUnderstood | None = None
    if kind not in _RAW and not (kind in {"", "line"} and over_time):
        try:
            readings = understanding.read(question, whole)
        except NotUnderstood as error:
            refusal = error
    if readings is None:
        readings = _raw_readings(question, kind, understanding, whole, refusal, over_time=over_time is not None)
    if len(readings) != 1:
        raise NotUnderstood("Several files could be plotted: name the one that is meant.")
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
        names, rows = _chosen(reading, names, rows, kind)
    elif reading.kind not in {"table", "ranked"} or (not reading.groups and kind != "histogram"):
        raise NotUnderstood(
            f'That is no table to draw: {found.sentence} Say what to compare, such as "revenue by region".'
        )
    chart = _shape(names, rows, kind, words, len(reading.groups) if reading.measures else 0)
    chart.additive = bool(reading.measures) and all(measure.fn in {"sum", "count"} for measure in reading.measures)
    chart.notes = list(dict.fromkeys(found.notes)) + (
        [f"Only where {reading.where_words}."] if reading.conditions else []
    )
    return chart


def _raw_readings(
    question: str, kind: str, understanding: Understanding, whole: str, refusal: Exception | None, *, over_time: bool
) -> list[Reading]:
    """Charts of single rows: the columns named, unaggregated."""
    from ioa.adapters.agents.data.question import NotUnderstood

    if kind not in {*_RAW, "line", "", "bar"}:
        raise refusal or NotUnderstood("What is to be plotted?")
    text = re.sub(
        r"\b(?:versus|vs\.?|against|over|with respect to|as a function of|by|per|for each|for every|across|in each|grouped by)\b",  # noqa: E501 - a sentence in one piece
        " and ",
        question,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        r"\b(?:distribution|relationship|correlation|relation|comparison|development|trend|frequency|spread|evolution|course)\s+(?:of|between|in)?\b",
        " ",
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(r"\bbetween\b", " ", text, flags=re.IGNORECASE)
    if over_time:
        text = re.sub(r"\band\s+(?:the\s+)?(?:time|days|dates?)\b", " ", text, flags=re.IGNORECASE)
    try:
        readings = understanding.read(f"list {text}", whole)
    except NotUnderstood as error:
        raise refusal or error from error
    for reading in readings:
        if reading.kind == "distinct":
            reading.kind = "rows"
        if reading.kind != "rows" or not reading.columns:
            raise refusal or NotUnderstood("Name the columns to plot.")
        if kind in {"", "line"}:
            dates = [column for column in reading.columns if column.kind == "date"] or [
                column for column in reading.scope.columns if column.kind == "date"
            ]
            if len(dates) != 1 or not (over_time or dates[0] in reading.columns):
                raise refusal or NotUnderstood("A line over time needs one date column; name it.")
            reading.columns = [dates[0], *(column for column in reading.columns if column != dates[0])]
            reading.order = (dates[0].name, "asc")
    return readings


def _chosen(reading: Reading, names: list[str], rows: list[Row], kind: str) -> tuple[list[str], list[Row]]:
    """Of the columns of rows, those to draw: without columns that only filters brought in."""
    filters = {
        condition.column.name for condition in reading.conditions if condition.column is not None and condition.values
    }
    if reading.kind == "ranked rows" and reading.rank:
        label = [column.name for column in reading.columns if column.name in names][:1]
        texts = [column.name for column in reading.scope.columns if column.kind == "text" and column.name in names]
        wanted = [*(label or texts[:1]), reading.rank.label]
    else:
        wanted = [column.name for column in reading.columns if column.name not in filters] or names
    del kind
    places = [names.index(name) for name in wanted if name in names]
    return [names[place] for place in places], [[row[place] for place in places] for row in rows]


def _from_result(results: list[Table], tables: Tables, words: ChartWords) -> Chart:
    """Draw an earlier table as it is: the last one that has something to draw."""
    from ioa.adapters.agents.data.answer import run_sql
    from ioa.adapters.agents.data.typing_columns import identifier

    usable = [
        table
        for table in results
        if any(column.kind == "number" for column in table.columns) and (table.rows > 1 or len(table.columns) > 1)
    ]
    if not usable:
        if not results[-1].result:
            raise AgentFailed(
                f'{results[-1].source} has no column with numbers to draw; say what to count, such as "number of rows by ...".'  # noqa: E501 - a sentence in one piece
            )
        raise AgentFailed(
            "The earlier result has no table with numbers that could be drawn"
            + (" (a single number needs no chart)." if results else ".")
        )
    table = usable[-1]
    wanted = {word.lower().rstrip("s") for word in re.findall(r"[^\W_]+", words.question)}
    names, rows = run_sql(tables.con, f"SELECT * FROM {identifier(table.name)}")  # noqa: S608 - names and values are quoted
    kinds = {column.name: column.kind for column in table.columns}
    numbers = [name for name in names if kinds[name] == "number"]
    said = [name for name in numbers if {word.lower().rstrip("s") for word in re.findall(r"[^\W_]+", name)} <= wanted]
    if said and len(said) < len(numbers):
        places = [index for index, name in enumerate(names) if name in said or name not in numbers]
        names, rows = [names[place] for place in places], [[row[place] for place in places] for row in rows]
    chart = _shape(names, rows, words.kind, words)
    if len(usable) > 1:
        chart.notes.append(f"Of {len(usable)} earlier tables, the last one is drawn.")
    return chart


def _numeric(values: list[object]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in present
    )


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) else None


def _shape(names: list[str], rows: Sequence[Row], kind: str, words: ChartWords, groups: int = 0) -> Chart:
    """Decide what is on which axis from the types of the columns; the first `groups` columns are keys."""
    from ioa.adapters.agents.data.charts import Chart

    if not rows:
        raise AgentFailed("There are no rows to draw.")
    columns: list[list[object]] = [[row[index] for row in rows] for index in range(len(names))]
    numbers = [index for index, values in enumerate(columns) if _numeric(values)]
    timed = [index for index in numbers if set(re.findall(r"[a-z]+", names[index].lower())) & _TIME_WORDS]
    if kind not in _RAW and len(timed) < len(numbers):
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


def _finish(chart: Chart, words: ChartWords) -> Chart:
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


def _save(chart: Chart, folder: Path) -> Outcome:
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
