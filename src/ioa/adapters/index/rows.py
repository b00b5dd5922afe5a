"""A matrix that grows by rows, for vectors that are multiplied all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


class Rows:
    """`(n, width) float32`; adding is amortised constant time. Not thread-safe: its owner has the lock."""

    def __init__(self, width: int) -> None:
        self._rows: Matrix = np.zeros((64, width), np.float32)
        self._used = 0

    def resize(self, n: int) -> None:
        """Make it `n` rows, the new ones zero."""
        if n > len(self._rows):
            grown = np.zeros((max(n, 2 * len(self._rows)), self._rows.shape[1]), np.float32)
            grown[: self._used] = self._rows[: self._used]
            self._rows = grown
        self._used = n

    def extend(self, rows: Matrix) -> int:
        """Append `rows`; the number of the first."""
        start = self._used
        self.resize(start + len(rows))
        self._rows[start : self._used] = rows
        return start

    @property
    def view(self) -> Matrix:
        """The rows in use, `(n, width)`; valid until the next change."""
        return self._rows[: self._used]
