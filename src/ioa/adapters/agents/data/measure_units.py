"""Numbers with a unit beside columns in a unit: `over 10 kg` is about `weight_kg`, and never about `price`.

Which quantity a column holds is read from the unit in its name (`weight_kg`, `Rain (mm)`, `price_eur`), else from
the name itself (`weight`, `price`). Units of time are in `time_units`, which knows more of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal

from ioa.adapters.agents.data.tables import Column
from ioa.adapters.agents.data.words import singular, word_set


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a quantity. `factor`: its size in the first unit of the quantity; `symbol`: what it is called."""

    quantity: str
    symbol: str
    factor: Decimal


# quantity: symbol, its size, other spellings. Currencies and scales of temperature have no fixed size between them.
_TABLE = """
mass: kg 1 kilo kilogram kilogramme; g 0.001 gram gramme gm; mg 0.000001 milligram; t 1000 tonne; lb 0.45359237 lbs
length: m 1 metre meter; km 1000 kilometre kilometer kms; cm 0.01 centimetre centimeter; mm 0.001 millimetre millimeter; mi 1609.344 mile; ft 0.3048 foot feet; yd 0.9144 yard
volume: l 1 litre liter ltr; ml 0.001 millilitre milliliter; cl 0.01 centilitre centiliter; hl 100 hectolitre hectoliter
energy: kwh 1 kilowatthour; wh 0.001; mwh 1000
power: w 1 watt; kw 1000 kilowatt
speed: kmh 1 kph; mph 1.609344
temperature: c 1 celsius centigrade
temperature: f 1 fahrenheit
temperature: degree 1 deg
percent: percent 1 % pct
money: eur 1 euro €
money: usd 1 dollar $
money: gbp 1 pound £
money: chf 1 franc
data: mb 1 megabyte; kb 0.001 kilobyte; gb 1000 gigabyte
"""  # noqa: E501 - a table
_ANY_SCALE = frozenset({"degree"})
_NAMES: dict[str, frozenset[str]] = {
    "mass": word_set("weight mass"),
    "length": word_set("distance length height width depth altitude"),
    "volume": word_set("volume"),
    "energy": word_set("energy consumption"),
    "speed": word_set("speed"),
    "temperature": word_set("temperature temp"),
    "percent": word_set("percent percentage pct share"),
    "money": word_set(
        "price cost fee rent salary wage revenue income expense amount payment budget turnover profit donation sale "
        "paid pay spending fare bill"
    ),
}
_WARM = word_set("temp temperature air water max min high low mean avg average dew heat sea oven room indoor outdoor")
_ADDS_UP = frozenset({"mass", "length", "volume", "energy", "money", "data"})
_SIZES = word_set("height width depth altitude elevation length size diameter max min average avg mean")


_PLAIN = Context(prec=12)  # 5 km are 3.10685596119 miles


def _units() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        quantity, _, rest = line.partition(": ")
        for part in rest.split("; "):
            symbol, factor, *others = part.split()
            for word in (symbol, *others):
                found[word] = Unit(quantity, symbol, Decimal(factor))
    return found


_UNITS = _units()


_LONG = sorted((word for word in _UNITS if word.isalpha() and len(word) > 1), key=len, reverse=True)
_GLUED = re.compile(rf"(?<![\w.,])(\d+(?:[.,]\d+)*)({'|'.join(_LONG)})\b", re.IGNORECASE)


def apart(text: str) -> str:
    """The text with a unit set apart from its number: `10kg` as `10 kg`."""
    return _GLUED.sub(r"\1 \2", text)


def unit_of(word: str) -> Unit | None:
    """The unit that a word of a question is, in the singular or plural; None if it is none, or one of time."""
    low = word.lower()
    return _UNITS.get(low) or _UNITS.get(singular(low))


def column_unit(column: Column) -> Unit | None:
    """The unit that stands at the end of a column's name: `weight_kg`, `Rain (mm)`, `share %`."""
    if column.kind != "number":
        return None
    if "%" in column.name:
        return _UNITS["percent"]
    for sign in "€$£":
        if sign in column.name:
            return _UNITS[sign]
    if len(column.words) < 2:
        word = column.words[0] if column.words else ""
        return _UNITS.get(word) if len(word) > 2 or word in {"km", "kg"} else None
    if column.words[-2:] in {("km", "h"), ("per", "hour")} and "km" in column.words:
        return _UNITS["kmh"]
    if "per" in column.words:
        return None  # litres per kilometre are neither
    last = column.words[-1]
    if last in {"c", "f"} and "°" not in column.name and not _WARM & set(column.words):
        return None  # vitamin_c
    return _UNITS.get(last)


def quantity_of(column: Column) -> str:
    """The quantity in a column: by the unit in its name, else by the name; empty where neither says one."""
    if (unit := column_unit(column)) is not None:
        return unit.quantity
    if column.kind != "number" or "per" in column.words:
        return ""
    return next((quantity for quantity, names in _NAMES.items() if names & set(column.words[-1:])), "")


def meant(unit: Unit, columns: Iterable[Column]) -> list[Column]:
    """The columns that a number in this unit may be about: those in this unit, else in its quantity, else so named."""
    numeric = [column for column in columns if column.kind == "number"]
    with_unit = [(column, own) for column in numeric if (own := column_unit(column)) is not None]
    return (
        [column for column, own in with_unit if own == unit]
        or [column for column, own in with_unit if convertible(unit, own)]
        or [column for column in numeric if column_unit(column) is None and quantity_of(column) == unit.quantity]
    )


def convertible(one: Unit, other: Unit) -> bool:
    """Whether a number in one unit can be said in the other; currencies and scales of temperature cannot."""
    if one.quantity != other.quantity:
        return False
    if one.quantity == "money":
        return one.symbol == other.symbol
    if one.quantity == "temperature":
        return one.symbol == other.symbol or bool({one.symbol, other.symbol} & _ANY_SCALE)
    return True


def converted(number: Decimal, unit: Unit, column: Column) -> Decimal | None:
    """The number in the unit of the column; None where the column holds another quantity, or an unrelated unit.

    A column without a unit, such as `weight`, is taken to be in the unit that is said.
    """
    own = column_unit(column)
    if own is None:
        return number if quantity_of(column) in ("", unit.quantity) else None
    return _PLAIN.create_decimal(number * unit.factor / own.factor) if convertible(unit, own) else None


def counted_in(word: str, column: Column) -> bool:
    """Whether `how many kilometres` is the total of the column: it is in this unit, and its rows add up."""
    unit, own = unit_of(word), column_unit(column)
    return (
        unit is not None
        and own is not None
        and unit.symbol == own.symbol
        and unit.quantity in _ADDS_UP
        and not set(column.words) & _SIZES
    )


def never_a_total(column: Column) -> bool:
    """Whether the rows of a column are of a kind whose total nobody means: temperatures, percentages, ratings, ages."""
    words = set(column.words)
    rated = words & _RATED and not words & {"count", "number"}
    return bool(rated) or quantity_of(column) in {"temperature", "percent", "speed"}


_RATED = word_set("rating age temperature temp percent percentage pct humidity latitude longitude bmi ph ratio")
