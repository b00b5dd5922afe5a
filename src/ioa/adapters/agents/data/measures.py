"""Aggregates in questions: `total and average of revenue`, `the 90th percentile`, `the most common genre`."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ioa.adapters.agents.data import lexicon, measure_units
from ioa.adapters.agents.data.counting import Counting, whole
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.reading import NAMES, Measure, Rank
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import singular


class Measures(Counting):
    """Reads what is computed."""

    def _measures(self) -> None:
        index = 0
        while index < len(self.items):
            item, before = self.items[index], len(self.out.measures)
            if not item.used:
                if item.kind == "agg":
                    self._aggregate(index)
                elif item.kind == "percentile":
                    self._percentile(index)
                elif item.kind == "count" and item.text.lower() == "counted" and index and self.out.measures:
                    item.used = True  # `how many bikes were counted`
                elif item.kind == "count":
                    self._count(index)
            self.heads += [index] * (len(self.out.measures) - before)
            index += 1

    def _percentile(self, index: int) -> None:
        number = next(
            (
                self.items[i]
                for i in (index - 1, index + 1)
                if (one := self.at(i)) and one.kind == "num" and not one.used
            ),
            None,
        )
        if number is None or number.number is None:
            raise NotUnderstood("Which percentile? Write, for example, 90th percentile.")
        share = float(number.number) / (100 if number.number > 1 else 1)
        if not 0 <= share <= 1:
            raise NotUnderstood(f"A percentile lies between 0 and 100, not {number.text}.")
        number.used = self.items[index].used = True
        found = self.operands(index + 1)
        for operand in found:
            self.out.measures.append(self.measure("quantile", operand, share))

    def operands(self, start: int, fn: str = "") -> list[tuple[str, str, tuple[Column, ...]]]:
        """Columns that an aggregate is of: the next number columns, past filters and nouns that stand between."""
        found: list[tuple[str, str, tuple[Column, ...]]] = []
        at = start
        while (item := self.at(at)) is not None:
            if not item.used and at not in self.grouped and (operand := self.operand(at)):
                item.used = True
                found.append(operand)
                joint = self.at(at + 1)
                while (
                    joint
                    and joint.kind == "and"
                    and (two := self.at(at + 2))
                    and not two.used
                    and (two.kind == "col" or two.kind == "entity" or at + 2 in self.expressions)
                    and self.operand(at + 2)
                ):
                    joint.used = two.used = True
                    following = self.operand(at + 2)
                    assert following is not None
                    found.append(following)
                    at += 2
                    joint = self.at(at + 1)
                return found
            if (
                item.used
                or item.kind in {"entity", "rows", "not", "list", "and", "which", "result", "who", "distinct"}
                or (item.kind == "bucket" and item.used)
            ):
                at += 1
                continue
            if (
                item.kind == "col"
                and not any(column.kind == "number" for column in item.columns)
                and at not in self.grouped
            ):
                at += 1
                continue
            break
        for at in range(start - 1, -1, -1):  # `revenue total`, `what is the price on average`
            item = self.items[at]
            if (
                not item.used
                and item.kind in {"col", "entity"}
                and at not in self.grouped
                and (operand := self.operand(at))
            ):
                item.used = True
                return [operand]
        numeric = self.numeric()
        if len(numeric) == 1 and not any(one.kind in {"entity", "rows"} and not one.used for one in self.items[start:]):
            self.notes.append(f'The only column with numbers is "{numeric[0].name}".')
            return [(self.sql(numeric[0]), numeric[0].name, (numeric[0],))]
        names = ", ".join(column.name for column in numeric) or "none"
        said = self.items[start - 1].text if start else "That"
        kept = " ".join(note for table in self.scope.tables for note in table.notes if "stays text" in note)
        raise NotUnderstood(f'"{said}" of which column? Columns with numbers: {names}. {kept}'.strip())

    def _aggregate(self, index: int) -> None:
        fns: list[str] = []
        at = index
        while (item := self.at(at)) is not None and not item.used:
            if item.kind == "agg":
                fns.append(item.value)
                item.used = True
                if item.columns and not (following := self.at(at + 1)) and fns:
                    del following
            elif item.kind == "and" and (two := self.at(at + 1)) and two.kind == "agg" and not two.used:
                item.used = True
            else:
                break
            at += 1
        adjacent = at - index == len(fns)
        following = self.at(at)
        own = self.items[at - 1]
        if own.columns and (following is None or not self._follows_operand(at)):
            self.out.measures += [
                self.measure(
                    fns[0] if len(fns) > 1 else ("sum" if fns[0] == "sum" else fns[0]),
                    (self.sql(own.columns[0]), own.columns[0].name, (own.columns[0],)),
                )
            ]
            return
        if adjacent and len(fns) == 2:
            if fns[0] == fns[1] or (fns[0] == "sum" and own.text.lower() in {"in total", "overall", "altogether"}):
                fns = fns[:1]
            else:
                self._nested(fns, at)
                return
        if fns == ["mode"]:
            self._mode(at)
            return
        if following and following.kind == "count" and not following.used:
            following.used = True
            self.count_noun(at + 1, outer="" if fns[0] == "sum" else fns[0])
            return
        if following and not following.used and fns[0] == "sum" and len(fns) == 1 and at not in self.expressions:
            counted = following.kind in {"entity", "rows"} and not any(
                column.kind == "number" and not self.names_each(following, column) for column in following.columns
            )
            counted = counted or (
                following.kind == "col"
                and at not in self.grouped
                and following.plural
                and not any(
                    column.kind == "flag" or (column.kind == "number" and not self.names_each(following, column))
                    for column in following.columns
                )
            )
            if counted and self.items[index].text.lower() not in {"how much"}:
                summed = self._summed(index, following)
                if summed is None:
                    self.count_noun(at, outer="")
                else:
                    following.used = True
                    self.out.measures.append(self.measure("sum", (self.sql(summed), summed.name, (summed,))))
                return
        if (
            following
            and following.kind in {"entity", "rows"}
            and fns[0] in {"avg", "median", "max", "min"}
            and following.plural
            and self.out.groups
            and not any(column.kind == "number" for column in following.columns)
        ):
            self.count_noun(at, outer=fns[0])
            return
        if (
            self.out.measures
            and fns == ["sum"]
            and self.items[index].text.lower() in {"in total", "overall", "altogether", "combined", "total"}
            and not self._follows_operand(at)
        ):
            return  # `how many ... in total`
        if (
            fns == ["sum"]
            and self.items[index].text.lower() in {"in total", "overall", "altogether", "combined"}
            and not self._follows_operand(at)
            and any(one.kind == "count" for one in self.items)
        ):
            return
        for operand in self.operands(at):
            for fn in fns:
                if (
                    fn == "sum"
                    and any("unit" in column.words and {"price", "cost"} & set(column.words) for column in operand[2])
                    and "*" not in operand[0]
                    and not any(item.exact and set(operand[2]) == set(item.columns) for item in self.items)
                ):
                    raise NotUnderstood(
                        f'"{operand[1]}" is for one piece; its total says nothing. Say, for example, "total of quantity times {operand[1]}".'  # noqa: E501 - a sentence in one piece
                    )
                if fn == "quartiles":
                    self.out.measures += [self.measure(one, operand) for one in ("q25", "median", "q75")]
                elif fn == "mode":
                    raise NotUnderstood("Ask for the most common value on its own.")
                else:
                    self.out.measures.append(self.measure(fn, operand))
        self._having_after(at)

    def _follows_operand(self, at: int) -> bool:
        item = self.at(at)
        return item is not None and not item.used and at not in self.grouped and self.operand(at) is not None

    def _having_after(self, at: int) -> None:
        """`total revenue over 1000`: a comparison of the aggregate."""
        for index in range(at, min(at + 3, len(self.items))):
            sign, number = self.items[index], self.at(index + 1)
            if (
                sign.kind == "cmp"
                and not sign.used
                and number
                and number.kind == "num"
                and number.number is not None
                and not number.used
            ):
                sign.used = number.used = True
                measure = self.out.measures[-1]
                shown = self._in_unit(measure, number)
                self.out.having.append((f"{measure.sql} {sign.value} {shown}", f"{measure.label} {sign.value} {shown}"))

    @staticmethod
    def _in_unit(measure: Measure, number: Item) -> Decimal:
        """The number beside an aggregate, in the unit of its column: `average price over 10 kg` compares nothing."""
        assert number.number is not None
        unit = measure_units.unit_of(number.note) if number.note else None
        if unit is None or measure.fn in {"count", "count_distinct"}:
            return number.number
        for column in measure.columns:
            found = measure_units.converted(number.number, unit, column)
            if found is None or len(measure.columns) > 1:
                raise NotUnderstood(
                    f'"{number.text} {number.note}" and {measure.label} do not fit each other: '
                    "say which column is compared, in a sentence of its own."
                )
            return found
        return number.number

    def _summed(self, index: int, rows: Item) -> Column | None:
        """`sum the donations`, where a row is a donation: the one column that adds up, not how many there are. `total
        donations` may mean either. None: the rows are counted."""
        word = self.items[index].text.lower()
        additive = [column for column in self.numeric() if self.additive(column)]
        verb = word in lexicon.SUMMING
        if not additive or not (verb or singular(rows.text.lower()) in lexicon.PAID):
            if verb:
                raise NotUnderstood(
                    f'The sum of which column? "{rows.text}" are the rows; ask for a column, or how many.'
                )
            return None
        if len(additive) > 1 or not verb:
            names = ", ".join(column.name for column in additive)
            raise NotUnderstood(f'"{word} {rows.text}": the number of rows, or the total of a column ({names})?')
        self.notes.append(f'"{rows.text}" is read as the column "{additive[0].name}", the only one that adds up.')
        return additive[0]

    def _nested(self, fns: list[str], at: int) -> None:
        if fns[0] not in {"avg", "median", "min", "max", "sum", "stddev"} or not self.out.groups:
            raise NotUnderstood(
                f'"{NAMES.get(fns[0], fns[0])} {NAMES.get(fns[1], fns[1])}" needs a "per ...": an aggregate of each group.'  # noqa: E501 - a sentence in one piece
            )
        operand = self.operands(at)[0]
        self.out.kind = f"nested {fns[0]}"
        self.out.measures.append(self.measure(fns[1], operand))

    def _how_many_most(self, at: int) -> int:
        """`the two most common`: the number before the word, else 1."""
        number = self.at(at - 2)
        if number and number.kind == "num" and not number.used and not number.ordinal and number.number is not None:
            number.used = True
            return whole(number.number)
        return 1

    def _mode(self, at: int, *, back: bool = False) -> None:
        count = self._how_many_most(at)
        for index in range(at, len(self.items)):
            item = self.items[index]
            if not item.used and item.kind in {"col", "entity"} and item.columns and item.note != "row":
                column = self.pick(item, None)
                item.used = True
                self.out.rank = Rank(True, count, "count(*)", "number of rows", aggregated=True)
                self.out.columns = [column]
                if any(group.column == column for group in self.out.groups):
                    return
                self.out.kind = "ranked"
                return
            if item.kind not in {"entity", "rows", "and", "list"} and not item.used:
                break
        if not back:
            places = [place for place, item in enumerate(self.items) if item.kind == "which"]
            if places:  # `which book was borrowed most often`
                start = places[0] + 1
                if (one := self.at(start)) and one.kind == "num" and not one.used and not one.ordinal and one.number:
                    one.used, start = True, start + 1
                    count = whole(one.number)
                self._mode(start, back=True)
                if self.out.rank:
                    self.out.rank = replace(self.out.rank, count=count)
                return
        raise NotUnderstood("The most common what? Name the column.")
