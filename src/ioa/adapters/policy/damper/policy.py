"""A policy that does not repeat itself: wraps any other, and holds back turns that say nothing before anyone is woken.

The speaker is told once, and may say something else. Who repeats again is moved on: paused while tasks run, otherwise
the group ends with what it has; a member other than the initiator leaves that to the initiator first. One turn stays
one turn, so that a group never becomes longer by it. Source: IoA paper, 4.2 and Table 5.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from ioa.adapters.models.windows import tokens_of
from ioa.adapters.policy.damper.courtesy import is_courtesy
from ioa.adapters.policy.damper.judge import Finding, Judge, Limits
from ioa.adapters.policy.damper.meaning import Meaning, ShippedMeaning
from ioa.adapters.policy.damper.said import Said
from ioa.adapters.policy.damper.sentences import sentences
from ioa.adapters.policy.model.closing import wind_up
from ioa.conversation.formation import ToolCall
from ioa.ports.policy import Brief, GroupView, Policy, PolicyFailed, TaskView, TeamSituation, TurnMessage
from ioa.ports.spending import added
from ioa.protocol.messages import (
    MAX_TEXT_CHARS,
    Discussion,
    Interjection,
    TaskResult,
    TaskTurn,
    Usage,
)

MAX_GROUPS = 64
SHARE_OF_TURN = 0.75
"""Of the time for a turn; a client gives its policy 0.8 of it."""
MIN_SECOND_S = 1.0
QUOTED_CHARS = 300
NOTED_CHARS, MAX_NOTES = 2_000, 30

_log = logging.getLogger(__name__)


class DampedPolicy(Policy):
    """Decides as `inner` does, but for turns that repeat what was said, or say nothing.

    `meaning` judges what words leave open; by default the model that ships with the package. May raise what `inner`
    raises, and nothing of its own.
    """

    def __init__(self, inner: Policy, *, meaning: Meaning | None = None, limits: Limits | None = None) -> None:
        self.inner = inner
        self._judge = Judge(meaning if meaning is not None else ShippedMeaning(), limits)
        self._said: OrderedDict[str, Said] = OrderedDict()

    @property
    def name(self) -> str:
        """That of the inner policy."""
        return self.inner.name

    async def next_tool(self, situation: TeamSituation) -> ToolCall:
        """As the inner policy decides."""
        return await self.inner.next_tool(situation)

    async def brief(self, view: TaskView) -> Brief:
        """As the inner policy decides."""
        return await self.inner.brief(view)

    async def needs_team(self, view: TaskView) -> bool:
        """As the inner policy decides."""
        return await self.inner.needs_team(view)

    async def turn(self, view: GroupView) -> TurnMessage:
        """The inner policy's turn, its second thought, or the group's next step. The message that takes the place of
        one that was held back says so in `thought`, and in `usage.saved_tokens` what the others need not read."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + view.group.budgets.turn_timeout_s * SHARE_OF_TURN
        first = await self.inner.turn(view)
        finding = await self.finding(view, first)
        left_s = until_s - loop.time()
        if finding is None or left_s < MIN_SECOND_S:
            return first
        second = await self._second(view, first, finding, left_s)
        again = None if second is None else await self.finding(view, second)
        if second is None or again is not None:
            second = _moved_on(view, again or finding)
        return _noted(view, second, first, finding)

    async def finding(self, view: GroupView, message: TurnMessage) -> Finding | None:
        """Why this turn says nothing; None: it does, or nobody can tell."""
        try:
            said = self._said.pop(view.group.comm_id, None)
            if said is None or not said.hear(view.log):
                said = Said()
                said.hear(view.log)
            self._said[view.group.comm_id] = said
            if len(self._said) > MAX_GROUPS:
                self._said.popitem(last=False)
            return await self._judge.finding(message, view.me.name, view.group, view.log, said)
        except Exception:  # noqa: BLE001 - better said twice than not at all, whatever is wrong here
            _log.exception("a turn in %s was not judged, and passes", view.group.comm_id)
            return None

    async def _second(self, view: GroupView, first: TurnMessage, finding: Finding, left_s: float) -> TurnMessage | None:
        """The inner policy's answer to being told; None: it has none in time."""
        told = f"{view.observation}\n\n{_reproach(first, finding)}".strip()
        try:
            return await asyncio.wait_for(self.inner.turn(replace(view, observation=told)), left_s)
        except PolicyFailed as failure:
            _log.info("%s has nothing else to say: %s", view.me.name, failure)
        except TimeoutError:
            _log.info("%s has nothing else to say in time", view.me.name)
        except Exception:  # noqa: BLE001 - a foreign policy's mistake; its first answer was one
            _log.exception("%s has nothing else to say", view.me.name)
        return None


