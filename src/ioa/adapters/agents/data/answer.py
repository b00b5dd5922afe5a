"""Runs a reading and says the answer: a sentence with the numbers first, the table, the SQL."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from ioa.adapters.agents.data.query import arm_values, build
from ioa.adapters.agents.data.reading import Reading
from ioa.adapters.agents.data.selection import Selection

if TYPE_CHECKING:
    import duckdb

SHOWN_ROWS = 50
Row = Sequence[object]


@dataclass(slots=True)
class Answer:
    """One answered question: a sentence, the result's columns and rows, the SQL and remarks."""

    sentence: str
    columns: list[str]
    rows: list[Row]
    sql: str
    notes: list[str] = field(default_factory=list[str])
    title: str = "query result"
    selection: Selection | None = None


def run_sql(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[Row]]:
    """Column names and rows of a query."""
    cursor = con.execute(sql)
    return [str(one[0]) for one in cursor.description or []], list(cursor.fetchall())


def exact(value: object) -> str:
    """A value for the CSV file: as exact as its type is, without the noise of binary fractions."""
    if value is None:
        return ""
    if isinstance(value, float):
        whole = int_or_none(value)
        return repr(float(f"{value:.15g}")) if whole is None else str(whole)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def int_or_none(value: float) -> int | None:
    """The whole number that a float is, if it is one that floats hold exactly."""
    return int(value) if abs(value) < 2**53 and value == value and value == int(value) else None


def shown(value: object) -> str:
    """A value for people: floats to four decimals (six digits when small), no exponent for usual sizes."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return "undefined"
        if (whole := int_or_none(value)) is not None:
            return str(whole)
        text = f"{value:.4f}" if abs(value) >= 1 else f"{Decimal(f'{value:.6g}'):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return exact(value) if not isinstance(value, Decimal) else format(value, "f")


def _cell(value: object) -> str:
    text = shown(value).replace("\n", " ").replace("|", "\\|")
    return "".join(sign if sign.isprintable() else " " for sign in text)[:200]


def markdown_table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """A Markdown table of at most `SHOWN_ROWS` rows; says how many more there are."""
    lines = [f"| {' | '.join(map(_cell, columns))} |", f"|{'|'.join(' --- ' for _ in columns)}|"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows[:SHOWN_ROWS]]
    if len(rows) > SHOWN_ROWS:
        lines.append(f"\n… and {len(rows) - SHOWN_ROWS} more rows (all {len(rows)} are in the file).")
    return "\n".join(lines)


def answer(con: duckdb.DuckDBPyConnection, reading: Reading, places: int | None = None) -> Answer:
    """Run the reading's SQL and put the result into words, rounded to `places`. Raises `duckdb.Error`."""
    sql = build(reading)
    columns, rows = run_sql(con, sql)
    notes = list(reading.notes)
    sentence = _sentence(con, reading, columns, _rounded(rows, places), notes)
    if places is not None:
        notes.append(f"Rounded to {places} decimal place(s) in the sentence; the table is exact.")
    if not (reading.kind == "arms" or reading.kind in {"columns"}):
        notes += _missing(con, reading)
    told = sql + " " + " ".join(columns) if reading.kind != "rows" else sql + " ".join(columns)
    notes += _each(con, reading)
    for table in reading.scope.tables:
        names = [column.name for column in table.columns]
        notes += [note for note in table.notes if (named := _column_of(note, names)) is None or named in told]
    return Answer(sentence, columns, rows, sql, notes, _named(reading, columns))


def _rounded(rows: list[Row], places: int | None) -> list[Row]:
    """Numbers as they are to be shown; halves go up, as people round them."""
    if places is None:
        return rows
    step = Decimal(1).scaleb(-places)

    def one(value: object) -> object:
        if isinstance(value, float) and math.isfinite(value):
            return Decimal(f"{value:.15g}").quantize(step, ROUND_HALF_UP)
        return value.quantize(step, ROUND_HALF_UP) if isinstance(value, Decimal) and value.is_finite() else value

    return [[one(value) for value in row] for row in rows]


def _named(reading: Reading, columns: list[str]) -> str:
    """What a result is called: `total revenue by region where status is shipped`, without numbers."""
    groups = " and ".join(group.label for group in reading.groups)
    values = columns[len(reading.groups) :]
    match reading.kind:
        case "ranked" | "ranked rows" if reading.rank is not None:
            order = "highest" if reading.rank.descending else "lowest"
            title = f"{order} {reading.rank.label}" + (f" by {groups}" if groups else "")
        case "share" if not groups:
            title = f"share of {reading.measures[0].label}"
        case "rows" | "distinct":
            names = " ".join(one.name for one in reading.columns) or "rows"
            title = f"different {names}" if reading.kind == "distinct" else names
        case "describe" | "columns" | "missing" | "duplicates":
            title = f"{reading.kind} {reading.scope.tables[0].name}"
        case _:
            title = " and ".join(values[-1:] if reading.kind in {"share", "growth", "running"} else values[:3])
            title += f" by {groups}" if groups else ""
    return title + (f" where {reading.where_words}" if reading.where_words else "")


