"""The table of refusals: one row a rule. What is wrong, the code, the words of the text, and what would be legal.

Every code that a guard can give has a row here, which the last tests find out from the guards' own source.
"""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from ioa.conversation import group as law
from ioa.conversation import guards, task, task_guards, turn_guards
from ioa.conversation.group import (
    GROUP_TABLE,
    MAX_INTERJECTIONS,
    MAX_PROGRESS_A_TASK,
    MAX_STARTS_A_TASK,
    MAX_TASKS_A_GROUP,
    Group,
    legal_kinds,
    step,
)
from ioa.protocol.codec import decode_message, encode
from ioa.protocol.errors import Code, Refused
from ioa.protocol.messages import MAX_MEMBERS, AnyMessage, Budgets, Parent
from ioa.protocol.names import HUB
from tests.conversation.scenes import (
    OWNER,
    TEAM,
    cancel,
    conclude,
    fold,
    interject,
    late_task,
    late_turn,
    launch,
    parallel,
    pause,
    progress,
    result,
    say,
    start,
    subgroup,
    sync,
)

WITHOUT_FLOOR = ("task_start", "task_progress", "task_result", "task_cancel")


def fresh() -> Group:
    return fold(launch())


def waiting() -> Group:
    """A has given task g.1 to B and waits."""
    return fold(launch(), sync("A", "B"))


def two_open() -> Group:
    """A has the floor; B works on g.1, C on g.2."""
    return fold(launch(), parallel("A", "B", "C"))


def one_ended() -> Group:
    return fold(launch(), parallel("A", "B", "C"), result("B", "g.1"))


def concluded() -> Group:
    return fold(launch(), conclude("A"))


def spent() -> Group:
    """Turns are spent; A has the floor to conclude with, g.1 is open."""
    return fold(launch(max_turns=2), parallel("A", "B"), say("A", "B"))


def nested() -> Group:
    return fold(launch(), parallel("A", "B"), subgroup("g.1", "B", "n"))


def at_depth() -> Group:
    return fold(launch(budgets=Budgets(depth=0)), parallel("A", "B"))


def worn(**fields: Any) -> Group:
    """B has worked on g.1 to the limit that the fields name."""
    group = two_open()
    report = replace(group.tasks["g.1"].reports[0], status="in_progress", **fields)
    return replace(group, tasks={**group.tasks, "g.1": replace(group.tasks["g.1"], reports=(report,))})


def crowded() -> Group:
    group = two_open()
    entry = group.tasks["g.1"]
    return replace(group, tasks={f"g.{n}": replace(entry, task_id=f"g.{n}") for n in range(MAX_TASKS_A_GROUP)})


def minted(message: Any, *ids: str) -> Any:
    """An assignment as the log has it."""
    tasks = tuple(replace(entry, task_id=name) for entry, name in zip(message.tasks, ids, strict=True))
    return replace(message, tasks=tasks)


def given_to(message: Any, *names: str) -> Any:
    return replace(message, next_speaker=names)


def described(message: Any, text: str) -> Any:
    return replace(message, tasks=tuple(replace(entry, task_desc=text) for entry in message.tasks))


@dataclass(frozen=True)
class Row:
    """`where` names the function that refuses; `words` must all be in the text."""

    where: str
    scene: Callable[[], Group | None]
    message: AnyMessage
    code: Code
    words: tuple[str, ...]
    legal: tuple[str, ...] = ()


NOBODY: Callable[[], Group | None] = lambda: None  # noqa: E731 - a scene like the others

