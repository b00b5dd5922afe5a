"""Filters of a question: `in the North region`, `over 100`, `before March 2024`, `not shipped`, `without email`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.periods import Period, month_period, year_period
from ioa.adapters.agents.data.question import Item, NotUnderstood, Scope, find_column, synonyms, year_item
from ioa.adapters.agents.data.reading import Condition
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.typing_columns import literal

VERBS = frozenset(
    "is are was were be been come comes came have has had belong belongs who that made did do does got live lives work works".split()
)
_SAID = {">": "over", "<": "under", ">=": "at least", "<=": "at most", "=": "is", "!=": "is not"}


@dataclass(slots=True)
class Having:
    """A comparison that is about a group, not about a row: `more than 3 orders`."""

    sign: str
    number: str
    noun: Item | None
    at: int
    subject: Item | None = None


@dataclass(slots=True)
class Conditions:
    """Finds the filters among the items and marks what it used. `before` are the filler words ahead of each item."""

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
    aggregated: set[int] = field(default_factory=set[int])

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
        self.found.append(Condition(sql, words, at=at, verb=verb, **more))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - named fields of Condition

    # -- after a column ---------------------------------------------------------------------------------

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
        measured = (
            previous is not None
            and previous.kind in {"agg", "count", "distinct"}
            or (previous is not None and previous.kind == "ext")
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
            one.kind == "cmp"
            and two
            and two.kind == "num"
            and "number" not in kinds
            and not ("date" in kinds and year_item(two))
        ):
            return  # `customers with more than 3 orders`
        if one.kind == "cmp" or (
            one.kind == "when" and any(column.kind == "date" or "year" in column.words for column in item.columns)
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
            if (subject := self._of_group(at, column)) is not None:
                self.having.append(Having(said, _plain(operand.number), item, at, subject))
                return
            self._add(
                at,
                f"{self.sql(column)} {said} {_plain(operand.number)}",
                f"{column.name} {_SAID.get(said, said)} {_plain(operand.number)}",
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
            f"{self.sql(column)} {sign} (SELECT {fn}({self.sql(column)}) FROM {self.source})",
            f"{column.name} {_SAID.get(sign, sign)} the {name} of all rows",
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
            word = "NOT BETWEEN" if negated else "BETWEEN"
            self._add(
                at,
                f"{self.sql(column)} {word} {_plain(low.number)} AND {_plain(high.number)}",
                f"{column.name} {word.lower()} {_plain(low.number)} and {_plain(high.number)} (both included)",
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
            self._add(
                at,
                f"{self.sql(column)} {more.value} {_plain(number.number)}",
                f"{column.name} {_SAID[more.value]} {_plain(number.number)}",
            )
            return
        linked = {"is", "are", "was", "were", "of", "equals"} & set(self.before[number_at])
        if year_item(number) and not any(
            column.kind == "number" and {"year", "season"} & set(column.words) for column in item.columns
        ):
            return
        if item.plural or number.number is None or (self.before[number_at] and not linked):
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
        sign = "!=" if negated else "="
        self._add(
            at,
            f"{self.sql(numeric[0])} {sign} {_plain(number.number)}",
            f"{numeric[0].name} {_SAID[sign]} {_plain(number.number)}",
            column=numeric[0],
            values=(_plain(number.number),),
            parts=(
                (f"{numeric[0].name} {_plain(number.number)}", f"{self.sql(numeric[0])} = {_plain(number.number)}"),
            ),
            negated=negated,
        )

    # -- values -----------------------------------------------------------------------------------------

    def _value(self, at: int, column: Column | None = None, negated: bool = False) -> None:
        negated = self._negated(at) or negated
        by = self._at(at - 1)
        if by and by.kind == "by" and by.value == "by":
            by.used = True
        chain = [at]
        after = at + 1
        while True:
            skip = after
            while (one := self._at(skip)) and one.kind in {"and", "or", "versus", "diff"} and not (one.kind == "diff"):
                skip += 1
            two = self._at(skip)
            if two and two.kind == "val" and not two.used and skip > after and self._shared(chain, skip, column):
                chain.append(skip)
                after = skip + 1
            elif (
                two
                and two.kind == "col"
                and skip > after
                and (three := self._at(skip + 1))
                and three.kind == "val"
                and self._shared(chain, skip + 1, column)
                and not two.used
                and skip not in self.grouped
                and any(hit[0] in two.columns for hit in three.values)
            ):
                self._use(skip)
                chain.append(skip + 1)
                after = skip + 2
            elif two and two.kind == "agg" and self.two_arms and skip > after and (arm := self._repeated(skip, chain)):
                chain.append(arm)
                after = arm + 1
            else:
                break
        named = self._at(after)
        if column is None and named and named.kind == "col" and not named.used and after not in self.grouped:
            both = [
                one
                for one in named.columns
                if all(any(hit[0] == one for hit in self.items[link].values) for link in chain)
            ]
            if len(both) == 1:
                column = both[0]
                self._use(after)
        if column is None:
            column = self._column_of(chain)
        values = [next(hit[1] for hit in self.items[link].values if hit[0] == column) for link in chain]
        extra = [[hit[1] for hit in self.items[link].values if hit[0] == column] for link in chain]
        for link in chain:
            self._use(link)
        for between in range(chain[0], chain[-1]):
            if self.items[between].kind in {"and", "or", "versus"}:
                self._use(between)
        every = [value for options in extra for value in options]
        sql = self.sql(column)
        test = f"{sql} = {literal(every[0])}" if len(every) == 1 else f"{sql} IN ({', '.join(map(literal, every))})"
        if negated:
            test = (
                f"{sql} <> {literal(every[0])}"
                if len(every) == 1
                else f"{sql} NOT IN ({', '.join(map(literal, every))})"
            )
            if column.filled < self._rows(column):
                test = f"({test} OR {sql} IS NULL)"
        words = f"{column.name} is {'not ' if negated else ''}{' or '.join(repr(value) for value in every)}"
        parts = tuple(
            (value, f"{sql} IN ({', '.join(map(literal, options))})")
            for value, options in zip(values, extra, strict=True)
        )
        either = any(self.items[index].kind == "or" for index in range(chain[0], chain[-1]))
        self._add(at, test, words, column=column, values=tuple(values), negated=negated, parts=parts, either=either)

    def _repeated(self, agg: int, chain: list[int]) -> int | None:
        """`the average price in A and the average price in B`: the second value, when only known words lie between."""
        for at in range(agg, min(agg + 5, len(self.items))):
            if self.items[at].kind == "val" and self._shared(chain, at, None):
                before = self.items[agg - 2] if agg >= 2 else None
                del before
                kinds = [one.kind for one in self.items[agg:at]]
                texts = [one.value or one.text.lower() for one in self.items[agg:at]]
                earlier = [one.value or one.text.lower() for one in self.items[: chain[0]]]
                if all(kind in {"agg", "col", "entity", "count", "rows"} for kind in kinds) and all(
                    text in earlier for text in texts
                ):
                    self._use(*range(agg, at))
                    return at
        return None

    def _shared(self, chain: list[int], other: int, column: Column | None) -> bool:
        columns = {hit[0] for hit in self.items[other].values}
        for link in chain:
            columns &= {hit[0] for hit in self.items[link].values}
        return column in columns if column else bool(columns)

    def _column_of(self, chain: list[int]) -> Column:
        columns = [hit[0] for hit in self.items[chain[0]].values]
        for link in chain[1:]:
            columns = [one for one in columns if any(hit[0] == one for hit in self.items[link].values)]
        distinct = list(dict.fromkeys(columns))
        if len({(one.name, one.name) for one in distinct}) == 1:
            return distinct[0]
        mentioned = [
            one for one in distinct if any(item.kind == "col" and item.columns == (one,) for item in self.items)
        ]
        if len(mentioned) == 1:
            return mentioned[0]
        names = " and ".join(f'"{one.name}"' for one in distinct)
        raise NotUnderstood(
            f'"{self.items[chain[0]].text}" occurs in several columns ({names}): say which is meant, such as "where {distinct[0].name} is {self.items[chain[0]].text}".'
        )

    def _rows(self, column: Column) -> int:
        return next(table.rows for table in self.scope.tables if table.name == column.table)

    def _flag(self, at: int) -> None:
        """A two-valued column used as an adjective: `active customers`, `were returned`."""
        item = self.items[at]
        previous = self._at(at - 1)
        columns = [column for column in item.columns if column.true]
        if (
            len(columns) == 1
            and len(item.columns) == 1
            and not (previous and previous.kind in {"agg", "by", "which", "distinct", "ext"})
        ):
            negated = self._negated(at)
            said = self._at(at + 1)
            if said and said.kind in {"unknown", "not", "cmp"} and said.text.lower() in {"false", "no"}:
                negated, said.used = not negated, True
            elif said and said.text.lower() in {"true", "yes"}:
                said.used = True
            item.used = True
            true = (
                columns[0].true
                if len(self.scope.tables) == 1
                else columns[0].true.replace(f'"{columns[0].name}"', columns[0].sql)
            )
            self._add(
                at,
                f"NOT ({true})" if negated else true,
                f"{columns[0].name} is {'no' if negated else 'yes'}",
                column=columns[0],
            )
        elif previous and previous.kind == "not" and not previous.used and len(item.columns) == 1:
            previous.used = item.used = True
            self._null(at, item.columns[0], False)
        elif item.note == "verb" and len(item.columns) == 1:
            item.used = True
            if item.columns[0].filled < self._rows(item.columns[0]):
                self._null(at, item.columns[0], True)

    def _missing(self, at: int) -> None:
        after = self._at(at + 1)
        previous = self._at(at - 1)
        if (
            after
            and after.kind == "col"
            and not after.used
            and at + 1 not in self.grouped
            and "columns" not in {one.kind for one in self.items}
        ):
            negated = self._negated(at)
            self._use(at, at + 1)
            self._null(at, self.pick(after, None), negated)
        del previous

    def _null(self, at: int, column: Column, negated: bool) -> None:
        self._add(
            at,
            f"{self.sql(column)} IS {'NOT ' if negated else ''}NULL",
            f"{column.name} is {'not ' if negated else ''}missing",
        )

    # -- comparisons without a column before them ---------------------------------------------------------

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
        if operand is None or operand.kind != "num" or operand.number is None or sign not in _SAID:
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
                else self.implied(low.money)
            )
            if column is None:
                raise NotUnderstood(f"Between {low.text} and {high.text} of what? Name the column.")
            self._use(
                *range(at, end + 1), *([end + 1] if noun and noun.kind == "col" and column in noun.columns else [])
            )
            self._add(
                at,
                f"{self.sql(column)} BETWEEN {_plain(low.number)} AND {_plain(high.number)}",
                f"{column.name} between {_plain(low.number)} and {_plain(high.number)} (both included)",
            )

    def _threshold(self, at: int, used: list[int], sign: str, number: Item, noun_at: int) -> None:
        noun = self._at(noun_at)
        assert number.number is not None
        distinct = noun is not None and noun.kind == "distinct"
        target = self._at(noun_at + 1) if distinct else noun
        if target and target.kind in {"entity", "rows"} and not self.before_breaks(noun_at):
            self._use(*used, noun_at, *([noun_at + 1] if distinct else []))
            self.having.append(Having(sign, _plain(number.number), target, at))
            return
        if (
            target
            and target.kind == "col"
            and not target.used
            and noun_at not in self.grouped
            and not self.before_breaks(noun_at)
        ):
            self._use(*used, noun_at, *([noun_at + 1] if distinct else []))
            self.having.append(Having(sign, _plain(number.number), target, at))
            return
        hint = lexicon.COMPARED.get(self.items[used[-2]].text.lower().split()[0])
        column = self._hinted(hint, number) if hint else self.implied(number.money)
        if column is None:
            raise NotUnderstood(
                f'{_SAID[sign].capitalize()} {number.text} of what? Name the column, such as "with price {_SAID[sign]} {number.text}".'
            )
        self._use(*used)
        self._add(
            at,
            f"{self.sql(column)} {sign} {_plain(number.number)}",
            f"{column.name} {_SAID[sign]} {_plain(number.number)}",
        )

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

    def before_breaks(self, at: int) -> bool:
        """Whether a preposition stands between a number and the next noun, so that they do not belong together."""
        return bool({"for", "from", "with", "on", "at", "is", "are", "were", "was"} & set(self.before[at])) or (
            "in" in self.before[at]
        )

    # -- dates ------------------------------------------------------------------------------------------

    def _as_period(self, item: Item) -> Period | None:
        if item.kind == "time":
            return item.period
        if year_item(item):
            return year_period(int(item.text), item.text)
        return None

    def _date_column(self) -> Column:
        named = [
            column
            for at, item in enumerate(self.items)
            if item.kind == "col" and at not in self.grouped
            for column in item.columns
            if column.kind == "date" and len(item.columns) == 1
        ]
        dates = [column for column in self.scope.columns if column.kind == "date"]
        options = list(dict.fromkeys(named)) or dates
        if len(options) == 1:
            return options[0]
        if not options:
            raise NotUnderstood("There is no date column to compare with.")
        names = ", ".join(f'"{column.name}"' for column in options)
        raise NotUnderstood(f"There are several date columns ({names}): say which is meant.")

    def _year(self, at: int) -> None:
        previous = self._at(at - 1)
        linked = {"in", "of", "for", "during", "from", "year", "to", "through"} & set(self.before[at])
        if not (
            linked
            or (
                previous
                and (
                    previous.kind in {"when", "cmp", "between", "bucket", "or"}
                    or (previous.kind in {"and"} and self._at(at - 2) and self.items[at - 2].used)
                )
            )
        ):
            return
        if previous and previous.kind == "bucket" and previous.value == "year":
            previous.used = True
        after = self._at(at + 1)
        if after and after.kind in {"entity", "rows"} and previous and previous.kind == "cmp":
            return  # more than 2000 orders
        self._time(at)

    def _time(self, at: int) -> None:
        item = self.items[at]
        period = self._as_period(item)
        if period is None:
            return
        sign, previous = "=", self._at(at - 1)
        column: Column | None = None
        back = at - 1
        if previous and previous.kind == "not" and not previous.used:
            previous.used = True
            column = self._date_or_year(period)
            self._period(at, column, "!=", False)
            return
        if previous and previous.kind in {"when", "cmp"} and not previous.used:
            sign, previous.used = previous.value, True
            back -= 1
        owner = self._at(back)
        if (
            owner
            and owner.kind == "col"
            and not owner.used
            and back not in self.grouped
            and any(one.kind == "date" for one in owner.columns)
        ):
            column = self.pick(owner, ("date",))
            owner.used = True
        follow, joint = self._at(at + 1), False
        end = at + 1
        if follow and follow.kind in {"and", "when", "versus", "or"}:
            joint, end = True, at + 2
            other = self._at(end)
        else:
            other = follow
        second = self._as_period(other) if other else None
        if (
            second
            and other
            and not other.used
            and (joint or {"to", "through", "-"} & set(self.before[end]) or "from" in self.before[at])
        ):
            until = (
                "to" in self.before[end]
                or (follow is not None and follow.kind == "when")
                or "through" in self.before[end]
                or "-" in self.before[end]
            )
            if self.two_arms:
                self._use(at, end, *([at + 1] if joint else []))
                self.arms += [(at, period), (end, second)]
                return
            if until and sign in {"=", ">="}:
                column = column or self._date_or_year(period)
                self._use(at, end, *([at + 1] if joint else []))
                self._span(at, column, period, second)
                return
            if joint and follow and follow.kind in {"and", "or"} and sign == "=":
                if period.month and second.start is not None:  # `in January or February 2024`
                    period = month_period(period.month, second.start.year, f"{period.words} {second.start.year}")
                column = column or self._date_or_year(period)
                self._use(at, end, at + 1)
                pair = [self._test(column, one, "=") for one in (period, second)]
                self._add(
                    at,
                    f"({pair[0]} OR {pair[1]})",
                    f"{column.name} is in {period.words} or {second.words}",
                    parts=((period.words, pair[0]), (second.words, pair[1])),
                    column=column,
                    values=(period.words, second.words),
                )
                return
        self._period(at, column or self._date_or_year(period), sign, False)

    def _date_or_year(self, period: Period) -> Column:
        if not any(column.kind == "date" for column in self.scope.columns) and period.year:
            years = [
                column
                for column in self.scope.columns
                if column.kind == "number" and {"year", "season"} & set(column.words)
            ]
            if len(years) == 1:
                return years[0]
        if period.month and not any(column.kind == "date" for column in self.scope.columns):
            raise NotUnderstood(f'"{period.words}" needs a date column, and there is none.', (period.words,))
        return self._date_column()

    def _period(self, at: int, column: Column, sign: str, negated: bool, extra: int | None = None) -> None:
        item = self.items[at]
        period = self._as_period(item)
        if period is None:
            raise NotUnderstood(f'"{item.text}" is not a date.', (item.text,))
        previous = self._at(at - 1)
        if previous and previous.kind in {"when", "cmp"} and not previous.used:
            sign, previous.used = previous.value, True
        item.used = True
        if extra is not None:
            self.items[extra].used = True
        sql = self._test(column, period, sign)
        said = {"=": "in", "<": "before", ">": "after", ">=": "from", "<=": "up to the end of", "!=": "not in"}[sign]
        self._add(
            at,
            f"NOT ({sql})" if negated else sql,
            f"{column.name} {'not ' if negated else ''}{said} {period.words}",
            column=column,
            values=(period.words,),
            parts=((period.words, sql),),
        )
        if period.month:
            self.notes.append(f"{period.words} of every year in the data.")

    def _test(self, column: Column, period: Period, sign: str) -> str:
        sql = self.sql(column)
        if column.kind == "number":
            return f"{sql} {sign} {period.year}"
        if period.month or period.weekday:
            part = f"month({sql}) {{}} {period.month}" if period.month else f"isodow({sql}) {{}} {period.weekday}"
            if sign not in {"=", "!="}:
                raise NotUnderstood(f'"{period.words}" needs a year with "before", "after" or "since".')
            return part.format(sign)
        if period.clock:
            return f"{sql} {sign} TIMESTAMP {literal(period.clock)}"
        start, end = _day(period.start), _day(period.end)
        match sign:
            case "<":
                return f"{sql} < {start}"
            case ">=":
                return f"{sql} >= {start}"
            case ">":
                return f"{sql} >= {end}"
            case "<=":
                return f"{sql} < {end}"
            case "!=":
                return f"({sql} < {start} OR {sql} >= {end})"
            case _:
                return f"{sql} >= {start} AND {sql} < {end}"

    def _span(self, at: int, column: Column, first: Period, last: Period) -> None:
        if column.kind == "number":
            sql = f"{self.sql(column)} BETWEEN {first.year} AND {last.year}"
        elif first.month and last.start is not None:
            sql = f"{self.sql(column)} >= {_day(date(last.start.year, first.month, 1))} AND {self.sql(column)} < {_day(last.end)}"
        elif first.month and last.month:
            sql = f"month({self.sql(column)}) BETWEEN {first.month} AND {last.month}"
            self.notes.append(f"{first.words} to {last.words} of every year in the data.")
        elif first.start is None or last.end is None:
            raise NotUnderstood(f'"{first.words} to {last.words}" is not a span of dates that I understand.')
        else:
            sql = f"{self.sql(column)} >= {_day(first.start)} AND {self.sql(column)} < {_day(last.end)}"
        self._add(at, sql, f"{column.name} from {first.words} to {last.words} (both included)", column=column)

    def period_test(self, period: Period) -> str:
        """SQL for one arm of a comparison of periods."""
        return self._test(self._date_or_year(period), period, "=")


def _day(day: date | None) -> str:
    assert day is not None
    return f"DATE '{day.isoformat()}'"


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
