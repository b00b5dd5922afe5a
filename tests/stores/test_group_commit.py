"""What waits for the writing thread: handed over at the end of a turn, in order, none forgotten."""

import asyncio
import threading

import pytest

from ioa.adapters.store.group_commit import Answer, GroupCommit, Job
from ioa.ports.store import StoreUnavailable, Work


class Written:
    """Takes works, and numbers them."""

    def __init__(self):
        self.works = []
        self.begun = threading.Event()

    def __call__(self, works) -> list[Answer]:
        self.begun.set()
        first = len(self.works)
        self.works += works
        return [(number,) for number in range(first, len(self.works))]


def submitted(queue, number):
    jobs = [Job(Work(removed=(("kind", str(count)),)), asyncio.get_running_loop()) for count in range(number)]
    for job in jobs:
        queue.submit(job)
    return jobs


async def test_what_is_submitted_in_one_turn_waits_for_its_end_and_is_written_in_order():
    written = Written()
    queue = GroupCommit(written)
    queue.start()
    jobs = submitted(queue, 50)
    assert not written.begun.wait(0.02), "the writer was woken within the turn"
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(job.future for job in jobs))
    assert answers == [(number,) for number in range(50)]
    assert written.works == [job.work for job in jobs]
    await asyncio.to_thread(queue.close)


async def test_a_close_in_the_same_turn_forgets_nothing_and_takes_no_more():
    written = Written()
    queue = GroupCommit(written)
    queue.start()
    jobs = submitted(queue, 3)
    queue.close()
    assert written.works == [job.work for job in jobs]
    with pytest.raises(StoreUnavailable):
        submitted(queue, 1)
    async with asyncio.timeout(60):
        assert await asyncio.gather(*(job.future for job in jobs)) == [(0,), (1,), (2,)]
