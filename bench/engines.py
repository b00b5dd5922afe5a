"""Other engines that find neighbours among vectors, each with the same rows `(n, 384) float32` of length 1."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ioa.adapters.index.remote import Row

if TYPE_CHECKING:
    from ioa.testing.servers.postgres import PostgresServer

_HITS = 10
_AT_ONCE = 1_000
_MOST_PGVECTOR, _MOST_MILVUS, _MOST_USEARCH = (
    20_000,
    20_000,
    100_000,
)  # rows beyond which building takes longer than all the rest


@dataclass(frozen=True)
class Neighbours:
    """A built engine. near: the numbers of the ten nearest rows. cpu_s: that were used so far. own_process: by ours."""

    name: str
    near: Callable[[np.ndarray], Sequence[int]]
    cpu_s: Callable[[], float]
    mib: Callable[[], int]
    own_process: bool = True


Maker = Callable[[np.ndarray, Path], AbstractContextManager[Neighbours]]


def neighbours(size: int) -> list[Maker]:
    """Those that are measured among so many."""
    return [
        exact_numpy,
        *([usearch] if size <= _MOST_USEARCH else []),
        *([pgvector] if size <= _MOST_PGVECTOR else []),
        *([milvus_lite] if size <= _MOST_MILVUS else []),
    ]


@contextmanager
def exact_numpy(rows: np.ndarray, folder: Path) -> Generator[Neighbours]:
    def near(question: np.ndarray) -> list[int]:
        return np.argpartition(-(rows @ question), _HITS)[:_HITS].tolist()

    yield Neighbours("numpy, float32, exact", near, time.process_time, lambda: rows.nbytes // 2**20)


@contextmanager
def usearch(rows: np.ndarray, folder: Path) -> Generator[Neighbours]:
    from usearch.index import Index

    index = Index(ndim=rows.shape[1], metric="cos", dtype="bf16", expansion_search=128)
    index.add(np.arange(len(rows)), rows, threads=1)

    def near(question: np.ndarray) -> list[int]:
        return index.search(question, _HITS, threads=1).keys.tolist()

    yield Neighbours("usearch, bf16 HNSW", near, time.process_time, lambda: index.memory_usage // 2**20)


@contextmanager
def pgvector(rows: np.ndarray, folder: Path) -> Generator[Neighbours]:
    import psycopg

    from ioa.adapters.index.pgvector import PgVectors
    from ioa.testing.servers.postgres import PostgresServer

    with PostgresServer() as server:
        url = server.database()
        engine = PgVectors(url)
        for first in range(0, len(rows), _AT_ONCE):
            engine.put_many(
                [Row(str(first + i), bytes(16), row, b"") for i, row in enumerate(rows[first : first + _AT_ONCE])]
            )
        with psycopg.connect(url) as connection:
            (size,) = connection.execute("SELECT pg_total_relation_size('ioa_card_vectors')").fetchone() or (0,)

        def near(question: np.ndarray) -> list[int]:
            return [int(name) for name in engine.near(question[None], 100)[0]][:_HITS]

        yield Neighbours("pgvector, halfvec HNSW", near, lambda: _cpu_of_children(server), lambda: size // 2**20, False)
        engine.close()


def _cpu_of_children(server: PostgresServer) -> float:
    """Of this process and every process of the server, from /proc (0 for those where there is none)."""
    total = time.process_time()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            folder = (status.parent / "cwd").resolve()
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if folder.is_relative_to(server.folder):
            total += (int(fields[11]) + int(fields[12])) / 100
    return total


@contextmanager
def milvus_lite(rows: np.ndarray, folder: Path) -> Generator[Neighbours]:
    from ioa.adapters.index.milvus import MilvusVectors

    engine = MilvusVectors(str(folder / f"milvus-{len(rows)}.db"))
    for first in range(0, len(rows), _AT_ONCE):
        engine.put_many(
            [Row(str(first + i), bytes(16), row, b"") for i, row in enumerate(rows[first : first + _AT_ONCE])]
        )

    def near(question: np.ndarray) -> list[int]:
        return [int(name) for name in engine.near(question[None], _HITS)[0]]

    yield Neighbours("milvus-lite", near, time.process_time, lambda: 0)
    engine.close()
