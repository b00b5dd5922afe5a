"""Spans and metrics on their way out of this process: batches in the background, a bounded end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter, SpanExportResult

from ioa.adapters.telemetry import names
from ioa.adapters.telemetry.otel import OtelTracer
from ioa.adapters.telemetry.switch import Exporter, Wanted
from ioa.version import version

FLUSH_S = 2.0
"""How long the end may take. A collector that answers needs a fraction of it."""


class Exporting:
    """The providers of one process. Console exporters write to stderr: stdout is the answer's."""

    def __init__(self, wish: Wanted, env: Mapping[str, str]) -> None:
        """Raises `ValueError` and others for `OTEL_*` values that the SDK cannot read."""
        resource = Resource.create(
            {
                "service.name": env.get("OTEL_SERVICE_NAME") or names.SERVICE,
                "service.version": version(),
            }
        )
        if "service.name=" in env.get("OTEL_RESOURCE_ATTRIBUTES", "") and not env.get("OTEL_SERVICE_NAME"):
            resource = Resource.create({"service.version": version()})
        self._sent = [_Watched(_span_exporter(word)) for word in wish.traces]
        self._traces = TracerProvider(resource=resource, shutdown_on_exit=False)
        for exporter in self._sent:
            self._traces.add_span_processor(BatchSpanProcessor(exporter))
        readers = [PeriodicExportingMetricReader(_metric_exporter(word)) for word in wish.metrics]
        self._meters = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
        self.tracer = OtelTracer(self._traces, self._meters)

    def close(self) -> str:
        """Send what is left, for at most `FLUSH_S`. What its user should know of it; "" if all is well."""
        # Daemon threads: nothing of this may keep the process.
        ends = [threading.Thread(target=end, daemon=True) for end in (self._traces.shutdown, self._meters.shutdown)]
        for end in ends:
            end.start()
        left_s = FLUSH_S
        for end in ends:
            began = time.monotonic()
            end.join(max(0.0, left_s))
            left_s -= time.monotonic() - began
        lost = max((exporter.lost for exporter in self._sent), default=0)
        if any(end.is_alive() for end in ends):
            return f"The collector of traces did not take all of them within {FLUSH_S:g} s; the rest is lost."
        return f"The collector of traces did not take {lost} spans; they are lost." if lost else ""


class _Watched(SpanExporter):
    """Counts what could not be sent."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.lost += len(spans)
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def _span_exporter(word: Exporter) -> SpanExporter:
    return OTLPSpanExporter() if word == "otlp" else ConsoleSpanExporter(out=sys.stderr)


def _metric_exporter(word: Exporter) -> MetricExporter:
    return OTLPMetricExporter() if word == "otlp" else ConsoleMetricExporter(out=sys.stderr)
