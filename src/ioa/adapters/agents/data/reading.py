"""What a question asks for, once it is understood: measures, groups, conditions, a ranking. No words any more."""

from __future__ import annotations

from dataclasses import dataclass, field

from ioa.adapters.agents.data.naming import Scope
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.typing_columns import identifier

NAMES = {
    "sum": "total",
    "avg": "average",
    "median": "median",
    "min": "minimum",
    "max": "maximum",
    "stddev": "standard deviation of",
    "stddev_pop": "population standard deviation of",
    "var": "variance of",
    "var_pop": "population variance of",
    "range": "range of",
    "iqr": "interquartile range of",
    "mode": "most common",
    "count": "number of",
    "count_distinct": "number of different",
    "corr": "correlation of",
}


def _exact(operand: str) -> str:
    """What lies between two values of a DECIMAL is rounded to its scale by DuckDB: 12.05 would become 12.0."""
    return f"CAST({operand} AS DOUBLE)"


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate: `fn` over `operand` (SQL), `label` as the column is headed. `inner` is aggregated first, per `per`."""  # noqa: E501 - a sentence in one piece

    fn: str
    operand: str
    label: str
    argument: float = 0.0
    columns: tuple[Column, ...] = ()

    @property
    def sql(self) -> str:
        """The aggregate in SQL."""
        x = self.operand
        match self.fn:
            case "count":
                return f"count({x or '*'})"
            case "count_distinct":
                return f"count(DISTINCT {x})"
            case "range":
                return f"max({x}) - min({x})"
            case "iqr":
                return f"quantile_cont({_exact(x)}, 0.75) - quantile_cont({_exact(x)}, 0.25)"
            case "quantile":
                return f"quantile_cont({_exact(x)}, {self.argument})"
            case "median":
                return f"median({_exact(x)})"
            case "stddev" | "stddev_pop" | "var" | "var_pop":
                name = {"stddev": "stddev_samp", "var": "var_samp"}.get(self.fn, self.fn)
                return f"{name}({x})"
            case "corr":
                return f"corr({x})"
            case _:
                return f"{self.fn}({x})"


@dataclass(frozen=True, slots=True)
class Group:
    """A column to group by; a date column by `bucket` (month, year, ...)."""

    column: Column
    operand: str
    bucket: str = ""

    @property
    def label(self) -> str:
        """Heading of the group's column."""
        return f"{self.bucket}" if self.bucket else self.column.name

    @property
    def sql(self) -> str:
        """The group's key in SQL."""
        match self.bucket:
            case "":
                return self.operand
            case "month":
                return f"strftime({self.operand}, '%Y-%m')"
            case "year":
                return f"year({self.operand})"
            case "quarter":
                return f"year({self.operand}) || '-Q' || quarter({self.operand})"
            case "week":
                return f"strftime({self.operand}, '%G-W%V')"
            case "day":
                return f"CAST({self.operand} AS DATE)"
            case "weekday":
                return f"dayname({self.operand})"
            case "hour":
                return f"hour({self.operand})"
            case _:
                return f"monthname({self.operand})"

    @property
    def order(self) -> str:
        """What to sort the group by, so that weekdays and month names come in the order of the calendar."""
        if self.bucket == "weekday":
            return f"min(isodow({self.operand}))"
        if self.bucket == "month name":
            return f"min(month({self.operand}))"
        return self.sql


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter: SQL, the same in words, and what it compares (for shares and differences)."""

    sql: str
    words: str
    column: Column | None = None
    values: tuple[str, ...] = ()
    negated: bool = False
    parts: tuple[tuple[str, str], ...] = ()
    at: int = 0
    verb: bool = False
    either: bool = False


@dataclass(frozen=True, slots=True)
class Rank:
    """Take the first `count` (from `nth` on) by the ranking measure, largest first if `descending`."""

    descending: bool
    count: int
    sql: str
    label: str
    nth: int = 0
    aggregated: bool = False


@dataclass(slots=True)
class Reading:
    """One understood question. `kind` says which shape of SQL answers it."""

    scope: Scope
    kind: str = "table"
    measures: list[Measure] = field(default_factory=list[Measure])
    groups: list[Group] = field(default_factory=list[Group])
    conditions: list[Condition] = field(default_factory=list[Condition])
    either: bool = False
    having: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    rank: Rank | None = None
    columns: list[Column] = field(default_factory=list[Column])
    arms: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    arm_mode: str = "difference"
    bucket: str = ""
    order: tuple[str, str] | None = None
    limit: int = 0
    notes: list[str] = field(default_factory=list[str])
    earlier: list[Reading] = field(default_factory=list["Reading"])  # clauses of the same sentence, said before
    carried: list[Condition] = field(default_factory=list[Condition])  # said elsewhere: they hold besides the others

    def column_sql(self, column: Column) -> str:
        """The column in SQL; with its table only where several are joined."""
        return identifier(column.name) if len(self.scope.tables) == 1 else column.sql

    @property
    def tables_used(self) -> set[str]:
        """Names of the tables whose columns the reading uses."""
        columns = [column for measure in self.measures for column in measure.columns] + [
            group.column for group in self.groups
        ]
        columns += [condition.column for condition in self.conditions if condition.column] + self.columns
        used = {column.table for column in columns}
        texts = (
            [condition.sql for condition in self.conditions]
            + [test for _, test in self.arms]
            + [self.rank.sql if self.rank else ""]
        )
        return used | {
            table.name for table in self.scope.tables if any(f"{identifier(table.name)}." in text for text in texts)
        }

    @property
    def where(self) -> str:
        """The conditions in SQL, or nothing."""
        joint = " OR " if self.either else " AND "
        parts = [f"({one.sql})" if len(self.conditions) > 1 else one.sql for one in self.conditions]
        own = joint.join(parts)
        if not self.carried:
            return own
        return " AND ".join(f"({one})" for one in (*(one.sql for one in self.carried), own) if one)

    @property
    def where_words(self) -> str:
        """The conditions in words."""
        own = (" or " if self.either else " and ").join(one.words for one in self.conditions)
        return " and ".join(one for one in (*(one.words for one in self.carried), own) if one)
