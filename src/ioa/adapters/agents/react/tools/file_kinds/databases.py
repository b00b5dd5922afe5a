"""SQLite databases and Parquet files: their shape and their first rows. Questions about them are for the SQL tool."""

from __future__ import annotations

import sqlite3
from urllib.parse import quote

from ioa.adapters.agents.data.typing_columns import identifier, literal
from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Gathering, Source, UnreadableFile, table

_ROWS_SHOWN = 50
_TABLES_SHOWN = 100
_STEPS = 50_000_000  # of SQLite's machine: a table that is a trap ends the reading, not the reader


def opened_read_only(source: Source) -> sqlite3.Connection:
    """The database, which cannot be written, and whose schema is not trusted. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(f"file:{quote(str(source.path))}?mode=ro&immutable=1", uri=True)
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA query_only=ON")
    return connection


def read_sqlite(source: Source) -> FileText:
    """Each table with its definition, its number of rows, and the first of them."""
    gathered = Gathering(source.name)
    try:
        connection = opened_read_only(source)
        connection.text_factory = _text
        left = [_STEPS // 10_000]

        def over() -> bool:
            left[0] -= 1
            return left[0] < 0

        connection.set_progress_handler(over, 10_000)
        try:
            objects = connection.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            ).fetchall()
            for kind, name, sql in objects[:_TABLES_SHOWN]:
                if kind != "table":
                    gathered.add(f"{kind} {name}", str(sql or ""))
                    continue
                quoted = identifier(str(name))
                count = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0]  # noqa: S608 - quoted
                rows = connection.execute(f"SELECT * FROM {quoted} LIMIT {_ROWS_SHOWN}")  # noqa: S608 - quoted
                shown = table([[column[0] for column in rows.description], *rows.fetchall()])
                first = f"first {_ROWS_SHOWN} of {count:,} rows" if count > _ROWS_SHOWN else f"{count:,} row(s)"
                gathered.add(f"table {name}", f"{sql}\n\n{first}:\n{shown}")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise UnreadableFile(f"{source.name} is a broken SQLite database ({error}); export it again.") from error
    if len(objects) > _TABLES_SHOWN:
        gathered.notes.append(f"only the first {_TABLES_SHOWN} of {len(objects)} tables and views are shown")
    gathered.notes.append("only first rows are shown; the sql tool answers questions about all of them")
    return gathered.made("SQLite database")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def read_parquet(source: Source) -> FileText:
    """Columns with their types, the number of rows, and the first of them."""
    import duckdb

    gathered = Gathering(source.name)
    try:
        with duckdb.connect(":memory:") as connection:
            path = literal(str(source.path))
            connection.execute("SET threads=1")
            connection.execute(f"SET allowed_paths=[{path}]")
            connection.execute("SET enable_external_access=false")
            columns = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()  # noqa: S608 - quoted
            count = connection.execute(f"SELECT count(*) FROM read_parquet({path})").fetchone()  # noqa: S608 - quoted
            rows = connection.execute(f"SELECT * FROM read_parquet({path}) LIMIT {_ROWS_SHOWN}").fetchall()  # noqa: S608 - quoted
    except duckdb.Error as error:
        said = str(error).splitlines()[0].replace(str(source.path), source.name)[:300]
        raise UnreadableFile(f"{source.name} is a broken Parquet file ({said}); export it again.") from error
    total = int(count[0]) if count else 0
    gathered.add("columns", table([["column", "type"], *([column[0], column[1]] for column in columns)]))
    gathered.add("first rows", table([[column[0] for column in columns], *rows]))
    gathered.notes.append(f"{total:,} rows, of which {len(rows)} are shown; the sql tool answers questions about all")
    return gathered.made("Parquet file")
