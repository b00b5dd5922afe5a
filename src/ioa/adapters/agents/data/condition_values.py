"""Filters on values in the data: `in the North`, `Alice or Bob`, `not shipped`, `active`, `without email`."""

from __future__ import annotations

from dataclasses import dataclass

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.condition_dates import DateConditions
from ioa.adapters.agents.data.question import NotUnderstood
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.typing_columns import literal


@dataclass(slots=True)
class ValueConditions(DateConditions):
    """Finds filters on values, flags and missing values."""

    def _value(self, at: int, column: Column | None = None, negated: bool = False) -> None:
        negated = self._negated(at) or negated
        by = self._at(at - 1)
        if by and by.kind == "by" and by.value == "by":
            by.used = True
        chain = [at]
        after = at + 1
        while True:
            skip = after
            while (one := self._at(skip)) and one.kind in {"and", "or", "versus", "diff"} and one.kind != "diff":
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
            f'"{self.items[chain[0]].text}" occurs in several columns ({names}): say which is meant, such as "where {distinct[0].name} is {self.items[chain[0]].text}".'  # noqa: E501 - a sentence in one piece
        )

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
            negated = self._negated(at) != (item.note == "un")
            said = self._at(at + 1)
            if said and said.kind in {"unknown", "not", "cmp"} and said.text.lower() in {"false", "no"}:
                negated, said.used = not negated, True
            elif said and said.text.lower() in {"true", "yes"}:
                said.used = True
            item.used = True
            self._object_of(at)
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
            if previous.text.lower() in lexicon.LEAVING_OUT:
                raise NotUnderstood(
                    f'"{previous.text} {item.text}" does not say which rows are left out: say it in a sentence of its '
                    f'own, such as "Leave out the rows where {item.columns[0].name} is ...".'
                )
            previous.used = item.used = True
            if item.columns[0].kind == "number" and "missing" not in {one.kind for one in self.items}:
                self._none(at, item.columns[0])
            else:
                self._null(at, item.columns[0], False)
        elif item.note == "verb" and len(item.columns) == 1:
            item.used = True
            if item.columns[0].filled < self._rows(item.columns[0]):
                self._null(at, item.columns[0], True)

    def _object_of(self, at: int) -> None:
        """`how many tenants have paid the rent`: what was paid adds nothing where only rows are counted."""
        item, thing = self.items[at], self._at(at + 1)
        done = item.text.lower()
        if (
            thing
            and thing.kind == "col"
            and not thing.used
            and at + 1 not in self.grouped
            and self.before[at + 1] in {("the",), ("their",), ("his",), ("her",), ("its",)}
            and lexicon.is_participle(done)
            and any(one.kind == "count" for one in self.items[:at])
        ):
            thing.used = True

    def _none(self, at: int, column: Column) -> None:
        """`without any delay`: a number is then zero, or not there."""
        whole = column.filled == self._rows(column)
        sql = f"{self.sql(column)} = 0"
        self._add(
            at,
            sql if whole else f"({sql} OR {self.sql(column)} IS NULL)",
            f"{column.name} is 0{'' if whole else ' or missing'}",
        )

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
