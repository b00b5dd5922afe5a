"""The vectors of all cards by slot, one byte a number, and how near a phrase is to them.

Rounding to bytes moves a cosine by some 0.0005, far less than the model's own int8 weights do, and a million cards of
four parts then take 2 GB. Which of many cards are looked at is found by `nearest`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ioa.adapters.index.nearest import Lists, Nearest, Plan
from ioa.adapters.index.rows import Rows, rows_of

Matrix = NDArray[np.float32]
Levels = NDArray[np.int8]
Slots = NDArray[np.intp]
ByWords = Callable[[int, Slots], Matrix]

_EXACT = 4_096  # cards that are all multiplied with a phrase: that takes as long as choosing among them
_TIMES_THERE = 3  # at most, of most cards, among those that are found by some views
_AT_ONCE = 4_096
_FEW = 4  # vectors that are quicker multiplied each by itself
_LEAST, _MOST = 400, 800  # cards that are compared one by one, of some and of a million
_AROUND = 16  # times as many as are wanted are looked at by their codes, at least
_LEVELS = 127


class Meanings(Protocol):
    """What the index needs of whatever keeps the vectors. Not thread-safe but where said.

    Slots are those of `Corpus`; every method takes an embedder's vectors, of length 1.
    """

    def roughly(self, slots: int) -> int:
        """How many cards, of so many slots, are worth comparing one by one."""
        ...

    # Without the lock, because they may take long:

    def ready(self, digests: Mapping[str, bytes]) -> set[str]:
        """Those of these cards (names and digests of their texts) whose vectors are kept already."""
        ...

    def entrust(self, cards: Sequence[tuple[str, bytes, Matrix, Matrix]]) -> None:
        """Keep vectors: (name, digest of the text, whole `(dim,)`, parts `(n, dim)`). `put` follows for each."""
        ...

    def flush(self) -> None:
        """Forget for good what was dropped."""
        ...

    def prepare(self, vectors: Sequence[Matrix]) -> None:
        """Do for a search with these `(dim,)` whatever takes long."""
        ...

    # With the lock:

    def put(self, slot: int, name: str, whole: Matrix, parts: Matrix) -> None:
        """The vectors of the card in `slot`, which were entrusted: `whole (dim,)`, `parts (n, dim)`."""
        ...

    def disown(self, name: str) -> None:
        """There is no such card any more; what was entrusted of it is not wanted."""
        ...

    def adopt(self, slot: int, name: str, digest: bytes) -> bool:
        """Whether vectors of a card of this name and text are kept already; then they are those of `slot`."""
        ...

    def drop(self, slot: int) -> None:
        """The card in `slot` is gone, or will be put again in another one."""
        ...

    def kept(self, slots: Slots) -> Meanings:
        """Those of these slots, which are numbered anew in that order; this one is not used any more."""
        ...

    def describe(self) -> str:
        """Where the vectors are, in a few words; empty if in memory."""
        ...

    def close(self) -> None:
        """Let go of what is open; may be called twice."""
        ...

    def known(self, slots: Slots) -> NDArray[np.bool_]:
        """Which of these cards have vectors."""
        ...

    def exact(self, slots: int) -> bool:
        """Whether a phrase is best compared with all cards, of which there are so many."""
        ...

    def likely(self, vectors: Matrix, said: Sequence[Slots], by_words: ByWords, k: int) -> Slots:
        """Some cards among which the best by words and whole meaning together are, each once: by default `k`.

        said: of each of `vectors (v, dim)` the cards that are the best by words alone. by_words: for the number of a
        vector and some slots, what words add to the cosines with it.
        """
        ...

    def whole(self, vectors: Matrix, slots: Slots) -> Matrix:
        """Cosines of `vectors (v, dim)` with the whole cards of `slots`, `(v, len(slots))`; 0 without a vector."""
        ...

    def best_part(self, vectors: Matrix, slots: Slots) -> Matrix:
        """The highest cosine with a part of each card, `(v, len(slots))`; -1 for a card without parts."""
        ...


class LocalMeanings:
    """`Meanings` in memory: exact of some thousand cards, by codes and lists (`Nearest`) of more."""

    def __init__(self) -> None:
        self._whole: Rows[np.int8] | None = None
        self._steps: Rows[np.float32] = Rows(np.float32)  # by slot: what 1 means in `_whole`; 0 without a vector
        self._parts: Rows[np.int8] | None = None
        self._part_steps: Rows[np.float32] = Rows(np.float32)
        self._first: Rows[np.int64] = Rows(np.int64)  # by slot: its first part
        self._count: Rows[np.uint8] = Rows(np.uint8)
        self._nearest = Nearest()
        self._floats: Matrix | None = None  # `_whole` as it is multiplied, of few cards

    def roughly(self, slots: int) -> int:
        return min(max(_LEAST, slots // 1_000), _MOST)

    def put(self, slot: int, name: str, whole: Matrix, parts: Matrix) -> None:
        if self._whole is None or self._parts is None:
            self._whole, self._parts = Rows(np.int8, whole.shape[-1]), Rows(np.int8, whole.shape[-1])
        self._reach(slot + 1)
        levels, steps = quantised(whole.reshape(1, -1))
        self._whole.view[slot] = levels[0]
        self._steps.view[slot] = steps[0]
        self._floats = None
        self._count.view[slot] = len(parts)
        if len(parts):
            levels, steps = quantised(parts)
            self._first.view[slot] = self._parts.append(levels)
            self._part_steps.append(steps)
        self._nearest.put(slot)

    def _reach(self, n: int) -> None:
        if self._whole is not None and n > self._steps.used:
            for rows in (self._whole, self._steps, self._first, self._count):
                rows.reach(n)

    def disown(self, name: str) -> None:
        """Nothing was kept of it."""

    def adopt(self, slot: int, name: str, digest: bytes) -> bool:
        return False

    def drop(self, slot: int) -> None:
        """Its vectors stay until the slots are given anew."""

    def kept(self, slots: Slots) -> LocalMeanings:
        return LocalMeanings.of(self.arrays(slots))

    def ready(self, digests: Mapping[str, bytes]) -> set[str]:
        return set()

    def entrust(self, cards: Sequence[tuple[str, bytes, Matrix, Matrix]]) -> None:
        """`put` does it."""

    def flush(self) -> None:
        """Nothing is kept elsewhere."""

    def prepare(self, vectors: Sequence[Matrix]) -> None:
        """Nothing takes long here."""

    def describe(self) -> str:
        return ""

    def close(self) -> None:
        """Nothing is open."""

    @property
    def slots_used(self) -> int:
        return self._steps.used

    def known(self, slots: Slots) -> NDArray[np.bool_]:
        found = np.zeros(len(slots), np.bool_)
        within = slots < self._steps.used
        found[within] = self._steps.view[slots[within]] > 0
        return found

    def exact(self, slots: int) -> bool:
        return slots <= _EXACT

    def likely(self, vectors: Matrix, said: Sequence[Slots], by_words: ByWords, k: int) -> Slots:
        if self._whole is None:
            return np.unique(np.concatenate(said))
        found: list[Slots] = []
        scores: list[Matrix] = []
        for number, (vector, named) in enumerate(zip(vectors, said, strict=True)):
            around, near = self._nearest.near(vector, _AROUND * k, self._whole.view, self._steps.view)
            near += by_words(number, around)
            best = np.argpartition(near, len(near) - k)[len(near) - k :] if len(near) > k else slice(None)
            found += [around[best], named]
            scores += [near[best], self.whole(vector[None], named)[0] + by_words(number, named)]
        # A card may be there for several vectors, and by its cosine and by its code: the highest counts.
        slots, by_score = np.concatenate(found), -np.concatenate(scores)
        if len(slots) > _TIMES_THERE * k:
            best = np.argpartition(by_score, _TIMES_THERE * k)[: _TIMES_THERE * k]
            slots, by_score = slots[best], by_score[best]
        slots = slots[np.argsort(by_score)]
        first = np.sort(np.unique(slots, return_index=True)[1])
        return np.sort(slots[first[:k]])

    def plan(self) -> Plan | None:
        """What `make_lists` is to make lists of; None while there is no need."""
        return None if self._whole is None else self._nearest.plan(self._whole.view, self._steps.view)

    def install(self, lists: Lists) -> None:
        """Use lists that were made of the last plan."""
        self._nearest.install(lists)

    def whole(self, vectors: Matrix, slots: Slots) -> Matrix:
        if self._whole is None or not len(slots):
            return np.zeros((len(vectors), len(slots)), np.float32)
        if int(slots.max()) < self._steps.used:
            return self._cosines(self._whole, vectors, slots)
        out = np.zeros((len(vectors), len(slots)), np.float32)
        known = np.flatnonzero(slots < self._steps.used)
        out[:, known] = self._cosines(self._whole, vectors, slots[known])
        return out

    def _cosines(self, whole: Rows[np.int8], vectors: Matrix, slots: Slots) -> Matrix:
        if self._steps.used <= _EXACT and len(slots) > self._steps.used // 4:
            # One product with all rows is quicker than gathering most of them first.
            if self._floats is None or len(self._floats) < self._steps.used:
                self._floats = whole.view * self._steps.view[:, None]
            return (self._floats @ vectors.T)[slots].T
        out = np.empty((len(vectors), len(slots)), np.float32)
        for begin in range(0, len(slots), _AT_ONCE):
            piece = slice(begin, begin + _AT_ONCE)
            out[:, piece] = _products(np.take(whole.view, slots[piece], axis=0), vectors)
        out *= self._steps.view[slots]
        return out

    def best_part(self, vectors: Matrix, slots: Slots) -> Matrix:
        out = np.full((len(vectors), len(slots)), -1, np.float32)
        known = np.flatnonzero(slots < self._count.used)
        known = known[self._count.view[slots[known]] > 0]
        if self._parts is not None and len(known):
            first, count = self._first.view[slots[known]], self._count.view[slots[known]].astype(np.intp)
            starts = np.cumsum(count) - count
            rows = np.repeat(first - starts, count) + np.arange(int(count.sum()))
            near = _products(np.take(self._parts.view, rows, axis=0), vectors)
            near *= self._part_steps.view[rows]
            out[:, known] = np.maximum.reduceat(near, starts, axis=1)
        return out

    def floats(self, slots: Slots) -> Matrix:
        """The vectors of the whole cards of `slots`, which have some, `(n, dim)`."""
        assert self._whole is not None
        return self._whole.view[slots] * self._steps.view[slots][:, None]

    # Keeping

    def arrays(self, slots: Slots) -> dict[str, NDArray[np.generic]]:
        """The vectors of `slots` as arrays that `of` makes the same of, by new slots in that order."""
        if self._whole is None or self._parts is None:
            return {}
        self._reach(int(slots.max(initial=-1)) + 1)
        nearest = self._nearest.arrays(slots)
        if len(slots) == self._steps.used:  # all of them, in order: nothing is moved, only what may change is copied
            return {
                "whole": self._whole.view,
                "parts": self._parts.view,
                "part_steps": self._part_steps.view,
                "steps": self._steps.view.copy(),
                "first": self._first.view.copy(),
                "count": self._count.view.copy(),
                **nearest,
            }
        sizes = self._count.view[slots].astype(np.int64)
        starts = np.cumsum(sizes) - sizes
        rows = np.repeat(self._first.view[slots] - starts, sizes) + np.arange(int(sizes.sum()))
        return {
            "whole": self._whole.view[slots],
            "parts": self._parts.view[rows],
            "part_steps": self._part_steps.view[rows],
            "steps": self._steps.view[slots],
            "first": starts,
            "count": self._count.view[slots],
            **nearest,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]]) -> LocalMeanings:
        """What `arrays` was made of. Raises KeyError, IndexError or ValueError if it is not whole."""
        made = cls()
        if "whole" not in arrays:
            return made
        whole, parts = arrays["whole"].astype(np.int8, copy=False), arrays["parts"].astype(np.int8, copy=False)
        count, steps = arrays["count"].astype(np.uint8), arrays["steps"].astype(np.float32)
        first, part_steps = arrays["first"].astype(np.int64), arrays["part_steps"].astype(np.float32)
        if not len(whole) == len(count) == len(steps) == len(first) or len(parts) != len(part_steps):
            raise ValueError("the vectors are not whole")
        if len(first) and (int((first + count).max()) > len(parts) or int(first.min()) < 0):
            raise ValueError("the vectors of parts are not whole")
        made._whole, made._parts = rows_of(whole), rows_of(parts)
        made._steps, made._part_steps = rows_of(steps), rows_of(part_steps)
        made._first, made._count = rows_of(first), rows_of(count)
        made._nearest = Nearest.of(arrays, np.flatnonzero(steps > 0))
        return made


def _products(rows: Levels, vectors: Matrix) -> Matrix:
    """Of `vectors (v, dim)` with `rows (n, dim)`, `(v, n)`."""
    floats = rows.astype(np.float32)
    if len(vectors) > _FEW:
        return (floats @ vectors.T).T
    return np.stack([floats @ vector for vector in vectors])


def quantised(rows: Matrix) -> tuple[Levels, Matrix]:
    """Rows `(n, dim)` as whole numbers of -127 to 127, and what 1 means in each, `(n,)`, above 0."""
    steps = np.maximum(np.abs(rows).max(axis=1), 1e-12) / np.float32(_LEVELS)
    return np.rint(rows / steps[:, None]).astype(np.int8), steps.astype(np.float32)


def mean_of(rows: Sequence[Matrix]) -> Matrix:
    """The mean of some vectors `(dim,)`."""
    return np.asarray(np.mean(np.stack(rows), axis=0), np.float32)
