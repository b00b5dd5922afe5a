"""Alone or team: does a step need somebody who is not in the team yet, and whom? Pure, by scores alone.

Works on what a client gets from the hub: the hits of the whole registry for the step's text, members among
them. A member that is not among the hits scores 0. A team of one is the question whether an agent's own card
covers its task.

The scores are odds (`ioa.ports.index.Hit`), so the rule is about odds: somebody new is wanted if they are several times
likelier to be the right one than the best member; a registry always holds somebody who is a little better. How many
times depends on the company: one specialist who stands out from everybody else is asked for sooner than the first of a
dozen who are all alike, among whom the member may well be. Source: IoA paper, 2.3.1, 4.1; measured by bench/ranking.py.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ioa.ports.index import Hit

_LEAST, _MOST = 1e-9, 1 - 1e-9
_FIELD = 10  # the rank of the hit that stands for "everybody else"


@dataclass(frozen=True, slots=True)
class CoverageSetting:
    """times: how many times likelier than the best member somebody new must be. crowd: by how much that grows with
    the likeness of the field, as a power. standout: how many times likelier than the tenth the best one usually is.
    least: who scores below this is not asked: they would not know it either."""

    times: float = 4.75
    crowd: float = 0.2
    standout: float = 11.0
    least: float = 0.02


DEFAULT = CoverageSetting()


@dataclass(frozen=True, slots=True)
class Decision:
    """`needed`: recruit `best`, the best hit outside the team; `best_member` is that inside. None where there
    is none."""

    needed: bool
    best: Hit | None
    best_member: Hit | None


def needs_newcomer(hits: Sequence[Hit], team: Collection[str], *, setting: CoverageSetting = DEFAULT) -> Decision:
    """Decide from the hits of one step (best first, some dozens of them) whether to recruit.

    Never needed if nobody outside was found. Ask the hub for at least 10 hits, better 50: a member that is not among
    them counts as unable.
    """
    members = frozenset(team)
    best = next((hit for hit in hits if hit.name not in members), None)
    best_member = next((hit for hit in hits if hit.name in members), None)
    if best is None or best.score < setting.least:
        return Decision(False, best, best_member)
    known = best_member.score if best_member is not None else 0.0
    wanted = math.log(setting.times)
    if len(hits) >= _FIELD:
        ahead = _log_odds(best.score) - _log_odds(hits[_FIELD - 1].score)
        wanted += setting.crowd * (math.log(setting.standout) - ahead)
    return Decision(_log_odds(best.score) - _log_odds(known) > max(wanted, 0.0), best, best_member)


def _log_odds(score: float) -> float:
    """Logarithm of how many times likelier than not, of a score in [0, 1]; kept finite at both ends."""
    score = min(max(score, _LEAST), _MOST)
    return math.log(score / (1 - score))
