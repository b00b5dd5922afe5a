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

from ioa.adapters.index.rows import Rows, rows_of

Matrix = NDArray[np.float32]
Levels = NDArray[np.int8]
Slots = NDArray[np.intp]
Codes = NDArray[np.uint64]  # (words, n): the first 64 bits of all, then the next

_LISTED = 32_768  # vectors from which on lists are kept
_MOST_LISTS, _LISTS = 1_536, 1.5  # at most; for each square root of the number of vectors
_LOOKED, _SHARE_LOOKED = 24_576, 12  # codes in lists that are looked at: as many, and one of so many if that is more
_LEAST_TAIL, _SHARE_TAIL = 16_384, 16  # vectors outside lists, beyond which they are put into lists
_LEARN_AGAIN = 4  # times as many vectors as the lists were learnt of
_TRAINING = 32  # vectors a list from which the middles are learnt
_ROUNDS = 4
_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class Lists:
    """Vectors by neighbourhood. Never changed.

    middles: `(lists, dim)`. slots: in the order of the lists, as codes and lengths are, those of what is left. ends: of
    each list there. learnt_of: how many vectors there were when the middles were learnt.
    """

    middles: Matrix
    slots: Slots
    codes: Codes
    lengths: Matrix
    ends: Slots
    learnt_of: int


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

    def near(self, vectors: Matrix, k: int, whole: Levels, steps: Matrix) -> list[Slots]:
        """For each of `vectors (v, dim)` the slots of about `k` of `whole (n, dim)` that are likely the nearest."""
        self._code_tail(whole, steps)
        if self._mean is None:
            return [np.zeros(0, np.intp) for _ in vectors]
        codes = _coded(vectors)
        return [self._near(vector, code, k, self._mean) for vector, code in zip(vectors, codes.T, strict=True)]

    def _near(self, vector: Matrix, code: NDArray[np.uint64], k: int, mean: Matrix) -> Slots:
        slots: list[Slots] = []
        codes: list[Codes] = []
        lengths: list[Matrix] = []
        middles: list[Matrix] = []
        sizes: list[Slots] = []
        coded = self._lengths.used
        if coded:
            slots.append(self._tail.view)
            codes.append(self._codes[:, :coded])
            lengths.append(self._lengths.view)
            middles.append(np.array([mean @ vector], np.float32))
            sizes.append(np.array([coded]))
        if self._lists is not None:
            lists = self._lists
            near = lists.middles @ vector
            chosen, begins, ends = _looked_at(near, lists)
            middles.append(near[chosen])
            sizes.append(ends - begins)
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
                slots.append(lists.slots[begin:end])
                codes.append(lists.codes[:, begin:end])
                lengths.append(lists.lengths[begin:end])
        found = np.concatenate(slots)
        if len(found) <= k:
            return found
        apart = _differences(np.concatenate(codes, axis=1), code)
        bits = len(vector)
        cosines = np.sin(np.pi / 2 - np.pi / bits * np.arange(64 * len(code) + 1))  # by how many bits differ
        score = (cosines * np.linalg.norm(vector)).astype(np.float32)[apart]
        score *= np.concatenate(lengths)
        score += np.repeat(np.concatenate(middles), np.concatenate(sizes)).astype(np.float32)
        return found[np.argpartition(score, len(score) - k)[len(score) - k :]]

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
        listed = 0 if self._lists is None else len(self._lists.slots)
        least = max(_LEAST_TAIL, listed // _SHARE_TAIL) if listed else _LISTED
        if self._tail.used < least:
            return None
        return Plan(whole, steps, self._tail.view.copy(), self._lists)

    def install(self, lists: Lists) -> None:
        """Use the lists that were made of the last plan."""
        rest = self._tail.view[len(lists.slots) - (0 if self._lists is None else len(self._lists.slots)) :].copy()
        self._lists = lists
        if self._mean is None:
            self._mean = lists.middles.mean(axis=0)
        self._tail, self._lengths, self._codes = rows_of(rest), Rows(np.float32), np.zeros((0, 0), np.uint64)

    # Keeping

    def arrays(self, slots: Slots) -> dict[str, NDArray[np.generic]]:
        """The lists as arrays, of these slots, which are numbered anew in that order. Empty while there are none."""
        if self._lists is None:
            return {}
        lists = self._lists
        new = np.full(int(max(lists.slots.max(), slots.max(initial=0))) + 1, -1, np.intp)
        new[slots] = np.arange(len(slots))
        kept = np.flatnonzero(new[lists.slots] >= 0)
        sizes = np.diff(np.searchsorted(kept, lists.ends), prepend=0)
        return {
            "middles": lists.middles,
            "list_slots": new[lists.slots[kept]],
            "list_codes": lists.codes[:, kept],
            "list_sizes": sizes,
            "list_lengths": lists.lengths[kept],
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
            slots, codes = arrays["list_slots"].astype(np.intp), arrays["list_codes"].astype(np.uint64)
            ends = np.cumsum(arrays["list_sizes"]).astype(np.intp)
            lengths = arrays["list_lengths"].astype(np.float32)
            if (
                not len(slots) == len(lengths) == codes.shape[1]
                or len(slots) > len(known)
                or (len(ends) and ends[-1] != len(slots))
            ):
                raise ValueError("the lists are not whole")
            made._mean = arrays["mean"].astype(np.float32)
            middles, learnt_of = arrays["middles"].astype(np.float32), int(arrays["learnt_of"].astype(np.int64)[0])
            made._lists = Lists(middles, slots, codes, lengths, ends, learnt_of)
            outside[slots] = False
        made._tail = rows_of(known[outside[known]])
        return made


def make_lists(plan: Plan) -> Lists:
    """Lists of all vectors: those in lists stay where they are until there are several times as many as when the
    middles were learnt, then all is learnt anew. May take seconds: 1 at 100,000 vectors, 30 at a million."""
    old = plan.lists
    n = len(plan.tail) + (0 if old is None else len(old.slots))
    if old is None or n > _LEARN_AGAIN * old.learnt_of:
        slots = plan.tail if old is None else np.concatenate([old.slots, plan.tail])
        middles, learnt_of = _learn(plan, slots, min(_MOST_LISTS, int(_LISTS * n**0.5))), n
        of = _lists_of(plan, slots, middles)
        codes, lengths = _codes_of(plan.whole, plan.steps, slots, middles, of)
    else:
        middles, learnt_of = old.middles, old.learnt_of
        new = _lists_of(plan, plan.tail, middles)
        new_codes, new_lengths = _codes_of(plan.whole, plan.steps, plan.tail, middles, new)
        slots, codes = np.concatenate([old.slots, plan.tail]), np.concatenate([old.codes, new_codes], axis=1)
        lengths = np.concatenate([old.lengths, new_lengths])
        of = np.concatenate([np.repeat(np.arange(len(old.ends)), np.diff(old.ends, prepend=0)), new])
    order = np.argsort(of, kind="stable")
    ends = np.cumsum(np.bincount(of, minlength=len(middles))).astype(np.intp)
    return Lists(middles, slots[order], np.ascontiguousarray(codes[:, order]), lengths[order], ends, learnt_of)


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


def _looked_at(near: Matrix, lists: Lists) -> tuple[Slots, Slots, Slots]:
    """The lists whose middles are the nearest, as many as hold enough: their numbers, and where they begin and end."""
    sizes = np.diff(lists.ends, prepend=0)
    order = np.argsort(-near)
    wanted = max(_LOOKED, len(lists.slots) // _SHARE_LOOKED)
    chosen = order[: int(np.searchsorted(np.cumsum(sizes[order]), wanted)) + 1]
    ends = lists.ends[chosen]
    return chosen, ends - sizes[chosen], ends


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
