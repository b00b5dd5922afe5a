"""Which of the earlier results a request for a chart means: the one that its words name, else the last one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.adapters.agents.data.stoppable import earlier_tables
from ioa.adapters.agents.data.words import singular, word_set
from ioa.ports.agent import AgentFailed, EarlierResult

if TYPE_CHECKING:
    from ioa.adapters.agents.data.tables import Table, Tables

_SAME = {"sum": "total", "overall": "total", "mean": "average", "avg": "average", "count": "number", "daily": "day"} | {
    f"{unit}ly": unit for unit in ("month", "year", "week", "quarter", "hour")
}
_FILLER = word_set("per every across me that which found computed calculated earlier previous only how many much")


_NOUNS = {
    "counts": "number",
    "totals": "total",
    "sums": "total",
    "averages": "average",
    "means": "average",
    "medians": "median",
    "shares": "share",
    "percentages": "share",
}

_BY = re.compile(r"\b(?:by|per|each|every)\s+(\w+)|\b((?:month|year|week|quarter|hour|dai)ly)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """A table of an earlier task; `place` is the task's place among the results, `task` what it was asked."""

    table: Table
    place: int
    task: str

    @property
    def named(self) -> str:
        """The table for people."""
        return f'{self.table.source} ("{self.task}")'

    @property
    def columns(self) -> frozenset[str]:
        """The words of its columns."""
        return stems(" ".join(column.name for column in self.table.columns))

    def keyed(self, wanted: frozenset[str]) -> bool:
        """Whether words that say what a value is "by" say all of it: a list of rows is no table of `price by depot`."""
        keys = [stems(column.name) for column in self.table.columns if column.kind != "number"]
        said = [bool(key & wanted) for key in keys]
        return all(said) if any(said) else len(keys) < 3

    def limited(self, wanted: frozenset[str]) -> bool:
        """Whether words that only the filter of the table has say its value too: "at the Barn", not "per site"."""
        before, _, after = Path(self.table.source).stem.partition("-where-")
        only = stems(after) - self.columns - stems(before)
        return not only & wanted or stems(after.rpartition("-")[2]) <= wanted

    @property
    def words(self) -> frozenset[str]:
        """The words of its columns and of its file's name, which says what was computed and where."""
        return self.columns | stems(Path(self.table.source).stem)


def stems(text: str) -> frozenset[str]:
    """Words in the form in which a request and a table are compared."""
    found = {singular(word) for word in re.findall(r"[^\W_]+", text.lower())}
    return frozenset(_SAME.get(word, word) for word in found - _FILLER)


def results_of(tables: Tables, earlier: Sequence[EarlierResult]) -> list[Result]:
    """The tables of earlier tasks that could be drawn, in order."""
    left = [table for table in tables.tables if table.result]
    found: list[Result] = []
    for place, result in enumerate(earlier):
        for file in earlier_tables([result]):
            while left and left[0].source.split(":")[0] == file.name:
                table = left.pop(0)
                if any(one.kind == "number" for one in table.columns) and (table.rows > 1 or len(table.columns) > 1):
                    found.append(Result(table, place, " ".join(result.task_desc.split())[:120]))
                if ":" not in table.source:
                    break  # two results may have files of the same name
    return found


def referred(results: Sequence[Result], said: str, nth: int | None = None, *, several: bool = False) -> Result:
    """The table that `the result` or `these counts` means. Raises `AgentFailed` where that would be a guess."""
    if several and len(results) > 1:
        raise AgentFailed(f"One chart shows one table: name one of {_listed(results)}.")
    files = {name.lower() for name in re.findall(r"[\w-]+\.\w{2,7}\b", said)}
    results = [one for one in results if any(file in one.task.lower() for file in files)] or results
    kinds = {kind for word, kind in _NOUNS.items() if re.search(rf"\b{word}\b", said, re.IGNORECASE)}
    if nth is None and kinds and len(results) > 1:
        fitting = [one for one in results if kinds & one.columns]
        if not fitting:
            raise AgentFailed(f"None of the earlier results has the {' and '.join(sorted(kinds))}: {_listed(results)}.")
        results = fitting
    if nth is None:
        return next((one for one in reversed(results) if one.table.rows > 1), results[-1])
    places = sorted({one.place for one in results})
    if nth >= len(places):
        raise AgentFailed(f"There are only {len(places)} earlier results with a table: {_listed(results)}.")
    fitting = [one for one in results if one.place == places[nth]]
    if len(fitting) > 1 and nth >= 0:
        raise AgentFailed(f"That result has several tables: name one of {_listed(fitting)}.")
    return fitting[-1]


def named(results: Sequence[Result], said: str, question: str, tables: Tables) -> Result | None:
    """The table that these words of a question describe completely, the closest one; None if there is none.

    Raises `AgentFailed` if several with different values do.
    """
    wanted, by = stems(said), stems(" ".join(found[found.lastindex or 0] for found in _BY.finditer(question)))
    results = [one for one in results if by <= one.columns and one.limited(wanted)]
    fitting = [one for one in results if wanted and wanted <= one.words and wanted & one.columns and one.keyed(wanted)]
    if not fitting:
        return None
    least = min(len(one.words - wanted) for one in fitting)
    shaped = [one for one in fitting if one.columns == fitting[-1].columns]
    closest = [one for one in fitting if len(one.words - wanted) == least]
    if len(closest) > 1:
        asked = [one for one in closest if wanted <= stems(one.task)]
        closest = asked if len(asked) == 1 else closest
    if len(closest) == 1 and (len(shaped) == 1 or closest[0].words <= wanted | closest[0].columns):
        return closest[0]
    if len({_content(one.table, tables) for one in (*closest, *shaped)}) == 1:
        return closest[-1]
    if len(closest) == 1 and closest[0] not in shaped:
        return closest[0]
    raise AgentFailed(f'"{said}" fits several earlier results: {_listed(fitting)}. Say which one.')


def told(results: Sequence[Result], drawn: Result) -> str:
    """A remark on which earlier table is drawn, and which are not."""
    others = [one for one in results if one is not drawn]
    return f"Drawn is {drawn.named}" + (f"; not drawn: {_listed(others)}." if others else ".")


def left_aside(results: Sequence[Result], columns: frozenset[str]) -> list[str]:
    """A remark where a file was drawn although an earlier result has the same columns: its rows may be others."""
    same = [one for one in results if columns == frozenset(column.name for column in one.table.columns)]
    return [f"Computed from the file; the earlier {_listed(same)} is not drawn."] if same else []


def _content(table: Table, tables: Tables) -> str:
    from ioa.adapters.agents.data.answer import run_sql
    from ioa.adapters.agents.data.typing_columns import identifier

    return repr(run_sql(tables.con, f"SELECT * FROM {identifier(table.name)}"))  # noqa: S608 - the name is quoted


def _listed(results: Sequence[Result]) -> str:
    return ", ".join(one.named for one in results)
