"""Task management: the tasks that this client was given, from the assignment to the result.

A task goes through: brief (the policy rewrites it) -> `task_start` in the log -> alone or with a team of its own ->
result. `look` compares the fold with the journal and does what is next, so that a restart is no special case. The log
decides who may begin: the agent runs only after this client's own `task_start` has been delivered, and no earlier one
of a client that has lost its journal. A run of which nobody knows how it ended is `unknown`, unless the agent says that
it may be run twice. Source: IoA paper, 2.3.4, A.2.2.
"""

from __future__ import annotations

import asyncio
import logging
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from ioa.client.agent_contact import AgentContact
from ioa.client.agent_integration import perform
from ioa.client.connection import HubConnection
from ioa.client.decisions import AgentSearch, ask_policy
from ioa.client.events import AgentStarted, AgentStopped, Listener
from ioa.client.group_info import Chat, GroupInfo, failed_before
from ioa.client.jobs import Jobs, Key
from ioa.client.journal import Journal, Run
from ioa.client.purse import OpenPurse, Purse
from ioa.client.task_files import TaskFolder, share
from ioa.client.task_traces import TaskTraces, above
from ioa.client.team_formation import TeamFormation, results_for
from ioa.conversation.group import Group
from ioa.conversation.hub_duties import abstract_of
from ioa.conversation.task import ENDED, Task
from ioa.ports.agent import Agent, AgentFailed, Assignment, EarlierResult
from ioa.ports.artifacts import ArtifactExchange
from ioa.ports.clock import Clock, NewId
from ioa.ports.policy import Brief, Policy, PolicyFailed, TaskView
from ioa.ports.spending import added
from ioa.ports.tracing import Tracer
from ioa.protocol.cards import Card
from ioa.protocol.errors import MalformedFrame, ProtocolError
from ioa.protocol.frames import Post
from ioa.protocol.messages import (
    MAX_SHORT_CHARS,
    MAX_TEXT_CHARS,
    AnyMessage,
    TaskEnd,
    TaskProgress,
    TaskResult,
    TaskStart,
)
from ioa.protocol.names import printable

SHARE_FOR_BRIEF = 0.5
"""Part of the turn timeout that the policy has for the brief, and once more for `needs_team`."""

GONE = frozenset({"task_ended", "concluded", "not_a_member", "unknown_task", "unknown_group", "not_the_assignee"})
"""Refusals of a result that nobody waits for any more."""

_log = logging.getLogger(__name__)


