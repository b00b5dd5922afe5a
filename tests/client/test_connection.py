"""The wire breaks in every way; nothing is lost, nothing comes twice, and the client comes back for ever."""

from __future__ import annotations

import asyncio

import pytest
from desk import Desk, FunctionAgent

from ioa.client import ClientEnded, Patience
from ioa.client.events import Connected, Disconnected, EntryTaken
from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Accepted, Acknowledge, Delivery, LaunchGroup, Ping, Post, Refusal, Welcome
from ioa.protocol.messages import Discussion
from ioa.testing.clocks import ManualClock
from ioa.testing.policies import ScriptedPolicy, StuckPolicy, assign, conclude, say


def ping_pong(me: str, other: str, times: int) -> ScriptedPolicy:
    """Counts its own words in the log, so that a turn decided again says the same."""

    def turn(view):
        said = [message for message in view.log if isinstance(message, Discussion) and message.sender == me]
        return say(f"word {len(said)}", other) if len(said) < times else conclude("done")

    return ScriptedPolicy([turn] * 10_000)


async def test_it_reconnects_for_ever_and_waits_longer_each_time_up_to_a_limit(desk: Desk):
    clock = ManualClock()
    joined = desk.join("Ada", ScriptedPolicy(), clock=clock, patience=Patience())
    joined.transport.reachable = False
    for _ in range(200):
        await clock.advance(30.0)
    waits = [event.retry_in_s for event in joined.saw(Disconnected)]
    assert len(waits) > 150
    assert waits[0] <= 0.1
    assert max(waits) <= 30.0
    assert min(waits[12:]) >= 15.0  # exponential, with jitter, at its cap
    assert len(set(waits)) > 100
    joined.transport.reachable = True
    await clock.advance(31.0)
    assert joined.saw(Connected)


@pytest.mark.parametrize("code", ["not_authenticated", "wrong_version", "superseded"])
async def test_a_hub_that_does_not_want_the_client_ends_it_with_a_clear_error(desk: Desk, code):
    desk.hub.hello = lambda hello: Refusal(code=code, rule="because it is so")
    joined = desk.join("Ada", ScriptedPolicy())
    with pytest.raises(ClientEnded, match="because it is so") as caught:
        await joined.task
    assert caught.value.code == code
    assert not joined.saw(Disconnected)


@pytest.mark.parametrize(
    ("close", "code"), [(4401, "not_authenticated"), (4406, "wrong_version"), (4409, "superseded")]
)
async def test_the_close_code_alone_is_enough_to_end_it(desk: Desk, close, code):
    joined = desk.join("Ada", ScriptedPolicy())
    await desk.hub.until(lambda: joined.saw(Connected))
    await desk.hub.sessions["Ada"].connection.close(close, "another one is here")
    with pytest.raises(ClientEnded, match="another one is here") as caught:
        await joined.task
    assert caught.value.code == code


async def test_a_client_that_has_given_a_connection_up_survives_being_taken_for_it(desk: Desk):
    clock = ManualClock()
    joined = desk.join("Ada", ScriptedPolicy(), clock=clock, patience=Patience(first_retry_s=0.1, silence_s=60))
    await desk.hub.until(lambda: joined.saw(Connected))
    desk.hub.cut("Ada")
    await desk.hub.until(lambda: joined.saw(Disconnected))
    await clock.advance(1.0)
    await desk.hub.until(lambda: len(joined.saw(Connected)) == 2)
    await desk.hub.sessions["Ada"].connection.close(4409, "the agent has connected again")
    await desk.hub.until(lambda: len(joined.saw(Disconnected)) == 2)
    await clock.advance(61.0)
    await desk.hub.until(lambda: len(joined.saw(Connected)) == 3)
    await clock.advance(61.0)
    await desk.hub.sessions["Ada"].connection.close(4409, "the agent has connected again")
    with pytest.raises(ClientEnded, match="connected again"):
        await joined.task


async def test_a_superseded_client_stops_its_agent_and_does_not_fight(desk: Desk):
    started = asyncio.Event()

    async def work(assignment, progress):
        started.set()
        await asyncio.Event().wait()

    agent = FunctionAgent(work)
    joined = desk.join("Ada", ScriptedPolicy([assign(("Ada", "work"))]), agent)
    desk.hub.launch("Ada")
    await started.wait()
    session = desk.hub.sessions["Ada"]
    session.frames.append(Refusal(code="superseded", rule="a newer connection of Ada took over"))
    session.news.set()
    with pytest.raises(ClientEnded, match="newer connection"):
        await joined.task
    assert agent.cancelled == 1


async def test_a_refused_hello_of_the_moment_is_tried_again(desk: Desk):
    answers = [Refusal(code="too_fast", rule="slowly"), Refusal(code="unavailable", rule="starting"), None]
    desk.hub.hello = lambda hello: answers.pop(0)
    joined = desk.join("Ada", ScriptedPolicy())
    await desk.hub.until(lambda: joined.saw(Connected))
    assert len(joined.saw(Disconnected)) == 2


