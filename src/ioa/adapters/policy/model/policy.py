"""The maker that the paper is about: a language model in every client decides.

One typed decision for each step: search and launch, alone or team, the turn, the brief of a task, triggers, conclusion,
and, if wanted, a plan. What a model decides is checked against the law before it is said; an answer that cannot be used
goes back to it with the reason, and after that the rules take this one decision and say so. A budget that is spent ends
the group with what it has. Source: IoA paper, 2.3, A.2.3; the words of the prompts are in `client/prompts`.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import msgspec

from ioa.adapters.models.failure import MindFailed, NotLegal
from ioa.adapters.models.fencing import fenced, named
from ioa.adapters.models.mind import Mind
from ioa.adapters.policy.model import turns
from ioa.adapters.policy.model.closing import artifacts_of, wind_up
from ioa.adapters.policy.model.plans import latest_plan, plan_schema, plan_words, with_plan
from ioa.adapters.policy.model.schemas import (
    alone_or_team_schema,
    brief_schema,
    conclusion_schema,
    tool_schema,
    triggers_schema,
)
from ioa.adapters.policy.model.summaries import Summaries
from ioa.adapters.policy.model.transcript import aliases, entries, full_results, latest, task_words
from ioa.adapters.policy.model.wording import (
    card_words,
    contact_words,
    file_words,
    found_words,
    given_words,
)
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.client.prompts import prompt
from ioa.conversation.formation import LaunchGroupChat, SearchAgent, ToolCall
from ioa.ports.policy import BY_RULES, Brief, GroupView, Policy, TaskView, TeamSituation, TurnMessage
from ioa.ports.spending import BudgetSpent
from ioa.protocol.messages import MAX_SHORT_CHARS, MAX_TEXT_CHARS, Conclusion, Discussion, Pause

MAX_PHRASES = 12
BRIEF_ENTRIES = 40
RESULT_SHARE = 0.4
GOAL_SHARE = 0.3
"""Parts of a model's window that results in full, and a goal, may take in a prompt."""
MOST_TOKENS = 100_000
CHARS_A_TOKEN = 3

_log = logging.getLogger(__name__)


