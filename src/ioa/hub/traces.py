"""Goals and groups as spans: the hub sees both from their beginning to their end.

Where a span is follows from the trace and the goal's or group's identifier, so that a hub that was restarted in the
middle tells it all the same. Only whom it hangs under is kept in memory: after a restart a goal has lost its caller,
and a nested group hangs under its goal instead of its task.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager

from ioa.conversation.group import Group
from ioa.hub.goal_book import GoalBook
from ioa.hub.records import GoalRecord
from ioa.hub.unit import Unit
from ioa.ports.store import Store
from ioa.ports.tracing import Facts, Tracer, same_span, within
from ioa.protocol.codec import decode_message
from ioa.protocol.frames import LaunchGroup
from ioa.protocol.messages import Conclusion, Launch

Start = Callable[[Coroutine[object, object, None]], None]


class HubTraces:
    """Gives goals and groups their places, and tells them when they have ended."""

    def __init__(self, tracer: Tracer, store: Store, book: GoalBook, start: Start) -> None:
        self._tracer = tracer
        self._store = store
        self._book = book
        self._start = start
        self._parents: dict[str, str | None] = {}  # of goals and groups that have not ended, by their identifiers
        self._open: dict[str, tuple[str | None, float]] = {}  # groups: where they are, and when they were launched

    def of_goal(self, goal_id: str, caller: str | None) -> str | None:
        """Where a new goal is, below its caller."""
        return self._tracer.mint("goal", caller, goal_id) or caller

    def asked(self, goal: GoalRecord, caller: str | None) -> None:
        """The goal is stored."""
        if self._tracer.enabled:
            self._parents[goal.goal_id] = caller

    @contextmanager
    def opening(self, comm_id: str, frame: LaunchGroup) -> Generator[str | None]:
        """Where a group is that is being launched, below the place that the frame names."""
        if not self._tracer.enabled:
            yield frame.traceparent
            return
        parent = within(self._above(frame), frame.traceparent)
        self._parents.setdefault(comm_id, parent)
        try:
            yield self._tracer.mint("group", parent, comm_id)
        finally:
            if comm_id not in self._open:  # refused, or launched and ended long ago
                self._parents.pop(comm_id, None)

    def _above(self, frame: LaunchGroup) -> str | None:
        if frame.parent is not None:
            return self._open.get(frame.parent.comm_id, (None, 0.0))[0]
        goal = self._book.get(frame.goal_id) if frame.goal_id is not None else None
        return goal.traceparent if goal is not None else None

    def published(self, unit: Unit) -> None:
        """A unit is durable."""
        if not self._tracer.enabled:
            return
        for message in unit.messages:
            match message:
                case Launch():
                    self._open[message.comm_id] = (message.traceparent, unit.now_s)
                case Conclusion():
                    self._concluded(unit.changed[message.comm_id], message, unit.now_s)
                case _:
                    pass
        for goal in unit.goals.values():
            if goal.final:
                self._ended(goal)

    def _concluded(self, group: Group, said: Conclusion, ended_at: float) -> None:
        known = self._open.pop(group.comm_id, None)
        if known is not None:
            self._tell_group(group, said, *known, ended_at)
        else:
            self._start(self._read(group, said, ended_at))

    async def _read(self, group: Group, said: Conclusion, ended_at: float) -> None:
        """A group of before the restart."""
        for entry in await self._store.log_of_group(group.comm_id, after_seq=0, limit=1):
            self._tell_group(group, said, decode_message(entry.body).traceparent, entry.at, ended_at)

    def _tell_group(self, group: Group, said: Conclusion, stored: str | None, began_at: float, ended_at: float) -> None:
        goal = self._book.get(group.goal_id)
        above = goal.traceparent if goal is not None else None
        place = self._tracer.mint("group", stored, group.comm_id)
        facts: Facts = {
            "comm_id": group.comm_id,
            "goal_id": group.goal_id,
            "agent": group.initiator,
            "members": len(group.members),
            "depth": group.team_up_depth,
            "status": said.outcome,
            "forced": said.forced,
        }
        self._tracer.tell(
            "group",
            facts,
            parent=self._parents.pop(group.comm_id, above if same_span(place, stored) else stored),
            began_at=began_at,
            ended_at=ended_at,
            traceparent=place,
            error="failed" if said.outcome == "failed" else "",
        )

    def _ended(self, goal: GoalRecord) -> None:
        place = self._tracer.mint("goal", goal.traceparent, goal.goal_id)
        facts: Facts = {"goal_id": goal.goal_id, "status": goal.status}
        if goal.comm_id is not None:
            facts = {**facts, "comm_id": goal.comm_id}
        if goal.initiator is not None:
            facts = {**facts, "agent": goal.initiator}
        self._tracer.tell(
            "goal",
            facts,
            parent=self._parents.pop(goal.goal_id, None if same_span(place, goal.traceparent) else goal.traceparent),
            began_at=goal.created_at,
            ended_at=goal.ended_at or goal.created_at,
            traceparent=place,
            error="failed" if goal.status == "failed" else "",
        )