async def test_a_token_of_another_agent_is_named(desk: Desk):
    desk.hub.hello = lambda hello: Welcome(version=1, name="Bob", cursor=0, window=8)
    joined = desk.join("Ada", ScriptedPolicy())
    with pytest.raises(ClientEnded, match="belongs to agent 'Bob', but this client is 'Ada'"):
        await joined.task


async def test_a_hub_that_does_not_answer_hello_is_left_after_a_while(desk: Desk):
    clock = ManualClock()
    desk.hub.ignore_hello = True
    joined = desk.join("Ada", ScriptedPolicy(), clock=clock, patience=Patience(hello_s=10.0))
    await clock.advance(10.5)
    assert "does not answer hello" in joined.saw(Disconnected)[0].reason


async def test_a_silent_hub_is_taken_for_gone_and_pings_keep_a_quiet_one(desk: Desk):
    clock = ManualClock()
    joined = desk.join("Ada", ScriptedPolicy(), clock=clock, patience=Patience(ping_every_s=20, silence_s=60))
    await clock.advance(300.0)
    assert not joined.saw(Disconnected)
    assert len([frame for _, frame in desk.hub.received if isinstance(frame, Ping)]) == 15
    desk.hub.lose = lambda name, frame: True
    await clock.advance(100.0)
    assert "silent" in joined.saw(Disconnected)[0].reason


