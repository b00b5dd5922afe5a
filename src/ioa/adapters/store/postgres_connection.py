"""Connections to a hub's PostgreSQL database, and what its errors mean to a hub."""

from __future__ import annotations

import re
import select
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ioa.ports.store import StoreUnavailable

Run = psycopg.Connection[tuple[object, ...]]

CONNECT_WITHIN_S = 5
_DEFAULTS = {
    "connect_timeout": CONNECT_WITHIN_S,
    "application_name": "ioa-hub",
    # A server that is gone without a word is noticed within some 15 s, on this side and on its own (below).
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_SESSION = """
SET search_path = ioa;
SET client_min_messages = warning;
SET statement_timeout = '30s';
SET lock_timeout = '15s';
SET idle_in_transaction_session_timeout = '10s';
SET tcp_keepalives_idle = 5;
SET tcp_keepalives_interval = 3;
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 15000;
"""


def checked_url(url: str) -> str:
    """The URL with what the hub adds to it where it does not say otherwise. Raises `ValueError` naming the remedy."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise ValueError(
            f"store URL {redacted(url)!r}: {str(error).strip()}; give it as postgresql://user:password@host/database"
        ) from None
    return make_conninfo(url, **{name: value for name, value in _DEFAULTS.items() if name not in given})


def redacted(url: str) -> str:
    """The URL without its password."""
    parts = urlsplit(url)
    if parts.password:
        url = url.replace(f":{parts.password}@", ":***@", 1)
    return re.sub(r"(password=)[^&\s]+", r"\1***", url)


def place(conninfo: str) -> str:
    """Server and database, without whoever asks."""
    values = conninfo_to_dict(conninfo)
    return f"{values.get('host', 'localhost')}:{values.get('port', 5432)}/{values.get('dbname', '')}"


def connect(conninfo: str) -> Run:
    """A connection in autocommit mode, with the settings that all connections share. Raises `psycopg.Error`."""
    connection = psycopg.connect(conninfo, autocommit=True)
    try:
        connection.execute(_SESSION)
    except BaseException:
        connection.close()
        raise
    return connection


def is_lost(connection: Run | None, error: Exception) -> bool:
    """Is the connection gone, rather than the statement refused?"""
    return connection is None or connection.broken or connection.closed or isinstance(error, psycopg.InterfaceError)


def ended_idle(connection: Run) -> bool:
    """Has the server ended a connection while nothing was asked of it? It then has something to say, or its end is
    there: what is sent now would be lost, and could not be told from what was lost later."""
    return connection.closed or bool(select.select([connection.fileno()], [], [], 0)[0])


def unavailable(error: Exception, conninfo: str, doing: str) -> StoreUnavailable:
    """The error for whoever asked, with the remedy."""
    said = str(error).strip().replace("\n", " ") or type(error).__name__
    match error:
        case psycopg.errors.ReadOnlySqlTransaction():
            remedy = (
                "it is a standby: let the URL name the primary, or several hosts and target_session_attrs=read-write"
            )
        case psycopg.errors.DiskFull() | psycopg.errors.OutOfMemory():
            remedy = "give the server room"
        case psycopg.errors.InsufficientPrivilege():
            remedy = "give the user of the URL the right to create the schema ioa in the database, and what is in it"
        case psycopg.errors.LockNotAvailable() | psycopg.errors.QueryCanceled():
            remedy = "it is too busy, or another replica hangs in a transaction: look at pg_stat_activity"
        case psycopg.errors.TooManyConnections():
            remedy = "raise its max_connections: a replica needs 6"
        case psycopg.OperationalError():
            remedy = (
                "start it, or correct the URL (server, database, user, password); a hub that runs goes on by itself"
            )
        case _:
            remedy = "see the server's log"
    return StoreUnavailable(f"PostgreSQL at {place(conninfo)} cannot be {doing}: {said}; {remedy}")
