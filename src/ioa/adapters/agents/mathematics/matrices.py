"""Determinants, inverses and eigenvalues."""

from __future__ import annotations

import re

from ioa.adapters.agents.mathematics.earlier import Unclear
from ioa.adapters.agents.mathematics.formula import S
from ioa.adapters.agents.mathematics.phrases import Rule, Solved, expression_of, rule


def _matrix(match: re.Match[str]) -> Solved:
    name, matrix = match["fn"].lower(), expression_of(match["e"])
    if not isinstance(matrix, S.MatrixBase):
        raise Unclear(f'"{match["e"]}" is not a matrix; write it as [[1, 2], [3, 4]].')
    if name not in {"rank", "transpose"} and matrix.rows != matrix.cols:
        raise Unclear(f"The {name} needs a square matrix; this one is {matrix.rows} by {matrix.cols}.")
    if name == "inverse" and matrix.det() == 0:
        raise Unclear("This matrix has no inverse: its determinant is 0.")
    match name:
        case "determinant" | "det":
            return Solved(f"determinant of {matrix.tolist()}", [("", matrix.det())])
        case "inverse":
            return Solved(f"inverse of {matrix.tolist()}", [("", matrix.inv())])
        case "transpose":
            return Solved(f"transpose of {matrix.tolist()}", [("", matrix.T)])
        case "rank":
            return Solved(f"rank of {matrix.tolist()}", [("", S.Integer(matrix.rank()))])
        case "trace":
            return Solved(f"trace of {matrix.tolist()}", [("", matrix.trace())])
        case "eigenvectors":
            return Solved(
                f"eigenvectors of {matrix.tolist()}",
                [
                    (f"eigenvector for {value}", vector)
                    for value, _, vectors in matrix.eigenvects()
                    for vector in vectors
                ],
            )
        case _:
            return Solved(
                f"eigenvalues of {matrix.tolist()}",
                [
                    (f"eigenvalue (multiplicity {times})" if times > 1 else "eigenvalue", value)
                    for value, times in matrix.eigenvals().items()
                ],
            )


RULES: tuple[Rule, ...] = (
    rule(
        r"(?P<fn>determinant|det|inverse|transpose|rank|trace|eigenvalues|eigenvectors)\s+(?:of\s+)?(?:the\s+)?(?:matrix\s+)?(?P<e>\[.+\])",
        _matrix,
    ),
    rule(r"(?P<fn>determinant|det|inverse|transpose|rank|trace|eigenvalues|eigenvectors)\s+of\s+(?P<e>.+)", _matrix),
    rule(
        r"(?P<fn0>invert|transpose)\s+(?:the\s+)?(?:matrix\s+)?(?P<e>\[.+\])",
        lambda match: Solved(
            f"{match['fn0'].lower()} {match['e']}",
            [
                (
                    "",
                    expression_of(match["e"]).inv()
                    if match["fn0"].lower() == "invert"
                    else expression_of(match["e"]).T,
                )
            ],
        ),
    ),
)
