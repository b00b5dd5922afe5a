"""Words that the question defines itself: `margin (price times pieces)`; and words that nobody knows."""

from __future__ import annotations

from pathlib import Path

from ioa.adapters.agents.data import lexicon
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.reader_core import ReaderCore
from ioa.adapters.agents.data.tables import SUFFIXES, Column


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
