"""From a text and the tables to readings: which table (or join of two) a question is about, and several questions in one."""  # noqa: E501 - a sentence in one piece

from __future__ import annotations

import itertools
import re

from ioa.adapters.agents.data.own_clauses import OwnClauses
from ioa.adapters.agents.data.question import Item, Marker, NotUnderstood, Scope, names_file, stem_named
from ioa.adapters.agents.data.reader import Reader
from ioa.adapters.agents.data.reading import Reading
from ioa.adapters.agents.data.tables import Column, Table, Tables
from ioa.adapters.agents.data.typing_columns import identifier
from ioa.adapters.agents.data.words import key

_SENTENCE = re.compile(
    r"(?:[?;!]|(?<=[^\d\s.])(?<!vs)(?<!no)\.)(?:\s+|$)|\n+\s*(?:[-*•]|\d+[.)])?\s*|(?:^|(?<=[\s.;]))\d{1,2}[.)]\s+(?=[A-Za-z])|"
    r",?\s+(?:and\s+then|then|and\s+also)\s+(?!by\b)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r",?\s+and\s+(?=(?:how many|what|which|who|list|show|find|compute|calculate|count|give|tell|determine|the (?:total|average|mean|median|number|sum|highest|lowest)|total|average|mean|median|number of|highest|lowest)\b)",  # noqa: E501 - a sentence in one piece
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"^\W*(?:only|ignore|exclude|consider|assume|restrict|limit|filter|use only|keep|remove|drop)\b", re.IGNORECASE
)
EACH_FILE = re.compile(r"\b(?:in|of|for|per)\s+(?:each|every)\s+(?:file|table|sheet|dataset)\b", re.IGNORECASE)
_RESULT = re.compile(r"\b(?:results?|them|those|these|above|previous|it)\b", re.IGNORECASE)


def questions(text: str) -> list[str]:
    """The questions in a text, sentence by sentence."""
    text = re.sub(
        r"\bhow (?:many|much) (?:more|fewer|less|higher|lower|larger|greater)\b(?=.*\bthan\b)",
        "difference in the",
        text,
        flags=re.IGNORECASE | re.DOTALL,
    )
    text = EACH_FILE.sub(" ", text)
    return _split(_SENTENCE, text)


def clauses(question: str) -> list[str]:
    """The parts of a sentence that asks for several things, each with a grouping or ranking of its own."""
    return _split(_CLAUSE, question)


def sets_context(question: str) -> bool:
    """Whether a sentence restricts what the next ones are about: `Only consider shipped orders.`"""
    return bool(_CONTEXT.match(question))


def _split(pattern: re.Pattern[str], text: str) -> list[str]:
    quoted = re.findall(r"\"[^\"]*\"|“[^”]*”", text)
    for index, part in enumerate(quoted):
        text = text.replace(part, f"\x00{index}\x00")
    parts = [part.strip(" ,.;") for part in pattern.split(text) if part and part.strip(" ,.;?!")]
    for index, part in enumerate(quoted):
        parts = [one.replace(f"\x00{index}\x00", part) for one in parts]
    return [part for part in parts if re.search(r"[^\W\d]", part)]


