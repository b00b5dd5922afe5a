"""Whole conversations with and without the damper: shorter, never longer, and nothing new is lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from ioa.adapters.policy.damper.meaning import NoMeaning
from ioa.adapters.policy.damper.policy import DampedPolicy
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.ports.policy import GroupView, Policy, TurnMessage
from ioa.protocol.cards import Card
from ioa.protocol.messages import AnyMessage, Conclusion, Discussion, Pause, TaskResult, Turn
from ioa.testing.conversations import Conversation, Member, keyword_fit
from ioa.testing.policies import Say, ScriptedPolicy, assign, conclude, say

NAMES = ("Ada", "Bruno", "Cleo")


class Headed(DampedPolicy):
    """Fills in the header as the client does. Damps nothing."""

    def __init__(self, inner: Policy) -> None:
        super().__init__(inner, meaning=NoMeaning())

    async def turn(self, view: GroupView) -> TurnMessage:
        """The inner policy's turn."""
        message = await self.inner.turn(view)
        return replace(message, sender=view.me.name, comm_id=view.group.comm_id, message_id="")


def table(policies: dict[str, Policy], *, max_turns: int = 20) -> Conversation:
    members = [
        Member(Card(name=name, description="One of three."), Headed(policy), work=lambda task: f"{task} gives 7.")
        for name, policy in policies.items()
    ]
    return Conversation("Find it out.", members, keyword_fit({}), max_turns=max_turns)


def saved(log: list[AnyMessage]) -> int:
    return sum(entry.usage.saved_tokens for entry in log if entry.usage is not None)


class Polite(ScriptedPolicy):
    """Thanks the next one for ever, until only the conclusion is left."""

    def __init__(self, me: str, *first: Say) -> None:
        super().__init__(first)
        self._to = NAMES[(NAMES.index(me) + 1) % len(NAMES)]

    async def turn(self, view: GroupView) -> TurnMessage:
        """Its first turns, and then thanks."""
        if self._turns or view.group.must_conclude:
            return await super().turn(view)
        self.views.append(view)
        return say("Great work, everyone! I appreciate it. Let's proceed.", self._to)


def polite(wrapped: Callable[[Policy], Policy]) -> dict[str, Policy]:
    return {
        "Ada": wrapped(Polite("Ada", assign(("Bruno", "Weigh it."), ("Cleo", "Measure it.")))),
        "Bruno": wrapped(Polite("Bruno", say("It weighs 7 tonnes.", "Cleo"))),
        "Cleo": wrapped(Polite("Cleo", say("It is 48 metres long.", "Ada"))),
    }


def bare(policy: Policy) -> Policy:
    return policy


def with_damper(policy: Policy) -> Policy:
    return DampedPolicy(policy, meaning=NoMeaning())


async def test_a_loop_of_thanks_ends_early_with_what_was_found() -> None:
    without, within = table(polite(bare)), table(polite(with_damper))
    await without.run()
    await within.run()
    assert without.group.turns == 21
    assert within.group.turns < 8
    assert not within.refusals
    end = within.log[-1]
    assert isinstance(end, Conclusion)
    assert not end.forced
    assert "Weigh it. gives 7." in end.content
    assert "Measure it. gives 7." in end.content
    said = [entry.content for entry in within.log if isinstance(entry, Discussion)]
    assert "It weighs 7 tonnes." in said
    assert "It is 48 metres long." in said
    assert saved(within.log) > 0
    assert saved(without.log) == 0


