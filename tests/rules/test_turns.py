"""The rules policy at a table of members: which states it goes through, and that anybody can carry on."""

from __future__ import annotations

import pytest

from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.ports.agent import AgentFailed
from ioa.protocol.cards import Card
from ioa.protocol.messages import AsyncTask, Conclusion, Discussion, Pause, SyncTask, TaskResult
from ioa.testing.conversations import Conversation, Member, keyword_fit

FIT = keyword_fit(
    {
        "Counter": ("count", "total", "average"),
        "Librarian": ("handbook", "policy", "look up"),
        "Painter": ("plot", "chart"),
        "Writer": ("report",),
        "Second counter": ("count", "total"),
    }
)


def member(name: str, *, fails: str = "", discussion_only: bool = False) -> Member:
    def work(task_desc: str) -> str:
        if fails:
            raise AgentFailed(fails)
        picture = " ![chart](chart.svg)" if name == "Painter" else ""
        return f"{name} did: {task_desc}{picture}"

    return Member(Card(name=name, description=name, discussion_only=discussion_only), RulesPolicy(), work)


def table(goal: str, *members: Member, depth: int = 0) -> Conversation:
    return Conversation(goal, members, FIT, depth=depth)


GOAL = (
    "Count the rows in a.csv. Look up the refund policy in handbook.md. "
    "Then plot the sales per region from a.csv, and write a report about everything."
)


async def test_independent_steps_run_asynchronously_and_dependent_ones_synchronously() -> None:
    chat = table(GOAL, member("Counter"), member("Librarian"), member("Painter"), member("Writer"))
    group = await chat.run()
    assert group.outcome == "completed"
    assert "async_task" in chat.kinds
    assert "pause" in chat.kinds
    assert "sync_task" in chat.kinds
    assert chat.kinds[-1] == "conclusion"
    report = next(m for m in chat.log if isinstance(m, SyncTask) and m.next_speaker == ("Writer",))
    assert len(report.tasks[0].builds_on) == 3, "the report gets all results"


async def test_a_single_step_is_one_synchronous_task() -> None:
    chat = table("Count the rows in a.csv.", member("Counter"))
    await chat.run()
    assert chat.kinds == ["launch", "sync_task", "conclusion"]


async def test_the_conclusion_says_which_agent_found_what() -> None:
    chat = table(GOAL, member("Counter"), member("Librarian"), member("Painter"), member("Writer"))
    group = await chat.run()
    assert group.conclusion is not None
    for name in ("Counter", "Librarian", "Painter", "Writer"):
        assert f"Found by {name}" in group.conclusion


async def test_a_failed_step_is_given_once_to_the_next_best() -> None:
    chat = table("Count the rows in a.csv.", member("Counter", fails="out of ink"), member("Second counter"))
    group = await chat.run()
    assert group.outcome == "completed"
    assert [task.assignees for task in group.tasks.values()] == [("Counter",), ("Second counter",)]


async def test_a_step_that_failed_twice_is_reported_with_its_reason() -> None:
    chat = table(
        "Count the rows in a.csv.", member("Counter", fails="out of ink"), member("Second counter", fails="too tired")
    )
    group = await chat.run()
    assert group.outcome == "failed"
    assert group.conclusion is not None
    assert "too tired" in group.conclusion
    assert len(group.tasks) == 2


async def test_what_nobody_covers_is_said_and_not_invented() -> None:
    chat = table("Count the rows in a.csv. Then book a flight to Lisbon.", member("Counter"))
    group = await chat.run()
    assert group.outcome == "partial"
    assert group.conclusion is not None
    assert (
        "book a flight to Lisbon”: none of the agents here knows how to do this step (here: Counter)"
        in group.conclusion
    )
    assert "card" not in group.conclusion


async def test_a_step_whose_only_need_failed_is_not_started() -> None:
    chat = table("Count the rows in a.csv. Then plot the result.", member("Counter", fails="no ink"), member("Painter"))
    group = await chat.run()
    assert group.outcome == "failed"
    assert all(task.assignees != ("Painter",) for task in group.tasks.values())


async def test_another_member_carries_on_when_the_initiator_is_gone() -> None:
    initiator = member("Writer")
    chat = table(GOAL, initiator, member("Counter"), member("Librarian"), member("Painter"))
    for _ in range(3):
        await chat._move()
    initiator.silent = True
    chat._running = [one for one in chat._running if one[1] != "Writer"]
    group = await chat.run()
    speakers = {m.sender for m in chat.log if isinstance(m, SyncTask | AsyncTask | Pause | Conclusion)}
    assert len(speakers) > 1
    done = {task.task_abstract for task in group.tasks.values() if task.status == "completed"}
    assert len(done) == 3, "everything but the report, whose writer is gone"


