"""Who watches where the time and the money go: the port between hub, clients and agents and a tracing system.

A place in a trace is its `traceparent` (W3C Trace Context); messages, launches and offers carry it, so one goal is one
trace wherever its parts run. A span is either live (`span`, around some work of this process) or told when it is over
(`tell`), for what outlives any process: goals, groups and tasks. Inside of live spans and after `enter`, `span()` and
`here()` know the place from the context that asyncio tasks inherit, so that policies, models and tools need no
argument for it. Facts are identifiers, numbers and names; never what was said. The makers are `SILENT` and
`adapters/telemetry`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["goal", "group", "formation", "turn", "model_call", "task", "tool"]
Fact: TypeAlias = Literal[
    "agent",
    "attempt",
    "comm_id",
    "cost_usd",
    "decision",
    "depth",
    "estimated",
    "fell_back",
    "forced",
    "goal_id",
    "input_tokens",
    "members",
    "model",
    "output_tokens",
    "policy",
    "provider",
    "state",
    "status",
    "subgroup",
    "task_id",
    "tool",
]
Facts: TypeAlias = Mapping[Fact, str | int | float | bool]

CANCELLED = "cancelled"
"""The error of a span whose work was no longer wanted; it is not a failure."""

_FORM = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


class Span(Protocol):
    """A live span."""

    @property
    def traceparent(self) -> str | None:
        """Where this span is, for messages to carry; None: nothing is traced."""
        ...

    def set(self, facts: Facts) -> None:
        """Add what has become known."""
        ...

    def fail(self, error: str) -> None:
        """The work has failed, and no exception says so. `error` is one word of few, not a text."""
        ...


class Tracer(Protocol):
    """Keeps spans and the figures that follow from them. Never raises, never waits."""

    @property
    def enabled(self) -> bool:
        """Whether anything is kept; where not, facts need not be gathered."""
        ...

    def span(self, kind: Kind, facts: Facts, *, parent: str | None) -> AbstractContextManager[Span]:
        """A span around a block of code, the current place within it. An exception that leaves the block is its
        error, by its class. A `parent` that is none or unreadable: the span begins a trace."""
        ...

    def enter(self, traceparent: str | None) -> None:
        """The current place from now on, to the end of this asyncio task."""
        ...

    def mint(self, kind: Kind, parent: str | None, key: str) -> str | None:
        """Where a span is that will be told: the same for the same `kind`, trace and `key`, whoever asks again. A
        parent of its own is as good as its parent. None: nothing is traced."""
        ...

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
        """A span that is over: between two Unix times, at the place that was minted for it (None: any)."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which tracer's trace the current work is."""

    tracer: Tracer
    traceparent: str | None


class _NoSpan(Span):
    @property
    def traceparent(self) -> None:
        return None

    def set(self, facts: Facts) -> None: ...

    def fail(self, error: str) -> None: ...


_NOTHING = nullcontext(_NoSpan())


class _Silent(Tracer):
    @property
    def enabled(self) -> bool:
        return False

    def span(self, kind: Kind, facts: Facts, *, parent: str | None) -> AbstractContextManager[Span]:
        return _NOTHING

    def enter(self, traceparent: str | None) -> None: ...

    def mint(self, kind: Kind, parent: str | None, key: str) -> None:
        return None

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
    ) -> None: ...


SILENT: Tracer = _Silent()
"""Keeps nothing and costs nothing."""

PLACE: ContextVar[Place] = ContextVar("ioa_place", default=Place(SILENT, None))  # noqa: B039 - it is frozen
"""The current place. Set by tracers, read through `here` and `span`."""


def here() -> Place:
    """The current place."""
    return PLACE.get()


def span(kind: Kind, facts: Facts) -> AbstractContextManager[Span]:
    """A live span below the current place."""
    place = PLACE.get()
    return place.tracer.span(kind, facts, parent=place.traceparent)


def within(trace: str | None, wanted: str | None) -> str | None:
    """`wanted` if it can be read and lies in the same trace as `trace` (None: any), else `trace`: what strangers write
    into messages moves nothing into another trace."""
    if wanted is None or (found := _FORM.fullmatch(wanted)) is None:
        return trace
    base = _FORM.fullmatch(trace) if trace is not None else None
    return wanted if base is None or base["trace"] == found["trace"] else trace


def same_span(one: str | None, other: str | None) -> bool:
    """Whether two places are one, however they are flagged."""
    a, b = (_FORM.fullmatch(text) if text is not None else None for text in (one, other))
    return a is not None and b is not None and (a["trace"], a["span"]) == (b["trace"], b["span"])
