"""SQL over the tables of a task: CSV, JSON, Excel, Parquet and SQLite files in one DuckDB that can only be read."""

from __future__ import annotations

import asyncio
import csv
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ioa.adapters.agents.collected import safe_name
from ioa.adapters.agents.data.tables import MEMORY_LIMIT
from ioa.adapters.agents.react.tool import Tool, ToolFailed, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.file_kinds.file_text import Source, UnreadableFile, table
from ioa.adapters.agents.react.tools.file_kinds.recognise import recognised
from ioa.adapters.agents.react.tools.option_numbers import positive_number
from ioa.adapters.agents.react.tools.task_files import TaskFile, task_files
from ioa.adapters.agents.react.tools.task_tables import TABULAR_KINDS, TaskTables

_MAX_ROWS = 500
_SAVED_ROWS = 1_000_000
_EXAMPLES = 3
_COLUMNS_SHOWN = 80


class Tabular:
    """The tables of one task. They are loaded once, and again when a file changes or is made."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._most_rows = int(positive_number(setting, "sql", "rows", _MAX_ROWS))
        self._tables: TaskTables | None = None
        self._stamps: tuple[object, ...] = ()
        self._one_at_a_time = asyncio.Lock()
        self._loading = threading.Lock()  # a call that was cancelled may still be loading when the tables are closed
        self._closed = False

    async def sql_schema(self) -> str:
        """List the tables that the task's files became, with their columns, types and examples. Call it before sql."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._schema)

    async def sql(self, query: str, limit: int = 50, save_as: str = "") -> str:
        """Run one SELECT in DuckDB's SQL over the tables that sql_schema lists. Nothing can be changed or written.

        Args:
            query: One SQL query; quote names that are not plain words: "order id".
            limit: How many rows to show, 1 to 500. Use LIMIT, aggregates and WHERE for more.
            save_as: Also write all rows as CSV under this name (`totals.csv`) into the task's folder.
        """
        limit_s = self._setting.limits.call_s
        async with self._one_at_a_time:
            await asyncio.to_thread(self._loaded)  # not part of the query's time
            ended = threading.Event()
            work = asyncio.create_task(asyncio.to_thread(self._query, query, limit, save_as, ended))
            try:
                done, _ = await asyncio.wait({work}, timeout=limit_s)
                if not done:
                    await self._interrupt(work, ended)
                    raise ToolFailed(f"The query ran longer than {limit_s:g} seconds; filter or aggregate more.")
                return work.result()
            except asyncio.CancelledError:
                await self._interrupt(work, ended)
                raise

    def close(self) -> None:
        """Free the tables; blocks while they are being loaded."""
        with self._loading:
            self._closed = True
            self._free()

    def _free(self) -> None:
        if self._tables is not None:
            self._tables.close()
            self._tables = None

    async def _interrupt(self, work: asyncio.Task[str], ended: threading.Event) -> None:
        """End the query; asked until it has, as it may be between two statements."""
        ended.set()
        while not work.done():
            if self._tables is not None:
                self._tables.con.interrupt()
            await asyncio.wait({work}, timeout=0.05)
        if not work.cancelled():
            work.exception()  # looked at, so that nobody complains

    def _loaded(self) -> TaskTables:
        files: list[TaskFile] = []
        stamps: list[object] = []
        for one in task_files(self._setting):
            try:
                kind = recognised(Source(one.name, one.path)).kind
                if kind in TABULAR_KINDS:
                    stamps.append(one.stamp)
                    files.append(one)
            except (UnreadableFile, OSError):
                continue  # read_file says what is wrong with it
        with self._loading:
            if self._closed:
                raise ToolFailed("The tables of this task are closed.")
            if self._tables is None or tuple(stamps) != self._stamps:
                self._free()
                try:
                    self._tables = TaskTables(one.local for one in files)
                except ModuleNotFoundError as error:
                    raise ToolFailed(
                        f'SQL needs the package {error.name}; install it: pip install "internet-of-agents[agents]".'
                    ) from error
                self._stamps = tuple(stamps)
            return self._tables

    def _schema(self) -> str:
        tables = self._loaded()
        lines: list[str] = []
        for one in tables.tables:
            lines.append(f"Table {one.name} ({one.rows:,} rows, from {one.source}):")
            for column in one.columns[:_COLUMNS_SHOWN]:
                examples = ", ".join(tables.examples(column, _EXAMPLES))
                empty = one.rows - column.filled
                lines.append(
                    f"- {column.name} {column.sql_type}{f', {empty:,} empty' if empty else ''}"
                    f"{f'; for example {examples}' if examples else ''}"
                )
            if len(one.columns) > _COLUMNS_SHOWN:
                lines.append(f"- … and {len(one.columns) - _COLUMNS_SHOWN} more columns")
            lines += [f"  Note: {note}" for note in one.notes[:10]]
        lines += [f"Not loaded: {problem}" for problem in tables.problems]
        return "\n".join(lines) or _no_tables()

    def _query(self, query: str, limit: int, save_as: str, ended: threading.Event) -> str:
        import duckdb

        tables = self._loaded()
        if not tables.tables:
            raise ToolFailed(" ".join([_no_tables(), *tables.problems]))
        if ended.is_set():
            raise ToolFailed("The query was stopped.")
        try:
            statements = tables.con.extract_statements(query)
            if len(statements) != 1:
                raise ToolFailed(f"Give one query at a time, not {len(statements)}.")
            kind = statements[0].type
            if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
                raise ToolFailed(f"Only SELECT is possible here, not {kind.name}: the tables can only be read.")
            # What a query does beside reading, EXPLAIN ANALYZE of a DELETE for one, is undone.
            tables.con.execute("BEGIN TRANSACTION")
            try:
                result = tables.con.execute(statements[0])
                titles = [str(column[0]) for column in result.description or ()]
                shown = max(1, min(limit, self._most_rows))
                rows = result.fetchmany((_SAVED_ROWS if save_as else shown) + 1)
            finally:
                tables.con.execute("ROLLBACK")
        except duckdb.Error as error:
            if ended.is_set():
                raise ToolFailed("The query was stopped.") from error
            names = ", ".join(one.name for one in tables.tables)
            said = str(error)[:800]
            memory = f" At most {MEMORY_LIMIT} of memory may be used." if isinstance(error, MemoryError) else ""
            raise ToolFailed(f"{said}{memory} The tables: {names}; sql_schema lists their columns.") from error
        saved = _saved(self._setting.folder, save_as, titles, rows) if save_as else ""
        return _shown(titles, rows, shown, saved, self._setting.limits.output_chars - 500)


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    """`sql_schema` and `sql` over the files of the task. Option: `rows`, the most rows shown, 500 by default."""
    tables = Tabular(setting)
    try:
        yield [tool(tables.sql_schema), tool(tables.sql)]
    finally:
        await asyncio.to_thread(tables.close)


def _no_tables() -> str:
    return "This task has no tables: SQL works on CSV, TSV, JSON, Excel, Parquet and SQLite files."


def _saved(folder: Path, save_as: str, titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    name = safe_name(save_as, "result.csv")
    name = name if name.lower().endswith(".csv") else f"{name}.csv"
    if (folder / name).exists():
        raise ToolFailed(f"There is a file {name} already; save under another name.")
    with (folder / name).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(titles)
        writer.writerows(rows[:_SAVED_ROWS])
    cut = f", cut after {_SAVED_ROWS:,}" if len(rows) > _SAVED_ROWS else ""
    return f"All {min(len(rows), _SAVED_ROWS):,} row(s){cut} are in the file {name}."


def _shown(titles: Sequence[str], rows: Sequence[Sequence[object]], limit: int, saved: str, chars: int) -> str:
    kept = list(rows[:limit])
    text = table([titles, *kept])
    while len(text) > chars and len(kept) > 1:
        kept = kept[: len(kept) // 2]
        text = table([titles, *kept])
    said = f"{len(rows):,} row(s)." if len(kept) == len(rows) else f"The first {len(kept)} rows; there are more."
    return "\n\n".join(part for part in (said if rows else "No rows.", text if rows else "", saved) if part)
