"""Conversations with a known share of repetition, made from `damper_topics.py` and a seed; each turn has a label."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.damper_topics import Courtesies, Fact, Half, Manners, Topic

NEW, ALIKE, THANKS_AND_NEW, QUESTION, SHORT = "new", "new, alike", "new, after thanks", "new, a question", "new, short"
VERBATIM, REWORDED, DIGEST, PLAN, COURTESY, LOOP = (
    "verbatim",
    "reworded",
    "digest",
    "plan",
    "courtesy",
    "politeness loop",
)
REPETITIONS = (VERBATIM, REWORDED, DIGEST, PLAN, COURTESY, LOOP)
STYLES = ("terse", "chatty", "formal", "lists")


@dataclass(frozen=True)
class Line:
    """One turn. `to` gets the floor."""

    sender: str
    to: str
    content: str
    label: str

    @property
    def repeats(self) -> bool:
        return self.label in REPETITIONS


def dialogue(topic: Topic, half: Half, seed: int) -> list[Line]:
    """One conversation of some thirty turns. Repetitions come only after what they repeat."""
    rng = random.Random(f"{topic.name} {seed}")
    style = STYLES[seed % len(STYLES)]
    made = list(_turns(topic, half.courtesies, half.manners, style, rng))
    return [
        Line(sender, made[place + 1][0] if place + 1 < len(made) else topic.members[0], content, label)
        for place, (sender, content, label) in enumerate(_addressed(made))
    ]


def _addressed(made: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    for place, (sender, content, label) in enumerate(made):
        to = made[place + 1][0] if place + 1 < len(made) else made[0][0]
        yield sender, content.replace("{to}", to), label


def _turns(
    topic: Topic, courtesies: Courtesies, manners: Manners, style: str, rng: random.Random
) -> Iterator[tuple[str, str, str]]:
    first, *others = topic.members
    facts = rng.sample(topic.facts, len(topic.facts))
    told: list[tuple[Fact, str]] = []
    last = first
    yield first, topic.plan, NEW
    for member, fact in zip(others, facts, strict=False):
        told.append((fact, member))
        last = member
        yield member, fact.said, NEW
    coming = facts[len(others) :]
    alike = [(fact, other) for fact in facts for other in rng.sample(fact.other, 1)]
    rng.shuffle(alike)
    news = rng.sample(courtesies.news, len(courtesies.news))

    def another() -> str:
        nonlocal last
        last = rng.choice([member for member in topic.members if member != last])
        return last

    while coming or alike:
        if coming:
            fact = coming.pop()
            member = another()
            thanks = style in ("chatty", "formal") and rng.random() < 0.7
            prefix = rng.choice(manners.chatty) if thanks else ""
            yield member, prefix + fact.said, THANKS_AND_NEW if thanks else NEW
            told.append((fact, member))
        ready = [(fact, other) for fact, other in alike if any(fact is known for known, _ in told)]
        if ready and (rng.random() < 0.7 or not coming):
            alike.remove(ready[0])
            yield another(), ready[0][1], QUESTION if ready[0][1].endswith("?") else ALIKE
        if news and rng.random() < 0.3:
            yield another(), news.pop(), SHORT
        for _ in range(rng.choice((1, 2, 2)) if coming else 1):
            yield from _repetition(topic, courtesies, manners, style, rng, told, another)


def _repetition(
    topic: Topic,
    courtesies: Courtesies,
    manners: Manners,
    style: str,
    rng: random.Random,
    told: Sequence[tuple[Fact, str]],
    another: Callable[[], str],
) -> Iterator[tuple[str, str, str]]:
    label = rng.choices(REPETITIONS, (3, 3, 2, 1, 2, 1))[0]
    fact, by = rng.choice(told)
    announced = rng.choice(manners.again).format(by=by) if style in ("chatty", "formal") else ""
    if label == VERBATIM:
        yield another(), announced + fact.said, label
    elif label == REWORDED:
        yield another(), announced + rng.choice(fact.again), label
    elif label == DIGEST:
        some = rng.sample(told, min(len(told), rng.choice((2, 3))))
        lines = [rng.choice((known.said, known.said, *known.again)) for known, _ in some]
        mark = "- " if style == "lists" else ""
        yield another(), "\n".join([rng.choice(manners.digest), *(mark + line for line in lines)]), label
    elif label == PLAN:
        again = rng.choice(topic.plan_again)
        member = another()
        while " I " in again and member != topic.members[0]:
            member = another()
        yield member, again, label
    elif label == COURTESY:
        yield another(), rng.choice(courtesies.single), label
    else:
        for line in rng.choice(courtesies.loops):
            yield another(), line, label
