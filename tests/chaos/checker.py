"""The checker: was the law kept, judged from the logs alone?

It shares with the hub what a message means (`step`, `waits`), so that state is what the log says it is, and nothing
else: what was stored, sent, counted and answered is compared with that fold. Each rule is a function that yields what
it finds; `RULES` names them, and the checker's own tests break a history in each of these ways.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ioa.conversation.group import Group, step
from ioa.conversation.hub_duties import waits
from ioa.conversation.task import ENDED
from ioa.hub.records import GoalRecord
from ioa.protocol.codec import encode
from ioa.protocol.errors import ProtocolError
from ioa.protocol.messages import Launch, Subgroup, TaskResult
from tests.chaos.history import History, LogEntry

TURNS_OF_A_CONCLUSION = 1
DOLLAR_CENTS = 1e-9


@dataclass(frozen=True)
class Violation:
    """A rule that was broken, where, and how."""

    rule: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule} | {self.where} | {self.what}"


class Judged:
    """A history with its logs folded. `slack_s`: how late a deadline may be; None: clocks cannot be trusted."""

    def __init__(self, history: History, slack_s: float | None) -> None:
        self.history = history
        self.slack_s = slack_s
        self.logs: dict[str, list[LogEntry]] = defaultdict(list)
        for entry in history.entries:
            self.logs[entry.comm_id].append(entry)
        self.rows = {row.comm_id: row for row in history.groups}
        self.folds: dict[str, Group] = {}
        self.broken: list[tuple[str, str]] = []
        self.late: list[tuple[str, str]] = []
        self.after_end: list[tuple[str, str]] = []
        for comm_id, log in self.logs.items():
            self._fold(comm_id, log)

    def _fold(self, comm_id: str, log: list[LogEntry]) -> None:
        group: Group | None = None
        at: list[float] = []
        for entry in log:
            if group is not None and group.ended:
                self.after_end.append((comm_id, f"entry {entry.seq} comes after the conclusion"))
                return
            if group is not None and self.slack_s is not None:
                for wait in waits(group):
                    over_s = entry.at - at[max(0, wait.since - 1)] - wait.timeout_s
                    if over_s > self.slack_s:
                        self.late.append((comm_id, f"{wait.overdue} wait was {over_s:.3f} s over at entry {entry.seq}"))
            try:
                group, _ = step(group, entry.message)
            except ProtocolError as error:
                self.broken.append((comm_id, f"entry {entry.seq}: {error.code}: {error.rule}"))
                return
            at.append(entry.at)
        if group is not None:
            self.folds[comm_id] = group


Rule = Callable[[Judged], Iterator[tuple[str, str]]]


def log_in_order(judged: Judged) -> Iterator[tuple[str, str]]:
    """Positions grow, each group's entries are numbered 1, 2, 3 …, and no message is there twice."""
    positions = [entry.pos for entry in judged.history.entries]
    for pos, count in Counter(positions).items():
        if count > 1:
            yield "log", f"position {pos} is there {count} times"
    said = Counter((entry.message.sender, entry.message.message_id) for entry in judged.history.entries)
    for (sender, message_id), count in said.items():
        if count > 1:
            yield "log", f"message {message_id} of {sender} is there {count} times"
    for comm_id, log in judged.logs.items():
        numbers = [entry.seq for entry in log]
        if numbers != list(range(1, len(log) + 1)):
            yield comm_id, f"entries are numbered {numbers}"
        wrong = [entry.seq for entry in log if entry.message.seq != entry.seq or entry.message.comm_id != comm_id]
        if wrong:
            yield comm_id, f"entries {wrong} say another number or group in their text"


def log_is_legal(judged: Judged) -> Iterator[tuple[str, str]]:
    """Every entry is one that the law accepts after those before it."""
    yield from judged.broken


def nothing_after_the_end(judged: Judged) -> Iterator[tuple[str, str]]:
    """A concluded group's log does not grow."""
    yield from judged.after_end


