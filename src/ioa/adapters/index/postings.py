"""Words to scores: BM25 over cards that come and go.

A card takes a slot, a small number that names its row in every array; a changed card takes a new one. What is
left of the old ones is swept out when it is half of the whole, so putting and removing cost what the card's
own words cost.

All cards can be scored exactly (`score`), or some (`score_of`). Among very many `top` finds the likely ones: it adds
up rounded contributions, of which those of common terms are kept as one small number a card, because adding those
is what processors are quickest at.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009).
"""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ioa.adapters.index.rows import Rows, ranges, rows_of

Scores = NDArray[np.float32]
Slots = NDArray[np.intp]
Sums = NDArray[np.uint16]

_K1, _B = 1.2, 0.75
BEST_BM25 = _K1 + 1  # of a term that fills a card, in units of its rarity

_UNIT = 40  # steps of a rounded contribution, per 1 of BM25: the most that a common term gives is 2.2 ln 17 < 255 / 40
_COMMON = 16  # a term is common if one card of so many has it
STEP = 1 / _UNIT  # of `sums`
_MOST_SUM = 60_000  # rounded contributions are summed in 16 bits
_PREPARED_BYTES = 256 * 2**20  # of rounded contributions, beyond which those not used for longest are forgotten
_DRIFT = 0.03  # a rounded contribution is made anew when the rarity or mean length it was made with is off by more
_STRIDE = 64
_FEW_GROUPS = 8  # one of so many, which are looked at instead of all


@dataclass(slots=True)
class _Term:
    """In which slots a term is, ascending, and how often; in how many living cards."""

    slots: array[int]
    counts: array[int]
    alive: int


@dataclass(frozen=True, slots=True)
class _ReadTerms:
    """`slots` and `counts` of some terms one after the other, of each up to its end. To take apart a million terms,
    of which hardly one is asked for, takes seconds."""

    slots: NDArray[np.int32]
    counts: NDArray[np.uint8]
    ends: Slots


@dataclass(slots=True)
class _Prepared:
    """Rounded contributions of a term: of every slot (`slots` None), or of these slots."""

    slots: Slots | None
    steps: NDArray[np.uint16] | NDArray[np.uint8]
    postings: int
    upto: int  # slots covered
    rarity: float
    mean: float
    most: int


