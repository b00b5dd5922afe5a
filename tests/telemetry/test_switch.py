"""On by OpenTelemetry's own variables, and only then; never in the way of the work."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from ioa.adapters.telemetry import exporting, switch
from ioa.adapters.telemetry.switch import Wanted, open_telemetry, wanted
from ioa.ports.tracing import SILENT
from tests.telemetry.collector import collecting

AT = "http://127.0.0.1:4318"
OTLP, CONSOLE = ("otlp",), ("console",)


@pytest.mark.parametrize(
    ("env", "traces", "metrics"),
    [
        ({}, (), ()),
        ({"OTEL_SERVICE_NAME": "x"}, (), ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": AT}, OTLP, OTLP),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": AT}, OTLP, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": AT, "OTEL_METRICS_EXPORTER": "none"}, OTLP, ()),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, OTLP, ()),
        ({"OTEL_TRACES_EXPORTER": "console"}, CONSOLE, ()),
        ({"OTEL_TRACES_EXPORTER": "otlp, Console"}, OTLP + CONSOLE, ()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": AT, "OTEL_SDK_DISABLED": "TRUE"}, (), ()),
    ],
)
def test_the_variables_say_what_goes_where(env, traces, metrics) -> None:
    assert wanted(env) == Wanted(traces, metrics)


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER='zipkin'"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": AT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf"),
    ],
)
def test_what_cannot_be_done_is_said_once_and_nothing_is_traced(env, words) -> None:
    made = open_telemetry(env)
    assert made.tracer is SILENT
    (remark,) = made.remarks
    assert words in remark
    assert made.close() == ""


def test_without_the_extra_there_is_one_remark_and_no_trace(monkeypatch) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry.sdk")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    made = open_telemetry({"OTEL_TRACES_EXPORTER": "otlp"})
    assert made.tracer is SILENT
    (remark,) = made.remarks
    assert 'pip install "internet-of-agents[telemetry]"' in remark


def test_without_the_variables_nothing_of_opentelemetry_is_imported() -> None:
    code = (
        "import sys, ioa.bootstrap, ioa.cli.run_flow, ioa.cli.hub_run, ioa.cli.join_run\n"
        "from ioa.adapters.telemetry.switch import open_telemetry\n"
        "assert not open_telemetry({}).tracer.enabled\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


async def test_what_is_kept_arrives_at_the_end(monkeypatch) -> None:
    import asyncio

    async with collecting() as collector:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_RESOURCE_ATTRIBUTES": "service.name=mine"}
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        made = open_telemetry(env)
        with made.tracer.span("turn", {"agent": "Ann"}, parent=None):
            pass
        assert await asyncio.to_thread(made.close) == ""
        assert made.close() == ""
    assert [(service, span.name) for service, span in collector.spans] == [("mine", "turn")]
    assert "ioa.turn.duration" in collector.metrics


def closed(env, monkeypatch) -> str:
    """What is said at the end of a process that traces to this collector."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    made = open_telemetry(env)
    with made.tracer.span("turn", {"agent": "Ann"}, parent=None):
        pass
    return made.close()


def test_a_collector_that_is_not_there_costs_a_warning(monkeypatch, caplog) -> None:
    assert "collector" in closed({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, monkeypatch)


def test_a_collector_that_never_answers_is_not_waited_for(monkeypatch, caplog) -> None:
    monkeypatch.setattr(exporting, "FLUSH_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as collector:  # the kernel takes connections; nobody reads them
        url = f"http://127.0.0.1:{collector.getsockname()[1]}"
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}  # so long its thread goes on
        assert "within 0.1 s" in closed(env, monkeypatch)


def test_settings_that_cannot_be_read_stop_no_work(monkeypatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "-5")
    made = open_telemetry({"OTEL_TRACES_EXPORTER": "otlp"})
    assert made.tracer is SILENT
    assert "There are no traces" in made.remarks[0]
    assert switch.installed()
