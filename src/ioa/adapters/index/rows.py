"""Arrays that grow at the end. Not thread-safe: whoever owns them has the lock."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)
_LEAST = 64


class Rows(Generic[T]):
    """Rows of one type and width, of which `used` are in use; new ones are zero.

    Growing doubles the room and copies: a view taken before keeps the rows as they were, which is what a snapshot
    wants.
    """

    def __init__(self, dtype: type[T], width: int = 0, rows: NDArray[T] | None = None) -> None:
        """`width` 0 makes rows of single values, `(n,)`; else `(n, width)`. `rows` are there from the start, and not
        copied."""
        self._width = width
        self._all: NDArray[T] = np.zeros(self._shape(0), dtype) if rows is None else rows
        self.used = len(self._all)

    def _shape(self, n: int) -> tuple[int, ...]:
        return (n, self._width) if self._width else (n,)

    @property
    def view(self) -> NDArray[T]:
        """The rows in use."""
        return self._all[: self.used]

    def reach(self, n: int) -> None:
        """Have at least `n` rows in use."""
        if n > len(self._all):
            # Fresh zeros are not in memory before they are written: room costs nothing until it is used.
            room = np.zeros(self._shape(max(n, _LEAST, 2 * len(self._all))), self._all.dtype)
            room[: self.used] = self._all[: self.used]
            self._all = room
        self.used = max(self.used, n)

    def append(self, rows: Any) -> int:
        """Add rows at the end; the number of the first of them."""
        first = self.used
        self.reach(first + len(rows))
        self._all[first : self.used] = rows
        return first


def rows_of(rows: NDArray[T]) -> Rows[T]:
    """Rows that begin as these, which are not copied."""
    return Rows(rows.dtype.type, rows.shape[1] if rows.ndim > 1 else 0, rows)


def ranges(starts: NDArray[np.integer], sizes: NDArray[np.integer]) -> NDArray[np.intp]:
    """The numbers from each start on, as many as its size, one range after the other."""
    ends = np.cumsum(sizes, dtype=np.intp)
    return np.repeat(starts - (ends - sizes), sizes) + np.arange(int(ends[-1]) if len(ends) else 0)
