"""What survives the death of a process: the hub's store and the clients' journals, with the accidents of disks."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from random import Random
from typing import Any

from ioa.adapters.store.memory import MemoryStore
from ioa.client.journal import Journal
from ioa.ports.store import Conflict, StoreUnavailable, Work
from tests.simulation.loop import InOrder, Killed, Process


class Disk:
    """The truth, and how it behaves now: `full` refuses changes, `away` everything; each access takes its time."""

    def __init__(self, dice: Random, latency_s: float, *, shared: bool = False) -> None:
        self.truth = MemoryStore(shared=shared)
        self.dice = dice
        self.latency_s = latency_s
        self.usual_latency_s = latency_s
        self.full = False
        self.away = False
        self.commits = 0

    def takes_s(self) -> float:
        return self.dice.expovariate(1 / self.latency_s)

    def refuse(self, *, changes: bool) -> None:
        if self.away or (changes and self.full):
            raise StoreUnavailable("the disk was told to fail")


class StoreOfProcess:
    """`Store` as one process of the hub has it. Changes are written in the order of `commit`; those that were not
    written when the process dies never will be, and an answer may come too late for it. `away`: this process alone
    cannot reach it."""

    def __init__(self, disk: Disk, process: Process) -> None:
        self.away = False
        self._end = disk.truth.beside() if disk.truth.shared else disk.truth
        self._disk = disk
        self._process = process
        self._to_write = InOrder(self._write)
        self._to_answer = InOrder(self._begin_answer)
        self._loop = asyncio.get_running_loop()

    async def open(self) -> None:
        await self._end.open()

    async def close(self) -> None: ...

    async def died(self) -> None:
        """The store has noticed that the process is gone: another may lead."""
        if self._end is not self._disk.truth:
            await self._end.close()

    def _refuse(self, *, changes: bool) -> None:
        if self.away:
            raise StoreUnavailable("this process was told not to reach the store")
        self._disk.refuse(changes=changes)

    def commit(self, work: Work) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = self._loop.create_future()
        if not self._process.alive:
            answer.set_exception(StoreUnavailable("this process is dead"))
            answer.exception()
            return answer
        self._to_write.put(self._disk.takes_s(), work, answer)
        return answer

    def _write(self, work: Work, answer: asyncio.Future[Any]) -> None:
        if not self._process.alive:
            return
        result: Any
        try:
            self._refuse(changes=True)
            result = self._end.commit(work).result()
            self._disk.commits += 1
        except (StoreUnavailable, Conflict) as error:
            result = error
        self._to_answer.put(self._disk.takes_s(), answer, result)

    def _begin_answer(self, answer: asyncio.Future[Any], result: Any) -> None:
        if not self._process.alive or answer.done():
            return
        if isinstance(result, Exception):
            answer.set_exception(result)
            answer.exception()
        else:
            answer.set_result(result)

    def __getattr__(self, name: str) -> Any:
        read = getattr(self._end, name)
        if not inspect.iscoroutinefunction(read):
            return read

        async def reading(*args: Any, **more: Any) -> Any:
            await asyncio.sleep(self._disk.takes_s())
            await self._process.going()
            self._refuse(changes=False)
            return await read(*args, **more)

        return reading


class LastingJournal(Journal):
    """A client's journal that outlives its processes. `doom`: the process dies at its so-manieth write from now, before
    it is stored or right after."""

    def __init__(self, agent: str) -> None:
        super().__init__(":memory:", agent)
        self.process: Process | None = None
        self.doom: tuple[int, bool] | None = None

    def close(self) -> None:
        """The file stays."""

    @property
    def db(self) -> sqlite3.Connection:
        return self._db

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Generator[sqlite3.Connection]:
        if self.process is not None and not self.process.alive:
            raise Killed("a dead process writes nothing")
        before = False
        dies = False
        if self.doom is not None:
            left, before = self.doom
            self.doom = (left - 1, before) if left > 1 else None
            dies = left <= 1
        if dies and before:
            self._die()
        with super()._transaction(durable=durable) as db:
            yield db
        if dies:
            self._die()

    def _die(self) -> None:
        assert self.process is not None
        self.process.kill()
        raise Killed("killed at a write")
