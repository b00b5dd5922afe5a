"""Groups in memory where others write too: what was decided here and came too late is not taken for the log."""

from __future__ import annotations

import pytest

from ioa.adapters.store.memory import MemoryStore
from ioa.conversation.group import step
from ioa.hub.group_log import GroupLog
from ioa.ports.store import Entry, GroupRow, Stored, Work
from ioa.protocol.codec import encode
from ioa.protocol.messages import AnyMessage, Interjection, Launch

LAUNCH = Launch(
    sender="Ann",
    comm_id="g",
    message_id="launch",
    seq=1,
    goal="a goal",
    team_members=("Bob",),
    team_up_depth=0,
    max_turns=10,
    goal_id="goal",
    owner="@me",
)


def word(seq: int, message_id: str) -> Interjection:
    return Interjection(sender="@me", comm_id="g", message_id=message_id, seq=seq, content=message_id)


async def write(store: MemoryStore, *messages: AnyMessage) -> list[Stored]:
    entries = tuple(
        Entry(comm_id="g", seq=m.seq, sender=m.sender, message_id=m.message_id, at=float(m.seq), body=encode(m))
        for m in messages
    )
    rows = [GroupRow(comm_id="g", goal_id="goal", owner="@me", members=("Ann", "Bob"))] if messages[0].seq == 1 else []
    await store.commit(Work(groups=tuple(rows), entries=entries))
    return await store.log_of_group("g", after_seq=messages[0].seq - 1)


@pytest.mark.parametrize("told", [("theirs",), ("theirs", "next"), ("next",)])
async def test_what_others_wrote_first_is_not_folded_onto_what_was_decided_here(told: tuple[str, ...]) -> None:
    store = MemoryStore()
    await store.open()
    groups = GroupLog(store, 10)
    await write(store, LAUNCH)
    chat = await groups.load("g")
    assert chat is not None
    mine = word(2, "mine")
    chat.group, _ = step(chat.group, mine)  # as the ledger does: decided here, not durable yet
    chat.note(mine, 2.0)
    chat.pending += 1
    for entry in await write(store, word(2, "theirs"), word(3, "next")):
        if entry.body in [encode(word(entry.seq, name)) for name in told]:
            groups.grown(entry)
    now = await groups.load("g")
    assert now is not None
    assert list(now.said) == [("Ann", "launch"), ("@me", "theirs"), ("@me", "next")]
    assert list(now.at) == [1.0, 2.0, 3.0]
    assert now.group.seq == 3
    assert now.durable is now.group


async def test_what_was_decided_here_stays_when_it_comes_back_as_an_entry() -> None:
    store = MemoryStore()
    await store.open()
    groups = GroupLog(store, 10)
    await write(store, LAUNCH)
    chat = await groups.load("g")
    assert chat is not None
    mine = word(2, "mine")
    chat.group, _ = step(chat.group, mine)
    chat.note(mine, 2.0)
    for entry in await write(store, mine):
        groups.grown(entry)
    assert groups.get("g") is chat
    assert chat.group.seq == 2
