"""An entity of Wikidata and its statements in words. Source: Wikibase data model in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TypeAlias, TypeVar

import msgspec

T = TypeVar("T")
_PRECISIONS = {6: "thousand years", 7: "century", 8: "decade"}


# Wikibase writes an empty map as [], as PHP does.
_Map: TypeAlias = dict[str, T] | list[T]


def _map(given: _Map[T]) -> dict[str, T]:
    return given if isinstance(given, dict) else {}


class _Text(msgspec.Struct):
    language: str
    value: str


class _DataValue(msgspec.Struct):
    type: str
    value: msgspec.Raw


class _Snak(msgspec.Struct):
    snaktype: str
    property: str
    datavalue: _DataValue | None = None


class _Statement(msgspec.Struct):
    mainsnak: _Snak
    rank: str = "normal"
    qualifiers: _Map[list[_Snak]] = {}


class _EntityId(msgspec.Struct):
    id: str


class _Time(msgspec.Struct):
    time: str
    precision: int


class _Quantity(msgspec.Struct):
    amount: str
    unit: str = "1"


class _OwnText(msgspec.Struct):
    text: str
    language: str


class _Place(msgspec.Struct):
    latitude: float
    longitude: float


class Entity(msgspec.Struct):
    id: str
    missing: str | None = None
    labels: _Map[_Text] = {}
    descriptions: _Map[_Text] = {}
    aliases: _Map[list[_Text]] = {}
    claims: _Map[list[_Statement]] = {}

    def name(self, language: str) -> str:
        found = _map(self.labels).get(language)
        return found.value if found else self.id

    def description(self, language: str) -> str:
        found = _map(self.descriptions).get(language)
        return found.value if found else ""

    def also(self, language: str) -> list[str]:
        return [one.value for one in _map(self.aliases).get(language, [])]


def entities_in(entity: Entity) -> list[str]:
    """Identifiers of every property, value and unit that the statements speak of, in their order."""
    found: dict[str, None] = {}
    for statements in _map(entity.claims).values():
        for statement in statements:
            for snak in (statement.mainsnak, *(one for many in _map(statement.qualifiers).values() for one in many)):
                found[snak.property] = None
                for one in _mentioned(snak):
                    found[one] = None
    return list(found)


def fact_lines(entity: Entity, names: Mapping[str, str], about: str) -> list[str]:
    """One line for each statement: `date of birth (P569): 1952-03-11`; what was withdrawn (deprecated) is left out."""
    wanted = about.casefold()
    lines: list[str] = []
    for key, statements in _map(entity.claims).items():
        name = names.get(key, key)
        if wanted and wanted != key.casefold() and wanted not in name.casefold():
            continue
        for statement in statements:
            if statement.rank == "deprecated":
                continue
            qualified = "; ".join(
                f"{names.get(one, one)}: {', '.join(_value(snak, names) for snak in snaks)}"
                for one, snaks in _map(statement.qualifiers).items()
            )
            best = " [preferred]" if statement.rank == "preferred" else ""
            lines.append(
                f"{name} ({key}): {_value(statement.mainsnak, names)}{f' ({qualified})' if qualified else ''}{best}"
            )
    return lines


def _mentioned(snak: _Snak) -> Iterator[str]:
    if snak.datavalue is None:
        return
    with suppress(msgspec.MsgspecError):  # a form that is not known mentions nothing that could be looked up
        yield from _identifiers(snak.datavalue)


def _identifiers(value: _DataValue) -> Iterator[str]:
    if value.type == "wikibase-entityid":
        yield msgspec.json.decode(value.value, type=_EntityId).id
    elif value.type == "quantity":
        unit = msgspec.json.decode(value.value, type=_Quantity).unit
        if unit != "1":
            yield unit.rsplit("/", 1)[-1]


def _value(snak: _Snak, names: Mapping[str, str]) -> str:
    if snak.datavalue is None:
        return "unknown" if snak.snaktype == "somevalue" else "none"
    try:
        return _in_words(snak.datavalue, names)
    except (msgspec.MsgspecError, ValueError):  # a form that is not known is shown as it came
        return bytes(snak.datavalue.value).decode("utf-8", errors="replace")


def _in_words(value: _DataValue, names: Mapping[str, str]) -> str:
    raw = value.value
    match value.type:
        case "wikibase-entityid":
            identifier = msgspec.json.decode(raw, type=_EntityId).id
            return f"{names[identifier]} ({identifier})" if identifier in names else identifier
        case "time":
            return _date(msgspec.json.decode(raw, type=_Time))
        case "quantity":
            quantity = msgspec.json.decode(raw, type=_Quantity)
            unit = quantity.unit.rsplit("/", 1)[-1]
            return quantity.amount.removeprefix("+") + (f" {names.get(unit, unit)}" if unit != "1" else "")
        case "monolingualtext":
            text = msgspec.json.decode(raw, type=_OwnText)
            return f"{text.text} ({text.language})"
        case "globecoordinate":
            place = msgspec.json.decode(raw, type=_Place)
            return f"{place.latitude:.5f}, {place.longitude:.5f}"
        case "string":
            return msgspec.json.decode(raw, type=str)
        case _:
            return bytes(raw).decode("utf-8", errors="replace")


def _date(time: _Time) -> str:
    """As exact as it is known: a day, a month, a year, or the stretch of time around a year."""
    era = " BCE" if time.time.startswith("-") else ""
    year, month, day = time.time[1:].split("T")[0].split("-")
    year = year.lstrip("0") or "0"
    if time.precision >= 11:
        return f"{year.zfill(4)}-{month}-{day}{era}"
    if time.precision == 10:
        return f"{year.zfill(4)}-{month}{era}"
    if time.precision == 9:
        return f"{year}{era}"
    return f"{_PRECISIONS.get(time.precision, 'age')} around {year}{era}"
