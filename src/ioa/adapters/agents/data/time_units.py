"""Numbers with a unit of time beside columns in a unit of time: `more than 2 hours` of a column `minutes`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import singular

_SECONDS = {
    "second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "hr": 3600, "h": 3600, "day": 86_400, "week": 604_800,
}  # fmt: skip


def is_unit(word: str) -> bool:
    """Whether a word is a unit of time that has a fixed length."""
    return singular(word.lower()) in _SECONDS


def timed(column: Column, columns: Iterable[Column]) -> int:
    """The length in seconds of the unit that a column of numbers is in by its name; 0 if its name says none."""
    if column.kind != "number" or not column.words or column.words[-1] not in _SECONDS:
        return 0
    if column.words[-1] == "min" and any("max" in other.words for other in columns):
        return 0  # the lowest of something
    if column.words in {("day",), ("week",), ("hour",)} and not column.name.lower().endswith("s"):
        return 0  # the hour of the day
    return _SECONDS[column.words[-1]]


def converted(number: Decimal, unit: str, seconds: int) -> Decimal:
    """The number in a unit of so many seconds."""
    return number * _SECONDS[singular(unit.lower())] / seconds


def counted_in(word: str, column: Column, columns: Iterable[Column]) -> bool:
    """Whether `how many minutes` is the total of the column: `duration_min`, but not the minute of the hour."""
    seconds = timed(column, columns)
    return (
        len(column.words) > 1
        and is_unit(word)
        and _SECONDS[singular(word.lower())] == seconds
        and not {"max", "min", "average", "avg", "mean"} & set(column.words[:-1])
    )
