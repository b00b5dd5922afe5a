"""Every index keeps the contract of the port: in memory, by words only, in PostgreSQL with pgvector, in Milvus."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from ioa.adapters.index.embedding import Matrix, unit
from ioa.adapters.index.engines import engine_at
from ioa.adapters.index.hybrid import HybridIndex
from ioa.adapters.index.meanings import LocalMeanings
from ioa.adapters.index.remote import RemoteMeanings
from ioa.adapters.index.unavailable import MeaningsUnavailable
from ioa.testing.indexes import check_index
from ioa.testing.servers.postgres import PostgresServer

WIDTH = 384


class Words384:
    """A model of meaning: the sum of a direction for each word."""

    def __init__(self) -> None:
        self.texts = 0
        self._known: dict[str, Matrix] = {}

    def _direction(self, word: str) -> Matrix:
        if word not in self._known:
            seed = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
            made = np.random.default_rng(list(seed)).standard_normal(WIDTH)
            self._known[word] = made.astype(np.float32)
        return self._known[word]

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.texts += len(texts)
        rows = [
            sum((self._direction(w) for w in set(text.lower().split()[:40])), self._direction("")) for text in texts
        ]
        return unit(np.stack(rows)) if rows else np.zeros((0, WIDTH), np.float32)

    def describe(self) -> str:
        return "words"


def test_in_memory(tmp_path: Path) -> None:
    model = Words384()
    check_index(lambda place: HybridIndex(model, file=tmp_path / place))


def test_in_memory_with_likely_cards_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalMeanings, "exact", lambda _, slots: slots <= 800)
    model = Words384()
    check_index(lambda place: HybridIndex(model, file=tmp_path / place))


def test_by_words_only(tmp_path: Path) -> None:
    check_index(lambda place: HybridIndex(None, file=tmp_path / place))


def test_in_postgresql_with_pgvector(postgres_server: PostgresServer) -> None:
    databases: dict[str, str] = {}

    def make(place: str) -> HybridIndex:
        url = databases.setdefault(place, "") or postgres_server.database()
        databases[place] = url
        return opened(url)

    check_index(make)


@pytest.mark.skipif(
    importlib.util.find_spec("milvus_lite") is None, reason="SKIPPED: no Milvus (install pymilvus and milvus-lite)"
)
def test_in_milvus(tmp_path: Path) -> None:
    check_index(lambda place: opened(f"milvus:{tmp_path / place}.db"), many=900)


def opened(where: str, model: Words384 | None = None) -> HybridIndex:
    engine = engine_at(where)
    assert engine is not None
    return HybridIndex(model or Words384(), meanings=RemoteMeanings(engine()))


def test_what_one_hub_embedded_another_does_not_embed_again(postgres_server: PostgresServer) -> None:
    url = postgres_server.database()
    cards = [(f"agent {i}", f"does thing {i} and other things") for i in range(40)]
    mine, its = Words384(), Words384()
    first, second = opened(url, mine), opened(url, its)
    first.put_many(cards)
    assert mine.texts == 80
    second.put_many(cards)  # registered there too, while both run
    assert its.texts == 0
    third_model = Words384()
    third = opened(url, third_model)
    third.fill(cards)
    assert third_model.texts == 0
    found = [[hit.name for hit in index.search(["thing 7"], limit=5)[0]] for index in (first, second, third)]
    assert found[0] == found[1] == found[2]
    for index in (first, second, third):
        index.close()


def test_while_the_engine_is_away_cards_are_found_by_their_words(postgres_server: PostgresServer) -> None:
    index = opened(postgres_server.database())
    index.put_many([(f"n{i}", f"cooks soup {i}") for i in range(800)])
    index.put("n77", "cooks soup of saffron")
    meanings = index._corpus.meanings
    assert isinstance(meanings, RemoteMeanings)
    meanings._engine.close()
    found = index.search(["saffron soup that nobody asked for"], limit=3)[0]
    assert found[0].name == "n77"
    assert "by words only at the moment" in index.describe()
    index.close()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "pgvector, database none at 127.0.0.1: "),
        ("milvus:/nowhere/at/all.db", "Milvus at /nowhere/at/all.db: "),
    ],
)
def test_an_engine_that_is_not_there_is_said_with_its_place(
    where: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where.startswith("milvus") and importlib.util.find_spec("milvus_lite") is None:
        pytest.skip("SKIPPED: no Milvus (install pymilvus and milvus-lite)")
    monkeypatch.setattr("ioa.adapters.index.pgvector._WITHIN_S", 0.5)
    engine = engine_at(where)
    assert engine is not None
    with pytest.raises(MeaningsUnavailable, match=said):
        engine()


@pytest.mark.parametrize("where", ["", "pgvector", "mongodb://h", "milvus:", "milvus:x.sqlite", "milvus+ftp://h"])
def test_a_place_that_names_no_engine_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="memory, postgresql://"):
        engine_at(where)
    maker: Callable[[], object] | None = engine_at("memory")
    assert maker is None
