"""From a text and the tables to readings: which table (or join of two) a question is about, and several questions in one."""  # noqa: E501 - a sentence in one piece

from __future__ import annotations

import itertools
import re

from ioa.adapters.agents.data.joins import join_keys, join_on, joined_scope
from ioa.adapters.agents.data.naming import Scope
from ioa.adapters.agents.data.own_clauses import OwnClauses
from ioa.adapters.agents.data.question import Item, Marker, NotUnderstood, names_file, stem_named
from ioa.adapters.agents.data.reader import Reader
from ioa.adapters.agents.data.reading import Reading
from ioa.adapters.agents.data.tables import Table, Tables
from ioa.adapters.agents.data.typing_columns import identifier
from ioa.adapters.agents.data.words import key, word_set

_SENTENCE = re.compile(
    r"(?:[?;!]|(?<=[^\d\s.])(?<!vs)(?<!no)\.)(?:\s+|$)|\n+\s*(?:[-*•]|\d+[.)])?\s*|(?:^|(?<=[\s.;]))\d{1,2}[.)]\s+(?=[A-Za-z])|"
    r",?\s+(?:and\s+then|then|and\s+also)\s+(?!by\b)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r",?\s+and\s+(?=(?:how many|what|which|who|list|show|find|compute|calculate|count|give|tell|determine|the (?:total|average|mean|median|number|sum|highest|lowest)|total|average|mean|median|number of|highest|lowest)\b)",  # noqa: E501 - a sentence in one piece
    re.IGNORECASE,
)
EACH_FILE = re.compile(r"\b(?:in|of|for|per)\s+(?:each|every)\s+(?:file|table|sheet|dataset)\b", re.IGNORECASE)
_PLAIN_KINDS = word_set("stop unknown agg col entity rows list and which result")
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
        self._joined: Scope | None = None

    def read(self, question: str, whole: str = "", only: str = "") -> list[Reading]:
        """Read one question; the clauses of a sentence come in their order. Raises `NotUnderstood`.

        `whole` is the text around it, where the file may be named; `only` the words of the one scope to read it in.
        """
        found = self._in_scope(question, only) if only else self._chosen(question, whole)
        return [part for reading in found for part in (*reading.earlier, reading)]

    def no_filter(self, phrase: str, whole: str) -> bool:
        """Whether a phrase names no value, date, number, comparison or grouping in any table that is meant."""
        tables = self.candidates(phrase, whole)
        scopes = [self._joined] if self._joined else [alone(table) for table in tables]
        return all(
            item.kind in _PLAIN_KINDS and not any(column.true for column in item.columns)
            for scope in scopes
            for item in self._marked(phrase, scope)
        )

    def join(self, left: str, right: str, name: str) -> None:
        """Read all questions with two files joined, as the text wants it. Raises `NotUnderstood`."""
        own = [table for table in self._tables.tables if not table.result]
        pair = [table for file in (left, right) for table in own if file and table.source.lower() == file.lower()]
        if not left:
            pair = own
        if len(pair) != 2 or pair[0] is pair[1]:
            there = ", ".join(table.source for table in own)
            raise NotUnderstood(f"Which two files are to be joined? There are: {there}.")
        self._joined = joined_scope(self._tables, pair[0], pair[1], name)

    def _in_scope(self, question: str, only: str) -> list[Reading]:
        scopes = [self._joined] if self._joined else []
        scopes += [alone(table) for table in self._tables.tables] + self._joins(self._tables.tables)
        fitting = [scope for scope in scopes if scope.words == only][:1]
        if not fitting:
            raise NotUnderstood(f"{only} is not among the files of this task.")
        return [self._read(EACH_FILE.sub(" ", question), fitting[0])]

    def _in_join(self, question: str, scope: Scope) -> list[Reading]:
        """The reading with two files joined; of the smaller one alone where joining would repeat its rows."""
        try:
            return [self._read(question, scope)]
        except NotUnderstood as error:
            try:
                return [self._read(question, alone(scope.tables[1]))]
            except NotUnderstood:
                raise error from None

    def _chosen(self, question: str, whole: str) -> list[Reading]:
        """Read one question; `whole` is the text around it, where the file may be named. Raises `NotUnderstood`.

        Several readings are returned only for questions that are asked of every table, such as a description.
        """
        question = EACH_FILE.sub(" ", question)
        if self._joined is not None:
            return self._in_join(question, self._joined)
        tables = self.candidates(question, whole or question)
        found, refused = self._try([alone(table) for table in tables], question)
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
        return [table for table in everything if table.rows > 1 or not table.result] or everything

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
            keys = join_keys(self._tables, left, right)
            if len(keys) == 1:
                scopes.append(join_on(left, right, *keys[0]))
        return scopes


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


def alone(table: Table) -> Scope:
    """One table to read a question with."""
    return Scope([table], identifier(table.name), table.source)
