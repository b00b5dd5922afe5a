"""Whether this process is traced, by OpenTelemetry's own environment variables. Imports nothing of it until it is.

On: `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`, `…_METRICS_ENDPOINT`) is set, or `OTEL_TRACES_EXPORTER` or
`OTEL_METRICS_EXPORTER` names `otlp` or `console`. Off again: `none`, and `OTEL_SDK_DISABLED=true`. All other `OTEL_*`
variables are read by the SDK. Source: OpenTelemetry's specification of environment variables.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ioa.ports.tracing import SILENT, Tracer

Exporter: TypeAlias = Literal["otlp", "console"]

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_MODULES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
_MISSING = (
    "OTEL_* variables ask for traces, and OpenTelemetry is not installed, so there are none: "
    'pip install "internet-of-agents[telemetry]"'
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where spans and metrics go (none: nowhere), and what of the wish cannot be fulfilled."""

    traces: tuple[Exporter, ...] = ()
    metrics: tuple[Exporter, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def on(self) -> bool:
        return bool(self.traces or self.metrics)


@dataclass(slots=True)
class Telemetry:
    """What a process traces with. `remarks` are what its user should know."""

    tracer: Tracer = SILENT
    remarks: tuple[str, ...] = ()
    end: Callable[[], str] = str

    def close(self) -> str:
        """Send what is left, for at most `exporting.FLUSH_S` seconds. What its user should know of it, or ""."""
        end, self.end = self.end, str
        return end()


def wanted(env: Mapping[str, str]) -> Wanted:
    """What the environment asks for; nothing by default."""
    if env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Wanted()
    remarks: list[str] = []
    traces = _exporters(env, "TRACES", remarks)
    metrics = _exporters(env, "METRICS", remarks)
    return Wanted(traces, metrics, tuple(dict.fromkeys(remarks)))


def _exporters(env: Mapping[str, str], signal: str, remarks: list[str]) -> tuple[Exporter, ...]:
    given = env.get(f"OTEL_{signal}_EXPORTER", "").strip()
    endpoint = env.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") or env.get(_ENDPOINT)
    if not given:
        given = "otlp" if endpoint else "none"
    found: list[Exporter] = []
    for word in (part.strip().lower() for part in given.split(",")):
        if word == "otlp" and _speaks_http(env, signal, remarks):
            found.append("otlp")
        elif word == "console":
            found.append("console")
        elif word not in ("none", "otlp", ""):
            remarks.append(f"OTEL_{signal}_EXPORTER={word!r} is not known here; known: otlp, console, none.")
    return tuple(dict.fromkeys(found))


def _speaks_http(env: Mapping[str, str], signal: str, remarks: list[str]) -> bool:
    variable = f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL"
    if not env.get(variable):
        variable = "OTEL_EXPORTER_OTLP_PROTOCOL"
    protocol = env.get(variable, "").strip().lower()
    if protocol in ("", "http/protobuf"):
        return True
    remarks.append(f"{variable}={protocol!r} is not spoken here; set it to http/protobuf (a collector's port 4318).")
    return False


def installed() -> bool:
    """Whether the extra `telemetry` is there."""
    try:
        return all(importlib.util.find_spec(name) is not None for name in _MODULES)
    except (ImportError, ValueError):  # a parent is missing, or was blocked
        return False


def open_telemetry(env: Mapping[str, str]) -> Telemetry:
    """What this process traces with; close it at the end. Never fails: without OpenTelemetry, or with settings that it
    cannot read, there are remarks and no traces."""
    wish = wanted(env)
    if not wish.on:
        return Telemetry(remarks=wish.remarks)
    if not installed():
        return Telemetry(remarks=(*wish.remarks, _MISSING))
    from ioa.adapters.telemetry.exporting import Exporting

    try:
        exporting = Exporting(wish, env)
    except (ValueError, TypeError, OSError, ImportError) as error:
        return Telemetry(remarks=(*wish.remarks, f"There are no traces: OpenTelemetry says {error}"))
    return Telemetry(exporting.tracer, wish.remarks, exporting.close)
