"""What a damped policy does with a turn that says nothing: tells, and moves on; and what it leaves alone."""

from __future__ import annotations

import asyncio
import time

import pytest
from msgspec.structs import replace

from ioa.adapters.models.windows import tokens_of
from ioa.adapters.policy.damper import policy as damper
from ioa.adapters.policy.damper.meaning import Meaning, NoMeaning, ShippedMeaning
from ioa.adapters.policy.damper.policy import DampedPolicy
from ioa.conversation.group import Group, step
from ioa.ports.policy import GroupView, PolicyFailed, TurnMessage
from ioa.protocol.messages import (
    AnyMessage,
    Artifact,
    AsyncTask,
    Conclusion,
    Discussion,
    Interjection,
    Pause,
    SyncTask,
    TaskResult,
    Usage,
)
from ioa.testing.policies import BrokenPolicy, Say, ScriptedPolicy, assign, conclude
from tests.damper.table import heard, say, view_of

FOUND = ("Cleo", "The bridge is 48 metres long.", "Ada")
CHART = Artifact(name="chart.svg", media_type="image/svg+xml", size_bytes=3, digest="sha256:" + "0" * 64)


def damped(*turns: Say, meaning: Meaning | None = None) -> tuple[DampedPolicy, ScriptedPolicy]:
    inner = ScriptedPolicy(turns)
    return DampedPolicy(inner, meaning=meaning or NoMeaning()), inner


def after(group: Group, log: tuple[AnyMessage, ...], *messages: AnyMessage) -> tuple[Group, tuple[AnyMessage, ...]]:
    """The group with more entries in its log."""
    for message in messages:
        stamped = replace(message, comm_id="g", message_id=f"m{len(log) + 1}", seq=len(log) + 1)
        group, _ = step(group, stamped)
        log = (*log, stamped)
    return group, log


def given(who: str, desc: str, number: int, *, wait: bool = False) -> AnyMessage:
    message = assign((who, desc), wait=wait)
    return replace(message, sender="Ada", tasks=tuple(replace(task, task_id=f"t{number}") for task in message.tasks))


def result(who: str, number: int, status: str = "completed", text: str = "It is 7.") -> TaskResult:
    return TaskResult(
        sender=who, comm_id="g", message_id="", task_id=f"t{number}", status=status, task_conclusion=text,  # pyright: ignore[reportArgumentType] - a test's word
        artifacts=(CHART,) if status == "completed" else (),
    )  # fmt: skip


async def test_the_speaker_is_told_once_and_may_say_something_else() -> None:
    policy, inner = damped(say("The bridge is 48 metres long."), say("It carries 12 tonnes."))
    message = await policy.turn(view_of(*heard(FOUND)))
    assert message.content == "It carries 12 tonnes."
    first, second = inner.views
    assert first.observation == ""
    assert "48 metres" in second.observation
    assert "said before, by Cleo" in second.observation
    assert message.thought.startswith("Held back: “The bridge is 48 metres long.”, because it was said before, by Cleo")


async def test_tokens_that_the_others_need_not_read_are_counted() -> None:
    policy, _ = damped(
        say("The bridge is 48 metres long."), replace(say("It carries 12 tonnes."), usage=Usage(calls=2))
    )
    message = await policy.turn(view_of(*heard(FOUND)))
    assert message.usage == Usage(calls=2, saved_tokens=tokens_of("The bridge is 48 metres long.") * 2)


async def test_what_is_new_passes_as_it_is() -> None:
    policy, inner = damped(new := say("It carries 12 tonnes."))
    assert await policy.turn(view_of(*heard(FOUND))) is new
    assert len(inner.views) == 1


async def test_who_repeats_again_while_tasks_run_is_paused() -> None:
    group, log = after(*heard(FOUND), given("Bruno", "Weigh it.", 1), given("Cleo", "Paint it.", 2))
    policy, inner = damped(say("Thanks!"), say("I will wait for the results."))
    message = await policy.turn(view_of(group, log))
    assert isinstance(message, Pause)
    assert message.triggers == ("t1", "t2")
    assert len(inner.views) == 2
    assert message.usage is not None
    assert message.usage.saved_tokens == tokens_of("Thanks!") * 2
    step(group, replace(message, message_id="m", sender="Ada"))


async def test_who_repeats_again_when_nothing_runs_concludes_with_what_the_tasks_found() -> None:
    group, log = after(*heard(FOUND), given("Bruno", "Weigh it.", 1, wait=True), result("Bruno", 1, text="7 tonnes."))
    policy, _ = damped(say("Great work, everyone!"), say("Well done!"))
    message = await policy.turn(view_of(group, log))
    assert isinstance(message, Conclusion)
    assert "7 tonnes." in message.content
    assert message.artifacts == (CHART,)
    assert message.outcome == "partial"
    step(group, replace(message, message_id="m", sender="Ada"))


