"""Files of a task as tables of one in-memory DuckDB, closed to the outside once they are loaded."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.adapters.agents.data.raw_tables import RawTable, UnreadableFile, read_raw
from ioa.adapters.agents.data.typing_columns import file_words, identifier, literal, type_column
from ioa.adapters.agents.data.words import name_words, singular, word_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from ioa.ports.agent import LocalFile

SUFFIXES = word_set(".csv .tsv .txt .parquet .json .ndjson .jsonl .xlsx .xlsm .xls .html .htm .md .markdown")
MEMORY_LIMIT = "1GB"
_NUMBERS = ("BIGINT", "INTEGER", "DOUBLE", "DECIMAL", "HUGEINT", "SMALLINT", "TINYINT", "FLOAT", "U")
_TRUE = {"yes": "no", "true": "false", "y": "n", "t": "f"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a loaded table. `kind`: number, text, date, time, flag or other. `true` is SQL for a set flag.

    `years`: whole numbers that can all be years; `running`: in the first column,
    whole numbers without a gap or a repetition, 5 and more.
    """

    table: str
    name: str
    kind: str
    sql_type: str
    words: tuple[str, ...]
    filled: int
    distinct: int
    true: str = ""
    years: bool = False
    running: bool = False

    @property
    def sql(self) -> str:
        """The column as SQL, with its table."""
        return f"{identifier(self.table)}.{identifier(self.name)}"


@dataclass(slots=True)
class Table:
    """A loaded table: its SQL name, the file (and sheet) it came from, and what was assumed while loading."""

    name: str
    source: str
    rows: int
    columns: list[Column]
    notes: list[str] = field(default_factory=list[str])
    result: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """Words of the file and sheet name, singular."""
        return tuple(singular(word) for word in name_words(Path(self.source.split(":")[0]).stem)) + tuple(
            singular(word) for part in self.source.split(":")[1:] for word in name_words(part)
        )


