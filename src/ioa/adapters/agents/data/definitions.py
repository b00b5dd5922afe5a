"""Words that the question defines itself: `margin (price times pieces)`; and words that nobody knows."""

from __future__ import annotations

from pathlib import Path

from ioa.adapters.agents.data import lexicon, time_units
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.reader_core import ReaderCore
from ioa.adapters.agents.data.tables import SUFFIXES, Column
from ioa.adapters.agents.data.words import name_words, singular


class Definitions(ReaderCore):
    """Reads products of columns and definitions; refuses unknown words."""

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

    def _row_verbs(self) -> None:
        """`borrowed most often`, `how often was it rented`: a verb that only says what a row is."""
        counted = any(
            (item.kind == "agg" and item.value == "mode")
            or item.text.lower() in {"how often", "how many times", "number of times"}
            for item in self.items
        )
        if not counted:
            return
        for item in self.items:
            low = item.text.lower()
            if item.kind != "unknown" or not (lexicon.is_participle(low)) or self.near(low):
                continue
            stem = low[: max(4, len(low) - 3)]
            if any(word.startswith(stem) for column in self.scope.columns for word in column.words):
                continue  # `renewed` beside a column `renewals` is not about rows
            item.used = True
            self.notes.append(f'"{item.text}" is what a row is: each row counts as one.')

    def _happened(self) -> None:
        """`passengers were carried`: said of every row, so it is no filter; unless a column may tell otherwise."""
        told = {"status", "state", "outcome", "result", "stage"}
        if any(told & set(column.words) or column.kind == "flag" for column in self.scope.columns):
            return
        for index, item in enumerate(self.items):
            low = item.text.lower()
            if item.kind != "unknown" or low not in lexicon.DONE or self.near(low):
                continue
            noun = self.at(index - 1)
            if noun is not None and noun.kind in {"col", "entity", "rows", "val"}:
                item.used = True

    def _row_events(self) -> None:
        """`how many books were lent` in a table of loans: each row is one of them, unless a column counts pieces."""
        words = {word for table in self.scope.tables[:1] for word in table.words}
        pieces = {"quantity", "qty", "unit", "copy", "piece", "count", "number", "item"}
        if any(column.kind == "number" and pieces & set(column.words) for column in self.scope.columns):
            return
        for index, item in enumerate(self.items):
            if lexicon.ROW_VERBS.get(item.text.lower()) not in words or item.kind != "unknown" or index < 1:
                continue
            noun = self.items[index - 1]
            counted = self.at(index - 2)
            plural = singular(noun.text.lower()) != noun.text.lower()
            bare = not set(self.before[index]) - {"was", "were", "been", "have", "has", "had", "are", "is"}
            if noun.kind == "unknown" and plural and bare and counted and counted.kind == "count":
                noun.kind, noun.note, item.used = "entity", "row", True
            elif bare and (noun.kind in {"count", "entity", "rows"} or self._doers(index)):
                item.used = True

    def _doers(self, index: int) -> bool:
        """`how many members borrowed ...`, `how many different titles were borrowed`: the noun is a column."""
        noun, before = self.items[index - 1], self.at(index - 2)
        if noun.kind != "col" or before is None:
            return False
        return before.kind == "distinct" or (
            before.kind == "count" and not self.before[index] and bool(set(name_words(noun.text)) & lexicon.PEOPLE)
        )

    def _unknown(self) -> None:
        unknown = tuple(
            item.text
            for item in self.items
            if item.kind in {"unknown", "text"}
            and not item.used
            and not self._pattern_text(item)
            and not self._unit_of_time(item)
        )
        if unknown:
            raise NotUnderstood(self._what_exists(unknown), unknown)

    def _unit_of_time(self, item: Item) -> bool:
        """`90 minutes` beside a column of hours: its comparison uses the word, or it is refused as left over."""
        at = next(index for index, one in enumerate(self.items) if one is item)
        number = self.at(at - 1)
        return (
            number is not None
            and number.kind == "num"
            and time_units.is_unit(item.text)
            and any(time_units.timed(column, self.scope.columns) for column in self.scope.columns)
        )

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
        absent = [word for word in unknown if Path(word).suffix.lower() in SUFFIXES]
        if absent:
            there = ", ".join(dict.fromkeys(table.source for table in self.scope.tables))
            return f"{', '.join(absent)}: no such file is attached, only {there}; attach it, or correct the name."
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
