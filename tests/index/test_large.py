"""Among very many cards: the likely ones are found first, and what is found is what comparing all would find; what the
index knows outlives it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ioa.adapters.index import nearest
from ioa.adapters.index.embedding import Matrix, unit
from ioa.adapters.index.hybrid import HybridIndex
from ioa.adapters.index.meanings import LocalMeanings, quantised
from ioa.adapters.index.postings import STEP, Postings, highest

MANY = 6_000  # cards, more than are all compared
TOPICS = ["weather", "recipe", "invoice", "route", "song", "bridge", "vaccine", "poem", "pump", "planet"]


class Topics:
    """A model of meaning: a text is near others of its topic. Texts that it was asked for are counted."""

    def __init__(self) -> None:
        self.texts = 0
        self.away = False

    def embed(self, texts: Sequence[str]) -> Matrix:
        if self.away:
            raise AssertionError("nothing should be embedded")
        self.texts += len(texts)
        noise = [np.frombuffer(hashlib.blake2b(text.encode()).digest(), np.int8) for text in texts]
        rows = np.stack(noise).astype(np.float32) / 64
        for row, text in zip(rows, texts, strict=True):
            row[: len(TOPICS)] += [12.0 * (topic in text.lower()) for topic in TOPICS]
        return unit(rows.astype(np.float32))

    def describe(self) -> str:
        return "topics"


def cards(count: int = MANY) -> list[tuple[str, str]]:
    return [
        (f"agent {i}", f"knows {TOPICS[i % 10]} and {TOPICS[i // 10 % 10]} of town {i % 997}; number {i}")
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def large() -> HybridIndex:
    index = HybridIndex(Topics())
    index.put_many(cards())
    return index


@pytest.fixture(scope="module")
def listed() -> HybridIndex:
    """The same with lists of neighbours, and some cards outside them."""
    index = HybridIndex(Topics())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_LISTED", 5_000)
        index.put_many(cards(5_500))
        index.put_many(cards()[5_500:])
    assert isinstance(index.meanings, LocalMeanings)
    assert "list_slots" in index.meanings.arrays(np.arange(MANY))
    return index


def names(index: HybridIndex, phrase: str, **options: Any) -> list[str]:
    return [hit.name for hit in index.search([phrase], limit=10, **options)[0]]


@pytest.mark.parametrize("kept", ["large", "listed"])
def test_a_search_among_many_finds_what_comparing_all_finds(
    kept: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    large: HybridIndex = request.getfixturevalue(kept)
    phrases = [f"{first} and {second} of town {i * 31}" for i, first in enumerate(TOPICS) for second in TOPICS[:4]]
    phrases += [f"Find a {first} of town {i}. Then write a {TOPICS[-i]}." for i, first in enumerate(TOPICS)]
    quick = large.search(phrases, limit=10)
    monkeypatch.setattr(LocalMeanings, "exact", lambda *_: True)
    whole = large.search(phrases, limit=10)
    shared = [len({h.name for h in a} & {h.name for h in b}) for a, b in zip(quick, whole, strict=True)]
    assert np.mean(shared) >= 9.8
    for found, right in zip(quick, whole, strict=True):
        scores = {hit.name: hit.score for hit in right}
        assert {h.name: h.score for h in found if h.name in scores} == pytest.approx(
            {h.name: scores[h.name] for h in found if h.name in scores}, abs=1e-4
        )


@pytest.mark.parametrize("share", [2, 50, 1_500, MANY])
def test_filters_among_many_are_exact(large: HybridIndex, share: int) -> None:
    wanted = {f"agent {i}" for i in range(0, MANY, share)}
    right = min(10, len(wanted))
    for options in (
        {"accept": wanted.__contains__},
        {"among": wanted},
        {"among": wanted | {"never was"}, "accept": lambda name: name != "agent 0"},
    ):
        found = names(large, "weather of town 5", **options)
        assert set(found) <= wanted
        assert len(found) == right - (len(wanted) <= 10 and "accept" in options and "among" in options)
    assert names(large, "weather", among=[]) == []
    assert names(large, "weather", accept=lambda _: False) == []


def test_a_card_among_many_is_found_when_it_comes_and_not_when_it_is_gone(large: HybridIndex) -> None:
    large.put("newcomer", "restores Wurlitzer organs")
    assert names(large, "Wurlitzer organs")[0] == "newcomer"
    large.put("newcomer", "knows a song of bridges")
    assert "newcomer" not in names(large, "Wurlitzer organs")
    large.remove("newcomer")
    assert "newcomer" not in names(large, "song of bridges", among=["newcomer", "agent 1"])


def test_rounded_sums_of_words_find_the_highest_exact_ones() -> None:
    chance = np.random.default_rng(5)
    common = [f"w{i}" for i in range(40)]
    postings = Postings()
    for number in range(5_000):
        said = chance.choice(common, 8)
        postings.add({**dict.fromkeys(said, 1 + number % 3), f"rare{number % 700}": 1.0})
    for query in (["w1", "w2", "w3", "rare5"], ["w4"], ["rare9"], common):
        exact = postings.score(query)
        sums = postings.sums([["w7"], query])[1]
        assert sums[: len(exact)] * STEP == pytest.approx(exact, abs=len(query) * STEP)
        found = highest(sums, 200)
        assert len(found) == min(200, np.count_nonzero(exact))
        best = np.argsort(-exact)[: min(100, np.count_nonzero(exact))]
        least = exact[found].min()
        missed = [slot for slot in best.tolist() if slot not in set(found.tolist())]
        assert all(exact[slot] <= least + 0.3 for slot in missed)
        assert postings.score_of([query], found)[0] == pytest.approx(exact[found], abs=1e-5)
        postings.add({"w1": 1.0, "w4": 2.0})  # what was prepared grows with new cards
    newest = postings.add(dict.fromkeys(["w4", "w1"], 1.0))
    assert newest in highest(postings.sums([["w4", "w1"]])[0], 4_000)
    assert highest(postings.sums([["never said"]])[0], 10).tolist() == []


def test_lists_of_neighbours_find_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_LISTED", 4_000)
    monkeypatch.setattr(nearest, "_LEAST_TAIL", 1_000)
    chance = np.random.default_rng(2)
    middles = chance.standard_normal((60, 128))
    rows = unit((middles[chance.integers(0, 60, 12_000)] + chance.standard_normal((12_000, 128))).astype(np.float32))
    levels, steps = quantised(rows)
    found = nearest.Nearest()
    for first, end in ((0, 6_000), (6_000, 6_500), (6_500, 12_000)):
        for slot in range(first, end):
            found.put(slot)
        plan = found.plan(levels, steps)
        assert (plan is None) == (end == 6_500)
        if plan is not None:
            found.install(nearest.make_lists(plan))
    for slot in range(11_900, 12_000):
        found.put(slot)  # a second time, in the tail: as often as it is there
    moved = unit(chance.standard_normal((40, 128)).astype(np.float32))
    questions = np.asarray(rows[::300] + 0.3 * moved, np.float32)
    hits, alike = 0, []
    for question in questions:
        slots, products = found.near(question, 2_000, levels, steps)
        alike.append(np.corrcoef(products, rows[slots] @ question)[0, 1])
        best = slots[np.argsort(-products)[:400]]
        hits += len(set(np.argsort(-(rows @ question))[:10].tolist()) & set(best.tolist()))
    assert hits >= 0.98 * 400
    assert np.mean(alike) > 0.8


def test_what_an_index_knows_outlives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_LISTED", 4_500)
    model, file = Topics(), tmp_path / "index"
    first = HybridIndex(model, file=file)
    first.put_many(cards(5_000))
    first.put("agent 7", "changed its mind about poems")
    first.remove("agent 8")
    before = first.search(["poems of town 5", "weather and song"], limit=20)
    first.close()
    assert file.stat().st_mode & 0o077 == 0

    model.texts = 0
    second = HybridIndex(model, file=file)
    assert len(second) == 4_999
    now = [(name, text) for name, text in cards(5_000) if name not in {"agent 8", "agent 9"}]
    now[7] = ("agent 7", "changed its mind about poems")
    second.fill([*now, ("agent new", "sings a song")])
    assert len(second) == 4_999
    assert model.texts == 2  # the new card and its part
    found = second.search(["poems of town 5", "weather and song"], limit=20)
    scores = {hit.name: hit.score for hits in found for hit in hits}
    for hits in before:
        for hit in hits:
            assert scores.get(hit.name, hit.score) == pytest.approx(hit.score, abs=1e-3)
    assert names(second, "agent new sings a song")[0] == "agent new"
    second.close()


@pytest.mark.parametrize("harm", ["cut", "bits", "other", "empty"])
def test_a_file_that_is_not_right_is_made_anew(tmp_path: Path, harm: str) -> None:
    file = tmp_path / "index"
    with_words = HybridIndex(Topics(), file=file)
    with_words.put_many(cards(80))
    with_words.close()
    whole = file.read_bytes()
    if harm == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif harm == "bits":
        middle = len(whole) // 3
        file.write_bytes(whole[:middle] + bytes(b ^ 255 for b in whole[middle : middle + 400]) + whole[middle + 400 :])
    elif harm == "empty":
        file.write_bytes(b"")
    index = HybridIndex(None if harm == "other" else Topics(), file=file)
    assert len(index) == 0
    index.fill(cards(80))
    assert len(names(index, "weather")) == 10
    index.close()
    assert len(HybridIndex(None if harm == "other" else Topics(), file=file)) == 80


def test_a_crowd_does_not_keep_the_newest_from_being_embedded() -> None:
    gate, seen = threading.Event(), []

    class Slow(Topics):
        def embed(self, texts: Sequence[str]) -> Matrix:
            gate.wait(60)
            seen.append([text for text in texts if text.startswith("agent")])
            return super().embed(texts)

    index = HybridIndex(Slow(), background=True)
    index.put_many(cards(500))
    index.put("agent of the last minute", "knows a planet")
    gate.set()
    assert index.settle(20)
    index.close()
    assert any(text.startswith("agent of the last minute") for batch in seen[:2] for text in batch)
