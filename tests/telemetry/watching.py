"""A tracer whose spans and figures stay in memory, and the tree that the spans make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from ioa.adapters.telemetry import names
from ioa.adapters.telemetry.otel import OtelTracer

KINDS = {word.split(" ")[0]: kind for kind, word in names.SPANS.items()}


class Watch:
    """`tracer` for a network; what it kept."""

    def __init__(self, sampler: Sampler | None = None) -> None:
        self._spans = InMemorySpanExporter()
        self._figures = InMemoryMetricReader()
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.tracer = OtelTracer(self.provider, MeterProvider([self._figures], shutdown_on_exit=False))

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._spans.get_finished_spans()

    def of(self, kind: str) -> list[ReadableSpan]:
        return [span for span in self.spans if kind_of(span) == kind]

    def points(self, name: str) -> list[Any]:
        """The data points of one metric."""
        data = self._figures.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


def kind_of(span: ReadableSpan) -> str:
    """Of what kind it is; the name itself for a span of somebody else."""
    return KINDS.get(span.name.split(" ")[0], span.name)


def said(span: ReadableSpan, name: str) -> Any:
    return (span.attributes or {}).get(name)


def place(span: ReadableSpan) -> str:
    """`trace-span`, as in the middle of a traceparent."""
    assert span.context is not None
    return f"{span.context.trace_id:032x}-{span.context.span_id:016x}"


def traces(spans: Sequence[ReadableSpan]) -> set[int]:
    return {span.context.trace_id for span in spans if span.context is not None}


def family(spans: Sequence[ReadableSpan]) -> Counter[tuple[str, str]]:
    """How often a span of this kind hangs under one of that kind; "" for the root. Fails for an orphan."""
    by_id = {span.context.span_id: span for span in spans if span.context is not None}
    assert len(by_id) == len(spans)
    return Counter(
        (kind_of(span), kind_of(by_id[span.parent.span_id]) if span.parent is not None else "") for span in spans
    )


async def asked(url: str, token: str, goal: str, **headers: str) -> str:
    """Ask for a goal that Chair is to form the team for; its goal_id."""
    given = {"Authorization": f"Bearer {token}", **headers}
    async with httpx.AsyncClient(base_url=url, headers=given, trust_env=False) as http:
        answer = await http.post("/v1/goals", json={"goal": goal, "initiator": "Chair"})
        return str(answer.raise_for_status().json()["goal_id"])
