"""A conversation read back: all logs of a goal's tree, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import click
import msgspec

from ioa.cli import markdown
from ioa.cli.costs import Costs, costs_json, costs_of
from ioa.cli.costs_table import show_costs
from ioa.cli.failures import BadInput, HubProblem
from ioa.cli.follow import Followed, Watched
from ioa.cli.hub_api import HubApi
from ioa.cli.options import print_json
from ioa.cli.reach import Located, all_places, locate, opened
from ioa.cli.records import Entry, Goal, ModelCall
from ioa.cli.tell import Teller
from ioa.cli.terminal import Terminal, hanging, one_line, stderr, stdout
from ioa.cli.trajectory import trajectory
from ioa.cli.trajectory_agents import AgentSteps, fetch_agent_steps
from ioa.cli.transcript import Transcript
from ioa.settings import Settings

T = TypeVar("T")
Form: TypeAlias = Literal["conversation", "json", "transcript", "trajectory"]
"""How a goal is shown."""


async def with_located(
    identifier: str, hub: str | None, token: str | None, act: Callable[[HubApi, Located], Awaitable[T]]
) -> T:
    """Find the hub that knows `identifier` and act there. Raises `BadInput` when none does."""
    wanted = identifier.strip()
    if not wanted:
        raise BadInput("The ID is empty; ioa chats lists them.")
    places = all_places(Settings.read(), hub, token)
    for place in places:
        try:
            async with opened(place) as api:
                located = await locate(api, wanted)
                if located is not None:
                    return await act(api, located)
        except HubProblem as error:
            if len(places) == 1:
                raise
            stderr().write(f"Left out {place}: {error.message}")
    raise BadInput(f"There is no goal or chat {one_line(identifier, 60)}; ioa chats lists them.")


@dataclass(frozen=True, slots=True)
class Tree:
    """A goal with the logs of all its groups and the calls of its models; `comm_id` is the team that was asked for."""

    goal: Goal
    comm_id: str | None
    entries: tuple[Entry, ...]
    calls: tuple[ModelCall, ...]
    agent_steps: AgentSteps

    @property
    def wanted(self) -> frozenset[str]:
        return below(self.entries, self.comm_id)

    @property
    def costs(self) -> Costs:
        return costs_of(self.goal, self.calls, folded(self.entries), self.wanted)


async def show_tree(identifier: str, hub: str | None, token: str | None, *, full: bool, form: Form) -> None:
    """Show the tree on stdout. Raises `Failure`."""

    async def read(api: HubApi, located: Located) -> Tree:
        goal = located.goal
        entries = await entries_of(api, goal.groups)
        calls = await api.calls(goal.goal_id) if goal.usage.calls else ()
        steps: AgentSteps = {}
        if form in ("transcript", "trajectory"):
            steps = await fetch_agent_steps(api, entries)
        return Tree(goal, located.comm_id, tuple(entries), calls, steps)

    tree = await with_located(identifier, hub, token, read)
    match form:
        case "json":
            print_json(tree_json(tree))
        case "trajectory":
            for line in trajectory(tree.goal, tree.entries, tree.agent_steps, tree.wanted):
                click.echo(msgspec.json.encode(line))
        case "transcript":
            made = Transcript(tree.goal, tree.entries, tree.agent_steps, tree.wanted, full=full)
            click.echo(made.text(tree.costs).encode(), nl=False)
        case "conversation":
            _show(tree, stdout(colour=Settings.read().colour), None if full else 240)


async def entries_of(api: HubApi, groups: Sequence[str]) -> list[Entry]:
    """The logs of these groups as one, in the hub's order."""
    entries = [entry for comm_id in groups for entry in await api.messages(comm_id)]
    return sorted(entries, key=lambda entry: entry.cursor)


def below(entries: Sequence[Entry], comm_id: str | None) -> frozenset[str]:
    """The group `comm_id` and those nested under it; all groups for the goal's own one."""
    followed = folded(entries)
    root = followed.root
    if comm_id is None or root is None or comm_id == root.group.comm_id:
        return frozenset(followed.groups)
    inside = {comm_id}
    for name, watched in followed.groups.items():  # in the order of their launch: parents come first
        if watched.group.parent is not None and watched.group.parent.comm_id in inside:
            inside.add(name)
    return frozenset(inside)


