"""Files of a task as tables: what the data analyst can load, and the tables of SQLite databases beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator

from ioa.adapters.agents.data.raw_tables import RawTable, UnreadableFile
from ioa.adapters.agents.data.tables import Column, Tables
from ioa.adapters.agents.data.typing_columns import identifier
from ioa.adapters.agents.react.tools.file_kinds.databases import opened_read_only
from ioa.adapters.agents.react.tools.file_kinds.file_text import Source
from ioa.ports.agent import LocalFile

TABULAR_KINDS = frozenset({"csv", "json", "jsonl", "xlsx", "parquet", "sqlite"})
_MAX_ROWS = 5_000_000
_SQLITE = b"SQLite format 3\0"
_STEPS = 2_000_000_000


class TaskTables(Tables):
    """`Tables` that also opens SQLite databases; each of their tables and views becomes a table."""

    def _load(self, file: LocalFile) -> None:
        try:
            with file.path.open("rb") as stream:
                is_sqlite = stream.read(len(_SQLITE)) == _SQLITE
            if not is_sqlite:
                super()._load(file)
                return
            for raw in _sqlite_tables(file):
                self._load_raw(raw)
        except (UnreadableFile, OSError) as error:
            self.problems.append(str(error))
        except sqlite3.Error as error:
            self.problems.append(f"{file.name} is a broken SQLite database ({error}); export it again.")

    def examples(self, column: Column, count: int) -> list[str]:
        """A few values of a column, shortened."""
        rows = self.con.execute(
            f"SELECT DISTINCT {identifier(column.name)} FROM {identifier(column.table)} "  # noqa: S608 - names are quoted
            f"WHERE {identifier(column.name)} IS NOT NULL LIMIT {int(count)}"
        ).fetchall()
        return [text if len(text) <= 40 else f"{text[:40]}…" for (value,) in rows if (text := str(value))]


def _sqlite_tables(file: LocalFile) -> Generator[RawTable]:
    connection = opened_read_only(Source(file.name, file.path))
    left = [_STEPS // 100_000]

    def over() -> bool:
        left[0] -= 1
        return left[0] < 0

    connection.set_progress_handler(over, 100_000)
    try:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        ).fetchall()
        if not names:
            raise UnreadableFile(f"{file.name} is an SQLite database without tables.")
        for (name,) in names:
            rows = connection.execute(f"SELECT * FROM {identifier(str(name))}")  # noqa: S608 - the name is quoted
            columns = _distinct([str(column[0]) for column in rows.description])
            yield RawTable(f"{file.name}:{name}", columns, _texts(file.name, str(name), rows))
    finally:
        connection.close()


def _texts(file: str, table: str, rows: Iterator[tuple[object, ...]]) -> Iterator[list[str | None]]:
    for number, row in enumerate(rows):
        if number >= _MAX_ROWS:
            raise UnreadableFile(f"{file}: table {table} has more than {_MAX_ROWS:,} rows; export it as Parquet.")
        yield [_text(value) for value in row]


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    return value if isinstance(value, str) else repr(value)


def _distinct(names: list[str]) -> list[str]:
    """Column names that differ without regard to capitals, as DuckDB wants them."""
    found: list[str] = []
    for name in names:
        candidate, number = name or "column", 1
        while candidate.lower() in {known.lower() for known in found}:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return found
