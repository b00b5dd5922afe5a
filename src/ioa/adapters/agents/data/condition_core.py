"""What filters are made of: the items, and the conditions found so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from ioa.adapters.agents.data.naming import Scope
from ioa.adapters.agents.data.periods import Period
from ioa.adapters.agents.data.question import Item
from ioa.adapters.agents.data.reading import Condition
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import word_set

VERBS = word_set(
    "is are was were be been come comes came have has had belong belongs who that made did do does got live lives "
    "work works answered answer answers said say says replied responded voted ticked chose choose picked stated"
)
SAID = {">": "over", "<": "under", ">=": "at least", "<=": "at most", "=": "is", "!=": "is not"}


@dataclass(slots=True)
class Having:
    """A comparison that is about a group, not about a row: `more than 3 orders`."""

    sign: str
    number: str
    noun: Item | None
    at: int
    subject: Item | None = None


@dataclass(slots=True)
class ConditionCore:
    """The items of a question and the filters found among them. `before` are the filler words ahead of each item."""

    items: list[Item]
    before: list[tuple[str, ...]]
    scope: Scope
    sql: Callable[[Column], str]
    pick: Callable[..., Column]
    source: str
    grouped: set[int]
    found: list[Condition] = field(default_factory=list[Condition])
    having: list[Having] = field(default_factory=list[Having])
    notes: list[str] = field(default_factory=list[str])
    arms: list[tuple[int, Period]] = field(default_factory=list[tuple[int, Period]])
    implied: Callable[[bool], Column | None] = lambda _money: None
    two_arms: bool = False
    additive: Callable[[Column], bool] = lambda _column: False
    names_rows: Callable[[Column], bool] = lambda _column: False
    aggregated: set[int] = field(default_factory=set[int])

    def _at(self, at: int) -> Item | None:
        return self.items[at] if 0 <= at < len(self.items) else None

    def _use(self, *positions: int) -> None:
        for at in positions:
            self.items[at].used = True

    def _negated(self, at: int) -> bool:
        item = self._at(at - 1)
        if item and item.kind == "not" and not item.used:
            item.used = True
            return True
        return bool(item and item.kind == "not")

    def _add(self, at: int, sql: str, words: str, **more: object) -> None:
        verb = bool(VERBS & set(self.before[at])) or any(
            one.kind in {"who", "not"} or (one.kind == "col" and not one.exact and VERBS & set(self.before[at - 1]))
            for one in self.items[max(at - 1, 0) : at]
        )
        self.found.append(Condition(sql, words, at=at, verb=verb, **more))  # pyright: ignore[reportArgumentType] - named fields of Condition

    def _null(self, at: int, column: Column, negated: bool) -> None:
        self._add(
            at,
            f"{self.sql(column)} IS {'NOT ' if negated else ''}NULL",
            f"{column.name} is {'not ' if negated else ''}missing",
        )

    def _rows(self, column: Column) -> int:
        return next(table.rows for table in self.scope.tables if table.name == column.table)


def plain(number: Decimal) -> str:
    """A number for SQL and for people."""
    return format(number.normalize(), "f")
