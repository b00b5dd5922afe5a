from __future__ import annotations

import asyncio

import pytest

from ioa.adapters.clock import SystemClock
from ioa.client.jobs import Jobs, within
from ioa.client.journal import JournalFailed
from ioa.testing.clocks import ManualClock


async def forever() -> None:
    await asyncio.Event().wait()


async def test_within_gives_the_result_or_the_error_of_the_work():
    async def answer() -> int:
        return 42

    async def fail() -> int:
        raise ValueError("no")

    assert await within(ManualClock(), 1.0, answer()) == 42
    with pytest.raises(ValueError, match="no"):
        await within(ManualClock(), 1.0, fail())


async def test_within_cancels_the_work_when_its_time_is_over():
    clock = ManualClock()
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await forever()
        finally:
            cancelled.set()

    waiting = asyncio.create_task(within(clock, 5.0, work()))
    await clock.advance(4.9)
    assert not waiting.done()
    await clock.advance(0.2)
    with pytest.raises(TimeoutError, match="5 s"):
        await waiting
    assert cancelled.is_set()


async def test_within_leaves_work_behind_that_does_not_let_itself_be_cancelled(monkeypatch):
    monkeypatch.setattr("ioa.client.jobs.GRACE_S", 0.0)
    clock = ManualClock()
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    waiting = asyncio.create_task(within(clock, 1.0, stubborn()))
    await clock.advance(2.0)
    with pytest.raises(TimeoutError, match="1 s"):  # and not that of this test's own patience
        await asyncio.wait_for(waiting, 60)
    release.set()


async def test_cancelling_whoever_waits_cancels_the_work():
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await forever()
        finally:
            cancelled.set()

    waiting = asyncio.create_task(within(SystemClock(), 100.0, work()))
    for _ in range(3):
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert cancelled.is_set()


async def test_one_job_a_key_and_an_error_ends_only_its_job():
    ended: list[tuple[tuple[str, ...], Exception | None]] = []
    started: list[str] = []

    async def work(name: str, error: Exception | None = None) -> None:
        started.append(name)
        if error:
            raise error
        await forever()

    async with asyncio.TaskGroup() as group:
        jobs = Jobs(group, lambda key, error: ended.append((key, error)))
        jobs.start(("a",), work("first"))
        jobs.start(("a",), work("second"))
        problem = RuntimeError("a bug")
        jobs.start(("b",), work("third", problem))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert started == ["first", "third"]
        assert ended == [(("b",), problem)]
        assert jobs.running(("a",))
        jobs.cancel(("a",))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert ended[1] == (("a",), None)
        jobs.close()
        jobs.start(("c",), work("never"))
    assert started == ["first", "third"]


async def test_a_broken_journal_ends_everything():
    async def work() -> None:
        raise JournalFailed("disk full")

    async def everything() -> None:
        async with asyncio.TaskGroup() as group:
            Jobs(group, lambda key, error: None).start(("a",), work())
            await forever()

    with pytest.raises(ExceptionGroup) as caught:
        await everything()
    assert isinstance(caught.value.exceptions[0], JournalFailed)


async def test_a_job_that_is_cancelled_before_its_first_step_has_ended():
    ended: list[tuple[str, ...]] = []
    async with asyncio.TaskGroup() as group:
        jobs = Jobs(group, lambda key, error: ended.append(key))
        jobs.start(("a",), forever())
        jobs.cancel(("a",))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert ended == [("a",)]
        assert not jobs.running(("a",))


async def test_an_error_while_looking_at_what_is_next_is_not_lost():
    def on_end(key, error) -> None:
        raise JournalFailed("disk full")

    async def nothing() -> None:
        return

    async def everything() -> None:
        async with asyncio.TaskGroup() as group:
            Jobs(group, on_end).start(("a",), nothing())
            await forever()

    with pytest.raises(ExceptionGroup) as caught:
        await everything()
    assert isinstance(caught.value.exceptions[0], JournalFailed)