async def test_who_fails_to_pause_is_paused() -> None:
    """The paper's case: several asynchronous tasks, and talk about them."""

    def party(wrapped: Callable[[Policy], Policy]) -> dict[str, Policy]:
        talk = [say(f"I will wait for the results{'.' * n}", "Bruno") for n in (1, 2, 3)]
        first = [assign(("Bruno", "Weigh it."), ("Cleo", "Measure it."), wait=False), *talk]
        answers = [say("Understood, let's wait.", "Ada") for _ in range(3)]
        return {
            "Ada": wrapped(ScriptedPolicy(first)),
            "Bruno": wrapped(ScriptedPolicy([say("My scale is ready for use.", "Cleo"), *answers])),
            "Cleo": wrapped(ScriptedPolicy([say("My tape is 50 metres long.", "Ada")])),
        }

    without, within = table(party(bare)), table(party(with_damper))
    await without.run()
    await within.run()
    assert not any(isinstance(entry, Pause) for entry in without.log)
    assert any(isinstance(entry, Pause) for entry in within.log)
    results = [entry for entry in within.log if isinstance(entry, TaskResult)]
    assert [entry.status for entry in results] == ["completed", "completed"]
    assert within.group.turns <= without.group.turns


LINES = (
    "The bridge is 48 metres long.",
    "The bridge is not 48 metres long.",
    "It carries 12 tonnes.",
    "It carries 13 tonnes.",
    "Does it carry 12 tonnes?",
    "Thanks!",
    "Great work, everyone!",
    "As said before, it carries 12 tonnes.",
    "I will wait for the results.",
    "Ada will paint it.",
    "I disagree.",
)
EMPTY = {"Thanks!", "Great work, everyone!", "I will wait for the results."}


@pytest.mark.parametrize("seed", range(40))
async def test_a_conversation_is_never_longer_and_what_is_new_is_said(seed: int) -> None:
    def scripts() -> dict[str, list[Say]]:
        rng = random.Random(seed)
        made: dict[str, list[Say]] = {}
        for name in NAMES:
            turns: list[Say] = []
            for _ in range(12):
                if rng.random() < 0.2:
                    task = (rng.choice(NAMES), rng.choice(("Weigh it.", "Measure it.")))
                    turns.append(assign(task, wait=rng.random() < 0.5))
                else:
                    turns.append(say(rng.choice(LINES), rng.choice(NAMES)))
            made[name] = turns
        return made

    without = table({name: ScriptedPolicy(turns) for name, turns in scripts().items()}, max_turns=30)
    inner = {name: ScriptedPolicy(turns) for name, turns in scripts().items()}
    within = table({name: with_damper(policy) for name, policy in inner.items()}, max_turns=30)
    await without.run()
    await within.run()
    assert within.group.turns <= without.group.turns
    assert within.group.turns <= 31
    assert not within.refusals
    said = {(entry.sender, entry.content) for entry in within.log if isinstance(entry, Discussion)}
    heard = {content.removeprefix("As said before, ").casefold() for _, content in said}
    for name, policy in inner.items():
        consumed = scripts()[name][: len(policy.views)]
        for turn in consumed:
            if isinstance(turn, Discussion) and turn.content not in EMPTY:
                assert turn.content.removeprefix("As said before, ").casefold() in heard, (name, turn.content)


async def test_the_rules_never_repeat_themselves() -> None:
    def party(wrapped: Callable[[Policy], Policy]) -> dict[str, Policy]:
        return {name: wrapped(RulesPolicy()) for name in NAMES}

    without, within = table(party(bare)), table(party(with_damper))
    await without.run()
    await within.run()
    assert within.kinds == without.kinds
    assert saved(within.log) == 0


async def test_a_conversation_that_goes_somewhere_is_left_alone() -> None:
    def party(wrapped: Callable[[Policy], Policy]) -> dict[str, Policy]:
        return {
            "Ada": wrapped(
                ScriptedPolicy(
                    [assign(("Bruno", "Weigh it.")), say("Cleo, is 7 tonnes too much?", "Cleo"), conclude("7.")]
                )
            ),
            "Bruno": wrapped(ScriptedPolicy()),
            "Cleo": wrapped(ScriptedPolicy([say("No, 7 tonnes are not too much.", "Ada")])),
        }

    without, within = table(party(bare)), table(party(with_damper))
    await without.run()
    await within.run()
    assert [entry for entry in within.log if isinstance(entry, Turn)] == [
        entry for entry in without.log if isinstance(entry, Turn)
    ]
