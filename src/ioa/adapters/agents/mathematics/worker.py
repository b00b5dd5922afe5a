"""The process in which mathematics is done: one JSON request a line, one JSON answer a line.

It runs apart from the client, so that a computation that never ends can be ended (`process.Worker`).
"""

from __future__ import annotations

import json
import sys
from typing import Any, cast

MEMORY_LIMIT_BYTES = 2 * 1024**3
_SHOWN = 4000
_READABLE = 24


def serve() -> None:
    """Answer requests until the input ends."""
    _limit_memory()
    import warnings

    warnings.simplefilter("ignore")  # SymPy's deprecations are not the asker's business
    from ioa.adapters.agents.mathematics.formula import S

    sys.set_int_max_str_digits(100_000)
    sys.stdout.write(json.dumps({"ready": str(S.__version__)}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


def _limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    except (ImportError, ValueError, OSError):
        return  # Windows has no such limit; macOS may refuse this one: the deadline still holds


def answer(request: dict[str, Any]) -> dict[str, object]:
    """One task as `{"text": ..., "earlier": [...]}`: its answers, or `{"error": ...}`."""
    from ioa.adapters.agents.mathematics.earlier import Earlier, Quoted, Unclear
    from ioa.adapters.agents.mathematics.formula import BadFormula
    from ioa.adapters.agents.mathematics.problems import solve_text

    try:
        earlier = [
            Earlier(
                one["task"],
                one["columns"],
                one["rows"],
                one.get("unit", ""),
                tuple(Quoted(**quoted) for quoted in one.get("quoted", [])),
            )
            for one in cast("list[dict[str, Any]]", request["earlier"])
        ]
        solved = solve_text(str(request["text"]), earlier)
        answers = [_answer(name, value) for name, value in solved.answers]
    except (Unclear, BadFormula) as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "The computation needs more memory than it may have."}
    except RecursionError:
        return {"error": "The formula is nested too deeply."}
    except Exception as error:  # noqa: BLE001 - boundary of the worker: SymPy raises almost anything on odd input
        return {"error": f"SymPy could not do this ({type(error).__name__}: {str(error)[:200]})."}
    return {"reading": solved.reading, "answers": answers, "notes": solved.notes, "unit": solved.unit}


def _answer(name: str, value: Any) -> dict[str, object]:
    """An answer as text: exact, numeric to 15 digits where that differs, and cells for a table."""
    from ioa.adapters.agents.mathematics.formula import S

    if isinstance(value, list):
        cells = [_answer("", one) for one in cast("list[Any]", value)]
        return {
            "name": name,
            "exact": ", ".join(str(cell["exact"]) for cell in cells),
            "numeric": "",
            "cells": [cell["plain"] for cell in cells],
        }
    if isinstance(value, S.MatrixBase):
        matrix = value
        return {
            "name": name,
            "exact": str(matrix.tolist()),
            "numeric": "",
            "matrix": [[str(_answer("", one)["plain"]) for one in row] for row in matrix.tolist()],
            "plain": "",
        }
    if value is S.EmptySet:
        return {"name": name, "exact": "no solution", "numeric": "", "plain": ""}
    exact = str(value).replace("**", "^")
    numeric = ""
    number = bool(getattr(value, "is_number", False)) and value not in {S.oo, -S.oo, S.zoo, S.nan}
    if value in {S.zoo, S.nan}:
        exact = "undefined"
    if number:
        numeric = _numeric(value)
        if value.is_Float or (value.is_Rational and _finite(value)):
            exact = numeric if value.is_Float else _decimal(value)
        if not value.is_integer and value.is_Rational and len(exact) > _READABLE:
            exact = numeric  # a fraction of a hundred digits tells nobody anything
    if len(exact) > _SHOWN:
        exact = f"{exact[:200]} … ({len(exact)} characters)"
    plain = _decimal(value) if number and value.is_Rational and _finite(value) else numeric or exact
    return {"name": name, "exact": exact, "numeric": "" if numeric == exact else numeric, "plain": plain}


def _finite(value: Any) -> bool:
    """Whether a fraction has a finite decimal form (of at most 15 decimals)."""
    rest = int(value.q)
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1 and int(value.q) <= 10**15


def _decimal(value: Any) -> str:
    from decimal import Context, Decimal

    context = Context(prec=max(60, len(str(value.p)) + 40))
    found = context.divide(Decimal(int(value.p)), Decimal(int(value.q)))
    text = format(found, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _numeric(value: Any) -> str:
    from ioa.adapters.agents.mathematics.formula import S

    found = S.N(value, 15)
    if found.is_Integer or (found.is_real and found == int(found) and abs(found) < 10**15):
        return str(int(found))
    text = str(S.N(value, 12) if found.is_real else S.N(value, 10))
    if "." in text and "e" not in text and found.is_real:
        text = text.rstrip("0").rstrip(".")
    return text.replace("**", "^")


if __name__ == "__main__":
    serve()
