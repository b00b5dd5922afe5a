"""The first maker behind the policy port: rules, no model.

Each client runs it for itself. It reads the group's goal into steps, sees from the log which of them have results,
and decides the one turn that is its own now. It understands ordinary imperative English and says what it did not
understand; it never invents. Source of what is decided: IoA paper, 2.3.2 to 2.3.4, A.2.3; how: this module.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from ioa.adapters.policy.rules.alone_or_team import lacking, phrases_for
from ioa.adapters.policy.rules.answer import artifacts_of, conclusion_text, outcome_of
from ioa.adapters.policy.rules.choice import assign, recruit
from ioa.adapters.policy.rules.file_readers import reader_phrases, reads, suited
from ioa.adapters.policy.rules.handed_on import told
from ioa.adapters.policy.rules.plan import Step
from ioa.adapters.policy.rules.progress import (
    MAX_ATTEMPTS,
    Progress,
    StepProgress,
    key_of,
    plan_of,
    progress_of,
    without_missing,
)
from ioa.conversation.formation import LaunchGroupChat, SearchAgent, ToolCall
from ioa.conversation.task import Task
from ioa.ports.policy import Brief, GroupView, TaskView, TeamSituation, TurnMessage
from ioa.protocol.cards import FoundAgent
from ioa.protocol.messages import (
    AsyncTask,
    Conclusion,
    Discussion,
    Pause,
    SyncTask,
    TaskAssignment,
    TaskResult,
)

MAX_PHRASES = 96


class RulesPolicy:
    """Decides by rules. Stateless: everything it needs is in the situation that it is asked about."""

    @property
    def name(self) -> str:
        return "rules"

    async def next_tool(self, situation: TeamSituation) -> ToolCall:
        """Search for every step once, then launch with the best agent for each; alone if that is only me."""
        plan = plan_of(situation.goal, situation.file_names, nested=situation.nested)
        searched = dict(situation.found)
        wanted = tuple(dict.fromkeys(phrase for step in plan.steps for phrase in _phrases(step)))[:MAX_PHRASES]
        missing = tuple(phrase for phrase in wanted if phrase not in searched)
        if missing and not situation.forced:
            return SearchAgent(missing)
        members: dict[str, None] = {}
        for step in plan.steps:
            chosen = recruit(suited(step, searched), situation.contacts, avoid=situation.avoid)
            if chosen is not None:
                members[chosen.card.name] = None
        members.pop(situation.me.name, None)
        return LaunchGroupChat(tuple(members))

    async def turn(self, view: GroupView) -> TurnMessage:
        group = view.group
        if group.must_conclude:
            return self._conclude(view, progress_of(group), "The turns are spent.")
        asked_by = self._asked_by(view)
        if asked_by is not None:
            said = view.observation or "I have nothing to add from here."
            return Discussion(
                sender=view.me.name, comm_id=group.comm_id, message_id="", content=said, next_speaker=(asked_by,)
            )
        silent = self._unheard(view)
        if silent is not None:
            ask = f"{silent}, what do you see that matters for this goal: “{_short(group.goal)}”?"
            return Discussion(
                sender=view.me.name, comm_id=group.comm_id, message_id="", content=ask, next_speaker=(silent,)
            )
        progress, chosen = await self._choose(view, progress_of(group))
        if chosen:
            return self._assign(view, progress, chosen)
        if group.open_tasks:
            return self._pause(view, progress)
        return self._conclude(view, progress, "")

    async def brief(self, view: TaskView) -> Brief:
        """The task in the words of its step, with what is known by now; the results it builds on are the messages that
        matter."""
        results = tuple(
            message.seq
            for message in view.log
            if isinstance(message, TaskResult) and message.task_id in view.task.builds_on
        )
        step = _without_number(view.task)
        return Brief(
            task_abstract=view.task.task_abstract,
            task_desc=told(view.group, view.task),
            messages=results,
            results_of=view.task.builds_on,
            criteria=f"There is an answer to “{_short(step)}”, or a reason why there is none."[:2000],
        )

    async def needs_team(self, view: TaskView) -> bool:
        """True if for a part of the task somebody else's card fits several times better than mine."""
        if not view.may_team_up or (
            view.group.parent is not None and view.task.task_desc == without_missing(view.group.goal)
        ):
            return False  # the second: this group is the team that was formed for it
        return await _beyond(view, view.task.task_desc, {view.me.name, *view.avoid})

    def _asked_by(self, view: GroupView) -> str | None:
        """Who handed me the floor with a question, if I am there to talk only."""
        last = view.log[-1] if view.log else None
        if view.me.discussion_only and isinstance(last, Discussion) and last.sender != view.me.name:
            return last.sender
        return None

    def _unheard(self, view: GroupView) -> str | None:
        """A member that only talks, and has not been asked yet."""
        asked = {name for message in view.log if isinstance(message, Discussion) for name in message.next_speaker}
        spoke = {message.sender for message in view.log if isinstance(message, Discussion)}
        return next(
            (
                name
                for name in view.group.members
                if name != view.me.name
                and name not in asked | spoke
                and name not in view.group.absent
                and (card := view.cards.get(name)) is not None
                and card.discussion_only
            ),
            None,
        )

    async def _choose(self, view: GroupView, progress: Progress) -> tuple[Progress, list[tuple[StepProgress, str]]]:
        """The steps to assign now, each with the member that takes it; and the progress, knowing what is hopeless."""
        while ready := [entry for entry in progress.steps if progress.ready(entry)]:
            phrases = tuple(dict.fromkeys(phrase for entry in ready for phrase in _phrases(entry.step)))[:MAX_PHRASES]
            hits = dict(zip(phrases, await view.search(phrases, view.group.members), strict=True))
            chosen: list[tuple[StepProgress, str]] = []
            for entry in ready:
                found = suited(entry.step, hits)
                if entry.failures:  # a second try goes to who reads such files, by its card
                    found = [hit for hit in found if reads(hit.card, entry.step.reads)]
                avoid = {*entry.tried, *view.group.absent}
                known = progress.who_did(entry.step.same_rows)
                inside = assign(found, view.contacts, members=view.group.members, avoid=avoid, prefer=known)
                if inside is not None and len(entry.tasks) + 1 == MAX_ATTEMPTS:
                    inside = None  # two of the group could not: the last try is for somebody outside
                if inside is not None:
                    chosen.append((entry, inside.card.name))
                elif await self._can_find_elsewhere(view, found, entry):
                    chosen.append((entry, view.me.name))
            taken = {entry.step.number for entry, _ in chosen}
            left = {entry.step.number for entry in ready} - taken
            progress = replace(progress, hopeless=progress.hopeless | left)
            if chosen:
                return progress, chosen
        return progress, []

    async def _can_find_elsewhere(self, view: GroupView, found: Sequence[FoundAgent], entry: StepProgress) -> bool:
        """Nobody in the group can, but somebody outside could: I take the task and form a team for it."""
        if view.me.discussion_only or view.me.name in entry.tried:
            return False
        if view.group.team_up_depth >= view.group.budgets.depth:
            return False
        avoid = {*view.group.members, *entry.tried}
        if recruit(found, view.contacts, avoid=avoid) is None:
            return False
        return await _beyond(view, entry.step.text, avoid)

    def _assign(
        self, view: GroupView, progress: Progress, chosen: list[tuple[StepProgress, str]]
    ) -> AsyncTask | SyncTask:
        """One step with nothing beside it: synchronous. Several, or others still running: asynchronous."""
        tasks = tuple(
            TaskAssignment(
                task_desc=entry.step.text,
                task_abstract=key_of(entry.step),
                assignee=(name,),
                builds_on=tuple(task.task_id for task in progress.results_for(entry)),
            )
            for entry, name in chosen
        )
        kind = SyncTask if len(tasks) == 1 and not view.group.open_tasks else AsyncTask
        lines = [
            f"{name}, please: {entry.step.text}" + (" (second try)" if entry.failures else "") for entry, name in chosen
        ]
        if not view.group.tasks:
            opening = f"I read the goal as {len(progress.steps)} step{'s' * (len(progress.steps) != 1)}."
            lines.insert(0, " ".join([opening, *self._unclear(progress)]))
        return kind(
            sender=view.me.name,
            comm_id=view.group.comm_id,
            message_id="",
            content="\n".join(lines),
            next_speaker=tuple(dict.fromkeys(name for _, name in chosen)),
            tasks=tasks,
        )

    def _unclear(self, progress: Progress) -> list[str]:
        return [f"I do not understand “{_short(part)}”." for part in progress.plan.not_understood]

    def _pause(self, view: GroupView, progress: Progress) -> Pause:
        """Wait for what the next step needs; with no next step, for everything."""
        running = {task.task_id for task in view.group.open_tasks}
        needs: list[tuple[str, ...]] = []
        for entry in progress.steps:
            if progress.over(entry) or entry.running is not None:
                continue
            awaited = (progress.of(number).running for number in (*entry.step.needs, *entry.step.after))
            triggers = tuple(dict.fromkeys(task.task_id for task in awaited if task is not None))
            if triggers:
                needs.append(triggers)
        triggers = min(needs, key=len) if needs else tuple(name for name in view.group.tasks if name in running)
        return Pause(
            sender=view.me.name,
            comm_id=view.group.comm_id,
            message_id="",
            content=f"Let us wait for {len(triggers)} task{'s' * (len(triggers) != 1)}: {', '.join(triggers)}.",
            triggers=triggers,
        )

    def _conclude(self, view: GroupView, progress: Progress, reason: str) -> Conclusion:
        notes = tuple(
            f"{message.sender}: {message.content}"
            for message in view.log
            if isinstance(message, Discussion)
            and (card := view.cards.get(message.sender)) is not None
            and card.discussion_only
        )
        text = conclusion_text(view.group, progress, notes)
        return Conclusion(
            sender=view.me.name,
            comm_id=view.group.comm_id,
            message_id="",
            content=f"{text}\n\n{reason}".strip(),
            artifacts=artifacts_of(progress),
            outcome=outcome_of(progress),
        )


async def _beyond(view: TaskView | GroupView, text: str, avoid: Collection[str]) -> bool:
    """Whether a part of this task wants somebody else than me, and who is not to be avoided is found for it."""
    plan = plan_of(text, _file_names(view), nested=True)
    if not plan.steps:
        return False
    phrases = phrases_for(text, plan)
    searched = dict(zip(phrases, await view.search(phrases, (view.me.name,)), strict=True))
    parts = lacking(text, plan, searched, (view.me.name,))
    return any(recruit(hits, view.contacts, avoid=avoid) is not None for hits in parts)


def _phrases(step: Step) -> tuple[str, ...]:
    return (*step.search, *reader_phrases(step))


def _file_names(view: TaskView | GroupView) -> tuple[str, ...]:
    return tuple(artifact.name for artifact in view.group.artifacts)


def _without_number(task: Task) -> str:
    return task.task_abstract.partition(": ")[2] or task.task_desc


def _short(text: str, limit_chars: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit_chars else line[: limit_chars - 1] + "…"
