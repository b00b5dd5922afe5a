"""Groupings in questions: `by region`, `per month`, `for each customer`."""

from __future__ import annotations

from ioa.adapters.agents.data.definitions import Definitions
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.reading import Group
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import word_set

GROUPING = word_set("year season month week weekday day hour level grade class id decade quarter")


class Groups(Definitions):
    """Reads what the question groups by."""

    def _groups(self) -> None:
        ranked = any(item.kind in {"ext", "hint"} for item in self.items)
        for index, item in enumerate(self.items):
            if item.kind != "by" or item.used:
                continue
            following = self.at(index + 1)
            if following is None:
                continue
            if following.kind == "agg" and following.text.lower() == "how much":
                item.used = following.used = True
                continue
            if (
                item.value == "by"
                and ranked
                and (
                    following.kind in {"agg", "count", "ext", "distinct"}
                    or index + 1 in self.expressions
                    or (
                        following.kind in {"col", "entity"}
                        and any(column.kind == "number" for column in following.columns)
                        and not self._few(following)
                    )
                )
            ):
                continue  # `top 3 by revenue`: read with the ranking
            if item.value == "by" and any(one.kind == "sort" for one in self.items[max(0, index - 2) : index]):
                continue
            self._group_list(index)

    def _few(self, item: Item) -> bool:
        return all(not self.additive(column) and column.distinct <= 6 and self.is_id(column) for column in item.columns)

    def _group_list(self, index: int) -> None:
        at, taken = index + 1, False
        while (item := self.at(at)) is not None:
            if item.kind in {"and", "by", "distinct"} and (not taken or self._group_follows(at)):
                at += 1
                continue
            if taken and self.items[at - 1].kind not in {"and", "by"}:
                break
            if not self._group(at):
                break
            taken = True
            if (after := self.at(at + 1)) and after.used and after.kind == "col":
                at += 1
            at += 1
        if taken:
            for used in range(index, at):
                if self.items[used].kind in {"by", "and", "distinct"}:
                    self.items[used].used = True

    def _group_follows(self, at: int) -> bool:
        following = self.at(at + 1)
        if following is not None and following.kind in {"by", "distinct"}:
            following = self.at(at + 2)
        return (
            following is not None
            and not following.used
            and (
                following.kind == "bucket"
                or (
                    following.kind == "col"
                    and any(
                        column.kind in {"text", "flag", "date"}
                        or self.items[at].kind == "by"
                        or bool(GROUPING & set(column.words))
                        for column in following.columns
                    )
                )
            )
        )

    def _group(self, at: int) -> bool:
        item = self.items[at]
        if item.kind == "bucket":
            following = self.at(at + 1)
            if item.columns and all(column.kind != "date" for column in item.columns):
                self._add_group(at, self.pick(item, None))
                return True
            if (
                following
                and following.kind == "col"
                and any(column.kind == "date" for column in following.columns)
                and ("of" in self.before[at + 1] or not self.before[at + 1])
            ):
                column = self.pick(following, ("date",))
                following.used = True
            else:
                column = self.date_column(item)
            item.used = True
            self.grouped.add(at)
            bucket = item.value
            if bucket == "day" and column.sql_type == "DATE":
                self.out.groups.append(Group(column, self.sql(column)))
            else:
                self.out.groups.append(Group(column, self.sql(column), bucket))
            return True
        if item.kind in {"col", "entity"} and item.columns and item.note != "row" and at not in self.expressions:
            following = self.at(at + 1)
            if following and following.kind == "bucket" and any(column.kind == "date" for column in item.columns):
                column = self.pick(item, ("date",))
                following.used = item.used = True
                self.grouped.add(at)
                self.out.groups.append(Group(column, self.sql(column), following.value))
                return True
            column = self.group_column(item)
            if (
                self.items[at - 1].value == "each"
                and column.kind == "number"
                and (self.additive(column) or self.items[at - 1].text.lower() == "per")
                and not GROUPING & set(column.words)
                and not self.is_id(column)
            ):
                raise NotUnderstood(
                    f'"per {item.text}" may be a ratio or a group: ask for both totals and divide, or say "by {item.text}".'  # noqa: E501 - a sentence in one piece
                )
            self._add_group(at, column)
            return True
        return False

    def group_column(self, item: Item) -> Column:
        named = [column for column in item.columns if column.kind == "text"]
        if len(item.columns) > 1 and len(named) == 1 and "name" in named[0].words:
            return named[0]  # customer_id and customer_name: the name tells the reader more, if it is as distinct
        return self.pick(item, None)

    def _add_group(self, at: int, column: Column) -> None:
        self.items[at].used = True
        self.grouped.add(at)
        if not any(group.column == column and not group.bucket for group in self.out.groups):
            self.out.groups.append(Group(column, self.sql(column)))

    def date_column(self, item: Item) -> Column:
        """The date column for a bucket such as `per month`."""
        dates = [column for column in self.scope.columns if column.kind == "date"]
        named = [
            column
            for one in self.items
            if one.kind == "col"
            for column in one.columns
            if column.kind == "date" and len(one.columns) == 1
        ]
        options = list(dict.fromkeys(named)) or dates
        if len(options) == 1:
            return options[0]
        if item.value == "day" and item.columns:
            return self.pick(item, None)
        names = ", ".join(f'"{column.name}"' for column in options)
        raise NotUnderstood(
            f'"{item.text}" needs a date column; '
            + (f"there are several ({names}): say which." if options else "there is none in the data."),
            (item.text,),
        )
