"""Numbers that earlier results hold, and the words by which a task may refer to them."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


class Unclear(Exception):
    """The task is not understood, or it refers to a number that is not there. Says which."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A number inside a text that an earlier task gave: its `value`, its `unit` as written, the `clause` around it."""

    value: str
    unit: str
    clause: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier table: where it came from, its columns and rows of text; `unit` of its number, where a text said it.

    A text from which no one number could be taken has no rows; `quoted` are the numbers in it.
    """

    task: str
    columns: list[str]
    rows: list[list[str]]
    unit: str = ""
    quoted: tuple[Quoted, ...] = ()

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
    r"\b(?:the\s+|this\s+|that\s+)?(?:(?:previous|last|final|above|resulting|computed)\s+)?(?:result|answer|outcome|number|value|figure)\b(?!s)(?:\s+(?:of|from|in)\s+(?:the\s+)?(?:previous|last|first|earlier)\s+(?:step|task|question|result))?|\bit\b|\bthis\b(?!\s+\w)|\bthat\b(?!\s+(?!is\s*$|by\b|per\b|to\b|into\b|as\b)\w)",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"\b(?:both|the two|these two|the|all|all the|these|those|the three)\s+(?:of\s+(?:them|the)\s+)?(?:previous\s+|earlier\s+)?(?:results|numbers|values|totals|averages|answers|figures|sums|counts)\b|\b(?:them|the two|both|these|those)\b(?!\s+(?:percent|%))",
    re.IGNORECASE,
)
_NTH = re.compile(
    r"\b(?:the\s+)?(?P<nth>first|second|third|fourth|last|1st|2nd|3rd)\s+(?:result|answer|number|value|one|total|figure)\b",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "last": -1}


_HIGH = r"(?:highest|largest|biggest|greatest|maximum|max|top|best)"
_LOW = r"(?:lowest|smallest|least|minimum|min|bottom|worst)"
_ENDS = re.compile(
    rf"\b(?:the\s+)?(?P<one>{_HIGH}|{_LOW})(?:\s+(?:value|number|one|result))?\s+(?P<joint>and|to)\s+(?:the\s+)?(?P<two>{_HIGH}|{_LOW})\b(?:\s+(?:values?|numbers?|ones?|results?))?"
    r"(?:\s+(?:of|among|in)\s+(?:them|these|those|it|all|the\s+(?:table|list|results?|values|numbers)|these\s+\w+)(?!\w))?(?=\s*(?:$|[.,?]))",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?:the|this|that)\s+(?P<word>total|sum|average|mean|median|difference|amount|count|share|percentage|ratio|product|maximum|minimum)\b(?!\s+(?:of|between|from|for|in|per|and|[a-z]+ed)\b)(?=\s*(?:$|[.,?]|to\b|into\b|by\b|is\b|was\b|as\b|with\b|at\b))",
    re.IGNORECASE,
)
_PER_YEAR = re.compile(
    r"\s+(?:per|a|each|every|for (?:a|one|the(?: whole)?)|over (?:a|one|the))\s+year\b[?. ]*$", re.IGNORECASE
)
_MONTHLY = re.compile(r"\s+(?:per|a|each|every)\s+month\b[?. ]*$", re.IGNORECASE)


def heading(one: Earlier) -> str:
    """The heading of a single number."""
    return next((name for name, cell in zip(one.columns, one.rows[0], strict=True) if number(cell) is not None), "")


def _ends(text: str, earlier: list[Earlier], notes: list[str]) -> str:
    """`the highest and the lowest of them`: the two ends of the nearest table, or of all single numbers."""
    found = _ENDS.search(text)
    if found is None or re.search(r"\d", text[found.end() :]):
        return text
    column = next((one.column() for one in reversed(earlier) if len(one.rows) > 1), None)
    scalars = [value for value in (one.scalar() for one in earlier) if value is not None]
    values = column[1] if column else scalars
    if len(values) < 2 or (column and len(scalars) > 1):
        raise Unclear(f'"{found.group().strip()}" of what? It needs one earlier table with one column of numbers.')
    ends = [max(values) if re.fullmatch(_HIGH, found[name], re.IGNORECASE) else min(values) for name in ("one", "two")]
    notes.append(f'"{found.group().strip()}" are {ends[0]:f} and {ends[1]:f}' + (f" of {column[0]}" if column else ""))
    return f"{text[: found.start()]} ({ends[0]:f}) {found['joint']} ({ends[1]:f}) {text[found.end() :]}"


def _said(text: str, earlier: list[Earlier], notes: list[str]) -> str:
    """`the total`: the earlier number that is called so, or the only one there is."""

    def put(match: re.Match[str]) -> str:
        singles = [(heading(one), value) for one in earlier if (value := one.scalar()) is not None]
        named = [pair for pair in singles if match["word"].lower() in pair[0].lower()]
        if not named and len(singles) == 1:
            named = singles
        if len(named) != 1:
            raise Unclear(f'"{match.group()}": {len(named)} earlier results are called so; say which number is meant.')
        notes.append(f'"{match.group()}" is {named[0][1]:f} ({named[0][0]})')
        return f" ({named[0][1]:f}) "

    return _SAID.sub(put, text)


def _months(text: str, earlier: list[Earlier]) -> str:
    """`that per month` of a number that is said to be of a year: divided by 12."""
    yearly = [one for one in earlier if one.scalar() is not None]
    if (match := _MONTHLY.search(text)) and yearly:
        said = f"{heading(yearly[-1])} {yearly[-1].task} {text}".lower()
        if not re.search(r"\b(?:year|yearly|annual|annually|annum)\b", said.replace("_", " ")):
            raise Unclear('"per month" of what period? Say, for example, "divide it by 12".')
        return f"divide {re.sub(r'^.*?(?:how much|what)(?: is| are)?', '', text[: match.start()], flags=re.IGNORECASE)} by 12"
    return text


def _yearly(text: str, earlier: list[Earlier]) -> str:
    """`that per year` of a number that is said to be of a month: times 12."""
    known = [one for one in earlier if one.scalar() is not None]
    if (match := _PER_YEAR.search(text)) and known:
        said = f"{heading(known[-1])} {known[-1].task}".lower()
        if not re.search(r"\b(?:monthly|(?:per|a|each|every) month)\b", said.replace("_", " ")):
            raise Unclear(f'"{match.group().strip(" ?.")}" of what period? Say, for example, "multiply it by 12".')
        return f"multiply {re.sub(r'^.*?(?:how much|what)(?: is| are| does)?', '', text[: match.start()], flags=re.IGNORECASE)} by 12"
    return text


_CONTENT = re.compile(r"[a-z][a-z'-]+")
_NO_CONTENT = frozenset(
    [
        "the",
        "this",
        "that",
        "these",
        "those",
        "of",
        "in",
        "for",
        "from",
        "per",
        "and",
        "a",
        "an",
        "it",
        "is",
        "what",
        "how",
        "much",
        "many",
        "value",
        "number",
        "amount",
        "figure",
        "result",
        "monthly_",
    ]
)
_CALLED = re.compile(
    r"\b(?:the|this|that)\s+(?P<name>[a-z][\w'-]*(?:\s+(?!(?:by|to|into|is|was|are|as|with|at|and|from|times|plus|minus|divided|multiplied|of)\b)[a-z][\w'-]*){0,4})(?=\s*(?:$|[.,?()]|(?:by|to|into|is|was|as|with|at|and|from|times|plus|minus|divided|multiplied)\b))",
    re.IGNORECASE,
)
_POINTED = re.compile(
    r"\b(?:this|that)\s+(?:amount|figure|number|value|price|cost|fee|rent|sum|quantity|weight|length|distance|temperature|duration|rate|score|reading|measurement)\b(?!\s+of\b)",
    re.IGNORECASE,
)


_GENERIC = re.compile(r"\b(?:this|that)\s+(?:amount|figure|number|value|sum|quantity)\b(?!\s+of\b)", re.IGNORECASE)


def _stems(text: str) -> set[str]:
    return {word.rstrip("s") for word in _CONTENT.findall(text.lower().replace("_", " "))} - _NO_CONTENT


def _called(text: str, earlier: list[Earlier], notes: list[str]) -> str:
    """`the monthly rent`: the number whose heading, task or words around it have all these words. Raises `Unclear`
    where they fit several."""

    def put(match: re.Match[str]) -> str:
        wanted = _stems(match["name"])
        if not wanted:
            return match.group()
        fitting: dict[Decimal, str] = {}
        for one in earlier:
            value = one.scalar()
            if value is not None and wanted == _stems(heading(one)):
                fitting = {value: one.task}
                break
            if value is not None and wanted <= _stems(f"{heading(one)} {one.task}"):
                fitting.setdefault(value, one.task)
            elif len(one.rows) > 1 and wanted <= _stems(f"{' '.join(one.columns)} {one.task}"):
                return match.group()  # it may be a column of a table
            for quoted in one.quoted:
                if (told := number(quoted.value)) is not None and wanted <= _stems(quoted.clause):
                    fitting.setdefault(told, quoted.clause)
        if not fitting:
            return match.group()
        if len(fitting) > 1:
            named = "; ".join(f"{value:f} ({shown})" for value, shown in fitting.items())
            raise Unclear(f'"{match.group()}" may be {named}: say which number is meant.')
        ((value, shown),) = fitting.items()
        notes.append(f'"{match.group()}" is {value:f} ({shown})')
        return f" ({value:f}) "

    return _CALLED.sub(put, text)


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

    text = _yearly(_months(text, earlier), earlier)
    text = _ends(text, earlier, notes)
    text = _NTH.sub(nth, text)
    for words, value in _named(earlier):
        pattern = re.compile(rf"(?<!\w)(?:the\s+)?{re.escape(words)}(?!\w)", re.IGNORECASE)
        if pattern.search(text):
            text = pattern.sub(lambda match, value=value: put(match.group(), value), text)
    text = _called(text, earlier, notes)
    text = _said(text, earlier, notes)
    if len(set(scalars)) == 1 or len(earlier) == 1:
        text = _POINTED.sub("it", text)
    text = _GENERIC.sub("it", text)
    if found := _BOTH.search(text):
        column = earlier[-1].column() if len(earlier[-1].rows) > 1 else None
        several = re.search(r"results|answers|totals|averages|both|two", found.group(), re.IGNORECASE)
        if len(scalars) >= 2 and column and not several:
            raise Unclear(
                f'"{found.group().strip()}" may be the {len(scalars)} single numbers or the table of {column[0]}: say which.'
            )
        if re.search(r"\b(?:both|two)\b", found.group(), re.IGNORECASE) and len(scalars) > 2:
            raise Unclear(f'"{found.group().strip()}": there are {len(scalars)} earlier single numbers; say which two.')
        values = scalars if len(scalars) >= 2 else column[1] if column else []
        if len(values) < 2:
            raise Unclear(f'"{found.group()}" needs several earlier numbers; there is {len(values)}.')
        notes.append(f'"{found.group()}" are {", ".join(f"{value:f}" for value in values[:20])}')
        joined = ", ".join(f"{value:f}" for value in values)
        text = text[: found.start()] + f" {joined} " + text[found.end() :]
    if found := _LAST.search(text):
        value = earlier[-1].scalar()
        if value is None and earlier[-1].quoted:
            named = "; ".join(f"{one.value} {one.unit} ({one.clause})".replace("  ", " ") for one in earlier[-1].quoted)
            raise Unclear(
                f'"{found.group()}" may be any of several numbers in the earlier text: {named}. Say which is meant.'
            )
        if value is None and scalars:
            nearest = next(one for one in reversed(earlier) if one.scalar() is not None)
            value = scalars[-1]
            notes.append(f'The nearest earlier result that is one number is "{heading(nearest)}"')
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
