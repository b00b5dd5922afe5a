"""Filters that compare: `price over 100`, `between 5 and 10`, `more than 3 orders`, `above average`."""

from __future__ import annotations

from dataclasses import dataclass

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.condition_core import SAID, Having, plain
from ioa.adapters.agents.data.condition_units import UnitConditions
from ioa.adapters.agents.data.naming import find_column, synonyms
from ioa.adapters.agents.data.periods import month_period
from ioa.adapters.agents.data.question import Item, NotUnderstood, year_item
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.typing_columns import literal
from ioa.adapters.agents.data.words import name_words


@dataclass(slots=True)
class Comparisons(UnitConditions):
    """Finds comparisons, with and without a column before them."""

    def _compare(self, at: int, sign_at: int, negated: bool) -> None:
        item, sign, operand = self.items[at], self.items[sign_at].value, self._at(sign_at + 1)
        if operand is None:
            return
        flip = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "=": "!=", "!=": "="}
        said = flip[sign] if negated and sign in flip else sign
        extra = [sign_at - 1] if negated else []
        if operand.kind == "time" or (year_item(operand) and any(column.kind == "date" for column in item.columns)):
            self._use(at, sign_at, *extra)
            self._period(sign_at + 1, self.pick(item, ("date",)), said, False)
        elif operand.kind == "num" and operand.number is not None:
            column = self.pick(item, ("number",))
            self._use(at, sign_at, sign_at + 1, *extra)
            operand = self._in_unit_of(column, operand, sign_at + 1)
            assert operand.number is not None
            if (subject := self._of_group(at, column)) is not None:
                self.having.append(Having(said, plain(operand.number), item, at, subject))
                return
            self._add(
                at,
                f"{self.sql(column)} {said} {plain(operand.number)}",
                f"{column.name} {SAID.get(said, said)} {plain(operand.number)}",
            )
        elif operand.kind == "agg" and operand.value in {"avg", "median"}:
            column = self.pick(item, ("number",))
            used = [sign_at + 1]
            again = self._at(sign_at + 2)
            if again and again.kind == "col" and column in again.columns:
                used.append(sign_at + 2)
            self._use(at, sign_at, *used, *extra)
            self._average(at, column, said, operand.value)
        elif operand.kind == "col" and sign in flip:
            left, right = self.pick(item, ("number", "date")), self.pick(operand, ("number", "date"))
            self._use(at, sign_at, sign_at + 1, *extra)
            self._add(at, f"{self.sql(left)} {said} {self.sql(right)}", f"{left.name} {said} {right.name}")
        elif sign in {"contains", "starts", "ends"}:
            column = self.pick(item, ("text",))
            pattern = {"contains": "contains", "starts": "starts_with", "ends": "ends_with"}[sign]
            self._use(at, sign_at, sign_at + 1, *extra)
            sql = f"{pattern}(lower({self.sql(column)}), {literal(operand.text.lower())})"
            self._add(
                at,
                f"NOT {sql}" if negated else sql,
                f'{column.name} {"not " if negated else ""}{sign} "{operand.text}"',
            )
        elif operand.kind == "val" and sign in {"=", "!="}:
            columns = [column for column in item.columns if any(hit[0] == column for hit in operand.values)]
            if not columns:
                raise NotUnderstood(f'No value "{operand.text}" in column "{item.columns[0].name}".', (operand.text,))
            self._use(at, sign_at, *extra)
            self._value(sign_at + 1, columns[0], said == "!=")
        elif operand.kind == "text":
            raise NotUnderstood(f'No value "{operand.text}" in column "{item.columns[0].name}".', (operand.text,))

    def _of_group(self, at: int, column: Column) -> Item | None:
        """The noun that a comparison is about, if it stands for several rows each: `customers who spent over 50`."""
        index = at - 1
        while index >= 0 and self.items[index].kind in {"who", "which", "not", "list", "entity"} and index:
            index -= 1
        noun = self._at(index)
        if noun is None or noun.kind != "col" or index in self.grouped or len(noun.columns) != 1:
            return None
        other = noun.columns[0]
        several = other.kind == "text" and other.distinct < other.filled
        return noun if several and self.additive(column) else None

    def _average(self, at: int, column: Column, sign: str, fn: str) -> None:
        name = {"avg": "average", "median": "median"}[fn]
        if (subject := self._of_group(at, column)) is not None:
            raise NotUnderstood(
                f'"{subject.text}" has several rows each: compare the average or the total, such as '
                f'"{subject.text} with an average {column.name} over 10", or ask for the rows.'
            )
        self._add(
            at,
            f"{self.sql(column)} {sign} (SELECT {fn}(CAST({self.sql(column)} AS DOUBLE)) FROM {self.source})",  # noqa: S608 - names and values are quoted
            f"{column.name} {SAID.get(sign, sign)} the {name} of all rows",
        )

    def _between(self, at: int, sign_at: int, negated: bool) -> None:
        low, joint, high = self._at(sign_at + 1), self._at(sign_at + 2), self._at(sign_at + 3)
        if low is None or high is None or joint is None:
            return
        if joint.kind != "and":
            joint, high = None, self._at(sign_at + 2)
        end = sign_at + (3 if joint else 2)
        item = self.items[at]
        if low.kind == "time" and not any(column.kind == "date" for column in item.columns):
            return
        if (
            high
            and low.kind == high.kind == "num"
            and low.number is not None
            and high.number is not None
            and not (year_item(low) and any(c.kind == "date" for c in item.columns))
        ):
            column = self.pick(item, ("number",))
            self._use(at, *range(sign_at - (1 if negated else 0), end + 1))
            low, high = self._both_in_unit_of(column, low, high, end)
            assert low.number is not None
            assert high.number is not None
            word = "NOT BETWEEN" if negated else "BETWEEN"
            self._add(
                at,
                f"{self.sql(column)} {word} {plain(low.number)} AND {plain(high.number)}",
                f"{column.name} {word.lower()} {plain(low.number)} and {plain(high.number)} (both included)",
            )
        elif high and (first := self._as_period(low)) and (last := self._as_period(high)) and not negated:
            column = self.pick(item, ("date",))
            self._use(at, *range(sign_at, end + 1))
            self._span(at, column, first, last)

    def _number(self, at: int, number_at: int, negated: bool) -> None:
        item, number = self.items[at], self.items[number_at]
        more = self._at(number_at + 1)
        if more and more.kind == "more" and number.number is not None:
            column = self.pick(item, ("number",))
            self._use(at, number_at, number_at + 1)
            number = self._in_unit_of(column, number, number_at)
            assert number.number is not None
            self._add(
                at,
                f"{self.sql(column)} {more.value} {plain(number.number)}",
                f"{column.name} {SAID[more.value]} {plain(number.number)}",
            )
            return
        linked = {"is", "are", "was", "were", "of", "equals"} & set(self.before[number_at])
        if year_item(number) and any(column.years for column in item.columns):
            linked |= {"in"} & set(self.before[number_at])  # `planted in 2012`
        elif year_item(number) and not any(
            column.kind == "number" and {"year", "season"} & set(column.words) for column in item.columns
        ):
            return
        plural = item.plural and not {"is", "are", "was", "were", "equals"} & set(self.before[number_at])
        if plural or number.number is None or (self.before[number_at] and not linked):
            return
        following = self._at(number_at + 1)
        if following and following.kind in {"col", "entity", "rows", "ext", "hint"} and not linked:
            return
        hits = [hit for hit in number.values if hit[0] in item.columns]
        numeric = [column for column in item.columns if column.kind == "number"]
        if hits and not numeric:
            self._use(at)
            self._value(number_at, hits[0][0], negated)
            return
        if len(numeric) != 1:
            raise NotUnderstood(f'No value "{number.text}" in column "{item.columns[0].name}".', (number.text,))
        self._use(at, number_at, *([number_at - 1] if negated else []))
        number = self._in_unit_of(numeric[0], number, number_at)
        assert number.number is not None
        sign = "!=" if negated else "="
        self._add(
            at,
            f"{self.sql(numeric[0])} {sign} {plain(number.number)}",
            f"{numeric[0].name} {SAID[sign]} {plain(number.number)}",
            column=numeric[0],
            values=(plain(number.number),),
            parts=((f"{numeric[0].name} {plain(number.number)}", f"{self.sql(numeric[0])} = {plain(number.number)}"),),
            negated=negated,
        )

    def _bare(self, at: int) -> None:
        item, operand = self.items[at], self._at(at + 1)
        sign = item.value
        if (
            item.kind == "not"
            and operand
            and operand.kind == "cmp"
            and (number := self._at(at + 2))
            and number.kind == "num"
        ):
            flipped = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}.get(operand.value)
            if flipped is None:
                return
            item.used, at, sign, operand = True, at + 1, flipped, number
        elif item.kind == "not":
            return
        if operand and operand.kind == "val" and sign in {"=", "!="}:
            self._use(at)
            self._value(at + 1, None, sign == "!=")
            return
        if operand and operand.kind == "agg" and operand.value in {"avg", "median"}:
            noun = self._at(at + 2)
            columns = noun.columns if noun and noun.kind == "col" else ()
            column = self.pick(noun, ("number",)) if noun and columns else self.implied(False)
            if column is None:
                return
            self._use(at, at + 1, *([at + 2] if columns else []))
            self._average(at, column, sign, operand.value)
            return
        if operand is None or operand.kind != "num" or operand.number is None or sign not in SAID:
            return
        self._threshold(at, [at, at + 1], sign, operand, at + 2)

    def _bare_more(self, at: int) -> None:
        number = self._at(at - 1)
        if number and number.kind == "num" and not number.used:
            self._threshold(at - 1, [at - 1, at], self.items[at].value, number, at + 1)

    def _bare_between(self, at: int) -> None:
        low, joint, high = self._at(at + 1), self._at(at + 2), self._at(at + 3)
        if low is None or joint is None:
            return
        end = at + 3
        if joint.kind != "and":
            high, end = joint, at + 2
        first, last = self._as_period(low), self._as_period(high) if high else None
        if first and last and first.month and last.start is not None:
            first = month_period(first.month, last.start.year, f"{first.words} {last.start.year}")
        if first and last and high:
            if self.two_arms:
                self._use(*range(at, end + 1))
                self.arms += [(at, first), (at, last)]
                return
            column = self._date_column()
            self._use(*range(at, end + 1))
            self._span(at, column, first, last)
        elif high and low.kind == high.kind == "num" and low.number is not None and high.number is not None:
            noun = self._at(end + 1)
            column = (
                self.pick(noun, ("number",))
                if noun and noun.kind == "col" and not noun.used
                else self._bare_column(high if high.note or high.money or high.percent else low, at)
            )
            if column is None:
                raise NotUnderstood(self._of_what("between", f"{low.text} and {high.text}"))
            self._use(
                *range(at, end + 1), *([end + 1] if noun and noun.kind == "col" and column in noun.columns else [])
            )
            low, high = self._both_in_unit_of(column, low, high, end)
            assert low.number is not None
            assert high.number is not None
            self._add(
                at,
                f"{self.sql(column)} BETWEEN {plain(low.number)} AND {plain(high.number)}",
                f"{column.name} between {plain(low.number)} and {plain(high.number)} (both included)",
            )

    def _threshold(self, at: int, used: list[int], sign: str, number: Item, noun_at: int) -> None:
        noun = self._at(noun_at)
        assert number.number is not None
        if (lasting := self._lasting(at, noun_at - 1)) is not None:
            self._use(*used)
            shown = plain(self._in_unit_of(lasting, number, noun_at - 1).number or number.number)
            self._add(at, f"{self.sql(lasting)} {sign} {shown}", f"{lasting.name} {SAID[sign]} {shown}")
            return
        if self.unit_said(number):
            own = noun if noun and noun.kind == "col" and not noun.used and noun_at not in self.grouped else None
            if own and not self.before_breaks(noun_at) and self.may_be_of(number, own):
                column = self.pick(own, ("number",))  # `more than 1 mm of rain`
                self._use(noun_at)
            else:
                column = self._of_unit(number, at)
            self._use(*used)
            shown = plain(self._in_unit_of(column, number, noun_at - 1).number or number.number)
            self._add(at, f"{self.sql(column)} {sign} {shown}", f"{column.name} {SAID[sign]} {shown}")
            return
        distinct = noun is not None and noun.kind == "distinct"
        target = self._at(noun_at + 1) if distinct else noun
        if target and target.kind in {"entity", "rows"} and not self.before_breaks(noun_at):
            self._use(*used, noun_at, *([noun_at + 1] if distinct else []))
            self.having.append(Having(sign, plain(number.number), target, at))
            return
        if (
            target
            and target.kind == "col"
            and not target.used
            and noun_at not in self.grouped
            and not self.before_breaks(noun_at)
        ):
            self._use(*used, noun_at, *([noun_at + 1] if distinct else []))
            self.having.append(Having(sign, plain(number.number), target, at))
            return
        if target and target.kind == "bucket" and (timed := [c for c in target.columns if c.kind == "number"]):
            column = timed[0] if len(timed) == 1 else self.pick(target, ("number",))
            self._use(*used, noun_at)
            shown = plain(number.number)
            self._add(at, f"{self.sql(column)} {sign} {shown}", f"{column.name} {SAID[sign]} {shown}")
            return
        hint = lexicon.COMPARED.get(self.items[used[-2]].text.lower().split()[0])
        column = self._hinted(hint, number) if hint else self._age(at, number) or self._bare_column(number, at)
        if column is None:
            raise NotUnderstood(self._of_what(SAID[sign], number.text))
        self._use(*used)
        shown = plain(self._in_unit_of(column, number, noun_at - 1).number or number.number)
        self._add(at, f"{self.sql(column)} {sign} {shown}", f"{column.name} {SAID[sign]} {shown}")

    def _hinted(self, hint: str, number: Item) -> Column | None:
        """The column that `older than` speaks of."""
        match = find_column([hint], self.scope)
        options = [
            column
            for column in (match.columns if match else synonyms(hint, self.scope, ("number",)))
            if column.kind == "number"
        ]
        named = [
            column
            for item in self.items
            if item.kind == "col"
            for column in item.columns
            if len(item.columns) == 1 and column.kind == "number"
        ]
        if not options and len(set(named)) == 1:
            options = named[:1]
        if len(options) != 1:
            raise NotUnderstood(
                f'There is no column for "{hint}" to compare with {number.text}; name the column.', (hint,)
            )
        return options[0]

    def _age(self, at: int, number: Item) -> Column | None:
        """The age column in `members over 40`, where nothing else is named that could be compared."""
        back = at - 1
        while (one := self._at(back)) and one.kind in {"val", "not", "and"}:
            back -= 1  # `people from Graz over 40`
        noun, match = self._at(back), find_column(["age"], self.scope)
        people = noun is not None and noun.kind in {"col", "entity"} and set(name_words(noun.text)) & lexicon.PEOPLE
        if not people or number.money or not match or match.level > 1 or len(match.columns) != 1:
            return None
        self.notes.append(
            f'"{noun.text if noun else ""} ... {number.text}" is read by the column "{match.columns[0].name}".'
        )
        return match.columns[0] if match.columns[0].kind == "number" else None

    def before_breaks(self, at: int) -> bool:
        """Whether a preposition stands between a number and the next noun, so that they do not belong together."""
        return bool({"for", "from", "with", "on", "at", "is", "are", "were", "was"} & set(self.before[at])) or (
            "in" in self.before[at]
        )