async def test_messages_of_an_absence_are_delivered_when_it_is_back(desk: Desk):
    joined = desk.join("Bob", ScriptedPolicy())
    await desk.hub.until(lambda: joined.saw(Connected))
    joined.transport.reachable = False
    desk.hub.cut("Bob")
    comm_id = desk.hub.launch("Ada", "Bob")
    for number in range(5):
        desk.hub.interject(comm_id, f"word {number}")
    joined.transport.reachable = True
    await desk.hub.until(lambda: len(joined.saw(EntryTaken)) == 6)
    assert [event.message.seq for event in joined.saw(EntryTaken)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("seed", range(8))
async def test_a_wire_that_loses_and_repeats_delivers_each_entry_once_and_in_order(desk: Desk, seed: int):
    from random import Random

    dice = Random(seed)
    desk.hub.lose = lambda name, frame: isinstance(frame, Delivery) and dice.random() < 0.2
    desk.hub.twice = lambda name, frame: isinstance(frame, Delivery) and dice.random() < 0.3
    clients = [
        desk.join("Ada", ping_pong("Ada", "Bob", 12), frames=2),
        desk.join("Bob", ping_pong("Bob", "Ada", 12), frames=2),
    ]
    clock = asyncio.create_task(_cut_now_and_then(desk, dice))
    desk.hub.launch("Ada", "Bob", max_turns=40)
    # A lost delivery shows itself by the next one only; interjections stand for a hub that resends on silence.
    while not desk.hub.groups["g1"].ended:
        await desk.hub.until(lambda: True)
        if len(desk.hub.log) < 150:
            desk.hub.interject("g1", "go on")
        elif desk.hub.sessions:
            desk.hub.cut(next(iter(desk.hub.sessions)))
        await asyncio.sleep(0.001)
    clock.cancel()
    desk.hub.lose = lambda name, frame: False
    for name in list(desk.hub.sessions):
        desk.hub.cut(name)
    expected = [message.seq for message in desk.hub.log]
    await desk.hub.until(lambda: all(len(joined.saw(EntryTaken)) == len(expected) for joined in clients))
    for joined in clients:
        assert [event.message.seq for event in joined.saw(EntryTaken)] == expected
        assert joined.client.group("g1") == desk.hub.groups["g1"]
    words = [message.content for message in desk.hub.of("g1", Discussion)]
    assert words == [f"word {number}" for number in range(12) for _ in range(2)]


async def _cut_now_and_then(desk: Desk, dice) -> None:
    while True:
        await asyncio.sleep(0.002)
        if desk.hub.sessions and dice.random() < 0.3:
            desk.hub.cut(dice.choice(list(desk.hub.sessions)))


async def test_deliveries_are_acknowledged_and_a_repeat_is_acknowledged_again(desk: Desk):
    desk.hub.twice = lambda name, frame: isinstance(frame, Delivery)
    joined = desk.join("Bob", ScriptedPolicy())
    await desk.hub.until(lambda: joined.saw(Connected))
    desk.hub.launch("Ada", "Bob")
    await desk.hub.until(lambda: desk.hub.sessions["Bob"].out.idle)
    acks = [frame.cursor for _, frame in desk.hub.received if isinstance(frame, Acknowledge)]
    assert acks
    assert set(acks) == {1}
    assert joined.journal.cursor() == 1


async def test_a_post_is_sent_until_it_is_answered_and_counts_once(desk: Desk):
    lost = []

    def lose(name, frame) -> bool:
        if isinstance(frame, Accepted) and name == "Ada" and len(lost) < 3:
            lost.append(frame)
            asyncio.get_running_loop().call_soon(desk.hub.cut, name)
            return True
        return False

    desk.hub.lose = lose
    agent = FunctionAgent()
    joined = desk.join("Ada", ScriptedPolicy(), agent)
    desk.join("Chair", ScriptedPolicy([assign(("Ada", "work"))]))
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    await desk.hub.until(lambda: len(lost) == 3)
    await desk.hub.until(lambda: not joined.journal.outbox())
    posts = [frame.message.message_id for name, frame in desk.hub.received if isinstance(frame, Post) and name == "Ada"]
    assert len(posts) >= len(set(posts)) + 3
    assert desk.hub.kinds("g1") == ["launch", "sync_task", "task_start", "task_result", "conclusion"]
    assert len(agent.got) == 1


async def test_a_post_refused_for_the_moment_is_sent_again(desk: Desk):
    refused = []

    def refuse(name, frame):
        if isinstance(frame, Post) and len(refused) < 4:
            refused.append(frame)
            code = "too_fast" if len(refused) % 2 else "unavailable"
            return Refusal(code=code, rule="later", reply_to=frame.message.message_id)
        return None

    desk.hub.refuse = refuse
    policy = ScriptedPolicy([conclude("yes")])
    desk.join("Ada", policy)
    desk.hub.launch("Ada")
    group = await desk.ended("g1")
    assert group.conclusion == "yes"
    assert len(policy.views) == 1  # decided once


async def test_a_request_survives_a_reconnect_with_its_identifier(desk: Desk):
    seen = []

    def refuse(name, frame):
        if isinstance(frame, LaunchGroup) and not seen:
            seen.append(frame)
            asyncio.get_running_loop().call_soon(desk.hub.cut, name)
            desk.hub._launch(name, frame)  # it arrived, the answer did not
            return Refusal(code="internal", rule="never seen", reply_to="nobody")
        if isinstance(frame, LaunchGroup):
            seen.append(frame)
        return None

    desk.hub.refuse = refuse
    joined = desk.join("Ada", ScriptedPolicy())
    await desk.hub.until(lambda: joined.saw(Connected))
    desk.hub.offer("Ada", "a goal")
    await desk.hub.until(lambda: desk.hub.groups)
    await desk.ended("g1")
    assert len(desk.hub.groups) == 1
    assert len({frame.request_id for frame in seen}) == 1


async def test_another_hub_makes_the_client_begin_again(desk: Desk):
    policy = StuckPolicy()
    joined = desk.join("Ada", policy)
    desk.hub.launch("Ada")
    await desk.hub.until(lambda: policy.views)
    desk.hub.log.clear()
    desk.hub.groups.clear()
    desk.hub.cut("Ada")
    await desk.hub.until(lambda: policy.cancelled)
    await desk.hub.until(lambda: len(joined.saw(Connected)) == 2)
    assert joined.client.group("g1") is None
    comm_id = desk.hub.launch("Bob", "Ada", goal="new")
    await desk.hub.until(lambda: joined.client.group(comm_id))


async def test_a_frame_that_is_not_understood_does_not_end_the_connection(desk: Desk):
    joined = desk.join("Ada", ScriptedPolicy())
    await desk.hub.until(lambda: joined.saw(Connected))
    session = desk.hub.sessions["Ada"]
    await session.connection.send(b'{"frame":"from the future","x":1}')
    await session.connection.send(b"\xff\xfe")
    desk.hub.launch("Ada")
    await desk.ended("g1")
    assert not joined.saw(Disconnected)


async def test_the_card_can_be_updated_and_its_refusal_is_raised(desk: Desk):
    joined = desk.join("Ada", ScriptedPolicy())
    await joined.client.update_card(Card(name="whatever", description="now with plots"))
    assert desk.hub.cards["Ada"] == Card(name="Ada", description="now with plots")
    desk.hub.refuse = lambda name, frame: Refusal(
        code="empty", rule="say more", reply_to=getattr(frame, "request_id", "")
    )
    with pytest.raises(Refused, match="say more"):
        await joined.client.update_card(Card(name="Ada", description="?"))


async def test_hello_carries_the_cursor_of_the_journal(desk: Desk):
    cursors = []
    desk.hub.hello = lambda hello: cursors.append(hello.cursor)
    joined = desk.join("Bob", ScriptedPolicy())
    await desk.hub.until(lambda: joined.saw(Connected))
    desk.hub.launch("Ada", "Bob")
    await desk.hub.until(lambda: joined.saw(EntryTaken))
    desk.hub.cut("Bob")
    await desk.hub.until(lambda: len(joined.saw(Connected)) == 2)
    assert cursors == [0, 1]
