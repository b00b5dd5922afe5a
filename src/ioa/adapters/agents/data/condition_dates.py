"""Filters on dates: `in March 2024`, `before 2020`, `from May to June`, `on Mondays`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ioa.adapters.agents.data.condition_core import ConditionCore
from ioa.adapters.agents.data.periods import Period, month_period, year_period
from ioa.adapters.agents.data.question import Item, NotUnderstood, year_item
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.typing_columns import literal


@dataclass(slots=True)
class DateConditions(ConditionCore):
    """Finds filters on dates and years."""

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
            sql = f"{self.sql(column)} >= {_day(date(last.start.year, first.month, 1))} AND {self.sql(column)} < {_day(last.end)}"  # noqa: E501 - a sentence in one piece
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
