"""Whom to ask: agents ranked for a step by how well their cards fit, whether they are there, and past experience."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from ioa.adapters.index.coverage import needs_newcomer
from ioa.adapters.policy.rules.plan import Step
from ioa.ports.index import Hit
from ioa.protocol.cards import Card, Evaluation, FoundAgent

MIN_FIT = 0.30
"""Below this score of discovery (0 to 1) a card is not taken to cover a step."""

EXPERIENCE_WEIGHT = 0.08
"""How far a long record of success or failure moves a score, at most, up or down."""


FIRST_PHRASE_WEIGHT = 0.65
_SURE = 7.0  # log-odds beyond which a score says no more


def hits_of(step: Step, searched: Mapping[str, Sequence[FoundAgent]]) -> list[FoundAgent]:
    """Hits for a step, best first: of each agent the scores for the step's phrases, averaged as log-odds.

    The first phrase, the step itself, counts most; the others name its act: who computes revenues does not draw charts
    of them. An agent that was not found by a phrase counts as one that cannot do it.
    """
    found: dict[str, FoundAgent] = {}
    sums: dict[str, float] = {}
    rest = (1 - FIRST_PHRASE_WEIGHT) / max(1, len(step.search) - 1)
    weights = [FIRST_PHRASE_WEIGHT if len(step.search) > 1 else 1.0, *[rest] * (len(step.search) - 1)]
    for phrase, weight in zip(step.search, weights, strict=True):
        for hit in searched.get(phrase, ()):
            found.setdefault(hit.card.name, hit)
            sums[hit.card.name] = sums.get(hit.card.name, -_SURE) + weight * (log_odds(hit.score) + _SURE)
    hits = [structs.replace(hit, score=probability(sums[name])) for name, hit in found.items()]
    return sorted(hits, key=lambda hit: (-hit.score, hit.card.name))


def probability(log_odds_of_it: float) -> float:
    """A score between 0 and 1 again."""
    return 1 / (1 + math.exp(-log_odds_of_it))


def log_odds(score: float) -> float:
    """A score as log-odds, bounded, so that no score counts as certain."""
    return max(-_SURE, min(_SURE, math.log(max(score, 1e-9) / max(1 - score, 1e-9))))


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent for a step. `fit` is the discovery score, `value` the same with experience counted in."""

    card: Card
    fit: float
    value: float
    online: bool


def rank(hits: Sequence[FoundAgent], contacts: Mapping[str, Evaluation]) -> list[Candidate]:
    """Best first; of two that fit alike, the one with the better record. Discussion-only members take no tasks."""
    found = [
        Candidate(hit.card, hit.score, hit.score + experience(contacts.get(hit.card.name)), hit.online)
        for hit in hits
        if not hit.card.discussion_only
    ]
    return sorted(found, key=lambda one: (-one.value, one.card.name))


def experience(contact: Evaluation | None) -> float:
    """Between -EXPERIENCE_WEIGHT and +EXPERIENCE_WEIGHT; 0 for a stranger."""
    if contact is None:
        return 0.0
    tasks = contact.completed + contact.failed
    return EXPERIENCE_WEIGHT * (contact.completed - contact.failed) / (tasks + 2)


def recruit(
    hits: Sequence[FoundAgent], contacts: Mapping[str, Evaluation], *, avoid: Collection[str] = ()
) -> Candidate | None:
    """The best agent of the network that covers the step and is online now; None: nobody."""
    return next((one for one in _fitting(hits, contacts, avoid) if one.online), None)


def assign(
    hits: Sequence[FoundAgent],
    contacts: Mapping[str, Evaluation],
    *,
    members: Collection[str],
    avoid: Collection[str] = (),
    prefer: Collection[str] = (),
) -> Candidate | None:
    """The best member of the group for the step; None: nobody. One of `prefer` that covers the step goes first.

    A member that is away for the moment gets its task when it is back; it is passed over only for one that is here and
    fits nearly as well.
    """
    able = [one for one in _fitting(hits, contacts, avoid) if one.card.name in members]
    known = next((one for one in able if one.online and one.card.name in prefer), None)
    if known is not None:
        return known
    here = next((one for one in able if one.online), None)
    if not able or here is None:
        return able[0] if able else None
    better = needs_newcomer([Hit(one.card.name, one.fit) for one in (able[0], here)], (here.card.name,))
    return able[0] if better.needed else here


def _fitting(hits: Sequence[FoundAgent], contacts: Mapping[str, Evaluation], avoid: Collection[str]) -> list[Candidate]:
    return [one for one in rank(hits, contacts) if one.fit >= MIN_FIT and one.card.name not in avoid]
