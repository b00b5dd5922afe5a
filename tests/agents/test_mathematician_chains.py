"""Steps one after the other, units of a country, and amounts in two units."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("sympy")
pytest.importorskip("pint")

from ioa.adapters.agents.mathematics.earlier import Earlier, Unclear
from ioa.adapters.agents.mathematics.formula import BadFormula
from ioa.adapters.agents.mathematics.problems import solve_text

PRODUCT = Earlier("What is 7 times 8?", ["result"], [["56"]])


@pytest.mark.parametrize(
    ("text", "earlier", "expected"),
    [
        ("Triple the result and subtract 10.", [PRODUCT], 158),
        ("halve it, then add 3", [PRODUCT], 31),
        ("subtract 10", [PRODUCT], 46),
        ("double", [PRODUCT], 112),
        ("divide by 7 and square it", [PRODUCT], 64),
        ("What is 7 times 8? Triple the result and subtract 10.", [], 158),
        ("Multiply 17 by 4, then halve the result and add 6", [], 40),
        ("Take 20, double it and add 5", [], 45),
        ("Start with 200, reduce it by 10% and add 20", [], 200),
        ("Take 10, divide it by 4 and add 1, rounded to one decimal place", [], 3.5),
        ("add 5 and 6", [], 11),
        ("Convert 5 miles to km and double it", [], 16.09344),
    ],
)
def test_steps_are_done_one_after_the_other(text: str, earlier: list[Earlier], expected: float) -> None:
    assert math.isclose(float(solve_text(text, earlier).answers[0][1]), expected, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40 litres to US gallons", 40 / 3.785411784),
        ("How many U.S. gallons are 10 litres?", 10 / 3.785411784),
        ("Convert 12 UK gallons to litres", 12 * 4.54609),
        ("3 imperial pints in ml", 3 * 568.26125),
        ("5 feet 3 inches in cm", 160.02),
        ("Convert 5 ft 3 in to metres", 1.6002),
        ("How many centimetres are 6 feet 2 inches?", 187.96),
        ("convert 5'3\" to cm", 160.02),
        ("1 hour 5 minutes 30 seconds in seconds", 3930),
        ("How many minutes are 3 hours and 12 minutes?", 192),
        ("1 pound 8 ounces to grams", 680.388555),
    ],
)
def test_units_of_a_country_and_amounts_in_two_units(text: str, expected: float) -> None:
    assert math.isclose(float(solve_text(text, []).answers[0][1]), expected, rel_tol=1e-7)


@pytest.mark.parametrize(
    "text",
    [
        "Convert 5 miles to km and add 2",
        "Double 8 and triple 9",
        "multiply 3 by 4 and divide by 0",
        "5 apples 3 pears in cm",
        "Convert 10 US dollars to litres",
        "subtract 10",
    ],
)
def test_what_has_no_one_number_is_refused(text: str) -> None:
    with pytest.raises((Unclear, BadFormula)):
        solve_text(text, [])
