"""Whole numbers that name rows (`ticket` 5001, 5002, ...), against those that count pieces (`apples` 120, 140, ...).

Adding up the first gives nonsense: "how many tickets" is then the number of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.tables import Column, Table
from ioa.adapters.agents.data.words import singular, word_set

_ID = word_set("id key code zip year no nr number uid ref reference serial")
_NEVER = word_set(
    "day hour minute month week year quarter second weekday season rank place position quantity qty amount total count "
    "volume sum value stock population production output attendance distance duration size area length width depth "
    "capacity yield consumption usage rating star floor turn lap round step"
)
_NAMES_ONLY = word_set("id uid uuid zip postcode serial ref reference")
_AMOUNTS = word_set(
    "sale purchase payment donation bill gift loan reading measurement observation sample log fee cost price charge "
    "revenue turnover income profit expense spending budget amount total tax rent salary wage value distance weight"
)
_UNITS = word_set("star degree year point percent hour minute second week month day time age")


def is_id(column: Column) -> bool:
    """Whether a numeric column only names rows, by its own name or by its numbers."""
    return bool(_ID & set(column.words[-1:])) or column.words == ("parent", "row") or running_number(column)


def running_number(column: Column) -> bool:
    """A column `ticket` with 101, 102, 103, ...: each row has the next number."""
    return (
        column.running
        and len(column.words) <= 2
        and _singular_name(column)
        and not set(column.words) & (_NEVER | lexicon.NOT_ADDITIVE)
    )


def only_names(column: Column, tables: Iterable[Table]) -> bool:
    """Whether whole numbers only tell rows apart: an `order_id`, or `ticket` with another number in each of few rows.

    A unique column of whole numbers may also be a quantity (`price`): its name must be one for rows.
    """
    if column.kind != "number":
        return False
    if set(column.words[-1:]) & _NAMES_ONLY and (len(column.words) > 1 or column.words == ("id",)):
        return True
    tables = list(tables)
    own = {word for table in tables if table.name == column.table for word in table.words}
    nouns = own | lexicon.EVENTS | lexicon.PEOPLE | {word for group in lexicon.ROW_NOUNS for word in group}
    return (
        len(column.words) == 1
        and column.words[0] in nouns
        and "INT" in column.sql_type
        and _singular_name(column)
        and _unique(column, tables)
        and not set(column.words) & (_NEVER | _AMOUNTS | lexicon.NOT_ADDITIVE)
    )


def same_noun(said: str, column: Column) -> bool:
    """`tickets` beside a column `ticket`: the plural of a name in the singular, which may number the rows."""
    low = said.lower()
    return (
        singular(low) != low
        and column.words == (singular(low),)
        and _singular_name(column)
        and "INT" in column.sql_type
        and not set(column.words) & (_NEVER | lexicon.NOT_ADDITIVE)
    )


def names_each(said: str, column: Column, tables: Iterable[Table]) -> bool:
    """Whether each row is one of what the plural `said` names, because the column tells all rows apart."""
    return same_noun(said, column) and (running_number(column) or (_first(column, tables) and _unique(column, tables)))


def may_name(said: str, column: Column, tables: Iterable[Table]) -> bool:
    """Whether it cannot be told if the column names rows or counts pieces."""
    tables = list(tables)
    return same_noun(said, column) and (_first(column, tables) or _unique(column, tables))


def pieces(said: str, column: Column) -> bool:
    """`apples` beside a column of whole numbers that is called so itself: how many there were in each row."""
    low = said.lower()
    return (
        singular(low) != low
        and not _singular_name(column)
        and "INT" in column.sql_type
        and column.words[-1:] == (singular(low),)
        and not set(column.words) & (_UNITS | lexicon.NOT_ADDITIVE)
    )


def _singular_name(column: Column) -> bool:
    last = re.findall(r"[^\W_]+", column.name.lower())[-1:]
    return bool(last) and singular(last[0]) == last[0]


def _first(column: Column, tables: Iterable[Table]) -> bool:
    return any(table.columns[0] == column for table in tables if table.columns)


def _unique(column: Column, tables: Iterable[Table]) -> bool:
    return any(column.distinct == column.filled == table.rows > 1 for table in tables if table.name == column.table)
