"""The hub in a process of its own, its clients here, the caller somewhere else: one trace."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

from ioa.adapters.agents.carded import CardedAgent
from ioa.adapters.agents.function import FunctionAgent
from ioa.adapters.telemetry import names
from ioa.bootstrap import taking_part
from ioa.cli.hub_api import HubApi
from ioa.protocol.cards import Card
from ioa.testing.policies import ScriptedPolicy, assign, conclude
from tests.cli.processes import process, until
from tests.telemetry.collector import collecting
from tests.telemetry.watching import Watch, asked, place, said

TOKEN = "a-token-of-the-tests-only"
CALLER_TRACE, CALLER_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


async def test_a_hub_in_another_process_and_clients_over_sockets_share_the_trace_of_the_caller(tmp_path):
    watch = Watch()

    async def add(task: str) -> str:
        with watch.provider.get_tracer("the agent's own").start_as_current_span("crank"):
            return f"did {task}"

    chair = CardedAgent(Card(name="Chair", description="plans"), FunctionAgent(add, "Chair"))
    adder = CardedAgent(Card(name="Adder", description="adds numbers"), FunctionAgent(add, "Adder"))
    script = [assign(("Adder", "add 1 and 2")), lambda view: conclude(list(view.group.tasks.values())[-1].conclusion)]
    async with collecting() as collector:
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_SERVICE_NAME": "hub of the test",
            "IOA_HUB_TOKEN": TOKEN,
            "IOA_DATA": str(tmp_path),
        }
        with process("hub", "--port", "0", env=env) as (hub, lines):
            url = (await asyncio.to_thread(until, lines, "ioa hub")).split()[-1]
            async with HubApi(url, TOKEN) as api, AsyncExitStack() as stack:
                for agent, policy in ((chair, ScriptedPolicy(script, team=("Adder",))), (adder, ScriptedPolicy())):
                    own = (await api.register(agent.card)).token
                    await stack.enter_async_context(
                        taking_part(agent, url, own, None, policy=lambda policy=policy: policy, tracer=watch.tracer)
                    )
                goal_id = await asked(url, TOKEN, "sum", traceparent=f"00-{CALLER_TRACE}-{CALLER_SPAN}-01")
                async with api.events(goal_id) as events:
                    async for _ in events:
                        pass
                goal = await api.goal(goal_id)
            hub.send_signal(signal.SIGTERM)
            await asyncio.to_thread(hub.wait, 20)
    assert goal.conclusion == "did add 1 and 2"
    by_hub = {span.name: span for service, span in collector.spans if service == "hub of the test"}
    assert by_hub.keys() == {"goal", "group"}
    assert {span.trace_id.hex() for span in by_hub.values()} == {CALLER_TRACE}
    assert by_hub["goal"].parent_span_id.hex() == CALLER_SPAN
    assert by_hub["group"].parent_span_id == by_hub["goal"].span_id
    assert {span.context.trace_id for span in watch.spans if span.context} == {int(CALLER_TRACE, 16)}
    above = {span.parent.span_id for span in watch.of("turn") if span.parent and said(span, names.STATE)}
    assert above == {int.from_bytes(by_hub["group"].span_id, "big")}
    (formation,) = watch.of("formation")
    assert formation.parent
    assert formation.parent.span_id == int.from_bytes(by_hub["goal"].span_id, "big")
    (own_span,) = watch.of("crank")
    (task,) = watch.of("task")
    assert own_span.parent
    assert f"{own_span.parent.trace_id:032x}-{own_span.parent.span_id:016x}" == place(task)
    assert {names.GOALS, names.GROUPS, names.GOAL_DURATION} <= collector.metrics
