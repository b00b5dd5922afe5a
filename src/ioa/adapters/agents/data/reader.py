"""Reads the marked items of a question into a `Reading`, or says which words it does not understand.

A rule of the house: every word that might be a filter is either used or the question is refused.
"""

from __future__ import annotations

from ioa.adapters.agents.data.conditions import Conditions
from ioa.adapters.agents.data.group_conditions import GroupConditions
from ioa.adapters.agents.data.leftovers import adjectives, finish, read_leftovers
from ioa.adapters.agents.data.own_clauses import check_clauses
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.ranking import read_ranking
from ioa.adapters.agents.data.reading import Group, Reading
from ioa.adapters.agents.data.words import word_set

_HARMLESS = word_set("stop and list which who whenq entity rows result both versus order text_ok")


class Reader(GroupConditions):
    """Reads one question in one scope. `read()` returns a reading; it raises `NotUnderstood`."""

    def read(self) -> Reading:
        """Read the question. Raises `NotUnderstood`."""
        if not [item for item in self.items if item.kind not in {"and", "result"}]:
            raise NotUnderstood("There is no question about the data in this text.")
        self._definitions()
        self._row_verbs()
        self._row_events()
        self._happened()
        self._unknown()
        self._two_questions()
        self._products()
        self._groups()
        adjectives(self)
        conditions = self._conditions()
        self._mode_first()
        self._sorting()
        read_ranking(self)
        ranked = next((at for at, item in enumerate(self.items) if item.kind in {"ext", "hint"} and item.used), 0)
        self.heads += [ranked] * len(self.out.measures)
        self._measures()
        self._having(conditions)
        read_leftovers(self)
        self._one_row_each()
        check_clauses(self)
        finish(self)
        self._check()
        self.out.notes = list(dict.fromkeys(self.notes + conditions.notes))
        return self.out

    def _conditions(self) -> Conditions:
        found = Conditions(
            self.items,
            self.before,
            self.scope,
            self.sql,
            self.pick,
            self.scope.source,
            self.grouped | set(self.expressions),
        )
        found.implied = self.implied
        found.additive = self.additive
        found.names_rows = self.is_id
        found.two_arms = bool(self.modes & {"diff", "ratio", "growth", "versus"})
        found.run()
        self.out.conditions = found.found
        self._connect()
        self._arms(found)
        return found

    def _connect(self) -> None:
        """Several filters: joined by `and` unless `or` stands between them; a mixture is refused."""
        ors = [index for index, item in enumerate(self.items) if item.kind == "or" and not item.used]
        if not ors or len(self.out.conditions) < 2:
            for index in ors:
                if self.items[index].value == "or" and index == 0:
                    self.items[index].used = True
            return
        places = sorted(condition.at for condition in self.out.conditions)
        inside = [index for index in ors if places[0] < index < places[-1] or index < places[-1]]
        if len(inside) < len(places) - 1 and len(places) > 2:
            raise NotUnderstood('"and" and "or" are mixed in the filters: ask for one combination at a time.')
        for index in inside:
            self.items[index].used = True
        self.out.either = True

    def _arms(self, found: Conditions) -> None:
        """The two things that a difference, ratio, comparison or growth is between."""
        if not self.modes & {"diff", "ratio", "growth", "versus"}:
            return
        if len(found.arms) == 2:
            self.out.arms = [(period.words, found.period_test(period)) for _, period in found.arms]
            return
        for condition in self.out.conditions:
            if len(condition.parts) >= 2 and not condition.negated:
                self.out.arms = list(condition.parts)
                self.out.conditions = [one for one in self.out.conditions if one is not condition]
                if (
                    "versus" in self.modes
                    and not self.modes & {"diff", "ratio", "growth"}
                    and condition.column
                    and not any(item.kind == "ext" or item.text.lower() == "more" for item in self.items)
                ):
                    self.out.conditions.append(condition)
                    self.out.arms = []
                    if not any(group.column == condition.column for group in self.out.groups):
                        self.out.groups.insert(0, Group(condition.column, self.sql(condition.column)))
                return
        positive = [
            one for one in self.out.conditions if len(one.parts) == 1 and not one.negated and one.column is not None
        ]
        pairs = [(a, b) for a in positive for b in positive if a.at < b.at and a.column == b.column]
        if len(pairs) == 1:
            first, second = pairs[0]
            self.out.arms = [first.parts[0], second.parts[0]]
            self.out.conditions = [one for one in self.out.conditions if one is not first and one is not second]

    def _mode_first(self) -> None:
        for item in self.items:
            if item.kind in {"diff", "ratio", "growth", "versus"} and self.out.arms:
                item.used = True
                if item.kind != "versus":
                    self.out.arm_mode = {"diff": "difference"}.get(item.kind, item.kind)
                self.out.kind = "arms"
                if item.kind == "versus" and any(one.text.lower() == "times" for one in self.items):
                    self.out.arm_mode = "ratio"
            elif (
                (
                    item.kind == "between"
                    and (two := self.at(self.items.index(item) + 1))
                    and two.kind == "val"
                    and two.used
                )
                or item.kind == "versus"
                or (
                    item.kind == "between"
                    and self.modes & {"corr", "diff", "ratio", "growth"}
                    and (self.out.arms or "corr" in self.modes or any(one.kind == "ext" for one in self.items))
                )
            ):
                item.used = True
            elif item.kind in {"growth", "over"} and not item.used:
                self._growth(item)
            elif item.kind == "running":
                item.used = True
                self.out.kind = "running"
            elif item.kind in {"corr", "share"}:
                item.used = True
                self.out.kind = item.kind
        more = next(
            (
                item
                for item in self.items
                if item.text.lower() in {"more", "fewer", "less", "higher"} and item.kind == "unknown"
            ),
            None,
        )
        del more
        if self.out.kind == "table":
            self._inspection()

    def _inspection(self) -> None:
        for kind in ("describe", "missing", "duplicates", "columns", "outliers"):
            found = [item for item in self.items if item.kind == kind and not item.used]
            if kind == "columns" and any(item.kind in {"agg", "ext", "hint"} for item in self.items):
                continue
            if found:
                if kind == "columns" and self.out.conditions:
                    continue
                if kind == "outliers":
                    raise NotUnderstood(
                        'I do not find outliers by myself: ask for rows "over" or "under" a value, or for percentiles.',
                        ("outliers",),
                    )
                self.out.kind = kind
                for item in self.items:
                    if item.kind in {
                        "describe",
                        "columns",
                        "missing",
                        "duplicates",
                        "count",
                        "distinct",
                        "list",
                        "rows",
                        "which",
                    } and (item.kind != "distinct" or kind != "columns"):
                        item.used = True
                    if (
                        item.kind == "agg"
                        and kind in {"missing", "describe", "duplicates", "columns"}
                        and item.value == "sum"
                    ):
                        item.used = True
                    if item.kind == "by" and (self.at(self.items.index(item) + 1) or item).kind == "columns":
                        item.used = True
                return

    def _growth(self, item: Item) -> None:
        item.used = True
        self.out.kind = "growth"
        if item.kind == "over":
            self.out.bucket = item.value
            if not self.out.groups:
                column = self.date_column(item)
                self.out.groups.append(Group(column, self.sql(column), item.value))
            elif not any(group.bucket for group in self.out.groups):
                column = self.date_column(item)
                self.out.groups.insert(0, Group(column, self.sql(column), item.value))

    def _sorting(self) -> None:
        direction = next((item.value for item in self.items if item.kind == "order"), "")
        for item in self.items:
            if item.kind == "order":
                item.used = True
        for index, item in enumerate(self.items):
            if item.kind != "sort" or item.used:
                continue
            item.used = True
            after = index + 1
            while (one := self.at(after)) and one.kind in {"by", "list"}:
                one.used = True
                after += 1
            if one is None or one.used:
                self.out.order = ("", direction)
                continue
            if one.kind == "count" and any(other.kind == "count" for other in self.items[:index]):
                one.used = True
                self.out.order = ("", direction)
                continue
            two = self.at(after + 1)
            if one.kind in {"entity", "col", "rows", "result"} and two and two.kind == "by" and not two.used:
                two.used = one.used = True
                falling = "desc" if item.text.lower().startswith("rank") else ""
                if one.kind in {"col", "entity"} and one.columns and one.note != "row":
                    column = self.group_column(one)
                    if column.distinct < self._rows_of(column):
                        self.grouped.add(after)
                        self.out.groups.append(Group(column, self.sql(column)))
                        self.out.order = ("", direction or "desc")
                        continue
                direction = direction or falling
                after, one = after + 2, self.at(after + 2)
            if one and one.kind == "col" and one.columns and index + 1 <= after:
                previous_by = self.at(after + 1)
                if previous_by and previous_by.kind == "by" and item.text.lower().startswith(("rank", "sort")):
                    continue
                column = self.pick(one, None)
                one.used = True
                self.out.order = (column.name, direction)
            else:
                self.out.order = ("", direction)
        if direction and not self.out.order:
            self.out.order = ("", direction)

    def _check(self) -> None:
        left = [item.text for item in self.items if not item.used and item.kind not in _HARMLESS]
        if left:
            words = ", ".join(f'"{word}"' for word in left)
            raise NotUnderstood(
                f'I do not know what to do with {words} here. Ask for one thing at a time, such as "total of A by B where C is D".',  # noqa: E501 - a sentence in one piece
                tuple(left),
            )
