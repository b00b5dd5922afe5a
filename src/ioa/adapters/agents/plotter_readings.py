"""The analyst's reading of a request for a chart: with pointers to earlier rows, exclusions and joins, or refused.

What is drawn are the readings themselves, not answers; a scatter plot, a histogram or a line over time shows single
rows, which are read as a list of columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ioa.adapters.agents.data.answering import Answering
from ioa.adapters.agents.data.dangling import pointer
from ioa.adapters.agents.data.own_clauses import Ambiguous
from ioa.adapters.agents.data.phrasing import Context
from ioa.adapters.agents.data.question import NotUnderstood
from ioa.adapters.agents.data.understanding import Understanding
from ioa.adapters.agents.plotter_shapes import RAW_KINDS

if TYPE_CHECKING:
    from ioa.adapters.agents.data.reading import Condition, Reading
    from ioa.adapters.agents.data.tables import Table, Tables

_VERSUS = re.compile(r"\b(?:versus|vs\.?|against)\b", re.IGNORECASE)
_OVER_TIME = re.compile(r"\bover\s+(?:the\s+)?(?:time|days|dates?)\b", re.IGNORECASE)


class _Asked(Protocol):
    text: str
    contexts: tuple[Context, ...]


def kind_of(question: str, kind: str) -> str:
    """The kind of chart: as said, else a scatter plot for `A against B`."""
    return "scatter" if not kind and _VERSUS.search(question) else kind


class ChartAnswering(Answering):
    """Reads the sentence that is drawn; answers those before it, so that it can point to their rows."""

    def __init__(
        self, tables: Tables, earlier: Sequence[tuple[str, str]], question: str, kind: str, whole: str
    ) -> None:
        """`question` is the sentence to be drawn as `kind`; `whole` the request, where the file may be named."""
        super().__init__(tables, earlier)
        self._drawn: list[Reading] = []
        self._chart = question
        self._kind = kind
        self._request = whole

    def readings(self, text: str) -> list[Reading]:
        """What the chart sentence of the text asks for. Raises `NotUnderstood`."""
        told = [found.sentence.replace("**", "") for found in self.answers(text)]
        for reading in self._drawn:
            reading.notes[:0] = told
            self._warned(reading)
            used = [table.source for table in reading.scope.tables if table.result]
            reading.notes += [f"Computed from the table of an earlier task: {source}." for source in used]
        return self._drawn

    def _warned(self, reading: Reading) -> None:
        """Say so where rows were chosen before and the request points to none of them."""
        chosen = [one for one in self._before if one.source == reading.scope.words and one.form != "all"]
        if chosen and not self._said and not reading.carried and not reading.conditions:
            rows = " or ".join(dict.fromkeys(one.words for one in chosen))
            reading.notes.append(f"All rows of {reading.scope.words} are drawn, not only those chosen before ({rows}).")

    def _question(self, part: _Asked, whole: str, places: int | None) -> None:
        if part.text not in self._chart:
            super()._question(part, self._request, places)  # pyright: ignore[reportArgumentType] - same
            return
        plain = self._understanding
        self._understanding = ChartUnderstanding(self._tables, plain, self._kind, own=pointer(self._chart) is None)
        try:
            self._drawn += self._readings(part.text, self._request, part.contexts)
        finally:
            self._understanding = plain

    def _context(self, wish: Context, reading: Reading, whole: str) -> Condition:
        charted = self._understanding
        if isinstance(charted, ChartUnderstanding):
            self._understanding = charted.plain
        try:
            return super()._context(wish, reading, whole)
        finally:
            self._understanding = charted


class ChartUnderstanding(Understanding):
    """Reads what a chart shows: a table of values, else the columns named, row by row."""

    def __init__(self, tables: Tables, plain: Understanding, kind: str, *, own: bool) -> None:
        """`plain` reads questions that are not drawn; `kind` is the chart's ("" if open); `own`: files first."""
        super().__init__(tables)
        self._joined = plain._joined
        self.plain = plain
        self._kind = kind
        self._own = own

    def read(self, question: str, whole: str = "", only: str = "") -> list[Reading]:
        """Read the question that is drawn. Raises `NotUnderstood`."""
        try:
            return self._charted(question, whole, only)
        except NotUnderstood:
            if not self._own:
                raise
        self._own = False
        try:
            return self._charted(question, whole, only)
        finally:
            self._own = True

    def candidates(self, question: str, whole: str) -> list[Table]:
        """The tables that a text names; files before earlier results where it does not point to a result."""
        found = super().candidates(question, whole)
        return [table for table in found if not table.result and self._own] or found

    def _charted(self, question: str, whole: str, only: str) -> list[Reading]:
        over_time = _OVER_TIME.search(question) is not None
        refusal: NotUnderstood | None = None
        if self._kind not in RAW_KINDS and not (self._kind in {"", "line"} and over_time):
            try:
                return super().read(question, whole, only)
            except Ambiguous:
                raise
            except NotUnderstood as error:
                refusal = error
        return self._rows(question, whole, only, refusal, over_time=over_time)

    def _rows(
        self, question: str, whole: str, only: str, refusal: NotUnderstood | None, *, over_time: bool
    ) -> list[Reading]:
        """Charts of single rows: the columns named, unaggregated."""
        kind = self._kind
        if kind not in {*RAW_KINDS, "line", "", "bar"}:
            raise refusal or NotUnderstood("What is to be plotted?")
        text = re.sub(
            r"\b(?:versus|vs\.?|against|over|with respect to|as a function of|by|per|for each|for every|across|in each|grouped by)\b",  # noqa: E501 - a sentence in one piece
            " and ",
            question,
            flags=re.IGNORECASE,
        )
        text = re.sub(
            r"\b(?:distribution|relationship|correlation|relation|comparison|development|trend|frequency|spread|evolution|course)\s+(?:of|between|in)?\b",
            " ",
            text,
            flags=re.IGNORECASE,
        )
        text = re.sub(r"\bbetween\b", " ", text, flags=re.IGNORECASE)
        if over_time:
            text = re.sub(r"\band\s+(?:the\s+)?(?:time|days|dates?)\b", " ", text, flags=re.IGNORECASE)
        try:
            readings = super().read(f"list {text}", whole, only)
        except NotUnderstood as error:
            raise refusal or error from error
        for reading in readings:
            if reading.kind == "distinct":
                reading.kind = "rows"
            if reading.kind != "rows" or not reading.columns:
                raise refusal or NotUnderstood("Name the columns to plot.")
            if kind in {"", "line"}:
                dates = [column for column in reading.columns if column.kind == "date"] or [
                    column for column in reading.scope.columns if column.kind == "date"
                ]
                if len(dates) != 1 or not (over_time or dates[0] in reading.columns):
                    raise refusal or NotUnderstood("A line over time needs one date column; name it.")
                reading.columns = [dates[0], *(column for column in reading.columns if column != dates[0])]
                reading.order = (dates[0].name, "asc")
        return readings
