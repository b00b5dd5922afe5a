"""Quotas: what is refused names the quota and its remedy; operators set others for single users."""

import asyncio

import pytest
from msgspec.structs import replace

from ioa.adapters.store.memory import MemoryStore
from ioa.hub.quota_settings import QuotaChange, Quotas
from ioa.hub.security import Identity
from ioa.hub.settings import HubSettings
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Accepted, Granted, Launched, Refusal, Spend, Spent
from ioa.protocol.messages import Budgets, Conclusion, Discussion, Interjection, Parent, SyncTask, TaskAssignment, Usage
from tests.hub.network import network
from tests.hub.served import ALICE, BORIS, served

ROOT = Identity("operator", "root", operator=True)
ROOT_TOKEN = "root-token-of-more-than-20-characters"


def limited(folder, **quotas):
    return HubSettings(data_dir=folder, quotas=Quotas(**quotas))


async def refused(work, quota, code="too_many"):
    with pytest.raises(Refused, match=f"quota {quota}") as refusal:
        await work
    assert refusal.value.code == code
    assert "; " in refusal.value.rule, "the remedy"


async def acts(net):
    return [(entry.act, entry.what, entry.details) for _, entry in await net.hub.audit.page(before=None, limit=50)]


async def test_a_user_has_so_many_agents(tmp_path):
    async with network(tmp_path, settings=limited(tmp_path, agents=2)) as net:
        await net.register("one")
        await net.register("two")
        await refused(net.register("three"), "agents")
        await net.register("of another", owner="boris")
        await net.hub.registry.remove("two")
        await net.register("three")
        assert ("quota_refused", "user me", {"quota": "agents"}) in await acts(net)


async def test_a_user_has_so_many_open_goals_and_gives_so_many_an_hour(tmp_path):
    async with network(tmp_path, settings=limited(tmp_path, open_goals=2, goals_an_hour=3)) as net:
        first = await net.goal("one")
        await net.goal("two")
        await refused(net.goal("three"), "open_goals")
        await net.goal("of another", owner="@boris")
        await net.hub.goals.cancel(first.goal_id)
        third = await net.goal("three")
        again = await net.goal("three", goal_id=third.goal_id)
        assert again.goal_id == third.goal_id, "a repeat is no new goal"
        await net.hub.goals.cancel(third.goal_id)
        await refused(net.goal("four"), "goals_an_hour", "too_fast")
        await net.clock.advance(1_200)
        await net.goal("four")


async def test_what_is_asked_for_at_once_is_counted_before_it_is_written(tmp_path):
    async with network(tmp_path, settings=limited(tmp_path, open_goals=2, agents=3)) as net:
        goals = await asyncio.gather(*(net.goal(f"goal {n}") for n in range(6)), return_exceptions=True)
        assert [getattr(one, "code", "") for one in goals].count("too_many") == 4
        agents = await asyncio.gather(*(net.register(f"agent {n}") for n in range(6)), return_exceptions=True)
        assert [getattr(one, "code", "") for one in agents].count("too_many") == 3


async def test_an_agent_says_so_much_an_hour_however_often_it_connects(tmp_path):
    async with network(tmp_path, settings=limited(tmp_path, messages_an_hour=2)) as net:
        ann, bob = await net.join("Ann"), await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        assert isinstance(await ann.post(Discussion, comm_id, content="1", next_speaker=("Bob",)), Accepted)
        assert isinstance(await bob.post(Discussion, comm_id, content="2", next_speaker=("Ann",)), Accepted)
        await ann.post(Discussion, comm_id, content="3", next_speaker=("Bob",))
        await ann.leave()
        ann = await net.connect("Ann", cursor=ann.cursor)
        answer = await ann.post(Discussion, comm_id, content="4", next_speaker=("Bob",))
        assert isinstance(answer, Refusal)
        assert (answer.code, "messages_an_hour" in answer.rule) == ("too_fast", True)
        assert isinstance(await bob.post(Conclusion, comm_id, content="done"), Accepted), "others are not concerned"


async def test_a_full_group_can_still_end(tmp_path):
    async with network(tmp_path, settings=limited(tmp_path, messages_a_group=3)) as net:
        ann, bob = await net.join("Ann"), await net.join("Bob")
        comm_id = await net.group(ann, "Bob")
        await ann.post(Discussion, comm_id, content="1", next_speaker=("Bob",))
        await bob.post(Discussion, comm_id, content="2", next_speaker=("Ann",))
        answer = await ann.post(Discussion, comm_id, content="3", next_speaker=("Bob",))
        assert (answer.code, "messages_a_group" in answer.rule) == ("too_many", True)
        note = Interjection(sender="@me", comm_id=comm_id, message_id="m", content="hello?")
        with pytest.raises(Refused, match="messages_a_group"):
            await net.hub.routing.post("@me", note)
        assert isinstance(await ann.post(Conclusion, comm_id, content="done"), Accepted)


async def test_a_goal_has_so_many_groups_and_a_repeated_launch_is_no_new_one(tmp_path):
    async with network(tmp_path, settings=limited(tmp_path, groups_a_goal=2)) as net:
        ann, bob = await net.join("Ann"), await net.join("Bob")
        await net.register("Cyd")
        comm_id = await net.group(ann, "Bob", budgets=Budgets(turns=60, depth=2))
        tasks = tuple(TaskAssignment(task_desc=f"task {n}", assignee=("Bob",)) for n in range(2))
        await ann.post(SyncTask, comm_id, content="please", next_speaker=("Bob",), tasks=tasks)
        await bob.heard(comm_id, 2)

        async def nested(number, request_id):
            parent = Parent(comm_id=comm_id, task_id=f"{comm_id}.{number}")
            return await bob.launch(
                goal="part", team_members=("Cyd",), parent=parent, max_turns=4, request_id=request_id
            )

        assert isinstance(await nested(1, "a"), Launched)
        answer = await nested(2, "b")
        assert (answer.code, "groups_a_goal" in answer.rule) == ("too_many", True)
        assert isinstance(await nested(1, "a"), Launched)


