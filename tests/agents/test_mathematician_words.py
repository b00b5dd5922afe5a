"""Mathematics in ordinary words: figures, interest, changes in percent, conversions of earlier numbers."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("sympy")
pytest.importorskip("pint")

from ioa.adapters.agents.mathematics.earlier import Earlier, Quoted, Unclear
from ioa.adapters.agents.mathematics.problems import solve_text

ENERGY = Earlier("work out the total consumption", ["total consumption_kwh"], [["3879"]])
MEDIAN = Earlier("Find the median temperature of these samples", ["median temperature"], [["24.55"]])
COUNT = Earlier("Count the samples", ["number of samples"], [["22"]])
RENT = Earlier("How much is the monthly rent in lease.pdf?", ["answer"], [["1275"]], "euros")
WEIGHT = Earlier("how much does the pump weigh?", ["answer"], [["3.4"]], "kg")
SIX = Earlier("Solve 3x + 7 = 25", ["x"], [["6"]])
TWO_ROOTS = Earlier("solve x^2 = 4", ["x"], [["-2"], ["2"]])
TERMS = Earlier(
    "what does it say about payments",
    [],
    [],
    "",
    (Quoted("900", "euros", "The rent is 900 euros a month"), Quoted("1800", "euros", "the deposit is 1,800 euros")),
)


@pytest.mark.parametrize(
    ("text", "earlier", "expected"),
    [
        ("Convert that median from Celsius to Fahrenheit.", [COUNT, MEDIAN], 76.19),
        ("convert the result from kWh to megajoules", [ENERGY], 13964.4),
        ("convert it to MJ", [ENERGY], 13964.4),
        ("What is it in pounds?", [WEIGHT], 3.4 / 0.45359237),
        ("convert the weight into pounds", [WEIGHT], 3.4 / 0.45359237),
        ("98.6 F in C", [], 37),
        ("6 bar to psi", [], 87.0226426),
        ("How many km are 12 miles", [], 19.312128),
        ("5 mW in W", [], 0.005),
        ("Multiply it by 12", [RENT], 15300),
        ("Multiply the rent by 12", [TERMS], 10800),
        ("Multiply the monthly rent by 12", [COUNT, RENT], 15300),
        ("What is that per year?", [RENT], 15300),
        ("what is the deposit plus the rent", [TERMS], 2700),
        ("subtract the count from the median", [COUNT, MEDIAN], 2.55),
        ("what is a third of that", [RENT], 425),
        ("Round it to the nearest hundred", [ENERGY], 3900),
        ("divide the result by 7 and round it to 3 decimals", [ENERGY], 554.143),
    ],
)
def test_an_earlier_number_is_taken_by_its_name_and_unit(text, earlier, expected):
    assert [float(value) for _, value in solve_text(text, earlier).answers] == pytest.approx([expected])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is the area of a rectangle with length 8.5 m and width 3 m?", [25.5]),
        ("How big is the surface of a sphere of diameter 10 cm", [100 * math.pi]),
        ("area and circumference of a circle with radius 3", [9 * math.pi, 6 * math.pi]),
        ("circle with radius 5: area", [25 * math.pi]),
        ("volume of a cylinder 10 cm high with a radius of 3 cm", [90 * math.pi]),
        ("What is the area of a triangle with base 6 and height 4?", [12]),
        ("area of a triangle with sides 3, 4 and 5", [6]),
        ("perimeter of a square of 5 m", [20]),
        ("Volume of a cone with diameter 6 and height 4", [12 * math.pi]),
        ("radius of a circle with area 50", [math.sqrt(50 / math.pi)]),
        ("volume of a box 2 m by 3 m by 40 cm", [2.4]),
        ("What is the diagonal of a rectangle 3 x 4?", [5]),
        ("hypotenuse of a right triangle with legs 3 m and 400 cm", [5]),
        ("the other leg of a right triangle with hypotenuse 13 and leg 5", [12]),
        ("How much interest does 1000 earn at 5% simple interest over 3 years?", [150]),
        ("What will 5000 be worth after 18 months at 4% compound interest?", [5000 * 1.04**1.5]),
        ("final amount of 1000 euros at 6% a year compounded monthly for 2 years", [1000 * 1.005**24]),
        ("How much compound interest does 2000 earn at 1% per month for 2 years?", [2000 * 1.01**24 - 2000]),
        ("By how many percent does a fee rise when it goes from 80 to 96 pounds?", [20]),
        ("By how many percent did sales fall from 250 to 210?", [16]),
        ("The price rose from 80 to 96 pounds. By how many percent?", [20]),
        ("By how many percent is 96 more than 80?", [20]),
        ("Average these numbers: 4.5, 6, 7.5, 10", [7]),
        ("the mean of these values: 3, 4, 8", [5]),
    ],
)
def test_a_figure_an_interest_or_a_change_in_words_is_computed(text, expected):
    assert [float(value) for _, value in solve_text(text, []).answers] == pytest.approx(expected)


def test_a_local_it_is_not_an_earlier_number():
    solved = solve_text("By how many percent does a fee rise when it goes from 80 to 96 pounds?", [COUNT])
    assert float(solved.answers[0][1]) == 20
    rounded = solve_text("compute the area of a circle with that radius, and round it to two decimals", [SIX])
    assert float(rounded.answers[0][1]) == 113.1
    assert any("3x + 7" in note for note in rounded.notes)


@pytest.mark.parametrize(
    ("text", "earlier", "named"),
    [
        ("multiply it by 12", [TERMS], "1800"),
        ("multiply that fee by 12", [RENT, COUNT], "that"),
        ("area of a circle with that radius", [TWO_ROOTS], "that radius"),
        ("area of a circle with that radius", [], "that radius"),
        ("How much is that in Fahrenheit?", [MEDIAN], "In which unit"),
        ("Convert the result from kWh to Celsius", [ENERGY], "cannot be converted"),
        ("convert 3 mj to j", [], "mj"),
        ("area of half a circle with radius 2", [], "half"),
        ("volume of a hollow cylinder with radius 3 and height 10", [], "hollow"),
        ("volume of a sphere with radius 3 and height 2", [], "radius, height"),
        ("area of a circle with radius -3", [], "positive"),
        ("area of a triangle with sides 1, 2 and 9", [], "no triangle"),
        ("If I invest 1000 dollars at 5% interest, how much do I have after 10 years?", [], "simple or compound"),
        ("Compound interest on 1000 at 5% for 3 years with 100 added each year", [], "one capital"),
        ("What will a loan of 1000 at 5% compound interest cost in monthly payments over 3 years", [], "payments"),
        ("By how many percent did it increase from 10 in 2019 to 20 in 2020?", [], "By how many"),
        ("By what percentage did it go from 40% to 50%?", [], "percentage"),
    ],
)
def test_what_may_mean_several_things_or_is_not_understood_is_refused(text, earlier, named):
    with pytest.raises(Unclear, match=named):
        solve_text(text, earlier)
