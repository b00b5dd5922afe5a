"""Ending a group without a model: what there is, and why there is no more."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.conversation.group import Group
from ioa.conversation.hub_duties import result_lines
from ioa.ports.agent import is_record
from ioa.ports.policy import GroupView, TurnMessage
from ioa.protocol.messages import Artifact, Conclusion, Pause

MAX_CHARS = 200_000


def wind_up(
    view: GroupView, reason: str, *, waiting: str = "No more can be started", notes: Sequence[str] = ()
) -> TurnMessage:
    """Wait for what still runs, for nothing more is assigned; then conclude with what the tasks found, and say why.

    `waiting` is what a pause says before the reason. `notes` are lines about what was found without tasks; with them
    the group has not failed.
    """
    group = view.group
    running = tuple(task.task_id for task in group.open_tasks)
    if running and not group.must_conclude:
        return Pause(
            sender=view.me.name,
            comm_id=group.comm_id,
            message_id="",
            content=f"{waiting} ({reason}). Waiting for what runs.",
            triggers=running[:256],
        )
    found = any(task.status == "completed" for task in group.tasks.values())
    return Conclusion(
        sender=view.me.name,
        comm_id=group.comm_id,
        message_id="",
        content="\n".join([f"This group ends with what it has: {reason}.\n\n{results_of(group)}", *notes]),
        artifacts=artifacts_of(group),
        outcome="partial" if found or notes else "failed",
    )


def results_of(group: Group) -> str:
    return "\n".join(result_lines(group, MAX_CHARS)) or "No task was assigned."


def artifacts_of(group: Group) -> tuple[Artifact, ...]:
    """The files of all completed tasks, each once; not how they came about."""
    done = [task for task in group.tasks.values() if task.status == "completed"]
    made = [artifact for task in done for artifact in task.artifacts if not is_record(artifact)]
    return tuple(dict.fromkeys(made))[:256]
