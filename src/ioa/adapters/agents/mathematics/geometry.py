"""Lengths, areas and volumes of figures that are described in words: "the area of a circle with radius 7 cm"."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Earlier, Unclear, substitute
from ioa.adapters.agents.mathematics.figures import FIGURES, Sizes, fitted
from ioa.adapters.agents.mathematics.formula import S
from ioa.adapters.agents.mathematics.phrases import Solved, number_of
from ioa.adapters.agents.mathematics.units import factor_between

_SHAPES = (
    (r"equilateral\s+triangle", "equilateral triangle"), (r"right(?:[\s-]*angled?)?\s+triangle", "right triangle"), (r"triangle", "triangle"),
    (r"circle|disc|disk", "circle"), (r"sphere|ball", "sphere"), (r"cylinder", "cylinder"), (r"cone", "cone"),
    (r"rectangle", "rectangle"), (r"square(?!\s+(?:root|met|foot|feet|cm|km|mile|yard|inch|mm|kilo|centi))", "square"), (r"cube(?!\s+root)", "cube"), (r"cuboid|(?:rectangular\s+)?box|rectangular\s+prism", "box"),
)  # fmt: skip
_MEASURES = (
    (r"(?:lateral|curved|side)\s+(?:surface\s+)?area", "lateral area"), (r"(?:total\s+)?surface\s+area|surface|area", "area"), (r"circumference|perimeter", "circumference"),
    (r"volume", "volume"), (r"diagonal", "diagonal"), (r"hypotenuse", "hypotenuse"), (r"diameter", "diameter"), (r"radius", "radius"),
    (r"(?:other|missing|second|third)\s+(?:leg|cathetus|side)", "leg"), (r"side(?:\s+length)?|edge(?:\s+length)?", "side"), (r"height", "height"),
)  # fmt: skip
_NAMES = {
    "radius": "radius", "diameter": "diameter", "height": "height", "high": "height", "tall": "height", "depth": "height", "deep": "height", "altitude": "height",
    "length": "length", "long": "length", "base": "length", "width": "width", "wide": "width", "breadth": "width", "broad": "width",
    "side": "side", "sides": "side", "edge": "side", "edges": "side", "leg": "leg", "legs": "leg", "catheti": "leg", "hypotenuse": "hypotenuse",
    "area": "area", "circumference": "circumference", "perimeter": "circumference",
}  # fmt: skip
_SAME_NAME = re.compile(
    rf"\b(?:that|this|the same|the computed|the resulting)\s+(?P<name>{'|'.join(_NAMES)})\b", re.IGNORECASE
)
_RESULT_AS = re.compile(
    rf"\b(?P<what>the (?:result|answer|value)|it|this|that)\s+(?:as|for)\s+(?:the\s+|its\s+)?(?P<name>{'|'.join(_NAMES)})\b",
    re.IGNORECASE,
)
_NUMBER = r"\(?\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s*\)?"
_UNITS = "mm|cm|dm|km|m|millimet(?:er|re)s?|centimet(?:er|re)s?|met(?:er|re)s?|kilomet(?:er|re)s?|inch(?:es)?|in|feet|foot|ft|yards?|yd|miles?|units?"
_TOKEN = re.compile(
    rf"{_NUMBER}\s*(?:(?P<unit>{_UNITS})(?:\s*(?P<power>²|³|\^[23]))?(?!\w))?|(?P<word>[a-z]+)|(?P<sign>[,=:×-])|(?P<other>\S)",
    re.IGNORECASE,
)
_FILLERS = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "with",
        "of",
        "whose",
        "is",
        "are",
        "has",
        "have",
        "having",
        "its",
        "length",
        "lengths",
        "measuring",
        "measures",
        "measure",
        "to",
        "equal",
        "given",
        "that",
        "in",
        "from",
        "for",
        "using",
        "size",
        "sizes",
        "being",
        "respectively",
        "which",
        "where",
        "both",
    ]
)
_VALUE_AFTER = re.compile(
    r"s?(?:\s+lengths?)?\s*(?:(?:of|is|are|being|measuring|equal\s+to)\s+|[=:]\s*)*\(?\s*\d", re.IGNORECASE
)
_VALUE_BEFORE = re.compile(rf"\d\)?\s*(?:{_UNITS})?\s+(?:in\s+)?$", re.IGNORECASE)
_START = re.compile(
    r"^(?:(?:how\s+(?:long|big|large|much|many)\s+(?:is|are)|what(?:'s|\s+is|\s+are)?|please|then|find|compute|calculate|determine|work\s+out|get|give|tell\s+me|the|of|an?|its)\b|[\s,])+",
    re.IGNORECASE,
)


def geometry(text: str, earlier: list[Earlier]) -> Solved | None:
    """The measures of a figure; `None` when the text names no figure with a measure.

    Raises `Unclear` when a size is missing, or a word or a unit is not understood.
    """
    if not any(re.search(rf"\b(?:{phrase})\b", text, re.IGNORECASE) for phrase, _ in _SHAPES + _MEASURES):
        return None
    shape, rest = _shape(text)
    if shape is None or not any(re.search(rf"\b(?:{phrase})\b", rest, re.IGNORECASE) for phrase, _ in _MEASURES):
        return None
    rest, notes = _with_numbers(rest, earlier)
    measures, rest = _measures(rest)
    if not measures or not re.search(r"\d", rest):
        return None
    known = FIGURES[shape]
    if unknown := [one for one in measures if one not in known]:
        raise Unclear(f"I compute {', '.join(known)} of a {shape}, not its {unknown[0]}.")
    given, unit = _sizes(_START.sub("", rest), shape)
    sizes = fitted(given, shape, measures[0])
    answers: list[tuple[str, Any]] = []
    raised = ""
    for measure in measures:
        value, power = _value(shape, measure, sizes)
        raised = {1: "", 2: "²", 3: "³"}[power]
        answers.append((measure if len(measures) > 1 else "", S.simplify(value)))
    shown = ", ".join(f"{name.rstrip('23')} {value}" for name, value in given.items())
    names = [one if shape == "circle" or one != "circumference" else "perimeter" for one in measures]
    reading = f"{' and '.join(names)} of a {shape} with {shown}" + (f" ({unit})" if unit else "")
    return Solved(reading, answers, notes, f"{unit}{raised}" if unit and len(measures) == 1 else "")


def _value(shape: str, measure: str, sizes: Sizes) -> tuple[Any, int]:
    for needed, formula, power in FIGURES[shape][measure]:
        if set(needed.split()) == set(sizes):
            return formula(sizes), power
    known = FIGURES[shape][measure]
    wanted = " or ".join(" and ".join(name.rstrip("23") for name in needed.split()) for needed, _, _ in known)
    had = ", ".join(name.rstrip("23") for name in sizes) or "none"
    raise Unclear(f"For the {measure} of a {shape} I need its {wanted}; the task gives: {had}.")


def _shape(text: str) -> tuple[str | None, str]:
    """The name of the figure that comes first in the text, and the text without it."""
    found = [
        (match.start(), -match.end(), name, match)
        for phrase, name in _SHAPES
        if (match := re.search(rf"\b(?:{phrase})\b", text, re.IGNORECASE))
    ]
    if not found:
        return None, text
    _, _, name, match = min(found, key=lambda one: one[:2])
    return name, f"{text[: match.start()]} {text[match.end() :]}"


def _measures(text: str) -> tuple[list[str], str]:
    """What is asked for, and the text without it: measures that have no number of their own ("radius 5" has)."""
    phrases = "|".join(f"(?P<m{place}>{phrase})" for place, (phrase, _) in enumerate(_MEASURES))
    found: list[str] = []
    kept: list[str] = []
    at = 0
    for match in re.finditer(rf"\b(?:{phrases})\b", text, re.IGNORECASE):
        valued = _VALUE_AFTER.match(text, match.end()) or _VALUE_BEFORE.search(text[: match.start()])
        if not valued:
            group = next(name for name, said in match.groupdict().items() if said)
            found.append(_MEASURES[int(group[1:])][1])
            kept.append(text[at : match.start()])
            at = match.end()
    return list(dict.fromkeys(found)), " ".join([*kept, text[at:]])


def _with_numbers(text: str, earlier: list[Earlier]) -> tuple[str, list[str]]:
    """The text with "that radius" and "the result as its radius" as the numbers that they are."""
    notes: list[str] = []

    def put(match: re.Match[str]) -> str:
        name = match["name"]
        called = [
            one
            for one in earlier
            if one.scalar() is not None
            and re.search(rf"\b{name}\b", f"{' '.join(one.columns)} {one.task}", re.IGNORECASE)
        ]
        values = {one.scalar() for one in called}
        value = values.pop() if len(values) == 1 else earlier[-1].scalar() if earlier and not called else None
        if value is None:
            raise Unclear(f'"{match.group()}": there is no one earlier number that it can be.')
        notes.append(f'"{match.group()}" is {value:f} ({(called or earlier)[-1].task})')
        return f"{name} ({value:f})"

    text = _SAME_NAME.sub(put, text)
    text = _RESULT_AS.sub(lambda match: f"{match['name']} {match['what']}", text)
    body, more = substitute(text, earlier)
    return body, notes + more


def _sizes(text: str, shape: str) -> tuple[Sizes, str]:
    """The sizes that the words give, and their unit. Raises `Unclear`."""
    tokens: list[tuple[str, str, str]] = []  # kind, text, unit
    for match in _TOKEN.finditer(text):
        if match["number"]:
            tokens.append(("number", match["number"], (match["unit"] or "") + (match["power"] or "")))
        elif match["other"] or (match["sign"] and match["sign"] == "-"):
            raise Unclear(
                f'I do not understand "{match.group()}" in the sizes of a {shape}; a size is a positive number.'
            )
        elif word := (match["word"] or "").lower():
            tokens.append(("name" if word in _NAMES else "by" if word in {"by", "x"} else "word", word, ""))
        else:
            tokens.append(("by" if match["sign"] == "×" else "word", "and", ""))
    strange = [text for kind, text, _ in tokens if kind == "word" and text not in _FILLERS]
    if strange:
        raise Unclear(f'I do not understand "{strange[0]}" in the description of a {shape}.')
    numbers = [unit for kind, _, unit in tokens if kind == "number"]
    units = _units(numbers)
    sizes: Sizes = {}
    pending = ""
    listed = "by" in {kind for kind, _, _ in tokens}
    places = iter(("length", "width", "height"))
    units_left = iter(units)
    at = 0
    tokens = [
        token
        for token in tokens
        if not (token[0] == "word" or (token[1] == "length" and _only_length_of(tokens, token)))
    ]
    while at < len(tokens):
        kind, said, _ = tokens[at]
        if kind == "name":
            pending = _NAMES[said]
        elif kind == "number":
            after = tokens[at + 1] if at + 1 < len(tokens) else ("", "", "")
            before = tokens[at - 1][0] if at else ""
            if after[0] == "name" and before != "name" and not (pending in {"side", "leg"} and before == "number"):
                name, at = _NAMES[after[1]], at + 1
                pending = name if name in {"side", "leg"} else ""
            elif pending:
                name = pending
                pending = pending if pending in {"side", "leg"} else ""
            elif listed:
                name = next(places, "")
            else:
                name = _only_size(shape, sizes)
            _put(sizes, name, number_of(said) * S.Rational(str(next(units_left))), shape)
        at += 1
    return sizes, _unit_name(numbers)


def _only_length_of(tokens: list[tuple[str, str, str]], one: tuple[str, str, str]) -> bool:
    """ "side length 5", "legs of length 3 and 4": the word names nothing of its own."""
    place = next(index for index, token in enumerate(tokens) if token is one)
    before = [token for token in tokens[:place] if token[0] != "word"]
    return bool(before) and before[-1][0] == "name" and before[-1][1] != "length"


def _put(sizes: Sizes, name: str, value: Any, shape: str) -> None:
    if not name:
        raise Unclear(f"Which size of the {shape} is {value}? Name it: radius, height, width.")
    if not value > 0:
        raise Unclear(f"A {name} of {value} makes no {shape}.")
    for place in (name, f"{name}2", f"{name}3"):
        if place not in sizes:
            sizes[place] = value
            return
    raise Unclear(f"There are more than three sizes called {name}.")


def _only_size(shape: str, sizes: Sizes) -> str:
    """ "a square of 5 m", "a cube of 2 cm": their one size needs no name."""
    return "side" if shape in {"square", "cube", "equilateral triangle"} and not sizes else ""


def _units(units: list[str]) -> list[Any]:
    """For each number the factor to the unit of the first that has one; a unit said once, at the end, is of all."""
    known = [unit for unit in units if unit]
    if not known:
        return [1 for _ in units]
    if any("²" in unit or "³" in unit or "^" in unit for unit in known) and len(units) > 1:
        raise Unclear("Sizes that are areas or volumes I take one at a time.")
    if len(known) < len(units) and any(units[:-1]):
        raise Unclear(f"Some sizes have a unit ({', '.join(known)}) and some have none: give each its unit.")
    return [1 if not unit else factor_between(unit, known[0]) for unit in units]


def _unit_name(units: list[str]) -> str:
    known = [unit for unit in units if unit]
    if not known or re.fullmatch("units?", known[0]):
        return ""
    return re.sub(r"[²³]|\^[23]", "", known[0])
