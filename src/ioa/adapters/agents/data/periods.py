"""Dates and periods in words: `2024-03-05`, `March 2024`, `Q2 2024`, `2023`, `in May`. No relative dates."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from ioa.adapters.agents.data.words import Token, word_set

MONTHS = {
    **{name.lower(): index for index, name in enumerate(calendar.month_name) if name},
    **{name.lower(): index for index, name in enumerate(calendar.month_abbr) if name},
    "sept": 9,
}
WEEKDAYS = {
    **{name.lower(): index for index, name in enumerate(calendar.day_name, start=1)},
    **{name.lower(): index for index, name in enumerate(calendar.day_abbr, start=1)},
}
RELATIVE = word_set("today yesterday tomorrow last next this past previous current recent")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` up to and without `end`; or a month of any year (`month`), or a weekday (1 is Monday)."""

    words: str
    start: date | None = None
    end: date | None = None
    month: int = 0
    weekday: int = 0
    year: int = 0
    clock: str = ""


def read_period(tokens: list[Token], at: int) -> tuple[Period, int] | None:
    """The period that starts at token `at`, and how many tokens it takes; None if there is none."""
    for length in (6, 5, 4, 3, 2, 1):
        part = tokens[at : at + length]
        if len(part) == length and (found := _period(part)):
            return found, length
    return None


def month_period(month: int, year: int, words: str) -> Period:
    """One calendar month."""
    end = date(year + month // 12, month % 12 + 1, 1)
    return Period(words, date(year, month, 1), end)


def year_period(year: int, words: str) -> Period:
    """One calendar year."""
    return Period(words, date(year, 1, 1), date(year + 1, 1, 1), year=year)


def is_year(token: Token) -> bool:
    """Whether a number can be a year."""
    return token.kind == "number" and token.text.isdigit() and len(token.text) == 4 and 1800 <= int(token.text) <= 2150


def _day(year: int, month: int, day: int, words: str) -> Period | None:
    try:
        start = date(year, month, day)
    except ValueError:
        return None
    return Period(words, start, start + timedelta(days=1))


def _period(part: list[Token]) -> Period | None:
    words = " ".join(token.text for token in part)
    first = part[0]
    lows = [token.low for token in part if token.low not in {",", "of", "the"}]
    kept = [token for token in part if token.low not in {",", "of", "the"}]
    if not kept or part[-1] is not kept[-1] or first is not kept[0]:
        return None
    if len(part) == 1 and first.kind == "date":
        return _iso(first.text)
    if len(part) == 1 and first.kind == "month" and 1 <= int(first.text[5:]) <= 12:
        return month_period(int(first.text[5:]), int(first.text[:4]), words)
    months = [MONTHS[low] for low in lows if low in MONTHS]
    years = [int(token.text) for token in kept if is_year(token)]
    days = [
        int(token.number)
        for token in kept
        if token.number is not None
        and not is_year(token)
        and token.number == int(token.number)
        and 1 <= token.number <= 31
    ]
    if len(kept) == 3 and len(months) == len(years) == len(days) == 1:
        return _day(years[0], months[0], days[0], words)
    if len(kept) == 2 and months and years:
        return month_period(months[0], years[0], words)
    if len(kept) == 2 and years and (lows[0] in _QUARTERS or lows[1] in _QUARTERS):
        quarter = _QUARTERS[lows[0] if lows[0] in _QUARTERS else lows[1]]
        return _quarter(quarter, years[0], words)
    if len(kept) == 3 and years and lows[1] == "quarter" and lows[0] in _QUARTERS:
        return _quarter(_QUARTERS[lows[0]], years[0], words)
    if (
        len(kept) == 1
        and lows[0] in MONTHS
        and (first.low != "may" or first.text[0].isupper())
        and (len(lows[0]) > 3 or first.text[0].isupper())
    ):
        return Period(words, month=MONTHS[lows[0]])
    if len(kept) == 1 and (low := lows[0].removesuffix("s")) in WEEKDAYS and (len(low) > 3 or first.text[0].isupper()):
        return Period(words, weekday=WEEKDAYS[low])
    return None


_QUARTERS = {"q1": 1, "q2": 2, "q3": 3, "q4": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}


def _quarter(quarter: int, year: int, words: str) -> Period:
    start = date(year, 3 * quarter - 2, 1)
    return Period(words, start, month_period(3 * quarter, year, "").end)


def _iso(text: str) -> Period | None:
    try:
        year, month, day = (int(part) for part in text[:10].replace("T", " ").split(" ")[0].split("-"))
    except ValueError:
        return None
    found = _day(year, month, day, text)
    if found and len(text) > 11:
        return Period(text, found.start, found.end, clock=text.replace("T", " "))
    return found