def _reproach(message: TurnMessage, finding: Finding) -> str:
    verb = "assign" if isinstance(message, TaskTurn) else "say"
    return (
        f"You were about to {verb}: “{_quoted(_words_of(message))}”. It was not sent, because {finding.reason}. "
        "Say only what is new: a finding, a question, an objection, a task that was not given yet, or what has changed "
        "if a task must be done again. If there is nothing new, pause while tasks run, otherwise conclude. If you "
        "repeat this, the group is moved on without you."
    )


def _moved_on(view: GroupView, finding: Finding) -> TurnMessage:
    group, me = view.group, view.me.name
    if not group.open_tasks and not group.must_conclude and _initiator_may_go_on(view):
        return Discussion(
            sender=me,
            comm_id=group.comm_id,
            message_id="",
            content=_nothing_new(me),
            next_speaker=(group.initiator,),
        )
    reason = f"{me} had nothing new to say: {finding.reason}"
    return wind_up(view, reason, waiting="Nothing new to say", notes=_notes(view))


def _initiator_may_go_on(view: GroupView) -> bool:
    """Whether the end is left to the initiator: not by the initiator, and not twice while nothing is done."""
    group, me = view.group, view.me.name
    if me == group.initiator or group.initiator in group.absent:
        return False
    for entry in reversed(view.log):
        if isinstance(entry, TaskTurn | TaskResult | Interjection):
            return True
        if isinstance(entry, Discussion) and entry.sender == me and entry.content == _nothing_new(me):
            return False
    return True


def _nothing_new(me: str) -> str:
    return f"{me} has nothing new to say."


def _notes(view: GroupView) -> list[str]:
    """What was said in a group in which no task found anything; the latest last."""
    group = view.group
    if any(task.status == "completed" for task in group.tasks.values()):
        return []
    kept: list[str] = []
    for entry in view.log:
        if isinstance(entry, Discussion) and _says_something(entry, group.members):
            text = " ".join(entry.content.split())
            kept.append(f"- {entry.sender}: {text if len(text) <= NOTED_CHARS else text[: NOTED_CHARS - 1] + '…'}")
    return ["", "What was said:", *kept[-MAX_NOTES:]] if kept else []


def _says_something(entry: Discussion, members: Sequence[str]) -> bool:
    if entry.content == _nothing_new(entry.sender):
        return False
    return not all(is_courtesy(one.text, members) for one in sentences(entry.content))


def _noted(view: GroupView, message: TurnMessage, held: TurnMessage, finding: Finding) -> TurnMessage:
    """The message with what was held back, why, and what that saves the other members."""
    saved = tokens_of(_words_of(held)) * (len(view.group.members) - 1)
    note = f"Held back: “{_quoted(_words_of(held))}”, because {finding.reason}."
    return msgspec.structs.replace(
        message,
        thought=f"{note}\n{message.thought}".strip()[:MAX_TEXT_CHARS],
        usage=added(message.usage, Usage(saved_tokens=saved)),
    )


def _words_of(message: TurnMessage) -> str:
    """All that the other members would read of a turn."""
    if not isinstance(message, TaskTurn):
        return message.content
    return "\n".join([message.content, *(f"{', '.join(task.assignee)}: {task.task_desc}" for task in message.tasks)])


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTED_CHARS else text[: QUOTED_CHARS - 1] + "…"
