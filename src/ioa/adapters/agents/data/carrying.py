"""Which earlier selection a pointing word means, and whether a question may be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.dangling import Pointer
from ioa.adapters.agents.data.naming import Scope, entity_words, find_column
from ioa.adapters.agents.data.own_clauses import Ambiguous
from ioa.adapters.agents.data.question import NotUnderstood
from ioa.adapters.agents.data.reading import Reading
from ioa.adapters.agents.data.selection import Selection

if TYPE_CHECKING:
    from ioa.adapters.agents.data.tables import Tables
    from ioa.adapters.agents.data.understanding import Understanding

_ROWS = frozenset({"row", "record", "entry", "case", "line", "one", "item"})
_SAY = "say in it which rows are meant"


def one_selection(known: Sequence[Selection], back: Pointer) -> Selection:
    """The selection that a pointing word means. Raises `Ambiguous` if there is none, or more than one."""
    if not known:
        raise Ambiguous(f'"{back.word}" points to rows outside this question: {_SAY}.')
    chosen = {(one.source, one.words): one for one in reversed(known) if one.form != "all"}
    if known[-1].form == "all" and not chosen:
        chosen = {(known[-1].source, ""): known[-1]}
    elif known[-1].form == "all":
        chosen[(known[-1].source, "")] = known[-1]
    if len(chosen) != 1:
        several = " or ".join(f"{one.source} where {one.words}" for one in chosen.values())
        raise Ambiguous(f'"{back.word}" may point to {several}: {_SAY}.')
    return next(iter(chosen.values()))


def carried_over(tables: Tables, found: list[Reading], chosen: Selection, back: Pointer) -> None:
    """Put the selection into the readings as a filter. Raises `Ambiguous` where that would be a guess."""
    import duckdb

    for reading in found:
        scope = reading.scope
        _fits(tables, reading, chosen, back)
        if reading.limit or any("SELECT" in one.sql for one in reading.conditions):
            raise Ambiguous(f'This cannot be asked of the rows that "{back.word}" points to: {_SAY}.')
        try:
            tables.con.execute(f"SELECT count(*) FROM {scope.source} WHERE {chosen.sql}")  # noqa: S608 - one expression, checked where it is read
        except duckdb.Error as error:
            raise Ambiguous(
                f'"{back.word}" points to rows where {chosen.words}; {scope.words} cannot be filtered so: {_SAY}.'
            ) from error
        if chosen.form != "all":
            reading.carried.append(chosen.condition())
        reading.notes.insert(0, f'"{back.word}" is read as the rows chosen before: {chosen.source}, {chosen.words}.')


def _fits(tables: Tables, reading: Reading, chosen: Selection, back: Pointer) -> None:
    scope = reading.scope
    refusal = f'"{back.word}" does not plainly mean the rows chosen before ({chosen.source}, {chosen.words}): {_SAY}.'
    if back.place:
        named = [column for column in scope.columns if column.words == chosen.column]
        dated = any(column.kind == "date" for column in named)
        ok = chosen.form == "one" and (back.noun in chosen.column if back.noun else not dated)
        if back.noun and not ok:
            ok = chosen.form == "one" and _called(back.noun, chosen, scope)
    elif back.single:
        ok = chosen.form == "one" or (chosen.form == "rows" and _count(tables, reading, chosen) == 1)
    elif back.noun:
        ok = chosen.form != "groups" and _rows_called(back.noun, chosen, scope)
        ok = ok or (chosen.form == "groups" and back.noun in chosen.column)
    else:
        ok = chosen.form != "groups"
    if not ok:
        raise Ambiguous(refusal)


def _called(noun: str, chosen: Selection, scope: Scope) -> bool:
    match = find_column([noun], scope)
    return match is not None and len(match.columns) == 1 and match.columns[0].words == chosen.column


def _rows_called(noun: str, chosen: Selection, scope: Scope) -> bool:
    """Whether a noun is a word for the rows, not for something that repeats in them."""
    match = find_column([noun], scope)
    rows = scope.tables[0].rows
    if match and match.level <= 2 and not all(column.distinct == column.filled == rows for column in match.columns):
        return False
    people = lexicon.PEOPLE | {"respondent"}
    return (
        noun in _ROWS
        or noun in entity_words(scope)
        or noun in chosen.nouns
        or (noun in ("person", "people") and bool(chosen.nouns & people))
    )


def _count(tables: Tables, reading: Reading, chosen: Selection) -> int:
    row = tables.con.execute(f"SELECT count(*) FROM {reading.scope.source} WHERE {chosen.sql}").fetchone()  # noqa: S608 - one expression, checked where it is read
    return int(row[0]) if row else 0


def fit_result(
    understanding: Understanding, tables: Tables, text: str, back: Pointer, whole: str
) -> list[Reading] | None:
    """A question that an earlier result's table answers: `the average of these totals`; None if it does not.

    A table of one row is no set of rows to compute over, and a word for the rows of a file is about the file.
    """
    results = {table.name for table in tables.tables if table.result and table.rows > 1}
    if not results or back.place or back.single:
        return None
    files = [table for table in tables.tables if not table.result]
    if back.noun and any(back.noun in entity_words(Scope([table], "", "")) for table in files):
        return None
    try:
        found = understanding.read(text, whole)
    except NotUnderstood:
        return None
    return found if all(table.name in results for one in found for table in one.scope.tables) else None
