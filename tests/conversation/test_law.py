"""The law of a group chat, as properties: whatever anybody posts, in any order."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from ioa.conversation.group import (
    GROUP_TABLE,
    Concluded,
    Effect,
    FloorGiven,
    Group,
    TaskAssigned,
    TaskEnded,
    WorkCancelled,
    step,
)
from ioa.conversation.hub_duties import force_conclusion, nested_turns, prepare, waits, when_overdue
from ioa.protocol.codec import decode_message, encode
from ioa.protocol.errors import Refused
from ioa.protocol.messages import KINDS, AnyMessage, Budgets, Launch, TaskAssignment
from ioa.protocol.names import HUB
from tests.conversation.scenes import (
    COMM,
    OWNER,
    TEAM,
    as_logged,
    cancel,
    conclude,
    fold,
    fold_with_effects,
    interject,
    late_task,
    late_turn,
    launch,
    numbered,
    parallel,
    pause,
    progress,
    result,
    say,
    start,
    subgroup,
    sync,
)
from tests.protocol.wire import messages

MEMBERS = ("A", "B", "C", "D")
people = st.sampled_from([*MEMBERS, "X", OWNER, HUB])
members = st.sampled_from(MEMBERS)


def replayed(log: list[AnyMessage]) -> Group:
    """The fold of a log that went through the codec, entry by entry."""
    group: Group | None = None
    for entry in log:
        group, _ = step(group, decode_message(encode(entry)))
    assert group is not None
    return group


class GroupChat(RuleBasedStateMachine):
    """One group; everybody posts everything; the hub does its duties."""

    group: Group
    log: list[AnyMessage]

    @initialize(size=st.integers(1, 4), max_turns=st.integers(1, 12), turns=st.integers(1, 25), depth=st.integers(0, 2))
    def launch(self, size: int, max_turns: int, turns: int, depth: int) -> None:
        first = launch(MEMBERS[:size], max_turns=max_turns, budgets=Budgets(turns=turns, depth=depth))
        self.log = [numbered(first, None)]
        self.group, effects = step(None, first)
        assert effects == (FloorGiven("A", must_conclude=False),)
        self.nested = 0

    def post(self, *entries: AnyMessage) -> None:
        """What a hub does with a message: prepare, judge all of it on a copy, keep all or nothing."""
        before = self.group
        kept = copy.deepcopy(before)
        after, log, all_effects = before, [], ()
        try:
            for message in entries:
                for entry in as_logged(after, message):
                    stamped = numbered(entry, after)
                    previous = after
                    after, effects = step(after, stamped)
                    check_effects(previous, after, effects)
                    log.append(stamped)
                    all_effects += effects
        except Refused as refused:
            note(f"{refused.code}: {refused.rule}")
            assert before == kept, "a refusal changes nothing"
            return
        assert before == kept, "step is pure"
        assert before.state != "conclusion", "conclusion absorbs"
        self.group, self.log = after, [*self.log, *log]

    def task_id(self, data: st.DataObject) -> str:
        known = [*self.group.tasks, "g.999"]
        return data.draw(st.sampled_from(known))

    # Turns

    @rule(sender=people, to=people)
    def somebody_speaks(self, sender: str, to: str) -> None:
        self.post(say(sender, to))

    @precondition(lambda self: self.group.floor is not None)
    @rule(to=members)
    def the_floor_speaks(self, to: str) -> None:
        self.post(say(self.group.floor or "", to))

    @rule(data=st.data(), sender=members, own=st.booleans(), teams=st.lists(st.lists(members, min_size=1), min_size=1))
    def assign(self, data: st.DataObject, sender: str, own: bool, teams: list[list[str]]) -> None:
        who = self.group.floor if own and self.group.floor else sender
        builds_on = tuple(data.draw(st.lists(st.sampled_from([*self.group.tasks, "g.999"]), max_size=1)))
        make = data.draw(st.sampled_from([sync, parallel]))
        self.post(make(who, *(tuple(dict.fromkeys(team)) for team in teams), builds_on=builds_on))

    @precondition(lambda self: self.group.open_tasks)
    @rule(data=st.data(), sender=members, own=st.booleans())
    def wait_for_some(self, data: st.DataObject, sender: str, own: bool) -> None:
        triggers = data.draw(st.lists(st.sampled_from(list(self.group.tasks)), min_size=1, max_size=4))
        self.post(pause(self.group.floor if own and self.group.floor else sender, *triggers))

    @precondition(lambda self: len(self.log) > 8)
    @rule(sender=people, own=st.booleans())
    def conclude(self, sender: str, own: bool) -> None:
        self.post(conclude(self.group.floor if own and self.group.floor else sender))

    # Tasks

    @precondition(lambda self: self.group.tasks)
    @rule(data=st.data(), sender=people, own=st.booleans())
    def work(self, data: st.DataObject, sender: str, own: bool) -> None:
        task_id = self.task_id(data)
        task = self.group.tasks.get(task_id)
        who = data.draw(st.sampled_from(task.assignees)) if own and task else sender
        match data.draw(st.sampled_from(["start", "progress", "result", "result", "nested"])):
            case "start":
                self.post(start(who, task_id))
            case "progress":
                self.post(progress(who, task_id))
            case "nested" if task and task.subgroups:
                assignee, comm_id = data.draw(st.sampled_from(task.subgroups))
                self.post(result(HUB, task_id, assignee=assignee, subgroup=comm_id))
            case _:
                self.post(result(who, task_id, data.draw(st.sampled_from(["completed", "failed", "unknown"]))))

    @precondition(lambda self: self.group.tasks)
    @rule(data=st.data(), sender=people)
    def call_off(self, data: st.DataObject, sender: str) -> None:
        self.post(cancel(sender, self.task_id(data)))

    @precondition(lambda self: self.group.open_tasks)
    @rule(data=st.data(), turns=st.integers(1, 30), modest=st.booleans())
    def nest(self, data: st.DataObject, turns: int, modest: bool) -> None:
        task = data.draw(st.sampled_from(self.group.open_tasks))
        self.nested += 1
        granted = nested_turns(self.group, turns) if modest else turns
        if granted:
            self.post(subgroup(task.task_id, data.draw(st.sampled_from(task.assignees)), f"n{self.nested}", granted))

    # Hub and person

    @rule(data=st.data())
    def a_wait_is_over(self, data: st.DataObject) -> None:
        if self.group.ended:
            return
        wait = data.draw(st.sampled_from([wait for wait in waits(self.group) if wait.overdue != "group"]))
        entries = len(self.log)
        self.post(*when_overdue(self.group, wait))
        assert len(self.log) > entries, "the hub may always do its duty"

    @rule(member=members, since=st.integers(0, 30))
    def a_stale_deadline(self, member: str, since: int) -> None:
        self.post(late_turn(member, since))

    @rule(sender=people)
    def interject(self, sender: str) -> None:
        self.post(interject(sender=sender))

    @rule(message=messages)
    def anything(self, message: AnyMessage) -> None:
        self.post(replace(message, comm_id=COMM, seq=0))

    # What always holds

    @invariant()
    def one_floor_or_a_reason(self) -> None:
        group = self.group
        assert (group.floor is None) == (bool(group.waiting) or group.ended)
        assert group.floor is None or group.floor in group.members
        assert (group.floor is None) == (group.floor_since == 0)
        assert (group.returns_to is not None) == bool(group.waiting)

    @invariant()
    def nobody_is_stranded(self) -> None:
        """Whoever has the floor may conclude, and when only that is left it is the initiator who has it."""
        group = self.group
        if group.must_conclude and group.floor is not None:
            assert group.floor == group.initiator
        if group.floor is not None:
            ended = fold(conclude(group.floor), group=group)
            assert ended.ended

    @invariant()
    def what_is_waited_for_is_open(self) -> None:
        group = self.group
        assert set(group.waiting) <= set(group.tasks)
        if group.waiting:
            assert any(group.tasks[name].open for name in group.waiting)
        if group.ended:
            assert not group.open_tasks

    @invariant()
    def budgets_hold(self) -> None:
        group = self.group
        last = 1 if group.ended and not group.forced else 0
        assert group.turns <= group.max_turns + last
        assert group.turns + group.reserved_turns <= group.budgets.turns + last
        assert group.turns_left >= 0

    @invariant()
    def no_state_waits_without_a_deadline(self) -> None:
        group = self.group
        now = waits(group)
        assert bool(now) != group.ended
        if group.ended:
            return
        assert [wait.timeout_s for wait in now if wait.overdue == "group"] == [group.budgets.group_timeout_s]
        held = [wait for wait in now if wait.overdue == "floor"]
        assert len(held) == (group.floor is not None)
        assert held or any(wait.task_id in group.waiting for wait in now)
        for wait in now:
            assert wait.timeout_s > 0
            assert 1 <= wait.since <= group.seq
            over = fold(*when_overdue(group, wait), group=group)
            assert wait not in waits(over), "the same wait does not come back"
            if wait.overdue == "group":
                assert over.ended
                assert over.forced

    @invariant()
    def the_hub_can_always_end_it(self) -> None:
        if not self.group.ended:
            assert fold(*force_conclusion(self.group, "enough"), group=self.group).ended

    @invariant()
    def the_log_is_the_state(self) -> None:
        assert self.group.seq == len(self.log)
        assert [entry.seq for entry in self.log] == list(range(1, len(self.log) + 1))

    def teardown(self) -> None:
        if hasattr(self, "group"):
            assert replayed(self.log) == self.group


def check_effects(before: Group, after: Group, effects: tuple[Effect, ...]) -> None:
    """Effects say exactly what has changed."""
    given_now = [effect for effect in effects if isinstance(effect, FloorGiven)]
    assert len(given_now) == (after.floor_since == after.seq)
    if given_now:
        assert given_now == [FloorGiven(after.floor or "", must_conclude=after.must_conclude)]
    ended = {effect.task_id for effect in effects if isinstance(effect, TaskEnded)}
    assert ended == {task.task_id for task in before.open_tasks} - {task.task_id for task in after.open_tasks}
    assigned = {effect.task_id: effect.assignees for effect in effects if isinstance(effect, TaskAssigned)}
    fresh = set(after.tasks) - set(before.tasks)
    assert assigned == {name: after.tasks[name].assignees for name in fresh}
    stopped = {(effect.task_id, effect.assignee) for effect in effects if isinstance(effect, WorkCancelled)}
    for task_id, assignee in stopped:
        report = before.tasks[task_id].report_of(assignee)
        assert report is not None
        assert report.status in ("pending", "in_progress")
        assert task_id in ended
    assert [effect for effect in effects if isinstance(effect, Concluded)] == (
        [Concluded(after.outcome, after.forced)] if after.ended and after.outcome else []
    )


TestGroupChat = GroupChat.TestCase


@given(messages)
def test_a_concluded_group_takes_nothing(message: AnyMessage) -> None:
    group = fold(launch(), parallel("A", "B"), conclude("A"))
    before = copy.deepcopy(group)
    with pytest.raises(Refused) as caught:
        step(group, replace(message, comm_id=COMM, seq=0))
    assert caught.value.code == "concluded"
    assert caught.value.legal == ()
    assert group == before
    assert waits(group) == ()


@given(messages)
def test_a_log_begins_with_a_launch_or_not_at_all(message: AnyMessage) -> None:
    try:
        group, effects = step(None, message)
    except Refused:
        return
    assert isinstance(message, Launch)
    assert group.floor == group.initiator == message.sender
    assert group.state == "discussion"
    assert effects == (FloorGiven(message.sender, must_conclude=False),)


def test_the_table_has_a_row_for_each_state_but_the_last() -> None:
    """Figure 3: from each state that is not final, the next turn may choose any state."""
    turns = {"discussion", "sync_task", "async_task", "pause", "conclusion"}
    for state in ("discussion", "sync_task", "async_task", "pause"):
        assert {target for (source, _), target in GROUP_TABLE.items() if source == state and target} == turns
        assert {cls for source, cls in GROUP_TABLE if source == state} == set(KINDS) - {Launch}
    assert not [cls for source, cls in GROUP_TABLE if source == "conclusion"]


# The states of Figure 3, each reached and left.


def test_a_discussion_hands_the_floor_to_one_member() -> None:
    group, effects = fold_with_effects(launch(), say("A", "C"))
    assert (group.state, group.floor, group.turns) == ("discussion", "C", 1)
    assert effects == (FloorGiven("C", must_conclude=False),)


def test_an_asynchronous_assignment_returns_the_floor_at_once() -> None:
    group, effects = fold_with_effects(launch(), parallel("A", "B", "C"))
    assert (group.state, group.floor) == ("async_task", "A")
    assert effects == (
        TaskAssigned("g.1", ("B",)),
        TaskAssigned("g.2", ("C",)),
        FloorGiven("A", must_conclude=False),
    )


def test_a_synchronous_assignment_returns_the_floor_when_all_its_tasks_have_ended() -> None:
    group = fold(launch(), say("A", "B"), sync("B", "A", "C"))
    assert (group.state, group.floor, group.returns_to) == ("sync_task", None, "B")
    group = fold(start("A", "g.1"), result("A", "g.1"), group=group)
    assert group.floor is None
    group, effects = fold_with_effects(result("C", "g.2", "failed"), group=group)
    assert (group.state, group.floor) == ("sync_task", "B")
    assert effects == (TaskEnded("g.2"), FloorGiven("B", must_conclude=False))


def test_a_pause_ends_when_its_triggers_have_ended_however_they_ended() -> None:
    group = fold(launch(), parallel("A", "B", "C", "B"), pause("A", "g.1", "g.2"))
    assert (group.state, group.floor) == ("pause", None)
    group = fold(result("B", "g.1", "failed"), group=group)
    assert group.floor is None
    for over in (cancel(OWNER, "g.2"), late_task("g.2"), result("C", "g.2")):
        assert fold(over, group=group).floor == "A"


def test_tasks_that_nobody_waits_for_give_no_floor() -> None:
    group = fold(launch(), parallel("A", "B"), sync("A", "C"))
    group, effects = fold_with_effects(result("B", "g.1"), group=group)
    assert group.floor is None
    assert effects == (TaskEnded("g.1"),)


def test_a_task_of_several_ends_when_the_last_of_them_has_reported() -> None:
    group = fold(launch(), sync("A", ("B", "C")))
    group = fold(result("B", "g.1"), group=group)
    assert group.tasks["g.1"].open
    assert fold(result("C", "g.1"), group=group).floor == "A"


def test_a_cancellation_reaches_every_assignee_who_still_works() -> None:
    group = fold(launch(), parallel("A", ("B", "C")), result("B", "g.1"))
    _, effects = fold_with_effects(cancel("A", "g.1"), group=group)
    assert effects == (WorkCancelled("g.1", "C"), TaskEnded("g.1"))


def test_a_conclusion_cancels_what_is_open_by_messages() -> None:
    group = fold(launch(), parallel("A", "B", "C"))
    entries = prepare(group, conclude("A"))
    assert [type(entry).__name__ for entry in entries] == ["TaskCancel", "TaskCancel", "Conclusion"]
    assert all(entry.sender == HUB for entry in entries[:2])
    ended = fold(conclude("A"), group=group)
    assert {task.status for task in ended.tasks.values()} == {"cancelled"}


@pytest.mark.parametrize(
    "waiting_for", [(sync("A", "B"),), (parallel("A", "B"), pause("A", "g.1"))], ids=["sync", "pause"]
)
def test_nobody_concludes_a_group_that_waits(waiting_for: tuple[AnyMessage, ...]) -> None:
    """The cancellations before a conclusion give the floor back; that must not make the conclusion legal."""
    group = fold(launch(), *waiting_for)
    for sender in (*TEAM, OWNER):
        with pytest.raises(Refused) as caught:
            fold(conclude(sender), group=group)
        assert caught.value.code in ("not_the_floor", "not_a_member")
        assert prepare(group, conclude(sender))[:-1] == ()


def test_the_initiator_concludes_when_turns_are_spent() -> None:
    group = fold(launch(max_turns=2), say("A", "B"), say("B", "C"))
    assert group.must_conclude
    assert group.floor == "A"
    assert fold(conclude("A"), group=group).turns == 3


def test_the_floor_returns_to_the_initiator_when_turns_were_spent_while_waiting() -> None:
    group = fold(launch(max_turns=2), say("A", "B"), sync("B", "C"))
    group, effects = fold_with_effects(result("C", "g.1"), group=group)
    assert effects == (TaskEnded("g.1"), FloorGiven("A", must_conclude=True))


def test_a_lost_turn_is_a_turn_and_the_next_present_member_has_the_floor() -> None:
    group = fold(launch(), late_turn("A", 1))
    assert (group.floor, group.turns, group.absent) == ("B", 1, ("A",))
    group = fold(say("B", "A"), late_turn("A", 3), group=group)
    assert (group.floor, group.absent) == ("B", ("A",))


def test_a_lost_floor_goes_round_the_team_past_all_who_are_absent() -> None:
    """Not to the initiator, who is absent as well."""
    group = fold(launch(("A", "B", "C", "D")), late_turn("A", 1), say("B", "D"), late_turn("D", 3))
    assert group.absent == ("A", "D")
    assert group.floor == "B"


def test_whoever_posts_anything_is_present_again() -> None:
    group = fold(launch(), parallel("A", "B"), say("A", "B"), late_turn("B", 3))
    assert group.absent == ("B",)
    assert fold(start("B", "g.1"), group=group).absent == ()


def test_a_group_in_which_nobody_is_left_ends_with_the_word_of_the_hub() -> None:
    group = fold(launch(("A", "B")), late_turn("A", 1))
    (wait,) = (wait for wait in waits(group) if wait.overdue == "floor")
    group = fold(*when_overdue(group, wait), group=group)
    assert group.ended
    assert group.forced
    assert "nobody else is present" in (group.conclusion or "")


def test_an_initiator_who_does_not_conclude_is_concluded_for() -> None:
    group = fold(launch(max_turns=1), parallel("A", "B"), result("B", "g.1"))
    (wait,) = (wait for wait in waits(group) if wait.overdue == "floor")
    ended = fold(*when_overdue(group, wait), group=group)
    assert (ended.outcome, ended.forced, ended.turns) == ("partial", True, 1)
    assert "found" in (ended.conclusion or "")
    assert "written by the hub" in (ended.conclusion or "")


def test_an_interjection_needs_no_floor_and_moves_nothing() -> None:
    group = fold(launch(), sync("A", "B"))
    after, effects = fold_with_effects(interject(), group=group)
    assert effects == ()
    assert replace(after, seq=group.seq, interjections=0) == group


def test_the_hub_mints_task_ids_whatever_the_sender_wrote() -> None:
    """Agents use them as idempotency keys, so nobody may choose one that is taken, or will be."""
    message: Any = sync("A", "B")
    chosen = tuple(replace(entry, task_id="g.2") for entry in message.tasks)
    group = fold(launch(), replace(message, tasks=chosen), result("B", "g.1"), sync("A", "C"))
    assert list(group.tasks) == ["g.1", "g.2"]
    assert isinstance(chosen[0], TaskAssignment)