async def test_a_group_without_tasks_concludes_with_what_was_said() -> None:
    policy, _ = damped(say("Thanks!"), say("Thanks again!"))
    message = await policy.turn(view_of(*heard(FOUND, ("Ada", "Thank you!", "Cleo"), ("Cleo", "My pleasure!", "Ada"))))
    assert isinstance(message, Conclusion)
    assert "Cleo: The bridge is 48 metres long." in message.content
    assert "pleasure" not in message.content
    assert message.outcome == "partial"


async def test_another_member_leaves_the_end_to_the_initiator_once() -> None:
    group, log = heard(("Cleo", "The bridge is 48 metres long.", "Bruno"))
    policy, _ = damped(say("Great!"), say("Thanks!"), say("Great!"), say("Thanks!"))
    message = await policy.turn(view_of(group, log, "Bruno"))
    assert isinstance(message, Discussion)
    assert message.next_speaker == ("Ada",)
    group, log = after(group, log, replace(message, sender="Bruno"), replace(say("Its paint is green."), sender="Ada"))
    assert isinstance(await policy.turn(view_of(group, log, "Bruno")), Conclusion)


@pytest.mark.parametrize("pause_or_end", [Pause, Conclusion])
async def test_pauses_and_conclusions_always_pass(pause_or_end: type[TurnMessage]) -> None:
    group, log = after(*heard(FOUND), given("Bruno", "Weigh it.", 1))
    said = conclude("The bridge is 48 metres long.")
    if pause_or_end is Pause:
        said = Pause(sender="-", comm_id="-", message_id="-", content="Thanks!", triggers=("t1",))
    policy, _ = damped(said)
    assert await policy.turn(view_of(group, log)) is said


# Assignments


async def again(*before: AnyMessage, task: SyncTask | AsyncTask) -> bool:
    """Whether the assignment is held back."""
    group, log = after(*heard(FOUND), *before)
    policy, _ = damped()
    return await policy.finding(view_of(group, log), task) is not None


WEIGH = "Weigh the bridge in tonnes."


async def test_a_task_that_is_done_is_not_given_to_the_same_agent_again() -> None:
    done = (given("Bruno", WEIGH, 1), result("Bruno", 1))
    assert await again(*done, task=assign(("Bruno", WEIGH)))
    assert await again(*done, task=assign(("Bruno", "Please weigh the bridge, in tonnes"), wait=False))
    assert not await again(*done, task=assign(("Cleo", WEIGH)))
    assert not await again(*done, task=assign(("Bruno", "Weigh the bridge in tonnes again.")))
    assert not await again(*done, task=assign(("Bruno", "Weigh the ferry in tonnes.")))
    assert not await again(*done, task=assign(("Bruno", WEIGH), ("Cleo", "Paint it.")))


async def test_a_task_under_way_is_not_given_twice() -> None:
    assert await again(given("Bruno", WEIGH, 1), task=assign(("Bruno", WEIGH)))


async def test_a_task_that_failed_may_be_given_again_but_not_for_ever() -> None:
    failed = (given("Bruno", WEIGH, 1), result("Bruno", 1, "failed"))
    assert not await again(*failed, task=assign(("Cleo", WEIGH)))
    assert not await again(*failed, task=assign(("Bruno", WEIGH)))
    twice = (*failed, given("Bruno", WEIGH, 2), result("Bruno", 2, "failed"))
    assert await again(*twice, task=assign(("Bruno", WEIGH)))
    assert not await again(*twice, task=assign(("Cleo", WEIGH)))


async def test_a_task_with_another_result_to_build_on_is_another_task() -> None:
    done = (given("Bruno", WEIGH, 1), result("Bruno", 1), given("Cleo", "Paint it.", 2), result("Cleo", 2))
    assert not await again(*done, task=assign(("Bruno", WEIGH), builds_on=("t2",)))


# What is left alone


async def test_the_first_word_to_a_member_passes() -> None:
    group, log = heard()
    launch = log[0]
    group, _ = step(None, launch)
    policy, _ = damped()
    assert await policy.finding(view_of(group, (launch,)), say("Over to you, Bruno.")) is None


async def test_an_answer_passes_also_when_it_is_a_mere_yes() -> None:
    policy, _ = damped()
    asked = view_of(*heard(("Cleo", "Is the bridge 48 metres long?", "Ada")))
    assert await policy.finding(asked, say("Yes, it is 48 metres long.")) is None
    assert await policy.finding(asked, say("Yes.")) is None
    told = view_of(*heard(("Cleo", "Please review the plan, Ada.", "Ada")))
    assert await policy.finding(told, say("Looks good to me.")) is None


async def test_a_question_that_was_answered_is_not_asked_again() -> None:
    policy, _ = damped()
    question = "How long is the bridge?"
    view = view_of(*heard(("Ada", question, "Cleo"), FOUND))
    assert await policy.finding(view, say(question)) is not None
    assert await policy.finding(view, say("How wide is the bridge?")) is None


