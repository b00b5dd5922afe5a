"""Agents that come while others are searched for: when they are found by their words, when by their meaning; and
whether filters are exact."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from bench.figures import significant
from ioa.adapters.index.hybrid import HybridIndex

_HITS = 10
_WITHIN_S = 60.0
# name, card with a word that nobody else says, that word, and what it is asked for without any of its words
_NEWCOMERS = (
    ("Reed Mender", "Restores harmoniums and tunes them, a tulvane.", "tulvane", "fixing old musical instruments"),
    (
        "Hive Warden",
        "Keeps honeybees and treats varroa, a brondel.",
        "brondel",
        "apiculture, care for swarming insects",
    ),
    ("Kiln Hand", "Fires stoneware and mixes glazes, a quorsk.", "quorsk", "a pottery workshop, baking of ceramics"),
    ("Falconer", "Trains falcons and hawks for the hunt, a vimmet.", "vimmet", "teaching birds of prey"),
    ("Stargazer's Smith", "Grinds telescope mirrors, a plathor.", "plathor", "polishing optics for astronomy"),
    ("Bosun", "Splices ropes and rigs schooners, a drigget.", "drigget", "knots for sailing ships"),
    ("Melt Watch", "Measures how glaciers vanish, a sprenn.", "sprenn", "shrinking ice in the mountains, climate"),
    ("Cellar Hand", "Ages cheddar and brie in caves, a morluck.", "morluck", "how to ripen cheese"),
)


def newcomers(index: HybridIndex) -> dict:
    """Seconds until each of some newcomers is among the ten that a word of it finds, and until its meaning alone finds
    it before all newcomers (among a million there may be ten as good); of an index that embeds in the background."""
    by_words_s: list[float] = []
    by_meaning_s: list[float] = []
    in_ten = 0
    came: list[str] = []
    for name, card, word, other_words in _NEWCOMERS:
        begin = time.perf_counter()
        index.put(name, card)
        assert name in _found(index, word), f"{name} is not found by {word!r} at once"
        by_words_s.append(time.perf_counter() - begin)
        came.append(name)
        assert index.settle(_WITHIN_S), f"{name} is not embedded"
        if _found(index, other_words, among=came)[0] == name:
            by_meaning_s.append(time.perf_counter() - begin)
        in_ten += name in _found(index, other_words)
    return {
        "came": len(_NEWCOMERS),
        "found by their words after, s, at most": significant(max(by_words_s)),
        "found by meaning": len(by_meaning_s),
        "found by meaning after, s, at most": significant(max(by_meaning_s, default=_WITHIN_S)),
        "among the ten of all by meaning": in_ten,
    }


def filters(index: HybridIndex, names: Sequence[str], asked: Sequence[str]) -> dict:
    """Searches that only some may answer: one of 2, of 100, of 5,000, and nobody. Wrong is an answer that was not let
    pass, or too few."""
    searches = wrong = 0
    for share in (2, 100, 5_000, len(names) + 1):
        passing = set(names[1::share]) if share <= len(names) else set[str]()
        for query in asked:
            for found in (_found(index, query, accept=passing.__contains__), _found(index, query, among=passing)):
                searches += 1
                wrong += not (set(found) <= passing and len(set(found)) == min(_HITS, len(passing)))
    return {"searches": searches, "wrong": wrong}


def _found(
    index: HybridIndex,
    query: str,
    accept: Callable[[str], bool] | None = None,
    among: Collection[str] | None = None,
) -> list[str]:
    return [hit.name for hit in index.search([query], limit=_HITS, accept=accept, among=among)[0]]
