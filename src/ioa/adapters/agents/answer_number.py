"""The figures of a sentence, and the one that answers a question, so that others may compute with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from ioa.adapters.agents.answer_kinds import DATES_AND_TIMES, Kind

_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_WORDS = {word: value for value, word in enumerate(_SMALL.split())} | _TENS | {"hundred": 100}
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NUMBER = re.compile(rf"(?<![\w.,-])(?:{_DIGITS})(?![\w]*\d)|\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_UNIT = re.compile(r"\s?(%|(?:degrees|square|cubic) [^\W\d_]+|[°µΩ]?[^\W\d_][^\W\d_²³/]*(?:/[^\W\d_]+)?[²³]?)(?![\w-])")
_YEAR = re.compile(r"(?:19|20)\d\d")
_CURRENCY_BEFORE = re.compile(r"[€£¥$]\s?$|\b(?:EUR|USD|GBP|CHF)\s$")
_NO_QUANTITY = re.compile(
    r"\b(?:pages?|lines?|sections?|clauses?|articles?|chapters?|paragraphs?|rooms?|numbers?|nos?\.?|version|class|level|"
    r"step|table|figure|unit|flat|apartment)\s$|[§#]\s?$",
    re.IGNORECASE,
)
_NUMERIC = frozenset(
    (
        "money",
        "duration",
        "percent",
        "weight",
        "length",
        "area",
        "volume",
        "temperature",
        "number",
        "count",
    )
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a text: `value` written plainly (`1150`, `0.62`; empty when it is more than is read here), the word
    or sign after it as `unit` (`kg`, `%`; `€` when that stands before it), and where it stands."""

    value: str
    unit: str
    start: int
    end: int


def figures(text: str) -> list[Figure]:
    """The numbers of a text that may be quantities: no dates, times of day, names (`B60`) and page numbers."""
    dated = [match.span() for match in DATES_AND_TIMES.finditer(text) if not _is_quantity(text, match)]
    found: list[Figure] = []
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if any(start < stop and begin < end for begin, stop in dated) or _NO_QUANTITY.search(text[:start]):
            continue
        if found and found[-1].end > start:
            continue  # "five" of "twenty-five"
        value, end = _read(text, match)
        sign = _CURRENCY_BEFORE.search(text[:start])
        unit = _UNIT.match(text, end)
        found.append(Figure(value, sign[0].strip() if sign else unit[1] if unit else "", start, end))
    return found


def figures_of(text: str, kind: Kind | None) -> list[Figure]:
    """The figures of this kind in a sentence; all of them when the kind is none of a quantity's, or not given."""
    found = figures(text)
    if kind is None or kind.name not in _NUMERIC or kind.name in ("number", "count"):
        return found
    spans = [match.span() for match in kind.looks.finditer(text)]
    return [one for one in found if any(one.start < stop and begin < one.end for begin, stop in spans)]


def is_numeric(kind: Kind | None) -> bool:
    """Does a question of this kind ask for a quantity?"""
    return kind is not None and kind.name in _NUMERIC


def number_in(sentence: str, kind: Kind | None) -> str | None:
    """The number of this kind in the sentence, written plainly (`1150`, `0.62`); `None` when there is none or more
    than one, when it is a range, or when the kind is no number."""
    if not is_numeric(kind):
        return None
    text = sentence.partition(" = ")[2] or sentence  # the one cell of a row that was asked for
    if " = " in text:
        return None
    found = figures_of(text, kind)
    return found[0].value or None if len(found) == 1 else None


def _is_quantity(text: str, date: re.Match[str]) -> bool:
    """2000 of "€2000" and of "2000 euros" looks like a year and is none, 0.62 like a time of day."""
    if re.fullmatch(r"\d{1,2}\.\d\d", date[0]):
        return not re.search(
            r"\b(?:at|from|until|till|by|between|before|after|opens?|closes?)\s$", text[: date.start()]
        )
    if not _YEAR.fullmatch(date[0]):
        return False
    after = _UNIT.match(text, date.end())
    money = (
        re.match(r"(?i)(?:euros?|dollars?|pounds?|francs?|eur|usd|gbp|chf|[€£$%]|kg|km|kwh|m|g|l)$", after[1])
        if after
        else None
    )
    return bool(money or _CURRENCY_BEFORE.search(text[: date.start()]))


def _read(text: str, match: re.Match[str]) -> tuple[str, int]:
    """The value of a number and where it ends, with the word of scale or the unit's word of "twenty-five"."""
    word, end = match[0].lower(), match.end()
    value = Decimal(_WORDS[word]) if word in _WORDS else Decimal(word.replace(",", ""))
    after = re.compile(r"[\s-]*(\w+)").match(text, end)
    following = after[1].lower() if after else ""
    if after and following in _SCALES:
        value, end = value * _SCALES[following], after.end()
    elif after and following in _WORDS:
        if word not in _TENS or not 0 < _WORDS[following] < 10:
            return "", after.end()  # "two hundred": more than is read here
        value, end = value + _WORDS[following], after.end()
    elif (
        following == "and"
        and word in _WORDS
        and re.match(rf"\s+(?:{'|'.join(_WORDS)})\b", text[after.end() :] if after else "")
    ):
        return "", end  # "hundred and five"
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain, end