def stored_state_is_the_fold(judged: Judged) -> Iterator[tuple[str, str]]:
    """What the store says of a group (state, members, goal, parent) is what its log says."""
    for comm_id in judged.rows.keys() ^ judged.logs.keys():
        yield comm_id, "has a log but is no group" if comm_id in judged.logs else "is a group without a log"
    for comm_id, group in judged.folds.items():
        row = judged.rows.get(comm_id)
        if row is None:
            continue
        parent = group.parent.comm_id if group.parent is not None else ""
        stored = (row.state, row.members, row.goal_id, row.owner, row.parent)
        folded = (group.state, group.members, group.goal_id, group.owner, parent)
        if stored != folded:
            yield comm_id, f"the store says {stored}, the log {folded}"


def acknowledged_is_there(judged: Judged) -> Iterator[tuple[str, str]]:
    """What a client was told is accepted is in the log, as that entry."""
    there = {(entry.message.sender, entry.message.message_id): entry.seq for entry in judged.history.entries}
    for sender, message_id, seq in judged.history.acknowledged:
        found = there.get((sender, message_id))
        if found != seq:
            yield sender, f"message {message_id} was acknowledged as entry {seq}; in the log it is {found}"
    for comm_id in judged.history.launched:
        if comm_id not in judged.logs:
            yield comm_id, "its launch was acknowledged; it has no log"
    known = {goal.goal_id for goal in judged.history.goals}
    for goal_id in judged.history.asked:
        if goal_id not in known:
            yield goal_id, "the goal was acknowledged and is not there"


def members_hold_the_log(judged: Judged) -> Iterator[tuple[str, str]]:
    """Each member's own log of a group is the hub's, whole, once and in order; and it has no others."""
    for name, member in judged.history.members.items():
        due = {comm_id for comm_id, group in judged.folds.items() if name in group.members}
        for comm_id in member.logs.keys() - due:
            yield name, f"holds a log of {comm_id}, which has none or is not its own"
        newest = max((entry.pos for comm_id in due for entry in judged.logs[comm_id]), default=0)
        if member.cursor < newest:
            yield name, f"stopped at cursor {member.cursor}, its newest entry is {newest}"
        for comm_id in sorted(due):
            hub = [encode(entry.message) for entry in judged.logs[comm_id]]
            own = [encode(message) for message in member.logs.get(comm_id, [])]
            if own != hub:
                first = next((n for n, (a, b) in enumerate(zip(own, hub, strict=False), 1) if a != b), None)
                where = f"entry {first} differs" if first else f"it has {len(own)} of {len(hub)} entries"
                yield name, f"{comm_id}: {where}"


def taken_once_in_order(judged: Judged) -> Iterator[tuple[str, str]]:
    """A client takes each entry once and in order, over all its lives."""
    for name, taken in judged.history.taken.items():
        last: dict[str, int] = {}
        for comm_id, seq in taken:
            if seq <= last.get(comm_id, 0):
                yield name, f"{comm_id}: took entry {seq} after entry {last[comm_id]}"
            last[comm_id] = max(seq, last.get(comm_id, 0))
    for text in judged.history.unreadable:
        yield "clients", f"a log could not be folded: {text}"


def states_are_the_replay(judged: Judged) -> Iterator[tuple[str, str]]:
    """What a client had in memory at the end is the fold of the log."""
    for (name, comm_id), group in judged.history.states.items():
        fold = judged.folds.get(comm_id)
        if fold != group:
            yield name, f"{comm_id}: in memory at entry {group.seq}, {group.state}; the log says otherwise"


def everything_ended(judged: Judged) -> Iterator[tuple[str, str]]:
    """Every group has concluded with all its tasks ended, and every goal is over."""
    for comm_id, group in judged.folds.items():
        if not group.ended:
            yield comm_id, f"has not concluded: {group.state}, floor {group.floor!r}, waiting for {group.waiting}"
        for task in group.tasks.values():
            if task.open and group.ended:
                yield comm_id, f"concluded while task {task.task_id} was open"
    for goal in judged.history.goals:
        if not goal.final:
            yield goal.goal_id, f"is still {goal.status}"
    for goal_id in judged.history.open_goals:
        yield goal_id, "is still marked as open"


