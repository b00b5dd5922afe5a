"""Reads the marked items of a question into a `Reading`, or says which words it does not understand.

A rule of the house: every word that might be a filter is either used or the question is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.conditions import Conditions
from ioa.adapters.agents.data.leftovers import adjectives, finish, read_leftovers
from ioa.adapters.agents.data.question import UNIT_WORDS, Item, NotUnderstood, Scope, year_item
from ioa.adapters.agents.data.ranking import read_ranking
from ioa.adapters.agents.data.reading import NAMES, Condition, Group, Measure, Rank, Reading
from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import name_words, singular

_MODES = (
    "describe",
    "columns",
    "missing",
    "duplicates",
    "outliers",
    "corr",
    "share",
    "diff",
    "ratio",
    "versus",
    "growth",
    "over",
    "running",
)
_COUNTED_TIME = frozenset({"days", "months", "years", "weeks", "quarters"})
GROUPING = frozenset("year season month week weekday day hour level grade class id decade quarter".split())
_HARMLESS = frozenset("stop and list which who whenq entity rows result both versus order text_ok".split())


class Reader:
    """Reads one question in one scope. `read()` returns a reading; it raises `NotUnderstood`."""

    def __init__(self, items: list[Item], scope: Scope, near: Callable[[str], list[str]]) -> None:
        """Keep the items without filler words, and which filler stood before each."""
        self.scope = scope
        self.near = near
        self.items: list[Item] = []
        self.before: list[tuple[str, ...]] = []
        self.notes: list[str] = []
        waiting: list[str] = []
        for index, item in enumerate(items):
            if item.kind == "stop" or _preposition(items, index):
                waiting.append(item.value if item.kind == "stop" else item.text.lower())
                continue
            if self.items and self.items[-1].kind == "num" and not waiting and self._unit(item):
                continue  # `1 mm of rain`, `50 percent`
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

    # -- small tools ------------------------------------------------------------------------------------

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
        return bool(
            {"id", "key", "code", "zip", "year", "no", "nr", "number", "uid"} & set(column.words[-1:])
        ) or column.words == ("parent", "row")

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
            if column.kind == "number" and len(item.columns) == 1
        }
        if len(named) == 1:
            return named.pop()
        numeric = self.numeric()
        if named or len(numeric) != 1:
            return None
        self.notes.append(f'The only column with numbers is "{numeric[0].name}".')
        return numeric[0]

    # -- the whole --------------------------------------------------------------------------------------

    def read(self) -> Reading:
        """Read the question. Raises `NotUnderstood`."""
        if not [item for item in self.items if item.kind not in {"and", "result"}]:
            raise NotUnderstood("There is no question about the data in this text.")
        self._definitions()
        self._unknown()
        self._two_questions()
        self._products()
        self._groups()
        adjectives(self)
        conditions = self._conditions()
        self._mode_first()
        self._sorting()
        read_ranking(self)
        self._measures()
        self._having(conditions)
        read_leftovers(self)
        finish(self)
        self._check()
        self.out.notes = list(dict.fromkeys(self.notes + conditions.notes))
        return self.out

    def _two_questions(self) -> None:
        """`total of A by B and average of C by D` are two questions: one table of both would be wrong."""
        state = 0
        for item in self.items:
            if item.kind == "by" and state in {0, 2}:
                state += 1
            elif item.kind in {"agg", "count", "ext", "hint"} and state == 1:
                state = 2 if item.text.lower() not in {"in total", "overall", "altogether", "on average"} else 1
        if state == 3 and not any(item.kind in {"ext", "hint", "sort", "share"} for item in self.items):
            raise NotUnderstood("These are two questions with a grouping each: ask them in two sentences.")

    def _unknown(self) -> None:
        unknown = tuple(
            item.text
            for item in self.items
            if item.kind in {"unknown", "text"} and not item.used and not self._pattern_text(item)
        )
        if unknown:
            raise NotUnderstood(self._what_exists(unknown), unknown)

    def _pattern_text(self, item: Item) -> bool:
        index = next(i for i, one in enumerate(self.items) if one is item)
        previous = self.at(index - 1)
        if previous and previous.kind == "cmp" and previous.value in {"contains", "starts", "ends"}:
            return True
        return bool(
            previous
            and previous.kind == "col"
            and item.text.lower() in {"true", "false", "yes"}
            and any(column.true for column in previous.columns)
        )

    def _what_exists(self, unknown: tuple[str, ...]) -> str:
        words = ", ".join(f'"{word}"' for word in unknown)
        near = [value for word in unknown for value in self.near(word)]
        columns = "; ".join(
            f"{table.source}: {', '.join(column.name for column in table.columns[:30])}" for table in self.scope.tables
        )
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        return f"I do not understand {words}: no column, value or word that I know.{hint} Columns are: {columns}."

    def _definitions(self) -> None:
        """`revenue (quantity times price)`: what stands in brackets defines the word before it."""
        for index, item in enumerate(self.items):
            following = self.at(index + 1)
            defined = following is not None and (
                "(" in self.before[index + 1]
                or (following.kind == "cmp" and following.value == "=")
                or {"as", "is", ":", "i.e"} & set(self.before[index + 1])
            )
            if item.kind not in {"unknown", "col", "entity", "text"} or not defined:
                continue
            start = index + 2 if following and following.kind == "cmp" else index + 1
            if (found := self._product(start)) and (
                item.kind in {"unknown", "text", "entity"} or "(" in self.before[index + 1]
            ):
                sql, _, columns, end = found
                for other in self.items:
                    if other is item or (other.kind == item.kind and other.text.lower() == item.text.lower()):
                        self.expressions[self.items.index(other) if other is not item else index] = (
                            sql,
                            item.text.lower(),
                            columns,
                        )
                        other.kind = "col"
                        other.columns = ()
                for used in range(index + 1, end):
                    self.items[used].used = True

    def _product(self, start: int) -> tuple[str, str, tuple[Column, ...], int] | None:
        """`quantity * unit price * (1 - discount)` without the brackets: columns and numbers joined by times."""
        columns: list[Column] = []
        parts: list[str] = []
        end, last = start, start
        while (item := self.at(end)) is not None:
            if item.kind == "col" and any(column.kind == "number" for column in item.columns):
                joint = self.at(end + 1)
                if not parts and (joint is None or joint.kind != "times"):
                    break
                column = self.pick(item, ("number",))
                columns.append(column)
                parts.append(self.sql(column))
            elif item.kind == "num" and item.number is not None and parts:
                parts.append(str(item.number))
            else:
                break
            last = end + 1
            joint = self.at(last)
            if joint is None or joint.kind != "times" or joint.value != "*":
                break
            end = last + 1
        if len(parts) < 2 or last <= end - 1:
            return None
        return " * ".join(parts), " × ".join(column.name for column in columns), tuple(columns), last

    def _products(self) -> None:
        for index, item in enumerate(self.items):
            if (
                item.kind == "col"
                and not item.used
                and index not in self.expressions
                and (found := self._product(index))
            ):
                sql, label, columns, end = found
                self.expressions[index] = (sql, label, columns)
                for used in range(index + 1, end):
                    self.items[used].used = True

    # -- groups -----------------------------------------------------------------------------------------

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
            column = self._group_column(item)
            if (
                self.items[at - 1].value == "each"
                and column.kind == "number"
                and (self.additive(column) or self.items[at - 1].text.lower() == "per")
                and not GROUPING & set(column.words)
                and not self.is_id(column)
            ):
                raise NotUnderstood(
                    f'"per {item.text}" may be a ratio or a group: ask for both totals and divide, or say "by {item.text}".'
                )
            self._add_group(at, column)
            return True
        return False

    def _group_column(self, item: Item) -> Column:
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

    # -- modes, sorting, ranking ----------------------------------------------------------------------------

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
                item.kind == "between"
                and (two := self.at(self.items.index(item) + 1))
                and two.kind == "val"
                and two.used
            ):
                item.used = True
            elif item.kind == "versus":
                item.used = True
            elif (
                item.kind == "between"
                and self.modes & {"corr", "diff", "ratio", "growth"}
                and (self.out.arms or "corr" in self.modes or any(one.kind == "ext" for one in self.items))
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
                    column = self._group_column(one)
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

    # -- measures -----------------------------------------------------------------------------------------

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
            column = self.pick(item, kinds)
            return self.sql(column), column.name, (column,)
        return None

    def measure(self, fn: str, operand: tuple[str, str, tuple[Column, ...]], argument: float = 0.0) -> Measure:
        """A measure with its heading."""
        sql, label, columns = operand
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

    def _measures(self) -> None:
        index = 0
        while index < len(self.items):
            item = self.items[index]
            if not item.used:
                if item.kind == "agg":
                    self._aggregate(index)
                elif item.kind == "percentile":
                    self._percentile(index)
                elif item.kind == "count":
                    self._count(index)
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
        found = self._operands(index + 1)
        for operand in found:
            self.out.measures.append(self.measure("quantile", operand, share))

    def _operands(self, start: int, fn: str = "") -> list[tuple[str, str, tuple[Column, ...]]]:
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
        raise NotUnderstood(f'"{said}" of which column? Columns with numbers: {names}.')

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
            if fns[0] == fns[1] or fns[0] == "sum" and own.text.lower() in {"in total", "overall", "altogether"}:
                fns = fns[:1]
            else:
                self._nested(fns, at)
                return
        if fns == ["mode"]:
            self._mode(at)
            return
        if following and following.kind == "count" and not following.used:
            following.used = True
            self._count_noun(at + 1, outer="" if fns[0] == "sum" else fns[0])
            return
        if following and not following.used and fns[0] == "sum" and len(fns) == 1 and at not in self.expressions:
            counted = following.kind in {"entity", "rows"} and not any(
                column.kind == "number" for column in following.columns
            )
            counted = counted or (
                following.kind == "col"
                and at not in self.grouped
                and following.plural
                and not any(column.kind in {"number", "flag"} for column in following.columns)
            )
            if counted and self.items[index].text.lower() not in {"how much"}:
                self._count_noun(at, outer="")
                return
        if (
            following
            and following.kind in {"entity", "rows"}
            and fns[0] in {"avg", "median", "max", "min"}
            and following.plural
            and self.out.groups
            and not any(column.kind == "number" for column in following.columns)
        ):
            self._count_noun(at, outer=fns[0])
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
        for operand in self._operands(at):
            for fn in fns:
                if (
                    fn == "sum"
                    and any("unit" in column.words and {"price", "cost"} & set(column.words) for column in operand[2])
                    and "*" not in operand[0]
                    and not any(item.exact and set(operand[2]) == set(item.columns) for item in self.items)
                ):
                    raise NotUnderstood(
                        f'"{operand[1]}" is for one piece; its total says nothing. Say, for example, "total of quantity times {operand[1]}".'
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
                self.out.having.append(
                    (f"{measure.sql} {sign.value} {number.number}", f"{measure.label} {sign.value} {number.number}")
                )

    def _nested(self, fns: list[str], at: int) -> None:
        if fns[0] not in {"avg", "median", "min", "max", "sum", "stddev"} or not self.out.groups:
            raise NotUnderstood(
                f'"{NAMES.get(fns[0], fns[0])} {NAMES.get(fns[1], fns[1])}" needs a "per ...": an aggregate of each group.'
            )
        operand = self._operands(at)[0]
        self.out.kind = f"nested {fns[0]}"
        self.out.measures.append(self.measure(fns[1], operand))

    def _mode(self, at: int, *, back: bool = False) -> None:
        for index in range(at, len(self.items)):
            item = self.items[index]
            if not item.used and item.kind in {"col", "entity"} and item.columns and item.note != "row":
                column = self.pick(item, None)
                item.used = True
                self.out.rank = Rank(True, 1, "count(*)", "number of rows", aggregated=True)
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
                self._mode(places[0] + 1, back=True)
                return
        raise NotUnderstood("The most common what? Name the column.")

    def _count(self, index: int) -> None:
        self.items[index].used = True
        self._count_noun(index + 1, outer="")

    def _count_noun(self, at: int, outer: str) -> None:
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

    def _counted(self, item: Item, distinct: bool, outer: str) -> None:
        rows = Measure("count", "", f"number of {item.text.lower() if item.kind == 'entity' else 'rows'}")
        columns = item.columns if item.note != "row" else ()
        if item.kind == "rows" or not columns:
            if distinct and item.kind != "rows":
                raise NotUnderstood(f'"different {item.text}" needs a column that tells them apart.')
            if item.kind == "entity":
                self.notes.append(
                    f'Each row of {", ".join(table.source for table in self.scope.tables)} counts as one of "{item.text}".'
                )
            self._append_count(rows, outer)
            return
        named = [column for column in columns if column.kind != "number" or self.is_id(column)]
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
            elif self.additive(column):
                self.notes.append(f'"how many {item.text}" is read as the total of the column "{column.name}".')
                self._append_count(self.measure("sum", (self.sql(column), column.name, (column,))), outer)
            else:
                raise NotUnderstood(
                    f'How many "{item.text}"? Ask for the total of "{column.name}", the number of rows, or the number of different values.'
                )
            return
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
        self._append_count(
            Measure("count_distinct", self.sql(column), f"number of different {column.name}", columns=(column,)), outer
        )

    def _whole(self, column: Column) -> bool:
        return column.filled == self._rows_of(column)

    def _rows_of(self, column: Column) -> int:
        return next(table.rows for table in self.scope.tables if table.name == column.table)

    def _having(self, conditions: Conditions) -> None:
        for one in conditions.having:
            noun = one.noun
            assert noun is not None
            columns = noun.columns if noun.kind == "col" else ()
            numeric = [column for column in columns if column.kind == "number" and not self.is_id(column)]
            subject = self.out.groups or (self.out.kind == "ranked" and self.out.columns)
            if numeric:
                column = self.pick(noun, ("number",))
                totals = any(item.kind == "agg" and item.value == "sum" for item in self.items)
                if one.subject and not totals:
                    raise NotUnderstood(
                        f'"{noun.text} {one.sign} {one.number}": in total for each {one.subject.columns[0].name}, or in a '
                        f'single row? Say "with total {column.name} over {one.number}", or ask for the rows.'
                    )
                if totals and (one.subject or self.out.groups or self.out.columns):
                    self.group_by_subject()
                    if one.subject and not self.out.groups:
                        subject_column = one.subject.columns[0]
                        one.subject.used = True
                        self.out.groups.append(Group(subject_column, self.sql(subject_column)))
                    measure = self.measure("sum", (self.sql(column), column.name, (column,)))
                    self.out.having.append(
                        (f"{measure.sql} {one.sign} {one.number}", f"{measure.label} {one.sign} {one.number}")
                    )
                    if measure not in self.out.measures:
                        self.out.measures.append(measure)
                    continue
                subjects = self._subjects()
                if subjects and not all(other.distinct == other.filled for other in subjects) and self.additive(column):
                    raise NotUnderstood(
                        f'"{one.sign} {one.number} {noun.text}": in total for each {subjects[0].name}, or in a single row? Say "total {noun.text} over {one.number}", or ask for the rows.'
                    )
                words = {">": "over", "<": "under", ">=": "at least", "<=": "at most"}.get(one.sign, one.sign)
                self.out.conditions.append(
                    Condition(
                        f"{self.sql(column)} {one.sign} {one.number}", f"{column.name} {words} {one.number}", at=one.at
                    )
                )
                continue
            if columns and not any(item.note == "verb" for item in self.items):
                column = self.pick(noun, None)
                sql, words = f"count(DISTINCT {self.sql(column)})", f"number of different {column.name}"
            else:
                sql, words = "count(*)", "number of rows"
            if not subject:
                self.group_by_subject()
            if not self.out.groups:
                raise NotUnderstood(
                    f'"{one.sign} {one.number} {noun.text}" needs a group, such as "which customers have more than 3 orders".'
                )
            self.out.having.append((f"{sql} {one.sign} {one.number}", f"{words} {one.sign} {one.number}"))
            if not any(measure.sql == sql for measure in self.out.measures):
                self.out.measures.append(
                    Measure(
                        "count" if sql == "count(*)" else "count_distinct",
                        "" if sql == "count(*)" else sql[15:-1],
                        words,
                    )
                )

    def _subjects(self) -> list[Column]:
        return [
            self.pick(item, None)
            for index, item in enumerate(self.items)
            if item.kind == "col"
            and not item.used
            and index not in self.grouped
            and item.columns
            and any(column.kind == "text" for column in item.columns)
        ]

    def group_by_subject(self) -> None:
        """The noun that a comparison of groups is about: `which customers`, `list the regions`."""
        if self.out.groups:
            return
        counting = [measure for measure in self.out.measures if measure.fn == "count_distinct" and measure.columns]
        if counting:
            column = counting[0].columns[0]
            self.out.measures.remove(counting[0])
            self.out.groups.append(Group(column, self.sql(column)))
            self.out.kind = "count groups"
            return
        for index, item in enumerate(self.items):
            if (
                item.kind in {"col", "entity"}
                and not item.used
                and index not in self.grouped
                and item.columns
                and item.note != "row"
                and any(column.kind == "text" or self.is_id(column) for column in item.columns)
            ):
                self._add_group(index, self._group_column(item))
                return

    # -- what is left ---------------------------------------------------------------------------------------

    def _check(self) -> None:
        left = [item.text for item in self.items if not item.used and item.kind not in _HARMLESS]
        if left:
            words = ", ".join(f'"{word}"' for word in left)
            raise NotUnderstood(
                f'I do not know what to do with {words} here. Ask for one thing at a time, such as "total of A by B where C is D".',
                tuple(left),
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
