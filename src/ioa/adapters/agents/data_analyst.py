"""The data analyst: answers English questions about tables with DuckDB, by rules. It refuses what it cannot read.

Source: docs/agents.md; issue "The network", agents that do real work without a model.
"""

from __future__ import annotations

import csv
import re
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.adapters.agents.data.own_files import named_files
from ioa.adapters.agents.data.stoppable import Stop, in_thread, open_tables
from ioa.ports.agent import AgentFailed, Assignment, LocalFile, Outcome, ReportProgress

if TYPE_CHECKING:
    from ioa.adapters.agents.data.answer import Answer
    from ioa.adapters.agents.data.tables import Tables

_SQL = re.compile(
    r"```(?:sql\b)?\s*(?P<fence>.+?)```|(?<!`)`\s*(?P<tick>(?:SELECT\s|WITH\s)[^`]+)`|"
    r"(?P<plain>\b(?:SELECT\s.+\bFROM\b|WITH\s+\w+\s+AS\s*\().*)",
    re.IGNORECASE | re.DOTALL,
)
_TARGET = re.compile(
    r"(?is)\s+(?:on|against|over|in|using|with)\s+(?:the\s+)?(?:file\s+|table\s+)?(?P<name>[^\s;]+?|\"[^\"]+\")[\s.;]*$"
)
_CHANGES = re.compile(
    r"^\W*(?:run\s+|execute\s+|sql:?\s*)*(?P<word>insert\s+into|update\s+\w+\s+set|delete\s+from|drop\s+(?:table|view|database)|alter\s+table|create\s+(?:or\s+replace\s+)?(?:table|view)|attach|copy|install|load|pragma|set)\b",
    re.IGNORECASE,
)


