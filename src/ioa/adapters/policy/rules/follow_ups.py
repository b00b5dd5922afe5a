"""What kind of work goes on with an earlier result: reckoning with a number, or a question to a table."""

from __future__ import annotations

from ioa.adapters.policy.rules.acts import SHAPE_WORDS, files_in, question_start
from ioa.adapters.policy.rules.heard import Heard
from ioa.adapters.policy.rules.verbs import Kind
from ioa.adapters.policy.rules.wordlists import word_set

_RECKONING = word_set("""
    multiply divide add subtract halve double triple convert square raise increase decrease reduce
    deduct round lower express split scale
""")
_NARROWING = word_set("keep filter exclude remove drop restrict limit")
_COMPARING = word_set(
    "difference ratio percent percentage proportion quotient product sum change growth times fraction"
)
_TABLE_WORDS = word_set("""
    column columns row rows table tables sort rank order top filter each every group groups entries
    list items highest lowest largest smallest
""")
_POINTING = word_set("it that this result two both these those them")
_UNITS = word_set("""
    dollars dollar euros euro pounds pound kilograms kg grams miles km kilometres kilometers metres
    meters feet inches celsius fahrenheit hours minutes seconds days weeks months years litres
    liters gallons month year week day hour
""")


def refined(step: Heard, needs: set[int], *, numbers: bool = False) -> Kind:
    """The kind of a step, now that it is known on how many earlier results it builds. `numbers`: its lead has some."""
    if not needs or files_in(step.tokens) or step.kind in {"plot", "write", "translate", "code", "send"}:
        return step.kind
    lows = {token.low for token in step.tokens}
    if step.verb in _NARROWING:
        return "table"
    if step.verb in _RECKONING and not lows & {"column", "columns", "rows", "each"}:
        return "math"
    numbers = numbers or any(token.kind == "number" for token in step.tokens)
    asked = question_start(step.tokens) or not step.verb or step.kind in {"ask", "find", "table", "math", "other"}
    if not asked:
        return step.kind
    if lows & {"left", "remaining", "remain", "remains"} and (len(needs) > 1 or numbers):
        return "math"
    if lows & SHAPE_WORDS:
        return "math"
    if lows & {"ratio", "difference"} and len(needs) > 1:
        return "math"
    if lows & {"prime", "divisible", "even", "odd"} and lows & {"it", "result", "that", "number"}:
        return "math"
    if lows & _COMPARING and not lows & _TABLE_WORDS and (len(needs) > 1 or lows & _POINTING):
        return "math"
    much = "how" in lows and lows & {"much", "many"} and lows & _POINTING
    if (much or {"what", "that"} <= lows) and (numbers or lows & _UNITS) and not lows & _TABLE_WORDS:
        return "math"
    if step.verb in {"sum", "total", "average"} and len(needs) > 1:
        return "math"
    if (
        step.kind in {"ask", "make", "find"}
        and lows & _TABLE_WORDS
        and lows & {"top", "highest", "lowest", "sort", "rank"}
    ):
        return "table"
    return step.kind


__all__ = ["refined"]