async def test_polite_questions_do_not_keep_a_loop_going() -> None:
    policy, _ = damped()
    view = view_of(*heard(FOUND, ("Ada", "Shall we proceed?", "Cleo"), ("Cleo", "Shall we continue?", "Ada")))
    assert await policy.finding(view, say("Yes, let's proceed.")) is not None
    assert await policy.finding(view, say("Shall we go on?")) is not None


async def test_after_a_persons_word_anything_may_be_said_again() -> None:
    policy, _ = damped()
    word = Interjection(sender="@me", comm_id="g", message_id="", content="What did you find?")
    assert await policy.finding(view_of(*after(*heard(FOUND), word)), say(FOUND[1])) is None


async def test_a_result_of_a_task_is_not_read_out() -> None:
    policy, _ = damped()
    group, log = after(*heard(FOUND), given("Bruno", WEIGH, 1), result("Bruno", 1, text="The bridge weighs 7 tonnes."))
    assert await policy.finding(view_of(group, log), say("Bruno found that the bridge weighs 7 tonnes.")) is not None
    assert await policy.finding(view_of(group, log), say("Cleo found that the bridge weighs 7 tonnes.")) is None


# Nothing breaks


class Broken(Meaning):
    async def cosines(self, pairs: object) -> tuple[float, ...] | None:
        raise RuntimeError("no such model")


async def test_a_judge_that_breaks_lets_the_turn_pass(caplog: pytest.LogCaptureFixture) -> None:
    policy, _ = damped(said := say("The bridge is eight metres wide."), meaning=Broken())
    near = ("Cleo", "The bridge is eight metres broad.", "Ada")
    assert await policy.turn(view_of(*heard(near))) is said
    assert "was not judged" in caplog.text


async def test_a_model_of_meaning_that_takes_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from ioa.adapters.policy.damper import meaning

    def slow(pairs: object) -> None:
        freed.wait(60)

    import threading

    freed = threading.Event()
    monkeypatch.setattr(meaning, "_cosines", slow)
    assert await ShippedMeaning(patience_s=0.01).cosines([("a", "b")]) is None
    freed.set()


async def test_a_policy_without_a_decision_says_so_itself() -> None:
    with pytest.raises(PolicyFailed):
        await DampedPolicy(BrokenPolicy(), meaning=NoMeaning()).turn(view_of(*heard(FOUND)))


async def refuses(view: GroupView) -> TurnMessage:
    raise PolicyFailed("nothing else")


async def breaks(view: GroupView) -> TurnMessage:
    raise ValueError("foreign code")


async def hangs(view: GroupView) -> TurnMessage:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets that event")


@pytest.mark.parametrize("second", [refuses, breaks, hangs])
async def test_without_a_second_answer_the_group_is_moved_on(second: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damper, "MIN_SECOND_S", 0.0)
    group, log = heard(FOUND)
    group = replace(group, budgets=replace(group.budgets, turn_timeout_s=1.2))
    policy, _ = damped(say("Thanks!"), second)
    assert isinstance(await policy.turn(view_of(group, log)), Conclusion)


async def test_what_is_held_back_reads_the_same_whatever_the_identifiers() -> None:
    """So that a recorded run can be played again: prompts are keyed by their words."""
    told: list[str] = []
    for prefix in ("x", "y"):
        group, log = heard(FOUND)
        log = tuple(replace(entry, message_id=f"{prefix}{entry.seq}") for entry in log)
        policy, inner = damped(say("Thanks!"), say("It carries 12 tonnes."))
        await policy.turn(view_of(group, log))
        told.append(inner.views[1].observation)
    assert told[0] == told[1]


async def test_a_long_log_and_a_long_text_are_judged_in_no_time() -> None:
    group, log = heard(FOUND)
    more = tuple(
        Discussion(
            sender="Cleo", comm_id="g", message_id=f"n{number}", seq=number, next_speaker=("Ada",),
            content=f"Pile {number} weighs {number * 7} tonnes. It stands {number} metres from the bank, and is sound.",
        )
        for number in range(len(log) + 1, 10_001)
    )  # fmt: skip
    log = (*log, *more)
    policy, _ = damped()
    view = view_of(group, log)
    started = time.process_time()
    assert await policy.finding(view, say("Pile 10000 weighs 70000 tonnes.")) is not None
    assert await policy.finding(view, say("Pile 10000 weighs 70001 tonnes.")) is None
    assert await policy.finding(view, say("Pile 17 weighs 119 tonnes.")) is None  # too long ago to count
    recent = " ".join(entry.content for entry in more[-150:])
    assert await policy.finding(view, say(recent)) is not None
    assert await policy.finding(view, say(f"{recent} The bank is soft.")) is None
    assert await policy.finding(view, say("pile " * 50_000)) is None
    assert time.process_time() - started < 5.0  # 0.5 where it was written
