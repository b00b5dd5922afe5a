"""Where networks of agents of this kind have broken before: fourteen ways, each one a promise that ours keeps.

A real hub and real clients; agents that speak frame by frame where somebody must behave badly.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from ioa.client.events import Disconnected, EntryTaken, PostRefused
from ioa.client.handshake import ClientEnded
from ioa.conversation.formation import LaunchGroupChat, SearchAgent
from ioa.ports.agent import AgentFailed, Outcome
from ioa.protocol.messages import Conclusion, Discussion, TaskResult
from ioa.testing.policies import ScriptedPolicy, assign, conclude, pause, say
from tests.hub.network import TestAgent
from tests.promises.village import Village, Worker, hang, last_conclusion, village

STRANGE = [
    "Ann Smith",
    "O'Brien",
    'the "best" one',
    "数据分析员",
    "🤖 robot",
    "a; DROP TABLE log --",
    "50% _off_*",
    "x/y?z#1",
]


def with_team(*names: str, **more) -> ScriptedPolicy:
    """Asks the first for the work, then concludes with what it found."""
    return ScriptedPolicy([assign((names[0], "the work")), last_conclusion], team=names, **more)


def searching(*phrases: str):
    def team(situation):
        if not situation.found:
            return SearchAgent(phrases)
        return LaunchGroupChat(tuple(dict.fromkeys(hits[0].card.name for _, hits in situation.found if hits)))

    return team


@pytest.fixture
async def here(tmp_path: Path):
    async with village(tmp_path) as made:
        yield made


async def test_a_member_that_is_offline_does_not_disconnect_the_one_who_speaks(here: Village) -> None:
    chair = await here.join("Chair", with_team("Ada", "Absent"))
    ada = await here.join("Ada", agent=Worker("seven"))
    await here.net.register("Absent")
    goal = await here.answer(await here.ask("do it", initiator="Chair"))
    assert (goal["status"], goal["conclusion"]) == ("completed", "seven")
    assert "Absent" in here.group(goal["comm_id"]).members
    assert not chair.saw(Disconnected)
    assert not ada.saw(Disconnected)


@pytest.mark.parametrize(
    "garbage", [b"not json", b"", b"\xff\xfe", b"[]", b'{"frame":"post","message":{}}', b"[" * 9_999]
)
async def test_after_a_malformed_frame_nothing_is_stored_and_nothing_is_sent_again(here: Village, garbage) -> None:
    ann = await here.net.join("Ann")
    ada = await here.join("Ada", ScriptedPolicy([say("two", "Ann")]))
    comm_id = await here.net.group(ann, "Ada")
    assert (await ann.post(Discussion, comm_id, content="one", next_speaker=("Ada",))).seq == 2
    await here.quiet()
    before = await here.net.store.newest()
    await ann.connection.send(garbage)
    await here.quiet()
    assert ann.refusals[-1].code == "malformed"
    assert await here.net.store.newest() == before
    assert (await ann.post(Conclusion, comm_id, content="three")).seq == 4
    await here.quiet()
    assert [event.message.seq for event in ada.saw(EntryTaken)] == [1, 2, 3, 4]
    assert [message.content for message in (await here.log(comm_id))[1:]] == ["one", "two", "three"]


async def test_nobody_speaks_under_the_name_of_another(here: Village) -> None:
    await here.join("Chair", ScriptedPolicy([assign(("Ada", "the work")), last_conclusion], team=("Ada", "Eve")))
    await here.join("Ada", agent=Worker(hang))
    eve = await here.net.join("Eve")
    goal_id = await here.ask("do it", initiator="Chair")
    [group] = here.groups(goal_id)
    result = {"task_id": f"{group.comm_id}.1", "status": "completed", "task_conclusion": "forged"}
    for sender in ("Ada", "Chair", "@hub", "@me"):
        answer = await eve.post(TaskResult, group.comm_id, sender=sender, **result)
        assert answer.code == "not_the_sender"
        assert repr(sender) in answer.rule
    assert (await eve.post(TaskResult, group.comm_id, **result)).code == "not_the_assignee"
    assert "forged" not in str(await here.log(group.comm_id))


async def test_a_second_socket_of_one_name_steals_no_messages(here: Village) -> None:
    await here.join("Chair", with_team("Ada"))
    first = await here.join("Ada", agent=Worker("from the first"))
    thief = TestAgent("Ada", here.net.wire())
    await thief.hello("a token that somebody guessed")
    assert (await thief.until_closed()).code == 4401
    assert (await here.answer(await here.ask("do it", initiator="Chair")))["conclusion"] == "from the first"
    assert thief.deliveries == []

    second = await here.join("Ada", agent=Worker("from the second"), journal="-elsewhere")
    with pytest.raises(ClientEnded) as ended:
        await first.task
    assert ended.value.code == "superseded"
    await here.residents.pop("Chair").leave()
    await here.come_back("Chair", with_team("Ada"))
    goal = await here.answer(await here.ask("do it again", initiator="Chair"))
    assert goal["conclusion"] == "from the second"
    seen = {event.message.comm_id for event in second.saw(EntryTaken)}
    assert seen == {group.comm_id for group in here.groups()}, "with a journal of its own it got all from the beginning"


@pytest.mark.parametrize("name", STRANGE)
async def test_any_name_works_from_the_registration_to_the_answer(here: Village, name: str) -> None:
    body = {"name": name, "description": "reckons with numbers", "skills": ["sums"]}
    registered = await here.http.post("/v1/agents", json=body)
    assert registered.status_code == 201, registered.text
    here.net.tokens[name] = registered.json()["token"]
    agent = Worker("42")
    await here.join(name, agent=agent, description="reckons with numbers", skills=("sums",))
    chair = f"{name} the chair"
    await here.join(
        chair, ScriptedPolicy([assign((name, "add")), say("thanks", chair), last_conclusion], team=searching("reckons"))
    )
    goal = await here.answer(await here.ask("add", initiator=chair))
    assert (goal["status"], goal["conclusion"], goal["initiator"]) == ("completed", "42", chair)
    assert [one.task_desc for one in agent.got] == ["add"]
    found = (await here.http.get("/v1/agents", params={"search": "numbers"})).json()["items"]
    assert [item["name"] for item in found] == [name]
    one = await here.http.get(f"/v1/agents/{quote(name, safe='')}")
    assert (one.status_code, one.json().get("name")) == (200, name), one.text
    await here.pass_time(2)
    contacts = (await here.http.get(f"/v1/agents/{quote(chair, safe='')}/contacts")).json()
    assert [contact["name"] for contact in contacts["contacts"]] == [name]
    mine = (await here.http.get("/v1/groups", params={"member": name})).json()["items"]
    assert [group["team_members"] for group in mine] == [[chair, name]]


async def test_a_message_of_an_unknown_type_ends_no_listener_at_either_end(here: Village) -> None:
    ada = await here.join("Ada", agent=Worker("seven"))
    chair = await here.join("Chair", with_team("Ada"))
    eve = await here.net.join("Eve")
    await eve.connection.send(b'{"frame":"post","message":{"type":"gossip","sender":"Eve","message_id":"m"}}')
    await eve.until(lambda: "m" in eve.answers)
    assert eve.answers["m"].code == "unknown_kind"
    for resident in (ada, chair):  # a newer hub, say
        await resident.wires[0].send(b'{"frame":"gossip","about":"you"}')
        await resident.wires[0].send(b'{"frame":"delivery","message":{"type":"gossip"}}')
    assert (await here.answer(await here.ask("do it", initiator="Chair")))["conclusion"] == "seven"
    await here.net.group(eve)
    assert not [*ada.saw(Disconnected), *chair.saw(Disconnected)]


async def test_a_tool_that_fails_does_not_hang_the_group(here: Village) -> None:
    async def breaks(assignment, progress):
        raise AgentFailed("the tool is out of order")

    def decide(view):
        first = next(iter(view.group.tasks.values()))
        assert (first.status, first.conclusion) == ("failed", "the tool is out of order")
        return assign(("Spare", "the work"))

    policy = ScriptedPolicy([assign(("Broken", "the work")), decide, last_conclusion], team=("Broken", "Spare"))
    await here.join("Chair", policy)
    await here.join("Broken", agent=Worker(breaks))
    await here.join("Spare", agent=Worker("done after all"))
    goal = await here.answer(await here.ask("do it", initiator="Chair"))
    assert (goal["status"], goal["conclusion"]) == ("completed", "done after all")


async def test_a_nested_team_of_a_synchronous_task_does_not_deadlock(here: Village) -> None:
    await here.join("Chair", with_team("Lead"))
    # The nested team asks those for help who wait for it: the chair, and the lead itself.
    nested = ScriptedPolicy(
        [say("what colour?", "Chair"), assign(("Chair", "count")), last_conclusion], team=("Chair",), nest=True
    )
    await here.join("Lead", nested, Worker())
    await here.residents.pop("Chair").leave()
    chair = ScriptedPolicy([assign(("Lead", "the work")), say("red", "Lead"), last_conclusion], team=("Lead",))
    await here.come_back("Chair", chair, Worker("three red ones"))
    goal = await here.answer(await here.ask("do it", initiator="Chair"))
    assert (goal["status"], goal["conclusion"], len(goal["groups"])) == ("completed", "three red ones", 2)


async def test_nested_teams_of_asynchronous_tasks_finish(here: Village) -> None:
    def wait(view):
        return pause(*(task.task_id for task in view.group.open_tasks))

    def sum_up(view):
        return conclude(" and ".join(task.conclusion for task in view.group.tasks.values()))

    policy = ScriptedPolicy(
        [assign(("Lead", "one"), ("Second", "two"), wait=False), wait, sum_up], team=("Lead", "Second")
    )
    await here.join("Chair", policy)
    for name in ("Lead", "Second"):
        await here.join(
            name, ScriptedPolicy([assign(("Hand", name)), last_conclusion], nest=True, team=("Hand",)), Worker()
        )
    await here.join("Hand", agent=Worker())
    goal = await here.answer(await here.ask("do it", initiator="Chair"))
    assert (goal["status"], goal["conclusion"], len(goal["groups"])) == ("completed", "did Lead and did Second", 3)


async def test_a_synchronous_task_does_not_hold_up_another_group_of_the_same_agents(here: Village) -> None:
    go = asyncio.Event()

    async def slow(assignment, progress):
        if assignment.task_desc == "slow":
            await go.wait()
        return f"did {assignment.task_desc}"

    async def work(assignment, progress):
        return Outcome(await slow(assignment, progress))

    policy = ScriptedPolicy(
        [assign(("Ada", "slow")), assign(("Ada", "quick")), say("and you?", "Ada"), last_conclusion, last_conclusion],
        team=("Ada",),
    )
    await here.join("Chair", policy)
    await here.join("Ada", ScriptedPolicy([say("fine", "Chair")]), Worker(work))
    first = await here.ask("the slow one", initiator="Chair")
    second = await here.answer(await here.ask("the quick one", initiator="Chair"))
    assert second["conclusion"] == "did quick"
    assert (await here.goal(first))["status"] == "running"
    go.set()
    assert (await here.answer(first))["conclusion"] == "did slow"


async def test_a_client_tries_to_reconnect_for_ever(here: Village) -> None:
    await here.join("Chair", with_team("Ada"))
    ada = await here.join("Ada", agent=Worker("back again"))
    ada.transport.reachable = False
    await ada.wires[0].close(1006, "a cable was cut")
    await here.pass_time(4 * 3600, step_s=20)
    tries = len(ada.saw(Disconnected))
    assert tries > 400, "every half minute at least, for hours"
    assert not ada.task.done()
    assert max(event.retry_in_s for event in ada.saw(Disconnected)) <= 30
    ada.transport.reachable = True
    await here.pass_time(31)
    assert ada.client.connected
    assert (await here.answer(await here.ask("do it", initiator="Chair")))["conclusion"] == "back again"


async def test_messages_that_were_missed_are_delivered_on_return_in_order_and_once(here: Village) -> None:
    def talk(view):
        return say(f"number {view.group.seq}", "Chair")

    policy = ScriptedPolicy([talk] * 30 + [assign(("Ada", "late work")), last_conclusion], team=("Ada",))
    ada = await here.join("Ada", agent=Worker("better late"))
    await here.join("Chair", policy)
    await ada.leave()
    goal_id = await here.ask("talk", initiator="Chair", max_turns=40)
    await here.pass_time(60)
    [group] = here.groups(goal_id)
    assert group.open_tasks
    ada = await here.come_back("Ada", agent=Worker("better late"))
    goal = await here.answer(goal_id)
    assert (goal["status"], goal["conclusion"]) == ("completed", "better late")
    seen = [event.message for event in ada.saw(EntryTaken)]
    assert [message.seq for message in seen] == list(range(1, len(seen) + 1))
    assert seen == await here.log(group.comm_id)


async def test_max_turns_is_a_rule_and_no_advice(here: Village) -> None:
    class Chatter(ScriptedPolicy):
        def __init__(self, other: str) -> None:
            super().__init__(team=(other,))
            self.other = other

        async def turn(self, view):
            self.views.append(view)
            return say("and another thing", self.other)

    ann_policy = Chatter("Bob")
    ann = await here.join("Ann", ann_policy)
    await here.join("Bob", Chatter("Ann"))
    goal = await here.answer(await here.ask("talk", initiator="Ann", max_turns=7))
    log = await here.log(goal["comm_id"])
    assert [type(message).__name__ for message in log[1:]] == ["Discussion"] * 7 + ["Conclusion"]
    assert log[-1].sender == "Ann", "the initiator concludes, here because everything else was refused"
    assert {event.code for event in ann.saw(PostRefused)} == {"must_conclude"}


async def test_the_first_is_the_first_and_a_team_of_one_is_that_one(here: Village) -> None:
    """Everybody is named, nobody is counted: there is no index that could be off by one."""
    first, last = Worker("from the first"), Worker("from the last")
    policy = ScriptedPolicy(
        [assign(("0", "the work")), last_conclusion, assign(("-1", "the work")), last_conclusion], team=("0", "1", "-1")
    )
    await here.join("Chair", policy)
    await here.join("0", agent=first)
    await here.join("1", agent=Worker("from the middle"))
    await here.join("-1", agent=last)
    assert (await here.answer(await here.ask("do it", initiator="Chair")))["conclusion"] == "from the first"
    assert (await here.answer(await here.ask("do it", initiator="Chair")))["conclusion"] == "from the last"

    alone = ScriptedPolicy([say("hm", "Hermit"), assign(("Hermit", "the work")), last_conclusion])
    await here.join("Hermit", alone, Worker("alone"))
    goal = await here.answer(await here.ask("do it", initiator="Hermit"))
    assert (goal["conclusion"], goal["channels"]) == ("alone", {"nested": 0, "full": 0})
    assert (len(first.got), len(last.got)) == (1, 1)

    ann = await here.net.join("Ann")
    comm_id = await here.net.group(ann)
    for nobody in ("0", "-1", "Hermit"):
        answer = await ann.post(Discussion, comm_id, content="your turn", next_speaker=(nobody,))
        assert (answer.code, answer.legal) == ("unknown_speaker", ("Ann",))


async def test_a_quote_in_a_name_or_skill_changes_no_filter(here: Village) -> None:
    for number, name in enumerate(STRANGE):
        await here.net.register(name, "reads tables", skills=(f"skill' OR '1'='1 {number}", 'a "quoted" one'))
    await here.net.register("Plain", "reads tables")

    async def found(**filters) -> list[str]:
        answer = await here.http.get("/v1/agents", params={"search": "reads tables", "limit": 100, **filters})
        return sorted(item["name"] for item in answer.json()["items"])

    for number, name in enumerate(STRANGE):
        assert await found(skill=f"skill' OR '1'='1 {number}") == [name]
    assert await found(skill="' OR '1'='1") == []
    assert await found(skill='a "quoted" one') == sorted(STRANGE)
    assert await found() == sorted([*STRANGE, "Plain"])
    rows = await here.http.get("/v1/groups", params={"member": "' OR 1=1 --"})
    assert rows.json()["items"] == []


async def test_the_conclusion_arrives_by_an_event_and_nobody_polls_for_it(here: Village) -> None:
    go = asyncio.Event()

    async def work(assignment, progress):
        await go.wait()
        return Outcome("seven")

    await here.join("Chair", with_team("Ada"))
    await here.join("Ada", agent=Worker(work))
    goal_id = await here.ask("do it", initiator="Chair")
    watching = asyncio.create_task(here.http.get(f"/v1/goals/{goal_id}/events"))
    await here.pass_time(30)
    assert not watching.done()
    before = here.clock.monotonic_s()
    go.set()
    await here.quiet()
    assert here.clock.monotonic_s() == before
    assert watching.done(), "the stream has ended with the goal, and no time has passed"
    events = [block for block in (await watching).text.split("\n\n") if "event: goal" in block]
    ended = json.loads(events[-1].partition("data: ")[2])
    assert (ended["status"], ended["conclusion"]) == ("completed", "seven")