class Understanding:
    """Reads questions about a set of tables."""

    def __init__(self, tables: Tables) -> None:
        """Keep the tables to ask."""
        self._tables = tables
        self._results = {table.name for table in tables.tables if table.result}
        self._marker = Marker(tables)

    def read(self, question: str, whole: str = "") -> list[Reading]:
        """Read one question; the clauses of a sentence come in their order. Raises `NotUnderstood`.

        `whole` is the text around it, where the file may be named.
        """
        return [part for reading in self._chosen(question, whole) for part in (*reading.earlier, reading)]

    def _chosen(self, question: str, whole: str) -> list[Reading]:
        """Read one question; `whole` is the text around it, where the file may be named. Raises `NotUnderstood`.

        Several readings are returned only for questions that are asked of every table, such as a description.
        """
        question = EACH_FILE.sub(" ", question)
        tables = self.candidates(question, whole or question)
        found, refused = self._try([_alone(table) for table in tables], question)
        if len(found) > 1:
            found = self._best(found, question)
        if len(found) == 1 or (found and all(map(_of_every_table, found))):
            return found
        if found:
            names = ", ".join(reading.scope.tables[0].source for reading in found)
            raise NotUnderstood(f"Several files could answer this ({names}): name the one that is meant.")
        joined, refused_joins = self._try(self._joins(tables), question)
        if not joined and len(tables) < len(self._tables.tables):  # a file is named, and another one completes it
            scopes = [scope for scope in self._joins(self._tables.tables) if any(one in tables for one in scope.tables)]
            joined = [one for one in self._try(scopes, question)[0] if len(one.tables_used) > 1]
        if len(joined) == 1:
            return joined
        if joined:
            raise NotUnderstood("Several pairs of files could be joined for this: name the two files.")
        refusals = refused_joins + refused
        raise (
            min(refusals, key=lambda one: (len(one.unknown), one not in refused))
            if refusals
            else NotUnderstood("There is no table to ask.")
        )

    def candidates(self, question: str, whole: str) -> list[Table]:
        """The tables that a text names; all if it names none."""
        everything = self._tables.tables
        for text in (question, whole):
            named = [table for table in everything if names_file(text, table)]
            if named:
                return named
        for text in (question, whole):
            if (stems := [table for table in everything if stem_named(text, table)]) and len(stems) < len(everything):
                return stems
        results = [table for table in everything if table.name in self._results]
        if results and _RESULT.search(question):
            return results
        return everything

    def _try(self, scopes: list[Scope], question: str) -> tuple[list[Reading], list[NotUnderstood]]:
        found: list[Reading] = []
        refused: list[NotUnderstood] = []
        for scope in scopes:
            try:
                found.append(self._read(question, scope))
            except NotUnderstood as error:
                refused.append(error)
        return found, refused

    def _read(self, question: str, scope: Scope) -> Reading:
        """The reading in one scope; clauses with filters of their own become readings of their own."""

        def near(word: str) -> list[str]:
            return self._marker.near(word, scope)

        try:
            return Reader(self._marked(question, scope), scope, near).read()
        except OwnClauses as several:
            parts = several.parts(self._marked(question, scope))
        try:
            *first, last = [Reader(part, scope, near).read() for part in parts]
        except (OwnClauses, NotUnderstood) as error:
            raise NotUnderstood(f"These are several questions ({error}): ask them in sentences of their own.") from None
        last.earlier = first
        return last

    def _marked(self, question: str, scope: Scope) -> list[Item]:
        return self._marker.mark(question, scope)

    def _best(self, found: list[Reading], question: str) -> list[Reading]:
        """Of several tables that can answer, the one whose name the question says, or that the columns fit best."""
        words = {key(word) for word in re.findall(r"\w+", question)} | {
            key(word).removesuffix("s") for word in re.findall(r"\w+", question)
        }
        named = [reading for reading in found if set(reading.scope.tables[0].words) & words]
        if len(named) == 1:
            return named
        files = [reading for reading in found if reading.scope.tables[0].name not in self._results]
        if len(files) == 1:
            return files
        exact = [reading for reading in found if not reading.notes]
        return exact if len(exact) == 1 and any(measure.columns for measure in exact[0].measures) else found

    def _joins(self, tables: list[Table]) -> list[Scope]:
        scopes: list[Scope] = []
        for left, right in itertools.combinations(tables, 2):
            keys = self._keys(left, right)
            if len(keys) == 1:
                scopes.append(self._joined(left, right, *keys[0]))
        return scopes

    def _keys(self, left: Table, right: Table) -> list[tuple[Column, Column]]:
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
                    and self._overlap(one, other)
                    and not (one.words == other.words == ("id",) and len(left.columns) > 1)
                ):
                    pairs.append((one, other))
        exact = [
            pair for pair in pairs if {"id", "row", "code", "no", "number", "key"} & set(pair[0].words + pair[1].words)
        ]
        return exact if len(exact) == 1 else pairs

    def _overlap(self, one: Column, other: Column) -> bool:
        row = self._tables.con.execute(
            f"SELECT count(*) FROM (SELECT DISTINCT {identifier(one.name)} AS k FROM {identifier(one.table)}) "  # noqa: S608 - names and values are quoted
            f"WHERE k IN (SELECT {identifier(other.name)} FROM {identifier(other.table)})"
        ).fetchone()
        return bool(row and row[0] and row[0] * 2 >= min(one.distinct, other.distinct))

    def _joined(self, left: Table, right: Table, one: Column, other: Column) -> Scope:
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


def _of_every_table(reading: Reading) -> bool:
    if reading.kind in {"describe", "columns", "missing"}:
        return True
    rows = [measure for measure in reading.measures if measure.sql == "count(*)"]
    return (
        reading.kind == "table"
        and len(rows) == len(reading.measures) == 1
        and not reading.conditions
        and not reading.groups
        and rows[0].label == "number of rows"
    )


def _alone(table: Table) -> Scope:
    return Scope([table], identifier(table.name), table.source)
