"""Group info: every group of this client as the fold of its delivered log, by the very `step` that the hub uses.

Source: IoA paper, A.2.2.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ioa.conversation.group import Effect, Group, step
from ioa.conversation.task import Task
from ioa.protocol.messages import AnyMessage, AsyncTask, SyncTask, TaskResult, TaskStart

MAX_ENDED_GROUPS = 200
"""Concluded groups whose last state stays in memory; the journal keeps all."""


@dataclass(slots=True)
class Chat:
    """One group with its log. `assigned_at` is the hub's time of each task; `starts` the identifiers of this client's
    own `task_start` messages, in the order of the log; `result_at` the time of each (task, assignee)'s result."""

    group: Group
    log: list[AnyMessage] = field(default_factory=list[AnyMessage])
    assigned_at: dict[str, float] = field(default_factory=dict[str, float])
    starts: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    result_at: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry that the law has accepted and that is not folded in yet."""

    group: Group
    effects: tuple[Effect, ...]
    message: AnyMessage
    at: float


class GroupInfo:
    """All groups, by comm_id. `judge` first, `keep` when the journal has it."""

    def __init__(self, me: str) -> None:
        self._me = me
        self._chats: dict[str, Chat] = {}
        self._ended: OrderedDict[str, Group] = OrderedDict()

    def get(self, comm_id: str) -> Group | None:
        """The group's state, also of one that has concluded lately."""
        chat = self._chats.get(comm_id)
        return chat.group if chat is not None else self._ended.get(comm_id)

    def chat(self, comm_id: str) -> Chat | None:
        """State and log of a group that is not concluded."""
        return self._chats.get(comm_id)

    def open(self) -> list[Group]:
        """Groups that are not concluded."""
        return [chat.group for chat in self._chats.values()]

    def judge(self, message: AnyMessage, at: float) -> Judged | None:
        """What the entry does. None for one that is folded in already. Raises `Refused` for one that the law forbids:
        the hub's log and this code disagree."""
        chat = self._chats.get(message.comm_id)
        before = chat.group if chat is not None else self._ended.get(message.comm_id)
        if before is not None and 0 < message.seq <= before.seq:
            return None
        group, effects = step(before, message)
        return Judged(group, effects, message, at)

    def keep(self, judged: Judged) -> Chat:
        """Fold the entry in. The chat of a concluded group is returned once more and then forgotten."""
        comm_id = judged.group.comm_id
        chat = self._chats.get(comm_id)
        if chat is None:
            chat = self._chats[comm_id] = Chat(judged.group)
        message = judged.message
        chat.group = judged.group
        chat.log.append(message)
        if isinstance(message, SyncTask | AsyncTask):
            chat.assigned_at.update(dict.fromkeys((entry.task_id for entry in message.tasks), judged.at))
        elif isinstance(message, TaskStart) and message.sender == self._me:
            chat.starts.setdefault(message.task_id, []).append(message.message_id)
        elif isinstance(message, TaskResult):
            chat.result_at[message.task_id, message.assignee or message.sender] = judged.at
        if judged.group.ended:
            del self._chats[comm_id]
            self._ended[comm_id] = judged.group
            while len(self._ended) > MAX_ENDED_GROUPS:
                self._ended.popitem(last=False)
        return chat

    def load(self, entries: Iterable[tuple[float, AnyMessage]]) -> None:
        """Fold a stored log. Raises `Refused` like `judge`."""
        for at, message in entries:
            judged = self.judge(message, at)
            if judged is not None:
                self.keep(judged)

    def forget(self, comm_id: str) -> None:
        """Drop one group; its log is going to be fetched again."""
        self._chats.pop(comm_id, None)
        self._ended.pop(comm_id, None)

    def clear(self) -> None:
        self._chats.clear()
        self._ended.clear()


def failed_before(group: Group, task: Task) -> frozenset[str]:
    """Agents that were given the same task in this group and did not complete it."""
    return frozenset(
        report.assignee
        for other in group.tasks.values()
        if other.task_id != task.task_id and _title(other) == _title(task)
        for report in other.reports
        if report.status in ("failed", "unknown")
    )


def _title(task: Task) -> str:
    return " ".join((task.task_abstract or task.task_desc).casefold().split())
