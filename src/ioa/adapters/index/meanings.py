"""The vectors of all cards, and how near a phrase is to them: exactly, by multiplying with all of them.

Source of the choice: at 100,000 cards one exact pass costs 14 ms of CPU, which is where an engine would begin to pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Slots = NDArray[np.intp]
_T = TypeVar("_T", np.float32, np.intp)


class Meanings:
    """By slot: the vector of the whole card and those of its parts; zeros for a card that is not embedded yet.

    Not thread-safe: its owner has the lock.
    """

    def __init__(self) -> None:
        self._whole: Matrix = np.zeros((0, 0), np.float32)
        self._parts: Matrix = np.zeros((0, 0), np.float32)
        self._parts_used = 0
        self._spans: NDArray[np.intp] = np.zeros((0, 2), np.intp)  # first part and number of parts, by slot

    def put(self, slot: int, whole: Matrix, parts: Matrix) -> None:
        """Set the vectors of `slot`: `whole (dim,)`, `parts (n, dim)`, all of length 1."""
        self._whole = _grown(self._whole, slot + 1, whole.shape[-1])
        self._spans = _grown(self._spans, slot + 1, 2)
        self._whole[slot] = whole
        self._spans[slot] = self._parts_used, len(parts)
        if len(parts):
            end = self._parts_used + len(parts)
            self._parts = _grown(self._parts, end, whole.shape[-1])
            self._parts[self._parts_used : end] = parts
            self._parts_used = end

    def get(self, slot: int) -> tuple[Matrix, Matrix]:
        """What was put for `slot`: (whole, parts)."""
        first, count = self._spans[slot].tolist()
        return self._whole[slot], self._parts[first : first + count]

    def whole(self, vectors: Matrix, slots: Slots) -> Matrix:
        """Cosines of `vectors (v, dim)` with the whole cards of `slots`, `(v, len(slots))`; 0 without a vector."""
        out = np.zeros((len(vectors), len(slots)), np.float32)
        if len(self._whole) and len(slots):
            known = slots < len(self._whole)
            end = int(slots.max()) + 1
            # One product with all rows is quicker than gathering most of them first.
            out[:, known] = (self._whole[:end] @ vectors.T)[slots[known]].T
        return out

    def best_part(self, vectors: Matrix, slots: Slots) -> Matrix:
        """The highest cosine with a part of each card, `(v, len(slots))`; -1 for a card without parts."""
        out = np.full((len(vectors), len(slots)), -1, np.float32)
        known = np.flatnonzero(slots < len(self._spans))
        spans = self._spans[slots[known]]
        known, spans = known[spans[:, 1] > 0], spans[spans[:, 1] > 0]
        if len(known):
            first, count = spans[:, 0], spans[:, 1]
            starts = np.cumsum(count) - count
            rows = np.repeat(first - starts, count) + np.arange(int(count.sum()))
            out[:, known] = np.maximum.reduceat(self._parts[rows] @ vectors.T, starts, axis=0).T
        return out


def _grown(rows: NDArray[_T], n: int, width: int) -> NDArray[_T]:
    """`rows`, or a copy of twice the size if it has fewer than `n` rows; the new ones are zero."""
    if n <= len(rows):
        return rows
    out = np.zeros((max(n, 64, 2 * len(rows)), width), rows.dtype)
    if len(rows):
        out[: len(rows)] = rows
    return out


def mean_of(rows: Sequence[Matrix]) -> Matrix:
    """The mean of some vectors `(dim,)`."""
    return np.asarray(np.mean(np.stack(rows), axis=0), np.float32)
