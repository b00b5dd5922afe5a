"""The tracer over OpenTelemetry, and the port's rules for places."""

from __future__ import annotations

import asyncio
import importlib

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import StatusCode

from ioa.adapters.telemetry import names
from ioa.ports.tracing import SILENT, here, same_span, span, within
from tests.telemetry.watching import Watch, family, place, said

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = CALLER[:-2] + "00"
OTHER = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-01"


def test_spans_hang_below_the_place_where_the_work_is() -> None:
    watch = Watch()
    with watch.tracer.span("turn", {"agent": "Ann"}, parent=None) as turn:
        assert here().traceparent == turn.traceparent
        with span("tool", {"tool": "search"}):
            pass
    assert family(watch.spans) == {("turn", ""): 1, ("tool", "turn"): 1}
    assert [one.name for one in watch.spans] == ["execute_tool search", "turn"]
    assert here().tracer is SILENT


async def test_tasks_that_a_block_starts_are_within_it_and_others_are_not() -> None:
    watch = Watch()

    async def work(name: str) -> None:
        with span("tool", {"tool": name}):
            await asyncio.sleep(0)

    async def entered() -> None:
        watch.tracer.enter(CALLER)
        await asyncio.gather(work("a"), work("b"))

    await asyncio.gather(entered(), work("c"))
    assert {one.name for one in watch.spans} == {"execute_tool a", "execute_tool b"}
    assert {one.parent.span_id for one in watch.spans if one.parent} == {0x00F067AA0BA902B7}


def test_an_error_is_told_by_its_class_and_never_by_its_text() -> None:
    watch = Watch()
    with pytest.raises(ValueError, match="secret"), watch.tracer.span("tool", {"tool": "t"}, parent=CALLER):
        raise ValueError("a secret of the task")
    (one,) = watch.spans
    assert one.status.status_code is StatusCode.ERROR
    assert said(one, names.ERROR) == "ValueError"
    assert "secret" not in one.to_json()
    assert [point.attributes[names.ERROR] for point in watch.points(names.TOOL_DURATION)] == ["ValueError"]


def test_what_is_no_longer_wanted_has_not_failed() -> None:
    watch = Watch()
    with pytest.raises(asyncio.CancelledError), watch.tracer.span("turn", {}, parent=CALLER):
        raise asyncio.CancelledError
    (one,) = watch.spans
    assert one.status.status_code is StatusCode.UNSET
    assert said(one, names.CANCELLED) is True


def test_a_span_that_is_told_is_where_it_was_minted() -> None:
    watch = Watch()
    minted = watch.tracer.mint("goal", None, "g")
    with watch.tracer.span("formation", {}, parent=minted):
        pass
    watch.tracer.tell("goal", {"status": "completed"}, parent=None, began_at=1.5, ended_at=4.0, traceparent=minted)
    assert family(watch.spans) == {("goal", ""): 1, ("formation", "goal"): 1}
    goal = watch.of("goal")[0]
    assert place(goal) == minted[3:52]
    assert (goal.start_time, goal.end_time) == (1_500_000_000, 4_000_000_000)
    assert same_span(watch.tracer.mint("goal", minted, "g"), minted), "asked again after a restart"
    assert watch.tracer.mint("goal", minted, "h")[36:52] != minted[36:52]
    assert [point.sum for point in watch.points(names.GOAL_DURATION)] == [2.5]


@pytest.mark.parametrize("sampler", [ALWAYS_OFF, ParentBased(TraceIdRatioBased(0.0))])
def test_what_is_not_sampled_is_not_kept_and_counts_all_the_same(sampler) -> None:
    watch = Watch(sampler)
    minted = watch.tracer.mint("goal", None, "g")
    assert minted.endswith("-00")
    watch.tracer.tell("goal", {"status": "failed"}, parent=None, began_at=0, ended_at=1, traceparent=minted)
    with watch.tracer.span("turn", {"state": "pause"}, parent=minted):
        pass
    assert not watch.spans
    assert [point.value for point in watch.points(names.GOALS)] == [1]
    assert [point.count for point in watch.points(names.TURN_DURATION)] == [1]


def test_the_caller_decides_whether_its_trace_is_sampled() -> None:
    watch = Watch()
    assert watch.tracer.mint("goal", UNSAMPLED, "g").endswith("-00")
    with watch.tracer.span("turn", {}, parent=UNSAMPLED):
        pass
    assert not watch.spans


@pytest.mark.parametrize("text", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", CALLER.upper(), "00-é"])
def test_a_place_that_cannot_be_read_begins_a_trace(text) -> None:
    watch = Watch()
    with watch.tracer.span("turn", {}, parent=text):
        pass
    watch.tracer.enter(text)
    assert watch.spans[0].parent is None
    assert here().traceparent is None
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_strangers_move_nothing_into_another_trace() -> None:
    below = CALLER.replace("00f067aa0ba902b7", "1111111111111111")
    assert within(CALLER, below) == below
    assert within(CALLER, OTHER) == CALLER
    assert within(CALLER, "nonsense") == CALLER
    assert within(CALLER, None) == CALLER
    assert within(None, OTHER) == OTHER
    assert within(None, None) is None


def test_silence_costs_nothing_and_keeps_nothing() -> None:
    assert not SILENT.enabled
    assert SILENT.mint("goal", CALLER, "g") is None
    SILENT.enter(CALLER)
    with SILENT.span("turn", {}, parent=CALLER) as one:
        one.set({"state": "pause"})
        one.fail("failed")
        assert one.traceparent is None
        assert here().traceparent is None


def test_the_names_are_those_of_the_conventions() -> None:
    private = "opentelemetry.semconv._incubating"
    attributes = importlib.import_module(f"{private}.attributes.gen_ai_attributes")
    metrics = importlib.import_module(f"{private}.metrics.gen_ai_metrics")
    errors = importlib.import_module("opentelemetry.semconv.attributes.error_attributes")
    assert names.ERROR == errors.ERROR_TYPE
    assert names.TOKEN_USAGE == metrics.GEN_AI_CLIENT_TOKEN_USAGE
    assert names.MODEL_CALL_DURATION == metrics.GEN_AI_CLIENT_OPERATION_DURATION
    known = {value for name, value in vars(attributes).items() if name.startswith("GEN_AI_") and isinstance(value, str)}
    used = {value for value in vars(names).values() if isinstance(value, str) and value.startswith("gen_ai.")}
    assert used - {names.TOKEN_USAGE, names.MODEL_CALL_DURATION} <= known
