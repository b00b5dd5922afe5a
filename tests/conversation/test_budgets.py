"""Every conversation of any policy, however foolish, ends within its budgets: a tree of groups, no clock, no wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ioa.conversation.group import (
    MAX_INTERJECTIONS,
    MAX_PROGRESS_A_TASK,
    MAX_STARTS_A_TASK,
    Concluded,
    Effect,
    Group,
    TaskEnded,
    step,
)
from ioa.conversation.hub_duties import (
    force_conclusion,
    nested_turns,
    result_of_subgroup,
    waits,
    when_overdue,
)
from ioa.conversation.task import Task
from ioa.protocol.codec import decode_message, encode
from ioa.protocol.errors import Refused
from ioa.protocol.messages import AnyMessage, Budgets, Conclusion, Discussion, Launch, Parent, Pause, Subgroup, TaskTurn
from tests.conversation.scenes import (
    as_logged,
    conclude,
    header,
    interject,
    launch,
    numbered,
    parallel,
    pause,
    progress,
    result,
    say,
    start,
    sync,
)

PEOPLE = ("A", "B", "C", "D")
Policy = Callable[[Random, Group, str], AnyMessage | None]
Work = Callable[[Random, Task, str], AnyMessage | str | None]


def in_group(message: AnyMessage, group: Group) -> AnyMessage:
    return replace(message, comm_id=group.comm_id)


# What members do with the floor.


def silent(random: Random, group: Group, me: str) -> AnyMessage | None:
    return None


def repeats_itself(random: Random, group: Group, me: str) -> AnyMessage | None:
    return say(me, me, "as I said")


def thanks_for_ever(random: Random, group: Group, me: str) -> AnyMessage | None:
    return say(me, random.choice(group.members), "thank you!")


def assigns_to_itself(random: Random, group: Group, me: str) -> AnyMessage | None:
    return random.choice([sync, parallel])(me, me)


def assigns_to_all(random: Random, group: Group, me: str) -> AnyMessage | None:
    return random.choice([sync, parallel])(me, tuple(group.members), me)


def pauses(random: Random, group: Group, me: str) -> AnyMessage | None:
    still_open = [task.task_id for task in group.open_tasks]
    return pause(me, *still_open) if still_open else parallel(me, random.choice(group.members))


def reasonable(random: Random, group: Group, me: str) -> AnyMessage | None:
    if group.must_conclude or (group.tasks and not group.open_tasks):
        return conclude(me)
    return pauses(random, group, me)


FOOLS: list[Policy] = [silent, repeats_itself, thanks_for_ever, assigns_to_itself, assigns_to_all, pauses, reasonable]


def moody(random: Random, group: Group, me: str) -> AnyMessage | None:
    return random.choice(FOOLS)(random, group, me)


# What assignees do with a task. The word "nest" asks for a group of its own.


def ignores(random: Random, task: Task, me: str) -> AnyMessage | str | None:
    return None


def begins_for_ever(random: Random, task: Task, me: str) -> AnyMessage | str | None:
    return start(me, task.task_id)


def reports_for_ever(random: Random, task: Task, me: str) -> AnyMessage | str | None:
    report = task.report_of(me)
    return start(me, task.task_id) if report and not report.started else progress(me, task.task_id)


def nests(random: Random, task: Task, me: str) -> AnyMessage | str | None:
    return "nest"


def works(random: Random, task: Task, me: str) -> AnyMessage | str | None:
    return result(me, task.task_id, random.choice(["completed", "failed", "unknown"]))


WORKERS: list[Work] = [ignores, begins_for_ever, reports_for_ever, nests, works]


def moves(random: Random, task: Task, me: str) -> AnyMessage | str | None:
    return random.choice(WORKERS)(random, task, me)


class Village:
    """A hub in twenty lines, and members who do as they please. Time passes only when nobody can do anything, or when
    the dice say so; then the deadline of one wait strikes."""

    def __init__(self, random: Random, budgets: Budgets, max_turns: int) -> None:
        self.random = random
        self.groups: dict[str, Group] = {}
        self.logs: dict[str, list[AnyMessage]] = {}
        self.spent: Counter[str] = Counter()
        self.fool: dict[str, Policy] = {name: random.choice([*FOOLS, moody, moody]) for name in PEOPLE}
        self.worker: dict[str, Work] = {name: random.choice([*WORKERS, moves, moves]) for name in PEOPLE}
        team = random.sample(PEOPLE, random.randint(1, len(PEOPLE)))
        self.post(launch(team, comm_id="g0", max_turns=max_turns, budgets=budgets))

    def post(self, message: AnyMessage) -> bool:
        """Into the log, with its consequences for the groups above and below. False if it was refused."""
        group = self.groups.get(message.comm_id)
        effects: tuple[Effect, ...] = ()
        entries: list[AnyMessage] = []
        try:
            for entry in as_logged(group, message):
                stamped = numbered(entry, group)
                group, more = step(group, stamped)
                effects += more
                entries.append(stamped)
        except Refused:
            return False
        assert group is not None
        self.groups[group.comm_id] = group
        self.logs.setdefault(group.comm_id, []).extend(entries)
        for effect in effects:
            if isinstance(effect, TaskEnded):
                self.end_below(group.comm_id, effect.task_id)
            if isinstance(effect, Concluded) and group.parent:
                found = result_of_subgroup(self.groups[group.parent.comm_id], group)
                assert found is None or self.post(found)
        return True

    def end_below(self, comm_id: str, task_id: str) -> None:
        for nested in list(self.groups.values()):
            if nested.parent == Parent(comm_id=comm_id, task_id=task_id) and not nested.ended:
                for message in force_conclusion(nested, "its task has ended"):
                    assert self.post(message)

    def nest(self, group: Group, task: Task, me: str) -> bool:
        granted = nested_turns(group, self.random.randint(1, 40))
        if not granted:
            return False
        comm_id = f"g{len(self.groups)}"
        team = self.random.sample(PEOPLE, 2)
        first = launch(
            (me, *(name for name in team if name != me)),
            comm_id=comm_id,
            max_turns=self.random.randint(1, 40),
            team_up_depth=group.team_up_depth + 1,
            parent=Parent(comm_id=group.comm_id, task_id=task.task_id),
            budgets=replace(group.budgets, turns=granted),
        )
        note = self.note_of(group, task, me, first, granted)
        return self.post(note) and self.post(first)

    def note_of(self, group: Group, task: Task, me: str, first: Launch, granted: int) -> AnyMessage:
        return Subgroup(
            **header("@hub", group.comm_id),
            task_id=task.task_id,
            assignee=me,
            subgroup=first.comm_id,
            team_members=first.team_members,
            turns=granted,
        )

    def somebody_acts(self, group: Group) -> bool:
        choices: list[tuple[str, Task | None]] = [(group.floor, None)] if group.floor else []
        choices += [
            (report.assignee, task)
            for task in group.open_tasks
            for report in task.reports
            if report.status in ("pending", "in_progress")
        ]
        me, task = self.random.choice(choices)
        if task is None:
            said = self.fool[me](self.random, group, me)
            return said is not None and self.post(in_group(said, group))
        done = self.worker[me](self.random, task, me)
        if done == "nest":
            return self.nest(group, task, me)
        return done is not None and not isinstance(done, str) and self.post(in_group(done, group))

    def live(self) -> int:
        """Until every group has ended. Returns how often something was tried."""
        tried = 0
        while going_on := [group for group in self.groups.values() if not group.ended]:
            tried += 1
            assert tried < 100_000, "this never ends"
            group = self.random.choice(going_on)
            if self.random.random() < 0.02:
                self.post(in_group(interject(), group))
            elif self.random.random() < 0.1 or not self.somebody_acts(group):
                # The group's own deadline would end everything at once; the shorter ones must be enough.
                wait = self.random.choice([wait for wait in waits(group) if wait.overdue != "group"])
                for message in when_overdue(group, wait):
                    assert self.post(in_group(message, group))
        return tried


TURNS = (Discussion, TaskTurn, Pause, Conclusion)


def floor_messages(log: list[AnyMessage]) -> int:
    return sum(isinstance(entry, TURNS) and entry.sender != "@hub" for entry in log)


def check_ended(village: Village, budgets: Budgets) -> None:
    for comm_id, group in village.groups.items():
        log = village.logs[comm_id]
        assert group.ended
        assert group.conclusion
        assert not group.open_tasks
        assert group.turns <= group.max_turns + 1
        assert floor_messages(log) <= min(group.max_turns, group.budgets.turns) + 1
        assert group.team_up_depth <= budgets.depth
        reports = sum(len(task.reports) for task in group.tasks.values())
        nested = sum(len(task.subgroups) for task in group.tasks.values())
        most = (
            2  # launch and conclusion
            + group.turns
            + reports * (1 + MAX_STARTS_A_TASK + MAX_PROGRESS_A_TASK)
            + len(group.tasks)  # one cancellation or deadline each
            + nested
            + MAX_INTERJECTIONS
        )
        assert len(log) <= most
        replayed: Group | None = None
        for entry in log:
            replayed, _ = step(replayed, decode_message(encode(entry)))
        assert replayed == group
    everything = sum(floor_messages(log) for log in village.logs.values())
    assert everything <= budgets.turns + 1, "the tree as a whole keeps its budget, but for the last conclusion"


@given(seed=st.integers(0, 2**32), turns=st.integers(1, 60), depth=st.integers(0, 4), max_turns=st.integers(1, 25))
def test_every_conversation_of_any_policy_ends_within_its_budgets(
    seed: int, turns: int, depth: int, max_turns: int
) -> None:
    budgets = Budgets(turns=turns, depth=depth)
    for more in range(10):
        village = Village(Random(seed + more), budgets, max_turns)
        village.live()
        check_ended(village, budgets)


@pytest.mark.parametrize("fool", [*FOOLS, moody], ids=lambda fool: fool.__name__)
@pytest.mark.parametrize("worker", [*WORKERS, moves], ids=lambda worker: worker.__name__)
def test_a_village_of_one_kind_of_fool_ends_within_its_budgets(fool: Policy, worker: Work) -> None:
    budgets = Budgets(turns=20, depth=2)
    village = Village(Random(7), budgets, max_turns=6)
    village.fool.update(dict.fromkeys(PEOPLE, fool))
    village.worker.update(dict.fromkeys(PEOPLE, worker))
    village.live()
    check_ended(village, budgets)


def test_villages_do_nest_and_conclude_by_themselves_too() -> None:
    """The generator above is worth something only if all of this happens in it."""
    depths: Counter[int] = Counter()
    by_hand = 0
    for seed in range(200):
        village = Village(Random(seed), Budgets(turns=60, depth=3), 20)
        village.live()
        depths.update(group.team_up_depth for group in village.groups.values())
        by_hand += sum(not group.forced for group in village.groups.values())
    assert depths[1] > 100
    assert depths[2] > 20
    assert depths[3] > 0
    assert by_hand > 50