def goals_match_their_groups(judged: Judged) -> Iterator[tuple[str, str]]:
    """A goal has one first group at most, and ends as that group ended, unless its owner cancelled it."""
    first: dict[str, list[Group]] = defaultdict(list)
    for group in judged.folds.values():
        if group.parent is None:
            first[group.goal_id].append(group)
    goals = {goal.goal_id: goal for goal in judged.history.goals}
    for goal_id, groups in first.items():
        goal = goals.get(goal_id)
        if goal is None or len(groups) > 1 or goal.comm_id != groups[0].comm_id:
            yield goal_id, f"has the first groups {[group.comm_id for group in groups]}, the record says {goal}"
    for goal in goals.values():
        if goal.comm_id is not None and not first.get(goal.goal_id):
            yield goal.goal_id, f"its group {goal.comm_id} is not there"
        for group in first.get(goal.goal_id, []):
            told = (goal.status, goal.conclusion)
            if group.ended and goal.status != "cancelled" and told != (group.outcome, group.conclusion):
                yield goal.goal_id, f"was told as {told}, its group ended as {(group.outcome, group.conclusion)}"


def nested_results_match(judged: Judged) -> Iterator[tuple[str, str]]:
    """A nested group is noted in its parent under its task, one level deeper; its conclusion is the task's result, or
    it was ended because the task had ended."""
    noted: dict[str, tuple[str, Subgroup]] = {}
    results: dict[str, TaskResult] = {}
    for entry in judged.history.entries:
        if isinstance(entry.message, Subgroup):
            if entry.message.subgroup in noted:
                yield entry.comm_id, f"group {entry.message.subgroup} is nested twice"
            noted[entry.message.subgroup] = (entry.comm_id, entry.message)
        if isinstance(entry.message, TaskResult) and entry.message.subgroup is not None:
            results[entry.message.subgroup] = entry.message
    for comm_id in noted.keys() - judged.logs.keys():
        yield comm_id, f"is noted in {noted[comm_id][0]} and has no log"
    for comm_id, group in judged.folds.items():
        if group.parent is None:
            continue
        above = judged.folds.get(group.parent.comm_id)
        note = noted.get(comm_id)
        if above is None or note is None or note[0] != group.parent.comm_id:
            yield comm_id, f"is nested under {group.parent}, which does not know of it"
            continue
        launch = judged.logs[comm_id][0].message
        agreed = (note[1].task_id, note[1].assignee, note[1].turns, above.team_up_depth + 1, above.goal_id)
        if isinstance(launch, Launch) and agreed != (
            group.parent.task_id,
            group.initiator,
            launch.budgets.turns,
            group.team_up_depth,
            group.goal_id,
        ):
            yield comm_id, f"was launched otherwise than noted: {agreed}"
        task = above.tasks.get(group.parent.task_id)
        report = task.report_of(group.initiator) if task is not None else None
        if report is None:
            yield comm_id, f"works on {group.parent.task_id}, which {group.initiator} does not have"
            continue
        result = results.get(comm_id)
        if group.ended and result is not None:
            status = "failed" if group.outcome == "failed" else "completed"
            if (result.status, result.task_conclusion) != (status, group.conclusion):
                yield comm_id, f"concluded {group.outcome}, its task was told {result.status}: {result.task_conclusion}"
        if group.ended and result is None and report.status not in ENDED:
            yield comm_id, f"concluded, and its task {group.parent.task_id} never heard of it"
        if not group.ended and report.status in ENDED:
            yield comm_id, f"goes on, though its task {group.parent.task_id} has ended ({report.status})"


def tasks_run_once(judged: Judged) -> Iterator[tuple[str, str]]:
    """An agent is given a task once, unless it says that it may be given it twice; and only tasks that it has."""
    begun = Counter((run.agent, run.comm_id, run.task_id) for run in judged.history.runs if run.phase == "begin")
    for (agent, comm_id, task_id), count in begun.items():
        if count > 1 and agent not in judged.history.idempotent:
            yield agent, f"{comm_id}: was given task {task_id} {count} times"
        group = judged.folds.get(comm_id)
        task = group.tasks.get(task_id) if group is not None else None
        report = task.report_of(agent) if task is not None else None
        if report is None:
            yield agent, f"{comm_id}: was given task {task_id}, which the log does not give it"
        elif not report.started:
            yield agent, f"{comm_id}: was given task {task_id}, and its start is not in the log"
    for comm_id, group in judged.folds.items():
        for task in group.tasks.values():
            for report in task.reports:
                by_team = any(name == report.assignee for name, _ in task.subgroups)
                done = report.status == "completed" and not by_team
                if judged.history.runs and done and not begun[report.assignee, comm_id, task.task_id]:
                    yield report.assignee, f"{comm_id}: completed task {task.task_id} without ever being given it"


