"""The life of a task: the table against a statement of its own, and tasks of several assignees."""

from __future__ import annotations

import copy
import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioa.conversation.task import ENDED, TASK_TABLE, Report, Task, TaskEvent, TaskStatus, advance
from ioa.protocol.errors import Refused

STATUSES: tuple[TaskStatus, ...] = get_args(TaskStatus)
EVENTS: tuple[TaskEvent, ...] = get_args(TaskEvent)


def task(*statuses: TaskStatus) -> Task:
    names = ("A", "B", "C", "D")
    reports = tuple(Report(assignee=name, status=status) for name, status in zip(names, statuses, strict=False))
    return Task(task_id="g.1", task_desc="d", task_abstract="", assigner="Z", synchronous=True, reports=reports)


def lawful(status: TaskStatus, event: TaskEvent) -> TaskStatus | None:
    """The life of a task in words, without the table.

    An open task can be begun (again, after a crash), answered, cancelled and timed out. Progress is for what was begun;
    so is `unknown`: what never began cannot have run. A deadline is a failure. Nothing follows an end.
    """
    begun = status == "in_progress"
    if status in ("completed", "failed", "cancelled", "unknown"):
        return None
    match event:
        case "start":
            return "in_progress"
        case "progress":
            return "in_progress" if begun else None
        case "unknown":
            return "unknown" if begun else None
        case "deadline":
            return "failed"
        case "cancel":
            return "cancelled"
        case "completed" | "failed":
            return event


@pytest.mark.parametrize(("status", "event"), list(itertools.product(STATUSES, EVENTS)))
def test_the_table_is_the_life_of_a_task(status: TaskStatus, event: TaskEvent) -> None:
    after = lawful(status, event)
    assert TASK_TABLE.get((status, event)) == after
    before = task(status)
    if after is None:
        kept = copy.deepcopy(before)
        with pytest.raises(Refused) as caught:
            advance(before, event, ["A"], seq=9)
        assert before == kept
        assert caught.value.code == ("task_ended" if status in ENDED else "illegal_now")
        assert caught.value.legal == tuple(word for word in EVENTS if lawful(status, word))
        assert all(word in caught.value.rule for word in ("g.1", status, event, "A"))
        return
    changed = advance(before, event, ["A"], seq=9, conclusion="c", abstract="a")
    assert changed.status == after
    assert changed.open == (after not in ENDED)
    (report,) = changed.reports
    assert (report.conclusion, report.abstract, report.result_seq) == (("c", "a", 9) if after in ENDED else ("", "", 0))
    assert report.started == (event == "start")
    assert report.progressed == (event == "progress")


def test_ended_is_what_has_no_row() -> None:
    assert set(STATUSES) - {status for status, _ in TASK_TABLE} == ENDED


def together(statuses: tuple[TaskStatus, ...]) -> TaskStatus:
    """The status of a task of several, in words: open while one of them is open; then the worst of the ends."""
    if any(status in ("pending", "in_progress") for status in statuses):
        return "pending" if set(statuses) == {"pending"} else "in_progress"
    for worst in ("unknown", "failed", "cancelled"):
        if worst in statuses:
            return worst
    return "completed"


@given(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=4).map(tuple))
def test_a_task_of_several_assignees_has_one_status(statuses: tuple[TaskStatus, ...]) -> None:
    assert task(*statuses).status == together(statuses)
    assert task(*statuses).open == (together(statuses) in ("pending", "in_progress"))


def test_each_assignee_reports_for_itself() -> None:
    both = advance(task("pending", "pending"), "completed", ["B"], seq=4, conclusion="from B", abstract="b")
    assert [report.status for report in both.reports] == ["pending", "completed"]
    with pytest.raises(Refused):
        advance(both, "failed", ["B"], seq=5)
    done = advance(both, "failed", ["A"], seq=6, conclusion="from A", abstract="a")
    assert done.status == "failed"
    assert done.conclusion == "A: from A\n\nB: from B"
    assert done.abstract == "A: a\n\nB: b"


def test_a_task_of_one_assignee_has_its_conclusion_as_it_is() -> None:
    assert advance(task("pending"), "completed", ["A"], seq=4, conclusion="42").conclusion == "42"
    assert task("pending").conclusion == ""


def test_an_idempotent_agent_begins_again_after_a_crash() -> None:
    again = advance(advance(task("pending"), "start", ["A"], seq=2), "start", ["A"], seq=3)
    assert again.status == "in_progress"
    assert again.reports[0].started == 2