def _column_of(note: str, names: list[str]) -> str | None:
    return next((name for name in names if f'"{name}"' in note), None)


def _filters(reading: Reading) -> str:
    words = reading.where_words
    having = " and ".join(words for _, words in reading.having)
    return (f" where {words}" if words else "") + (f", only groups with {having}" if having else "")


def _sentence(
    con: duckdb.DuckDBPyConnection, reading: Reading, columns: list[str], rows: list[Row], notes: list[str]
) -> str:
    where, source = _filters(reading), reading.scope.words
    groups = prose(" and ".join(group.label for group in reading.groups))
    if reading.kind in {"table", "count groups", "corr"} or reading.kind.startswith("nested"):
        if not rows:
            return f"There is no row in {source}{where}."
        if (len(rows) == 1 and not reading.groups) or reading.kind not in {"table", "corr"}:
            values = "; ".join(
                f"{prose(name)}: **{shown(value)}**" for name, value in zip(columns, rows[0], strict=True)
            )
            if all(value is None for value in rows[0]):
                return f"There is no value to compute with in {source}{where}."
            _who(con, reading, rows[0], notes)
            return f"{_capital(values)} ({source}{where})."
        names = ", ".join(columns[len(reading.groups) :])
        return (
            f"{_capital(prose(names))} by {groups}{where} ({source}): {_listing(columns, rows, len(reading.groups))}."
        )
    match reading.kind:
        case "ranked" | "ranked rows":
            return _ranking(reading, columns, rows)
        case "arms":
            values = run_sql(con, arm_values(reading))
            sides = ", ".join(f"{name}: {shown(value)}" for name, value in zip(values[0], values[1][0], strict=True))
            if rows[0][0] is None:
                return f"{_capital(prose(columns[0]))} cannot be computed: {sides} ({source}{where})."
            return f"{_capital(prose(columns[0]))}: **{shown(rows[0][0])}** ({prose(reading.measures[0].label)} of {sides}; {source}{where})."  # noqa: E501 - a sentence in one piece
        case "share" if not reading.groups:
            return f"**{shown(rows[0][0])} %** of the {prose(reading.measures[0].label)} is where {reading.arms[0][0]} ({source}{where})."  # noqa: E501 - a sentence in one piece
        case "share" | "growth" | "running":
            names = ", ".join(columns[len(reading.groups) :])
            return f"{_capital(prose(names))} by {groups}{where} ({source}): {_listing(columns, rows, len(reading.groups), last=True)}."  # noqa: E501 - a sentence in one piece
        case "describe" | "columns":
            total = sum(table.rows for table in reading.scope.tables[:1])
            return f"{source} has **{total}** rows and **{len(reading.scope.columns)}** columns{where}."
        case "missing":
            empty = [f"{row[0]}: {row[1]}" for row in rows if row[1]]
            return f"Missing values in {source}{where}: {', '.join(empty) if empty else 'none'}."
        case "duplicates":
            what = ", ".join(column.name for column in reading.columns) or "whole rows"
            if not rows:
                return f"There are no duplicates ({what}) in {source}{where}."
            extra = sum(int(str(row[-1])) - 1 for row in rows)
            return f"**{len(rows)}** value(s) of {what} occur more than once in {source}{where}; **{extra}** row(s) are repetitions."  # noqa: E501 - a sentence in one piece
        case "distinct":
            names = ", ".join(column.name for column in reading.columns)
            some = ", ".join(_cell(row[0]) for row in rows[:20]) if len(columns) == 1 else ""
            return f"**{len(rows)}** different {prose(names)} in {source}{where}" + (
                f": {some}{', …' if len(rows) > 20 else ''}." if some else "."
            )
        case _:
            few = (
                ""
                if len(rows) > 3 or len(columns) > 6
                else ": "
                + "; ".join(
                    ", ".join(f"{name} {_cell(value)}" for name, value in zip(columns, row, strict=True))
                    for row in rows
                )
            )
            return f"**{len(rows)}** row(s) of {source}{where}{few}." if rows else f"No row of {source}{where}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def prose(text: str) -> str:
    """Names of columns as people say them: `delivery_days` is `delivery days`; quoted names stay."""
    return re.sub(r"(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])", " ", text)


def _listing(columns: list[str], rows: list[Row], keys: int, *, last: bool = False) -> str:
    if not rows:
        return "no rows"
    parts: list[str] = []
    for row in rows[:12]:
        values = row[-1:] if last else row[keys:]
        parts.append(
            f"{', '.join(_cell(value) for value in row[:keys])}: {', '.join(f'**{_cell(value)}**' for value in values)}"
        )
    return "; ".join(parts) + (f"; … ({len(rows)} groups)" if len(rows) > 12 else "")


