"""Counts in questions: rows, different values, or pieces that a column adds up."""

from __future__ import annotations

from decimal import Decimal

from ioa.adapters.agents.data import lexicon, measure_units, row_numbers, time_units
from ioa.adapters.agents.data.groups import Groups
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.reading import Group, Measure
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import singular

_COUNTED_TIME = frozenset({"days", "months", "years", "weeks", "quarters"})


def whole(number: Decimal) -> int:
    """A count in the question as an int; refused if it is not a whole positive number."""
    if number != int(number) or not 0 < number <= 100_000:
        raise NotUnderstood(f"{number} is not a number of rows.")
    return int(number)


class Counting(Groups):
    """Reads what is counted."""

    def _count(self, index: int) -> None:
        self.items[index].used = True
        self.count_noun(index + 1, outer="")

    def count_noun(self, at: int, outer: str) -> None:
        """What is counted: rows, different values of a column, or pieces that a column adds up."""
        distinct = False
        index = at
        while (item := self.at(index)) is not None:
            if item.kind == "distinct" and not item.used:
                distinct = item.used = True
            elif not item.used and item.kind in {"rows", "entity"}:
                item.used = True
                self._counted(item, distinct, outer)
                self._more_counts(index)
                return
            elif item.kind == "bucket" and not item.used and item.plural and item.text.lower() in _COUNTED_TIME:
                column = self.date_column(item)
                item.used = True
                group = Group(column, self.sql(column), item.value)
                self._append_count(
                    Measure("count_distinct", group.sql, f"number of different {item.text.lower()}", columns=(column,)),
                    outer,
                )
                return
            elif (
                not item.used
                and item.kind == "col"
                and index not in self.grouped
                and not (
                    distinct is False and self.before[index] and {"is", "are", "by", "for"} & set(self.before[index])
                )
            ):
                item.used = True
                self._counted(item, distinct, outer)
                self._more_counts(index)
                return
            elif item.used or item.kind in {"agg", "and", "times"}:
                if item.kind == "agg" and item.text.lower() not in {"total", "in total", "overall"}:
                    break
                if item.kind == "and" and not item.used:
                    break
            else:
                break
            index += 1
        if distinct:
            raise NotUnderstood("How many different what? Name the column.")
        self._append_count(Measure("count", "", "number of rows"), outer)

    def _more_counts(self, index: int) -> None:
        """`number of orders and customers`."""
        joint, item = self.at(index + 1), self.at(index + 2)
        if (
            joint
            and joint.kind == "and"
            and item
            and item.kind in {"entity", "col"}
            and not item.used
            and not joint.used
            and item.plural
        ):
            joint.used = item.used = True
            self._counted(item, False, "")

    def _append_count(self, measure: Measure, outer: str) -> None:
        if outer:
            if not self.out.groups:
                raise NotUnderstood("An average number needs a group: say per what.")
            self.out.kind = f"nested {outer}"
        self.out.measures.append(measure)

    def _done(self, item: Item) -> str:
        """`how many products were sold` in a table where a product is in several rows: the verb, or nothing."""
        at = next(index for index, one in enumerate(self.items) if one is item) + 1
        after = self.at(at)
        if after is None or after.text.lower() not in lexicon.ROW_VERBS or not {"was", "were"} & set(self.before[at]):
            return ""
        return "" if all(c.distinct == c.filled for c in item.columns) else after.text

    def _listed(self, item: Item, column: Column) -> bool:
        """Whether the file is a list of what is counted: `guests` in guests.csv, whose first column is `guest`. Two of
        one name are two."""
        tables = self.scope.tables
        return len(tables) == 1 and column is tables[0].columns[0] and singular(item.text.lower()) in tables[0].words

    def _counted(self, item: Item, distinct: bool, outer: str) -> None:
        rows = Measure("count", "", f"number of {item.text.lower() if item.kind == 'entity' else 'rows'}")
        columns = item.columns if item.note != "row" else ()
        if item.kind == "rows" or not columns:
            if distinct and item.kind != "rows":
                raise NotUnderstood(f'"different {item.text}" needs a column that tells them apart.')
            if item.kind == "entity":
                self.notes.append(
                    f'Each row of {", ".join(table.source for table in self.scope.tables)} counts as one of "{item.text}".'  # noqa: E501 - a sentence in one piece
                )
            self._append_count(rows, outer)
            return
        named = [c for c in columns if c.kind != "number" or self.is_id(c) or self.names_each(item, c)]
        if named and not distinct and item.kind == "col" and any(one.note == "verb" for one in self.items):
            self.notes.append(f'Each row counts once, also where "{named[0].name}" repeats.')
            self._append_count(rows, outer)
            return
        if not named:
            column = self.pick(item, ("number",))
            if distinct:
                self._append_count(
                    Measure(
                        "count_distinct", self.sql(column), f"number of different {column.name}", columns=(column,)
                    ),
                    outer,
                )
            elif outer:
                self.out.measures.append(self.measure(outer, (self.sql(column), column.name, (column,))))
            elif row_numbers.may_name(item.text, column, self.scope.tables):
                raise NotUnderstood(
                    f'How many "{item.text}"? The column "{column.name}" may name the rows or count pieces: ask for '
                    f'the number of rows, the number of different values, or the total of "{column.name}".'
                )
            elif (
                self.additive(column)
                or row_numbers.pieces(item.text, column)
                or measure_units.counted_in(item.text, column)
                or time_units.counted_in(item.text, column, self.scope.columns)
            ):
                self.notes.append(f'"how many {item.text}" is read as the total of the column "{column.name}".')
                self._append_count(self.measure("sum", (self.sql(column), column.name, (column,))), outer)
            else:
                raise NotUnderstood(
                    f'How many "{item.text}"? Ask for the total of "{column.name}", the number of rows, or the number of different values.'  # noqa: E501 - a sentence in one piece
                )
            return
        if item.kind == "col" and not distinct and (verb := self._done(item)):
            raise NotUnderstood(
                f'"{item.text} {verb}": different ones, rows, or pieces? Say "how many different {item.text}", '
                '"how many rows", or the total of a column.'
            )
        if len(named) > 1:
            ids = [column for column in named if column.words[-1:] == ("id",)]
            if len(ids) == 1:
                named = ids
        column = named[0] if len(named) == 1 else self.pick(item, None)
        if item.kind == "entity" and not distinct and column.distinct == column.filled and self._whole(column):
            self._append_count(rows, outer)
            return
        if item.kind == "entity" and not distinct and not self._whole(column):
            self._append_count(rows, outer)
            return
        if not distinct and self._listed(item, column):
            self.notes.append(f'Each row counts as one, also where a name in "{column.name}" repeats.')
            self._append_count(Measure("count", "", f"number of {item.text.lower()}"), outer)
            return
        self._append_count(
            Measure("count_distinct", self.sql(column), f"number of different {column.name}", columns=(column,)), outer
        )
