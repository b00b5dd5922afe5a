"""Leading under a name by an advisory lock of PostgreSQL, which a session holds until it ends, however it ends."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import psycopg

from ioa.adapters.store.postgres_connection import Run, connect, unavailable
from ioa.adapters.store.postgres_schema import LEADING_KEY
from ioa.ports.store import Leadership

T = TypeVar("T")
_LOOK_EVERY_S = 1.0
_SILENT_AT_MOST = "10s"
"""After this the server ends the session of a leader that hangs, and another may lead."""


class PostgresLeading:
    """One session for all names that this replica leads under."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: Run | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._led: dict[str, Leadership] = {}
        self._watching: asyncio.Task[None] | None = None

    async def lead(self, name: str) -> Leadership | None:
        """As `Store.lead`."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="ioa-lead")
        if name in self._led:
            return None
        leadership = self._led[name] = Leadership(lambda: self._release(name))
        got = False
        try:
            got = await self._do(lambda: self._ask("pg_try_advisory_lock", name))
        except psycopg.Error as error:
            self._lose()
            raise unavailable(error, self._conninfo, "asked who leads") from error
        finally:
            if not got and self._led.get(name) is leadership:
                del self._led[name]
        if not got or not leadership.held:
            return None
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="ioa-leading")
        return leadership

    async def _release(self, name: str) -> None:
        self._led.pop(name, None)
        try:
            await self._do(lambda: self._ask("pg_advisory_unlock", name))
        except psycopg.Error:
            self._lose()

    async def close(self) -> None:
        """Let go of everything. May be called twice."""
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._part)
            thread.shutdown()
        self._lose()

    async def _watch(self) -> None:
        while self._led:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await self._do(self._look)
            except psycopg.Error:
                self._lose()
        self._watching = None

    def _lose(self) -> None:
        """The session is gone, and with it all that it held."""
        led, self._led = self._led, {}
        for leadership in led.values():
            leadership.end()

    async def _do(self, call: Callable[[], T]) -> T:
        if self._thread is None:
            raise psycopg.InterfaceError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _ask(self, function: str, name: str) -> bool:
        """In the thread."""
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)
        try:
            if self._connection is None:
                self._connection = connect(self._conninfo)
                self._connection.execute(f"SET idle_session_timeout = '{_SILENT_AT_MOST}'".encode())
            row = self._connection.execute(f"SELECT {function}(%s, %s)".encode(), (LEADING_KEY, key)).fetchone()
        except psycopg.Error:
            self._drop()
            raise
        return row is not None and row[0] is True

    def _look(self) -> None:
        """In the thread: is the session still there?"""
        if self._connection is None:
            raise psycopg.OperationalError("the session is gone")
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self._drop()
            raise

    def _part(self) -> None:
        """In the thread: let go at once, rather than when the server notices the end of the session."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._drop()

    def _drop(self) -> None:
        """In the thread."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
