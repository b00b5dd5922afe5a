"""The formulas of geometry: which sizes of a figure give which of its measures."""

# ruff: noqa: E501 - tables of formulas: one entry a line

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S

Sizes = dict[str, Any]
Formula = tuple[str, Callable[[Sizes], Any], int]
"""Which sizes it needs (names parted by spaces), what it is, and of which power of the unit."""


def _heron(d: Sizes) -> Any:
    a, b, c = d["side"], d["side2"], d["side3"]
    if a + b <= c or a + c <= b or b + c <= a:
        raise Unclear(f"There is no triangle with the sides {a}, {b} and {c}.")
    half = (a + b + c) / 2
    return S.sqrt(half * (half - a) * (half - b) * (half - c))


def _leg(d: Sizes) -> Any:
    if d["hypotenuse"] <= d["leg"]:
        raise Unclear("The hypotenuse must be longer than the leg.")
    return S.sqrt(d["hypotenuse"] ** 2 - d["leg"] ** 2)


def _slant(d: Sizes) -> Any:
    return S.sqrt(d["radius"] ** 2 + d["height"] ** 2)


def _area_of_box(d: Sizes) -> Any:
    return 2 * (d["length"] * d["width"] + d["length"] * d["height"] + d["width"] * d["height"])


_ROUND: list[Formula] = [("radius", lambda d: d["radius"], 1)]
FIGURES: dict[str, dict[str, list[Formula]]] = {
    "circle": {
        "area": [("radius", lambda d: S.pi * d["radius"] ** 2, 2)],
        "circumference": [("radius", lambda d: 2 * S.pi * d["radius"], 1)],
        "diameter": [("radius", lambda d: 2 * d["radius"], 1)],
        "radius": _ROUND,
    },
    "sphere": {
        "volume": [("radius", lambda d: S.Rational(4, 3) * S.pi * d["radius"] ** 3, 3)],
        "area": [("radius", lambda d: 4 * S.pi * d["radius"] ** 2, 2)],
        "diameter": [("radius", lambda d: 2 * d["radius"], 1)],
        "radius": _ROUND,
    },
    "cylinder": {
        "volume": [("radius height", lambda d: S.pi * d["radius"] ** 2 * d["height"], 3)],
        "area": [("radius height", lambda d: 2 * S.pi * d["radius"] * (d["radius"] + d["height"]), 2)],
        "lateral area": [("radius height", lambda d: 2 * S.pi * d["radius"] * d["height"], 2)],
    },
    "cone": {
        "volume": [("radius height", lambda d: S.pi * d["radius"] ** 2 * d["height"] / 3, 3)],
        "area": [("radius height", lambda d: S.pi * d["radius"] * (d["radius"] + _slant(d)), 2)],
        "lateral area": [("radius height", lambda d: S.pi * d["radius"] * _slant(d), 2)],
    },
    "rectangle": {
        "area": [("length width", lambda d: d["length"] * d["width"], 2)],
        "circumference": [("length width", lambda d: 2 * (d["length"] + d["width"]), 1)],
        "diagonal": [("length width", lambda d: S.sqrt(d["length"] ** 2 + d["width"] ** 2), 1)],
    },
    "square": {
        "area": [("side", lambda d: d["side"] ** 2, 2)],
        "circumference": [("side", lambda d: 4 * d["side"], 1)],
        "diagonal": [("side", lambda d: S.sqrt(2) * d["side"], 1)],
        "side": [("area", lambda d: S.sqrt(d["area"]), 1), ("circumference", lambda d: d["circumference"] / 4, 1)],
    },
    "cube": {
        "volume": [("side", lambda d: d["side"] ** 3, 3)],
        "area": [("side", lambda d: 6 * d["side"] ** 2, 2)],
        "diagonal": [("side", lambda d: S.sqrt(3) * d["side"], 1)],
    },
    "box": {
        "volume": [("length width height", lambda d: d["length"] * d["width"] * d["height"], 3)],
        "area": [("length width height", _area_of_box, 2)],
    },
    "triangle": {
        "area": [("length height", lambda d: d["length"] * d["height"] / 2, 2), ("side side2 side3", _heron, 2)],
        "circumference": [("side side2 side3", lambda d: d["side"] + d["side2"] + d["side3"], 1)],
    },
    "right triangle": {
        "hypotenuse": [("leg leg2", lambda d: S.sqrt(d["leg"] ** 2 + d["leg2"] ** 2), 1)],
        "area": [("leg leg2", lambda d: d["leg"] * d["leg2"] / 2, 2)],
        "circumference": [("leg leg2", lambda d: d["leg"] + d["leg2"] + S.sqrt(d["leg"] ** 2 + d["leg2"] ** 2), 1)],
        "leg": [("hypotenuse leg", _leg, 1)],
    },
    "equilateral triangle": {
        "area": [("side", lambda d: S.sqrt(3) * d["side"] ** 2 / 4, 2)],
        "circumference": [("side", lambda d: 3 * d["side"], 1)],
        "height": [("side", lambda d: S.sqrt(3) * d["side"] / 2, 1)],
    },
}


def fitted(sizes: Sizes, shape: str, measure: str) -> Sizes:
    """The sizes by the names that the formulas use: a diameter is two radii, sides of a rectangle its length and width."""
    made = dict(sizes)
    if shape in {"circle", "sphere", "cylinder", "cone"} and "radius" not in made:
        if "diameter" in made:
            made["radius"] = made.pop("diameter") / 2
        elif shape == "circle" and "circumference" in made:
            made["radius"] = made.pop("circumference") / (2 * S.pi)
        elif shape == "circle" and "area" in made:
            made["radius"] = S.sqrt(made.pop("area") / S.pi)
        if shape in {"cylinder", "cone"} and "length" in made and "height" not in made:
            made["height"] = made.pop("length")
    if shape in {"rectangle", "box"} and set(made) <= {"side", "side2", "side3"}:
        for old, new in (("side", "length"), ("side2", "width"), ("side3", "height")):
            if old in made:
                made[new] = made.pop(old)
    if shape == "rectangle" and set(made) == {"length", "height"}:
        made["width"] = made.pop("height")
    if shape == "right triangle" and measure != "leg":
        if set(made) in ({"length", "height"}, {"side", "side2"}):
            one, other = made.values()
            made = {"leg": one, "leg2": other}
    elif shape == "right triangle" and "side" in made:
        made["leg"] = made.pop("side")
    if shape in {"square", "cube", "equilateral triangle"} and set(made) == {"length"}:
        made["side"] = made.pop("length")
    return made
