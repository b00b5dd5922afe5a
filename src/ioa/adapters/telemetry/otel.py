"""The maker of `ports.tracing.Tracer` over OpenTelemetry's SDK."""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from types import TracebackType

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ioa.adapters.telemetry import names
from ioa.adapters.telemetry.figures import Figures
from ioa.ports.tracing import CANCELLED, PLACE, Facts, Kind, Place, Span, Tracer
from ioa.version import version

_NS = 1_000_000_000
_HEADER = "traceparent"
_FORM = TraceContextTextMapPropagator()


class OtelTracer(Tracer):
    """Spans of `provider` and figures of `meters`.

    Takes the provider's generator of identifiers under its wing, because a span that is told when it is over has had
    its identifier from the beginning; so give it a provider before others take tracers from that.
    """

    def __init__(self, provider: TracerProvider, meters: MeterProvider) -> None:
        self._sampler = provider.sampler
        ids = provider.id_generator
        self._ids = ids if isinstance(ids, _MintedIds) else _MintedIds(ids)
        provider.id_generator = self._ids
        self._tracer = provider.get_tracer(names.SCOPE, version())
        self._figures = Figures(meters.get_meter(names.SCOPE, version()))

    @property
    def enabled(self) -> bool:
        return True

    def span(self, kind: Kind, facts: Facts, *, parent: str | None) -> AbstractContextManager[Span]:
        return _Live(self, kind, facts, parent)

    def enter(self, traceparent: str | None) -> None:
        found = _read(traceparent)
        if found is not None:
            PLACE.set(Place(self, traceparent))
            otel_context.attach(trace.set_span_in_context(NonRecordingSpan(found)))

    def mint(self, kind: Kind, parent: str | None, key: str) -> str:
        above = _read(parent)
        trace_id = above.trace_id if above is not None else self._ids.generate_trace_id()
        digest = hashlib.sha256(f"{trace_id:032x} {kind} {key}".encode(errors="replace")).digest()
        sampled = self._sampler.should_sample(_under(above), trace_id, names.span_name(kind, {}), SpanKind.INTERNAL)
        flags = TraceFlags.SAMPLED if sampled.decision.is_sampled() else TraceFlags.DEFAULT
        span_id = int.from_bytes(digest[:8], "big") or 1
        return _written(SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(flags)))

    def tell(
        self,
        kind: Kind,
        facts: Facts,
        *,
        parent: str | None,
        began_at: float,
        ended_at: float,
        traceparent: str | None = None,
        error: str = "",
    ) -> None:
        minted = _read(traceparent)
        ended_at = max(began_at, ended_at)
        with self._ids.preset(minted):
            span = self.started(kind, facts, _read(parent), int(began_at * _NS))
        self.end(span, kind, facts, error, int(ended_at * _NS), ended_at - began_at)

    def started(self, kind: Kind, facts: Facts, above: SpanContext | None, at_ns: int) -> trace.Span:
        """A span of the SDK that runs."""
        attributes = names.attributes_of(facts)
        if kind in names.OPERATIONS:
            attributes[names.OPERATION] = names.OPERATIONS[kind]
        return self._tracer.start_span(
            names.span_name(kind, facts),
            _under(above),
            SpanKind.CLIENT if kind == "model_call" else SpanKind.INTERNAL,
            attributes,
            start_time=at_ns,
        )

    def end(self, span: trace.Span, kind: Kind, facts: Facts, error: str, at_ns: int, duration_s: float) -> None:
        """End it, and count it."""
        if error == CANCELLED:
            span.set_attribute(names.CANCELLED, True)
        elif error:
            span.set_status(Status(StatusCode.ERROR))
            span.set_attribute(names.ERROR, error)
        span.end(at_ns)
        self._figures.add(kind, facts, duration_s, error)


class _Live(Span):
    """A span around a block of code."""

    def __init__(self, tracer: OtelTracer, kind: Kind, facts: Facts, parent: str | None) -> None:
        self._tracer = tracer
        self._kind: Kind = kind
        self._facts: Facts = dict(facts)
        self._parent = parent
        self._error = ""
        self._span: trace.Span = trace.INVALID_SPAN
        self._traceparent: str | None = None
        self._began_s = 0.0
        self._tokens: tuple[Token[Place], Token[Context]] | None = None

    @property
    def traceparent(self) -> str | None:
        return self._traceparent

    def set(self, facts: Facts) -> None:
        self._facts = {**self._facts, **facts}
        self._span.set_attributes(names.attributes_of(facts))

    def fail(self, error: str) -> None:
        self._error = error

    def __enter__(self) -> Span:
        self._span = self._tracer.started(self._kind, self._facts, _read(self._parent), time.time_ns())
        self._began_s = time.monotonic()
        self._traceparent = _written(self._span.get_span_context())
        token = otel_context.attach(trace.set_span_in_context(self._span))
        self._tokens = PLACE.set(Place(self._tracer, self._traceparent)), token
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._tokens is not None:
            PLACE.reset(self._tokens[0])
            otel_context.detach(self._tokens[1])
        if error is not None:
            gone = isinstance(error, asyncio.CancelledError | GeneratorExit)
            self._error = CANCELLED if gone else type(error).__name__  # its text may say what nobody else may read
        duration_s = time.monotonic() - self._began_s
        self._tracer.end(self._span, self._kind, self._facts, self._error, time.time_ns(), duration_s)


class _MintedIds(IdGenerator):
    """Gives a span the identifiers that were minted for it, and any others from `inner`."""

    def __init__(self, inner: IdGenerator) -> None:
        self._inner = inner
        self._next: ContextVar[SpanContext | None] = ContextVar("ioa_minted", default=None)

    def preset(self, minted: SpanContext | None) -> AbstractContextManager[None]:
        """The span that is started within is the minted one."""
        return _Preset(self._next, minted)

    def generate_span_id(self) -> int:
        minted = self._next.get()
        return minted.span_id if minted is not None else self._inner.generate_span_id()

    def generate_trace_id(self) -> int:
        minted = self._next.get()
        return minted.trace_id if minted is not None else self._inner.generate_trace_id()

    def is_trace_id_random(self) -> bool:
        return self._inner.is_trace_id_random()


class _Preset(AbstractContextManager[None]):
    def __init__(self, variable: ContextVar[SpanContext | None], minted: SpanContext | None) -> None:
        self._variable = variable
        self._minted = minted

    def __enter__(self) -> None:
        self._token = self._variable.set(self._minted)

    def __exit__(self, *_: object) -> None:
        self._variable.reset(self._token)


def _read(traceparent: str | None) -> SpanContext | None:
    if not traceparent:
        return None
    found = trace.get_current_span(_FORM.extract({_HEADER: traceparent}, Context())).get_span_context()
    return found if found.is_valid else None


def _written(place: SpanContext) -> str:
    return f"00-{place.trace_id:032x}-{place.span_id:016x}-{int(place.trace_flags):02x}"


def _under(above: SpanContext | None) -> Context:
    """The context of a child; of a root, whatever this process is within."""
    return Context() if above is None else trace.set_span_in_context(NonRecordingSpan(above), Context())
