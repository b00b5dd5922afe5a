"""Bad input gets an error that names the field, the value and the remedy, and leaves everything else running.

Here: frames, messages, names and goals. Agents, files and the command line are in `test_bad_agents.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ioa.protocol.frames import MAX_FRAME_BYTES, Launched
from ioa.protocol.messages import (
    AsyncTask,
    Conclusion,
    Discussion,
    Parent,
    Pause,
    SyncTask,
    TaskAssignment,
    TaskCancel,
    TaskProgress,
    TaskResult,
)
from tests.hub.network import TestAgent
from tests.promises.scene import Bad, Complaint, Scene, refused, scene


def frame(data: bytes | dict):
    """Ann sends this."""
    sent = data if isinstance(data, bytes) else json.dumps(data).encode()
    return lambda here: here.send(here.ann, sent)


def message(**fields):
    return frame({"frame": "post", "message": {"sender": "Ann", "comm_id": "c", "message_id": "m", **fields}})


def says(kind, who="ann", **fields):
    return lambda here: here.post(getattr(here, who), kind, **fields)


def http(method, path, **rest):
    return lambda here: here.http(method, path, **rest)


def agent_called(name: str, **card):
    return http("POST", "/v1/agents", json={"name": name, "description": "does things", **card})


def goal(**fields):
    return http("POST", "/v1/goals", json={"goal": "a goal", **fields})


async def task(here: Scene, kind: Any = AsyncTask) -> str:
    """Ann gives Bob a task; its task_id."""
    tasks = (TaskAssignment(task_desc="the task", assignee=("Bob",)),)
    assert (await here.ann.post(kind, here.comm_id, content="please", next_speaker=("Bob",), tasks=tasks)).seq
    return f"{here.comm_id}.1"


async def hello(here: Scene, version: int, token: str) -> Complaint:
    agent = TestAgent("Ann", here.here.net.wire())
    await agent.hello(token, version=version)
    await agent.until_closed()
    return refused(agent.refusals[0])


async def too_large(here: Scene) -> Complaint:
    await here.eve.connection.send(b" " * (MAX_FRAME_BYTES + 1))
    await here.eve.until_closed()
    assert here.eve.closed.code == 1009
    return refused(here.eve.refusals[-1])


async def while_waiting(here: Scene) -> Complaint:
    await task(here, SyncTask)
    return await here.post(here.ann, Discussion, content="hm", next_speaker=("Bob",))


async def ended_trigger(here: Scene) -> Complaint:
    name = await task(here)
    await here.bob.post(TaskResult, here.comm_id, task_id=name, status="completed", task_conclusion="7")
    more = (TaskAssignment(task_desc="another", assignee=("Bob",)),)
    await here.ann.post(AsyncTask, here.comm_id, content="please", next_speaker=("Bob",), tasks=more)
    return await here.post(here.ann, Pause, content="waiting", triggers=(name,))


async def trigger_twice(here: Scene) -> Complaint:
    name = await task(here)
    return await here.post(here.ann, Pause, content="waiting", triggers=(name, name))


async def cyclic_trigger(here: Scene) -> Complaint:
    """The team that does a task waits for that very task."""
    name = await task(here)
    launched = await here.bob.launch(goal="the task", parent=Parent(comm_id=here.comm_id, task_id=name))
    assert isinstance(launched, Launched)
    return await here.post(here.bob, Pause, launched.comm_id, content="waiting", triggers=(name,))


async def cyclic_dependency(here: Scene) -> Complaint:
    """A task builds on one that has not ended, such as itself."""
    name = await task(here)
    tasks = (TaskAssignment(task_desc="more", assignee=("Bob",), builds_on=(name,)),)
    return await here.post(here.ann, AsyncTask, content="please", next_speaker=("Bob",), tasks=tasks)


async def foreign_group(here: Scene) -> Complaint:
    return await here.post(here.ann, Discussion, here.other, content="let me in", next_speaker=("Eve",))


async def foreign_task(here: Scene) -> Complaint:
    return await here.post(here.ann, TaskProgress, task_id=f"{here.other}.1", content="half")


async def not_the_assignee(here: Scene) -> Complaint:
    name = await task(here)
    return await here.post(here.ann, TaskResult, task_id=name, status="completed", task_conclusion="7")


async def ended_task(here: Scene) -> Complaint:
    name = await task(here)
    await here.ann.post(TaskCancel, here.comm_id, task_id=name)
    return await here.post(here.bob, TaskResult, task_id=name, status="completed", task_conclusion="7")


async def ended_group(here: Scene) -> Complaint:
    await here.ann.post(Conclusion, here.comm_id, content="done")
    return await here.post(here.ann, Discussion, content="one more thing", next_speaker=("Bob",))


async def name_of_another(here: Scene) -> Complaint:
    return await here.post(here.ann, Discussion, sender="Bob", content="hi", next_speaker=("Ann",))


async def launch_for_nothing(here: Scene, **fields) -> Complaint:
    return refused(await here.ann.launch(**fields))


FRAMES = [
    Bad("no JSON", frame(b"not json"), "frame", "not json", "send one", "malformed"),
    Bad("no object", frame(b"[1]"), "object", "[1]", "docs/protocol.md", "malformed"),
    Bad("no Unicode", frame(b"\xff\xfe"), "frame", "\\xff", "UTF-8", "malformed"),
    Bad("a wrong field", frame({"frame": "ack", "cursor": -1}), "$.cursor", "-1", ">= 0", "malformed"),
    Bad(
        "a field too many", frame({"frame": "ping", "colour": "red"}), "`colour`", "'red'", "leave it out", "malformed"
    ),
    Bad("a field too few", frame({"frame": "post"}), "`message`", "missing", "add it", "malformed"),
    Bad(
        "a field of another kind",
        message(type="conclusion", content="x", triggers=["t"]),
        "`triggers` - at `$.message`",
        "['t']",
        "leave it out",
        "malformed",
    ),
    Bad("an unknown frame", frame({"frame": "shout"}), "$.frame", "'shout'", "launch_group", "unknown_kind"),
    Bad("an unknown type", message(type="gossip"), "$.message.type", "'gossip'", "discussion", "unknown_kind"),
    Bad("a wrong version", lambda here: hello(here, 99, "t"), "version", "99", "only 1", "wrong_version"),
    Bad("a wrong token", lambda here: hello(here, 1, "t"), "token", "not known", "register", "not_authenticated"),
    Bad("too large", too_large, "frame", str(MAX_FRAME_BYTES + 1), "artifacts", "too_large"),
]

LAW = [
    Bad(
        "an unknown group",
        says(Discussion, comm_id="nowhere", content="hi", next_speaker=("Ann",)),
        "comm_id",
        "'nowhere'",
        "post to a group",
        "unknown_group",
    ),
    Bad("a group of others", foreign_group, "sender", "'Ann'", "only members", "not_a_member"),
    Bad("the name of another", name_of_another, "sender", "'Bob'", "send your own name", "not_the_sender"),
    Bad(
        "no floor",
        says(Discussion, "bob", content="me, me!", next_speaker=("Ann",)),
        "sender",
        "'Bob'",
        "wait until 'Ann' hands it on",
        "not_the_floor",
    ),
    Bad(
        "no floor while the group waits", while_waiting, "sender", "'Ann'", "then it returns to 'Ann'", "not_the_floor"
    ),
    Bad(
        "an unknown next speaker",
        says(Discussion, content="hi", next_speaker=("Zoe",)),
        "next_speaker",
        "'Zoe'",
        "Ann | Bob",
        "unknown_speaker",
    ),
    Bad(
        "two next speakers",
        says(Discussion, content="hi", next_speaker=("Ann", "Bob")),
        "next_speaker",
        "['Ann', 'Bob']",
        "name exactly one",
        "one_speaker",
    ),
    Bad(
        "an unknown assignee",
        says(SyncTask, content="do", next_speaker=("Zoe",), tasks=(TaskAssignment(task_desc="x", assignee=("Zoe",)),)),
        "assignee",
        "'Zoe'",
        "name members",
        "unknown_speaker",
    ),
    Bad(
        "a pause for nothing",
        says(Pause, content="w", triggers=("t",)),
        "triggers",
        "'t'",
        "go on without",
        "bad_triggers",
    ),
    Bad("a trigger that has ended", ended_trigger, "triggers", ".1'", "name open ones", "bad_triggers"),
    Bad("a trigger twice", trigger_twice, "triggers", ".1", "name each once", "duplicate"),
    Bad("a trigger in a circle", cyclic_trigger, "triggers", ".1'", "go on without", "bad_triggers"),
    Bad("a dependency in a circle", cyclic_dependency, "builds_on", ".1'", "wait for it first", "bad_dependency"),
    Bad("a task of another group", foreign_task, "task_id", ".1'", "name one of its tasks", "unknown_task"),
    Bad("a task of another", not_the_assignee, "sender", "'Ann'", "leave it to them", "not_the_assignee"),
    Bad("a task that has ended", ended_task, "task_id", ".1'", "stop working on it", "task_ended"),
    Bad("a group that has ended", ended_group, "type", "'discussion'", "launch a new group", "concluded"),
    Bad("nothing said", says(Conclusion, content="  "), "content", "is empty", "say something", "empty"),
    Bad("a group for no goal", launch_for_nothing, "goal_id and parent", "missing", "give the goal", "unknown_goal"),
    Bad(
        "a group for a goal that is not there",
        lambda here: launch_for_nothing(here, goal_id="g-0"),
        "goal_id",
        "'g-0'",
        "GET /v1/goals",
        "unknown_goal",
    ),
]

NAMES = [
    Bad("no name", agent_called(""), "name", "''", "length >= 1", "malformed"),
    Bad("a blank name", agent_called("   "), "name", "is empty", "such as 'Data analyst'", "bad_name"),
    Bad("a blank at the end", agent_called("Zoe "), "name", "'Zoe '", "remove it", "bad_name"),
    Bad("a line break", agent_called("Zo\ne"), "name", "Zo", "U+000A, which cannot be shown; remove it", "bad_name"),
    Bad("an escape code", agent_called("\x1b[31mZoe"), "name", "U+001B", "remove it", "bad_name"),
    Bad("a direction mark", agent_called("Zo\u202ee"), "name", "U+202E", "remove it", "bad_name"),
    Bad("300 characters", agent_called("x" * 300), "name", "xxx", "length <= 80", "malformed"),
    Bad("70 characters", agent_called("x" * 70), "name", "has 70 characters", "at most 64", "bad_name"),
    Bad("300 characters in CJK", agent_called("数" * 300), "name", "数数", "length <= 80", "malformed"),
    Bad("a name that is taken", agent_called("Ann"), "name", "'Ann'", "rotate=true", "name_taken"),
    Bad("another spelling of it", agent_called("ＡＮＮ"), "name", "'ＡＮＮ'", "choose another name", "name_taken"),
    Bad("the name of the hub", agent_called("@hub"), "name", "'@hub'", "choose another first character", "bad_name"),
    Bad("no description", agent_called("Zoe", description=" "), "description", "is empty", "say in a few", "empty"),
    Bad("a type of nothing", agent_called("Zoe", type="Dog"), "$.type", "'Dog'", "/openapi.json", "malformed"),
]

GOALS = [
    Bad("an empty goal", goal(goal="  "), "goal", "is empty", "say what the network is to achieve", "empty"),
    Bad("no goal", http("POST", "/v1/goals", json={}), "`goal`", "missing", "add it", "malformed"),
    Bad("no JSON in a request", http("POST", "/v1/goals", content=b"{"), "body", "b'{'", "send a JSON", "malformed"),
    Bad("no turns", goal(max_turns=0), "$.max_turns", "0", ">= 1", "malformed"),
    Bad("too deep", goal(budgets={"depth": 99}), "$.budgets.depth", "99", "<= 32", "malformed"),
    Bad("an unknown initiator", goal(initiator="Zoe"), "initiator", "'Zoe'", "ioa agents", "unknown_agent"),
    Bad("an unknown member", goal(team=["Ann", "Zoe"]), "team", "'Zoe'", "ioa agents", "unknown_agent"),
    Bad("a chat that is not there", goal(continues="c0"), "continues", "'c0'", "ioa chats", "unknown_group"),
    Bad(
        "a file that is not there",
        goal(artifacts=[{"name": "a.csv", "media_type": "text/csv", "size_bytes": 1, "digest": "sha256:" + "0" * 64}]),
        "digest",
        "0000",
        "upload it first",
        "unknown_artifact",
    ),
    Bad("an unknown goal", http("GET", "/v1/goals/g0"), "goal_id", "'g0'", "GET /v1/goals", "unknown_goal"),
    Bad("an unknown chat", http("GET", "/v1/groups/c0"), "comm_id", "'c0'", "GET /v1/groups", "unknown_group"),
    Bad("an unknown agent", http("GET", "/v1/agents/Zoe"), "name", "'Zoe'", "ioa agents", "unknown_agent"),
    Bad(
        "a file name with a folder",
        http("PUT", "/v1/artifacts?name=a/b", content=b"x"),
        "name",
        "'a/b'",
        "/openapi.json",
        "malformed",
    ),
]


@pytest.mark.parametrize("bad", [*FRAMES, *LAW, *NAMES, *GOALS], ids=lambda bad: bad.what)
async def test_bad_input_gets_field_value_and_remedy_and_disturbs_nobody(tmp_path: Path, bad: Bad) -> None:
    async with scene(tmp_path) as here:
        before = here.here.group(here.comm_id).seq
        said = await bad.do(here)
        bad.check(said)
        if bad in (*FRAMES, *NAMES, *GOALS):
            assert here.here.group(here.comm_id).seq == before, "nothing was written"
        for agent in (here.ann, here.bob):
            assert agent.closed is None
