"""`ioa show --transcript` and `--trajectory`: a goal with a nested team and a scripted model, and hostile words."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ioa.adapters.agents.react.agent import STEPS_FILE
from ioa.cli.follow import Followed
from ioa.cli.records import Entry, Goal
from ioa.cli.trajectory import trajectory
from ioa.cli.trajectory_steps import FORMAT, Head, Observation, Step, Task, Team, read_line
from ioa.protocol.messages import (
    AnyMessage,
    Artifact,
    Deadline,
    Discussion,
    Interjection,
    Launch,
    TaskResult,
    TaskStart,
)
from tests.cli.conftest import Ioa
from tests.cli.fake_hub import STARTED_AT, FakeHub, numbered, serving, story
from tests.models.local_site import site
from tests.models.test_minds_network import PAGE, Harbour, network, run_goal

FIELDS = {
    Head: "format ioa goal_id goal owner status initiator comm_id conclusion created_at ended_at budgets calls tokens "
    "cost_usd teams steps",
    Team: "comm_id parent_comm_id parent_task_id depth goal initiator team_members turns outcome forced conclusion",
    Step: "step at goal_id comm_id seq depth state agent action to content tasks triggers task_id status forced "
    "artifacts observation next_state next_speaker calls tokens cost_usd model saved_tokens thought",
    Task: "task_id assignee task_desc task_abstract builds_on",
    Observation: "results agent_steps reply outcome conclusion",
}
"""Format 1. A field may be added at the end; for any other change raise `FORMAT`."""


def with_steps(content: bytes, media_type: str = "application/json") -> tuple[list[AnyMessage], dict[str, bytes]]:
    """The story, where the analyst's result brings these bytes along as its steps."""
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    file = Artifact(name=STEPS_FILE, media_type=media_type, size_bytes=len(content), digest=digest)
    messages = [
        msgspec.structs.replace(message, artifacts=(file,))
        if isinstance(message, TaskResult) and message.task_id == "t1"
        else message
        for message in story()
    ]
    return messages, {digest: content}


def ended(hub: FakeHub) -> FakeHub:
    hub._ended = True
    return hub


def lines_of(text: str) -> tuple[Head, list[Step]]:
    head, *steps = [read_line(line) for line in text.splitlines()]
    assert isinstance(head, Head)
    assert all(isinstance(step, Step) for step in steps)
    return head, steps  # pyright: ignore[reportReturnType] - as asserted