class TaskManagement:
    """All tasks of this client; at most `places` agents run at a time, the others wait."""

    def __init__(
        self,
        *,
        card: Card,
        agent: Agent | None,
        policy: Policy,
        groups: GroupInfo,
        connection: HubConnection,
        journal: Journal,
        contacts: AgentContact,
        search: AgentSearch,
        formation: TeamFormation,
        artifacts: ArtifactExchange,
        jobs: Jobs,
        clock: Clock,
        new_id: NewId,
        listener: Listener,
        places: int,
        nested_teams: bool,
        nested_depth: int | None = None,
        folder: Path,
        purse: OpenPurse,
        tracer: Tracer,
    ) -> None:
        self._card = card
        self._agent = agent
        self._policy = policy
        self._groups = groups
        self._connection = connection
        self._journal = journal
        self._contacts = contacts
        self._search = search
        self._formation = formation
        self._artifacts = artifacts
        self._jobs = jobs
        self._clock = clock
        self._new_id = new_id
        self._listen = listener
        self._places = asyncio.Semaphore(places)
        self._nested_teams = nested_teams
        self._nested_depth = nested_depth
        self._folder = folder
        self._open_purse = purse
        self._traces = TaskTraces(tracer, card.name, clock)
        self._purses: dict[tuple[str, str], Purse] = {}
        self._runs: dict[tuple[str, str], Run] = {(run.comm_id, run.task_id): run for run in journal.runs()}
        self._begun: set[tuple[str, str]] = set()  # agents that this process has started

    def look(self, group: Group) -> None:
        """Bring what goes on here in line with the group's state."""
        for task in group.tasks.values():
            report = task.report_of(self._card.name)
            if report is None:
                continue
            key = ("task", group.comm_id, task.task_id)
            if group.ended or report.status in ENDED:
                self._jobs.cancel(key)
                self._traces.ended(group, task, report)
            elif not self._jobs.running(key):
                self._traces.seen(self._groups.chat(group.comm_id), task, self._runs.get((group.comm_id, task.task_id)))
                self._next(group, task, key)
        if group.ended:
            for place in [place for place in self._runs if place[0] == group.comm_id]:
                del self._runs[place]
                self._purses.pop(place, None)

    def forget(self) -> None:
        """The groups are gone, to be delivered anew. Agents that work go on: their tasks may still be there."""
        self._runs = {(run.comm_id, run.task_id): run for run in self._journal.runs()}
        self._traces.forget()

    def refused(self, message: AnyMessage, error: ProtocolError) -> None:
        """A `task_start` or `task_result` of this client was refused."""
        if not isinstance(message, TaskStart | TaskResult) or error.code in GONE:
            return
        if isinstance(message, TaskResult) and message.status == "failed":
            _log.error("task %s: not even its failure is accepted: %s", message.task_id, printable(error.rule))
            return
        what = "start" if isinstance(message, TaskStart) else "result"
        self._end(message.comm_id, message.task_id, "failed", f"the hub refused this task's {what}: {error.rule}")

    def crashed(self, comm_id: str, task_id: str, error: Exception) -> None:
        """A job of this task ended by an error of this program: the group is told rather than left waiting."""
        run = self._runs.get((comm_id, task_id))
        if run is None or run.state in ("starting", "running"):
            self._end(comm_id, task_id, "failed", f"the client failed with {type(error).__name__}: {error}")

    def _next(self, group: Group, task: Task, key: Key) -> None:
        place = (group.comm_id, task.task_id)
        run = self._runs.get(place)
        nested = any(assignee == self._card.name for assignee, _ in task.subgroups)
        if nested or (run is not None and run.state in ("nested", "ended")):
            return  # the conclusion of its team, or its result, is on the way
        if self._agent is None:
            self._end(*place, "failed", f"{self._card.name} only takes part in discussions; give the task to an agent")
            return
        chat = self._groups.chat(group.comm_id)
        starts = chat.starts.get(task.task_id, []) if chat is not None else []
        if run is None:
            if starts and not self._card.idempotent:
                self._end_unknown(place)
            else:
                self._jobs.start(key, self._prepare(group.comm_id, task.task_id))
        elif run.state == "starting" and run.start_id in starts:
            if starts[0] != run.start_id and not self._card.idempotent:
                self._end_unknown(place)
            else:
                self._jobs.start(key, self._begin(run))
        elif run.state == "running" and place not in self._begun:  # of a process that is gone
            if self._card.idempotent:
                self._jobs.start(key, self._begin(run))
            else:
                self._end_unknown(place)

    def _end_unknown(self, place: tuple[str, str]) -> None:
        self._end(
            *place,
            "unknown",
            f"{self._card.name} had begun this task when its client stopped. Whether and how far it was done is not "
            "known, and the agent must not be given the same task twice; check, then assign it anew if it is needed.",
        )

    async def _prepare(self, comm_id: str, task_id: str) -> None:
        """The brief, and the `task_start` that announces it."""
        self._traces.enter(comm_id, task_id)
        view = self._view(comm_id, task_id)
        if view is None:
            return
        limit_s = view.group.budgets.turn_timeout_s * SHARE_FOR_BRIEF
        try:
            brief = await ask_policy(self._clock, limit_s, lambda: self._policy.brief(view))
        except PolicyFailed as failure:
            _log.warning("task %s goes to the agent as it was assigned: %s", task_id, failure)
            brief = Brief(view.task.task_abstract, view.task.task_desc, results_of=view.task.builds_on)
        start = TaskStart(
            sender=self._card.name,
            comm_id=comm_id,
            message_id=self._new_id(),
            task_id=task_id,
            task_abstract=brief.task_abstract[:MAX_SHORT_CHARS],
            task_desc=brief.task_desc[:MAX_TEXT_CHARS],
            messages=brief.messages[:1_000],
            criteria=brief.criteria[:MAX_SHORT_CHARS],
            usage=self._purse(comm_id, task_id).take(),
            traceparent=self._traces.of(comm_id, task_id),
        )
        run = Run(
            comm_id=comm_id,
            task_id=task_id,
            state="starting",
            start_id=start.message_id,
            seen_at=self._clock.now_s(),
            brief=brief,
        )
        try:
            self._connection.post(start, run)
        except MalformedFrame as error:
            self._end(comm_id, task_id, "failed", f"the policy's brief cannot be sent: {error.rule}")
            return
        self._runs[comm_id, task_id] = run

    async def _begin(self, run: Run) -> None:
        """With a team, or alone."""
        self._traces.enter(run.comm_id, run.task_id)
        again = run.state == "running"
        view = self._view(run.comm_id, run.task_id)
        brief = run.brief
        if view is None or brief is None:
            return
        team_up = view.may_team_up and not again and await self._needs_team(view)
        if team_up and await self._formation.for_task(
            view.group, view.task, brief, self._purse(run.comm_id, run.task_id), self._place(run)
        ):
            self._keep(replace(run, state="nested"))
            return
        async with self._places:
            await self._alone(run, brief, again=again)

    def _place(self, run: Run) -> str | None:
        """What a team of the task's own hangs below."""
        chat = self._groups.chat(run.comm_id)
        own = self._traces.of(run.comm_id, run.task_id)
        return own if own or chat is None else above(chat, chat.group.tasks[run.task_id])

    async def _needs_team(self, view: TaskView) -> bool:
        limit_s = view.group.budgets.turn_timeout_s * SHARE_FOR_BRIEF
        try:
            return await ask_policy(self._clock, limit_s, lambda: self._policy.needs_team(view))
        except PolicyFailed as failure:
            _log.warning("task %s is done without a team: %s", view.task.task_id, failure)
            return False

    async def _alone(self, run: Run, brief: Brief, *, again: bool) -> None:
        chat = self._groups.chat(run.comm_id)
        if chat is None or self._agent is None:
            return
        timeout_s = chat.group.budgets.task_timeout_s
        margin_s = min(2.0, timeout_s * 0.1)  # the hub's deadline must find the task ended
        limit_s = timeout_s - margin_s - (0.0 if again else max(0.0, self._clock.now_s() - run.seen_at))
        digest = sha256(f"{run.comm_id}\n{run.task_id}".encode()).hexdigest()[:24]
        folder = TaskFolder(self._folder / digest, self._artifacts)
        try:
            try:
                if limit_s <= 0:
                    raise AgentFailed(f"the task's time ({timeout_s:g} s) was over before the agent was free to begin")
                await folder.create()
                assignment = await self._assignment(run, brief, chat, folder)
                self._keep(replace(run, state="running"))
                self._begun.add((run.comm_id, run.task_id))
                self._listen(AgentStarted(run.comm_id, run.task_id, again))
                outcome = await perform(
                    self._agent,
                    assignment,
                    clock=self._clock,
                    limit_s=limit_s,
                    tell=lambda text: self._tell(run, text),
                )
                artifacts = await share(outcome, self._artifacts)
            except AgentFailed as failure:
                text = str(failure).strip() or "the agent failed without a word; its log may say more"
                self._end(run.comm_id, run.task_id, "failed", text[:MAX_TEXT_CHARS])
                return
            except asyncio.CancelledError:
                if (run.comm_id, run.task_id) in self._begun:
                    self._listen(AgentStopped(run.comm_id, run.task_id, "cancelled"))
                raise
            message = self._result(run.comm_id, run.task_id, "completed", outcome.conclusion)
            abstract = outcome.abstract.strip() or abstract_of(outcome.conclusion)
            self._post_result(replace(message, task_abstract=abstract[:MAX_SHORT_CHARS], artifacts=artifacts))
        finally:
            await folder.remove()

    async def _assignment(self, run: Run, brief: Brief, chat: Chat, folder: TaskFolder) -> Assignment:
        """What the agent gets: the goal's files, and the results that the task builds on. Failed ones are left out."""
        group = chat.group
        task = group.tasks[run.task_id]
        files = await folder.fetch(group.artifacts)
        earlier: list[EarlierResult] = []
        for given in group.given:
            made = await folder.fetch(given.artifacts)
            earlier.append(EarlierResult(given.agent, given.task_desc, given.conclusion, made))
        for name in results_for(group, task, brief):
            for report in group.tasks[name].reports:
                if report.status == "completed":
                    made = await folder.fetch(report.artifacts)
                    desc = group.tasks[name].task_desc
                    earlier.append(EarlierResult(report.assignee, desc, report.conclusion, made))
        return Assignment(
            run.task_id,
            brief.task_desc or task.task_desc,
            folder.work,
            files,
            tuple(earlier),
            self._purse(run.comm_id, run.task_id),
        )

    def _purse(self, comm_id: str, task_id: str) -> Purse:
        place = (comm_id, task_id)
        if place not in self._purses:
            self._purses[place] = self._open_purse(comm_id=comm_id, task_id=task_id)
        return self._purses[place]

    def _tell(self, run: Run, text: str) -> None:
        progress = TaskProgress(
            sender=self._card.name,
            comm_id=run.comm_id,
            message_id=self._new_id(),
            task_id=run.task_id,
            content=printable(text)[:MAX_SHORT_CHARS],
            traceparent=self._traces.of(run.comm_id, run.task_id),
        )
        self._connection.tell(run.task_id, Post(message=progress))

    def _view(self, comm_id: str, task_id: str) -> TaskView | None:
        chat = self._groups.chat(comm_id)
        if chat is None:
            return None
        group, task = chat.group, chat.group.tasks[task_id]
        return TaskView(
            me=self._card,
            task=task,
            group=group,
            log=tuple(chat.log),
            contacts=self._contacts.contacts,
            search=self._search,
            may_team_up=self._may_team_up(group),
            avoid=failed_before(group, task),
            spending=self._purse(comm_id, task_id),
        )

    def _may_team_up(self, group: Group) -> bool:
        """Do the goal and this agent's owner allow a group below this one?"""
        own = group.budgets.depth if self._nested_depth is None else self._nested_depth
        return self._nested_teams and group.team_up_depth < min(own, group.budgets.depth)

    def _result(self, comm_id: str, task_id: str, status: TaskEnd, text: str) -> TaskResult:
        return TaskResult(
            sender=self._card.name,
            comm_id=comm_id,
            message_id=self._new_id(),
            task_id=task_id,
            status=status,
            task_conclusion=text,
            task_abstract=abstract_of(text),
            traceparent=self._traces.of(comm_id, task_id),
        )

    def _end(self, comm_id: str, task_id: str, status: TaskEnd, text: str) -> None:
        cleaned = text.encode(errors="replace").decode()
        self._post_result(self._result(comm_id, task_id, status, cleaned))

    def _post_result(self, message: TaskResult) -> None:
        """The result and the end of the run, in one transaction."""
        place = (message.comm_id, message.task_id)
        before = self._runs.get(place) or Run(comm_id=message.comm_id, task_id=message.task_id, state="ended")
        run = replace(before, state="ended")
        purse = self._purses.pop(place, None)
        if purse is not None:
            message = replace(message, usage=added(purse.take(), message.usage))
        try:
            self._connection.post(message, run)
        except MalformedFrame as error:
            text = f"the result of this task cannot be sent: {error.rule}"
            message = replace(self._result(*place, "failed", text), usage=message.usage)
            self._connection.post(message, run)
        self._runs[place] = run
        if place in self._begun:
            self._listen(AgentStopped(*place, message.status))

    def _keep(self, run: Run) -> None:
        self._journal.run(run)
        self._runs[run.comm_id, run.task_id] = run