def _ranking(reading: Reading, columns: list[str], rows: list[Row]) -> str:
    rank, where = reading.rank, _filters(reading)
    assert rank is not None
    if not rows:
        return f"There is no row in {reading.scope.words}{where}."
    order = "highest" if rank.descending else "lowest"
    place = f"{rank.nth}. " if rank.nth else ""
    if reading.kind == "ranked":
        keys = len(reading.groups)
        what = prose(" and ".join(group.label for group in reading.groups))
        label = prose(columns[keys])
        ties = " (tied)" if len(rows) > rank.count and not reading.groups[:-1] and not rank.nth else ""
        return f"{place}{_capital(order)} {label} by {what}{where}: {_listing(columns, rows, keys)}{ties} ({reading.scope.words})."  # noqa: E501 - a sentence in one piece
    value = columns.index(rank.label) if rank.label in columns else len(columns) - 1
    names = [columns.index(column.name) for column in reading.columns if column.name in columns] or [
        _title(reading, columns, value)
    ]
    parts = [f"{', '.join(_cell(row[index]) for index in names)}: **{_cell(row[value])}**" for row in rows[:12]]
    ties = " (tied)" if len(rows) > rank.count and not reading.groups and not rank.nth else ""
    return f"{place}{_capital(order)} {prose(rank.label)}{where}: {'; '.join(parts)}{ties} ({reading.scope.words})."


def _title(reading: Reading, columns: list[str], value: int) -> int:
    """The column that best names a row: one called name or title, else the first text, else the first."""
    known = {column.name: column for column in reading.scope.columns}
    for index, name in enumerate(columns):
        if name in known and index != value and {"name", "title"} & set(known[name].words):
            return index
    for index, name in enumerate(columns):
        if name in known and index != value and known[name].kind == "text":
            return index
    return 0


def _who(con: duckdb.DuckDBPyConnection, reading: Reading, row: Row, notes: list[str]) -> None:
    """For a plain minimum or maximum, also say which rows have it."""
    for measure, value in zip(reading.measures, row, strict=False):
        if measure.fn not in {"min", "max"} or reading.kind != "table" or value is None or len(measure.columns) != 1:
            continue
        test = f"{measure.operand} = (SELECT {measure.sql} FROM {reading.scope.source}{f' WHERE {reading.where}' if reading.where else ''})"  # noqa: E501, S608 - names and values are quoted
        where = f"({reading.where}) AND {test}" if reading.where else test
        shown_columns = ", ".join(reading.column_sql(column) for column in reading.scope.columns)
        columns, rows = run_sql(con, f"SELECT {shown_columns} FROM {reading.scope.source} WHERE {where} LIMIT 4")  # noqa: S608 - names and values are quoted
        said = [
            "(" + ", ".join(f"{name} {_cell(cell)}" for name, cell in zip(columns[:6], one[:6], strict=True)) + ")"
            for one in rows[:3]
        ]
        notes.append(
            f"The {prose(measure.label)} is in the row {' and '.join(said)}{' and others' if len(rows) > 3 else ''}."
        )


def _each(con: duckdb.DuckDBPyConnection, reading: Reading) -> list[str]:
    """`the average of A and B` may also mean of each: say both."""
    several = [one for one in reading.conditions if len(one.parts) > 1 and not one.negated and one.column is not None]
    if reading.kind != "table" or reading.groups or len(several) != 1 or reading.either:
        return []
    notes: list[str] = []
    for measure in reading.measures:
        parts = (
            ", ".join(f"{measure.sql} FILTER (WHERE {test})" for _, test in several[0].parts)
            if " - " not in measure.sql
            else ""
        )
        if parts:
            _, rows = run_sql(con, f"SELECT {parts} FROM {reading.scope.source} WHERE {reading.where}")  # noqa: S608 - names and values are quoted
            said = "; ".join(
                f"{name}: {shown(value)}" for (name, _), value in zip(several[0].parts, rows[0], strict=True)
            )
            notes.append(f"The {prose(measure.label)} of each: {said}.")
    return notes


def _missing(con: duckdb.DuckDBPyConnection, reading: Reading) -> list[str]:
    """How many rows had no value in a column that was computed with or grouped by."""
    columns = list(dict.fromkeys(column for measure in reading.measures for column in measure.columns))
    columns += [group.column for group in reading.groups]
    notes: list[str] = []
    for column in dict.fromkeys(columns):
        rows = next((table.rows for table in reading.scope.tables if table.name == column.table), 0)
        if column.filled == rows and len(reading.scope.tables) == 1:
            continue
        where = f"({reading.where}) AND " if reading.where else ""
        found = con.execute(
            f"SELECT count(*) FROM {reading.scope.source} WHERE {where}{reading.column_sql(column)} IS NULL"  # noqa: S608 - names and values are quoted
        ).fetchone()
        if found and found[0]:
            notes.append(f'{found[0]} row(s) have no value in "{column.name}".')
    return notes
