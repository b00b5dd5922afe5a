"""Very many cards with vectors, made of the few real ones of the labelled sets.

A card says sentences of one to three real cards, with some words changed for others as common; its vectors are the
real embeddings of those cards and sentences, moved in a random direction. So words are as common as in the real
sets, and vectors lie together as real ones do; to embed a million cards would take 5 hours. The queries are the real
ones, with their real embeddings.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.ranking import load
from ioa.adapters.index.embedding import MiniLM, unit
from ioa.adapters.index.phrases import parts_of_card
from ioa.adapters.index.vectors import VectorStore
from ioa.adapters.index.words import separated

_CHANGED = 0.15  # of the words of a card
_MOVED = 0.6  # length of the random direction that is added to a vector of length 1
_TOGETHER = 1_000


class Crowd:
    """Cards by number, the same for the same seed: `cards(first, count)`. As an embedder it knows the vectors of the
    cards that were made last, and asks the real model for every other text."""

    def __init__(self, sets: Sequence[Path], model: MiniLM, *, seed: int = 1) -> None:
        self._model = model
        self._seed = seed
        loaded = [load(folder) for folder in sets]
        # Of a set as many as of the others: one of them is larger than the rest together.
        self.queries = [text for data in loaded for text, _ in random.Random(seed).sample(data.queries, 100)]
        self._real: list[tuple[list[str], np.ndarray, np.ndarray]] = []
        texts = [f"{separated(name)}: {text}" for data in loaded for name, text in data.cards.values()]
        parts = [parts_of_card(text) or [text] for data in loaded for _, text in data.cards.values()]
        rows = iter(model.embed(texts + [part for some in parts for part in some]))
        wholes = [next(rows) for _ in texts]
        for whole, some in zip(wholes, parts, strict=True):
            self._real.append((some, whole, np.stack([next(rows) for _ in some])))
        self._words = [word for some, _, _ in self._real for part in some for word in part.split()]
        self._known: dict[str, np.ndarray] = {}

    def cards(self, first: int, count: int) -> list[tuple[str, str]]:
        """(name, text) of some cards; their vectors are known until the next are made."""
        self._known = {}
        chance = random.Random(f"{self._seed} {first}")
        noise = np.random.default_rng([self._seed, first])
        made: list[tuple[str, str]] = []
        keys: list[str] = []
        rows: list[np.ndarray] = []
        for number in range(first, first + count):
            several = chance.choices(self._real, k=chance.choice((1, 1, 2, 3)))
            said = [self._said(chance, part) for parts, _, _ in several for part in parts]
            name, text = f"{chance.choice(self._words)[:20]} {number}", "\n".join(said)
            made.append((name, text))
            keys.append(f"{separated(name)}: {text}")
            rows.append(np.mean([whole for _, whole, _ in several], axis=0))
            vectors = np.concatenate([parts for _, _, parts in several])
            # The index takes cards apart by itself; a part of it is near what it was made of.
            for i, part in enumerate(parts_of_card(text)):
                keys.append(part)
                rows.append(vectors[min(i, len(vectors) - 1)])
        moved = noise.standard_normal((len(rows), len(rows[0])), dtype=np.float32)
        near = np.asarray(unit(np.asarray(rows, np.float32)) + _MOVED * unit(moved), np.float32)
        self._known = dict(zip(keys, unit(near), strict=True))
        return made

    def _said(self, chance: random.Random, part: str) -> str:
        return " ".join(chance.choice(self._words) if chance.random() < _CHANGED else word for word in part.split())

    def batches(self, count: int) -> Iterator[list[tuple[str, str]]]:
        """All of `count` cards, a thousand at a time."""
        for first in range(0, count, _TOGETHER):
            yield self.cards(first, min(_TOGETHER, count - first))

    # An embedder

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        if all(text in self._known for text in texts):
            return np.stack([self._known[text] for text in texts])
        return self._model.embed(texts)

    def describe(self) -> str:
        return f"made-up vectors, {hashlib.sha256(str(self._seed).encode()).hexdigest()[:8]}"


def crowd(sets: Sequence[Path], store: VectorStore) -> Crowd:
    """Made of all the real cards of these folders, whose embeddings are looked for in `store` first."""
    return Crowd(sets, MiniLM(recent=100_000, store=store))