async def test_a_goal_that_is_not_understood_is_said_to_be() -> None:
    chat = table("xqzt blorf wuggle", member("Counter"))
    group = await chat.run()
    assert group.outcome == "failed"
    assert group.conclusion is not None
    assert "xqzt" in group.conclusion


async def test_a_member_that_only_talks_is_asked_and_heard() -> None:
    watcher = member("Watcher", discussion_only=True)
    watcher.observation = "The red cube lies on the table."
    chat = table("Count the rows in a.csv.", member("Counter"), watcher)
    group = await chat.run()
    assert any(isinstance(m, Discussion) and m.sender == "Watcher" for m in chat.log)
    assert group.conclusion is not None
    assert "The red cube lies on the table." in group.conclusion


@pytest.mark.parametrize("goal", [GOAL, "Count the rows in a.csv.", "Plot the total and write a report."])
async def test_the_log_alone_decides_so_every_member_says_the_same(goal: str) -> None:
    chat = table(goal, member("Counter"), member("Librarian"), member("Painter"), member("Writer"))
    await chat.run()
    again = table(goal, member("Counter"), member("Librarian"), member("Painter"), member("Writer"))
    await again.run()
    assert chat.log == again.log


async def test_results_travel_with_the_tasks_that_build_on_them() -> None:
    chat = table("Count the rows in a.csv. Then plot the result.", member("Counter"), member("Painter"))
    group = await chat.run()
    first, second = group.tasks.values()
    assert second.builds_on == (first.task_id,)
    assert any(isinstance(m, TaskResult) and m.task_id == first.task_id for m in chat.log)


async def test_who_chose_the_rows_gets_the_question_about_them() -> None:
    counter, second = member("Counter"), member("Second counter")
    chat = table("Total the fees of Oslo in a.csv, and what is their average?", counter, second)
    group = await chat.run()
    assert group.outcome == "completed", group.conclusion
    assert {task.assignees for task in group.tasks.values()} == {("Counter",)}


async def test_the_conclusion_says_who_could_not_and_why_in_one_line() -> None:
    chat = table(
        "Count the rows in a.csv.",
        member("Counter", fails="I do not know\nthese rows"),
        member("Second counter", fails="too tired"),
    )
    group = await chat.run()
    assert group.conclusion is not None
    assert "failed at Counter: I do not know these rows; then failed at Second counter: too tired" in group.conclusion


async def test_a_condition_is_quoted_and_not_carried_out() -> None:
    goal = "Count the rows in a.csv. If the count is over 10, plot the sales in a.csv."
    chat = table(goal, member("Counter"), member("Painter"))
    group = await chat.run()
    assert group.outcome == "partial"
    assert group.conclusion is not None
    assert "“If the count is over 10, plot the sales in a.csv.”" in group.conclusion
    assert "A condition is not decided here" in group.conclusion
    assert all(task.assignees == ("Counter",) for task in group.tasks.values())


async def test_the_only_finding_is_said_once_and_its_query_last() -> None:
    query = "```sql\nSELECT 1\n```"
    said = f"Rows: **12** (a.csv).\n\n{query}\n\n- Each row counts."
    counter = Member(Card(name="Counter", description="Counter"), RulesPolicy(), lambda task_desc: said)
    group = await table("Count the rows in a.csv.", counter).run()
    assert group.conclusion == f"Rows: **12** (a.csv).\n\n*Found by Counter.*\n\n- Each row counts.\n\n{query}"


async def test_a_report_does_not_repeat_the_findings_in_the_summary() -> None:
    found = "Rows: 12 (a.csv)."
    counter = Member(Card(name="Counter", description="Counter"), RulesPolicy(), lambda task_desc: found)
    report = "Report (report.md): Rows: 12 (a.csv)."
    writer = Member(Card(name="Writer", description="Writer"), RulesPolicy(), lambda task_desc: report)
    group = await table("Count the rows in a.csv. Write a report about it.", counter, writer).run()
    assert group.conclusion is not None
    assert group.conclusion.startswith("Rows: 12 (a.csv). Report (report.md).\n\n## Findings\n")
