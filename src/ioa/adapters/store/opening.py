"""Which store a URL means."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ioa.adapters.store.sqlite import SqliteStore
from ioa.ports.blobs import Blobs
from ioa.ports.store import Store, StoreUnavailable

_SCHEMES = ("postgresql", "postgres")


def open_store(url: str) -> Store:
    """The store at `url`, to be opened by its `open`: a path or sqlite:///PATH of a SQLite file, for one hub, or
    postgresql://user:password@host/database, which replicas share.

    Raises `ValueError` for a URL that is none of these, and `StoreUnavailable` where the extra `postgres` is missing.
    """
    scheme, rest = urlsplit(url).scheme, url.partition("://")[2]
    if scheme in _SCHEMES:
        try:
            from ioa.adapters.store.postgres import PostgresStore
        except ImportError as error:
            raise StoreUnavailable(
                f'PostgreSQL needs the package {error.name}; install it: pip install "internet-of-agents[postgres]"'
            ) from error
        return PostgresStore(url)
    if scheme == "sqlite" and rest.startswith("/"):
        return SqliteStore(Path(unquote(rest[1:])))
    if not rest and len(scheme) <= 1 and url:  # a path, perhaps with a drive
        return SqliteStore(Path(url))
    raise ValueError(
        f"store {url!r}: give the path of a SQLite file, sqlite:///PATH, or postgresql://user:password@host/database"
    )


def open_blobs(url: str) -> Blobs | None:
    """Where the replicas that share the store at `url` keep the bytes of artifacts; None for a store of one hub, which
    keeps them in its data folder. `open_store` comes first, and raises what is wrong with the URL."""
    if urlsplit(url).scheme not in _SCHEMES:
        return None
    from ioa.adapters.artifacts.postgres import PostgresBlobs

    return PostgresBlobs(url)
