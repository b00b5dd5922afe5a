"""A unit of work: several entries, in several groups, judged one after the other and written together or not at all.

Everything here is synchronous, so that nothing can change between judging and writing. What is not in memory raises
`NotReady`; the ledger fetches it and the decision is made afresh. The consequences that the law asks for across groups
are drawn here: a task that has ended ends the groups nested under it; a concluded nested group gives its result to its
task; a concluded first group ends its goal.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ioa.conversation.group import Concluded, Effect, Group, TaskEnded, step
from ioa.conversation.hub_duties import force_conclusion, result_of_subgroup
from ioa.hub.goal_book import GoalBook
from ioa.hub.group_log import GroupLog, NotReady
from ioa.hub.records import ARTIFACT_USE, OPEN_GOAL, ArtifactRecord, GoalRecord, document
from ioa.ports.clock import NewId
from ioa.ports.store import Document, Entry, GroupRow, Work
from ioa.protocol.codec import encode
from ioa.protocol.errors import Refused
from ioa.protocol.messages import AnyMessage, Artifact, Conclusion, Launch, TaskResult


class AssigneeReported(Struct, frozen=True):
    """One of several assignees has ended its part: the groups that it nested under the task have lost their purpose."""

    task_id: str
    assignee: str


Consequence: TypeAlias = Effect | AssigneeReported
_FAR_REACHING = (TaskEnded, Concluded)
"""Effects that concern other groups or the goal."""
_NOTHING = Work()
_WITH_ARTIFACTS: frozenset[type] = frozenset((TaskResult, Conclusion, Launch))


class Unit:
    """One change in the making. `absent` are groups that were looked for in the log and are not there."""

    def __init__(self, groups: GroupLog, goals: GoalBook, now_s: float, new_id: NewId, absent: Collection[str]) -> None:
        self._groups = groups
        self._goals = goals
        self._new_id = new_id
        self._absent = absent
        self.now_s = now_s
        self.changed: dict[str, Group] = {}
        self.launched: list[GroupRow] = []
        self.messages: list[AnyMessage] = []
        self.goals: dict[str, GoalRecord] = {}
        self.documents: dict[tuple[str, str], Document] = {}
        self.removed: list[tuple[str, str]] = []
        self.touched: set[str] = set()
        self._found: dict[str, Group] = {}  # as they were before
        self.consulted: set[str] = set()
        self.written = _NOTHING
        self._before: dict[str, str] = {}
        self._consequences: list[tuple[str, Consequence]] = []  # drawing them adds others

    def find(self, comm_id: str) -> Group | None:
        """The group as it stands in this unit, or None if there is no such group."""
        group = self.changed.get(comm_id) or self._found.get(comm_id)
        if group is not None:
            return group
        self.touched.add(comm_id)
        chat = self._groups.get(comm_id)
        if chat is not None:
            self._found[comm_id] = chat.group
            return chat.group
        if comm_id in self._absent:
            return None
        raise NotReady(lambda: self._groups.load(comm_id), comm_id)

    def group(self, comm_id: str) -> Group:
        """The group as it stands in this unit. Raises `Refused` (unknown_group)."""
        group = self.find(comm_id)
        if group is None:
            raise Refused(
                "unknown_group",
                f"comm_id {comm_id!r} is no group of this hub; post to a group that was delivered to you",
            )
        return group

    def goal(self, goal_id: str) -> GoalRecord:
        """The goal as it stands in this unit. Raises `Refused` (unknown_goal)."""
        self.consulted.add(goal_id)
        changed = self.goals.get(goal_id)
        return changed if changed is not None else self._goals.ready(goal_id)

    def seq_said(self, sender: str, message_id: str, comm_id: str) -> int | None:
        """The entry that this message is already."""
        chat = self._groups.peek(comm_id)
        return chat.said.get((sender, message_id)) if chat is not None else None

    def add(self, message: AnyMessage) -> AnyMessage:
        """Judge a message and fold it in. Raises `Refused`: then the unit is to be thrown away."""
        group = self.find(message.comm_id)
        numbered = replace(
            message,
            message_id=message.message_id or self._new_id(),
            seq=message.seq or (group.seq if group is not None else 0) + 1,
        )
        changed, effects = step(group, numbered)
        comm_id = message.comm_id
        if group is not None:
            self._before.setdefault(comm_id, group.state)
        self.changed[comm_id] = changed
        self.messages.append(numbered)
        artifacts = artifacts_of(message)
        if artifacts:
            self._use(comm_id, artifacts)
        if isinstance(message, TaskResult):
            reported = AssigneeReported(message.task_id, message.assignee or message.sender)
            self._consequences.append((comm_id, reported))
        for effect in effects:
            if type(effect) in _FAR_REACHING:
                self._consequences.append((comm_id, effect))
        return numbered

    def launch(self, message: Launch) -> AnyMessage:
        """`add` for the first message of a group."""
        launched = self.add(message)
        parent = message.parent.comm_id if message.parent is not None else ""
        self.launched.append(
            GroupRow(
                comm_id=message.comm_id,
                goal_id=message.goal_id,
                owner=message.owner,
                members=self.changed[message.comm_id].members,
                parent=parent,
                created_at=self.now_s,
            )
        )
        return launched

    def put_goal(self, goal: GoalRecord, *, new: bool = False) -> GoalRecord:
        """The goal as it will be stored."""
        goal = self._goals.next_version(goal)
        self.goals[goal.goal_id] = goal
        self.put(self._goals.document(goal, new=new))
        marker = (OPEN_GOAL, goal.goal_id)
        if goal.final:
            self.documents.pop(marker, None)
            self.removed.append(marker)
        elif new:
            self.put(Document(kind=OPEN_GOAL, key=goal.goal_id, body=b"{}", owner=goal.owner))
        return goal

    def put(self, entry: Document) -> None:
        self.documents[entry.kind, entry.key] = entry

    def _use(self, comm_id: str, artifacts: tuple[Artifact, ...]) -> None:
        """Note that a group refers to files: its members may read them."""
        for artifact in artifacts:
            record = ArtifactRecord(artifact=artifact, created_at=self.now_s)
            self.put(document(ARTIFACT_USE, f"{artifact.digest}/{comm_id}", record, owner=comm_id))

    @property
    def empty(self) -> bool:
        return not (self.messages or self.documents or self.removed)

    @property
    def basis(self) -> tuple[object, ...]:
        """What was written on top of: the first entry of each group, and the version of each goal."""
        first: dict[str, int] = {}
        for message in self.messages:
            first.setdefault(message.comm_id, message.seq)
        return (*first.items(), *((goal_id, self._goals.get(goal_id)) for goal_id in sorted(self.goals)))

    def settle(self) -> None:
        """Draw all consequences of what was added."""
        for comm_id, effect in self._consequences:
            group = self.changed[comm_id]
            match effect:
                case TaskEnded():
                    self._end_nested(group, effect.task_id, None)
                case AssigneeReported():
                    self._end_nested(group, effect.task_id, effect.assignee)
                case Concluded():
                    self._concluded(group)
                case _:
                    pass
        self._consequences.clear()

    def _end_nested(self, group: Group, task_id: str, assignee: str | None) -> None:
        for name, comm_id in group.tasks[task_id].subgroups:
            if assignee not in (None, name):
                continue
            nested = self.group(comm_id)
            if not nested.ended:
                for message in force_conclusion(nested, "the task it worked on has ended"):
                    self.add(message)

    def _concluded(self, group: Group) -> None:
        if group.parent is not None:
            result = result_of_subgroup(self.group(group.parent.comm_id), group)
            if result is not None:
                self.add(result)
            return
        goal = self.goal(group.goal_id)
        if not goal.final and group.outcome is not None:
            self.put_goal(
                replace(
                    goal,
                    status=group.outcome,
                    conclusion=group.conclusion,
                    conclusion_artifacts=group.conclusion_artifacts,
                    ended_at=self.now_s,
                )
            )

    def work(self) -> Work:
        """What is to be written; kept in `written`."""
        launched = {row.comm_id for row in self.launched} if self.launched else ()
        entries = [
            Entry(
                comm_id=message.comm_id,
                seq=message.seq,
                sender=message.sender,
                message_id=message.message_id,
                at=self.now_s,
                body=encode(message),
            )
            for message in self.messages
        ]
        states: list[tuple[str, str]] = []
        for comm_id, group in self.changed.items():
            if group.state != self._before.get(comm_id, "discussion" if comm_id in launched else ""):
                states.append((comm_id, group.state))
        self.written = Work(
            groups=tuple(self.launched),
            entries=tuple(entries),
            states=tuple(states),
            documents=tuple(self.documents.values()),
            removed=tuple(self.removed),
        )
        return self.written


def artifacts_of(message: AnyMessage) -> tuple[Artifact, ...]:
    """The files that a message refers to."""
    if type(message) not in _WITH_ARTIFACTS:  # nearly always, and asked of every message
        return ()
    match message:
        case Launch():
            return (*message.artifacts, *(artifact for result in message.given for artifact in result.artifacts))
        case TaskResult() | Conclusion():
            return message.artifacts
        case _:
            return ()
