"""Several measures joined by "and": whose filter is it? Own clause, all of them, or it cannot be told.

`the median salary and how many live in Graz` restricts the count only; `the total and average revenue in March`
restricts both; `the total revenue and the number of orders in March` can be meant either way and is refused.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ioa.adapters.agents.data.question import Item, NotUnderstood

if TYPE_CHECKING:
    from ioa.adapters.agents.data.reader import Reader

_BACK = frozenset({"their", "they", "them", "those", "these", "its", "it", "there"})
_FULL = frozenset({"how many", "how often", "how many times", "how much"})


class OwnClauses(Exception):
    """The question is several: `starts` are the places in the marked items where another one begins."""

    def __init__(self, starts: list[int]) -> None:
        super().__init__(starts)
        self.starts = starts

    def parts(self, items: list[Item]) -> list[list[Item]]:
        """The items of each clause, freshly marked, without the joint before it."""
        found: list[list[Item]] = []
        for start, end in zip([0, *self.starts], [*self.starts, len(items)], strict=True):
            part = items[start:end]
            while part and part[0].kind == "and":
                part = part[1:]
            found.append(part)
        return found


class Ambiguous(NotUnderstood):
    """A filter may be about one clause or about all: taking the sentence apart would be a guess."""


def check_clauses(r: Reader) -> None:
    """Raise `OwnClauses` where filters belong to single clauses, `NotUnderstood` where it cannot be told."""
    heads = sorted(set(r.heads))
    if len(heads) < 2 or r.out.kind != "table" or not r.out.conditions:
        return
    starts = [_start(r, one, two) for one, two in pairwise(heads)]
    places = [condition.at for condition in r.out.conditions]
    shared = [place for place in places if place < heads[0]]
    local = {sum(start <= place for start in starts) for place in places if place >= heads[0]}
    if not local:
        return
    last = len(starts)
    apart = OwnClauses([_raw(r, start) for start in starts])
    if local == {0} and all(_refers_back(r, start) for start in starts):
        return
    names = [measure.sql for measure in r.out.measures]
    repeated = len(set(names)) < len(names)
    own = local == {last} and _restricts_count(r, heads[last], starts[-1])
    if not shared and (repeated or len(local) == last + 1 or own):
        raise apart
    if local == {last} and not _determined(r, starts[-1], heads[last]) and not repeated:
        return
    words = " and ".join(condition.words for condition in r.out.conditions)
    raise Ambiguous(
        f'Does "{words}" restrict all of {", ".join(measure.label for measure in r.out.measures)}, or one? '
        "Ask in two sentences, each with its own filter."
    )


def _start(r: Reader, one: int, two: int) -> int:
    return next((index for index in range(two, one, -1) if r.items[index].kind == "and"), two)


def _raw(r: Reader, index: int) -> int:
    return next(place for place, item in enumerate(r.marked) if item is r.items[index])


def _refers_back(r: Reader, start: int) -> bool:
    return any(_BACK & set(words) for words in r.before[start:])


def _determined(r: Reader, start: int, head: int) -> bool:
    said = {word for words in r.before[start : head + 1] for word in words}
    return "the" in said or any(
        item.text.lower().startswith("the ") or item.text.lower() in _FULL or item.kind in {"which", "who"}
        for item in r.items[start : head + 1]
    )


def _restricts_count(r: Reader, head: int, start: int) -> bool:
    """`how many ... in Graz`, `the number of orders over 100`, `the number of members who live in Graz`."""
    item = r.items[head]
    if item.kind != "count":
        return False
    if item.text.lower() in _FULL:
        return True
    return all(
        condition.verb or condition.column is None or not condition.values
        for condition in r.out.conditions
        if condition.at >= start
    ) and not any(one.kind == "time" for one in r.items[start:])
