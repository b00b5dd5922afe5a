"""Vectors kept by an engine elsewhere, which several hubs may share: what pgvector and Milvus have in common.

The engine finds the whole cards that are likely the nearest, and hands out the vectors of cards by name. What they
score is computed here, by the same code and to the same numbers as in memory; words stay in memory with every engine.
So a ranking does not depend on the engine, a card is found by its words at once, and one that another hub has embedded
is not embedded again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ioa.adapters.index.meanings import ByWords, Levels, Matrix, Slots, quantised
from ioa.adapters.index.unavailable import MeaningsUnavailable

_REMEMBERED = 20_000  # cards whose vectors were asked for lately, some 2 kB each
_AT_ONCE = 512  # cards a request
_SEARCHES = 256  # of which it is remembered what was near
_ROUGHLY = 128  # cards found by words, and by meaning: each may have to be fetched
_EXACT = 768  # cards that are all compared with a phrase


@dataclass(frozen=True, slots=True)
class Row:
    """A card as an engine keeps it. digest: 16 bytes that name its text. whole: `(dim,) float32`, of length 1. parts:
    `parts_bytes` of its parts, which the engine does not look into."""

    name: str
    digest: bytes
    whole: Matrix
    parts: bytes


class Engine(Protocol):
    """Rows by name, in any order. Called from any thread; every method may raise `MeaningsUnavailable`."""

    def known(self) -> Mapping[str, bytes]:
        """The digest of every row by name."""
        ...

    def put_many(self, rows: Sequence[Row]) -> None:
        """Add or replace; found by the next search. Names differ."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """Unknown names are ignored."""
        ...

    def near(self, vectors: Matrix, k: int) -> Iterable[list[str]]:
        """For each of `vectors (v, dim)` the names of the likely `k` nearest whole cards, by cosine."""
        ...

    def fetch(self, names: Sequence[str]) -> Iterable[Row]:
        """The rows of these names that there are."""
        ...

    def describe(self) -> str:
        """In a few words, without credentials."""
        ...

    def close(self) -> None:
        """May be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class _Vectors:
    whole: Matrix
    parts: Levels
    steps: Matrix


