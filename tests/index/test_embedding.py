"""The model: its file is checked, its vectors mean something, are the same in any company, and are kept."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

import ioa.adapters.index
from ioa.adapters.index import MemoryVectors, open_index
from ioa.adapters.index.embedding import MeaningUnavailable, MiniLM
from ioa.adapters.index.vectors import vector_key

PUBLISHED = (0.6946, 0.2569)
MODEL = Path(ioa.adapters.index.__file__).parent / "model"


class Recording:
    """A VectorStore that remembers what it was asked."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.put: list[int] = []

    def get_many(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put_many(self, vectors: Mapping[bytes, bytes]) -> None:
        self.put.append(len(vectors))
        self.kept.update(vectors)


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM()


def test_texts_of_like_meaning_are_near(model: MiniLM) -> None:
    car, auto, soup = model.embed(["How do I repair my car?", "Fixing an automobile", "A recipe for tomato soup"])
    assert car @ auto > 0.6
    assert car @ soup < 0.2


def test_vectors_agree_with_the_published_model(model: MiniLM) -> None:
    # Cosines of the float32 network of the published weights (scripts/export_model.py, `reference`).
    rows = model.embed(["That is a happy person", "That is a happy dog", "Today is a sunny day"])
    assert rows.shape == (3, 384)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-3)
    assert float(rows[0] @ rows[1]) == pytest.approx(PUBLISHED[0], abs=0.02)
    assert float(rows[0] @ rows[2]) == pytest.approx(PUBLISHED[1], abs=0.02)


def test_a_vector_does_not_depend_on_its_company(model: MiniLM) -> None:
    texts = [f"card number {i} about " + "many things " * (i % 7) for i in range(40)]
    together = MiniLM().embed(texts)
    alone = np.concatenate([model.embed([text]) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.99999


def test_strange_texts_have_vectors_too(model: MiniLM) -> None:
    texts = ["", " ", "\x00\x07", "🤖", "人工知能", "x" * 100_000, "lone \ud800 surrogate"]
    rows = model.embed(texts)
    assert np.isfinite(rows).all()
    assert model.embed([]).shape == (0, 384)


def test_what_a_store_holds_is_not_computed_again() -> None:
    store = Recording()
    first = MiniLM(store=store)
    rows = first.embed(["one", "two", "one"])
    assert sum(store.put) == 2
    assert all(len(vector) == 768 for vector in store.kept.values())
    again = MiniLM(store=store).embed(["two", "one"])
    assert sum(store.put) == 2
    assert np.array_equal(again, rows[[1, 0]])


def test_spellings_that_the_model_does_not_tell_apart_are_computed_once() -> None:
    store = Recording()
    model = MiniLM(store=store)
    rows = model.embed(["Total per région", "total  PER region", "total per\nregion"])
    assert sum(store.put) == 1
    assert np.array_equal(rows[0], rows[1])
    assert np.array_equal(rows[0], rows[2])
    model.embed(["total per region."])
    assert sum(store.put) == 2


@pytest.mark.parametrize("tokens", [1, 2, 15, 16, 17, 31, 64, 255])
def test_texts_of_every_length_mean_the_same_alone_and_together(tokens: int) -> None:
    text = "word " * tokens
    model = MiniLM(recent=1)
    among = model.embed([text, "something else", "and a third text of some length"])[0]
    assert float(model.embed([text])[0] @ among) > 0.99999


def test_memory_is_bounded_and_forgets_the_unused() -> None:
    memory = MemoryVectors(most=2)
    keys = [vector_key("model", text) for text in ("a", "b", "c")]
    memory.put_many({keys[0]: b"0", keys[1]: b"1"})
    assert memory.get_many([keys[0]]) == {keys[0]: b"0"}
    memory.put_many({keys[2]: b"2"})
    assert memory.get_many(keys) == {keys[0]: b"0", keys[2]: b"2"}
    with pytest.raises(ValueError, match="most = 0"):
        MemoryVectors(most=0)


def test_keys_differ_by_text_and_by_model() -> None:
    assert len({vector_key("m", "a"), vector_key("m", "b"), vector_key("n", "a")}) == 3


def test_threads_share_a_model(model: MiniLM) -> None:
    texts = [f"text of thread {i}" for i in range(12)]
    wanted = MiniLM().embed(texts)
    found: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        found[i] = model.embed([texts[i]])[0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(float(found[i] @ wanted[i]) for i in range(12)) > 0.99999


@pytest.mark.parametrize("damage", ["changed", "missing", "no digests"])
def test_a_damaged_model_is_refused_with_a_remedy(tmp_path: Path, damage: str) -> None:
    for name in ("all-MiniLM-L6-v2.int8.npz", "vocab.txt", "digests.json"):
        shutil.copy(MODEL / name, tmp_path / name)
    match damage:
        case "changed":
            raw = bytearray((tmp_path / "vocab.txt").read_bytes())
            raw[1000] ^= 1
            (tmp_path / "vocab.txt").write_bytes(raw)
        case "missing":
            (tmp_path / "all-MiniLM-L6-v2.int8.npz").unlink()
        case _:
            (tmp_path / "digests.json").write_text("{}")
    with pytest.raises(MeaningUnavailable, match="install internet-of-agents again"):
        MiniLM(folder=tmp_path)


def test_an_index_without_a_model_searches_by_words_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(**_: object) -> MiniLM:
        raise MeaningUnavailable("no such file")

    monkeypatch.setattr("ioa.adapters.index.embedding.MiniLM", unavailable)
    index = open_index()
    assert index.describe() == "by words only: no such file"
    index.put("Weather Watch", "Tells the weather of a place.")
    index.put("chef", "Suggests recipes.")
    assert [hit.name for hit in index.search(["what is the weather"], limit=1)[0]] == ["Weather Watch"]
