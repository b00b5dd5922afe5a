"""Words by which a mathematical task refers to earlier results, and to which of them."""

from __future__ import annotations

import pytest

pytest.importorskip("sympy")

from ioa.adapters.agents.mathematics.earlier import Earlier, Unclear
from ioa.adapters.agents.mathematics.problems import solve_text

TABLE = Earlier("total by region", ["region", "total revenue"], [["North", "100"], ["South", "40"], ["East", "250"]])
TOTAL = Earlier("total", ["total revenue"], [["8000"]])
PRICE = Earlier("average", ["average price"], [["12.5"]])
YEARLY = Earlier("costs", ["annual cost"], [["1200"]])
LONG = Earlier("pi", ["value"], [["3.14159"]])


@pytest.mark.parametrize(
    ("text", "earlier", "expected"),
    [
        ("calculate what percentage of 32000 that is", [TOTAL, TABLE], 25),
        ("what share of 32000 is it", [TABLE, TOTAL], 25),
        ("What percentage of the total is 400?", [TOTAL], 5),
        ("How many percent more is 120 than 100?", [], 20),
        ("How many percent less is 80 than 100?", [], 20),
        ("How many percent more is East than South?", [TABLE], 525),
        ("difference between the highest and the lowest of them", [TABLE], 210),
        ("ratio of the highest to the lowest", [TABLE], 6.25),
        ("the sum of these", [TABLE], 390),
        ("average of the results", [TOTAL, PRICE], 4006.25),
        ("round it to two decimals", [LONG], 3.14),
        ("convert the total to dollars at 1.08", [TOTAL, PRICE], 8640),
        ("What is that per month?", [YEARLY], 100),
        ("divide that by 12", [YEARLY], 100),
        ("divide the total by the average", [TOTAL, PRICE], 640),
    ],
)
def test_a_reference_is_resolved(text: str, earlier: list[Earlier], expected: float) -> None:
    solved = solve_text(text, earlier)
    assert [float(value) for _, value in solved.answers] == pytest.approx([expected])


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("the sum of them", [TOTAL, PRICE, TABLE]),
        ("the mean of both", [TOTAL, PRICE, YEARLY]),
        ("what is it per month", [TOTAL]),
        ("difference between the highest and the lowest of them", [TOTAL, PRICE, TABLE]),
        ("convert the total to dollars at 1.08", [PRICE, YEARLY]),
    ],
)
def test_a_reference_that_may_mean_several_numbers_is_refused(text: str, earlier: list[Earlier]) -> None:
    with pytest.raises(Unclear):
        solve_text(text, earlier)


def test_the_answer_says_which_number_was_taken() -> None:
    assert any("total revenue" in note for note in solve_text("divide it by 8", [TOTAL, TABLE]).notes)
