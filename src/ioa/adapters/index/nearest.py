"""Which of very many vectors are likely the nearest to one: by one bit a number, and lists of neighbours.

A vector is the middle of its neighbourhood and what is left, and of that the code has the signs: how many of them
differ from those of a question says roughly at which angle the two are, and counting is quick. Beyond some ten thousand
vectors those of a neighbourhood are kept together in a list, and only the lists nearest to the question are looked
into. Vectors that came since the lists were made are looked at all, with the mean of all as their middle. Who asks
compares the likely ones by their real vectors.

Source of the ideas: inverted lists and residuals after Jégou et al., Product Quantization for Nearest Neighbor Search
(2011); the angle from signs after Charikar, Similarity Estimation Techniques from Rounding Algorithms (2002). Measured
by bench/discovery_at_size.py, beside exact search and engines with graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ioa.adapters.index.rows import Rows, ranges, rows_of

Matrix = NDArray[np.float32]
Levels = NDArray[np.int8]
Slots = NDArray[np.intp]
Codes = NDArray[np.uint64]  # (words, n): the first 64 bits of all, then the next

_LISTED = 32_768  # vectors from which on lists are kept
_MOST_LISTS, _LISTS = 1_536, 1.5  # at most; for each square root of the number of vectors
_SHARE_LOOKED = 40  # one of so many codes in lists is looked at, at least
_LEAST_TAIL, _SHARE_TAIL = 16_384, 16  # vectors outside lists, beyond which they are put into lists
_LEARN_AGAIN = 4  # times as many vectors as the lists were learnt of
_TRAINING = 32  # vectors a list from which the middles are learnt
_ROUNDS = 4
_AT_ONCE = 4_096
_BLOCK = 64


@dataclass(frozen=True, slots=True)
class Lists:
    """Vectors by neighbourhood, in blocks of 64, so that some lists are fetched in one step. Never changed.

    middles: `(lists, dim)`. sizes, starts, blocks: how many vectors each list has, its first block and how many.
    slots, lengths `(blocks, 64)` and codes `(words, blocks, 64)`: of what is left of the vectors; the last block of a
    list is filled up with its last vector. learnt_of: how many vectors there were when the middles were learnt.
    """

    middles: Matrix
    sizes: Slots
    starts: Slots
    blocks: Slots
    slots: Slots
    lengths: Matrix
    codes: Codes
    learnt_of: int

    def __len__(self) -> int:
        return int(self.sizes.sum())

    def places(self) -> Slots:
        """Where in `slots`, flat, the vectors are, list by list."""
        return ranges(self.starts * _BLOCK, self.sizes)

    def around(self, near: Matrix, most: int) -> tuple[Slots, Matrix]:
        """The blocks of the lists that are the nearest, `near (lists,)`, as many lists as hold at least `most`, and of
        each block how near its list is."""
        order = np.argsort(-near)
        enough = int(np.searchsorted(np.cumsum(self.sizes[order]), most)) + 1
        chosen = order[:enough]
        return ranges(self.starts[chosen], self.blocks[chosen]), np.repeat(near[chosen], self.blocks[chosen])


def _in_lists(middles: Matrix, of: Slots, slots: Slots, codes: Codes, lengths: Matrix, learnt_of: int) -> Lists:
    """Lists of `slots (n,)` with `codes (words, n)` and `lengths (n,)`, each in the list that it is `of`, ascending."""
    sizes = np.bincount(of, minlength=len(middles)).astype(np.intp)
    blocks = -(-sizes // _BLOCK)
    starts = np.cumsum(blocks) - blocks
    full = blocks * _BLOCK
    begins = np.cumsum(sizes) - sizes
    within = ranges(np.zeros_like(full), full)
    taken = np.repeat(begins, full) + np.minimum(within, np.repeat(sizes, full) - 1)
    shape = (int(blocks.sum()), _BLOCK)
    return Lists(
        middles, sizes, starts, blocks, slots[taken].reshape(shape), lengths[taken].reshape(shape),
        np.take(codes, taken, axis=1).reshape(len(codes), *shape), learnt_of,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What new lists are made of, none of which changes meanwhile: `whole (n, dim)` and what 1 means in each row."""

    whole: Levels
    steps: Matrix
    tail: Slots
    lists: Lists | None