class DataAnalyst:
    """Answers questions about tables: `perform` in a network, `run` on its own."""

    name = "Data analyst"
    description = (
        "Analyses data in tables: CSV, TSV, Excel (xlsx), JSON and Parquet files, and the tables in HTML pages and "
        "Markdown texts. Finds, computes, counts and compares "
        "numbers: totals and sums, averages and means, medians, minimum and maximum, standard deviation, percentiles, "
        "share of each group in a column, per group (by region, per month, for each department), filtered (where, only, "  # noqa: E501 - a sentence in one piece
        "over, before, in 2024), top and bottom ranking (which product sold the most, the five highest salaries), correlation, "  # noqa: E501 - a sentence in one piece
        "differences and growth between groups or periods, missing values, duplicates, distinct values. Describes and "
        "summarises a dataset, lists rows and records, joins two files, runs SQL queries (SELECT). Answers with a table "  # noqa: E501 - a sentence in one piece
        "and the SQL it ran."
    )
    skills: tuple[str, ...] = (
        "total, sum, average, median, minimum, maximum or count of a column in a data file",
        "revenue, sales, cost, salary or quantity per region, product, customer, month or year",
        "group by, filter and sort rows of a table; top N and bottom N ranking",
        "how many rows, orders, customers or employees match a condition",
        "which product, person, store or month has the highest or lowest value",
        "correlation between two columns; share and percentage of a total; growth over time",
        "describe a dataset: columns, types, ranges, missing values, duplicates, summary statistics",
        "run a read-only SQL query on CSV, Excel, JSON or Parquet files",
        "which month or day had the most, the least or the average, in a table of an HTML page or Markdown file",
    )
    idempotent = True

    def __init__(self, files: Iterable[str | Path] = ()) -> None:
        """`files` are used by `run` besides those that its text names."""
        self._files = tuple(Path(file) for file in files)

    def run(self, task_desc: str) -> str:
        """Answer a question about files named in the text. Raises `AgentFailed`."""
        with tempfile.TemporaryDirectory(prefix="ioa-analyst-") as folder:
            assignment = Assignment("run", task_desc, Path(folder), named_files(task_desc, self._files))
            return analyse(assignment, Stop()).conclusion

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Answer in a thread; a cancelled task interrupts its query."""
        await progress("Reading the files.")
        return await in_thread(analyse, assignment)


def analyse(assignment: Assignment, stop: Stop) -> Outcome:
    """Do the work of one assignment. Raises `AgentFailed`."""
    import duckdb

    from ioa.adapters.agents.data.question import NotUnderstood

    try:
        with open_tables(assignment, stop) as tables:
            return _outcome(assignment, tables)
    except NotUnderstood as error:
        raise AgentFailed(str(error)) from error
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise AgentFailed(
            f"The query was stopped: {stop.reason}." if stop.reason else f"The query failed: {first}"
        ) from error


def _outcome(assignment: Assignment, tables: Tables) -> Outcome:
    from ioa.adapters.agents.data.answering import Answering

    _refuse_unreadable(assignment, tables)
    text = assignment.task_desc
    if (changing := _CHANGES.match(text)) is not None:
        raise AgentFailed(f'"{changing["word"]}" would change data; only SELECT is allowed.')
    answers = _sql_answer(text, tables)
    if answers is None:
        answers = Answering(tables, [(one.task_desc, one.conclusion) for one in assignment.earlier]).answers(text)
    return write_outcome(assignment.folder, answers)


def _refuse_unreadable(assignment: Assignment, tables: Tables) -> None:
    named = [
        problem
        for problem in tables.problems
        if any(
            problem.startswith(file.name) and file.name.lower() in assignment.task_desc.lower()
            for file in assignment.files
        )
    ]
    if named or (not tables.tables and tables.problems):
        raise AgentFailed(" ".join(named or tables.problems))
    if not tables.tables:
        have = ", ".join(file.name for file in assignment.files) or "none"
        raise AgentFailed(
            f"There is no table to analyse. Files given: {have}. CSV, TSV, Excel, JSON and Parquet files are read, "
            "and tables with a header in HTML and Markdown files."
        )


def _without_target(sql: str, tables: Tables) -> str:
    """SQL in a sentence, without the words behind it that name its file: `... FROM staff on staff.csv.`"""
    sql = sql.rstrip(" .;\n")
    target = _TARGET.search(sql)
    known = {table.source.split(":")[0].lower() for table in tables.tables}
    if target is not None and Path(target["name"].strip("\"`'")).name.lower() in known:
        before = sql[: target.start()].rstrip(" .;`\n")
        if re.search(r"\bfrom\s+\S", before, re.IGNORECASE):
            return before
    return sql


def _sql_answer(text: str, tables: Tables) -> list[Answer] | None:
    """The answer to plain SQL in the text; None if there is none."""
    import duckdb

    from ioa.adapters.agents.data.answer import Answer, run_sql
    from ioa.adapters.agents.data.typing_columns import identifier

    match = _SQL.search(text)
    if match is None:
        return None
    sql = (match["fence"] or match["tick"] or match["plain"]).strip().rstrip(";`").strip()
    if match["plain"] is not None:
        sql = _without_target(sql, tables)
    fenced = match["plain"] is None or bool(
        re.search(r"\*|\bsql\b|\bquery\b|\w\s*,\s*\w+\s+from|\w\(.*\)", text, re.IGNORECASE)
    )
    for table in tables.tables:
        file = table.source.split(":")[0]
        same = [one for one in tables.tables if one.source.split(":")[0] == file]
        if len(same) == 1:
            sql = re.sub(
                rf"(?<![\w.])(['\"`]?)(?:[\w./~-]*/)?{re.escape(file)}\1(?!\w)",
                lambda _, table=table: identifier(table.name),
                sql,
            )
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        if not fenced:
            return None
        raise AgentFailed(f"This is not SQL that DuckDB reads: {str(error).splitlines()[0]}") from error
    kinds = {statement.type for statement in statements}
    if kinds != {duckdb.StatementType.SELECT}:
        names = ", ".join(sorted(kind.name for kind in kinds if kind != duckdb.StatementType.SELECT))
        raise AgentFailed(f"Only SELECT is allowed, not {names}.")
    if len(statements) > 1:
        raise AgentFailed("One SQL statement at a time, please.")
    try:
        columns, rows = run_sql(tables.con, sql)
    except duckdb.Error as error:
        if not fenced and isinstance(error, duckdb.BinderException | duckdb.CatalogException):
            return None
        known = "; ".join(
            f"{table.name} ({', '.join(column.name for column in table.columns[:30])})" for table in tables.tables
        )
        raise AgentFailed(f"The query failed: {str(error).splitlines()[0]} Tables: {known}.") from error
    if len(rows) == 1:
        cells = "; ".join(f"{name}: **{value}**" for name, value in zip(columns, rows[0], strict=True))
        return [Answer(f"The query found one row: {cells}.", columns, rows, sql)]
    return [Answer(f"The query found **{len(rows)}** row(s).", columns, rows, sql)]


def free_name(folder: Path, wanted: str) -> Path:
    """A file name in the folder that is not taken yet."""
    stem, suffix = Path(wanted).stem, Path(wanted).suffix
    path, copy = folder / wanted, 1
    while path.exists():
        copy += 1
        path = folder / f"{stem}_{copy}{suffix}"
    return path


def speaking_name(title: str) -> str:
    """A file name that says what is in it: `Total revenue by region` is `total-revenue-by-region`."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    name = ""
    for word in words:
        if len(name) + len(word) >= 60:
            break
        name = f"{name}-{word}" if name else word
    return name or "result"


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> LocalFile:
    """A result as a CSV file with exact numbers."""
    from ioa.adapters.agents.data.answer import exact

    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(list(columns))
        writer.writerows([[exact(value) for value in row] for row in rows])
    return LocalFile(path.name, "text/csv", path)


def write_outcome(folder: Path, answers: list[Answer]) -> Outcome:
    """All answers as Markdown, and their tables as CSV files."""
    from ioa.adapters.agents.data.answer import markdown_table

    parts: list[str] = []
    files: list[LocalFile] = []
    for one in answers:
        parts.append(one.sentence)
        if not (len(one.rows) == 1 and len(one.columns) == 1) and one.rows:
            parts.append(markdown_table(one.columns, one.rows))
        if one.notes:
            parts.append("\n".join(f"- {note}" for note in dict.fromkeys(one.notes)))
        chosen = f"\n{one.selection.line}" if one.selection else ""
        parts.append(f"```sql\n{one.sql}{chosen}\n```")
        files.append(write_table(free_name(folder, f"{speaking_name(one.title)}.csv"), one.columns, one.rows))
    abstract = " ".join(one.sentence.replace("**", "") for one in answers)
    return Outcome("\n\n".join(parts), abstract, tuple(files))