class ModelPolicy:
    """Decides by a language model. `planning`: the group keeps a plan that every turn may rewrite."""

    def __init__(self, mind: Mind, *, planning: bool = False, fallback: Policy | None = None) -> None:
        self._mind = mind
        self._planning = planning
        self._rules: Policy = fallback if fallback is not None else RulesPolicy()
        self._summaries = Summaries(mind)

    @property
    def name(self) -> str:
        return self._mind.setting.default

    # Team formation

    async def next_tool(self, situation: TeamSituation) -> ToolCall:
        """Search or launch. Only agents that were found, or worked with before, can be named."""
        seen = {hit.card.name for _, hits in situation.found for hit in hits} | situation.contacts.keys()
        known = tuple(sorted(seen - situation.avoid - {situation.me.name}))
        tools = ("launch_group_chat",) if situation.forced else ("search_agent", "launch_group_chat")
        schema = tool_schema(tools)

        def check(decided: Any) -> None:
            if decided.tool == "search_agent":
                if not any(phrase.strip() for phrase in decided.desc):
                    raise NotLegal("desc is empty; describe at least one capability")
                return
            strangers = [name for name in decided.team_members if name not in known and name != situation.me.name]
            if strangers:
                raise NotLegal(
                    f"team_members: {', '.join(strangers)} were not found; name only: {', '.join(known) or 'nobody'}"
                )

        words = prompt("team_formation")
        left = f"You may use {situation.calls_left} more tools; the last one is launch_group_chat."
        text = words.filled(
            me=card_words(situation.me),
            goal=fenced(situation.goal, limit_chars=self._chars("team_formation", GOAL_SHARE)),
            files=file_words(situation.file_names),
            given=given_words(situation.given, limit_chars=self._chars("team_formation", 0.1)),
            found=found_words(situation.found),
            contacts=contact_words(situation.contacts.values()),
            calls="Launch now: this is the last tool." if situation.forced else left,
        )
        try:
            decided: Any = await self._mind.decide(
                "team_formation",
                words.instructions,
                text,
                schema,
                situation.spending,
                check=check,
                agent=situation.me.name,
            )
        except (MindFailed, BudgetSpent) as failure:
            _log.warning("%s forms its team by rules: %s", situation.me.name, failure)
            return await self._rules.next_tool(situation)
        if decided.tool == "search_agent":
            phrases = dict.fromkeys(phrase.strip() for phrase in decided.desc if phrase.strip())
            fresh = [phrase for phrase in phrases if phrase not in dict(situation.found)]
            return SearchAgent(tuple(fresh or phrases)[:MAX_PHRASES])
        return LaunchGroupChat(tuple(name for name in dict.fromkeys(decided.team_members) if name in known))

    async def needs_team(self, view: TaskView) -> bool:
        """Asked only where a team is possible and somebody else was found at all."""
        if not view.may_team_up or (view.group.parent is not None and view.task.task_desc == view.group.goal):
            return False  # the second: this group is the team that was formed for it
        hits = await view.search([view.task.task_desc[:2_000]], (view.me.name,))
        others = [hit for hit in hits[0] if hit.card.name not in {view.me.name, *view.avoid}] if hits else []
        if not others:
            return False
        words = prompt("alone_or_team")
        text = words.filled(
            me=card_words(view.me),
            task=fenced(view.task.task_desc, view.task.assigner, limit_chars=self._chars("alone_or_team", GOAL_SHARE)),
            files=file_words(artifact.name for artifact in view.group.artifacts),
            found=found_words([("the task", tuple(hits[0]))], best=8),
        )
        try:
            decided: Any = await self._mind.decide(
                "alone_or_team",
                words.instructions,
                text,
                alone_or_team_schema(),
                view.spending,
                agent=view.me.name,
            )
        except BudgetSpent:
            return False
        except MindFailed as failure:
            _log.warning("%s decides alone or team by rules: %s", view.me.name, failure)
            return await self._rules.needs_team(view)
        return bool(decided.team)

    # Turns

    async def turn(self, view: GroupView) -> TurnMessage:
        try:
            return await self._turn(view)
        except BudgetSpent as spent:
            return wind_up(view, f"the goal's budget is spent ({spent})")
        except MindFailed as failure:
            _log.warning("%s takes a turn by rules: %s", view.me.name, failure)
            message = await self._rules.turn(view)
            return msgspec.structs.replace(message, thought=f"{BY_RULES}: {failure}")

    async def _turn(self, view: GroupView) -> TurnMessage:
        plan = latest_plan(view.log) if self._planning else ""
        if self._planning and not plan and view.me.name == view.group.initiator and not view.group.tasks:
            plan = await self._plan(view)
        message, decided_plan = await self._decided(view, plan)
        if isinstance(message, Pause):
            message = await self._triggers(view, message)
        elif isinstance(message, Conclusion):
            return await self._conclusion(view, message)
        return with_plan(message, decided_plan or ("" if latest_plan(view.log) else plan))

    async def _decided(self, view: GroupView, plan: str) -> tuple[TurnMessage, str]:
        group = view.group
        shown = await self._summaries.shown("turn", group, view.log, view.spending, agent=view.me.name)
        words = prompt("turn")
        full = ""
        for may_read in (True, False):
            schema = turns.turn_schema(view, planning=self._planning, may_read=may_read)

            def check(decided: Any) -> None:
                if not getattr(decided, "read_first", None):
                    turns.check_legal(group, view.me, turns.message_of(view, decided))

            text = words.filled(
                me=named(view.me.name),
                card=card_words(view.me),
                goal=fenced(group.goal, limit_chars=self._chars("turn", 0.1)),
                files=file_words(artifact.name for artifact in group.artifacts),
                given=given_words(group.given, limit_chars=self._chars("turn", 0.05)),
                members="\n".join(
                    card_words(view.cards[name], limit_chars=400) if name in view.cards else f"- {named(name)}"
                    for name in group.members
                ),
                plan=f"The plan:\n{fenced(plan)}" if plan else "",
                summary=f"What was said before, in short:\n{fenced(shown.summary)}" if shown.summary else "",
                log=shown.log,
                tasks=task_words(group, total_chars=self._chars("turn", 0.15)),
                full=full,
                observation=f"What you see: {fenced(view.observation)}" if view.observation else "",
                now=_now(view),
            )
            decided: Any = await self._mind.decide(
                "turn", words.instructions, text, schema, view.spending, check=check, agent=view.me.name
            )
            wanted = tuple(getattr(decided, "read_first", None) or ())
            if not wanted:
                return turns.message_of(view, decided), str(getattr(decided, "plan", ""))
            full = full_results(group, wanted, limit_chars=self._chars("turn", 0.15))
        return turns.message_of(view, decided), str(getattr(decided, "plan", ""))

    async def _triggers(self, view: GroupView, pause: Pause) -> Pause:
        """Which tasks to wait for; with one there is nothing to decide."""
        short = aliases(view.group)
        running = {short[task.task_id]: task.task_id for task in view.group.open_tasks}
        if len(running) == 1:
            return pause
        words = prompt("triggers")
        text = words.filled(
            goal=fenced(view.group.goal, limit_chars=8_000),
            reason=fenced(pause.content or pause.thought, view.me.name),
            tasks="\n".join(
                f"- {alias}: {fenced(view.group.tasks[task_id].task_desc, limit_chars=600)}"
                for alias, task_id in running.items()
            ),
        )
        try:
            decided: Any = await self._mind.decide(
                "triggers",
                words.instructions,
                text,
                triggers_schema(tuple(running)),
                view.spending,
                agent=view.me.name,
            )
        except (MindFailed, BudgetSpent) as failure:
            _log.warning("%s waits for all that runs: %s", view.me.name, failure)
            return pause
        chosen = tuple(running[alias] for alias in dict.fromkeys(decided.triggers))
        return msgspec.structs.replace(pause, triggers=chosen)

    async def _conclusion(self, view: GroupView, draft: Conclusion) -> Conclusion:
        """The answer in full, by a decision of its own. Without one, the draft if it says something."""
        group = view.group
        made = {artifact.name: artifact for artifact in artifacts_of(group)}
        room = self._chars("conclusion", RESULT_SHARE)
        notes = [
            f"- {named(message.sender)}: {fenced(message.content, message.sender, limit_chars=1_000)}"
            for message in view.log
            if isinstance(message, Discussion)
        ]
        words = prompt("conclusion")
        text = words.filled(
            goal=fenced(group.goal, limit_chars=self._chars("conclusion", 0.1)),
            draft=fenced(draft.content, view.me.name) if draft.content else "nothing yet",
            given=given_words(group.given, limit_chars=self._chars("conclusion", 0.05)),
            results=task_words(group, limit_chars=room, total_chars=room),
            notes="\n".join(notes[-30:]) or "nothing",
            files=file_words(made),
        )

        def check(decided: Any) -> None:
            if not decided.content.strip():
                raise NotLegal("content is empty; write the answer")
            unknown = [name for name in decided.files if name not in made]
            if unknown:
                raise NotLegal(f"files: {', '.join(unknown)} do not exist; name only: {', '.join(made) or 'none'}")

        try:
            decided: Any = await self._mind.decide(
                "conclusion",
                words.instructions,
                text,
                conclusion_schema(),
                view.spending,
                check=check,
                agent=view.me.name,
            )
        except BudgetSpent:
            if not draft.content:
                raise
            note = f"{draft.thought}\nThe goal's budget is spent: this is the draft of the answer.".strip()
            return msgspec.structs.replace(draft, thought=note, artifacts=tuple(made.values()), outcome="partial")
        return msgspec.structs.replace(
            draft,
            content=decided.content.strip()[:MAX_TEXT_CHARS],
            outcome=decided.outcome,
            artifacts=tuple(made[name] for name in dict.fromkeys(decided.files)),
        )

    async def _plan(self, view: GroupView) -> str:
        words = prompt("plan")
        text = words.filled(
            goal=fenced(view.group.goal, limit_chars=20_000),
            files=file_words(artifact.name for artifact in view.group.artifacts),
            members="\n".join(card_words(card, limit_chars=400) for card in view.cards.values()),
        )
        decided: Any = await self._mind.decide(
            "plan", words.instructions, text, plan_schema(view.group.members), view.spending, agent=view.me.name
        )
        return plan_words(decided)

    # Tasks

    async def brief(self, view: TaskView) -> Brief:
        """The task in the assignee's own words. Without a model: as it was assigned."""
        group = view.group
        short = aliases(group)
        ended = {short[name]: name for name, task in group.tasks.items() if not task.open and name != view.task.task_id}
        recent = latest(entries(view.log, group)[-BRIEF_ENTRIES:], self._chars("brief", 0.2))
        numbers = {said.number: said.seq for said in recent}

        def check(decided: Any) -> None:
            if not decided.task_desc.strip():
                raise NotLegal("task_desc is empty; say what is to be done")

        words = prompt("brief")
        text = words.filled(
            me=card_words(view.me),
            goal=fenced(group.goal, limit_chars=8_000),
            files=file_words(artifact.name for artifact in group.artifacts),
            task=fenced(view.task.task_desc, view.task.assigner),
            tasks=task_words(group, total_chars=self._chars("brief", 0.15)) if ended else "none",
            log="\n".join(said.words for said in recent) or "nothing",
        )
        try:
            decided: Any = await self._mind.decide(
                "brief",
                words.instructions,
                text,
                brief_schema(tuple(ended)),
                view.spending,
                check=check,
                agent=view.me.name,
            )
        except (MindFailed, BudgetSpent) as failure:
            brief = await self._rules.brief(view)
            said = f"{brief.criteria} (The task is as it was assigned, because no model rewrote it: {failure})"
            return replace(brief, criteria=said[:MAX_SHORT_CHARS])
        wanted = [ended[alias] for alias in getattr(decided, "results_of", ())]
        return Brief(
            task_abstract=decided.task_abstract.strip()[:MAX_SHORT_CHARS],
            task_desc=decided.task_desc.strip()[:MAX_TEXT_CHARS],
            messages=tuple(numbers[number] for number in dict.fromkeys(decided.messages) if number in numbers)[:10],
            results_of=tuple(dict.fromkeys((*view.task.builds_on, *wanted))),
            criteria=decided.criteria.strip()[:MAX_SHORT_CHARS],
        )

    def _chars(self, decision: str, share: float) -> int:
        """So many characters are this share of the model's window, but never more than is worth its price."""
        tokens = min(self._mind.window_tokens(decision), MOST_TOKENS)
        return int(tokens * share) * CHARS_A_TOKEN


def _now(view: GroupView) -> str:
    """Where the group stands, for the turn that is asked for."""
    group = view.group
    lines = [f"It is your turn. next_state can be: {', '.join(turns.states_now(view))}."]
    if group.must_conclude:
        lines.append("The turns are spent: conclude.")
    else:
        lines.append(f"{group.turns_left} turns are left.")
    if group.absent:
        lines.append(f"Away: {', '.join(map(named, group.absent))}.")
    return " ".join(lines)