class Nearest:
    """Codes of the vectors of slots. Not thread-safe, but what `plan` gives is worked off anywhere by `make_lists`."""

    def __init__(self) -> None:
        self._lists: Lists | None = None
        self._mean: Matrix | None = None
        self._tail: Rows[np.intp] = Rows(np.intp)  # slots outside the lists
        self._codes: Codes = np.zeros((0, 0), np.uint64)  # of the tail
        self._lengths: Rows[np.float32] = Rows(np.float32)

    def put(self, slot: int) -> None:
        """There is a vector in this slot now."""
        self._tail.append([slot])

    def near(self, vector: Matrix, most: int, whole: Levels, steps: Matrix) -> tuple[Slots, Matrix]:
        """The slots of those of `whole (n, dim)` that lie around `vector (dim,)`, at least `most` of them if there are
        so many, and about what the products with it are, each `(found,)`."""
        self._code_tail(whole, steps)
        if self._mean is None:
            return np.zeros(0, np.intp), np.zeros(0, np.float32)
        code = _coded(vector[None])[:, 0]
        length = float(np.linalg.norm(vector))
        found: list[tuple[Slots, Matrix]] = []
        if self._lists is not None:
            enough = max(most, len(self._lists) // _SHARE_LOOKED)
            found.append(_listed(self._lists, vector, code, length, enough))
        coded = self._lengths.used
        if coded:
            products = _products(self._codes[:, :coded], code, self._lengths.view, length)
            products += np.float32(self._mean @ vector)
            found.append((self._tail.view, products))
        if len(found) == 1:
            return found[0]
        return np.concatenate([slots for slots, _ in found]), np.concatenate([products for _, products in found])

    def _code_tail(self, whole: Levels, steps: Matrix) -> None:
        coded, n = self._lengths.used, self._tail.used
        if coded == n:
            return
        if self._mean is None:
            self._mean = _mean_of(whole, steps, self._tail.view)
        new, lengths = _codes_of(whole, steps, self._tail.view[coded:], self._mean[None])
        if n > self._codes.shape[1]:
            room = np.zeros((len(new), max(n, 2 * self._codes.shape[1])), np.uint64)
            if coded:
                room[:, :coded] = self._codes[:, :coded]
            self._codes = room
        self._codes[:, coded:n] = new
        self._lengths.append(lengths)

    # Lists

    def plan(self, whole: Levels, steps: Matrix) -> Plan | None:
        """What to give to `make_lists`; None while the lists will do."""
        listed = 0 if self._lists is None else len(self._lists)
        least = max(_LEAST_TAIL, listed // _SHARE_TAIL) if listed else _LISTED
        if self._tail.used < least:
            return None
        return Plan(whole, steps, self._tail.view.copy(), self._lists)

    def install(self, lists: Lists) -> None:
        """Use the lists that were made of the last plan."""
        rest = self._tail.view[len(lists) - (0 if self._lists is None else len(self._lists)) :].copy()
        self._lists = lists
        if self._mean is None:
            self._mean = lists.middles.mean(axis=0)
        self._tail, self._lengths, self._codes = rows_of(rest), Rows(np.float32), np.zeros((0, 0), np.uint64)

    # Keeping

    def arrays(self, slots: Slots) -> dict[str, NDArray[np.generic]]:
        """The lists as arrays, of these slots, which are numbered anew in that order. Empty while there are none."""
        if self._lists is None:
            return {}
        lists, places = self._lists, self._lists.places()
        listed = lists.slots.reshape(-1)[places]
        new = np.full(int(max(listed.max(), slots.max(initial=0))) + 1, -1, np.intp)
        new[slots] = np.arange(len(slots))
        kept = np.flatnonzero(new[listed] >= 0)
        return {
            "middles": lists.middles,
            "list_slots": new[listed[kept]],
            "list_codes": np.take(lists.codes.reshape(len(lists.codes), -1), places[kept], axis=1),
            "list_sizes": np.diff(np.searchsorted(kept, np.cumsum(lists.sizes)), prepend=0),
            "list_lengths": lists.lengths.reshape(-1)[places[kept]],
            "mean": np.zeros(lists.middles.shape[1], np.float32) if self._mean is None else self._mean,
            "learnt_of": np.array([lists.learnt_of]),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]], known: Slots) -> Nearest:
        """What `arrays` was made of; all `known` slots that are in no list are its tail. Raises what `LocalMeanings.of`
        does."""
        made = cls()
        outside = np.ones(int(known.max(initial=-1)) + 1, np.bool_)
        if "middles" in arrays:
            slots, codes = arrays["list_slots"].astype(np.intp), arrays["list_codes"].astype(np.uint64, copy=False)
            lengths, sizes = arrays["list_lengths"].astype(np.float32), arrays["list_sizes"].astype(np.intp)
            if (
                not len(slots) == len(lengths) == codes.shape[1] == int(sizes.sum())
                or len(slots) > len(known)
                or len(sizes) != len(arrays["middles"])
                or int(sizes.min(initial=0)) < 0
            ):
                raise ValueError("the lists are not whole")
            made._mean = arrays["mean"].astype(np.float32)
            middles, learnt_of = arrays["middles"].astype(np.float32), int(arrays["learnt_of"].astype(np.int64)[0])
            of = np.repeat(np.arange(len(sizes)), sizes)
            made._lists = _in_lists(middles, of, slots, codes, lengths, learnt_of)
            outside[slots] = False
        made._tail = rows_of(known[outside[known]])
        return made


