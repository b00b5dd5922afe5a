"""Conversion of units with Pint."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear

_NUMBER = r"(?P<number>-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_UNIT = r"(?P<{}>[A-Za-zµ°Ω%\"'][A-Za-zµ°Ω0-9/*^². ³\"'-]*?)"
_FORMS = (
    re.compile(
        rf"^(?:convert\s+|change\s+|express\s+)?\(?{_NUMBER}\)?\s*{_UNIT.format('old')}\s+(?:to|into|in|as)\s+{_UNIT.format('new')}$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^how\s+(?:many|much)\s+{_UNIT.format('new')}\s+(?:are|is|make|do|does|go)?\s*(?:there\s+)?(?:in|into|up)?\s*\(?{_NUMBER}\)?\s*{_UNIT.format('old')}(?:\s+(?:have|make|contain))?$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^how\s+(?:many|much)\s+{_UNIT.format('new')}\s+(?:are|is)\s+(?:there\s+)?in\s+(?P<one>an?|one)\s+{_UNIT.format('old')}$",
        re.IGNORECASE,
    ),
)
_NAMES = {
    "celsius": "degC", "fahrenheit": "degF", "kelvin": "kelvin", "degrees celsius": "degC", "degrees fahrenheit": "degF", "degree celsius": "degC", "degree fahrenheit": "degF",
    "°c": "degC", "°f": "degF", "c": "degC", "f": "degF", "k": "kelvin", "degrees c": "degC", "degrees f": "degF", "kmh": "km/hour", "km/h": "km/hour", "kph": "km/hour", "mph": "mile/hour", "m/s": "m/s", "lbs": "pound", "lb": "pound", "pounds": "pound",
    "litres": "liter", "litre": "liter", "metres": "meter", "metre": "meter", "kilometres": "kilometer", "kilometre": "kilometer", "centimetres": "centimeter", "centimetre": "centimeter", "millimetres": "millimeter", "millimetre": "millimeter",
    "gallons": "gallon", "hrs": "hour", "mins": "minute", "secs": "second", "sec": "second", "kilos": "kilogram", "tonnes": "metric_ton", "tonne": "metric_ton", "nautical miles": "nautical_mile", "fl oz": "fluid_ounce", "sq ft": "foot**2", "sq m": "meter**2", "inches": "inch", "feet": "foot", "stone": "stone", "mb": "megabyte", "gb": "gigabyte", "kb": "kilobyte", "tb": "terabyte",
}  # fmt: skip


def convert(text: str) -> tuple[str, Decimal, str, str] | None:
    """A conversion: (what was asked, value, unit, formula in words), or None if the text is none. Raises `Unclear`."""
    for form in _FORMS:
        if match := form.match(text.strip()):
            break
    else:
        return None
    parts = match.groupdict()
    value = Decimal(parts["number"].replace(",", "")) if parts.get("number") else Decimal(1)
    old, new = parts["old"].strip(), parts["new"].strip()
    import pint

    registry = _registry()
    source, target = _unit(registry, old, pint), _unit(registry, new, pint)
    if source is None or target is None:
        if match.re is _FORMS[0] and not re.match(r"(?i)convert\b", text):
            return None
        raise Unclear(f'I do not know the unit "{old if source is None else new}".')
    try:
        found = registry.Quantity(value, source).to(target)
    except pint.DimensionalityError as error:
        raise Unclear(
            f'"{old}" cannot be converted to "{new}": one is {error.dim1 or "without dimension"}, the other {error.dim2 or "without dimension"}.'
        ) from error
    result = Decimal(f"{Decimal(str(found.magnitude)):.13g}")  # offsets such as Fahrenheit's leave a tail of threes
    return f"{value:f} {old}", result, new, f"{value:f} {old} in {new}"


@cache
def _registry() -> Any:
    import pint

    made: Any = pint
    return made.UnitRegistry(non_int_type=Decimal)


def _unit(registry: Any, words: str, pint: Any) -> Any:
    low = re.sub(r"\s+", " ", words.lower()).strip()
    low = re.sub(r"^(?:degrees?|deg)\s+(?=celsius|fahrenheit|c$|f$)", "", low)
    name = _NAMES.get(low, words.strip())
    name = re.sub(r"\b(?:square|sq)\s+(\w+)", r"\1**2", name, flags=re.IGNORECASE)
    name = re.sub(r"\bcubic\s+(\w+)", r"\1**3", name, flags=re.IGNORECASE)
    name = re.sub(r"\s+per\s+", "/", name).replace("^", "**").replace("²", "**2").replace("³", "**3")
    name = "/".join(_NAMES.get(part.strip().lower(), part.strip()) if "/" in name else part for part in name.split("/"))
    if not re.fullmatch(r"[A-Za-zµ°Ω_]+(?:\*\*[23])?(?:\s*[/* ]\s*[A-Za-zµ°Ω_]+(?:\*\*[23])?){0,3}", name):
        return None
    for option in (name, name.lower()):
        try:
            return registry.parse_units(option)
        except (pint.UndefinedUnitError, pint.DefinitionSyntaxError, ValueError, TypeError, AttributeError):
            continue
    return None
