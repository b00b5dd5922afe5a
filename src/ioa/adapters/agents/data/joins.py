"""Two files as one: the column that links them, found or named, and never rows that multiply."""

from __future__ import annotations

from ioa.adapters.agents.data.naming import Scope, find_column
from ioa.adapters.agents.data.question import NotUnderstood
from ioa.adapters.agents.data.tables import Column, Table, Tables
from ioa.adapters.agents.data.typing_columns import identifier


def join_keys(tables: Tables, left: Table, right: Table) -> list[tuple[Column, Column]]:
    """Pairs of columns that link two tables: the same name (or `id` of the other table), values in common, one side unique."""  # noqa: E501 - a sentence in one piece
    pairs: list[tuple[Column, Column]] = []
    for one in left.columns:
        for other in right.columns:
            named = (
                one.words == other.words
                or one.words == (*right.words[-1:], *other.words)
                or other.words == (*left.words[-1:], *one.words)
            )
            if not named or one.kind != other.kind or one.kind not in {"text", "number"}:
                continue
            unique = one.distinct == one.filled == left.rows or other.distinct == other.filled == right.rows
            if (
                unique
                and _overlap(tables, one, other)
                and not (one.words == other.words == ("id",) and len(left.columns) > 1)
            ):
                pairs.append((one, other))
    exact = [
        pair for pair in pairs if {"id", "row", "code", "no", "number", "key"} & set(pair[0].words + pair[1].words)
    ]
    return exact if len(exact) == 1 else pairs


def _overlap(tables: Tables, one: Column, other: Column) -> bool:
    row = tables.con.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT {identifier(one.name)} AS k FROM {identifier(one.table)}) "  # noqa: S608 - names and values are quoted
        f"WHERE k IN (SELECT {identifier(other.name)} FROM {identifier(other.table)})"
    ).fetchone()
    return bool(row and row[0] and row[0] * 2 >= min(one.distinct, other.distinct))


def join_on(left: Table, right: Table, one: Column, other: Column) -> Scope:
    """The scope of two tables joined on a pair of columns: every row of the many side, with what fits of the other."""
    unique_left = one.distinct == one.filled == left.rows
    unique_right = other.distinct == other.filled == right.rows
    many, few = (right, left) if unique_left and not unique_right else (left, right)
    on = f"{one.sql} = {other.sql}"
    source = f"{identifier(many.name)} LEFT JOIN {identifier(few.name)} ON {on}"
    hidden = other if few is right else one
    columns = [column for table in (many, few) for column in table.columns if column != hidden]
    words = f"{many.source} joined with {few.source} on {one.name}" + (
        "" if one.name == other.name else f" = {other.name}"
    )
    return Scope([many, few], source, words, many=many.name, columns=columns)


def joined_scope(tables: Tables, left: Table, right: Table, name: str) -> Scope:
    """Two tables joined on a named column, or on the only one that links them. Raises `NotUnderstood`."""
    if not name:
        keys = join_keys(tables, left, right)
        if len(keys) != 1:
            found = ", ".join(f"{one.name} = {other.name}" for one, other in keys) or "none"
            raise NotUnderstood(
                f"{left.source} and {right.source} are to be joined, on which column? Columns that link them: {found}."
            )
        return join_on(left, right, *keys[0])
    one, other = _named(left, name), _named(right, name)
    if one.kind != other.kind or not _overlap(tables, one, other):
        raise NotUnderstood(
            f'"{name}" of {left.source} and of {right.source} have too few values in common to join on.'
        )
    if not any(column.distinct == column.filled == table.rows for column, table in ((one, left), (other, right))):
        raise NotUnderstood(
            f'"{name}" repeats in {left.source} and in {right.source}: joined, rows would multiply and totals be wrong.'
        )
    return join_on(left, right, one, other)


def _named(table: Table, name: str) -> Column:
    match = find_column(name.lower().replace("_", " ").split(), Scope([table], "", table.source))
    if match is None or len(match.columns) != 1:
        have = ", ".join(column.name for column in table.columns[:30])
        raise NotUnderstood(
            f'There is no one column "{name}" in {table.source} to join on; columns are: {have}.', (name,)
        )
    return match.columns[0]
