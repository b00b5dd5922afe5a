"""Filters of a question: `in the North region`, `over 100`, `before March 2024`, `not shipped`, `without email`."""

from __future__ import annotations

from dataclasses import dataclass

from ioa.adapters.agents.data import time_units
from ioa.adapters.agents.data.condition_comparisons import Comparisons
from ioa.adapters.agents.data.condition_core import plain
from ioa.adapters.agents.data.question import NotUnderstood, year_item
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import singular


@dataclass(slots=True)
class Conditions(Comparisons):
    """Finds all filters among the items, and marks what it used."""

    def run(self) -> None:
        """Find all conditions, left to right."""
        for at in range(len(self.items)):
            if self.items[at].used or at in self.aggregated:
                continue
            match self.items[at].kind:
                case "col":
                    self._column(at)
                case "val":
                    self._value(at)
                case "time":
                    self._time(at)
                case "num":
                    if year_item(self.items[at]):
                        self._year(at)
                    self._adjective(at)
                case "cmp" | "not":
                    self._bare(at)
                case "more":
                    self._bare_more(at)
                case "between":
                    self._bare_between(at)
                case "missing":
                    self._missing(at)
                case _:
                    pass
        for at, item in enumerate(self.items):
            if item.kind == "col" and not item.used and at not in self.grouped:
                self._flag(at)

    def _column(self, at: int) -> None:
        item = self.items[at]
        previous = self._at(at - 1)
        after = at + 1
        negated = False
        if (
            (one := self._at(after))
            and one.kind == "not"
            and not one.used
            and (two := self._at(after + 1))
            and two.kind in {"val", "num", "cmp", "missing", "text", "time", "between"}
        ):
            negated, after = True, after + 1
        one = self._at(after)
        if one is None or one.used:
            return
        measured = (previous is not None and previous.kind in {"agg", "count", "distinct"}) or (
            previous is not None and previous.kind == "ext"
        )
        if (
            one.kind in {"cmp", "between"}
            and (measured or self._summed(at))
            and not (previous and previous.kind == "count")
        ):
            self.aggregated.add(after)  # a comparison of an aggregate: HAVING, read with the measure
            return
        two = self._at(after + 1)
        kinds = {column.kind for column in item.columns}
        if (
            one.kind in {"cmp", "between"}
            and not item.exact
            and item.columns
            and all(map(self.names_rows, item.columns))
        ):
            return  # `members over 40` compares no member_id
        if one.kind in {"cmp", "between"} and item.columns and all(_numbers_rows(item.text, c) for c in item.columns):
            if one.kind == "cmp" and self._names_own(after + 1):
                return  # `tickets over 5 minutes`, `trips with more than 40 passengers`
            raise NotUnderstood(f'"{item.text} {one.text} …": in which column? Name it in the question.')
        if (
            one.kind == "cmp"
            and two
            and two.kind == "num"
            and "number" not in kinds
            and not ("date" in kinds and year_item(two))
        ):
            return  # `customers with more than 3 orders`
        if one.kind == "cmp" or (
            one.kind == "when"
            and any(
                column.kind == "date" or "year" in column.words or (column.years and two and year_item(two))
                for column in item.columns
            )
        ):
            self._compare(at, after, negated)
        elif one.kind == "between":
            self._between(at, after, negated)
        elif one.kind == "time" and any(column.kind == "date" for column in item.columns):
            column = self.pick(item, ("date",))
            self._period(after, column, "=", negated, extra=at if at not in self.grouped else None)
        elif one.kind == "num" and at not in self.grouped and not one.ordinal:
            self._number(at, after, negated)
        elif one.kind == "val" and at not in self.grouped:
            columns = [column for column in item.columns if any(hit[0] == column for hit in one.values)]
            if len(columns) == 1 and not (item.plural and not {"is", "are", "=", "of"} & set(self.before[after])):
                self._use(at, *([after - 1] if negated else []))
                self._value(after, columns[0], negated)
        elif one.kind == "text" and at not in self.grouped:
            column = self.pick(item, None)
            raise NotUnderstood(f'No value "{one.text}" in column "{column.name}".', (one.text,))
        elif one.kind == "missing" and at not in self.grouped:
            self._null(at, self.pick(item, None), negated)
            self._use(at, after, *([after - 1] if negated else []))

    def _names_own(self, number_at: int) -> bool:
        """Whether a number is followed by what it is about: a unit of time, or another column of numbers."""
        number, noun = self._at(number_at), self._at(number_at + 1)
        if number is None or number.kind != "num" or noun is None or noun.used or self.before[number_at + 1]:
            return False
        return time_units.is_unit(noun.text) or (
            noun.kind == "col" and any(column.kind == "number" for column in noun.columns)
        )

    def _adjective(self, at: int) -> None:
        """`3 bedroom homes`: a number before the singular of a column, before a noun."""
        number, item, noun = self.items[at], self._at(at + 1), self._at(at + 2)
        previous = self._at(at - 1)
        if (
            number.used
            or number.ordinal
            or number.number is None
            or item is None
            or noun is None
            or item.kind != "col"
            or item.plural
            or item.used
            or at + 1 in self.grouped
            or noun.kind not in {"entity", "rows", "val"}
            or self.before[at + 1]
            or self.before[at + 2]
            or (previous is not None and previous.kind in {"cmp", "between", "and", "ext", "hint", "when"})
        ):
            return
        column = self.pick(item, ("number",))
        self._use(at, at + 1)
        shown = plain(number.number)
        self._add(at, f"{self.sql(column)} = {shown}", f"{column.name} is {shown}", column=column)

    def _summed(self, at: int) -> bool:
        """Whether an aggregate stands before a list of columns that ends here."""
        index = at
        while index >= 2 and self.items[index - 1].kind == "and" and self.items[index - 2].kind == "col":
            index -= 2
        return (
            index >= 1
            and self.items[index - 1].kind == "agg"
            and self.items[index].kind == "col"
            and any(c.kind == "number" for c in self.items[index].columns)
        )


def _numbers_rows(said: str, column: Column) -> bool:
    """Whether "respondents over 40" would compare the running number in the column Respondent."""
    plural = singular(said.lower()) != said.lower() and singular(column.name.lower()) == column.name.lower()
    return plural and "INT" in column.sql_type.upper() and column.filled > 4 and column.distinct == column.filled
