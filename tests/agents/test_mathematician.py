"""The mathematician: exact answers, references to earlier results, and refusals instead of guesses or endless work."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("sympy")

from ioa.adapters.agents.data.own_files import local_file
from ioa.adapters.agents.mathematician import Mathematician
from ioa.ports.agent import Agent, AgentFailed, Assignment, EarlierResult


@pytest.fixture(scope="module")
def agent() -> Iterator[Mathematician]:
    made = Mathematician(limit_s=60.0)
    yield made
    made.close()


EXACT = [
    ("What is 15% of 240?", "36"),
    ("increase 80 by 12%", "89.6"),
    ("decrease 250 by 20%", "200"),
    ("percentage change from 50 to 65", "30 %"),
    ("what percentage of 80 is 20?", "25 %"),
    ("25 as a percentage of 200", "12.5 %"),
    ("convert 5 miles to km", "8.04672 km"),
    ("60 mph in m/s", "26.8224 m/s"),
    ("72 fahrenheit to celsius", "22.2222222222"),
    ("how many feet are in a mile", "5280 feet"),
    ("solve x^2 - 5x + 6 = 0", "x = 2; x = 3"),
    ("solve x + y = 3, x - y = 1", "x = 2; y = 1"),
    ("Solve for x: 3x = 12", "x = 4"),
    ("solve x^2 < 4", "(x > -2) & (x < 2)"),
    ("find the roots of x^2 - 2", "sqrt(2)"),
    ("differentiate x^3", "3*x^2"),
    ("derivative of x^2 at x = 3", "6"),
    ("integrate x^2 from 0 to 3", "9"),
    ("integral of exp(-x^2) from -oo to oo", "sqrt(pi)"),
    ("limit of sin(x)/x as x approaches 0", "1"),
    ("limit of 1/x as x -> 0", "there is no limit"),
    ("taylor series of exp(x) around 0 up to order 2", "x^2/2 + x + 1"),
    ("sum of k^2 for k from 1 to 100", "338350"),
    ("determinant of [[1,2],[3,4]]", "-2"),
    ("inverse of [[1,2],[3,4]]", "[[-2, 1], [3/2, -1/2]]"),
    ("eigenvalues of [[2,0],[0,3]]", "eigenvalue = 2"),
    ("factor x^2 - 1", "(x - 1)*(x + 1)"),
    ("factorise 360", "360 = 2^3 * 3^2 * 5"),
    ("expand (x+1)^3", "x^3 + 3*x^2 + 3*x + 1"),
    ("simplify (x^2-1)/(x-1)", "x + 1"),
    ("is 97 prime?", "97 is a prime"),
    ("gcd of 12 and 18", "6"),
    ("lcm of 4, 6 and 10", "60"),
    ("mean of 3, 5, 8", "16/3"),
    ("median of 1, 2, 3, 10", "2.5"),
    ("standard deviation of 2, 4, 4, 4, 5, 5, 7, 9", "2.1380899353"),
    ("compound interest of 1000 at 5% for 10 years", "628.894626777"),
    ("what is 7 times 8 plus 3", "59"),
    ("the square root of 144", "12"),
    ("divide 100 by 7 rounded to 2 decimals", "14.29"),
    ("evaluate x^2+1 at x = 3", "10"),
    ("0.1 + 0.2", "**0.3**"),
    ("1,234 * 2", "2468"),
    ("2^100", "1267650600228229401496703205376"),
]


@pytest.mark.parametrize(("task", "expected"), EXACT, ids=[case[0] for case in EXACT])
def test_tasks_in_words_are_solved_exactly(agent: Mathematician, task: str, expected: str) -> None:
    assert expected in agent.run(task)


REFUSED = [
    ("9**9**9", "digits"),
    ("100000!", "too large"),
    ("1/0", "Division by zero"),
    ("what is the capital of France", "capital"),
    ("__import__('os').system('ls')", "do not understand"),
    ("().__class__.__bases__", "do not understand"),
    ("convert 3 apples to kg", "apples"),
    ("convert 5 kg to m", "cannot be converted"),
    ("divide the result by 12", "no earlier result"),
    ("(" * 500, "nested too deeply"),
    ("inverse of [[1,2],[2,4]]", "no inverse"),
    ("x", "no task"),
    ("", "formula"),
]


@pytest.mark.parametrize(("task", "told"), REFUSED, ids=[case[0][:40] for case in REFUSED])
def test_what_is_not_mathematics_or_too_large_is_refused(agent: Mathematician, task: str, told: str) -> None:
    with pytest.raises(AgentFailed) as refusal:
        agent.run(task)
    assert told in str(refusal.value)


def earlier(folder: Path, name: str, content: str) -> EarlierResult:
    path = folder / f"{name}.csv"
    path.write_text(content, encoding="utf-8")
    return EarlierResult("data_analyst", name, "", (local_file(path),))


REFERENCES = [
    ("divide the result by 12", "100"),
    ("Multiply it by 1.2", "1440"),
    ("what is 15% of the result?", "180"),
    ("subtract 200 from the total revenue", "1000"),
    ("divide the total revenue by 12 rounded to one decimal", "100"),
]


@pytest.mark.parametrize(("task", "expected"), REFERENCES, ids=[case[0] for case in REFERENCES])
async def test_it_goes_on_computing_with_an_earlier_number(
    agent: Mathematician, tmp_path: Path, task: str, expected: str
) -> None:
    assert isinstance(agent, Agent)

    async def progress(_: str) -> None:
        return

    given_before = (earlier(tmp_path, "first", "total revenue\n1200\n"),)
    outcome = await agent.perform(Assignment("t", task, tmp_path, (), given_before), progress)
    with outcome.files[0].path.open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream))[1] == [expected]


async def test_it_combines_two_results_and_rows_of_a_table(agent: Mathematician, tmp_path: Path) -> None:
    async def progress(_: str) -> None:
        return

    two = (earlier(tmp_path, "a", "total cost\n30\n"), earlier(tmp_path, "b", "total income\n120\n"))
    table = (earlier(tmp_path, "c", "region,total revenue\nNorth,30\nSouth,90\n"),)
    for task, given_before, expected in (
        ("add both results", two, "150"),
        ("what is the difference between the two results", two, "-90"),
        ("divide the total cost by the total income", two, "0.25"),
        ("divide the South total by the North total", table, "3"),
        ("average of the results", table, "60"),
    ):
        outcome = await agent.perform(Assignment("t", task, tmp_path, (), given_before), progress)
        assert expected in outcome.conclusion.split("\n")[0], task


async def test_a_table_where_one_number_is_needed_is_refused(agent: Mathematician, tmp_path: Path) -> None:
    async def progress(_: str) -> None:
        return

    table = (earlier(tmp_path, "c", "region,total revenue\nNorth,30\nSouth,90\n"),)
    with pytest.raises(AgentFailed, match="not a single number"):
        await agent.perform(Assignment("t", "divide the result by 12", tmp_path, (), table), progress)


def test_a_computation_that_does_not_end_is_ended_and_the_next_one_works() -> None:
    agent = Mathematician(limit_s=0.05)
    try:
        agent._limit_s = 60.0
        assert "4" in agent.run("2 + 2")
        agent._limit_s = 0.05
        with pytest.raises(AgentFailed, match="ended after"):
            agent.run("factorise 21000000000000000000000383956000000000000000001235999223")
        agent._limit_s = 60.0
        assert "5" in agent.run("2 + 3")
    finally:
        agent.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=st.integers(-999, 999), b=st.integers(-999, 999), c=st.integers(1, 99))
def test_arithmetic_agrees_with_python(agent: Mathematician, a: int, b: int, c: int) -> None:
    assert agent.run(f"({a}) * ({b}) - {c}").startswith(f"**{a * b - c}**")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text("x12+-*/^()[]!,.% =abcsin", max_size=25))
def test_any_formula_is_answered_or_refused(agent: Mathematician, text: str) -> None:
    said = ""
    try:
        said = agent.run(text)
    except AgentFailed as refusal:
        said = str(refusal)
    assert said