def make_lists(plan: Plan) -> Lists:
    """Lists of all vectors: those in lists stay where they are until there are several times as many as when the
    middles were learnt, then all is learnt anew. May take seconds: 1 at 100,000 vectors, 30 at a million."""
    old = plan.lists
    n = len(plan.tail) + (0 if old is None else len(old))
    if old is None or n > _LEARN_AGAIN * old.learnt_of:
        slots = plan.tail if old is None else np.concatenate([old.slots.reshape(-1)[old.places()], plan.tail])
        middles, learnt_of = _learn(plan, slots, min(_MOST_LISTS, int(_LISTS * n**0.5))), n
        of = _lists_of(plan, slots, middles)
        codes, lengths = _codes_of(plan.whole, plan.steps, slots, middles, of)
    else:
        middles, learnt_of, places = old.middles, old.learnt_of, old.places()
        new = _lists_of(plan, plan.tail, middles)
        new_codes, new_lengths = _codes_of(plan.whole, plan.steps, plan.tail, middles, new)
        slots = np.concatenate([old.slots.reshape(-1)[places], plan.tail])
        codes = np.concatenate([np.take(old.codes.reshape(len(new_codes), -1), places, axis=1), new_codes], axis=1)
        lengths = np.concatenate([old.lengths.reshape(-1)[places], new_lengths])
        of = np.concatenate([np.repeat(np.arange(len(old.sizes)), old.sizes), new])
    order = np.argsort(of, kind="stable")
    return _in_lists(middles, of[order], slots[order], codes[:, order], lengths[order], learnt_of)


def _learn(plan: Plan, slots: Slots, lists: int) -> Matrix:
    """Middles of neighbourhoods, by a few rounds of k-means over a sample."""
    chance = np.random.default_rng(lists)
    sample = chance.choice(slots, min(len(slots), _TRAINING * lists), replace=False)
    rows = plan.whole[sample] * plan.steps[sample][:, None]
    middles = rows[:lists].copy()
    for _ in range(_ROUNDS):
        nearest = np.concatenate(
            [(rows[i : i + _AT_ONCE] @ middles.T).argmax(1) for i in range(0, len(rows), _AT_ONCE)]
        )
        order = np.argsort(nearest, kind="stable")
        some, begins = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(rows[order], begins, axis=0)
        middles[some] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return middles


