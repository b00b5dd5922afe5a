"""The life of a task, as a table: (status, event) -> status. A missing key is the refusal.

A task has one report per assignee and a status of its own that follows from them. Source: IoA paper, 2.3.4, A.2.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ioa.protocol.errors import Refused
from ioa.protocol.messages import Artifact

TaskStatus: TypeAlias = Literal["pending", "in_progress", "completed", "failed", "cancelled", "unknown"]
TaskEvent: TypeAlias = Literal["start", "progress", "completed", "failed", "unknown", "cancel", "deadline"]

TASK_TABLE: dict[tuple[TaskStatus, TaskEvent], TaskStatus] = {
    ("pending", "start"): "in_progress",
    ("pending", "completed"): "completed",
    ("pending", "failed"): "failed",
    ("pending", "cancel"): "cancelled",
    ("pending", "deadline"): "failed",
    ("in_progress", "start"): "in_progress",  # run again after a crash of an idempotent agent
    ("in_progress", "progress"): "in_progress",
    ("in_progress", "completed"): "completed",
    ("in_progress", "failed"): "failed",
    ("in_progress", "unknown"): "unknown",
    ("in_progress", "cancel"): "cancelled",
    ("in_progress", "deadline"): "failed",
}

ENDED: frozenset[TaskStatus] = frozenset({"completed", "failed", "cancelled", "unknown"})

# What the task as a whole is called once all assignees have ended: the first of these that one of them has.
_WORST_FIRST: tuple[TaskStatus, ...] = ("unknown", "failed", "cancelled", "completed")


class Report(Struct, frozen=True, kw_only=True):
    """How one assignee stands with a task."""

    assignee: str
    status: TaskStatus = "pending"
    conclusion: str = ""
    abstract: str = ""
    artifacts: tuple[Artifact, ...] = ()
    started: int = 0
    progressed: int = 0
    result_seq: int = 0


class Task(Struct, frozen=True, kw_only=True):
    """A task of a group: the paper's `(d_t, S_t)` with its allocation. `subgroups` are the groups nested under it."""

    task_id: str
    task_desc: str
    task_abstract: str
    assigner: str
    synchronous: bool
    reports: tuple[Report, ...]
    builds_on: tuple[str, ...] = ()
    subgroups: tuple[tuple[str, str], ...] = ()  # (assignee, comm_id)
    assigned_seq: int = 0

    @property
    def assignees(self) -> tuple[str, ...]:
        return tuple(report.assignee for report in self.reports)

    @property
    def open(self) -> bool:
        return any(report.status not in ENDED for report in self.reports)

    @property
    def status(self) -> TaskStatus:
        statuses = [report.status for report in self.reports]
        if self.open:
            return "pending" if all(status == "pending" for status in statuses) else "in_progress"
        return next(status for status in _WORST_FIRST if status in statuses)

    @property
    def conclusion(self) -> str:
        """The result in full; with several assignees, one paragraph each, headed by the name."""
        return _joined([(report.assignee, report.conclusion) for report in self.reports])

    @property
    def abstract(self) -> str:
        return _joined([(report.assignee, report.abstract) for report in self.reports])

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        return tuple(artifact for report in self.reports for artifact in report.artifacts)

    def report_of(self, assignee: str) -> Report | None:
        return next((report for report in self.reports if report.assignee == assignee), None)


def advance(
    task: Task,
    event: TaskEvent,
    assignees: Iterable[str],
    *,
    seq: int,
    conclusion: str = "",
    abstract: str = "",
    artifacts: tuple[Artifact, ...] = (),
) -> Task:
    """The task after `event` for these assignees. Raises `Refused` (task_ended) where the table has no entry."""
    names = frozenset(assignees)
    reports: list[Report] = []
    for report in task.reports:
        if report.assignee not in names:
            reports.append(report)
            continue
        status = TASK_TABLE.get((report.status, event))
        if status is None:
            over = report.status in ENDED
            raise Refused(
                "task_ended" if over else "illegal_now",
                f"task_id {task.task_id!r} is {report.status} for {report.assignee}: '{event}' cannot follow; "
                + ("stop working on it" if over else "send what can"),
                legal=tuple(known for state, known in TASK_TABLE if state == report.status),
            )
        changed = replace(
            report,
            status=status,
            started=report.started + (event == "start"),
            progressed=report.progressed + (event == "progress"),
        )
        if status in ENDED:
            changed = replace(changed, conclusion=conclusion, abstract=abstract, artifacts=artifacts, result_seq=seq)
        reports.append(changed)
    return replace(task, reports=tuple(reports))


def _joined(parts: list[tuple[str, str]]) -> str:
    spoken = [(name, text) for name, text in parts if text]
    if len(parts) == 1:
        return spoken[0][1] if spoken else ""
    return "\n\n".join(f"{name}: {text}" for name, text in spoken)