class Tables:
    """Opens files as tables. `problems` says which could not be read and why. Use as a context manager."""

    def __init__(self, files: Iterable[LocalFile], results: Iterable[LocalFile] = ()) -> None:
        """Load what can be loaded; unreadable files go to `problems`. `results` are tables of earlier tasks."""
        import duckdb

        self._scratch = tempfile.TemporaryDirectory(prefix="ioa-tables-", ignore_cleanup_errors=True)
        self.con: duckdb.DuckDBPyConnection = duckdb.connect(":memory:")
        self.tables: list[Table] = []
        self.problems: list[str] = []
        self.con.execute(f"SET memory_limit='{MEMORY_LIMIT}'")
        self.con.execute("SET threads=2")
        self.con.execute("SET TimeZone='UTC'")
        self.con.execute("SET autoinstall_known_extensions=false")
        self.con.execute(f"SET temp_directory={literal(str(Path(self._scratch.name) / 'spill'))}")
        try:
            for file in files:
                self._load(file)
            own = len(self.tables)
            for file in results:
                self._load(file)
            for table in self.tables[own:]:
                table.result = True
            self.con.execute("SET enable_external_access=false")
            self.con.execute("SET lock_configuration=true")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the memory and the scratch folder."""
        self.con.close()
        self._scratch.cleanup()

    def _load(self, file: LocalFile) -> None:
        import duckdb

        if Path(file.name).suffix.lower() not in SUFFIXES:
            return
        try:
            if Path(file.name).suffix.lower() == ".parquet":
                self._load_parquet(file)
                return
            for raw in read_raw(file.name, file.path):
                self._load_raw(raw)
        except UnreadableFile as error:
            self.problems.append(str(error))
        except duckdb.Error as error:
            said = str(error).splitlines()[0].replace(str(file.path), file.name)
            self.problems.append(
                f"{file.name} cannot be read as a {Path(file.name).suffix} file: {said.rstrip('.')}; export it again."
            )

    def _free_name(self, source: str) -> str:
        stem, *parts = source.split(":")
        wanted = file_words("_".join([Path(stem).stem, *parts]))
        name, copy = wanted, 1
        while any(table.name == name for table in self.tables):
            copy += 1
            name = f"{wanted}_{copy}"
        return name

    def _load_parquet(self, file: LocalFile) -> None:
        name = self._free_name(file.name)
        source = f"read_parquet({literal(str(file.path))})"
        shape = self.con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - names and values are quoted
        parts: list[str] = []
        for column, kind, *_ in shape:
            sql = identifier(column)
            if str(kind) == "FLOAT":
                sql = f"CAST(CAST({sql} AS VARCHAR) AS DOUBLE) AS {sql}"  # 0.1 stays 0.1
            elif str(kind) == "TIMESTAMP WITH TIME ZONE":
                sql = f"CAST({sql} AS TIMESTAMP) AS {sql}"
            parts.append(sql)
        self.con.execute(f"CREATE TABLE {identifier(name)} AS SELECT {', '.join(parts)} FROM {source}")  # noqa: S608 - names and values are quoted
        notes: list[str] = []
        for column, kind, *_ in shape:
            if str(kind) == "VARCHAR":
                notes += type_column(self.con, name, column, decimal_comma=False)
        self._finish(name, file.name, notes)

    def _load_raw(self, raw: RawTable) -> None:
        if not raw.columns:
            raise UnreadableFile(f"{raw.label} has no columns.")
        name = self._free_name(raw.label)
        plain = Path(self._scratch.name) / "load.csv"
        rows = 0
        with plain.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            for row in raw.rows:
                rows += 1
                writer.writerow([*row, "."])  # a last filled cell, so that a row of one empty cell is no blank line
        names = ", ".join(f"{literal(f'c{index}')}: 'VARCHAR'" for index in range(len(raw.columns) + 1))
        shown = ", ".join(f"c{index} AS {identifier(column)}" for index, column in enumerate(raw.columns))
        self.con.execute(
            f"CREATE TABLE {identifier(name)} AS SELECT {shown} FROM read_csv({literal(str(plain))}, "  # noqa: S608 - names and values are quoted
            f"header=false, auto_detect=false, delim=',', quote='\"', escape='\"', columns={{{names}}}, "
            "max_line_size=33554432, new_line='\\r\\n', parallel=false)"
        )
        plain.unlink()
        loaded = self.con.execute(f"SELECT count(*) FROM {identifier(name)}").fetchone()  # noqa: S608 - names and values are quoted
        if loaded is None or loaded[0] != rows:
            raise UnreadableFile(f"{raw.label}: only {loaded and loaded[0]} of {rows} rows could be loaded.")
        notes = list(raw.notes)
        for column in raw.columns:
            notes += type_column(self.con, name, column, decimal_comma=raw.decimal_comma)
        self._finish(name, raw.label, notes)

    def _finish(self, name: str, source: str, notes: list[str]) -> None:
        columns: list[Column] = []
        shape = self.con.execute(f"DESCRIBE {identifier(name)}").fetchall()
        for column, kind, *_ in shape:
            quoted = identifier(column)
            sql_type = str(kind)
            simple = not sql_type.endswith("]") and not sql_type.startswith(("STRUCT", "MAP", "UNION", "BLOB"))
            counts = self.con.execute(
                f"SELECT count({quoted}), {f'count(DISTINCT {quoted})' if simple else '0'} FROM {identifier(name)}"  # noqa: S608 - names and values are quoted
            ).fetchone()
            filled, distinct = counts or (0, 0)
            found = _kind(sql_type)
            true = ""
            if found == "flag":
                true = quoted
            elif distinct and distinct <= 2:
                true = self._flag(name, column, found)
            years, running = self._whole_numbers(name, column, sql_type) if filled else (False, False)
            words = name_words(column)
            running = running and not columns  # numbers of rows stand in front
            columns.append(Column(name, column, found, sql_type, words, filled, distinct, true, years, running))
        row = self.con.execute(f"SELECT count(*) FROM {identifier(name)}").fetchone()  # noqa: S608 - names and values are quoted
        self.tables.append(Table(name, source, int(row[0]) if row else 0, columns, [note for note in notes if note]))

    def _whole_numbers(self, table: str, column: str, sql_type: str) -> tuple[bool, bool]:
        """Whether the values can be years, and whether they number the rows."""
        if "INT" not in sql_type or sql_type.endswith("]"):
            return False, False
        quoted = identifier(column)
        row = self.con.execute(
            f"SELECT min({quoted}) >= 1500 AND max({quoted}) <= 2199, "  # noqa: S608 - names and values are quoted
            f"count(*) >= 5 AND count({quoted}) = count(*) AND count(DISTINCT {quoted}) = count(*) "
            f"AND CAST(max({quoted}) AS HUGEINT) - min({quoted}) + 1 = count(*) FROM {identifier(table)}"
        ).fetchone()
        return (bool(row[0]), bool(row[1])) if row else (False, False)

    def _flag(self, table: str, column: str, kind: str) -> str:
        """SQL that is true where a two-valued column says yes, or nothing if it is no such column."""
        quoted = identifier(column)
        found = {
            str(row[0]).lower()
            for row in self.con.execute(
                f"SELECT DISTINCT {quoted} FROM {identifier(table)} WHERE {quoted} IS NOT NULL"  # noqa: S608 - names and values are quoted
            ).fetchall()
        }
        if kind == "number" and found == {"0", "1"}:
            return f"{quoted} = 1"
        for yes, no in _TRUE.items():
            if kind == "text" and found <= {yes, no} and (len(yes) > 1 or len(found) == 2):
                return f"lower({quoted}) = {literal(yes)}"
        return ""


def _kind(sql_type: str) -> str:
    if sql_type == "BOOLEAN":
        return "flag"
    if sql_type == "DATE" or sql_type.startswith("TIMESTAMP"):
        return "date"
    if sql_type.startswith("TIME"):
        return "time"
    if sql_type.endswith("]") or sql_type.startswith(("STRUCT", "MAP", "UNION", "BLOB", "JSON")):
        return "other"
    if sql_type.startswith(_NUMBERS) and not sql_type.startswith(("UUID", "UNION")):
        return "number"
    return "text"