async def test_files_of_a_user_and_its_agents_fill_one_store(tmp_path):
    async with served(tmp_path, quotas=Quotas(stored_bytes=1_000), operators={"root": ROOT_TOKEN}) as net:
        agent = await net.register("Ann")

        async def put(data, token=ALICE):
            return await net.ask("PUT", "/v1/artifacts?name=a.bin", token=token, content=data)

        assert (await put(b"x" * 600)).status_code == 201
        assert (await put(b"x" * 600)).status_code == 201, "the same file again takes no more"
        over = await put(b"y" * 401, agent)
        assert over.status_code == 429
        assert "stored_bytes" in over.json()["error"]["message"]
        assert (await put(b"y" * 400, agent)).status_code == 201
        assert (await put(b"z")).status_code == 429
        assert (await put(b"z", BORIS)).status_code == 201
        view = (await net.ask("GET", "/v1/quotas/alice")).json()
        assert (view["stored_bytes"], view["quotas"]["stored_bytes"], view["agents"]) == (1_000, 1_000, 1)
        changed = await net.ask("PUT", "/v1/quotas/alice", token=ROOT_TOKEN, json={"stored_bytes": 2_000})
        assert changed.json()["quotas"]["stored_bytes"] == 2_000
        assert (await put(b"z")).status_code == 201


async def test_model_calls_are_paid_for_up_to_the_users_quota_of_the_day(tmp_path):
    async with network(tmp_path, settings=limited(tmp_path, model_tokens_a_day=1_000)) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann)
        spend = Spend(request_id="1", comm_id=comm_id, tokens=800, model="m")
        assert isinstance(await ann.ask(spend), Granted)
        await ann.ask(Spent(request_id="2", spend=spend, usage=Usage(calls=1, input_tokens=700, model="m")))
        await net.clock.advance(10)
        answer = await ann.ask(Spend(request_id="3", comm_id=comm_id, tokens=301, model="m"))
        assert (answer.code, "model_tokens_a_day" in answer.rule) == ("budget_spent", True)
        assert isinstance(await ann.ask(Spend(request_id="4", comm_id=comm_id, tokens=300, model="m")), Granted)


async def test_what_is_kept_back_for_calls_counts_until_they_are_told(tmp_path):
    async with network(tmp_path, settings=limited(tmp_path, model_cost_usd_a_day=1.0)) as net:
        ann = await net.join("Ann")
        comm_id = await net.group(ann)
        asked = [Spend(request_id=f"{n}", comm_id=comm_id, tokens=1, cost_usd=0.25, model="m") for n in range(6)]
        answers = [await ann.ask(spend) for spend in asked]
        assert [isinstance(answer, Granted) for answer in answers] == [True] * 4 + [False] * 2
        assert isinstance(await ann.ask(asked[3]), Granted), "it was granted before"
        await ann.ask(Spent(request_id="t", spend=asked[0], usage=Usage(calls=1, cost_usd=0.05, model="m")))
        again = Spend(request_id="again", comm_id=comm_id, tokens=1, cost_usd=0.2, model="m")
        assert (await ann.ask(again)).code == "budget_spent"
        await net.clock.advance(1)  # what was refused is looked at anew each second
        assert isinstance(await ann.ask(replace(again, request_id="later")), Granted)


async def test_an_operator_gives_a_user_quotas_of_its_own_which_last(tmp_path):
    store = MemoryStore()
    async with network(tmp_path, store=store, settings=limited(tmp_path, agents=1)) as net:
        await net.register("one")
        await net.hub.quotas.change(ROOT, "me", QuotaChange(agents=2))
        await net.register("two")
    async with network(tmp_path, store=store, settings=limited(tmp_path, agents=1)) as net:
        assert net.hub.quotas.of_user("me") == Quotas(agents=2)
        await refused(net.register("three"), "agents")
        await net.hub.quotas.change(ROOT, "me", QuotaChange())
        assert net.hub.quotas.of_user("me") == Quotas(agents=1)
        assert [what for act, what, _ in await acts(net) if act == "quota_changed"] == ["user me", "user me"]
        with pytest.raises(Refused, match="agents -1"):
            await net.hub.quotas.change(ROOT, "me", QuotaChange(agents=-1))


async def test_quotas_are_shown_to_their_user_and_changed_by_operators(tmp_path):
    async with served(tmp_path, operators={"root": ROOT_TOKEN}) as net:
        mine = (await net.ask("GET", "/v1/quotas")).json()["items"]
        assert [view["user"] for view in mine] == ["alice"]
        assert (await net.ask("GET", "/v1/quotas/boris")).status_code == 403
        assert (await net.ask("PUT", "/v1/quotas/alice", json={"agents": 1})).status_code == 403
        every = (await net.ask("GET", "/v1/quotas", token=ROOT_TOKEN)).json()["items"]
        assert [view["user"] for view in every] == ["alice", "boris"]
        wrong = await net.ask("PUT", "/v1/quotas/alice", token=ROOT_TOKEN, json={"agent": 1})
        assert wrong.status_code == 400


def test_a_quota_is_no_negative_number():
    with pytest.raises(ValueError, match="agents -1"):
        Quotas(agents=-1)
