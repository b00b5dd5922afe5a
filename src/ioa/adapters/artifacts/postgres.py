"""Bytes of artifacts in the PostgreSQL database that the replicas of a hub share: one engine, and one backup."""

from __future__ import annotations

from pathlib import Path

import psycopg

from ioa.adapters.store.postgres_connection import checked_url, connect, unavailable
from ioa.ports.store import StoreUnavailable

PART_BYTES = 512 * 1024


class PostgresBlobs:
    """`Blobs` in the database of a `PostgresStore` at the same `url`, which has been opened before. Files are split in
    parts of `PART_BYTES`. A connection for each call: artifacts are rare beside messages."""

    def __init__(self, url: str) -> None:
        self._conninfo = checked_url(url)

    def put(self, digest: str, path: Path) -> None:
        """As `Blobs.put`. Raises `StoreUnavailable` also for a file that cannot be read."""
        try:
            with connect(self._conninfo) as connection, path.open("rb") as file, connection.transaction():
                made = connection.execute(
                    "INSERT INTO blobs (digest, size_bytes) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    (digest, path.stat().st_size),
                )
                if not made.rowcount:
                    return
                place = 0
                while part := file.read(PART_BYTES):
                    connection.execute("INSERT INTO blob_parts VALUES (%b, %b, %b)", (digest, place, part))
                    place += 1
        except psycopg.Error as error:
            raise unavailable(error, self._conninfo, "given a file") from error
        except OSError as error:
            raise StoreUnavailable(f"the file cannot be stored: {error.strerror or error}") from error

    def fetch(self, digest: str, path: Path) -> bool:
        """As `Blobs.fetch`."""
        try:
            with connect(self._conninfo) as connection:
                if connection.execute("SELECT FROM blobs WHERE digest = %s", (digest,)).fetchone() is None:
                    return False
                with path.open("wb") as file:
                    place = 0
                    while (part := _part(connection, digest, place)) is not None:
                        file.write(part)
                        place += 1
        except psycopg.Error as error:
            path.unlink(missing_ok=True)
            raise unavailable(error, self._conninfo, "asked for a file") from error
        except OSError as error:
            path.unlink(missing_ok=True)
            raise StoreUnavailable(f"the file cannot be kept: {error.strerror or error}") from error
        return True


def _part(connection: psycopg.Connection[tuple[object, ...]], digest: str, place: int) -> bytes | None:
    sql = "SELECT body FROM blob_parts WHERE digest = %s AND place = %s"
    row = connection.execute(sql, (digest, place), binary=True).fetchone()
    if row is None:
        return None
    assert isinstance(row[0], bytes)
    return row[0]
