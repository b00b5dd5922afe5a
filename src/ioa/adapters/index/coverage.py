"""Alone or team: does a step need somebody who is not in the team yet, and whom? Pure, by scores alone.

Works on what a client gets from the hub: the hits of the whole registry for the step's text, members among them. A member
that is not among the hits scores 0. A team of one is the question whether an agent's own card covers its task.

The scores are odds (`ioa.ports.index.Hit`), so the rule is about odds: somebody new is wanted if they are several times
likelier to be the right one than the best member. Being merely a little better does not pay for a new member, and the
registry always holds somebody who is a little better. Source: IoA paper, 2.3.2 and 4.1; measured by bench/ranking.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ioa.ports.index import Hit

_LEAST, _MOST = 1e-9, 1 - 1e-9


@dataclass(frozen=True, slots=True)
class CoverageSetting:
    """times: how many times likelier than the best member somebody new must be. least: below this score nobody new is
    worth asking: they would not know it either."""

    times: float = 5.5
    least: float = 0.0


DEFAULT = CoverageSetting()


@dataclass(frozen=True, slots=True)
class Decision:
    """`needed`: recruit `best`. `best` is the best hit outside the team, `best_member` inside, None where there is none."""

    needed: bool
    best: Hit | None
    best_member: Hit | None


def needs_newcomer(hits: Sequence[Hit], team: Collection[str], *, setting: CoverageSetting = DEFAULT) -> Decision:
    """Decide from the hits of one step, in any order, whether to recruit. Never needed if nobody outside was found."""
    members = frozenset(team)
    best = max((hit for hit in hits if hit.name not in members), key=_score, default=None)
    best_member = max((hit for hit in hits if hit.name in members), key=_score, default=None)
    if best is None or best.score < setting.least:
        return Decision(False, best, best_member)
    known = best_member.score if best_member is not None else 0.0
    return Decision(odds(best.score) > setting.times * odds(known), best, best_member)


def odds(score: float) -> float:
    """How many times likelier than not, of a score in [0, 1]; kept finite at both ends."""
    score = min(max(score, _LEAST), _MOST)
    return score / (1 - score)


def _score(hit: Hit) -> float:
    return hit.score
