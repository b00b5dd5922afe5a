"""The index: cards come and go, filters are exact, scores mean the same everywhere, threads do not interfere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ioa.adapters.index.embedding import Matrix, MiniLM
from ioa.adapters.index.hybrid import HybridIndex

NAMES = ["Weather Watch", "getUserName", "chef; DROP", "人工知能", "🤖 robot", "a" * 300]
WORDS = ["weather", "storm", "recipe", "soup", "invoice", "tax", "route", "bridge", "song", "piano"]


class Letters:
    """A model of meaning that is quick: texts are near if they share letters. `calls` counts texts; `gate` holds."""

    def __init__(self, gate: threading.Event | None = None, fail: bool = False) -> None:
        self.calls = 0
        self._gate = gate
        self._fail = fail

    def embed(self, texts: Sequence[str]) -> Matrix:
        if self._gate is not None:
            assert self._gate.wait(60)
        if self._fail:
            raise OSError("disk full")
        self.calls += len(texts)
        rows = np.array([[1.0 + text.lower().count(c) for c in "abcdefghijklmnop"] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if len(rows) else np.zeros((0, 16), np.float32)

    def describe(self) -> str:
        return "letters"


def names(index: HybridIndex, phrase: str, limit: int = 10, accept: Callable[[str], bool] | None = None) -> list[str]:
    return [hit.name for hit in index.search([phrase], limit=limit, accept=accept)[0]]


def test_a_new_card_is_found_by_the_next_search() -> None:
    index = HybridIndex(Letters())
    assert index.search(["weather"], limit=3) == [[]]
    index.put("Weather Watch", "storm and rain warnings")
    assert names(index, "storm") == ["Weather Watch"]
    assert len(index) == 1


def test_a_changed_card_is_found_by_its_new_text_only() -> None:
    index = HybridIndex(None)
    index.put("a", "cooks soup")
    index.put("b", "plays piano")
    index.put("a", "repairs bridges")
    soup, bridge = index.search(["soup", "bridge"], limit=1)
    assert soup[0].score < 0.1
    assert bridge[0].name == "a"
    assert len(index) == 2


def test_a_removed_card_is_gone_and_unknown_names_are_ignored() -> None:
    index = HybridIndex(Letters())
    index.put_many([("a", "cooks soup"), ("b", "plays piano")])
    index.remove("a")
    index.remove("a")
    index.remove("never was")
    assert names(index, "soup") == ["b"]


def test_strange_names_and_texts_are_kept_as_they_are() -> None:
    index = HybridIndex(Letters())
    index.put_many([(name, f"does thing number {i}\x00\x1b[31m\ud800") for i, name in enumerate(NAMES)])
    assert sorted(names(index, "thing number")) == sorted(NAMES)
    assert names(index, "user name", limit=1) == ["getUserName"]
    index.put("nothing", "")
    assert len(index) == len(NAMES) + 1


@pytest.mark.parametrize("phrase", ["", " \n ", "?!", "\x00", "🤖", "the of and", "x" * 100_000, "\"\" '' 42"])
def test_phrases_that_say_nothing_are_searched_without_harm(phrase: str) -> None:
    index = HybridIndex(Letters())
    index.put_many([("a", "cooks soup"), ("b", "plays piano")])
    hits = index.search([phrase, "soup"], limit=5)
    assert [hit.name for hit in hits[1]] == ["a", "b"]
    assert all(0 <= hit.score <= 1 for hit in hits[0])


def test_accept_filters_before_the_cut() -> None:
    index = HybridIndex(Letters())
    index.put_many([(f"n{i}", "cooks soup " * (1 + i % 3)) for i in range(2_000)])
    index.put("only", "something else altogether")
    assert names(index, "soup", limit=3, accept=lambda name: name == "only") == ["only"]
    assert names(index, "soup", limit=3, accept=lambda name: False) == []
    assert index.search(["soup"], limit=0) == [[]]
    assert len(names(index, "soup", limit=1_500)) == 1_500


def test_among_many_a_filter_is_asked_about_likely_cards_only_and_changes_no_score() -> None:
    index = HybridIndex(Letters())
    index.put_many(
        [(f"n{i}", f"{WORDS[i % 10]}; {WORDS[i * 3 % 10]} and {'soup ' * (i % 9)}{i}") for i in range(2_500)]
    )
    phrase = "Cook a soup, then play the piano."
    asked: list[str] = []

    def wanted(name: str) -> bool:
        asked.append(name)
        return int(name[1:]) % 4 != 0

    found = index.search([phrase], limit=20, accept=wanted)[0]
    assert len(asked) < 2_000
    everything = index.search([phrase], limit=2_500)[0]
    assert [hit.name for hit in found] == [hit.name for hit in everything if wanted(hit.name)][:20]
    rare = index.search([phrase], limit=5, accept=lambda name: name in {"n7", "n1411", "n2003"})[0]
    assert {hit.name for hit in rare} == {"n7", "n1411", "n2003"}


def test_what_was_searched_before_is_not_embedded_again_and_not_stale() -> None:
    embedder = Letters()
    index = HybridIndex(embedder)
    index.put_many([("a", "cooks soup"), ("b", "plays piano")])
    first = index.search(["soup and song"], limit=5)
    calls = embedder.calls
    assert index.search(["soup and song"], limit=5) == first
    assert embedder.calls == calls
    index.put("c", "soup and song")
    assert names(index, "soup and song")[0] == "c"
    index.remove("c")
    assert index.search(["soup and song"], limit=5) == first


def test_hits_come_best_first_with_scores_between_0_and_1() -> None:
    index = HybridIndex(Letters())
    index.put_many([(f"n{i}", " ".join(WORDS[: 1 + i % 10])) for i in range(30)])
    for hits in index.search(["soup", "Cook a soup, then play the piano and file a tax invoice."], limit=30):
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert 0 <= min(scores) <= max(scores) <= 1
        assert len({hit.name for hit in hits}) == 30


def test_a_score_does_not_depend_on_the_other_phrases_or_the_limit() -> None:
    index = HybridIndex(Letters())
    index.put_many([(f"n{i}", " ".join(WORDS[i % 7 :])) for i in range(40)])
    alone = index.search(["soup and tax"], limit=40)[0]
    among = index.search(["piano", "soup and tax", "route"], limit=5)[1]
    assert [hit.name for hit in among] == [hit.name for hit in alone[:5]]
    assert [hit.score for hit in among] == pytest.approx([hit.score for hit in alone[:5]], abs=1e-6)


def test_sweeping_keeps_what_lives() -> None:
    steady, churned = HybridIndex(Letters()), HybridIndex(Letters())
    cards = [(f"n{i}", f"{WORDS[i % 10]}; {WORDS[i * 3 % 10]} and {i}") for i in range(50)]
    steady.put_many(cards)
    for round_ in range(8):
        churned.put_many([(name, f"{text} {round_}") for name, text in cards])
    for i in range(300):
        churned.put("short-lived", f"text {i}")
    churned.remove("short-lived")
    churned.put_many(cards)
    phrases = ["soup", "tax route", "number 7"]
    for got, wanted in zip(churned.search(phrases, limit=50), steady.search(phrases, limit=50), strict=True):
        scores = {hit.name: hit.score for hit in wanted}
        assert {hit.name: hit.score for hit in got} == pytest.approx(scores, abs=1e-4)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.one_of(st.none(), st.lists(st.sampled_from(WORDS), max_size=5))), max_size=60
    )
)
def test_any_history_ends_like_a_fresh_index(history: list[tuple[int, list[str] | None]]) -> None:
    lived, cards = HybridIndex(Letters()), dict[str, str]()
    for number, words in history:
        name = f"agent {number}"
        if words is None:
            lived.remove(name)
            cards.pop(name, None)
        else:
            lived.put(name, " ".join(words))
            cards[name] = " ".join(words)
    fresh = HybridIndex(Letters())
    fresh.put_many(list(cards.items()))
    wanted = {hit.name: hit.score for hit in fresh.search(["soup and tax"], limit=10)[0]}
    got = {hit.name: hit.score for hit in lived.search(["soup and tax"], limit=10)[0]}
    assert got == pytest.approx(wanted, abs=1e-5)


def test_in_the_background_words_are_found_at_once_and_meaning_later() -> None:
    gate = threading.Event()
    embedder = Letters(gate)
    index = HybridIndex(embedder, background=True)
    index.put_many([(f"n{i}", f"cooks {WORDS[i % 10]} {i}") for i in range(100)])
    assert len(index) == 100
    assert not index.settle(0)
    gate.set()
    assert index.settle(20)
    assert embedder.calls == 200  # the whole card and its one part
    assert len(names(index, "soup", limit=100)) == 100
    index.close()
    index.put("late", "plays piano")
    assert names(index, "piano", limit=1, accept=lambda name: name == "late") == ["late"]


def test_cards_that_cannot_be_embedded_are_found_by_words_and_that_is_said() -> None:
    index = HybridIndex(Letters(fail=True), background=True)
    index.put("a", "cooks soup")
    assert index.settle(20)
    assert "1 cards by words only, because of OSError: disk full" in index.describe()
    index.close()


def test_threads_put_remove_and_search_at_once() -> None:
    index = HybridIndex(Letters())
    index.put_many([(f"steady {i}", WORDS[i]) for i in range(10)])
    troubles: list[BaseException] = []
    start = threading.Barrier(6)

    def churn(own: int) -> None:
        start.wait()
        for i in range(60):
            index.put(f"own {own} {i % 5}", f"{WORDS[i % 10]} {i}")
            if i % 3 == 0:
                index.remove(f"own {own} {(i + 1) % 5}")

    def look() -> None:
        start.wait()
        for i in range(60):
            found = names(index, WORDS[i % 10], limit=50, accept=lambda name: name.startswith("steady"))
            assert len(found) == 10
            assert found[0] == f"steady {i % 10}"

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            troubles.append(error)

    jobs: list[Callable[[], None]] = [*(lambda own=own: churn(own) for own in range(3)), look, look, look]
    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []


def test_the_order_of_arrival_changes_nothing() -> None:
    cards = [
        ("Weather Watch", "Tells the weather of a place."),
        ("chef", "Suggests recipes for what is in the fridge."),
    ]
    results = []
    for order in (cards, cards[::-1]):
        index = HybridIndex(MiniLM())
        index.put_many(order)
        hits = index.search(["Will it rain tomorrow?"], limit=2)[0]
        results.append([(hit.name, round(hit.score, 4)) for hit in hits])
    assert results[0] == results[1]
    assert results[0][0][0] == "Weather Watch"
