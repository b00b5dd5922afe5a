"""Primes, factors and divisors."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S
from ioa.adapters.agents.mathematics.phrases import N, Rule, Solved, expression_of, number_of, numbers_of, rule


def primes(value: Any) -> Solved:
    if not value.is_Integer or len(str(value)) > 60:
        raise Unclear("Prime factors need a whole number of up to 60 digits.")
    factors = S.factorint(value)
    text = " * ".join(f"{prime}^{times}" if times > 1 else str(prime) for prime, times in factors.items()) or str(value)
    return Solved(
        f"prime factors of {value}",
        [("factors", [prime for prime, times in factors.items() for _ in range(times)])],
        [f"{value} = {text}"],
    )


def _is_prime(match: re.Match[str]) -> Solved:
    value = _whole(match[1])
    return Solved(
        f"is {value} prime",
        [("", S.true if S.isprime(value) else S.false)],
        [f"{value} is {'a' if S.isprime(value) else 'not a'} prime."],
    )


def _whole(text: str) -> Any:
    value = number_of(text)
    if not value.is_Integer or len(str(value)) > 60:
        raise Unclear(f"{text} is not a whole number of a size that I handle.")
    return value


def _n_primes(match: re.Match[str]) -> Solved:
    count = int(match[1])
    if not 0 < count <= 5000:
        raise Unclear("Lists of primes go up to 5000.")
    return Solved(f"first {count} primes", [("primes", [S.Integer(S.prime(index)) for index in range(1, count + 1)])])


RULES: tuple[Rule, ...] = (
    rule(r"prime\s+factor(?:s|i[sz]ation)\s+of\s+(?P<e>.+)", lambda match: primes(expression_of(match["e"]))),
    rule(rf"(?:is\s+)?{N}\s+(?:a\s+)?prime(?:\s+number)?", _is_prime),
    rule(rf"is\s+{N}\s+(?:a\s+)?prime(?:\s+number)?", _is_prime),
    rule(r"first\s+(\d+)\s+primes?(?:\s+numbers?)?", _n_primes),
    rule(
        rf"next\s+prime\s+(?:number\s+)?(?:after|above|following)\s+{N}",
        lambda match: Solved(f"next prime after {match[1]}", [("", S.Integer(S.nextprime(_whole(match[1]))))]),
    ),
    rule(
        rf"divisors\s+of\s+{N}",
        lambda match: Solved(
            f"divisors of {match[1]}", [("divisors", [S.Integer(one) for one in S.divisors(_whole(match[1]))])]
        ),
    ),
    rule(
        r"(?:gcd|greatest common (?:divisor|factor)|gcf|hcf|highest common factor)\s+of\s+(?P<e>[-\d,\s]+(?:and\s+-?[\d,]+)?)",
        lambda match: Solved(f"greatest common divisor of {match['e']}", [("", S.gcd(numbers_of(match["e"])))]),
    ),
    rule(
        r"(?:lcm|(?:least|lowest|smallest) common multiple)\s+of\s+(?P<e>[-\d,\s]+(?:and\s+-?[\d,]+)?)",
        lambda match: Solved(f"least common multiple of {match['e']}", [("", S.lcm(numbers_of(match["e"])))]),
    ),
)