async def test_a_finished_goal_with_a_nested_team_becomes_a_transcript_and_a_trajectory(
    tmp_path: Path, ioa: Ioa
) -> None:
    async with site({"/rates": PAGE}) as url, network(tmp_path, Harbour(url), damped=False) as (opened, _, _):
        goal, log, calls = await asyncio.wait_for(run_goal(opened, tmp_path), 120)
        at = ("--hub", opened.url, "--token", opened.token)
        shown = {
            form: await asyncio.to_thread(ioa, "show", goal.goal_id, form, *at)
            for form in ("--trajectory", "--transcript", "--json")
        }
        inner = await asyncio.to_thread(ioa, "show", goal.groups[1], "--trajectory", *at)
    assert all(result.exit_code == 0 for result in shown.values())
    head, steps = lines_of(shown["--trajectory"].stdout)

    # The head: the account, and the tree.
    assert (head.format, head.goal_id, head.status) == (FORMAT, goal.goal_id, "completed")
    assert head.calls == len(calls)
    assert head.steps == len(steps) == len(log)
    assert (head.teams[1].parent_comm_id, head.teams[1].depth) == (goal.groups[0], 1)

    # The steps: all of them, in the hub's order, each state following from the one before in its group.
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    for comm_id in goal.groups:
        own = [step for step in steps if step.comm_id == comm_id]
        assert own[0].state == "team_formation"
        assert own[-1].next_state == "conclusion"
        assert all(one.next_state == two.state for one, two in pairwise(own))
        assert [step.seq for step in own] == list(range(1, len(own) + 1))
    assert sum(step.tokens.input for step in steps) == goal.usage.input_tokens == head.tokens.input
    assert sum(step.tokens.output for step in steps) == goal.usage.output_tokens == head.tokens.output
    assert sum(step.calls for step in steps) == goal.usage.calls

    # What came of them.
    assigned = next(step for step in steps if step.action == "async_task")
    assert [result.assignee for result in assigned.observation.results] == ["File reader", "Web reader"]
    for result in assigned.observation.results:
        assert result.status == "completed"
        assert result.step is not None
        assert steps[result.step - 1].action == "task_result"
    assert assigned.observation.results[0].subgroup == goal.groups[1]
    paused = next(step for step in steps if step.action == "pause")
    assert paused.triggers == tuple(task.task_id for task in assigned.tasks)
    assert paused.next_speaker is None
    done = [[one.action for one in step.observation.agent_steps] for step in steps if step.action == "task_start"]
    assert sorted(done) == [[], ["browser_open", "answer"], ["run_python", "answer"]], "the first went to a team"
    code = next(step for step in steps if step.agent == "Code runner" and step.action == "task_start")
    assert code.observation.agent_steps[0].arguments == {"code": "print(3*12.50 + 2*40 + 310)"}
    assert "427.5" in code.observation.agent_steps[0].observation

    # A part of the tree keeps the numbers of the whole.
    part, inside = lines_of(inner.stdout)
    assert {step.comm_id for step in inside} == {goal.groups[1]}
    assert [team.comm_id for team in part.teams] == [goal.groups[1]]
    assert inside == [step for step in steps if step.comm_id == goal.groups[1]]

    # The same again is the same, and the messages of `--json` are these steps.
    tree = json.loads(shown["--json"].stdout)
    assert [message["message"]["type"] for message in tree["messages"]] == [step.action for step in steps]
    assert len(tree["calls"]) == len(calls)

    text = shown["--transcript"].stdout
    for part_of_it in (
        "Web reader** assigns 2 tasks and goes on (async_task)",
        "    - **",
        "File reader** forms team 2 with Code runner",
        "reports task 2: completed *(",
        "Code runner** reports task 2.1: completed",
        '1. run\\_python {"code":"print(3\\*12.50 + 2\\*40 + 310)"}',
        "> The total is 393.30 euro (427.50 dollars at 0.92). Mara Lindqvist signed.",
        "| by decision | calls | tokens read | written | USD |",
        f"{goal.usage.input_tokens:,} tokens read, {goal.usage.output_tokens:,} written",
    ):
        assert part_of_it in text, part_of_it
    assert text.index("forms team 2") < text.index("reports task 1 for File reader"), "where its work begins"


def test_the_fields_of_the_format_are_as_promised() -> None:
    assert FORMAT == 1
    for kind, names in FIELDS.items():
        assert kind.__struct_fields__[: len(names.split())] == tuple(names.split()), kind.__name__


def test_every_line_has_every_field_and_the_same_goal_gives_the_same_lines(ioa: Ioa, hub: FakeHub) -> None:
    ended(hub)
    first, second = (ioa.at(hub, "show", "goal-1", "--trajectory").stdout for _ in range(2))
    assert first == second
    for line in first.splitlines()[1:]:
        found = json.loads(line)
        assert list(found) == ["line", *Step.__struct_fields__]
        assert list(found["observation"]) == list(Observation.__struct_fields__)
    with pytest.raises(msgspec.ValidationError):
        read_line('{"line": "other"}')


def steps_of(messages: list[AnyMessage]) -> list[Step]:
    entries = [
        Entry(cursor=place + 1, at=STARTED_AT + place, message=message) for place, message in enumerate(messages)
    ]
    followed = Followed()
    for entry in entries:
        followed.take(entry)
    goal = Goal(goal_id="goal-1", goal="Do it", status="failed")
    _, *steps = trajectory(goal, entries, {}, frozenset(followed.groups))
    return steps  # pyright: ignore[reportReturnType] - all but the first are steps


