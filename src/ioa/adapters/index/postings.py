"""Words to scores: BM25 over cards that come and go.

A card takes a slot, a small number that names its row in every array; a changed card takes a new one. What is
left of the old ones is swept out when it is a third of the whole, so putting and removing cost what the card's
own words cost.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009).
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

_K1, _B = 1.2, 0.75
BEST_BM25 = _K1 + 1  # of a term that fills a card, in units of its rarity


class Postings:
    """Term frequencies by term, and lengths by slot. Not thread-safe: its owner has the lock."""

    def __init__(self) -> None:
        self._slots: dict[str, array[int]] = {}
        self._counts: dict[str, array[float]] = {}
        self._lengths = array("f")
        self._alive = 0
        self._total = 0.0
        self._frequency: Counter[str] = Counter()  # in how many living cards a term is

    def add(self, terms: Mapping[str, float]) -> int:
        """Index a card's terms (how often each occurs, weighted); its slot is one more than that of the last."""
        slot = len(self._lengths)
        length = float(sum(terms.values()))
        for term, count in terms.items():
            if term not in self._slots:
                self._slots[term], self._counts[term] = array("i"), array("f")
            self._slots[term].append(slot)
            self._counts[term].append(count)
        self._frequency.update(terms.keys())
        self._lengths.append(length)
        self._alive += 1
        self._total += length
        return slot

    def drop(self, slot: int, terms: Mapping[str, float]) -> None:
        """Forget the card in `slot`, which was added with `terms`. The slot stays, and scores as chance has it."""
        self._frequency.subtract(terms.keys())
        self._alive -= 1
        self._total -= self._lengths[slot]

    def has(self, term: str) -> bool:
        """Whether some living card says `term`."""
        return self._frequency.get(term, 0) > 0

    def rarity(self, term: str) -> float:
        """Inverse document frequency, above 0; that of an unknown term is the highest."""
        n, df = self._alive, self._frequency.get(term, 0)
        return math.log(1 + (n - df + 0.5) / (df + 0.5))

    def score(self, query: Sequence[str]) -> Scores:
        """BM25 of every slot `(n_slots,)` for a query's distinct terms."""
        scores = np.zeros(len(self._lengths), np.float32)
        if not self._alive:
            return scores
        lengths = np.frombuffer(self._lengths, np.float32)
        mean = max(self._total / self._alive, 1e-9)
        for term in dict.fromkeys(query):
            if term not in self._slots:
                continue
            slots = np.frombuffer(self._slots[term], np.intc)
            counts = np.frombuffer(self._counts[term], np.float32)
            damping = _K1 * (1 - _B + _B / mean * lengths[slots])
            scores[slots] += np.float32(self.rarity(term) * (_K1 + 1)) * counts / (counts + damping)
        return scores
