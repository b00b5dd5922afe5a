"""Alone or with a team: is there a part of a task that nobody in the team covers, and somebody else does?

By the scores of discovery alone, so a client can decide it for its own card (a team of one) as well as for a group.
Source: IoA paper, 2.3.2, 4.1 and Appendix C.2; measured by bench/ranking.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ioa.adapters.index.coverage import needs_newcomer
from ioa.adapters.policy.rules.choice import hits_of
from ioa.adapters.policy.rules.plan import Plan, Step
from ioa.ports.index import Hit
from ioa.protocol.cards import FoundAgent

PRODUCTS = frozenset({"plot", "write", "table", "translate", "code"})
"""Kinds of inner steps that are a trade of their own: a chart in a report, a translation of a summary."""


def inner_steps(plan: Plan) -> tuple[Step, ...]:
    """The parts of a task that may want another trade than the task as a whole, which is the plan's last step."""
    return tuple(step for step in plan.steps[:-1] if step.kind in PRODUCTS)


def phrases_for(task_desc: str, plan: Plan) -> tuple[str, ...]:
    """What to search: the task in its own words, and its inner steps."""
    return tuple(dict.fromkeys((task_desc, *(phrase for step in inner_steps(plan) for phrase in step.search))))


def lacking(
    task_desc: str, plan: Plan, searched: Mapping[str, Sequence[FoundAgent]], team: Collection[str]
) -> tuple[tuple[FoundAgent, ...], ...]:
    """For each part of the task that the team does not cover: the agents found for it, best first. Empty: alone."""
    parts = [tuple(searched.get(task_desc, ())), *(tuple(hits_of(step, searched)) for step in inner_steps(plan))]
    return tuple(hits for hits in parts if needs_newcomer([Hit(hit.card.name, hit.score) for hit in hits], team).needed)
