"""Rows that an answer chose, so that "these samples" or "the average fine there" can be asked about them later.

An answer's SQL ends with a comment that says which rows it was about. A later task of the network gets it in the
earlier result's text; it is read as data: one SQL expression over the same file, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ioa.adapters.agents.data.reading import Condition, Group, Measure, Reading
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.typing_columns import literal
from ioa.adapters.agents.data.words import name_words

_LINE = re.compile(r"^-- rows of (?P<source>[^\n]+?) \[(?P<form>\w+): (?P<words>[^\n]*)\] where (?P<sql>[^\n]+)$", re.M)
_LONGEST_CHARS = 4000
_MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of `source` for which `sql` holds; `words` say the same.

    `form`: all (no filter), rows (any filter), one (one column has one value: a place, a month, a winner), groups
    (rows of the groups that an answer listed). `nouns` are the words that the question used for what it counted;
    `column` is the column of "one".
    """

    source: str
    form: str
    words: str
    sql: str
    nouns: frozenset[str] = frozenset()
    column: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The comment under an answer's SQL."""
        form = "_".join((self.form, *self.column))
        return f"-- rows of {self.source} [{form}: {self.words}] where {self.sql}"

    def condition(self) -> Condition:
        """The selection as a filter of another question."""
        return Condition(self.sql, self.words)


def selections(texts: Iterable[tuple[str, str]]) -> list[Selection]:
    """Selections that earlier results tell of, in order; `texts` are (question, conclusion)."""
    import duckdb

    found: list[Selection] = []
    for question, conclusion in texts:
        for match in _LINE.finditer(conclusion):
            form, *column = match["form"].split("_")
            try:
                duckdb.SQLExpression(match["sql"])
            except duckdb.Error:
                continue
            found.append(
                Selection(match["source"], form, match["words"], match["sql"], counted_nouns(question), tuple(column))
            )
    return found


_COUNTED = re.compile(
    r"\b(?:how many|number of|count(?: up)?|list|show|find|which|what|of|the|all|among)\s+(?:the\s+|all\s+|of\s+)*"
    r"(?:\w+\s+){0,2}?(?P<noun>[^\W\d]\w*s|people|men|women|children)\b",
    re.IGNORECASE,
)


def counted_nouns(question: str) -> frozenset[str]:
    """Plural nouns that a question speaks of first: what its rows are called. One noun, or none."""
    match = re.search(r"\b(?:how many|number of|count|list|of)\s+(.*)", question, re.IGNORECASE | re.DOTALL)
    noun = _COUNTED.match(match[0]) if match else None
    return frozenset(name_words(noun["noun"])) if noun else frozenset()


def selection_of(
    reading: Reading, columns: Sequence[str], rows: Sequence[Sequence[object]], said: str
) -> Selection | None:
    """The rows that an answered reading was about; None where "these" could mean more than one thing."""
    source, where, words = reading.scope.words, reading.where, reading.where_words
    nouns = counted_nouns(said)
    if reading.limit or "SELECT" in where or "\n" in where + words or len(where) > _LONGEST_CHARS:
        return None
    match reading.kind:
        case "table" | "rows" | "corr" if not reading.groups and not reading.having:
            if any(
                measure.fn == "count_distinct" and not _tells_apart(measure, reading) for measure in reading.measures
            ):
                return None  # "they" are then not the rows
            if not where:
                return Selection(source, "all", "all rows", "TRUE", nouns) if reading.kind == "table" else None
            one = _one_value(reading)
            return Selection(source, "one" if one else "rows", words, where, nouns, one.words if one else ())
        case "ranked" if len(reading.groups) == 1 and rows:
            return _of_groups(reading, reading.groups[0], [row[0] for row in rows])
        case "table" if len(reading.groups) == 1 and reading.having and rows:
            return _of_groups(reading, reading.groups[0], [row[0] for row in rows])
        case "ranked rows" if reading.rank is not None and not reading.groups and not reading.rank.nth and rows:
            if reading.rank.label not in columns:
                return None
            last = rows[-1][list(columns).index(reading.rank.label)]
            sign, side = (">=", "at least") if reading.rank.descending else ("<=", "at most")
            test = f"{reading.rank.sql} {sign} {literal(str(last))}"
            said_words = f"{reading.rank.label} {side} {last}"
            return Selection(
                source,
                "rows",
                f"{words} and {said_words}" if words else said_words,
                f"({where}) AND {test}" if where else test,
                nouns,
            )
        case _:
            return None


def _tells_apart(measure: Measure, reading: Reading) -> bool:
    """Whether each row has a value of its own in the counted column: counting values is counting rows."""
    if len(reading.scope.tables) != 1 or len(measure.columns) != 1:
        return False
    column = measure.columns[0]
    return (
        measure.operand == reading.column_sql(column)
        and column.distinct == column.filled == reading.scope.tables[0].rows
    )


def _one_value(reading: Reading) -> Column | None:
    """The column of a selection that is nothing but "this column has this value"."""
    every = [*reading.carried, *reading.conditions]
    if len(every) != 1 or every[0].negated or len(every[0].values) != 1:
        return None
    return every[0].column


def _of_groups(reading: Reading, group: Group, keys: list[object]) -> Selection | None:
    if not 0 < len(keys) <= _MOST_GROUPS or any(key is None for key in keys):
        return None
    tests = ", ".join(literal(str(key)) for key in keys)
    sql = f"CAST({group.sql} AS VARCHAR) {'=' if len(keys) == 1 else 'IN'} {tests if len(keys) == 1 else f'({tests})'}"
    words = f"{group.label} is {' or '.join(repr(str(key)) for key in keys)}"
    if reading.where:
        sql, words = f"({reading.where}) AND {sql}", f"{reading.where_words} and {words}"
    if "\n" in sql:
        return None
    form = "groups" if len(keys) > 1 else "rows" if reading.where else "one"
    column = (group.bucket,) if group.bucket else group.column.words
    return Selection(reading.scope.words, form, words, sql, frozenset(), () if reading.where else column)
