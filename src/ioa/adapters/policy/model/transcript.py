"""A group's log in words, within the window of a model: recent entries whole, older ones as one summary.

Tasks are called T1, T2 … in the order in which they were assigned, never by their identifiers: a model copies a short
name without error, and a recorded prompt is the same in a replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ioa.adapters.models.fencing import fenced, named
from ioa.conversation.group import Group
from ioa.conversation.task import Task
from ioa.protocol.messages import (
    AnyMessage,
    AsyncTask,
    Conclusion,
    Deadline,
    Discussion,
    Interjection,
    Launch,
    Pause,
    Subgroup,
    SyncTask,
    TaskCancel,
    TaskProgress,
    TaskResult,
    TaskStart,
    Turn,
    kind,
)

LONG_CHARS = 4_000
RESULT_CHARS = 1_200
TASKS_CHARS = 40_000
LEAST_CHARS = 60


def aliases(group: Group) -> dict[str, str]:
    """T1, T2 … for each task_id."""
    return {task_id: f"T{number}" for number, task_id in enumerate(group.tasks, start=1)}


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of the log in words. `number` is what a model sees, `seq` the place in the log; `settled`: later entries
    cannot come before it any more."""

    number: int
    seq: int
    words: str
    settled: bool


def entries(log: Sequence[AnyMessage], group: Group) -> list[Said]:
    """What was said, numbered in an order that does not depend on chance: what tasks came to between two turns stands
    in the order of the tasks, not in that of their ends."""
    short = aliases(group)
    place = {task_id: number for number, task_id in enumerate(group.tasks)}
    ordered: list[tuple[AnyMessage, bool]] = []
    between: list[AnyMessage] = []
    for message in log:
        if isinstance(message, Turn | Interjection | Deadline):
            ordered += [(entry, True) for entry in _in_order(between, place)]
            ordered.append((message, True))
            between = []
        else:
            between.append(message)
    ordered += [(entry, False) for entry in _in_order(between, place)]
    found: list[Said] = []
    for message, settled in ordered:
        words = _words(message, short)
        if words:
            number = len(found) + 1
            found.append(Said(number, message.seq, f"#{number} {words}", settled))
    return found


def latest(said: Sequence[Said], limit_chars: int) -> list[Said]:
    """The last entries that fit into so many characters; at least one."""
    kept: list[Said] = []
    for entry in reversed(said):
        limit_chars -= len(entry.words)
        if kept and limit_chars < 0:
            break
        kept.insert(0, entry)
    return kept


def _in_order(messages: Sequence[AnyMessage], place: dict[str, int]) -> list[AnyMessage]:
    """By task, then kind, then member; what belongs to no task comes first."""

    def key(message: AnyMessage) -> tuple[int, str, str]:
        task_id = getattr(message, "task_id", None)
        who = getattr(message, "assignee", None) or message.sender
        return (place.get(task_id, -1) if task_id else -1, kind(message), who)

    return sorted(messages, key=key)


def _words(message: AnyMessage, short: dict[str, str]) -> str:
    who = named(message.sender)
    match message:
        case Launch() | TaskStart() | TaskProgress():
            return ""
        case Discussion():
            said = fenced(message.content, message.sender, limit_chars=LONG_CHARS)
            return f"{who} says to {named(message.next_speaker[0])}: {said}"
        case SyncTask() | AsyncTask():
            how = "and waits" if isinstance(message, SyncTask) else "and goes on"
            lines = [
                f"{short.get(task.task_id, '?')} to {', '.join(map(named, task.assignee))}: "
                + fenced(task.task_desc, message.sender, limit_chars=LONG_CHARS)
                for task in message.tasks
            ]
            return f"{who} assigns {how}:\n" + "\n".join(lines)
        case Pause():
            return f"{who} pauses until these have ended: {', '.join(short[name] for name in message.triggers)}"
        case Conclusion():
            return f"{who} concludes: {fenced(message.content, message.sender, limit_chars=LONG_CHARS)}"
        case TaskResult():
            by = named(message.assignee or message.sender)
            text = message.task_abstract or message.task_conclusion
            return f"{by} ends {short[message.task_id]}, {message.status}: " + fenced(
                text, by, limit_chars=RESULT_CHARS
            )
        case TaskCancel():
            return f"{short[message.task_id]} was cancelled: {fenced(message.content, message.sender)}"
        case Subgroup():
            team = ", ".join(map(named, message.team_members))
            return f"{named(message.assignee)} formed a team for {short[message.task_id]}: {team}"
        case Deadline():
            what = f"{named(message.member)} did not speak" if message.member else "a task took too long"
            return f"deadline: {what}; {fenced(message.content)}"
        case Interjection():
            return f"The person whose goal it is says: {fenced(message.content, message.sender)}"


def task_words(group: Group, *, limit_chars: int = RESULT_CHARS, total_chars: int = TASKS_CHARS) -> str:
    """Every task with its state, and its result by its abstract, within about `total_chars` together."""
    short = aliases(group)
    share = max(LEAST_CHARS, min(limit_chars, total_chars // max(1, len(group.tasks))))
    return "\n".join(task_line(task, short, limit_chars=share) for task in group.tasks.values()) or "none yet"


def task_line(task: Task, short: dict[str, str], *, limit_chars: int) -> str:
    """One task; a result that is longer than its abstract says so."""
    who = ", ".join(map(named, task.assignees))
    title = named(task.task_abstract or task.task_desc.partition("\n")[0])[: min(200, limit_chars)]
    line = f"- {short[task.task_id]} ({who}), {'running' if task.open else task.status}: {title}"
    if task.open:
        return line
    files = ", ".join(named(artifact.name) for artifact in task.artifacts)
    shown = task.conclusion if len(task.conclusion) <= limit_chars else task.abstract or task.conclusion
    more = len(task.conclusion) - len(shown)
    note = f" ({len(task.conclusion)} characters in full: read_first {short[task.task_id]})" if more > 0 else ""
    return f"{line}\n{fenced(shown, who, limit_chars=limit_chars)}{note}" + (f"\nfiles: {files}" if files else "")


def full_results(group: Group, wanted: Sequence[str], *, limit_chars: int) -> str:
    """The results of these tasks (aliases) in full, within `limit_chars` together."""
    short = aliases(group)
    chosen = [task for task in group.tasks.values() if short[task.task_id] in wanted and not task.open]
    share = limit_chars // max(1, len(chosen))
    return "\n".join(
        f"{short[task.task_id]} in full:\n" + fenced(task.conclusion, ", ".join(task.assignees), limit_chars=share)
        for task in chosen
    )
