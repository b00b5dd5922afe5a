"""Numbers that earlier results hold, and the words by which a task may refer to them."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


class Unclear(Exception):
    """The task is not understood, or it refers to a number that is not there. Says which."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier table: where it came from, its columns and rows of text."""

    task: str
    columns: list[str]
    rows: list[list[str]]

    def scalar(self) -> Decimal | None:
        """The number, if the table has one row and one number in it."""
        if len(self.rows) != 1:
            return None
        numbers = [value for value in map(number, self.rows[0]) if value is not None]
        return numbers[0] if len(numbers) == 1 else None

    def column(self) -> tuple[str, list[Decimal]] | None:
        """The one column of numbers of a table with several rows."""
        found: list[tuple[str, list[Decimal]]] = []
        for index, name in enumerate(self.columns):
            values = [number(row[index]) for row in self.rows if row[index].strip()]
            numbers = [value for value in values if value is not None]
            if numbers and len(numbers) == len(values):
                found.append((name, numbers))
        if len(found) > 1:
            found = [one for one in found if not re.fullmatch(r"(?i)(year|month|.*\bid)", one[0])]
        return found[0] if len(found) == 1 else None

    def labels(self) -> list[tuple[str, Decimal]]:
        """Names of rows with their number, where a table has one column of text and one of numbers."""
        column = self.column()
        if column is None:
            return []
        place = self.columns.index(column[0])
        texts = [index for index in range(len(self.columns)) if index != place]
        if len(texts) != 1:
            return []
        pairs = [(row[texts[0]], number(row[place])) for row in self.rows]
        return [(name, value) for name, value in pairs if value is not None and name.strip()]


def number(text: str) -> Decimal | None:
    """A number written plainly, else None."""
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


_LAST = re.compile(
    r"\b(?:the\s+|this\s+|that\s+)?(?:(?:previous|last|final|above|resulting|computed)\s+)?(?:result|answer|outcome|number|value|figure)\b(?!s)(?:\s+(?:of|from|in)\s+(?:the\s+)?(?:previous|last|first|earlier)\s+(?:step|task|question|result))?|\bit\b|\bthis\b(?!\s+\w)|\bthat\b(?!\s+\w)",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"\b(?:both|the two|these two|the|all|all the|these|those|the three)\s+(?:of\s+(?:them|the)\s+)?(?:previous\s+|earlier\s+)?(?:results|numbers|values|totals|averages|answers|figures|sums|counts)\b|\b(?:them|the two|both)\b",
    re.IGNORECASE,
)
_NTH = re.compile(
    r"\b(?:the\s+)?(?P<nth>first|second|third|fourth|last|1st|2nd|3rd)\s+(?:result|answer|number|value|one|total|figure)\b",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "last": -1}


def substitute(text: str, earlier: list[Earlier]) -> tuple[str, list[str]]:
    """The text with references replaced by numbers, and what stood for what."""
    if not earlier:
        if re.search(r"\b(?:the|previous|this|that)\s+(?:previous\s+)?results?\b", text, re.IGNORECASE):
            raise Unclear("The task refers to a result, but no earlier result with a number came along.")
        return text, []
    notes: list[str] = []
    scalars = [value for value in (one.scalar() for one in earlier) if value is not None]

    def put(words: str, value: Decimal) -> str:
        notes.append(f'"{words.strip()}" is {value:f}')
        return f" ({value:f}) "

    def nth(match: re.Match[str]) -> str:
        place = _PLACES[match["nth"].lower()]
        if not -len(scalars) <= place < len(scalars):
            raise Unclear(f'"{match.group()}": there are {len(scalars)} earlier results that are single numbers.')
        return put(match.group(), scalars[place])

    text = _NTH.sub(nth, text)
    for words, value in _named(earlier):
        pattern = re.compile(rf"(?<!\w)(?:the\s+)?{re.escape(words)}(?!\w)", re.IGNORECASE)
        if pattern.search(text):
            text = pattern.sub(lambda match, value=value: put(match.group(), value), text)
    if found := _BOTH.search(text):
        column = earlier[-1].column() if len(scalars) < 2 else None
        values = scalars if len(scalars) >= 2 else column[1] if column else []
        if len(values) < 2:
            raise Unclear(f'"{found.group()}" needs several earlier numbers; there is {len(values)}.')
        notes.append(f'"{found.group()}" are {", ".join(f"{value:f}" for value in values[:20])}')
        joined = ", ".join(f"{value:f}" for value in values)
        text = text[: found.start()] + f" {joined} " + text[found.end() :]
    if found := _LAST.search(text):
        value = earlier[-1].scalar()
        if value is None and len(scalars) == 1:
            value = scalars[0]
        if value is None:
            columns = ", ".join(earlier[-1].columns)
            raise Unclear(
                f'"{found.group()}" is a table with {len(earlier[-1].rows)} rows ({columns}), not a single number: say which number is meant.'
            )
        text = _LAST.sub(lambda match: put(match.group(), value), text)
    return text, list(dict.fromkeys(notes))


def _named(earlier: list[Earlier]) -> list[tuple[str, Decimal]]:
    """Names for numbers: headings of single numbers, rows of tables; only those that mean one number. Longest first."""
    found: dict[str, set[Decimal]] = {}
    for one in earlier:
        value = one.scalar()
        if value is not None:
            headings = [name for name, cell in zip(one.columns, one.rows[0], strict=True) if number(cell) is not None]
            found.setdefault(headings[0].replace("_", " ").lower(), set()).add(value)
        else:
            column = one.column()
            for label, number_of in one.labels():
                plain = label.replace("_", " ").lower()
                found.setdefault(plain, set()).add(number_of)
                if column:
                    heading = column[0].replace("_", " ").lower()
                    for phrase in (
                        f"{heading} of {plain}",
                        f"{heading} in {plain}",
                        f"{heading} for {plain}",
                        f"{plain} {heading}",
                        f"{plain} {heading.split()[-1]}",
                        f"{plain} {heading.split()[0]}",
                    ):
                        found.setdefault(phrase, set()).add(number_of)
    single = [
        (name, values.pop())
        for name, values in found.items()
        if len(values) == 1 and not re.fullmatch(r"[\d.\s]*|.", name)
    ]
    return sorted(single, key=lambda pair: -len(pair[0]))