def turns_and_depth_are_kept(judged: Judged) -> Iterator[tuple[str, str]]:
    """No group and no tree of groups takes more turns, and none is deeper, than its budget says."""
    below: dict[str, list[Group]] = defaultdict(list)
    for group in judged.folds.values():
        if group.parent is not None:
            below[group.parent.comm_id].append(group)

    def tree_turns(group: Group) -> int:
        return group.turns + sum(map(tree_turns, below[group.comm_id]))

    for comm_id, group in judged.folds.items():
        if group.turns > min(group.max_turns, group.budgets.turns) + TURNS_OF_A_CONCLUSION:
            yield comm_id, f"took {group.turns} turns of {group.max_turns}"
        if group.team_up_depth > group.budgets.depth:
            yield comm_id, f"is {group.team_up_depth} deep, {group.budgets.depth} is allowed"
        used = tree_turns(group)
        if used > group.budgets.turns + TURNS_OF_A_CONCLUSION:
            yield comm_id, f"its tree took {used} turns of {group.budgets.turns}"
        above = judged.folds.get(group.parent.comm_id) if group.parent is not None else None
        if above is not None:
            ours, theirs = group.budgets, above.budgets
            if (ours.depth, ours.turn_timeout_s, ours.task_timeout_s, ours.calls, ours.tokens, ours.cost_usd) != (
                theirs.depth,
                theirs.turn_timeout_s,
                theirs.task_timeout_s,
                theirs.calls,
                theirs.tokens,
                theirs.cost_usd,
            ) or (ours.turns > theirs.turns or ours.group_timeout_s > max(1.0, theirs.group_timeout_s)):
                yield comm_id, f"has the budgets {ours} under {theirs}"


def calls_are_paid(judged: Judged) -> Iterator[tuple[str, str]]:
    """A goal's calls of models, their tokens and their cost are within its budget, each counted once."""
    calls = defaultdict(list)
    for call in judged.history.calls:
        calls[call.goal_id].append(call)
    goals: dict[str, GoalRecord] = {goal.goal_id: goal for goal in judged.history.goals}
    for goal_id, told in calls.items():
        goal = goals.get(goal_id)
        if goal is None:
            yield goal_id, f"{len(told)} calls are for a goal that is not there"
            continue
        twice = [name for name, count in Counter(call.call_id for call in told).items() if count > 1]
        if twice:
            yield goal_id, f"calls are counted twice: {twice}"
        tokens = sum(call.input_tokens + call.output_tokens for call in told)
        cost = sum(call.cost_usd for call in told)
        budgets = goal.budgets
        if len(told) > budgets.calls:
            yield goal_id, f"{len(told)} calls of {budgets.calls}"
        if tokens > budgets.tokens:
            yield goal_id, f"{tokens} tokens of {budgets.tokens}"
        if budgets.cost_usd is not None and cost > budgets.cost_usd + DOLLAR_CENTS:
            yield goal_id, f"${cost:.6f} of ${budgets.cost_usd:.6f}"


def deadlines_are_kept(judged: Judged) -> Iterator[tuple[str, str]]:
    """No wait of a group (turn, task, group) lasts longer than its limit and the slack."""
    yield from judged.late


RULES: tuple[Rule, ...] = (
    log_in_order,
    log_is_legal,
    nothing_after_the_end,
    stored_state_is_the_fold,
    acknowledged_is_there,
    members_hold_the_log,
    taken_once_in_order,
    states_are_the_replay,
    everything_ended,
    goals_match_their_groups,
    nested_results_match,
    tasks_run_once,
    turns_and_depth_are_kept,
    calls_are_paid,
    deadlines_are_kept,
)


def check(history: History, *, slack_s: float | None = None) -> list[Violation]:
    """Everything that is wrong with a history that has come to rest. `slack_s`: how late a deadline may have been;
    without it deadlines are not judged."""
    judged = Judged(history, slack_s)
    return [Violation(rule.__name__, where, what) for rule in RULES for where, what in rule(judged)]
