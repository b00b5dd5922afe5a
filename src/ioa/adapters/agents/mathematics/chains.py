"""Operations one after the other: `triple the result and subtract 10`, `take 20, double it and add 5`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from ioa.adapters.agents.mathematics.earlier import Earlier, Unclear
from ioa.adapters.agents.mathematics.formula import S
from ioa.adapters.agents.mathematics.phrases import Solved, number_of

Step = tuple[str, bool, Callable[[Any], Any]]
"""What is said, whether it changes the unit's number only (times, not plus), and what it does."""

_IT = (
    r"(?:it|that|this|(?:the|that|this)\s+(?:result|answer|number|value|outcome|product|sum|quotient|difference|total))"
)
_N = r"(?P<n>-?\d[\d,]*(?:\.\d+)?)"
_JOINT = re.compile(
    r"\s*(?:[.?;]\s+|,?\s+and\s+then\s+|,?\s+then\s+|,?\s+and\s+(?:finally\s+)?|,\s*)(?:then\s+|finally\s+|next,?\s+|now\s+)?"
    r"(?=(?:add|subtract|deduct|take\s+away|multiply|divide|double|triple|treble|quadruple|halve|square|increase|reduce|decrease|raise)\b)",
    re.IGNORECASE,
)
_FACTORS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}


Does = Callable[[re.Match[str], Any], Any]


def _form(pattern: str, scales: bool, does: Does) -> tuple[re.Pattern[str], bool, Does]:
    return re.compile(rf"^{pattern}$", re.IGNORECASE), scales, does


def _by(match: re.Match[str], value: Any, sign: int) -> Any:
    """`increase it by 5` adds; `by 5%` is of the number itself."""
    number = number_of(match["n"])
    return value * (1 + sign * number / 100) if match["percent"] else value + sign * number


def _divided(match: re.Match[str], value: Any) -> Any:
    if number_of(match["n"]) == 0:
        raise Unclear("Division by zero.")
    return value / number_of(match["n"])


_STEPS = (
    _form(rf"add\s+{_N}(?:\s+to\s+{_IT})?", False, lambda match, value: value + number_of(match["n"])),
    _form(
        rf"(?:subtract|deduct|take\s+away)\s+{_N}(?:\s+from\s+{_IT})?",
        False,
        lambda match, value: value - number_of(match["n"]),
    ),
    _form(rf"multiply\s+(?:{_IT}\s+)?(?:by|with)\s+{_N}", True, lambda match, value: value * number_of(match["n"])),
    _form(rf"divide\s+(?:{_IT}\s+)?by\s+{_N}", True, _divided),
    _form(
        rf"(?P<factor>{'|'.join(_FACTORS)})(?:\s+{_IT})?",
        True,
        lambda match, value: value * _FACTORS[match["factor"].lower()],
    ),
    _form(rf"halve(?:\s+{_IT})?", True, lambda _, value: value / S.Integer(2)),
    _form(rf"square(?:\s+{_IT})?", False, lambda _, value: value * value),
    _form(
        rf"(?:increase|raise)\s+(?:{_IT}\s+)?by\s+{_N}\s*(?P<percent>%)?",
        False,
        lambda match, value: _by(match, value, 1),
    ),
    _form(
        rf"(?:reduce|decrease)\s+(?:{_IT}\s+)?by\s+{_N}\s*(?P<percent>%)?",
        False,
        lambda match, value: _by(match, value, -1),
    ),
)


def chained(body: str) -> tuple[str, list[Step]] | None:
    """The first task and the steps after it, each with a number of its own; None if the text is one task."""
    first, *rest = [part.strip(" ,.;?!") for part in _JOINT.split(body)]
    if not rest or not re.search(r"\w", first):
        return None
    steps = [_step(said) for said in rest]
    known = [step for step in steps if step is not None]
    if len(known) < len(steps):
        return None
    return re.sub(r"^(?:take|start\s+with|begin\s+with)\s+(?:the\s+number\s+)?(?=-?\d)", "", first, flags=re.I), known


def _step(said: str) -> Step | None:
    for form, scales, does in _STEPS:
        if (match := form.match(said)) is not None:
            return said, scales, partial(does, match)
    return None


def bare_step(body: str, earlier: list[Earlier]) -> str:
    """`subtract 10` after an earlier number as `subtract 10 from the result`; anything else as it is."""
    said = body.strip(" ,.;?!")
    known = bool(earlier) and earlier[-1].scalar() is not None
    if not known or re.search(rf"\b{_IT}\b", said, re.IGNORECASE) or _step(said) is None:
        return body
    verb, _, rest = said.partition(" ")
    match verb.lower():
        case "add":
            return f"{said} to the result"
        case "subtract" | "deduct":
            return f"{said} from the result"
        case "take":
            return f"subtract {rest.split(' ', 1)[1]} from the result"
        case _:
            return f"{verb} the result {rest}".strip()


def carried_out(solved: Solved, steps: list[Step]) -> Solved:
    """The steps done to the one number of a solved task.

    Raises `Unclear` where it has several numbers, or a unit in the way.
    """
    if len(solved.answers) != 1 or not getattr(solved.answers[0][1], "is_number", False):
        raise Unclear(f'"{steps[0][0]}" needs one number before it; {solved.reading} is none.')
    name, value = solved.answers[0]
    for said, scales, does in steps:
        if solved.unit and not scales:
            raise Unclear(f'"{said}" of a number in {solved.unit}: say it in a sentence of its own, with the unit.')
        value = does(value)
    said = ", then ".join(step[0] for step in steps)
    return Solved(f"{solved.reading}, then {said}", [("" if name else name, value)], solved.notes, solved.unit)
