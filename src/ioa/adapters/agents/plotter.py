"""The plotter: charts of files or of earlier results, with Matplotlib; saved as PNG and SVG."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.adapters.agents.data.own_files import named_files
from ioa.adapters.agents.data.stoppable import Stop, in_thread, open_tables
from ioa.adapters.agents.plotter_files import saved
from ioa.adapters.agents.plotter_results import Result, left_aside, named, referred, results_of, told
from ioa.adapters.agents.plotter_shapes import finished
from ioa.adapters.agents.plotter_tables import chart_of_question, chart_of_table, rounded
from ioa.ports.agent import AgentFailed, Assignment, Outcome, ReportProgress

if TYPE_CHECKING:
    from ioa.adapters.agents.data.charts import Chart
    from ioa.adapters.agents.data.tables import Table, Tables
    from ioa.adapters.agents.plotter_request import ChartRequest

_RESULT_WORDS = re.compile(
    r"\b(?:results?|answers?|findings?|outcome|above|previous|earlier|these|those|them)\b(?!\s+(?:data|file|table))",
    re.IGNORECASE,
)


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
        return await in_thread(plot, assignment)


def plot(assignment: Assignment, stop: Stop) -> Outcome:
    """Do the work of one assignment. Raises `AgentFailed`."""
    import duckdb

    from ioa.adapters.agents.data.question import NotUnderstood

    try:
        with open_tables(assignment, stop) as tables:
            chart = _chart(assignment, tables)
        return saved(chart, assignment.folder)
    except NotUnderstood as error:
        raise AgentFailed(str(error)) from error
    except duckdb.Error as error:
        why = stop.reason or str(error).splitlines()[0]
        raise AgentFailed(f"The data for the chart could not be computed: {why}.") from error


def _chart(assignment: Assignment, tables: Tables) -> Chart:
    from ioa.adapters.agents.plotter_request import read_request

    text, earlier = assignment.task_desc, assignment.earlier
    if not tables.tables:
        raise AgentFailed(" ".join(tables.problems) or "There is nothing to plot: no table file and no earlier result.")
    request = read_request(text)
    words = request.words
    results = results_of(tables, earlier)
    plain = _without_files(words.bare, tables)
    whole, own = not plain and not request.around, _names_own(text, tables)
    refers = words.refers or not words.question
    if whole and earlier and refers and (not own or _RESULT_WORDS.search(text)):
        if not results:
            raise AgentFailed("The earlier result has no table with numbers that could be drawn.")
        return _of_result(referred(results, text, request.nth, several=request.several), results, request, tables)
    if whole:
        return finished(rounded(chart_of_table(_whole_file(text, tables), tables, words), request.places), words)
    if not request.around and not own and not _points(request.question, results):
        among = [referred(results, text, request.nth)] if results and request.nth is not None else results
        if (result := named(among, plain, request.question, tables)) is not None:
            return _of_result(result, results, request, tables)
    chart = chart_of_question(request, tables, earlier, text)
    chart.notes += left_aside(results, frozenset((chart.x_label, *chart.series)))
    return finished(rounded(chart, request.places), words)


def _of_result(result: Result, results: list[Result], request: ChartRequest, tables: Tables) -> Chart:
    chart = rounded(chart_of_table(result.table, tables, request.words), request.places)
    chart.notes.append(told(results, result))
    return finished(chart, request.words)


def _points(question: str, results: list[Result]) -> bool:
    """Whether the question is about rows chosen before: `these samples`, but not `these totals` of a result."""
    from ioa.adapters.agents.data.dangling import pointer

    back = pointer(question)
    return back is not None and not any(back.noun and back.noun in one.words for one in results)


def _names_own(text: str, tables: Tables) -> bool:
    from ioa.adapters.agents.data.question import names_file

    return any(names_file(text, table) for table in tables.tables if not table.result)


def _whole_file(text: str, tables: Tables) -> Table:
    """The file that is drawn as it is. Raises `AgentFailed`."""
    from ioa.adapters.agents.data.understanding import Understanding

    if _RESULT_WORDS.search(text) and not _names_own(text, tables):
        raise AgentFailed("There is no earlier result to draw: name the file, and what of it to plot.")
    found = Understanding(tables).candidates(text, text)
    if len(found) != 1:
        raise AgentFailed(f"What is to be plotted? There are {', '.join(table.source for table in found)}.")
    return found[0]


def _without_files(text: str, tables: Tables) -> str:
    """The words without those that only name a file; a result is called by what it shows, so only by its whole name."""
    for table in tables.tables:
        file = table.source.split(":")[0]
        parts = [r"\W+".join(map(re.escape, re.findall(r"\w+", file)))] if table.result else re.findall(r"\w+", file)
        for part in parts:
            text = re.sub(rf"\b{part}\b", " ", text, flags=re.IGNORECASE)
    return " ".join(text.split())
