"""What a goal's model calls add up to: in all, and by agent, team, task, decision and model.

The account is the hub's (`Goal.usage`); the parts are sums over its calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ioa.cli.follow import Followed
from ioa.cli.records import Goal, ModelCall
from ioa.protocol.messages import Usage

BEFORE_A_TEAM = "before a team"
"""What is called before there is a group: the team of the goal is formed."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What some calls used together; `failed` of them gave nothing."""

    calls: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.calls + other.calls,
            self.failed + other.failed,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """The calls of one agent, team, task, decision or model. `key` is its identifier, `name` what people call it;
    `below` are its own calls with those of all teams nested under it."""

    key: str
    name: str
    own: Spent
    below: Spent


@dataclass(frozen=True, slots=True)
class Costs:
    """All of it. `total` is the hub's account; of one team and those below it, the sum of their calls. `saved_tokens`
    are those that the damper kept from being read, estimated."""

    total: Spent
    saved_tokens: int
    by_agent: tuple[Part, ...]
    by_team: tuple[Part, ...]
    by_task: tuple[Part, ...]
    by_decision: tuple[Part, ...]
    by_model: tuple[Part, ...]

    @property
    def parts(self) -> Mapping[str, tuple[Part, ...]]:
        """Each way to divide the calls, by its name."""
        return {
            "agent": self.by_agent,
            "team": self.by_team,
            "task": self.by_task,
            "decision": self.by_decision,
            "model": self.by_model,
        }


def spent(calls: Iterable[ModelCall]) -> Spent:
    """The sum of these calls."""
    total = Spent()
    for call in calls:
        total += Spent(1, int(bool(call.error)), call.input_tokens, call.output_tokens, call.cost_usd)
    return total


def costs_of(goal: Goal, calls: Sequence[ModelCall], followed: Followed, wanted: frozenset[str]) -> Costs:
    """The costs of the groups `wanted` out of the goal's tree; all calls where it is all groups."""
    whole = wanted >= followed.groups.keys()
    chosen = calls if whole else [call for call in calls if call.comm_id in wanted]
    account = goal.usage
    summed = spent(chosen)
    total = (
        Spent(account.calls, summed.failed, account.input_tokens, account.output_tokens, account.cost_usd)
        if whole
        else summed
    )
    return Costs(
        total=total,
        saved_tokens=sum(watched.saved_tokens for name, watched in followed.groups.items() if name in wanted),
        by_agent=_by(chosen, lambda call: call.agent),
        by_team=_teams(chosen, followed, wanted, whole=whole),
        by_task=_tasks(chosen, followed, wanted),
        by_decision=_by(chosen, lambda call: call.decision),
        by_model=_by(chosen, lambda call: call.model),
    )


def costs_json(costs: Costs) -> dict[str, object]:
    """The costs for programs."""
    made: dict[str, object] = {"total": _numbers(costs.total), "saved_tokens": costs.saved_tokens}
    for kind, parts in costs.parts.items():
        made[f"by_{kind}"] = [
            {"key": part.key, "name": part.name, **_numbers(part.own), "with_nested": _numbers(part.below)}
            for part in parts
        ]
    return made


def usage_words(usage: Usage) -> str:
    """What a message cost, in a few words; "" where no model was asked and nothing was saved."""
    words: list[str] = []
    if usage.calls:
        words.append(f"{usage.input_tokens + usage.output_tokens:,} tokens")
        if usage.cost_usd:
            words.append(f"{dollars(usage.cost_usd)} USD")
    if usage.saved_tokens:
        words.append(saved_words(usage.saved_tokens))
    return ", ".join(words)


def saved_words(tokens: int) -> str:
    return f"{tokens:,} tokens saved by the damper"


def dollars(cost_usd: float) -> str:
    """Four places, and six for less than a cent."""
    return f"{cost_usd:.4f}" if cost_usd >= 0.01 or not cost_usd else f"{cost_usd:.6f}"


def _numbers(sums: Spent) -> dict[str, object]:
    return {
        "calls": sums.calls,
        "failed": sums.failed,
        "input_tokens": sums.input_tokens,
        "output_tokens": sums.output_tokens,
        "cost_usd": sums.cost_usd,
    }


def _by(calls: Sequence[ModelCall], key: Callable[[ModelCall], str]) -> tuple[Part, ...]:
    """The dearest first; where prices are not known, the one with most tokens."""
    keys = dict.fromkeys(key(call) for call in calls)
    sums = {name: spent(call for call in calls if key(call) == name) for name in keys}
    ranked = sorted(sums.items(), key=lambda item: (-item[1].cost_usd, -item[1].tokens))
    return tuple(Part(name, name, own, own) for name, own in ranked)


def _teams(calls: Sequence[ModelCall], followed: Followed, wanted: frozenset[str], *, whole: bool) -> tuple[Part, ...]:
    """Teams in the order of their launch; before them what was called before there was one."""
    parts: list[Part] = []
    early = spent(call for call in calls if call.comm_id is None)
    if whole and early.calls:
        parts.append(Part("", BEFORE_A_TEAM, early, early))
    for comm_id, watched in followed.groups.items():
        if comm_id in wanted:
            own = spent(call for call in calls if call.comm_id == comm_id)
            under = _under(followed, comm_id)
            below = spent(call for call in calls if call.comm_id in under)
            if below.calls:
                parts.append(Part(comm_id, f"team {watched.number}", own, below))
    return tuple(parts)


def _tasks(calls: Sequence[ModelCall], followed: Followed, wanted: frozenset[str]) -> tuple[Part, ...]:
    """Tasks in order, each with the calls for it, and with the teams that worked on it."""
    parts: list[Part] = []
    for comm_id, watched in followed.groups.items():
        if comm_id not in wanted:
            continue
        for task_id, task in watched.group.tasks.items():
            own = spent(call for call in calls if call.comm_id == comm_id and call.task_id == task_id)
            under: set[str] = set()
            for _, nested in task.subgroups:
                under |= _under(followed, nested)
            below = own + spent(call for call in calls if call.comm_id in under)
            if below.calls:
                parts.append(Part(task_id, watched.task_name(task_id), own, below))
    return tuple(parts)


def _under(followed: Followed, comm_id: str) -> set[str]:
    """A group and all that are nested under it. Groups come in the order of their launch: parents first."""
    inside = {comm_id}
    for name, watched in followed.groups.items():
        parent = watched.group.parent
        if parent is not None and parent.comm_id in inside:
            inside.add(name)
    return inside
