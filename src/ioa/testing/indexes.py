"""The contract of the `AgentIndex` port, run on every maker of it: `check_index(make)`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Protocol

from ioa.ports.index import AgentIndex, Hit


class OpenIndex(AgentIndex, Protocol):
    """An index that is let go of."""

    def close(self) -> None:
        """Keep what is to be kept; may be called twice."""
        ...


Make = Callable[[str], OpenIndex]

_WORK = ("cooks soup", "plays piano", "repairs bridges", "files a tax invoice", "forecasts storms")
_STRANGE = (
    "Weather Watch",
    "getUserName",
    "chef'; DROP TABLE agents; --",
    '"quoted\\" name',
    "人工知能",
    "🤖 robot",
    "é",
)


def check_index(make: Make, *, many: int = 1_500) -> None:
    """All checks, each on an index of its own. `make(place)` opens the index that is kept at `place`, a new one for a
    new place, in which a card is found by words and meaning when `put` returns. `many` is how many cards are put to
    find that filters are exact among many."""
    for check in (
        _check_empty,
        _check_put,
        _check_replaced,
        _check_removed,
        _check_filled,
        _check_order,
        _check_strange,
        _check_threads,
    ):
        index = make(check.__name__)
        try:
            check(index)
        finally:
            index.close()
    index = make("many")
    try:
        _check_many(index, many)
    finally:
        index.close()
    _check_kept(make)


def _names(
    index: AgentIndex,
    phrase: str,
    limit: int = 20,
    accept: Callable[[str], bool] | None = None,
    among: Collection[str] | None = None,
) -> list[str]:
    (hits,) = index.search([phrase], limit=limit, accept=accept, among=among)
    return [hit.name for hit in hits]


def _sorted_well(hits: list[Hit]) -> bool:
    scores = [hit.score for hit in hits]
    return scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)


def _check_empty(index: AgentIndex) -> None:
    assert len(index) == 0
    assert index.search(["soup", "piano"], limit=5) == [[], []]
    assert index.search([], limit=5) == []
    index.remove("nobody")
    index.put_many([])
    index.fill([])
    assert len(index) == 0


def _check_put(index: AgentIndex) -> None:
    index.put("cook", _WORK[0])
    assert _names(index, "soup") == ["cook"], "a new card is found by its words at once"
    index.put_many([("pianist", _WORK[1]), ("engineer", _WORK[2])])
    assert len(index) == 3
    assert _names(index, "Who repairs bridges?", limit=1) == ["engineer"]
    assert index.search(["soup"], limit=0) == [[]]
    assert len(_names(index, "soup", limit=2)) == 2


def _check_replaced(index: AgentIndex) -> None:
    index.put_many([("a", _WORK[0]), ("b", _WORK[1])])
    before = index.search(["soup"], limit=2)[0][0].score
    index.put("a", _WORK[2])
    index.put("a", _WORK[2])
    assert len(index) == 2
    assert _names(index, "repairs bridges", limit=1) == ["a"]
    assert index.search(["soup"], limit=2)[0][0].score < before, "the old text does not count any more"
    index.put_many([("c", _WORK[0]), ("c", _WORK[3])])
    assert _names(index, "tax invoice", limit=1) == ["c"], "of a name that comes twice the last text counts"
    assert len(index) == 3


def _check_removed(index: AgentIndex) -> None:
    index.put_many([("a", _WORK[0]), ("b", _WORK[1])])
    index.remove("a")
    index.remove("a")
    assert len(index) == 1
    assert _names(index, "soup") == ["b"]
    index.put("a", _WORK[0])
    assert _names(index, "soup", limit=1) == ["a"], "a removed card may return"


def _check_filled(index: AgentIndex) -> None:
    index.put_many([("a", _WORK[0]), ("b", _WORK[1]), ("c", _WORK[2])])
    index.fill([("b", _WORK[1]), ("c", _WORK[3]), ("d", _WORK[4])])
    assert len(index) == 3
    assert set(_names(index, "soup")) == {"b", "c", "d"}
    assert _names(index, "tax invoice", limit=1) == ["c"]
    index.fill([])
    assert len(index) == 0
    assert _names(index, "soup") == []


def _check_order(index: AgentIndex) -> None:
    index.put_many([(f"n{i}", f"{_WORK[i % 5]} and {_WORK[i * 2 % 5]}; {i}") for i in range(30)])
    alone = index.search(["repairs bridges"], limit=30)[0]
    among = index.search(["plays piano", "repairs bridges", "Cook a soup, then file a tax invoice."], limit=5)
    assert len(alone) == 30
    assert all(map(_sorted_well, [alone, *among]))
    assert all(len({hit.name for hit in hits}) == len(hits) for hits in [alone, *among])
    assert [hit.name for hit in among[1]] == [hit.name for hit in alone[:5]], (
        "other phrases and the limit change nothing"
    )
    assert all(abs(a.score - b.score) < 1e-4 for a, b in zip(among[1], alone, strict=False))
    assert index.search(["repairs bridges"], limit=30)[0] == alone, "the same question has the same answer"


def _check_strange(index: AgentIndex) -> None:
    index.put_many([(name, f"does thing number {i}; \x1b[31m 'x' \"y\" \\ %s {{}}") for i, name in enumerate(_STRANGE)])
    assert sorted(_names(index, "thing number")) == sorted(_STRANGE), "names come back as they were put"
    assert _names(index, "user name", limit=1) == ["getUserName"]
    assert _names(index, "人工知能", limit=1) == ["人工知能"]
    index.put("says nothing", "")
    index.put("says much", "word " * 5_000)
    assert len(index) == len(_STRANGE) + 2
    for phrase in ("", " \n", "?!", "\0", "🤖", "the of and", "x" * 50_000, "'; --", '"" 42', "\ud800"):
        assert _sorted_well(index.search([phrase], limit=3)[0])
    for name in _STRANGE:
        index.remove(name)
    assert set(_names(index, "thing")) == {"says nothing", "says much"}


def _check_many(index: AgentIndex, many: int) -> None:
    index.put_many([(f"n{i}", f"{_WORK[i % 5]} and {_WORK[i // 5 % 5]} in district {i}") for i in range(many)])
    assert len(index) == many
    for wanted in ({"n7"}, {f"n{i}" for i in range(0, many, 97)}, {f"n{i}" for i in range(0, many, 2)}):
        right = min(10, len(wanted))
        by_accept = _names(index, "plays piano", limit=10, accept=wanted.__contains__)
        by_name = _names(index, "plays piano", limit=10, among=wanted)
        both = _names(index, "plays piano", limit=10, among=wanted, accept=lambda name: name != "n0")
        assert set(by_accept) <= wanted
        assert set(by_name) <= wanted
        assert len(by_accept) == len(by_name) == right, "filters are applied before the cut"
        assert "n0" not in both
    assert _names(index, "plays piano", among=["never was"]) == []
    assert _names(index, "plays piano", accept=lambda name: False) == []
    assert len(_names(index, "plays piano", limit=many)) == many
    assert _names(index, "in district 77", limit=1) == ["n77"]
    index.put("newcomer", "restores Wurlitzer organs")
    assert _names(index, "Wurlitzer organs", limit=1) == ["newcomer"], "found at once among many"
    index.remove("newcomer")
    assert "newcomer" not in _names(index, "Wurlitzer organs", limit=5)


def _check_threads(index: AgentIndex) -> None:
    index.put_many([(f"steady {i}", work) for i, work in enumerate(_WORK)])
    troubles: list[BaseException] = []
    start = threading.Barrier(4)

    def churn(own: int) -> None:
        for i in range(12):
            index.put(f"own {own} {i % 3}", f"{_WORK[i % 5]} {i}")
            if i % 3 == 0:
                index.remove(f"own {own} {(i + 1) % 3}")

    def look(_: int) -> None:
        for i in range(12):
            found = _names(index, _WORK[i % 5], accept=lambda name: name.startswith("steady"))
            assert found[0] == f"steady {i % 5}"
            assert len(found) == len(_WORK)

    def run(work: Callable[[int], None], own: int) -> None:
        try:
            start.wait(10)
            work(own)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that checks
            troubles.append(error)

    threads = [threading.Thread(target=run, args=(work, own)) for own, work in enumerate((churn, churn, look, look))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]
    assert len(index) == len(_WORK) + 2 * 3 - sum(f"own {own} 1" not in _names(index, "own", 99) for own in (0, 1))


def _check_kept(make: Make) -> None:
    """Another index at the same place has, once filled, what the first had."""
    cards = [(f"n{i}", f"{_WORK[i % 5]} and {_WORK[i * 2 % 5]}; {i}") for i in range(100)]
    first = make("kept")
    first.put_many(cards)
    before = first.search(["repairs bridges"], limit=10)[0]
    first.close()
    first.close()
    second = make("kept")
    try:
        second.fill([card for card in cards if card[0] != "n9"])
        assert len(second) == 99
        after = {hit.name: hit.score for hit in second.search(["repairs bridges"], limit=11)[0]}
        assert "n9" not in after
        assert all(abs(after[hit.name] - hit.score) < 2e-2 for hit in before if hit.name in after)
        assert len(after.keys() & {hit.name for hit in before}) >= 9
    finally:
        second.close()
