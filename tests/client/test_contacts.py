from __future__ import annotations

from desk import Desk, FunctionAgent

from ioa.ports.agent import AgentFailed
from ioa.protocol.frames import PublishContacts
from ioa.protocol.messages import TaskResult
from ioa.testing.clocks import ManualClock
from ioa.testing.policies import ScriptedPolicy, assign, conclude


async def fail(assignment, progress):
    raise AgentFailed("cannot")


async def test_after_each_task_its_assignees_are_evaluated(desk: Desk):
    chair = ScriptedPolicy([assign(("Ada", "one"), ("Bad", "two")), assign(("Ada", "three"))])
    joined = desk.join("Chair", chair)
    desk.join("Ada", ScriptedPolicy(), FunctionAgent())
    desk.join("Bad", ScriptedPolicy(), FunctionAgent(fail))
    desk.hub.launch("Chair", "Ada", "Bad")
    await desk.ended("g1")
    contacts = joined.client.contacts
    assert (contacts["Ada"].completed, contacts["Ada"].failed) == (2, 0)
    assert (contacts["Bad"].completed, contacts["Bad"].failed) == (0, 1)
    assert chair.views[-1].contacts["Bad"].failed == 1  # the policy knows it at its next turn
    log = {(message.task_id, type(message).__name__): desk.hub.at_s + number for number, message in _numbered(desk)}
    began = [desk.hub.at_s + number for number, message in enumerate(desk.hub.log, 1) if hasattr(message, "tasks")]
    ended = [log["g1.1", "TaskResult"], log["g1.3", "TaskResult"]]
    assert contacts["Ada"].mean_duration_s == ((ended[0] - began[0]) + (ended[1] - began[1])) / 2
    assert contacts["Ada"].last_at == ended[1]


def _numbered(desk: Desk):
    return [(number, message) for number, message in enumerate(desk.hub.log, 1) if isinstance(message, TaskResult)]


async def test_only_the_assigner_evaluates_and_not_itself(desk: Desk):
    chair = desk.join("Chair", ScriptedPolicy([assign(("Chair", "one"), ("Ada", "two"))]), FunctionAgent())
    ada = desk.join("Ada", ScriptedPolicy(), FunctionAgent())
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    assert set(chair.client.contacts) == {"Ada"}
    assert ada.client.contacts == {}


async def test_a_cancelled_task_tells_nothing_about_the_agent(desk: Desk):
    chair = desk.join("Chair", ScriptedPolicy([assign(("Ada", "one"), wait=False), conclude("enough")]))
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    await desk.hub.until(lambda: chair.client.contacts)
    assert (chair.client.contacts["Ada"].completed, chair.client.contacts["Ada"].failed) == (0, 0)


async def test_contacts_outlive_a_restart_and_are_counted_once_when_the_log_comes_again(desk: Desk):
    chair = desk.join("Chair", ScriptedPolicy([assign(("Ada", "one"))]))
    desk.join("Ada", ScriptedPolicy(), FunctionAgent())
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    await desk.hub.until(lambda: chair.client.group("g1") == desk.hub.groups["g1"])
    await chair.leave()
    desk.joined.remove(chair)
    from ioa.client.journal import Journal

    journal = Journal(desk.tmp_path / "Chair.db", "Chair")
    journal.rewind("g1")  # everything is delivered again
    chair = desk.join("Chair", ScriptedPolicy(), journal=journal)
    assert chair.client.contacts["Ada"].completed == 1
    await desk.hub.until(lambda: chair.client.group("g1") == desk.hub.groups["g1"])
    assert chair.client.contacts["Ada"].completed == 1


async def test_contacts_are_published_once_for_many_changes(desk: Desk):
    clock = ManualClock()
    desk.join("Chair", ScriptedPolicy([assign(("Ada", f"task {number}")) for number in range(5)]), clock=clock)
    desk.join("Ada", ScriptedPolicy(), FunctionAgent())
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    assert not desk.hub.contacts
    await clock.advance(1.5)
    await desk.hub.until(lambda: "Chair" in desk.hub.contacts)
    assert [contact.completed for contact in desk.hub.contacts["Chair"].contacts] == [5]
    assert len([frame for _, frame in desk.hub.received if isinstance(frame, PublishContacts)]) == 1


async def test_what_was_not_published_is_published_after_the_next_welcome(desk: Desk):
    chair = desk.join("Chair", ScriptedPolicy([assign(("Ada", "one"))]))
    desk.join("Ada", ScriptedPolicy(), FunctionAgent())
    desk.hub.launch("Chair", "Ada")
    await desk.ended("g1")
    await chair.leave()
    desk.joined.remove(chair)
    desk.hub.contacts.clear()
    clock = ManualClock()
    desk.join("Chair", ScriptedPolicy(), clock=clock)
    await desk.hub.until(lambda: "Chair" in desk.hub.sessions)
    await clock.advance(1.5)
    await desk.hub.until(lambda: "Chair" in desk.hub.contacts)


async def test_five_hundred_contacts_with_long_descriptions_fit_into_one_frame(desk: Desk):
    from ioa.client.agent_contact import AgentContact
    from ioa.client.connection import check_sendable
    from ioa.client.journal import Journal
    from ioa.protocol.cards import Evaluation

    journal = Journal(":memory:", "Ada")
    contacts = AgentContact("Ada", journal)
    contacts.keep(Evaluation(name=f"a{n}", description="é" * 4_000, last_at=float(n)) for n in range(700))
    frame = contacts.published()
    assert frame is not None
    assert [contact.name for contact in frame.contacts[:2]] == ["a699", "a698"]
    assert len(frame.contacts) == 500
    check_sendable(frame)
    journal.close()
