"""What the hub writes by law: digests, results of nested groups, what it keeps for them. All of it passes the codec."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ioa.conversation.group import MAX_TASKS_A_GROUP, Group
from ioa.conversation.hub_duties import (
    MIN_NESTED_TURNS,
    abstract_of,
    force_conclusion,
    nested_turns,
    prepare,
    result_of_subgroup,
)
from ioa.protocol.codec import decode_client_frame, decode_message, encode
from ioa.protocol.errors import Refused
from ioa.protocol.frames import MAX_FRAME_BYTES, Post
from ioa.protocol.messages import MAX_TEXT_CHARS, Budgets, Conclusion, GroupOutcome, Parent, SyncTask
from tests.conversation.scenes import cancel, conclude, fold, launch, numbered, parallel, result, say, subgroup, sync


def full_of_results() -> Group:
    """As many tasks as a group may have, each with the longest result, title and name."""
    group = fold(launch(("é" * 80, "B"), max_turns=600))
    group = fold(parallel("é" * 80, "B"), result("B", "g.1"), group=group)
    done = group.tasks["g.1"]
    long = replace(done.reports[0], conclusion="\x01" * MAX_TEXT_CHARS, assignee="é" * 80)
    filled = replace(done, reports=(long,) * 2, task_abstract="t" * 2_000)
    tasks = {f"g.{n}": replace(filled, task_id=f"g.{n}") for n in range(MAX_TASKS_A_GROUP)}
    return replace(group, tasks=tasks)


def test_a_digest_of_any_group_for_any_reason_passes_the_codec() -> None:
    for group in (full_of_results(), fold(launch(), parallel("A", "B"))):
        *_, digest = entries = force_conclusion(group, "because " * 10_000)
        assert isinstance(digest, Conclusion)
        assert len(digest.content) <= MAX_TEXT_CHARS
        for entry in entries:
            stamped = numbered(entry, group)
            assert decode_message(encode(stamped)) == stamped


def test_a_digest_says_what_was_found_and_by_whom() -> None:
    group = fold(launch(), parallel("A", "B", "C"), result("B", "g.1"))
    ended = fold(*force_conclusion(group, "turns were spent"), group=group)
    assert (ended.outcome, ended.forced) == ("partial", True)
    for word in ("written by the hub: turns were spent", "(B): completed", "found", "(C): cancelled"):
        assert word in (ended.conclusion or "")


def test_a_digest_of_nothing_says_so() -> None:
    ended = fold(*force_conclusion(fold(launch()), "it was cancelled"), group=fold(launch()))
    assert (ended.outcome, ended.forced) == ("failed", True)
    assert "No task was assigned." in (ended.conclusion or "")


def test_task_ids_are_minted_one_after_another_and_fit_the_wire() -> None:
    comm_id = "c" * 128
    group = fold(launch(comm_id=comm_id))
    first = replace(parallel("A", "B", "C"), comm_id=comm_id)
    (minted,) = prepare(group, first)
    assert decode_message(encode(minted)) == minted
    group = fold(first, replace(sync("A", "B"), comm_id=comm_id), group=group)
    assert [name.rpartition(".")[2] for name in group.tasks] == ["1", "2", "3"]


def test_an_assignment_of_full_size_can_be_read_from_the_log() -> None:
    """With the identifiers that the hub minted it is larger than what a client may send."""
    comm_id = "c" * 128
    first = replace(parallel("A", *["B"] * 32), comm_id=comm_id)
    room = MAX_FRAME_BYTES - len(encode(Post(message=first)))
    texts = [min(MAX_TEXT_CHARS - 10, max(0, room - (MAX_TEXT_CHARS - 10) * place)) for place in range(32)]
    tasks = tuple(
        replace(entry, task_desc="do it" + "x" * more) for entry, more in zip(first.tasks, texts, strict=True)
    )
    full = replace(first, tasks=tasks)
    assert len(encode(Post(message=full))) == MAX_FRAME_BYTES
    assert decode_client_frame(encode(Post(message=full))) == Post(message=full)
    (minted,) = prepare(fold(launch(comm_id=comm_id)), full)
    assert len(encode(minted)) > MAX_FRAME_BYTES
    assert decode_message(encode(minted)) == minted


def test_other_messages_are_left_as_they_are() -> None:
    group = fold(launch())
    message = say("A", "B")
    assert prepare(group, message) == (message,)


def parent_and_nested(outcome: GroupOutcome = "completed") -> tuple[Group, Group]:
    above = fold(launch(), sync("A", "B"), subgroup("g.1", "B", "n"))
    first = launch(("B", "D"), comm_id="n", team_up_depth=1, parent=Parent(comm_id="g", task_id="g.1"))
    end = replace(conclude("B", "# \n\nForty-two.\n\nBecause."), comm_id="n", outcome=outcome)
    return above, fold(first, end)


@pytest.mark.parametrize(
    ("outcome", "status"), [("completed", "completed"), ("partial", "completed"), ("failed", "failed")]
)
def test_the_conclusion_of_a_nested_group_is_the_result_of_its_task(outcome: GroupOutcome, status: str) -> None:
    above, nested = parent_and_nested(outcome)
    found = result_of_subgroup(above, nested)
    assert found is not None
    after = fold(found, group=above)
    task = after.tasks["g.1"]
    assert (task.status, task.conclusion, task.abstract) == (status, nested.conclusion, "Forty-two.")
    assert after.floor == "A"


def test_a_task_that_ended_without_its_nested_group_takes_no_result_from_it() -> None:
    above, nested = parent_and_nested()
    assert result_of_subgroup(fold(cancel("A", "g.1"), group=above), nested) is None
    assert result_of_subgroup(fold(result("B", "g.1"), group=above), nested) is None


def test_a_group_that_was_never_noted_or_has_not_concluded_gives_no_result() -> None:
    above, nested = parent_and_nested()
    assert result_of_subgroup(fold(launch(), sync("A", "B")), nested) is None
    assert result_of_subgroup(above, replace(nested, conclusion=None)) is None
    assert result_of_subgroup(above, replace(nested, parent=None)) is None
    assert result_of_subgroup(above, replace(nested, initiator="C")) is None


@pytest.mark.parametrize(
    ("turns", "wanted", "granted"),
    [(120, 20, 20), (120, 1_000, 58), (9, 20, 3), (8, 20, 0), (2, 20, 0), (1, 20, 0), (120, 2, 0), (120, 3, 3)],
)
def test_a_nested_group_gets_at_most_half_of_what_is_left(turns: int, wanted: int, granted: int) -> None:
    group = fold(launch(budgets=Budgets(turns=turns), max_turns=100))
    if turns > 1:
        group = fold(parallel("A", "B"), group=group)
    assert nested_turns(group, wanted) == granted
    assert granted == 0 or granted >= MIN_NESTED_TURNS


def test_what_is_granted_can_be_noted_and_leaves_the_floor_where_it_is() -> None:
    group = fold(launch(budgets=Budgets(turns=13)), parallel("A", "B"), say("A", "C"))
    for number in range(10):
        granted = nested_turns(group, 100)
        if not granted:
            break
        group = fold(subgroup("g.1", "B", f"n{number}", granted), group=group)
    else:
        pytest.fail("nested groups without end")
    assert group.floor == "C"
    assert group.turns_left >= 1
    with pytest.raises(Refused, match="budget"):
        fold(subgroup("g.1", "B", "last", group.turns_to_reserve + 1), group=group)


@pytest.mark.parametrize(
    ("text", "abstract"),
    [
        ("Yes.", "Yes."),
        ("# \n\n**\n\nSum:\n  7\n\nMore.", "Sum: 7"),
        ("", ""),
        ("---", ""),
        ("x" * 600, "x" * 499 + "…"),
    ],
)
def test_an_abstract_is_the_first_paragraph_that_says_something(text: str, abstract: str) -> None:
    assert abstract_of(text) == abstract


def test_an_assignment_is_prepared_in_its_own_class() -> None:
    (minted,) = prepare(fold(launch()), sync("A", "B"))
    assert isinstance(minted, SyncTask)
    assert minted.tasks[0].task_id == "g.1"