class RemoteMeanings:
    """`Meanings` kept by an engine."""

    def __init__(self, engine: Engine) -> None:
        """Asks which cards the engine knows; raises `MeaningsUnavailable`."""
        self._engine = engine
        self._elsewhere = dict(engine.known())  # digests of rows that were there, made by whichever hub
        self._slot_of: dict[str, int] = {}  # of cards with vectors
        self._name_of: dict[int, str] = {}
        self._gone: set[str] = set()  # rows to be removed
        # Guards what is remembered: it is used with and without the index's lock.
        self._guard = threading.Lock()
        self._recent: OrderedDict[str, _Vectors] = OrderedDict()
        self._near: OrderedDict[bytes, tuple[int, list[str]]] = OrderedDict()

    # Cards

    def ready(self, digests: Mapping[str, bytes]) -> set[str]:
        found = {row.name: row.digest for row in self._engine.fetch(list(digests)) if digests[row.name] == row.digest}
        with self._guard:
            self._elsewhere.update(found)
        return set(found)

    def entrust(self, cards: Sequence[tuple[str, bytes, Matrix, Matrix]]) -> None:
        self._engine.put_many([Row(name, digest, whole, _packed(parts)) for name, digest, whole, parts in cards])

    def put(self, slot: int, name: str, whole: Matrix, parts: Matrix) -> None:
        self._place(slot, name)
        with self._guard:
            self._remember(name, _Vectors(whole, *quantised(parts)))

    def disown(self, name: str) -> None:
        self._gone.add(name)

    def adopt(self, slot: int, name: str, digest: bytes) -> bool:
        with self._guard:
            known = self._elsewhere.pop(name, None)
        if known != digest:
            return False
        self._place(slot, name)
        return True

    def _place(self, slot: int, name: str) -> None:
        self._slot_of[name], self._name_of[slot] = slot, name
        self._gone.discard(name)
        with self._guard:
            self._near.clear()
            self._recent.pop(name, None)

    def drop(self, slot: int) -> None:
        name = self._name_of.pop(slot, None)
        if name is not None:
            del self._slot_of[name]
            self._gone.add(name)

    def flush(self) -> None:
        gone, self._gone = self._gone, set()
        if gone:
            try:
                self._engine.remove(sorted(gone))
            except MeaningsUnavailable:
                self._gone |= gone
                raise

    def kept(self, slots: Slots) -> RemoteMeanings:
        new = {slot: number for number, slot in enumerate(slots.tolist())}
        self._name_of = {new[slot]: name for slot, name in self._name_of.items()}
        self._slot_of = {name: slot for slot, name in self._name_of.items()}
        return self

    def known(self, slots: Slots) -> NDArray[np.bool_]:
        return np.fromiter(map(self._name_of.__contains__, slots.tolist()), np.bool_, len(slots))

    # Search

    def roughly(self, slots: int) -> int:
        return _ROUGHLY

    def exact(self, slots: int) -> bool:
        return slots <= _EXACT

    def prepare(self, vectors: Sequence[Matrix]) -> None:
        if vectors and not self.exact(len(self._slot_of)):
            names = {name for found in self._nearest(np.stack(vectors), _ROUGHLY) for name in found}
            self._vectors_of(sorted(names))

    def likely(self, vectors: Matrix, said: Sequence[Slots], by_words: ByWords, k: int) -> Slots:
        names = {name for found in self._nearest(vectors, k) for name in found}
        near = [self._slot_of[name] for name in names if name in self._slot_of]
        return np.unique(np.concatenate([*said, np.array(near, np.intp)]))

    def _nearest(self, vectors: Matrix, k: int) -> list[list[str]]:
        with self._guard:
            known = [self._near.get(vector.tobytes()) for vector in vectors]
        asked = [i for i, found in enumerate(known) if found is None or found[0] < k]
        new = list(self._engine.near(vectors[asked], k)) if asked else []
        with self._guard:
            for i, names in zip(asked, new, strict=True):
                known[i] = self._near[vectors[i].tobytes()] = k, names
            while len(self._near) > _SEARCHES:
                self._near.popitem(last=False)
        return [found[1] for found in known if found is not None]

    def whole(self, vectors: Matrix, slots: Slots) -> Matrix:
        out = np.zeros((len(vectors), len(slots)), np.float32)
        places, rows = self._of(slots)
        if rows:
            out[:, places] = vectors @ np.stack([row.whole for row in rows]).T
        return out

    def best_part(self, vectors: Matrix, slots: Slots) -> Matrix:
        out = np.full((len(vectors), len(slots)), -1, np.float32)
        places, rows = self._of(slots)
        some = [(place, row) for place, row in zip(places, rows, strict=True) if len(row.steps)]
        if some:
            near = np.concatenate([row.parts for _, row in some]).astype(np.float32) @ vectors.T
            near *= np.concatenate([row.steps for _, row in some])[:, None]
            sizes = np.array([len(row.steps) for _, row in some])
            out[:, [place for place, _ in some]] = np.maximum.reduceat(near, np.cumsum(sizes) - sizes, axis=0).T
        return out

    def _of(self, slots: Slots) -> tuple[list[int], list[_Vectors]]:
        """The vectors of these cards that have any, and their places among `slots`."""
        names = {place: self._name_of[slot] for place, slot in enumerate(slots.tolist()) if slot in self._name_of}
        found = self._vectors_of(list(names.values()))
        places = [place for place, name in names.items() if name in found]
        return places, [found[names[place]] for place in places]

    def _vectors_of(self, names: Sequence[str]) -> dict[str, _Vectors]:
        with self._guard:
            found = {name: self._recent[name] for name in names if name in self._recent}
            for name in found:
                self._recent.move_to_end(name)
        missing = [name for name in names if name not in found]
        for begin in range(0, len(missing), _AT_ONCE):
            new = {row.name: _unpacked(row) for row in self._engine.fetch(missing[begin : begin + _AT_ONCE])}
            with self._guard:
                for name, vectors in new.items():
                    self._remember(name, vectors)
            found |= new
        return found

    def _remember(self, name: str, vectors: _Vectors) -> None:
        self._recent[name] = vectors
        self._recent.move_to_end(name)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)

    def describe(self) -> str:
        return self._engine.describe()

    def close(self) -> None:
        self._engine.close()


def _packed(parts: Matrix) -> bytes:
    """Parts `(n, dim)` as bytes: how many, what 1 means in each, and their numbers."""
    levels, steps = quantised(parts)
    return len(steps).to_bytes(4, "little") + steps.astype("<f4").tobytes() + levels.tobytes()


def _unpacked(row: Row) -> _Vectors:
    count = int.from_bytes(row.parts[:4], "little")
    steps = np.frombuffer(row.parts, "<f4", count, 4).astype(np.float32)
    levels = np.frombuffer(row.parts, np.int8, -1, 4 + 4 * count).reshape(count, -1 if count else len(row.whole))
    return _Vectors(row.whole, levels, steps)
