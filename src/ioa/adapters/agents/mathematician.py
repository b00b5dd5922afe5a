"""The mathematician: exact and numeric mathematics with SymPy, units with Pint; in a process that can be ended."""

from __future__ import annotations

import asyncio
import csv
import itertools
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ioa.adapters.agents.data_analyst import free_name, speaking_name, write_table
from ioa.adapters.agents.mathematics.process import TookTooLong, Worker
from ioa.adapters.agents.mathematics.quoted import quoted_numbers, unit_of
from ioa.adapters.agents.report_request import capitalised
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult, LocalFile, Outcome, ReportProgress

TIME_LIMIT_S = 20.0
MAX_ROWS = 10_000


class Mathematician:
    """Solves mathematical tasks: `perform` in a network, `run` on its own."""

    name = "Mathematician"
    description = (
        "Does mathematics and arithmetic: evaluates and simplifies formulas, solves equations, inequalities and systems of "  # noqa: E501 - a sentence in one piece
        "equations, factors and expands, differentiates, integrates, limits, series, sums and products, matrices "
        "(determinant, inverse, eigenvalues), prime factors, gcd and lcm. Calculates percentages, percentage change, "
        "compound interest, mean or median of a list of numbers, and goes on computing with a result: divide it by 12, "
        "multiply by 1.2, add both results, difference or ratio of two numbers. Area, circumference or volume of a "
        "circle, sphere, cylinder, rectangle or triangle. Converts units such as miles to kilometres, pounds to "
        "kilograms, Fahrenheit to Celsius, mph to m/s. Exact and numeric results."
    )
    skills: tuple[str, ...] = (
        "solve an equation or a system of equations for x",
        "derivative, integral, limit or series of a function",
        "divide, multiply, add or subtract numbers and earlier results",
        "percentage of a number, percentage change, compound interest",
        "convert units: miles to km, kg to pounds, celsius to fahrenheit",
        "simplify, expand or factor an expression; prime factors, gcd, lcm",
        "determinant, inverse and eigenvalues of a matrix",
        "area or circumference of a circle, volume of a cylinder, hypotenuse of a triangle",
    )
    idempotent = True

    def __init__(self, files: Iterable[str | Path] = (), *, limit_s: float = TIME_LIMIT_S) -> None:
        """`files` are CSV tables that `run` may refer to as results; `limit_s` ends a computation."""
        self._files = tuple(Path(file) for file in files)
        self._limit_s = limit_s
        self._worker = Worker()

    def close(self) -> None:
        """End the worker process; a later task starts a new one."""
        self._worker.stop()

    def run(self, task_desc: str) -> str:
        """Solve one task. Raises `AgentFailed`."""
        earlier = tuple(
            EarlierResult("file", file.name, "", (LocalFile(file.name, "text/csv", file),)) for file in self._files
        )
        with tempfile.TemporaryDirectory(prefix="ioa-maths-") as folder:
            return self._solve(Assignment("run", task_desc, Path(folder), earlier=earlier)).conclusion

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Solve in a process of its own; cancelling ends the process."""
        await progress("Computing.")
        try:
            return await asyncio.to_thread(self._solve, assignment)
        except asyncio.CancelledError:
            self._worker.stop()
            raise

    def _solve(self, assignment: Assignment) -> Outcome:
        if len(assignment.task_desc) > 20_000:
            raise AgentFailed("The task is longer than 20000 characters.")
        request: dict[str, object] = {"text": assignment.task_desc, "earlier": _tables(assignment.earlier)}
        try:
            found = self._worker.ask(request, self._limit_s)
        except TookTooLong as error:
            raise AgentFailed(f"{error} Make the task smaller.") from error
        if "error" in found:
            raise AgentFailed(str(found["error"]))
        return _outcome(found, assignment.folder)


def _tables(earlier: Iterable[EarlierResult]) -> list[dict[str, object]]:
    """Tables of earlier results as rows of text; of a result without one, the numbers that its text gives."""
    tables: list[dict[str, object]] = []
    for result in earlier:
        known = len(tables)
        for file in result.files:
            if file.path.suffix.lower() != ".csv":
                continue
            try:
                with file.path.open(encoding="utf-8-sig", newline="") as stream:
                    rows = list(itertools.islice(csv.reader(stream), MAX_ROWS + 1))
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                raise AgentFailed(f"The earlier result {file.name} cannot be read: {error}.") from error
            body = [row for row in rows[1:] if len(row) == len(rows[0])]
            if body:
                single = body[0][0] if len(body) == 1 and len(rows[0]) == 1 else ""
                unit = unit_of(single, result.conclusion) if single else ""
                tables.append({"task": result.task_desc, "columns": rows[0], "rows": body, "unit": unit})
        if (
            len(tables) == known
            and not result.files
            and (quoted := quoted_numbers(result.task_desc, result.conclusion))
        ):
            one = quoted[0] if len(quoted) == 1 and "\n\nNot found in " not in result.conclusion else None
            rows = [[one["value"]]] if one and one["value"] else []
            table = {"task": result.task_desc, "columns": ["answer"] if rows else [], "rows": rows}
            tables.append({**table, "unit": one["unit"] if one else "", "quoted": [] if rows else quoted})
    return tables


def _outcome(found: dict[str, Any], folder: Path) -> Outcome:
    unit = f" {found['unit']}" if found["unit"] else ""
    shown: list[str] = []
    for answer in found["answers"]:
        name = f"{answer['name']} = " if answer["name"] else ""
        numeric = f" ≈ {answer['numeric']}{unit}" if answer["numeric"] else ""
        shown.append(f"{name}{answer['exact']}{unit if not numeric else ''}{numeric}")
    sentence = "; ".join(shown)
    notes = [f"- {note}" if note.endswith(".") else f"- {note}." for note in found["notes"]]
    parts = [f"**{sentence}**", f"Read as: {found['reading']}.", "\n".join(notes)]
    names = {str(answer["name"]) for answer in found["answers"] if answer["name"]}
    # "6 bar = 87.02 psi" says itself what it is.
    told = any(str(found["reading"]).startswith(f"{name} in ") for name in names)
    abstract = sentence if told else f"{capitalised(str(found['reading']))}: {sentence}"
    return Outcome("\n\n".join(part for part in parts if part), abstract, (_file(found, folder),))


def _file(found: dict[str, Any], folder: Path) -> LocalFile:
    """The answer as a table: one number is one row with one column."""
    answers: list[dict[str, Any]] = found["answers"]
    path = free_name(folder, f"{speaking_name(found['reading']) if found['reading'].isascii() else 'result'}.csv")
    first = answers[0]
    if "matrix" in first:
        width = len(first["matrix"][0])
        return write_table(path, [f"column {index + 1}" for index in range(width)], first["matrix"])
    if "cells" in first:
        return write_table(path, [first["name"] or "result"], [[cell] for cell in first["cells"]])
    names = [str(answer["name"]) or "result" for answer in answers]
    values = [answer["plain"] or answer["exact"] for answer in answers]
    if len(set(names)) == 1:
        return write_table(path, [names[0]], [[value] for value in values])
    return write_table(path, names, [values])
