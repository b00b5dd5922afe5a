"""A collector on loopback that takes what OTLP exporters send: `POST /v1/traces`, protobuf."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ioa.testing.model_formats.listening import Listener


@dataclass
class Collector:
    """What has arrived: spans with the service that they are of, and names of metrics."""

    url: str = ""
    spans: list[tuple[str, Any]] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)

    async def traces(self, request: Request) -> Response:
        sent = ExportTraceServiceRequest.FromString(await request.body())
        for resource in sent.resource_spans:
            named = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(named["service.name"], span) for span in scope.spans]
        return Response(b"", media_type="application/x-protobuf")

    async def figures(self, request: Request) -> Response:
        sent = ExportMetricsServiceRequest.FromString(await request.body())
        self.metrics |= {
            metric.name
            for resource in sent.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }
        return Response(b"", media_type="application/x-protobuf")


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    made = Collector()
    routes = [
        Route("/v1/traces", made.traces, methods=["POST"]),
        Route("/v1/metrics", made.figures, methods=["POST"]),
    ]
    listener = Listener(Starlette(routes=routes))
    await listener.open()
    made.url = f"http://127.0.0.1:{listener.port}"
    try:
        yield made
    finally:
        await listener.close()
