"""Several searches as one ranking. Pure, without numpy: clients use it on what the hub sent them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ioa.adapters.index.setting import DEFAULT, Setting
from ioa.ports.index import Hit

_LEAST, _MOST = 1e-12, 1 - 1e-12


def fuse(results: Sequence[Sequence[Hit]], *, limit: int, setting: Setting = DEFAULT) -> list[Hit]:
    """One ranking of what the phrases of one request found, best first, at most `limit`, each name once.

    Every phrase has its votes, spent on the names near its best one; a phrase that nobody answers well spends
    fewer. So the first of each phrase come before the second of any, and a name that serves two phrases gains.
    The scores stay what they are in a search: those of one phrase come back unchanged, if its list is whole.
    Source: the vote that `scoring.combine` takes of the clauses within one phrase.
    """
    raw = [{hit.name: _raw(hit.score, setting) for hit in hits} for hits in results if hits]
    if not raw:
        return []
    tops = [max(scores.values()) for scores in raw]
    best = max(tops)
    votes: dict[str, float] = {}
    highest: dict[str, float] = {}
    for scores, top in zip(raw, tops, strict=True):
        ceiling = top + setting.clause_pull * (best - top)
        for name, score in scores.items():
            votes[name] = votes.get(name, 0.0) + math.exp((score - ceiling) / setting.temperature)
            highest[name] = max(score, highest.get(name, score))
    order = sorted(votes, key=lambda name: (-votes[name], name))
    first = order[0]
    return [
        Hit(name, _score(highest[first] + setting.temperature * math.log(votes[name] / votes[first]), setting))
        for name in order[:limit]
    ]


def _raw(score: float, setting: Setting) -> float:
    """The raw score that `scoring.calibrate` made `score` of."""
    score = min(max(score, _LEAST), _MOST)
    return setting.middle + setting.spread * math.log(score / (1 - score))


def _score(raw: float, setting: Setting) -> float:
    return 1 / (1 + math.exp(-(raw - setting.middle) / setting.spread))