def test_a_discussion_is_observed_by_its_reply_and_what_is_open_has_no_result() -> None:
    root: dict[str, Any] = {"comm_id": "c-root", "message_id": "x"}
    launch, assigned, started, *_ = story()
    assert isinstance(launch, Launch)
    messages = numbered([
        launch,
        Discussion(sender="Writer", content="Who can?", next_speaker=("Plotter",), thought="ask first", **root),
        Interjection(sender="@me", content="Be quick", **root),
        Discussion(sender="Plotter", content="I can.", next_speaker=("Writer",), **root),
        Deadline(sender="@hub", overdue="floor", member="Writer", since=4, content="no word in 60 s", **root),
    ])  # fmt: skip
    first, word, said, answer, late = steps_of(messages)
    assert (first.state, first.next_state, first.next_speaker) == ("team_formation", "discussion", "Writer")
    assert word.thought == "ask first"
    assert word.to == ("Plotter",)
    assert word.observation.reply is not None
    assert (word.observation.reply.step, word.observation.reply.content) == (4, "I can.")
    assert (said.agent, said.action) == ("@me", "interjection")
    assert answer.observation.reply is not None
    assert answer.observation.reply.action == "deadline"
    assert (late.agent, late.to) == ("@hub", ("Writer",))

    *_, tasks, begun = steps_of(numbered([launch, assigned, started]))
    assert [(result.status, result.step) for result in tasks.observation.results] == [
        ("in_progress", None),
        ("pending", None),
    ]
    assert begun.observation.agent_steps == ()
    assert isinstance(started, TaskStart)


STEPS = [
    {"thought": "look", "action": "sql", "arguments": '{"query": "SELECT 1"}', "observation": "x" * 900},
    {"thought": "", "action": "answer", "arguments": "no JSON", "observation": ""},
]


def test_the_steps_of_an_agent_are_fetched_from_the_hub_and_shortened_for_readers_only(ioa: Ioa) -> None:
    messages, files = with_steps(json.dumps(STEPS).encode())
    hub = ended(FakeHub(messages=messages))
    hub.uploads |= files
    with serving(hub):
        _, steps = lines_of(ioa.at(hub, "show", "goal-1", "--trajectory").stdout)
        short = ioa.at(hub, "show", "goal-1", "--transcript").stdout
        full = ioa.at(hub, "show", "goal-1", "--transcript", "--full").stdout
    begun = next(step for step in steps if step.action == "task_start")
    assert [(one.action, one.arguments) for one in begun.observation.agent_steps] == [
        ("sql", {"query": "SELECT 1"}),
        ("answer", "no JSON"),
    ]
    reported = next(step for step in steps if step.action == "task_result" and step.task_id == "t1")
    assert reported.observation.agent_steps == (), "once is enough"
    assert "(900 characters; --full shows all)" in short
    assert "x" * 900 in full


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"{not json", "application/json"),
        (b'{"a": 1}', "application/json"),
        (b"[]", "text/plain"),
        (b"[1]", "application/json"),
    ],
)
def test_another_file_under_that_name_is_left_out(ioa: Ioa, content: bytes, media_type: str) -> None:
    messages, files = with_steps(content, media_type)
    for known in ({}, files):
        hub = ended(FakeHub(messages=messages))
        hub.uploads |= known
        with serving(hub):
            result = ioa.at(hub, "show", "goal-1", "--trajectory")
        assert result.exit_code == 0, result.output
        _, steps = lines_of(result.stdout)
        assert not any(step.observation.agent_steps for step in steps)


def test_what_strangers_say_is_quoted_and_harmless_in_a_transcript(ioa: Ioa) -> None:
    evil = (
        "# Answer\n\n<script>alert(1)</script> ![](http://198.51.100.1/x.png) \x1b[31mred\n\n- **0.0 s · Writer** says"
    )
    hub = ended(FakeHub(messages=story(conclusion=evil)))
    with serving(hub):
        text = ioa.at(hub, "show", "goal-1", "--transcript").stdout
    assert "<script" not in text
    assert "![" not in text
    assert "\x1b" not in text
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Conversation", "Answer"]
    assert "> - **0.0 s · Writer** says" in text


def test_only_one_form_at_a_time(ioa: Ioa) -> None:
    result = ioa("show", "x", "--trajectory", "--json")
    assert result.exit_code == 2
    assert "exclude each other" in result.stderr
