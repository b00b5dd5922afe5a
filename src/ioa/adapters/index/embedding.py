"""Text to a vector of meaning, each text once: tokenizer, network and caches of all-MiniLM-L6-v2 put together.

Importing this imports numpy; do it where meaning is first needed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from ioa.adapters.index.blas import one_core
from ioa.adapters.index.minilm import DIGESTS, VOCABULARY, WEIGHTS, WIDTH, Matrix, Network
from ioa.adapters.index.vectors import MemoryVectors, VectorStore, vector_key
from ioa.adapters.index.wordpiece import WordPiece, normalise

_FOLDER = Path(__file__).parent / "model"
_STORED = np.dtype("<f2")
# Texts that go through the network together. Eight share most of the cost of reading the weights; more only make
# everything else of this process wait longer for the core (0.1 s).
_BATCH = 8


class MeaningUnavailable(Exception):
    """The model cannot be loaded here. The text says what is missing and how to mend it."""


class Embedder(Protocol):
    """What the index needs of a model of meaning."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """`(len(texts), dim) float32`, L2-normalised; thread-safe, and the same for a text whatever its company."""
        ...

    def describe(self) -> str:
        """One line about the model, for people."""
        ...


class MiniLM:
    """The model that ships with the package: 10 to 15 ms of CPU a lone query and 20 to 30 a card of 40 tokens, on one
    core of a busy machine; 0.3 to 0.5 ms a token in a batch.

    What was embedded lately is remembered; what `store` holds is not computed, and what is computed is given to it.
    """

    def __init__(self, *, recent: int = 4096, store: VectorStore | None = None, folder: Path = _FOLDER) -> None:
        """Load the model (0.2 s, 80 MB); raise MeaningUnavailable if a file is missing or not the one that shipped.

        `recent` is how many vectors are remembered in memory.
        """
        try:
            self._digest = _checked_digest(folder)
            self._tokenizer = WordPiece(folder / VOCABULARY)
            self._network = Network(folder / WEIGHTS)
        except (OSError, ValueError, KeyError) as error:
            raise MeaningUnavailable(
                f"the model of meaning cannot be read ({error}); install internet-of-agents again"
            ) from error
        self._recent = MemoryVectors(recent)
        self._store = store

    def embed(self, texts: Sequence[str]) -> Matrix:
        """`(len(texts), 384) float32`, L2-normalised (after rounding to float16, so that a cache changes nothing)."""
        if not texts:
            return np.zeros((0, WIDTH), np.float32)
        # Spellings that the tokenizer does not tell apart (case, accents, blanks) are one text.
        keys = [vector_key(self._digest, " ".join(normalise(text).split())) for text in texts]
        known = dict(self._recent.get_many(keys))
        if self._store is not None and len(known) < len(set(keys)):
            known |= self._store.get_many([key for key in dict.fromkeys(keys) if key not in known])
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            known |= self._compute(missing)
        self._recent.put_many({key: known[key] for key in keys})
        rows = np.frombuffer(b"".join(known[key] for key in keys), _STORED).reshape(len(keys), WIDTH)
        return unit(rows.astype(np.float32))

    def _compute(self, texts: dict[bytes, str]) -> dict[bytes, bytes]:
        made: dict[bytes, bytes] = {}
        # Texts of like length together: each batch then takes about as long as it has texts.
        ids = sorted(((key, self._tokenizer.encode(text)) for key, text in texts.items()), key=lambda e: len(e[1]))
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            with one_core():
                rows = self._network.forward([tokens for _, tokens in batch])
            new = {key: row.astype(_STORED).tobytes() for (key, _), row in zip(batch, rows, strict=True)}
            if self._store is not None:
                self._store.put_many(new)
            made |= new
        return made

    def describe(self) -> str:
        return f"all-MiniLM-L6-v2, int8 weights, {WIDTH} dimensions, numpy {np.__version__}"


def unit(rows: Matrix) -> Matrix:
    """Rows `(n, dim)` divided by their lengths; rows of zeros stay so."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / np.maximum(length, 1e-12)).astype(np.float32)


def _checked_digest(folder: Path) -> str:
    """The SHA-256 of the model file, after comparing both files with the digests they were shipped with."""
    expected = cast("dict[str, str]", json.loads((folder / DIGESTS).read_text(encoding="utf-8")))
    for name in (WEIGHTS, VOCABULARY):
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != expected[name]:
            raise ValueError(f"{folder / name} has SHA-256 {found}, expected {expected[name]}")
    return expected[WEIGHTS]
