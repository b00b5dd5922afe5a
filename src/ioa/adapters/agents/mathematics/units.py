"""Conversion of units with Pint."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Earlier, Unclear, heading, substitute

_NUMBER = r"(?P<number>-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_UNIT = r"(?P<{}>[A-Za-zµ°Ω%\"'][A-Za-zµ°Ω0-9/*^². ³\"'-]*?)"
_CONVERT = r"(?:please\s+)?(?:convert|change|express|turn|translate|transform|give|show|write|put|re-?state)"
_TO = r"(?:to|into|in|as)"
# A number that is meant, not written: "that median from Celsius to Fahrenheit", "the result in MJ".
_REFERRED = (
    re.compile(
        rf"^{_CONVERT}\s+(?P<what>.+?),?\s+from\s+{_UNIT.format('old')}\s+{_TO}\s+{_UNIT.format('new')}$", re.IGNORECASE
    ),
    re.compile(
        rf"^(?:what(?:'s| is| are| was)|how (?:much|many) (?:is|are))\s+(?P<what>.+?)\s+{_UNIT.format('old')}\s+{_TO}\s+{_UNIT.format('new')}$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^(?:{_CONVERT}|what(?:'s| is| are| was)|how much is)\s+(?P<what>.+?)\s+{_TO}\s+{_UNIT.format('new')}"
        rf"(?:[,;.]?\s+(?:(?:it|this|that|which|the (?:value|number|figure|result)|where it)\s+(?:is|was)|being)\s+(?:given |measured |stated |expressed )?(?:in\s+)?{_UNIT.format('old')})?$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^how\s+(?:many|much)\s+{_UNIT.format('new')}\s+(?:is|are|make|makes|would be|would)\s+(?P<what>.+?)(?:\s+be)?$",
        re.IGNORECASE,
    ),
)
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
_LONGEST_CHARS = 300
_NAMES = {
    "celsius": "degC", "fahrenheit": "degF", "kelvin": "kelvin", "degrees celsius": "degC", "degrees fahrenheit": "degF", "degree celsius": "degC", "degree fahrenheit": "degF",
    "°c": "degC", "°f": "degF", "c": "degC", "f": "degF", "k": "kelvin", "degrees c": "degC", "degrees f": "degF", "kmh": "km/hour", "km/h": "km/hour", "kph": "km/hour", "mph": "mile/hour", "m/s": "m/s", "lbs": "pound", "lb": "pound", "pounds": "pound",
    "litres": "liter", "litre": "liter", "metres": "meter", "metre": "meter", "kilometres": "kilometer", "kilometre": "kilometer", "centimetres": "centimeter", "centimetre": "centimeter", "millimetres": "millimeter", "millimetre": "millimeter",
    "kilowatt hours": "kWh", "kilowatt hour": "kWh", "kilowatt-hours": "kWh", "megawatt hours": "MWh", "kwh": "kWh", "wh": "Wh", "kj": "kJ", "gj": "GJ", "kw": "kW", "hp": "horsepower", "horse power": "horsepower", "kpa": "kPa", "hpa": "hPa", "mbar": "millibar",
    "m2": "meter**2", "m3": "meter**3", "km2": "kilometer**2", "cm2": "centimeter**2", "cm3": "centimeter**3", "ft2": "foot**2",
    "gallons": "gallon", "hrs": "hour", "mins": "minute", "secs": "second", "sec": "second", "kilos": "kilogram", "tonnes": "metric_ton", "tonne": "metric_ton", "nautical miles": "nautical_mile", "fl oz": "fluid_ounce", "sq ft": "foot**2", "sq m": "meter**2", "inches": "inch", "feet": "foot", "stone": "stone", "mb": "megabyte", "gb": "gigabyte", "kb": "kilobyte", "tb": "terabyte",
}  # fmt: skip


_PART = r"(?P<{0}>\d[\d,]*(?:\.\d+)?)\s*(?P<{1}>[A-Za-z]+)\.?"
_TWO_PARTS = re.compile(
    rf"(?<![\w.]){_PART.format('much', 'large')}\s*(?:,\s*|and\s+|,\s*and\s+)?{_PART.format('more', 'small')}(?!\w)"
)
_FEET = re.compile(r"(?<![\w.])(\d+)\s?['′’]\s?(\d+(?:\.\d+)?)\s?(?:\"|″|”|'')")
_COUNTRY = re.compile(r"^(?P<where>us|american|uk|british|imperial)\s+(?P<unit>[a-z ]+)$")


def in_one_unit(text: str) -> str:
    """`5 feet 3 inches` as `63 inches`: amounts in two units of one kind, the larger first, as one."""
    import pint

    text = _FEET.sub(r"\1 feet \2 inches", text)
    registry = _registry()

    def put(match: re.Match[str]) -> str:
        large, small = _unit(registry, match["large"], pint), _unit(registry, match["small"], pint)
        if large is None or small is None:
            return match.group()
        one = registry.Quantity(Decimal(1), large)
        if not one.is_compatible_with(small) or (times := one.to(small).magnitude) <= 1:
            return match.group()
        much, more = (Decimal(match[name].replace(",", "")) for name in ("much", "more"))
        return f"{Decimal(f'{much * Decimal(str(times)) + more:.20g}').normalize():f} {match['small']}"

    while (found := _TWO_PARTS.sub(put, text, count=1)) != text:
        text = found
    return text


def convert(text: str) -> tuple[str, Decimal, str, str] | None:
    """A conversion: (what was asked, value, unit, formula in words), or None if the text is none. Raises `Unclear`."""
    text = in_one_unit(text) if len(text) < _LONGEST_CHARS else text
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
    return _converted(value, old, new)


def convert_earlier(text: str, earlier: list[Earlier]) -> tuple[str, Decimal, str, str, list[str]] | None:
    """A conversion of an earlier number, as `convert` gives it, and what was taken for it; `None` if the text is none.

    The unit is the one that the task names, else the one that stands with the number in the earlier text or in its
    column's heading. Raises `Unclear` when neither says it.
    """
    import pint

    registry = _registry()
    for form in _REFERRED:
        match = form.match(text.strip())
        parts = match.groupdict() if match else {}
        if match is None or re.search(r"\d", match.group()) or _unit(registry, parts["new"], pint) is None:
            continue
        if parts.get("old") and _unit(registry, parts["old"], pint) is None:
            raise Unclear(f'I do not know the unit "{parts["old"]}".')
        body, notes = substitute(parts["what"], earlier)
        found = re.fullmatch(r"\s*\((-?[\d.]+)\)\s*(?:degrees?\s*)?", body)
        if found is None and not parts.get("old") and re.fullmatch(r"(?i)(?:the|this|that)\s+[a-z]+", parts["what"]):
            # "the weight" after "how much does it weigh": the only number, and its unit says what it is
            values = {value for value in (one.scalar() for one in earlier) if value is not None}
            if len(values) == 1 and _known_unit(next(iter(values)), earlier, registry, pint):
                found = re.match(r"(.+)", f"{next(iter(values)):f}")
        if found is None:
            raise Unclear(f'I do not understand which earlier number "{parts["what"]}" is; name it as its result does.')
        value = Decimal(found[1])
        old = parts.get("old") or _known_unit(value, earlier, registry, pint)
        if not old:
            raise Unclear(f'In which unit is {value:f}? Say, for example, "convert it from kWh to MJ".')
        return *_converted(value, old.strip(), parts["new"].strip()), notes
    return None


def _known_unit(value: Decimal, earlier: list[Earlier], registry: Any, pint: Any) -> str:
    """The unit that an earlier result gives with this number: in its text, or at the end of its heading (`total_kwh`)."""
    told: set[str] = set()
    for one in earlier:
        if one.scalar() != value:
            continue
        words = re.findall(r"[^\W_]+", heading(one))
        # A heading of one word is a name ("mass", "bar"), and letters such as "t" or "s" may be anything.
        last = words[-1] if len(words) > 1 and (len(words[-1]) > 1 or words[-1].lower() in {"c", "f"}) else ""
        if words and words[-1].lower() in {"c", "f"} and not re.search(r"(?i)temp|degree", heading(one)):
            last = ""
        unit = one.unit or last
        if unit and _unit(registry, unit, pint) is not None:
            told.add(unit)
    return told.pop() if len(told) == 1 else ""


def _converted(value: Decimal, old: str, new: str) -> tuple[str, Decimal, str, str]:
    import pint

    registry = _registry()
    source, target = _unit(registry, old, pint), _unit(registry, new, pint)
    try:
        found = registry.Quantity(value, source).to(target)
    except pint.DimensionalityError as error:
        raise Unclear(
            f'"{old}" cannot be converted to "{new}": one is {error.dim1 or "without dimension"}, the other {error.dim2 or "without dimension"}.'
        ) from error
    result = Decimal(f"{Decimal(str(found.magnitude)):.12g}")  # offsets such as Fahrenheit's leave a tail of threes
    return f"{value:f} {old}", result, new, f"{value:f} {old} in {new}"


def factor_between(old: str, new: str) -> Decimal:
    """So many of the new unit are one of the old. Raises `Unclear`."""
    return Decimal(1) if old == new else _converted(Decimal(1), old, new)[1]


@cache
def _registry() -> Any:
    import pint

    made: Any = pint
    return made.UnitRegistry(non_int_type=Decimal)


def _unit(registry: Any, words: str, pint: Any) -> Any:
    low = re.sub(r"\bu\.\s?([sk])\.?(?=\s)", r"u\1", re.sub(r"\s+", " ", words.lower()).strip())
    low = re.sub(r"^(?:degrees?|deg)\s+(?=celsius|fahrenheit|c$|f$)", "", low)
    if (country := _COUNTRY.match(low)) is not None:
        return _of_country(registry, country["where"][:2], country["unit"].strip(), pint)
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


_OWN_IN_COUNTRIES = {
    "gallon": "gallon", "pint": "pint", "quart": "quart", "cup": "cup", "fluid ounce": "fluid_ounce", "fl oz": "fluid_ounce", "gill": "gill",
}  # fmt: skip


def _of_country(registry: Any, where: str, words: str, pint: Any) -> Any:
    """`US gallons` and `imperial pints`: what Pint calls plainly is American, and the British ones are imperial.

    `US feet` and the like are the same everywhere, or not known here.
    """
    own = _OWN_IN_COUNTRIES.get(words.removesuffix("s"))
    american = where in {"us", "am"}
    if own is None:
        tons = {"ton": ("short_ton", "long_ton"), "tons": ("short_ton", "long_ton")}.get(words)
        return registry.parse_units(tons[0 if american else 1]) if tons else None
    return registry.parse_units(own if american else f"imperial_{own}")
