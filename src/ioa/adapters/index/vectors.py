"""Keeping embeddings: by digest of the text and model, so that no text is embedded twice.

A hub that wants its vectors to outlive it gives a `VectorStore` over its own database; the others use `MemoryVectors`.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol


class VectorStore(Protocol):
    """Where vectors are kept between runs. Called from any thread; keys come from `vector_key`.

    A vector is the bytes of 384 little-endian float16 (768 bytes): half of float32, and the rounding
    (cosine 0.9999997) is far below that of the model. A store may forget what it likes.
    """

    def get_many(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """The vectors of those keys that are known."""
        ...

    def put_many(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep these vectors, replacing older ones of the same key."""
        ...


class MemoryVectors:
    """A `VectorStore` of bounded size in memory that forgets what was not used for longest."""

    def __init__(self, most: int = 4096) -> None:
        """Keep at most `most` vectors (768 bytes each, about 1 kB with the bookkeeping)."""
        if most < 1:
            raise ValueError(f"most = {most}: must be at least 1")
        self._most = most
        self._lock = threading.Lock()
        self._vectors: OrderedDict[bytes, bytes] = OrderedDict()

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        with self._lock:
            for key in keys:
                vector = self._vectors.get(key)
                if vector is not None:
                    self._vectors.move_to_end(key)
                    found[key] = vector
        return found

    def put_many(self, vectors: Mapping[bytes, bytes]) -> None:
        with self._lock:
            for key, vector in vectors.items():
                self._vectors[key] = vector
                self._vectors.move_to_end(key)
            while len(self._vectors) > self._most:
                self._vectors.popitem(last=False)

    def __len__(self) -> int:
        return len(self._vectors)


def vector_key(model: str, text: str) -> bytes:
    """16 bytes that name the vector of `text` under `model` (the digest of the model file): a new model, new keys."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16, key=model.encode()[:64]).digest()
