"""The engines that keep vectors elsewhere, by where they are. Imports none of them before it is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ioa.adapters.index.remote import Engine

_KINDS = "memory, postgresql://… (pgvector), milvus+http://HOST:19530, milvus+https://… or milvus:FILE.db (milvus-lite)"


def engine_at(where: str) -> Callable[[], Engine] | None:
    """What opens the engine at `where`, and raises `MeaningsUnavailable` if it is not there; None for memory.

    Raises ValueError for what names no engine.
    """
    if where == "memory":
        return None
    if where.startswith(("postgresql://", "postgres://")):

        def open_pgvector() -> Engine:
            from ioa.adapters.index.pgvector import PgVectors

            return PgVectors(where)

        return open_pgvector
    kind, _, rest = where.partition("+" if where.startswith("milvus+http") else ":")
    if kind == "milvus" and (rest.startswith(("http://", "https://")) or rest.endswith(".db")):

        def open_milvus() -> Engine:
            from ioa.adapters.index.milvus import MilvusVectors

            return MilvusVectors(rest)

        return open_milvus
    raise ValueError(f"index {where.rpartition('@')[2]!r} is none that is known; give {_KINDS}")