ROWS = [
    # The table itself
    Row(
        "step", NOBODY, say("A", "B"), "unknown_group", ("comm_id 'g'", "discussion", "begin with launch"), ("launch",)
    ),
    Row("step", concluded, say("A", "B"), "concluded", ("type 'discussion'", "conclusion", "continues")),
    Row("step", fresh, launch(), "illegal_now", ("type 'launch'", "discussion", "legal kinds"), legal_kinds(fresh())),
    # Every message
    Row(
        "check_message", fresh, replace(say("A", "B"), comm_id="x"), "unknown_group", ("comm_id 'x'", "'g'", "post it")
    ),
    Row("check_message", fresh, replace(say("A", "B"), seq=7), "stale", ("seq 7", "leave it 0")),
    # The first message
    Row("check_launch", NOBODY, launch(goal="  \n"), "empty", ("goal", "say what")),
    Row("check_launch", NOBODY, launch(("A", "B", "B")), "duplicate", ("team_members", "B", "once")),
    Row(
        "check_launch",
        NOBODY,
        replace(launch(f"m{n}" for n in range(MAX_MEMBERS)), sender="A"),
        "too_many",
        ("team_members", "65", "64", "nest"),
    ),
    Row("check_launch", NOBODY, launch(("A", HUB)), "bad_name", ("team_members", "'@hub'", "cannot be")),
    Row("check_launch", NOBODY, launch((OWNER, "B")), "bad_name", ("team_members", "'@me'", "cannot be")),
    Row(
        "check_launch",
        NOBODY,
        launch(team_up_depth=4, parent=Parent(comm_id="p", task_id="p.1")),
        "too_deep",
        ("team_up_depth 4", "limit 3", "without a team"),
    ),
    Row(
        "check_launch",
        NOBODY,
        launch(team_up_depth=1),
        "bad_dependency",
        ("team_up_depth 1", "without a parent", "is 0"),
    ),
    Row(
        "check_launch",
        NOBODY,
        launch(parent=Parent(comm_id="p", task_id="p.1")),
        "bad_dependency",
        ("team_up_depth 0", "with a parent", "more for"),
    ),
    Row(
        "check_launch",
        NOBODY,
        launch(team_up_depth=1, parent=Parent(comm_id="g", task_id="p.1")),
        "bad_dependency",
        ("comm_id 'g'", "own parent", "new one"),
    ),
    Row("check_launch", NOBODY, launch(continues="g"), "bad_dependency", ("comm_id 'g'", "predecessor", "new one")),
    Row("check_launch", NOBODY, replace(launch(), seq=3), "stale", ("seq 3", "leave seq 0")),
    # The floor
    Row("sender_is_member", fresh, say("X", "A"), "not_a_member", ("sender 'X'", "only members"), TEAM),
    Row("sender_is_member", fresh, say(HUB, "A"), "not_a_member", ("sender '@hub'", "only members"), TEAM),
    Row("sender_is_member", two_open, start("X", "g.1"), "not_a_member", ("sender 'X'", "only members"), TEAM),
    Row("sender_has_floor", fresh, say("B", "A"), "not_the_floor", ("sender 'B'", "wait until 'A'"), WITHOUT_FLOOR),
    Row("sender_has_floor", waiting, say("A", "B"), "not_the_floor", ("sender 'A'", "waits for g.1"), WITHOUT_FLOOR),
    Row("sender_has_floor", waiting, conclude("A"), "not_the_floor", ("sender 'A'", "waits for g.1"), WITHOUT_FLOOR),
    Row("turns_are_left", spent, say("A", "B"), "must_conclude", ("max_turns 2", "only a conclusion"), ("conclusion",)),
    Row("turns_are_left", spent, pause("A", "g.1"), "must_conclude", ("max_turns 2", "only"), ("conclusion",)),
    Row("turns_are_left", spent, minted(sync("A", "B"), "g.9"), "must_conclude", ("2 used",), ("conclusion",)),
    # Discussion
    Row(
        "one_next_speaker",
        fresh,
        given_to(say("A", "B"), "B", "C"),
        "one_speaker",
        ("next_speaker ['B', 'C']", "exactly one"),
        TEAM,
    ),
    Row("one_next_speaker", fresh, given_to(say("A", "B")), "one_speaker", ("next_speaker []", "exactly one"), TEAM),
    Row("one_next_speaker", fresh, say("A", "X"), "unknown_speaker", ("next_speaker 'X'", "name one"), TEAM),
    Row("content_is_said", fresh, say("A", "B", " \n"), "empty", ("content of discussion", "say something")),
    Row("content_is_said", fresh, conclude("A", ""), "empty", ("content of conclusion", "say something")),
    Row("content_is_said", fresh, interject("\t"), "empty", ("content of interjection", "say something")),
    # Assignments
    Row(
        "assignees_are_members",
        fresh,
        described(minted(sync("A", "B"), "g.1"), " "),
        "empty",
        ("task_desc ' '", "say what is to be done"),
    ),
    Row(
        "assignees_are_members",
        fresh,
        minted(sync("A", ("B", "B")), "g.1"),
        "duplicate",
        ("assignee", "B, B", "name each once"),
    ),
    Row(
        "assignees_are_members", fresh, minted(sync("A", "X"), "g.1"), "unknown_speaker", ("assignee 'X'", "name"), TEAM
    ),
    Row(
        "assignees_are_members",
        fresh,
        given_to(minted(parallel("A", "B", "C"), "g.1", "g.2"), "C", "B"),
        "unknown_speaker",
        ("next_speaker ['C', 'B']", "each once and in order"),
        ("B", "C"),
    ),
    Row("task_ids_are_new", fresh, sync("A", "B"), "unknown_task", ("task_id ''", "mints")),
    Row("task_ids_are_new", two_open, minted(sync("A", "B"), "g.1"), "duplicate", ("task_id 'g.1'", "leave it out")),
    Row(
        "task_ids_are_new",
        fresh,
        minted(parallel("A", "B", "C"), "g.1", "g.1"),
        "duplicate",
        ("task_id 'g.1'", "leave it out"),
    ),
    Row(
        "task_ids_are_new",
        crowded,
        minted(sync("A", "B"), "new"),
        "too_many",
        ("tasks", "501", "500", "conclude"),
        ("conclusion",),
    ),
    Row(
        "dependencies_have_ended",
        fresh,
        minted(sync("A", "B", builds_on=("g.7",)), "g.1"),
        "bad_dependency",
        ("builds_on 'g.7'", "name its tasks"),
    ),
    Row(
        "dependencies_have_ended",
        two_open,
        minted(sync("A", "B", builds_on=("g.1",)), "g.3"),
        "bad_dependency",
        ("builds_on 'g.1'", "pending", "wait for it"),
        ("pause",),
    ),
    # Pause
    Row(
        "triggers_are_open",
        fresh,
        pause("A", "g.1"),
        "bad_triggers",
        ("triggers ['g.1']", "no task is open", "go on"),
        ("discussion", "sync_task", "async_task", "conclusion"),
    ),
    Row(
        "triggers_are_open",
        two_open,
        pause("A", "g.1", "g.1"),
        "duplicate",
        ("triggers", "g.1, g.1", "name each once"),
        ("g.1", "g.2"),
    ),
    Row(
        "triggers_are_open",
        two_open,
        pause("A", "g.9"),
        "bad_triggers",
        ("triggers: 'g.9'", "name open ones"),
        ("g.1", "g.2"),
    ),
    Row(
        "triggers_are_open",
        one_ended,
        pause("A", "g.1", "g.2"),
        "bad_triggers",
        ("triggers: 'g.1'", "ended already (completed)", "leave it out"),
        ("g.2",),
    ),
    # Conclusion
    Row("forced_is_the_hubs", fresh, conclude("A", forced=True), "not_the_hub", ("forced True", "leave it out")),
    Row("forced_is_the_hubs", fresh, conclude(HUB), "not_the_hub", ("forced False",)),
    Row("sender_has_floor", fresh, conclude("B"), "not_the_floor", ("sender 'B'", "wait until 'A'"), WITHOUT_FLOOR),
    Row("sender_is_member", fresh, conclude(OWNER), "not_a_member", ("sender '@me'",), TEAM),
    Row("nothing_open", two_open, conclude("A"), "illegal_now", ("g.1, g.2", "cancelled first"), ("task_cancel",)),
    # Tasks
    Row(
        "task_is_known",
        two_open,
        result("B", "g.9"),
        "unknown_task",
        ("task_id 'g.9'", "name one of its tasks"),
        ("g.1", "g.2"),
    ),
    Row("sender_is_assignee", two_open, start("A", "g.1"), "not_the_assignee", ("sender 'A'", "leave it"), ("B",)),
    Row("sender_is_assignee", two_open, progress("C", "g.1"), "not_the_assignee", ("sender 'C'", "leave it"), ("B",)),
    Row("sender_is_assignee", two_open, result("A", "g.1"), "not_the_assignee", ("sender 'A'", "leave it"), ("B",)),
    Row(
        "starts_are_bounded",
        lambda: worn(started=MAX_STARTS_A_TASK),
        start("B", "g.1"),
        "too_many",
        ("task_id 'g.1'", "20 times", "send a result"),
        ("task_result",),
    ),
    Row(
        "progress_is_bounded",
        lambda: worn(progressed=MAX_PROGRESS_A_TASK),
        progress("B", "g.1"),
        "too_many",
        ("task_id 'g.1'", "200", "send the result"),
        ("task_result",),
    ),
    Row("advance", two_open, progress("B", "g.1"), "illegal_now", ("task_id 'g.1'", "pending", "'progress'")),
    Row("advance", one_ended, result("B", "g.1"), "task_ended", ("task_id 'g.1'", "completed", "'completed'")),
    Row(
        "result_is_the_assignees",
        two_open,
        result(HUB, "g.1", assignee="B", subgroup="n"),
        "not_the_assignee",
        ("subgroup 'n'", "assignee 'B'", "note it first"),
        ("subgroup",),
    ),
    Row(
        "result_is_the_assignees",
        nested,
        result(HUB, "g.1", assignee="C", subgroup="n"),
        "not_the_assignee",
        ("subgroup 'n'", "assignee 'C'", "note it first"),
        ("subgroup",),
    ),
    Row(
        "result_is_the_assignees",
        nested,
        result("B", "g.1", assignee="B", subgroup="n"),
        "not_the_hub",
        ("assignee 'B'", "subgroup 'n'", "leave them out"),
    ),
    Row(
        "canceller_may",
        two_open,
        cancel("B", "g.1"),
        "not_allowed",
        ("sender 'B'", "ask who may"),
        ("A", "A", OWNER),
    ),
    Row(
        "canceller_may", one_ended, cancel("A", "g.1"), "task_ended", ("task_id 'g.1'", "completed", "nothing is left")
    ),
    # The hub's own
    Row("sender_is_hub", two_open, subgroup("g.1", "B", sender="B"), "not_the_hub", ("sender 'B'", "another kind")),
    Row("sender_is_hub", fresh, late_turn("A", 1, sender="B"), "not_the_hub", ("sender 'B'", "another kind")),
    Row("subgroup_fits", two_open, subgroup("g.1", "C"), "not_the_assignee", ("assignee 'C'", "name one"), ("B",)),
    Row("subgroup_fits", one_ended, subgroup("g.1", "B"), "task_ended", ("task_id 'g.1'", "completed", "open task")),
    Row("subgroup_fits", nested, subgroup("g.1", "B", "n"), "duplicate", ("subgroup 'n'", "leave it out")),
    Row("subgroup_fits", at_depth, subgroup("g.1", "B"), "too_deep", ("depth 1", "allows 0", "without a team")),
    Row(
        "subgroup_fits",
        nested,
        subgroup("g.1", "B", "o", turns=112),
        "budget_spent",
        ("turns 112", "111 left", "without"),
    ),
    Row("deadline_is_true", fresh, late_task("g.1"), "unknown_task", ("task_id 'g.1'", "name one")),
    Row("deadline_is_true", one_ended, late_task("g.1"), "stale", ("task_id 'g.1'", "completed", "is over")),
    Row("deadline_is_true", fresh, late_turn("B", 1), "stale", ("member 'B'", "since entry 1", "is over")),
    Row("deadline_is_true", fresh, late_turn("A", 2), "stale", ("member 'A'", "since entry 2", "is over")),
    Row("deadline_is_true", waiting, late_turn("A", 1), "stale", ("member 'A'", "is over")),
    Row(
        "deadline_is_true", spent, late_turn("A", 3), "must_conclude", ("member 'A'", "hub concludes"), ("conclusion",)
    ),
    # The person
    Row("interjector_is_owner", fresh, interject("hi", "A"), "not_allowed", ("sender 'A'", "have the floor"), (OWNER,)),
    Row("interjector_is_owner", fresh, interject("hi", "@you"), "not_allowed", ("sender '@you'",), (OWNER,)),
    Row(
        "interjector_is_owner",
        lambda: replace(fresh(), interjections=MAX_INTERJECTIONS),
        interject(),
        "too_many",
        ("interjection", "200", "wait for its conclusion"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.where}-{row.code}")
def test_a_refusal_has_its_code_and_reason_and_changes_nothing(row: Row) -> None:
    group = row.scene()
    before = copy.deepcopy(group)
    with pytest.raises(Refused) as caught:
        step(group, row.message)
    assert group == before
    assert caught.value.code == row.code
    for word in row.words:
        assert word in caught.value.rule, caught.value.rule
    if row.legal:
        assert caught.value.legal == row.legal
    assert refuser(caught) == row.where


def refuser(caught: pytest.ExceptionInfo[Refused]) -> str:
    """The innermost function of the law on the way to the refusal."""
    names = [entry.name for entry in caught.traceback]
    return next(name for name in reversed(names) if name != "refuse")


def refusals_in(module: Any) -> set[tuple[str, str]]:
    """(function, code) of every refusal that the source of a module can raise."""
    found: set[tuple[str, str]] = set()
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("refuse", "Refused"):
                codes = [leaf.value for leaf in ast.walk(call.args[0]) if isinstance(leaf, ast.Constant)]
                found |= {(function.name, str(code)) for code in codes if isinstance(code, str)}
    return found


def test_every_refusal_in_the_source_of_the_law_has_a_row() -> None:
    written = (
        refusals_in(guards) | refusals_in(turn_guards) | refusals_in(task_guards) | refusals_in(law) | refusals_in(task)
    )
    assert len(written) > 40
    assert written - {(row.where, row.code) for row in ROWS} == set()


def test_every_guard_has_a_row() -> None:
    """`concluder_may` has no code of its own: it asks two other guards for members."""
    named = {guard.__name__ for chain in guards.GUARDS.values() for guard in chain}
    assert named - {row.where for row in ROWS} == {"concluder_may"}


def test_the_guards_and_the_table_speak_of_the_same_kinds() -> None:
    assert set(guards.GUARDS) == {cls for _, cls in GROUP_TABLE}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.where}-{row.code}")
def test_the_message_of_a_row_passes_the_codec(row: Row) -> None:
    """Otherwise no guard would ever see it."""
    assert decode_message(encode(row.message)) == row.message
