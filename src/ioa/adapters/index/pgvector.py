"""Vectors kept by PostgreSQL with the extension pgvector: shared by all hubs of one database.

Whole cards are `halfvec` (16 bits a number) under an HNSW index by cosine; words stay with our own scorer in each hub,
because `ts_rank` takes half a second at 100,000 cards and ranks worse. The hub makes the embeddings, the database finds
the nearest. Needs the extra `postgres`, and a database in which the extension `vector` is there or may be created.
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np

from ioa.adapters.index.meanings import Matrix
from ioa.adapters.index.remote import Row
from ioa.adapters.index.unavailable import MeaningsUnavailable

if TYPE_CHECKING:
    import psycopg

_SCHEMA: tuple[LiteralString, ...] = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    """CREATE TABLE IF NOT EXISTS ioa_card_vectors (
        name text PRIMARY KEY, digest bytea NOT NULL, whole halfvec(384) NOT NULL, parts bytea NOT NULL)""",
    "ALTER TABLE ioa_card_vectors ALTER COLUMN parts SET STORAGE EXTERNAL",
    """CREATE INDEX IF NOT EXISTS ioa_card_vectors_near
        ON ioa_card_vectors USING hnsw (whole halfvec_cosine_ops) WITH (m = 16, ef_construction = 64)""",
)
_LOCK = 0x696F61_76  # one hub at a time makes the schema
_PUT: LiteralString = """INSERT INTO ioa_card_vectors (name, digest, whole, parts) VALUES (%s, %s, %s::halfvec, %s)
    ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, whole = excluded.whole, parts = excluded.parts"""
_MOST_BY_INDEX = 1_000  # pgvector's limit of candidates; more are found by comparing all
_DIMENSIONS = 384
_WITHIN_S = 10.0


class PgVectors:
    """An `Engine` in the database at `url` (`postgresql://…`). Connects when made; raises `MeaningsUnavailable`."""

    def __init__(self, url: str, *, connections: int = 4) -> None:
        """`connections` is the most that are open at once."""
        try:
            import psycopg
            from psycopg.conninfo import conninfo_to_dict
            from psycopg_pool import ConnectionPool
        except ImportError as error:
            raise MeaningsUnavailable(f"pgvector needs {error.name}: install internet-of-agents[postgres]") from error
        self._errors: tuple[type[Exception], ...] = (psycopg.Error, OSError)
        info = conninfo_to_dict(url)
        self._where = f"{info.get('dbname', '')} at {info.get('host', 'localhost')}"
        self._pool: Any = ConnectionPool(
            url, min_size=1, max_size=connections, timeout=_WITHIN_S, open=False, kwargs={"autocommit": True}
        )
        try:
            self._pool.open(wait=True, timeout=_WITHIN_S)
            with self._connection() as connection, connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                for statement in _SCHEMA:
                    connection.execute(statement)
        except BaseException as error:
            self._pool.close()
            if isinstance(error, self._errors):
                raise self._unavailable(error) from error
            raise

    @contextmanager
    def _connection(self) -> Generator[psycopg.Connection[Any]]:
        """One for a moment; what goes wrong with it is said in one way."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except self._errors as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> MeaningsUnavailable:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        return MeaningsUnavailable(f"pgvector, database {self._where}: {said}")

    def known(self) -> dict[str, bytes]:
        with self._connection() as connection:
            return dict(connection.execute("SELECT name, digest FROM ioa_card_vectors").fetchall())

    def put_many(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        # In the order of names, so that two hubs that put the same cards do not wait for each other in a circle.
        values = [
            (_text(row.name), row.digest, _literal(row.whole), row.parts) for row in sorted(rows, key=lambda r: r.name)
        ]
        with self._connection() as connection, connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(_PUT, values)

    def remove(self, names: Sequence[str]) -> None:
        with self._connection() as connection:
            connection.execute("DELETE FROM ioa_card_vectors WHERE name = ANY(%s)", ([_text(n) for n in names],))

    def near(self, vectors: Matrix, k: int) -> list[list[str]]:
        found: list[list[str]] = []
        with self._connection() as connection, connection.transaction():
            if k > _MOST_BY_INDEX:
                connection.execute("SET LOCAL enable_indexscan = off")
            else:
                connection.execute("SELECT set_config('hnsw.ef_search', %s, true)", (str(max(k, 100)),))
            for vector in vectors:
                rows = connection.execute(
                    "SELECT name FROM ioa_card_vectors ORDER BY whole <=> %s::halfvec LIMIT %s", (_literal(vector), k)
                ).fetchall()
                found.append([name for (name,) in rows])
        return found

    def fetch(self, names: Sequence[str]) -> list[Row]:
        spelled = {_text(name): name for name in names}
        with self._connection() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT name, digest, halfvec_send(whole), parts FROM ioa_card_vectors WHERE name = ANY(%s)",
                (list(spelled),),
            )
            return [Row(spelled[name], digest, _vector(whole), parts) for name, digest, whole, parts in cursor]

    def describe(self) -> str:
        return f"vectors in pgvector, database {self._where}"

    def close(self) -> None:
        self._pool.close()


def _text(name: str) -> str:
    """PostgreSQL takes no zero in a text; names of agents have none."""
    return name.replace("\0", "�")


def _literal(vector: Matrix) -> str:
    return "[" + ",".join(map("{:.5g}".format, vector.tolist())) + "]"


def _vector(sent: bytes) -> Matrix:
    """What `halfvec_send` gives: dimensions, nothing, and 16 bits a number, all big-endian."""
    (count, _) = struct.unpack_from(">HH", sent)
    return np.frombuffer(sent, ">f2", count, 4).astype(np.float32)
