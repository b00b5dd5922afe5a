"""A goal as it is watched: the groups of its tree, folded from their logs by the same law as at the hub."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ioa.cli.records import Entry
from ioa.conversation.group import Group, step
from ioa.conversation.task import Task
from ioa.ports.agent import is_record
from ioa.ports.policy import BY_RULES
from ioa.protocol.errors import Refused
from ioa.protocol.messages import AnyMessage, Artifact, Launch, TaskProgress, TaskStart, Turn


@dataclass(slots=True)
class Watched:
    """One group: its number in the tree (1 is the goal's own), the fold of its log, when things began, the tokens
    that the damper saved, and the turns that rules took because no model did."""

    number: int
    group: Group
    launched_at: float
    began_at: dict[str, float] = field(default_factory=dict[str, float])
    progress: dict[str, str] = field(default_factory=dict[str, str])
    last_at: float = 0.0
    saved_tokens: int = 0
    turns_by_rules: int = 0

    @property
    def depth(self) -> int:
        return self.group.team_up_depth

    def task_name(self, task_id: str) -> str:
        """What people call a task: `task 3`, and `task 2.1` for the first one of team 2."""
        place = list(self.group.tasks).index(task_id) + 1 if task_id in self.group.tasks else 0
        if not place:
            return f"task {task_id}"
        return f"task {place}" if self.number == 1 else f"task {self.number}.{place}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a goal took: floor messages, tasks by how they ended, groups, communication channels (IoA paper, 2.3.2),
    the tokens that the damper saved, and the turns that rules took because no model did. What models used is the
    hub's account: `Goal.usage`."""

    turns: int
    tasks: dict[str, int]
    groups: int
    channels_nested: int
    channels_full: int
    saved_tokens: int
    turns_by_rules: int


class Followed:
    """All groups of one goal, by `comm_id`, in the order in which they were launched."""

    def __init__(self) -> None:
        self.groups: dict[str, Watched] = {}
        self.started_at: float | None = None
        self._cursor = -1

    @property
    def root(self) -> Watched | None:
        return next(iter(self.groups.values()), None)

    @property
    def cursor(self) -> int:
        """The place in the hub's log of the newest entry taken."""
        return self._cursor

    def take(self, entry: Entry) -> Watched | None:
        """Fold one entry in and return its group. None: a repeat, or an entry that the law of this version does not
        know what to do with; it is skipped."""
        if entry.cursor <= self._cursor:
            return None
        self._cursor = entry.cursor
        message = entry.message
        if self.started_at is None:
            self.started_at = entry.at
        before = self.groups.get(message.comm_id)
        try:
            group, _ = step(before.group if before else None, message)
        except Refused:
            return None
        watched = before or Watched(len(self.groups) + 1, group, entry.at)
        watched.group, watched.last_at = group, entry.at
        watched.saved_tokens += message.usage.saved_tokens if message.usage else 0
        if isinstance(message, Turn):
            watched.turns_by_rules += message.thought.startswith(BY_RULES)
        self.groups[message.comm_id] = watched
        _note(watched, message, entry.at)
        return watched

    def nested_for(self, message: Launch) -> tuple[Watched, Task] | None:
        """The group and the task under which a launched group is nested, where both are known."""
        outer = self.groups.get(message.parent.comm_id) if message.parent else None
        task = outer.group.tasks.get(message.parent.task_id) if outer and message.parent else None
        return (outer, task) if outer and task else None

    def files(self) -> tuple[Artifact, ...]:
        """The files of the answer; when it names none, those that the goal's own tasks made, without the agents' own
        records of their steps. Each digest once."""
        if (root := self.root) is None:
            return ()
        made = root.group.conclusion_artifacts or tuple(
            artifact for task in root.group.tasks.values() for artifact in task.artifacts if not is_record(artifact)
        )
        return tuple({artifact.digest: artifact for artifact in made}.values())

    def cost(self) -> Cost:
        groups = [watched.group for watched in self.groups.values()]
        members = {name for group in groups for name in group.members}
        tasks = Counter(task.status for group in groups for task in group.tasks.values())
        return Cost(
            turns=sum(group.turns for group in groups),
            tasks=dict(tasks),
            groups=len(groups),
            channels_nested=sum(_pairs(len(group.members)) for group in groups),
            channels_full=_pairs(len(members)),
            saved_tokens=sum(watched.saved_tokens for watched in self.groups.values()),
            turns_by_rules=sum(watched.turns_by_rules for watched in self.groups.values()),
        )


def _note(watched: Watched, message: AnyMessage, at: float) -> None:
    if isinstance(message, TaskStart):
        watched.began_at.setdefault(f"{message.task_id} {message.sender}", at)
    elif isinstance(message, TaskProgress):
        watched.progress[message.task_id] = message.content


def _pairs(members: int) -> int:
    return members * (members - 1) // 2
