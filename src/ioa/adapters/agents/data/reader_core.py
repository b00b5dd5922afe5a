"""The tools of reading a question: its items without filler words, and what a column word means."""

from __future__ import annotations

from collections.abc import Callable

from ioa.adapters.agents.data import lexicon, measure_units, row_numbers
from ioa.adapters.agents.data.naming import UNIT_WORDS, Scope
from ioa.adapters.agents.data.question import Item, NotUnderstood, year_item
from ioa.adapters.agents.data.reading import NAMES, Measure, Reading
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import name_words, singular, word_set

_MODES = word_set("describe columns missing duplicates outliers corr share diff ratio versus growth over running")


class ReaderCore:
    """The items of a question in one scope, and the reading that grows from them."""

    def __init__(self, items: list[Item], scope: Scope, near: Callable[[str], list[str]]) -> None:
        """Keep the items without filler words, and which filler stood before each."""
        self.scope = scope
        self.near = near
        self.marked = items
        self.heads: list[int] = []  # for each measure, the item that asks for it
        self.items: list[Item] = []
        self.before: list[tuple[str, ...]] = []
        self.notes: list[str] = []
        waiting: list[str] = []
        for index, item in enumerate(items):
            if item.kind == "stop" or _preposition(items, index):
                waiting.append(item.value if item.kind == "stop" else item.text.lower())
                continue
            if self.items and self.items[-1].kind == "num" and not waiting and self._unit(item):
                self.items[-1].note = item.text.lower()
                continue  # `1 mm of rain`, `50 percent`
            if item.kind == "unknown" and not waiting and self.items and self._marks(item):
                continue
            if item.kind == "unknown" and _marks_in(items, index):
                continue  # `the mean score in maths`
            if item.kind == "col" and item.columns and all(self.names_each(item, c) for c in item.columns):
                item.kind = "entity"  # `tickets`, where each row has a ticket of its own
            if item.kind not in {"col", "val"} and "taken for" in item.note:
                self.notes.append(item.note + ".")
            last = self.items[-1] if self.items else None
            if (
                item.kind == "sort"
                and item.text.lower() == "order by"
                and last
                and last.kind in {"ext", "hint", "num", "agg", "which", "count"}
            ):
                self.items.append(Item("entity", "order", "order", note="row"))  # `the largest order by revenue`
                self.before.append(tuple(waiting))
                waiting, item = [], Item("by", "by", "by")
            if (
                last
                and item.kind == last.kind == "col"
                and item.note.startswith('"')
                and not waiting
                and any(column in last.columns for column in item.columns)
            ):
                continue  # `quantity sold`: the second word names the same column
            self.items.append(item)
            self.before.append(tuple(waiting))
            waiting = []
        self.out = Reading(scope)
        self.grouped: set[int] = set()
        self.expressions: dict[int, tuple[str, str, tuple[Column, ...]]] = {}
        self.modes = {item.kind for item in self.items if item.kind in _MODES}

    def _unit(self, item: Item) -> bool:
        """A unit behind a number that a column is in, or that says nothing more than the number."""
        low = item.text.lower()
        if measure_units.unit_of(low) and (
            item.kind in {"unknown", "share"} or (item.kind == "col" and item.note == '"' + item.text + '"')
        ):
            return True
        if item.kind not in {"unknown", "share"}:
            return False
        known = {word for column in self.scope.columns for word in column.words}
        plain = {
            "degree",
            "degrees",
            "dollar",
            "dollars",
            "euro",
            "euros",
            "usd",
            "eur",
            "gbp",
            "percent",
            "points",
            "%",
            "€",
            "$",
        }
        return (
            low in plain or (len(low) <= 4 and low in known) or (singular(low) in known and singular(low) in UNIT_WORDS)
        )

    def _marks(self, item: Item) -> bool:
        """`maths mark` beside a column Maths: the noun says what the column's numbers are."""
        last = self.items[-1]
        return (
            item.text.lower() in lexicon.MARKS and last.kind == "col" and all(c.kind == "number" for c in last.columns)
        )

    def at(self, index: int) -> Item | None:
        """The item at a position, or None."""
        return self.items[index] if 0 <= index < len(self.items) else None

    def pick(self, item: Item, kinds: tuple[str, ...] | None) -> Column:
        """The one column that an item means. Ambiguous or of a wrong kind: refused, with what exists."""
        options = [column for column in item.columns if kinds is None or column.kind in kinds]
        if kinds == ("number",):
            options += [column for column in item.columns if column.kind == "flag" and column not in options]
        if len(options) == 1:
            if item.note.startswith('"') and item.note not in self.notes:
                said = item.note if "taken" in item.note else f'{item.note} is read as the column "{options[0].name}"'
                self.notes.append(said + ".")
            return options[0]
        if options:
            names = " or ".join(
                f'"{column.name}"' + (f" of {column.table}" if len(self.scope.tables) > 1 else "") for column in options
            )
            raise NotUnderstood(f'"{item.text}" may mean {names}: say which.')
        what = " or ".join(kinds or ())
        have = ", ".join(f"{column.name} ({column.kind})" for column in item.columns)
        raise NotUnderstood(f'"{item.text}" is {have or "no column"}, but a {what} column is needed here.')

    def sql(self, column: Column) -> str:
        """A column in SQL."""
        return self.out.column_sql(column)

    def additive(self, column: Column) -> bool:
        """Whether rows of the column add up to something meaningful."""
        words = set(column.words)
        return bool(words & lexicon.ADDITIVE) and not words & lexicon.NOT_ADDITIVE and column.kind == "number"

    def is_id(self, column: Column) -> bool:
        """Whether a numeric column only names rows."""
        return row_numbers.is_id(column)

    def names_each(self, item: Item, column: Column) -> bool:
        """Whether `tickets` are the rows, because the column `ticket` tells them apart."""
        return item.plural and row_numbers.names_each(item.text, column, self.scope.tables)

    def numeric(self) -> list[Column]:
        """Columns to compute with."""
        return [column for column in self.scope.columns if column.kind == "number" and not self.is_id(column)]

    def implied(self, money: bool) -> Column | None:
        """The column of a bare `over 1000`: the one that the question names, else the only numeric one."""
        named = {
            column
            for item in self.items
            if item.kind == "col"
            for column in item.columns
            if column.kind == "number" and len(item.columns) == 1 and (item.exact or not self.is_id(column))
        }
        if len(named) == 1:
            return named.pop()
        numeric = self.numeric()
        if named or len(numeric) != 1:
            return None
        self.notes.append(f'The only column with numbers is "{numeric[0].name}".')
        return numeric[0]

    def _rows_of(self, column: Column) -> int:
        return next(table.rows for table in self.scope.tables if table.name == column.table)

    def _whole(self, column: Column) -> bool:
        return column.filled == self._rows_of(column)

    def operand(self, at: int, kinds: tuple[str, ...] = ("number",)) -> tuple[str, str, tuple[Column, ...]] | None:
        """What is aggregated at a position: a column or a product of columns, as SQL, label and columns."""
        item = self.at(at)
        if item is None:
            return None
        if at in self.expressions:
            return self.expressions[at]
        if item.kind in {"col", "entity", "bucket", "val", "sort", "agg", "count"} and any(
            column.kind in kinds for column in item.columns
        ):
            options = [column for column in item.columns if column.kind in kinds]
            if all(self.is_id(column) and not same_end(item.text, column) for column in options):
                return None  # `orders` may be called by the column order_id, but nobody adds up identifiers
            if item.kind in {"col", "entity"} and all(self.names_each(item, column) for column in options):
                return None  # nor the numbers of tickets
            column = self.pick(item, kinds)
            return self.sql(column), column.name, (column,)
        return None

    def measure(self, fn: str, operand: tuple[str, str, tuple[Column, ...]], argument: float = 0.0) -> Measure:
        """A measure with its heading."""
        sql, label, columns = operand
        if fn not in {"min", "max", "count", "count_distinct"} and [
            c for c in columns if row_numbers.running_number(c) or row_numbers.only_names(c, self.scope.tables)
        ]:
            raise NotUnderstood(
                f'The column "{label}" numbers the rows: there is nothing to compute with it. Ask how many there are.'
            )
        literal = any(
            item.kind == "agg" and {"sum", "sums", "add", "summed"} & set(item.text.lower().split())
            for item in self.items
        )
        if fn == "sum" and not literal and (kept := [c for c in columns if measure_units.never_a_total(c)]):
            raise NotUnderstood(
                f'A total of "{kept[0].name}" is rarely meant: ask for the average, or say "sum of {kept[0].name}" '
                "if the values are to be added up."
            )
        match fn:
            case "q25" | "q75":
                return Measure(
                    "quantile",
                    sql,
                    f"{'first' if fn == 'q25' else 'third'} quartile of {label}",
                    0.25 if fn == "q25" else 0.75,
                    columns,
                )
            case "quantile":
                return Measure("quantile", sql, f"{argument * 100:g}th percentile of {label}", argument, columns)
            case _:
                return Measure(fn, sql, f"{NAMES[fn]} {label}", 0.0, columns)


def _marks_in(items: list[Item], index: int) -> bool:
    """`score in maths` beside a column of numbers Maths: the noun says what the column's numbers are."""
    joint, column = items[index + 1 : index + 2], items[index + 2 : index + 3]
    return (
        items[index].text.lower() in lexicon.MARKS
        and bool(joint and joint[0].text.lower() in {"in", "of", "for"})
        and bool(column and column[0].kind == "col" and all(one.kind == "number" for one in column[0].columns))
    )


def _preposition(items: list[Item], index: int) -> bool:
    """`from` without a date, and `either`, say nothing by themselves."""
    item = items[index]
    if item.kind == "or":
        return item.text.lower() == "either"
    following = next((one for one in items[index + 1 :] if one.kind != "stop"), None)
    return (
        item.kind == "when"
        and item.text.lower() == "from"
        and not (following and (following.kind == "time" or year_item(following)))
    )


def same_end(text: str, column: Column) -> bool:
    """Whether the phrase ends as the column's name does: `order id` names order_id, `orders` only means it."""
    words = name_words(text)
    return bool(words) and words[-1] == column.words[-1]