def _lists_of(plan: Plan, slots: Slots, middles: Matrix) -> Slots:
    # What 1 means in a row makes no difference to which middle is nearest.
    parts = [(plan.whole[some].astype(np.float32) @ middles.T).argmax(1) for some in _pieces(slots)]
    return np.concatenate(parts) if parts else np.zeros(0, np.intp)


def _listed(lists: Lists, vector: Matrix, code: NDArray[np.uint64], length: float, most: int) -> tuple[Slots, Matrix]:
    """Those in the lists whose middles are the nearest, at least `most`, and what their products with `vector` of this
    `code` and `length` are about."""
    blocks, near = lists.around(lists.middles @ vector, most)
    codes = np.take(lists.codes, blocks, axis=1).reshape(len(code), -1)
    products = _products(codes, code, np.take(lists.lengths, blocks, axis=0).reshape(-1), length)
    products.reshape(-1, _BLOCK)[:] += near[:, None]
    return np.take(lists.slots, blocks, axis=0).reshape(-1), products


def _products(codes: Codes, code: NDArray[np.uint64], lengths: Matrix, length: float) -> Matrix:
    """What vectors of these `codes (words, n)` and `lengths (n,)` multiplied with one of this code and length give,
    about: as many signs differ as the angle between the two is of a half turn."""
    bits = 64 * len(code)
    over = _differences(codes, code) * np.float32(-np.pi / bits)
    over += np.float32(np.pi / 2)  # by which the angle is below a quarter turn, where its cosine is nearly that
    curve = over * over
    curve *= np.float32(-1 / 6)
    curve += 1
    over *= curve
    over *= lengths
    over *= np.float32(length)
    return over


def _mean_of(whole: Levels, steps: Matrix, slots: Slots) -> Matrix:
    some = slots[:: max(1, len(slots) // _AT_ONCE)]
    return np.asarray((whole[some] * steps[some][:, None]).mean(axis=0), np.float32)


def _codes_of(
    whole: Levels, steps: Matrix, slots: Slots, middles: Matrix, of: Slots | None = None
) -> tuple[Codes, Matrix]:
    """Codes `(words, n)` and lengths of what is left of the vectors of `slots` without the middle that each is `of`;
    None: all of the first."""
    codes: list[Codes] = []
    lengths: list[Matrix] = []
    for begin in range(0, len(slots), _AT_ONCE):
        some = slots[begin : begin + _AT_ONCE]
        left = whole[some] * steps[some][:, None]
        left -= middles[0] if of is None else middles[of[begin : begin + _AT_ONCE]]
        codes.append(_coded(left))
        lengths.append(np.linalg.norm(left, axis=1).astype(np.float32))
    return np.concatenate(codes, axis=1), np.concatenate(lengths)


def _coded(rows: Matrix) -> Codes:
    """The signs of `rows (n, dim)` as bits, `(words, n)`."""
    bits = np.packbits(rows > 0, axis=1)
    padded = np.zeros((len(rows), -(-bits.shape[1] // 8) * 8), np.uint8)
    padded[:, : bits.shape[1]] = bits
    return np.ascontiguousarray(padded.view(np.uint64).T)


def _differences(codes: Codes, code: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """How many bits of each of `codes (words, n)` are not as in `code (words,)`."""
    total = np.zeros(codes.shape[1], np.uint16)
    for row, word in zip(codes, code, strict=True):
        total += np.bitwise_count(row ^ word)
    return total


def _pieces(slots: Slots) -> Iterator[Slots]:
    return (slots[i : i + _AT_ONCE] for i in range(0, len(slots), _AT_ONCE))
