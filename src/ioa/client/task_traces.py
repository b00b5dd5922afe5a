"""Tasks as spans: from the moment when this client sees an assignment to the moment when it sees how it ended.

Where a task's span is follows from its trace and its identifiers, so a client that was restarted in the middle tells
the same one. What the task makes happen, here and in a team of its own, hangs below it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ioa.client.group_info import Chat
from ioa.client.journal import Run
from ioa.conversation.group import Group
from ioa.conversation.task import ENDED, Report, Task
from ioa.ports.clock import Clock
from ioa.ports.tracing import CANCELLED, Tracer, within


@dataclass(frozen=True, slots=True)
class _Open:
    traceparent: str | None
    parent: str | None
    began_at: float


class TaskTraces:
    """The spans of one client's tasks."""

    def __init__(self, tracer: Tracer, me: str, clock: Clock) -> None:
        self._tracer = tracer
        self._me = me
        self._clock = clock
        self._open: dict[tuple[str, str], _Open] = {}

    def seen(self, chat: Chat | None, task: Task, run: Run | None) -> None:
        """A task of this client is open; `run` is what the journal knows of it."""
        if chat is None or not self._tracer.enabled or (chat.group.comm_id, task.task_id) in self._open:
            return
        parent = above(chat, task)
        key = f"{chat.group.comm_id} {task.task_id} {self._me}"
        place = self._tracer.mint("task", parent, key)
        self._open[chat.group.comm_id, task.task_id] = _Open(
            place, parent, (run and run.seen_at) or self._clock.now_s()
        )

    def of(self, comm_id: str, task_id: str) -> str | None:
        """Where the task is; None: it is not traced."""
        known = self._open.get((comm_id, task_id))
        return known.traceparent if known is not None else None

    def enter(self, comm_id: str, task_id: str) -> None:
        """What this asyncio task does from now on, it does for the task."""
        self._tracer.enter(self.of(comm_id, task_id))

    def ended(self, group: Group, task: Task, report: Report) -> None:
        """The task is over for this client; may be said again."""
        known = self._open.pop((group.comm_id, task.task_id), None)
        if known is None:
            return
        teams = dict(task.subgroups)
        status = report.status if report.status in ENDED else CANCELLED  # its group has ended without it
        self._tracer.tell(
            "task",
            {
                "comm_id": group.comm_id,
                "goal_id": group.goal_id,
                "task_id": task.task_id,
                "agent": self._me,
                "status": status,
                **({"subgroup": teams[self._me]} if self._me in teams else {}),
            },
            parent=known.parent,
            began_at=known.began_at,
            ended_at=self._clock.now_s(),
            traceparent=known.traceparent,
            error={"failed": "failed", "unknown": "unknown", "cancelled": CANCELLED}.get(status, ""),
        )

    def forget(self) -> None:
        """The groups are gone."""
        self._open.clear()


def above(chat: Chat, task: Task) -> str | None:
    """The turn that assigned the task, else the group."""
    launch = chat.log[0].traceparent if chat.log else None
    assigned = next((entry for entry in chat.log if entry.seq == task.assigned_seq), None)
    return within(launch, assigned.traceparent if assigned is not None else None)