class Postings:
    """Term frequencies by term, lengths and terms by slot. Not thread-safe: its owner has the lock."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._terms: list[_Term | None] = []  # None: still among those that were read
        self._read = _ReadTerms(np.zeros(0, np.int32), np.zeros(0, np.uint8), np.zeros(0, np.intp))
        self._lengths: Rows[np.float32] = Rows(np.float32)
        # What each card says: its part of `said` begins at `starts`, and ends where that of the next one begins.
        self._starts: Rows[np.int64] = Rows(np.int64)
        self._said: Rows[np.int32] = Rows(np.int32)
        self._times: Rows[np.uint8] = Rows(np.uint8)
        self._alive = 0
        self._total = 0.0
        self._prepared: OrderedDict[int, _Prepared] = OrderedDict()
        self._prepared_bytes = 0
        self._sums: Sums = np.zeros((0, 0), np.uint16)
        self._asked = np.zeros(0, np.int16)  # by term: its place among those of a query, -1 else

    # Cards

    def add(self, terms: Mapping[str, float]) -> int:
        """Index a card's terms (how often each occurs); its slot is one more than that of the last."""
        slot = self._lengths.used
        ids: list[int] = []
        counts: list[int] = []
        for term, times in terms.items():
            number = self._ids.get(term)
            if number is None:
                number = self._ids[term] = len(self._terms)
                self._terms.append(_Term(array("i"), array("B"), 0))
            count = min(int(times), 255)
            entry = self._term(number)
            entry.slots.append(slot)
            entry.counts.append(count)
            entry.alive += 1
            ids.append(number)
            counts.append(count)
        length = float(sum(counts))
        self._lengths.append([length])
        self._starts.append([self._said.used])
        self._said.append(ids)
        self._times.append(counts)
        self._alive += 1
        self._total += length
        return slot

    def drop(self, slot: int) -> None:
        """Forget the card in `slot`. The slot stays, and scores as chance has it."""
        said: list[int] = self._said.view[self._span(slot)].tolist()
        for number in said:
            self._term(number).alive -= 1
        self._alive -= 1
        self._total -= float(self._lengths.view[slot])

    def _term(self, number: int) -> _Term:
        term = self._terms[number]
        if term is None:
            ends = self._read.ends
            of = slice(int(ends[number - 1]) if number else 0, int(ends[number]))
            slots, counts = self._read.slots[of], self._read.counts[of]
            term = self._terms[number] = _Term(array("i", slots.tobytes()), array("B", counts.tobytes()), len(slots))
        return term

    def _span(self, slot: int) -> slice:
        starts = self._starts.view
        return slice(int(starts[slot]), int(starts[slot + 1]) if slot + 1 < len(starts) else self._said.used)

    @property
    def cards(self) -> int:
        """How many are alive."""
        return self._alive

    # Keeping

    def arrays(self, slots: Slots) -> dict[str, NDArray[np.generic]]:
        """The cards of `slots`, all of them alive, as arrays that `of` makes postings of again, in that order."""
        starts = np.append(self._starts.view, self._said.used)
        sizes = (starts[1:] - starts[:-1])[slots]
        rows = ranges(starts[slots], sizes)
        said = self._said.view[rows]
        used = np.zeros(len(self._terms), np.bool_)
        used[said] = True
        renamed = (np.cumsum(used) - 1).astype(np.int32)
        words = "\n".join(term for term, number in self._ids.items() if used[number])
        said, times = renamed[said], self._times.view[rows]
        order = np.argsort(said, kind="stable")
        return {
            "words": np.frombuffer(words.encode(), np.uint8),
            "said": said,
            "times": times,
            "sizes": sizes.astype(np.int32),
            # The same by terms, because to sort them takes longer than to read them.
            "slots": np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[order],
            "counts": times[order],
            "ends": np.cumsum(np.bincount(said, minlength=int(used.sum()))),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Postings:
        """What `arrays` was made of. Raises KeyError or ValueError if it is not whole."""
        made = cls()
        words = arrays["words"].tobytes().decode().split("\n") if len(arrays["words"]) else []
        said, times = arrays["said"].astype(np.int32), arrays["times"].astype(np.uint8)
        sizes = arrays["sizes"].astype(np.int64)
        if len(said) != int(sizes.sum()) or len(times) != len(said) or (len(said) and int(said.max()) >= len(words)):
            raise ValueError("the postings are not whole")
        starts = np.cumsum(sizes) - sizes
        slots, counts = arrays["slots"].astype(np.int32, copy=False), arrays["counts"].astype(np.uint8, copy=False)
        ends = arrays["ends"].astype(np.intp)
        if not (
            len(slots) == len(counts) == len(said)
            and len(ends) == len(words)
            and bool((np.diff(ends, prepend=0) >= 0).all())
            and int(ends.max(initial=0)) == len(said)
            and -1 < int(slots.min(initial=0)) <= int(slots.max(initial=0)) < max(len(sizes), 1)
        ):
            raise ValueError("the postings by terms are not whole")
        made._ids = {word: number for number, word in enumerate(words)}
        if len(made._ids) != len(words):
            raise ValueError("the postings name a word twice")
        made._terms = [None for _ in words]
        made._read = _ReadTerms(slots, counts, ends)
        sums = np.concatenate([np.zeros(1), np.cumsum(times, dtype=np.float64)])
        made._lengths = rows_of((sums[starts + sizes] - sums[starts]).astype(np.float32))
        made._starts, made._said, made._times = rows_of(starts), rows_of(said), rows_of(times)
        made._alive, made._total = len(sizes), float(sums[-1])
        return made

    # Scores

    def has(self, term: str) -> bool:
        """Whether some living card says `term`."""
        number = self._ids.get(term)
        return number is not None and self._term(number).alive > 0

    def rarity(self, term: str) -> float:
        """Inverse document frequency, above 0; that of an unknown term is the highest."""
        number = self._ids.get(term)
        return self._rarity(0 if number is None else self._term(number).alive)

    def _rarity(self, cards: int) -> float:
        return math.log(1 + (self._alive - cards + 0.5) / (cards + 0.5))

    @property
    def _mean(self) -> float:
        return max(self._total / max(self._alive, 1), 1e-9)

    def _known(self, query: Iterable[str]) -> list[_Term]:
        numbers = (self._ids.get(term) for term in dict.fromkeys(query))
        return [self._term(number) for number in numbers if number is not None]

    def _damping(self, slots: NDArray[np.integer]) -> Scores:
        return _K1 * (1 - _B + _B / self._mean * self._lengths.view[slots])

    def _contributions(self, term: _Term, slots: NDArray[np.integer], counts: NDArray[np.generic]) -> Scores:
        damping = self._damping(slots)
        times = counts.astype(np.float32)
        return np.asarray(np.float32(self._rarity(term.alive) * BEST_BM25) * times / (times + damping), np.float32)

    def score(self, query: Sequence[str]) -> Scores:
        """BM25 of every slot `(n_slots,)` for a query's distinct terms."""
        scores = np.zeros(self._lengths.used, np.float32)
        for term in self._known(query) if self._alive else ():
            slots = np.frombuffer(term.slots, np.intc)
            scores[slots] += self._contributions(term, slots, np.frombuffer(term.counts, np.uint8))
        return scores

    def score_of(self, queries: Sequence[Sequence[str]], slots: Slots) -> Scores:
        """BM25 of these slots for some queries, `(queries, len(slots))`; exactly what `score` says of them."""
        asked = {word: self._ids[word] for query in queries for word in query if word in self._ids}
        if not asked or not len(slots):
            return np.zeros((len(queries), len(slots)), np.float32)
        places = {word: place for place, word in enumerate(asked)}
        # Which of the terms that these cards say are asked for: what a card says is less than in which cards a term is.
        if len(self._asked) < len(self._terms):
            self._asked = np.full(2 * len(self._terms), -1, np.int16)
        numbers = list(asked.values())
        self._asked[numbers] = np.arange(len(numbers))
        starts = self._starts.view
        begins = starts[slots]
        last = len(starts) - 1
        sizes = np.where(slots < last, starts[np.minimum(slots + 1, last)], self._said.used) - begins
        rows = ranges(begins, sizes)
        which = self._asked[self._said.view[rows]]
        self._asked[numbers] = -1
        said = np.flatnonzero(which >= 0)
        term, card = which[said], np.repeat(np.arange(len(slots)), sizes)[said]
        rarities = np.array([self._rarity(self._term(number).alive) * BEST_BM25 for number in numbers], np.float32)
        damping = self._damping(slots)[card]
        times = self._times.view[rows[said]].astype(np.float32)
        given = np.zeros((len(numbers), len(slots)), np.float32)
        given[term, card] = rarities[term] * times / (times + damping)
        return np.stack(
            [given[[places[word] for word in dict.fromkeys(query) if word in places]].sum(axis=0) for query in queries]
        )

    def sums(self, queries: Sequence[Sequence[str]]) -> Sums:
        """About `score` for some queries, `(queries, n_slots)`, in steps of `STEP`. Overwritten by the next call."""
        n = self._lengths.used
        padded = -(-n // _STRIDE) * _STRIDE
        rows, room = self._sums.shape
        if rows < len(queries) or room < padded:
            # Kept from search to search: fresh memory costs as much as what is done in it.
            room = room if room >= padded else padded + padded // 4
            self._sums = np.zeros((max(len(queries), rows), room), np.uint16)
        for total, query in zip(self._sums, queries, strict=False):
            self._add_up(total[:padded], query)
        return self._sums[: len(queries), :padded]

    def _add_up(self, total: NDArray[np.uint16], query: Sequence[str]) -> None:
        most = 0
        prepared: list[_Prepared] = []
        for term in sorted(self._known(query), key=lambda known: known.alive):
            prepared.append(self._contributions_of(term))
            most += prepared[-1].most
            if most > _MOST_SUM:
                prepared.pop()
                break  # a query of that many terms is decided by its rare ones
        rows = [of_term.steps for of_term in prepared if of_term.slots is None]
        if rows:  # the first is written, the others are added: that is one pass over the sums less
            total[: len(rows[0])] = rows[0]
        total[len(rows[0]) if rows else 0 :] = 0
        for row in rows[1:]:
            np.add(total[: len(row)], row, out=total[: len(row)])
        for of_term in prepared:
            if of_term.slots is not None:
                total[of_term.slots] += of_term.steps

    def _contributions_of(self, term: _Term) -> _Prepared:
        number, rarity, mean = id(term), self._rarity(term.alive), self._mean
        old = self._prepared.get(number)
        if old is not None:
            close = abs(old.rarity - rarity) <= _DRIFT * rarity and abs(old.mean - mean) <= _DRIFT * mean
            if close and old.postings == len(term.slots):
                self._prepared.move_to_end(number)
                return old
            self._forget(number)
            if not close:
                old = None
        new = self._prepare(term, rarity, mean, old)
        self._prepared[number] = new
        self._prepared_bytes += _bytes(new)
        while self._prepared_bytes > _PREPARED_BYTES and len(self._prepared) > 1:
            self._forget(next(iter(self._prepared)))
        return new

    def _forget(self, number: int) -> None:
        self._prepared_bytes -= _bytes(self._prepared.pop(number))

    def _prepare(self, term: _Term, rarity: float, mean: float, old: _Prepared | None) -> _Prepared:
        """`old` is what was made of the first postings, and still right for those."""
        n = self._lengths.used
        dense = len(term.slots) * _COMMON > n and rarity * BEST_BM25 * _UNIT < 255
        done = old.postings if old is not None and dense and old.slots is None else 0
        slots = np.frombuffer(term.slots, np.intc)[done:]
        steps = self._contributions(term, slots, np.frombuffer(term.counts, np.uint8)[done:])
        rounded = np.maximum(np.rint(steps * _UNIT), 1)
        most = math.ceil(rarity * BEST_BM25 * _UNIT)
        if not dense:
            return _Prepared(slots.astype(np.intp), rounded.astype(np.uint16), len(slots), n, rarity, mean, most)
        row = np.zeros(n, np.uint8)
        if old is not None and done:
            row[: old.upto] = old.steps
        row[slots] = rounded
        return _Prepared(None, row, done + len(slots), n, rarity, mean, most)


def _bytes(prepared: _Prepared) -> int:
    return prepared.steps.nbytes + (0 if prepared.slots is None else prepared.slots.nbytes)


def highest(total: NDArray[np.uint16], k: int) -> Slots:
    """The places of `k` of the highest values above 0; of all of them if they are fewer."""
    # Of groups of values the highest: as many as k of these are at least the k-th, so no other group need be looked at.
    groups = total.reshape(_STRIDE, -1)
    tops = groups.max(axis=0)
    least = max(int(np.partition(tops, len(tops) - k)[len(tops) - k]) if k < len(tops) else 0, 1)
    among = np.flatnonzero(tops >= least)
    if len(among) > len(tops) // _FEW_GROUPS:
        places = np.flatnonzero(total >= least)
    else:
        row, column = np.divmod(np.flatnonzero(groups[:, among] >= least), max(len(among), 1))
        places = row * groups.shape[1] + among[column]
    if len(places) <= k:
        return places
    values = total[places]
    return places[np.argpartition(values, len(values) - k)[len(values) - k :]]