def _show(tree: Tree, out: Terminal, limit: int | None) -> None:
    goal, comm_id, entries = tree.goal, tree.comm_id, tree.entries
    out.write(hanging("Goal    ", one_line(goal.goal), out.columns))
    out.write(f"goal_id {goal.goal_id}   comm_id {goal.comm_id or '-'}   status {goal.status}")
    out.write(f"channels {goal.channels.nested} as nested, {goal.channels.full} as one group of all")
    out.write()
    wanted = tree.wanted
    teller = Teller(out, Followed(), limit)
    for entry in entries:
        lines = teller.tell(entry)  # all are folded, so that numbers of teams are the same as in the whole
        if entry.message.comm_id in wanted:
            for line in lines:
                out.write(line)
    followed = teller.followed
    chosen = [watched for name, watched in followed.groups.items() if name in wanted]
    if len(chosen) > 1:
        out.write()
        out.write(out.style("Teams", "bold"))
        for watched in chosen:
            out.write("  " * watched.depth + _team(watched))
    if tasks := [(watched, name) for watched in chosen for name in watched.group.tasks]:
        out.write()
        out.write(out.style("Tasks", "bold"))
        for watched, name in tasks:
            out.write(_task(watched, name, limit))
    costs = tree.costs
    if costs.total.calls or costs.saved_tokens:
        out.write()
        show_costs(costs, goal.budgets if len(chosen) == len(followed.groups) else None, out)
    answer = chosen[0].group.conclusion if comm_id and chosen else goal.conclusion
    if answer:
        out.write()
        out.write(out.style("Answer", "bold"))
        out.write(markdown.shown(answer.strip(), out))


def _team(watched: Watched) -> str:
    group = watched.group
    members = ", ".join(one_line(name, 40) for name in group.members)
    ending = group.outcome or group.state
    return f"{watched.number}  {group.comm_id}  {members}  ({ending}, {group.turns} of {group.max_turns} turns)"


def _task(watched: Watched, task_id: str, limit: int | None) -> str:
    task = watched.group.tasks[task_id]
    who = ", ".join(one_line(name, 40) for name in task.assignees)
    how = "sync" if task.synchronous else "async"
    text = one_line(task.task_abstract or task.task_desc, min(limit or 4_000, 160))
    return f"  {watched.task_name(task_id)}  {task.status:<11} {who} ({how}): {text}"


def tree_json(tree: Tree) -> dict[str, object]:
    """The whole for programs: the goal, its groups with their tasks, every message and every call of a model."""
    wanted = tree.wanted
    followed = folded(tree.entries)
    whole = wanted >= followed.groups.keys()
    groups: list[dict[str, object]] = []
    for name, watched in followed.groups.items():
        if name not in wanted:
            continue
        group = watched.group
        groups.append({
            "comm_id": name,
            "parent": msgspec.to_builtins(group.parent),
            "team_up_depth": group.team_up_depth,
            "goal": group.goal,
            "initiator": group.initiator,
            "team_members": group.members,
            "state": group.state,
            "outcome": group.outcome,
            "forced": group.forced,
            "turns": group.turns,
            "max_turns": group.max_turns,
            "conclusion": group.conclusion,
            "tasks": [
                {
                    "task_id": task.task_id,
                    "task_desc": task.task_desc,
                    "task_abstract": task.task_abstract,
                    "assigner": task.assigner,
                    "assignee": task.assignees,
                    "synchronous": task.synchronous,
                    "status": task.status,
                    "conclusion": task.conclusion,
                    "artifacts": msgspec.to_builtins(task.artifacts),
                    "subgroups": [nested for _, nested in task.subgroups],
                }
                for task in group.tasks.values()
            ],
        })  # fmt: skip
    return {
        "goal": msgspec.to_builtins(tree.goal),
        "usage": msgspec.structs.asdict(tree.goal.usage),
        "budgets": msgspec.structs.asdict(tree.goal.budgets),
        "costs": costs_json(tree.costs),
        "calls": [msgspec.to_builtins(call) for call in tree.calls if whole or call.comm_id in wanted],
        "groups": groups,
        "messages": [
            {"cursor": entry.cursor, "at": entry.at, "message": msgspec.to_builtins(entry.message)}
            for entry in tree.entries
            if entry.message.comm_id in wanted
        ],
    }


def folded(entries: Sequence[Entry]) -> Followed:
    """The groups of these logs as they ended."""
    followed = Followed()
    for entry in entries:
        followed.take(entry)
    return followed
