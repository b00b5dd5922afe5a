"""The unit of a number in a filter: `over 10 kg` is about the column in kg, `over 2 hours` of minutes is 120."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from ioa.adapters.agents.data import measure_units, time_units
from ioa.adapters.agents.data.condition_core import plain
from ioa.adapters.agents.data.condition_values import ValueConditions
from ioa.adapters.agents.data.measure_units import Unit
from ioa.adapters.agents.data.question import Item, NotUnderstood
from ioa.adapters.agents.data.tables import Column


@dataclass(slots=True)
class UnitConditions(ValueConditions):
    """Finds the column that a number with a unit is about, and says the number in the unit of that column."""

    @staticmethod
    def unit_said(number: Item) -> Unit | None:
        """The unit that stands with a number, other than one of time."""
        if number.note and (unit := measure_units.unit_of(number.note)) is not None:
            return unit
        if number.percent:
            return measure_units.unit_of("%")
        sign = next((sign for sign in "$€£" if sign in number.text), "")
        return measure_units.unit_of(sign) if sign else None

    def may_be_of(self, number: Item, noun: Item) -> bool:
        """Whether a number in its unit can be of the column behind it: `1 mm of rain`, but not `10 kg cost`."""
        unit = self.unit_said(number)
        return any(
            unit is not None
            and column.kind == "number"
            and measure_units.converted(Decimal(1), unit, column) is not None
            for column in noun.columns
        )

    def _of_unit(self, number: Item, at: int) -> Column:
        """The column of `over 10 kg` where none is named before it: the one in kg, whatever else is computed."""
        unit = self.unit_said(number)
        assert unit is not None
        said = f"{number.text} {number.note}".strip()
        options = measure_units.meant(unit, self.scope.columns)
        if number.note.lower() in {"pound", "pounds"}:  # of money, or of weight
            options += [c for c in self.scope.columns if measure_units.column_unit(c) == measure_units.unit_of("lb")]
        numeric = [column for column in self.scope.columns if column.kind == "number" and not self.names_rows(column)]
        if len(options) > 1:
            raise NotUnderstood(f'"{said}" may be of {" or ".join(c.name for c in options)}: say which.')
        if not options and len(numeric) == 1 and not measure_units.quantity_of(numeric[0]):
            self.notes.append(
                f'"{said}" is read as {number.text} of the only column with numbers, "{numeric[0].name}".'
            )
            options = numeric
        if not options:
            raise NotUnderstood(
                f'No column says that it is in "{number.note or number.text}" (columns with numbers: '
                f"{', '.join(c.name for c in numeric) or 'none'}): name the column that {said} is compared with."
            )
        before = at - 1
        while (one := self._at(before)) and one.kind in {"who", "which", "not", "list", "cmp"}:
            before -= 1
        several = one is not None and one.kind == "col" and len(one.columns) == 1 and before not in self.grouped
        if (
            several
            and one
            and one.columns[0].kind == "text"
            and one.columns[0].distinct < one.columns[0].filled
            and unit.quantity in {"mass", "length", "volume", "energy", "money"}
        ):
            raise NotUnderstood(
                f'"{one.text} ... {said}": in total for each {one.columns[0].name}, or in a single row? Say "with '
                f'total {options[0].name} over {number.text}", or "rows with {options[0].name} over {number.text}".'
            )
        return options[0]

    def _bare_column(self, number: Item, at: int) -> Column | None:
        """The column of a bare `over 10`: the only one with numbers, else none. A unit decides."""
        if self.unit_said(number):
            return self._of_unit(number, at)
        numeric = [column for column in self.scope.columns if column.kind == "number" and not self.names_rows(column)]
        if len(numeric) > 1 and self._after_rows(at):
            return None
        return self.implied(number.money)

    def _after_rows(self, at: int) -> bool:
        """Whether the comparison stands behind what the rows are, as in `total price of parcels over 10`."""
        back = at - 1
        while (one := self._at(back)) and one.kind in {"val", "not", "and", "who", "which"}:
            back -= 1
        noun = self._at(back)
        return noun is not None and (
            noun.kind in {"entity", "rows"}
            or (noun.kind == "col" and not any(column.kind == "number" for column in noun.columns))
        )

    def _of_what(self, said: str, number: str) -> str:
        names = [c.name for c in self.scope.columns if c.kind == "number" and not self.names_rows(c)]
        return (
            f"{said.capitalize()} {number} of what? Columns with numbers: {', '.join(names) or 'none'}. "
            f'Name one, such as "with {names[0] if names else "price"} {said} {number}".'
        )

    def _checked(self, column: Column, number: Item, unit: Unit) -> Item:
        """The number in the unit of a column; refused where the column is of something else."""
        assert number.number is not None
        said = f"{number.text} {number.note}".strip()
        found = measure_units.converted(number.number, unit, column)
        others = [one for one in measure_units.meant(unit, self.scope.columns) if one != column]
        if found is None or (others and not measure_units.quantity_of(column)):
            names = " or ".join(one.name for one in others)
            raise NotUnderstood(
                f'"{said}" and the column "{column.name}" do not fit each other'
                + (f": is {names} meant?" if names else "; give the number in the unit of the column.")
            )
        if measure_units.column_unit(column) is None and unit.quantity not in {"percent", "money"}:
            self.notes.append(f'The column "{column.name}" does not say its unit; {said} is read as {number.text}.')
        elif found != number.number:
            self.notes.append(f'{said} are {plain(found)} in the unit of the column "{column.name}".')
        return replace(number, number=found)

    def _in_unit_of(self, column: Column, number: Item, at: int) -> Item:
        """`over 2 hours` of a column in minutes as 120; the number itself where no unit of time is said."""
        if (known := self.unit_said(number)) is not None and number.number is not None:
            return self._checked(column, number, known)
        unit = self._at(at + 1)
        said = number.note
        if unit and not unit.used and not self.before[at + 1] and time_units.is_unit(unit.text):
            said = unit.text
        seconds = time_units.timed(column, self.scope.columns)
        if not time_units.is_unit(said) or number.number is None:
            return number
        if not seconds:
            if unit is not None and said == unit.text and column in unit.columns:
                return number  # a column `duration` is what "minutes" may mean
            raise NotUnderstood(f'"{number.text} {said}": the column "{column.name}" does not say its unit of time.')
        if unit and said == unit.text:
            unit.used = True
        found = time_units.converted(number.number, said, seconds)
        if found != number.number:
            self.notes.append(f'{number.text} {said} are {plain(found)} in the unit of the column "{column.name}".')
        return replace(number, number=found)

    def _both_in_unit_of(self, column: Column, low: Item, high: Item, at: int) -> tuple[Item, Item]:
        """`between 1 and 2 hours` of a column in minutes: the unit behind the second number is that of both."""
        unit = self._at(at + 1)
        said = high.note
        if unit and not unit.used and not self.before[at + 1] and time_units.is_unit(unit.text):
            said = unit.text
        high = self._in_unit_of(column, high, at)
        return self._in_unit_of(column, replace(low, note=low.note or said), -2), high

    def _lasting(self, at: int, number_at: int) -> Column | None:
        """The column of `tickets that took more than 5 minutes`, where each row is one of what took so long."""
        unit = self._at(number_at + 1)
        if unit is None or unit.used or not time_units.is_unit(unit.text) or self.before[number_at + 1]:
            return None
        subject = next(
            (one for one in reversed(self.items[:at]) if one.kind not in {"who", "which", "val", "not", "and"}), None
        )
        if subject is None or not (
            subject.kind in {"entity", "rows"}
            or (subject.kind == "col" and all(c.distinct == c.filled == self._rows(c) for c in subject.columns))
        ):
            return None
        options = [column for column in self.scope.columns if time_units.timed(column, self.scope.columns)]
        own = [column for column in options if column in unit.columns]
        return own[0] if len(own) == 1 else options[0] if len(options) == 1 else None
