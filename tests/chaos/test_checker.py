"""The checker finds every kind of violation: histories that were good, each broken in one way."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace as with_fields

from ioa.hub.records import CallRecord
from ioa.protocol.messages import Conclusion, Discussion, Subgroup, TaskResult
from tests.chaos.checker import RULES, Judged, check, turns_and_depth_are_kept
from tests.chaos.history import AgentRun, History, LogEntry, MemberLog
from tests.simulation.world import Setup, simulate

SEEDS = range(19, 60)


@pytest.fixture(scope="module")
def good() -> History:
    """A history without accidents in which there is something to break for each of the rules."""
    for seed in SEEDS:
        history = simulate(Setup(seed, faults=())).history
        assert not check(history, slack_s=60.0)
        if all(applies(broken, history) for broken in BROKEN):
            return history
    raise AssertionError(f"no history of seeds {SEEDS} has nested groups, results, calls and runs")


def applies(broken: Broken, history: History) -> bool:
    try:
        broken.breaks(deepcopy(history))
    except (StopIteration, ValueError, IndexError):  # what it would break is not there
        return False
    return True


def place(history: History, kind: type[Any], **fields: Any) -> int:
    """Where the log has the first message of a kind with these fields."""
    return next(
        number
        for number, entry in enumerate(history.entries)
        if isinstance(entry.message, kind)
        and all(getattr(entry.message, name) == value for name, value in fields.items())
    )


def change(history: History, number: int, **fields: Any) -> None:
    entry = history.entries[number]
    history.entries[number] = replace(entry, message=with_fields(entry.message, **fields))


def a_position_is_there_twice(history: History) -> None:
    history.entries[3] = replace(history.entries[3], pos=history.entries[2].pos)


def an_entry_is_missing(history: History) -> None:
    del history.entries[place(history, Discussion)]


def an_entry_is_there_twice(history: History) -> None:
    entry = history.entries[place(history, Discussion)]
    history.entries.append(replace(entry, pos=history.entries[-1].pos + 1))


def entries_have_changed_places(history: History) -> None:
    first, second = [n for n, e in enumerate(history.entries) if e.comm_id == history.entries[0].comm_id][1:3]
    one, other = history.entries[first], history.entries[second]
    history.entries[first] = replace(other, pos=one.pos)
    history.entries[second] = replace(one, pos=other.pos)


def a_message_is_there_twice(history: History) -> None:
    number = place(history, Discussion)
    other = next(
        n for n in range(number + 1, len(history.entries)) if isinstance(history.entries[n].message, Discussion)
    )
    message = history.entries[number].message
    change(history, other, sender=message.sender, message_id=message.message_id)


def somebody_spoke_without_the_floor(history: History) -> None:
    number = place(history, Discussion)
    change(history, number, sender="Nobody")


def the_log_goes_on_after_the_conclusion(history: History) -> None:
    last = history.entries[-1]
    number = place(history, Conclusion)
    entry = history.entries[number]
    seq = entry.seq + 1
    message = with_fields(entry.message, seq=seq, message_id="afterwards")
    history.entries.append(LogEntry(last.pos + 1, entry.comm_id, seq, last.at, message))


def the_store_says_another_state(history: History) -> None:
    history.groups[0] = with_fields(history.groups[0], state="discussion")


def a_group_has_no_log(history: History) -> None:
    comm_id = history.groups[-1].comm_id
    history.entries = [entry for entry in history.entries if entry.comm_id != comm_id]


def an_acknowledged_message_is_lost(history: History) -> None:
    history.acknowledged.append(("Agent 1", "lost", 3))


def an_acknowledged_message_is_elsewhere(history: History) -> None:
    sender, message_id, seq = history.acknowledged[0]
    history.acknowledged[0] = (sender, message_id, seq + 1)


def a_launch_is_lost(history: History) -> None:
    history.launched.append("lost")


def a_goal_is_lost(history: History) -> None:
    history.asked.append("lost")


def member(history: History) -> tuple[str, str, list[Any]]:
    name, log = next((name, log) for name, log in history.members.items() if log.logs)
    comm_id = next(comm_id for comm_id, entries in log.logs.items() if len(entries) > 3)
    return name, comm_id, log.logs[comm_id]


def a_member_lacks_the_newest_entry(history: History) -> None:
    member(history)[2].pop()


def a_member_lacks_an_entry(history: History) -> None:
    del member(history)[2][1]


def a_member_has_an_entry_twice(history: History) -> None:
    log = member(history)[2]
    log.insert(1, log[1])


def a_member_has_another_order(history: History) -> None:
    log = member(history)[2]
    log[1], log[2] = log[2], log[1]


def a_member_has_another_text(history: History) -> None:
    log = member(history)[2]
    log[-1] = with_fields(log[-1], content="something else")


def a_member_has_a_group_of_others(history: History) -> None:
    name, _, log = member(history)
    history.members[name].logs["not mine"] = log


def a_member_stopped_early(history: History) -> None:
    name, _, _ = member(history)
    log = history.members[name]
    history.members[name] = MemberLog(log.cursor - 1, log.logs)


def an_entry_was_taken_twice(history: History) -> None:
    taken = next(iter(history.taken.values()))
    taken.insert(1, taken[0])


def a_log_could_not_be_folded(history: History) -> None:
    history.unreadable.append("Agent 1 some group stale")


def a_client_has_another_state(history: History) -> None:
    key, group = next(iter(history.states.items()))
    history.states[key] = with_fields(group, turns=group.turns + 1)


def a_group_never_ends(history: History) -> None:
    comm_id = history.groups[0].comm_id
    last = max(entry.pos for entry in history.entries if entry.comm_id == comm_id)
    history.entries = [entry for entry in history.entries if entry.pos != last]


def a_goal_never_ends(history: History) -> None:
    history.goals[0] = with_fields(history.goals[0], status="running")


def a_goal_is_still_marked_open(history: History) -> None:
    history.open_goals.append(history.goals[0].goal_id)


def a_goal_was_told_another_conclusion(history: History) -> None:
    number = next(n for n, goal in enumerate(history.goals) if goal.comm_id)
    history.goals[number] = with_fields(history.goals[number], conclusion="something else")


def a_goal_has_another_group(history: History) -> None:
    number = next(n for n, goal in enumerate(history.goals) if goal.comm_id)
    history.goals[number] = with_fields(history.goals[number], comm_id="another")


def nested_result(history: History) -> int:
    return next(
        number
        for number, entry in enumerate(history.entries)
        if isinstance(entry.message, TaskResult) and entry.message.subgroup
    )


def a_nested_result_says_something_else(history: History) -> None:
    change(history, nested_result(history), task_conclusion="something else")


def a_nested_group_was_noted_otherwise(history: History) -> None:
    number = place(history, Subgroup)
    message = history.entries[number].message
    assert isinstance(message, Subgroup)
    change(history, number, turns=message.turns - 1)


def a_nested_group_is_gone(history: History) -> None:
    message = history.entries[place(history, Subgroup)].message
    assert isinstance(message, Subgroup)
    history.entries = [entry for entry in history.entries if entry.comm_id != message.subgroup]
    history.groups = [row for row in history.groups if row.comm_id != message.subgroup]


def an_agent_ran_twice(history: History) -> None:
    run = next(run for run in history.runs if run.agent not in history.idempotent)
    history.runs.append(AgentRun(run.agent, run.comm_id, run.task_id, "begin"))


def an_agent_ran_what_nobody_gave_it(history: History) -> None:
    run = history.runs[0]
    history.runs.append(AgentRun("Agent 0", run.comm_id, "no such task", "begin"))


def a_result_came_from_nowhere(history: History) -> None:
    done = next(
        entry.message
        for entry in history.entries
        if isinstance(entry.message, TaskResult) and entry.message.status == "completed" and not entry.message.subgroup
    )
    history.runs = [run for run in history.runs if (run.agent, run.task_id) != (done.sender, done.task_id)]


def call(history: History, number: int, tokens: int = 0, cost_usd: float = 0.0, goal_id: str = "") -> CallRecord:
    return CallRecord(
        call_id=f"Agent 1/{number}",
        goal_id=goal_id or history.goals[0].goal_id,
        agent="Agent 1",
        decision="turn",
        model="dice",
        input_tokens=tokens,
        output_tokens=0,
        cost_usd=cost_usd,
        duration_s=1.0,
        at=0.0,
    )


def too_many_calls(history: History) -> None:
    history.calls += [call(history, number) for number in range(history.goals[0].budgets.calls + 1)]


def too_many_tokens(history: History) -> None:
    history.calls.append(call(history, 1, tokens=history.goals[0].budgets.tokens + 1))


def too_much_money(history: History) -> None:
    budgets = with_fields(history.goals[0].budgets, calls=10_000, cost_usd=1.0)
    history.goals[0] = with_fields(history.goals[0], budgets=budgets)
    history.calls += [call(history, number, cost_usd=0.3) for number in range(4)]


def a_call_is_counted_twice(history: History) -> None:
    history.calls += [call(history, 1), call(history, 1)]


def a_call_is_for_no_goal(history: History) -> None:
    history.calls.append(call(history, 1, goal_id="no such goal"))


def a_turn_took_for_ever(history: History) -> None:
    number = place(history, Discussion)
    comm_id = history.entries[number].comm_id
    history.entries = [
        replace(entry, at=entry.at + 90_000.0) if entry.comm_id == comm_id and n >= number else entry
        for n, entry in enumerate(history.entries)
    ]


class Broken(NamedTuple):
    breaks: Callable[[History], None]
    rule: str


BROKEN = (
    Broken(a_position_is_there_twice, "log_in_order"),
    Broken(an_entry_is_missing, "log_in_order"),
    Broken(an_entry_is_there_twice, "log_in_order"),
    Broken(entries_have_changed_places, "log_in_order"),
    Broken(a_message_is_there_twice, "log_in_order"),
    Broken(somebody_spoke_without_the_floor, "log_is_legal"),
    Broken(the_log_goes_on_after_the_conclusion, "nothing_after_the_end"),
    Broken(the_store_says_another_state, "stored_state_is_the_fold"),
    Broken(a_group_has_no_log, "stored_state_is_the_fold"),
    Broken(an_acknowledged_message_is_lost, "acknowledged_is_there"),
    Broken(an_acknowledged_message_is_elsewhere, "acknowledged_is_there"),
    Broken(a_launch_is_lost, "acknowledged_is_there"),
    Broken(a_goal_is_lost, "acknowledged_is_there"),
    Broken(a_member_lacks_the_newest_entry, "members_hold_the_log"),
    Broken(a_member_lacks_an_entry, "members_hold_the_log"),
    Broken(a_member_has_an_entry_twice, "members_hold_the_log"),
    Broken(a_member_has_another_order, "members_hold_the_log"),
    Broken(a_member_has_another_text, "members_hold_the_log"),
    Broken(a_member_has_a_group_of_others, "members_hold_the_log"),
    Broken(a_member_stopped_early, "members_hold_the_log"),
    Broken(an_entry_was_taken_twice, "taken_once_in_order"),
    Broken(a_log_could_not_be_folded, "taken_once_in_order"),
    Broken(a_client_has_another_state, "states_are_the_replay"),
    Broken(a_group_never_ends, "everything_ended"),
    Broken(a_goal_never_ends, "everything_ended"),
    Broken(a_goal_is_still_marked_open, "everything_ended"),
    Broken(a_goal_was_told_another_conclusion, "goals_match_their_groups"),
    Broken(a_goal_has_another_group, "goals_match_their_groups"),
    Broken(a_nested_result_says_something_else, "nested_results_match"),
    Broken(a_nested_group_was_noted_otherwise, "nested_results_match"),
    Broken(a_nested_group_is_gone, "nested_results_match"),
    Broken(an_agent_ran_twice, "tasks_run_once"),
    Broken(an_agent_ran_what_nobody_gave_it, "tasks_run_once"),
    Broken(a_result_came_from_nowhere, "tasks_run_once"),
    Broken(too_many_calls, "calls_are_paid"),
    Broken(too_many_tokens, "calls_are_paid"),
    Broken(too_much_money, "calls_are_paid"),
    Broken(a_call_is_counted_twice, "calls_are_paid"),
    Broken(a_call_is_for_no_goal, "calls_are_paid"),
    Broken(a_turn_took_for_ever, "deadlines_are_kept"),
)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.breaks.__name__)
def test_a_broken_history_is_found(good: History, broken: Broken) -> None:
    history = deepcopy(good)
    broken.breaks(history)
    assert broken.rule in {violation.rule for violation in check(history, slack_s=60.0)}


def budget(group: Any, **fields: Any) -> Any:
    return with_fields(group, budgets=with_fields(group.budgets, **fields))


@pytest.mark.parametrize(
    "broken",
    [
        lambda group: with_fields(group, turns=group.max_turns + 2),
        lambda group: with_fields(group, team_up_depth=group.budgets.depth + 1),
        lambda group: budget(group, turns=group.turns - 2),
        lambda group: budget(group, calls=group.budgets.calls + 1),
        lambda group: budget(group, turns=10_000),
    ],
    ids=["turns", "depth", "tree", "handed down", "more than above"],
)
def test_a_group_over_its_budget_is_found(good: History, broken: Callable[[Any], Any]) -> None:
    judged = Judged(deepcopy(good), None)
    assert not list(turns_and_depth_are_kept(judged))
    comm_id = next(comm_id for comm_id, group in judged.folds.items() if group.parent and group.turns > 1)
    judged.folds[comm_id] = broken(judged.folds[comm_id])
    assert [where for where, _ in turns_and_depth_are_kept(judged)]


def test_every_rule_is_broken_by_some_row() -> None:
    assert {rule.__name__ for rule in RULES} == {broken.rule for broken in BROKEN} | {"turns_and_depth_are_kept"}
