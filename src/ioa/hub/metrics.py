"""Figures of a running hub for Prometheus: plain counters where things happen, the rest looked up when asked for."""

from __future__ import annotations

import os
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.hub.unit import Unit
from ioa.ports.store import ENDED_STATE, StoreUnavailable
from ioa.protocol.errors import Code
from ioa.protocol.frames import Spent
from ioa.version import version

if TYPE_CHECKING:
    from ioa.hub.hub import Hub

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_GOALS_ENDED = frozenset({"completed", "partial", "failed", "cancelled"})


class Histogram:
    """Counts of durations by upper bound, in seconds."""

    __slots__ = ("_counts", "_sum")

    def __init__(self) -> None:
        self._counts = [0] * (len(_SECONDS) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(_SECONDS, seconds)] += 1
        self._sum += max(0.0, seconds)

    def lines(self, name: str) -> Iterable[str]:
        total = 0
        for bound, count in zip((*_SECONDS, "+Inf"), self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {total}"


class Metrics:
    """What is counted as it happens, since the hub started. Cheap: additions, once for each change of the log."""

    def __init__(self) -> None:
        self.commits = Histogram()
        self.searches = Histogram()
        self.entries = 0
        self.groups_launched = 0
        self.groups_ended = 0
        self.goals_ended: Counter[str] = Counter()
        self.calls = 0
        self.tokens: Counter[str] = Counter()
        self.cost_usd = 0.0

    def published(self, unit: Unit, now_s: float) -> None:
        """A change of the log is durable."""
        written = unit.written
        if written.entries:
            self.entries += len(written.entries)
            self.commits.observe(now_s - written.entries[0].at)
        if written.groups:
            self.groups_launched += len(written.groups)
        if written.states:
            self.groups_ended += sum(state == ENDED_STATE for _, state in written.states)
        for goal in unit.goals.values():
            if goal.status in _GOALS_ENDED:
                self.goals_ended[goal.status] += 1

    def spent(self, spent: Spent) -> None:
        """A call of a model was told."""
        self.calls += 1
        self.tokens["read"] += spent.usage.input_tokens
        self.tokens["written"] += spent.usage.output_tokens
        self.cost_usd += spent.usage.cost_usd


async def exposition(hub: Hub) -> str:
    """All figures in the text format of Prometheus."""
    begun = time.perf_counter()
    try:
        newest, up = await hub.store.newest(), 1
    except StoreUnavailable:
        newest, up = 0, 0
    read_s = time.perf_counter() - begun
    metrics, turn = hub.metrics, hub.sessions.turn
    queued_frames, queued_bytes = hub.sessions.queued()
    lines = [
        *_one("ioa_info", "gauge", "Release of the hub", 1, {"version": version()}),
        *_one("ioa_connections", "gauge", "Agents connected to this hub", len(hub.sessions)),
        *_one("ioa_agents", "gauge", "Agents registered", len(list(hub.registry.all()))),
        *_one("ioa_goals_open", "gauge", "Goals that have not ended", len(list(hub.goal_book.open_goals()))),
        *_many("ioa_goals_ended_total", "Goals that ended here, by status", "status", metrics.goals_ended),
        *_one("ioa_groups_launched_total", "counter", "Groups launched here", metrics.groups_launched),
        *_one("ioa_groups_ended_total", "counter", "Groups ended here", metrics.groups_ended),
        *_one("ioa_entries_total", "counter", "Entries that this hub wrote to the log", metrics.entries),
        *_one("ioa_log_position", "gauge", "Position of the newest entry of the log", newest),
        *_one("ioa_frames_sent_total", "counter", "Frames sent to agents, deliveries and answers", turn.frames_sent),
        *_many("ioa_refusals_total", "Frames refused, by code", "code", turn.refusals),
        *_one("ioa_queued_frames", "gauge", "Deliveries that are not acknowledged yet", queued_frames),
        *_one("ioa_queued_bytes", "gauge", "Bytes of those", queued_bytes),
        *_head("ioa_commit_seconds", "histogram", "From the decision on an entry until it was durable"),
        *metrics.commits.lines("ioa_commit_seconds"),
        *_head("ioa_search_seconds", "histogram", "Searches of agents"),
        *metrics.searches.lines("ioa_search_seconds"),
        *_one("ioa_model_calls_total", "counter", "Calls of models that were told to this hub", metrics.calls),
        *_many("ioa_model_tokens_total", "Tokens of those", "direction", metrics.tokens),
        *_one("ioa_model_cost_usd_total", "counter", "Cost of those in dollars", round(metrics.cost_usd, 6)),
        *_one("ioa_store_up", "gauge", "1: the store answers", up),
        *_one("ioa_store_read_seconds", "gauge", "How long it took to ask it just now", round(read_s, 6)),
        *_replica(hub),
        *_process(),
    ]
    return "\n".join(lines) + "\n"


def _replica(hub: Hub) -> list[str]:
    """Of a hub whose store others share; nothing for one alone."""
    if hub.sharing is None:
        return []
    replica = hub.sharing.replica
    lines = [
        *_one("ioa_replicas", "gauge", "Replicas that live, this one included", 1 + replica.others),
        *_one("ioa_leads", "gauge", "1: this replica keeps the deadlines of all", int(hub.duty.held)),
        *_one(
            "ioa_follows", "gauge", "1: the last look at what others wrote succeeded", int(not replica.follower.failure)
        ),
        *_one(
            "ioa_follow_position", "gauge", "Position up to which this replica knows the log", replica.follower.position
        ),
    ]
    if replica.bus_away is not None:
        lines += _one("ioa_bus_up", "gauge", "1: the bus carries what is said", int(not replica.bus_away))
        lines += _one("ioa_bus_gaps_total", "counter", "Times that the bus may have lost something", replica.gaps)
    return lines


def _process() -> list[str]:
    times = os.times()
    lines = _one("process_cpu_seconds_total", "counter", "CPU time of the process", times.user + times.system)
    resident = _resident_bytes()
    if resident:
        lines += _one("process_resident_memory_bytes", "gauge", "Memory of the process", resident)
    return lines


def _resident_bytes() -> int:
    if sys.platform != "linux":
        return 0
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _head(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP {name} {meaning}.", f"# TYPE {name} {kind}"]


def _one(name: str, kind: str, meaning: str, value: float, labels: Mapping[str, str] | None = None) -> list[str]:
    inner = ",".join(f'{key}="{text}"' for key, text in (labels or {}).items())
    return [*_head(name, kind, meaning), f"{name}{{{inner}}} {value}" if inner else f"{name} {value}"]


def _many(name: str, meaning: str, label: str, values: Mapping[str, int] | Counter[Code]) -> list[str]:
    found = [f'{name}{{{label}="{key}"}} {value}' for key, value in sorted(values.items())]
    return [*_head(name, "counter", meaning), *found]
