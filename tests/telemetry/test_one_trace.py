"""Issue 3, Must show 4: one goal is one trace, across hub, clients and agents, and it says what the log says."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from ioa.adapters.telemetry import names
from ioa.bootstrap import embedded_network
from ioa.minds import Thinking, model_setting
from ioa.protocol.messages import Launch, Message, TaskProgress, TaskResult, TaskStart, TaskTurn, Turn, kind
from ioa.testing.model_server import ModelServer
from tests.models.brain import played
from tests.models.local_site import site
from tests.models.test_minds_network import GOAL, ORDERS, PAGE, Harbour, agents, run_goal
from tests.telemetry.watching import Watch, family, kind_of, place, said, traces


@pytest.fixture
async def told(tmp_path):
    """A goal with discovery, a nested team, asynchronous tasks and a pause, by three ReAct agents over websockets."""
    watch = Watch()
    async with site({"/rates": PAGE}) as url, ModelServer(played(Harbour(url))) as server:
        setting = model_setting([f"gpt-4o@{server.openai_url}"])
        async with Thinking(setting=setting, damped=False) as thinking:
            network = embedded_network(
                tmp_path / "net",
                agents=agents(thinking, httpx.URL(url).netloc.decode(), tmp_path),
                builtin=False,
                policy=thinking.policy,
                wire="websocket",
                tracer=watch.tracer,
            )
            async with network as opened:
                goal, log, calls = await asyncio.wait_for(run_goal(opened, tmp_path), 120)
    assert goal.status == "completed"
    return watch, goal, log, calls


async def test_a_goal_with_a_nested_team_is_one_trace_that_says_what_log_and_account_say(told):
    watch, goal, log, calls = told
    spans = watch.spans
    assert len(traces(spans)) == 1
    tree = family(spans)
    assert tree.keys() == {
        ("goal", ""),
        ("formation", "goal"),
        ("formation", "task"),
        ("group", "goal"),
        ("group", "task"),
        ("turn", "group"),
        ("task", "turn"),
        ("model_call", "formation"),
        ("model_call", "turn"),
        ("model_call", "task"),
        ("tool", "task"),
    }
    assert tree["goal", ""] == tree["group", "goal"] == 1
    _counts_are_those_of_the_log(watch, goal, log)
    _messages_lead_to_their_spans(watch, log)
    _calls_are_those_of_the_account(watch, goal, calls)
    _figures_follow_from_the_spans(watch, goal)
    _nothing_that_was_said_is_told(watch, log)


def _counts_are_those_of_the_log(watch, goal, log):
    turns = [message for message in log if isinstance(message, Turn)]
    spoken = [span for span in watch.of("turn") if said(span, names.STATE)]
    assert Counter(said(span, names.STATE) for span in spoken) == Counter(kind(message) for message in turns)
    assert {said(span, names.COMM_ID) for span in watch.of("group")} == set(goal.groups)
    results = [message for message in log if isinstance(message, TaskResult)]
    assert Counter((said(span, names.TASK_ID), said(span, names.AGENT)) for span in watch.of("task")) == Counter(
        (message.task_id, message.assignee or message.sender) for message in results
    )
    assert Counter(said(span, names.STATUS) for span in watch.of("task")) == Counter(
        message.status for message in results
    )
    announced = Counter(message.content.partition("(")[0] for message in log if isinstance(message, TaskProgress))
    assert Counter(said(span, names.TOOL) for span in watch.of("tool")) == announced
    assert announced == {"run_python": 1, "browser_open": 1}
    (root,) = watch.of("goal")
    assert (said(root, names.GOAL_ID), said(root, names.STATUS)) == (goal.goal_id, "completed")


def _messages_lead_to_their_spans(watch, log):
    by_place = {place(span): kind_of(span) for span in watch.spans}
    led = {
        kind(message): by_place[message.traceparent[3:52]]
        for message in log
        if isinstance(message, Message) and message.traceparent is not None
    }
    assert led == {
        **{kind(message): "turn" for message in log if isinstance(message, Turn)},
        kind(Launch): "group",
        kind(TaskStart): "task",
        kind(TaskProgress): "task",
        kind(TaskResult): "task",
    }
    by_clients = [message for message in log if isinstance(message, Turn | Launch | TaskStart)]
    assert all(message.traceparent for message in by_clients)
    assigned = {task.task_id: message for message in log if isinstance(message, TaskTurn) for task in message.tasks}
    for span in watch.of("task"):
        if (message := assigned.get(said(span, names.TASK_ID))) is not None:
            assert span.parent is not None
            assert (message.traceparent or "")[36:52] == f"{span.parent.span_id:016x}"


def _calls_are_those_of_the_account(watch, goal, calls):
    spans = watch.of("model_call")
    assert len(spans) == goal.usage.calls
    assert sum(said(span, names.INPUT_TOKENS) for span in spans) == goal.usage.input_tokens
    assert sum(said(span, names.OUTPUT_TOKENS) for span in spans) == goal.usage.output_tokens
    assert Counter((call.agent, call.decision, call.input_tokens, call.output_tokens) for call in calls) == Counter(
        tuple(said(span, name) for name in (names.AGENT, names.DECISION, names.INPUT_TOKENS, names.OUTPUT_TOKENS))
        for span in spans
    )
    assert {(said(span, names.OPERATION), said(span, names.REQUEST_MODEL)) for span in spans} == {("chat", "gpt-4o")}


def _figures_follow_from_the_spans(watch, goal):
    assert [(point.value, dict(point.attributes)) for point in watch.points(names.GOALS)] == [
        (1, {names.STATUS: "completed"})
    ]
    assert sum(point.value for point in watch.points(names.TASKS)) == len(watch.of("task"))
    for name, spans in (
        (names.TURN_DURATION, "turn"),
        (names.TOOL_DURATION, "tool"),
        (names.MODEL_CALL_DURATION, "model_call"),
    ):
        assert sum(point.count for point in watch.points(name)) == len(watch.of(spans))
    used = {}
    for point in watch.points(names.TOKEN_USAGE):
        word = point.attributes[names.TOKEN_TYPE]
        used[word] = used.get(word, 0) + point.sum
    assert used == {"input": goal.usage.input_tokens, "output": goal.usage.output_tokens}


def _nothing_that_was_said_is_told(watch, log):
    texts = [GOAL, *ORDERS.splitlines(), *(message.content for message in log if isinstance(message, Turn))]
    kept = " ".join(span.to_json() for span in watch.spans)
    assert not [text for text in texts if text and text in kept]
    assert not any(span.events for span in watch.spans)
