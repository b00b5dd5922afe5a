"""Comparisons of groups: `customers with more than 3 orders`, `spent over 50 in total`."""

from __future__ import annotations

from ioa.adapters.agents.data.conditions import Conditions
from ioa.adapters.agents.data.measures import Measures
from ioa.adapters.agents.data.question import NotUnderstood
from ioa.adapters.agents.data.reading import Condition, Group, Measure
from ioa.adapters.agents.data.tables import Column


class GroupConditions(Measures):
    """Reads filters that are about a group, not about a row."""

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
                        f'"{noun.text} {one.sign} {one.number}": in total for each {one.subject.columns[0].name}, or in a '  # noqa: E501 - a sentence in one piece
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
                        f'"{one.sign} {one.number} {noun.text}": in total for each {subjects[0].name}, or in a single row? Say "total {noun.text} over {one.number}", or ask for the rows.'  # noqa: E501 - a sentence in one piece
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
                    f'"{one.sign} {one.number} {noun.text}" needs a group, such as "which customers have more than 3 orders".'  # noqa: E501 - a sentence in one piece
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

    def _one_row_each(self) -> None:
        """`the average rain per month` where each row is a month: over all rows, since one row has no average."""
        if len(self.out.groups) != 1 or self.out.kind != "table" or self.out.rank or self.out.having:
            return
        group = self.out.groups[0]
        column = group.column
        if (
            not group.bucket
            and column.words[-1:]
            and column.words[-1] in {"month", "year", "week", "day", "quarter"}
            and column.kind in {"text", "date", "number"}
            and column.distinct == column.filled == self._rows_of(column) > 1
            and self.out.measures
            and all(measure.fn in {"avg", "median"} for measure in self.out.measures)
        ):
            self.out.groups.clear()
            self.notes.append(f'Each row is one "{column.name}": the average is over all rows.')

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
                self._add_group(index, self.group_column(item))
                return
