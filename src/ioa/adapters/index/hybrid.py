"""The index of agents in memory: words at once, meaning as soon as it is computed, exact over all cards.

Some 2 ms a search at 20,000 cards besides the vector of the phrase. Source: IoA paper, 2.3.1 and A.3.3.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ioa.adapters.index.embedding import Embedder, Matrix
from ioa.adapters.index.phrases import View, parts_of_card, views
from ioa.adapters.index.postings import Postings, Scores
from ioa.adapters.index.rows import Rows
from ioa.adapters.index.scoring import DEFAULT, Setting, calibrate, combine
from ioa.adapters.index.words import separated, terms
from ioa.ports.index import Hit

_BATCH = 32  # cards embedded between two looks at what else is to be done
# Cards whose parts are compared, the best by words and whole meaning: all of a small corpus, the likely ones of a large.
_CANDIDATES = 768
_LEAST_SWEEP = 64
_BEST_BM25 = np.float32(2.2)  # BM25 of a term that fills a card, in units of its rarity: k1 + 1


@dataclass(slots=True)
class _Card:
    """What the index knows of an agent. `parts` is the span of its rows in the matrix of parts, once embedded."""

    text: str
    terms: Counter[str]
    slot: int
    parts: slice | None = None


class HybridIndex:
    """An AgentIndex. Every public method may be called from any thread.

    `put` returns when the card is found by words and meaning; with `background=True` when it is found by its words, and a
    thread of the index embeds the rest (`settle` waits for it, `close` ends it). Without an embedder, words only.
    """

    def __init__(
        self,
        embedder: Embedder | None,
        *,
        why_no_meaning: str = "",
        background: bool = False,
        setting: Setting = DEFAULT,
    ) -> None:
        self._embedder = embedder
        self._why_no_meaning = why_no_meaning
        self._setting = setting
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._cards: dict[str, _Card] = {}
        self._names: list[str | None] = []  # by slot; None where a card was replaced or removed
        self._waiting: dict[str, None] = {}  # names without vectors, oldest first
        self._closed = False
        self._worker: threading.Thread | None = None
        self._background = background and embedder is not None
        self._start_empty()

    def _start_empty(self) -> None:
        self._postings = Postings()
        self._names.clear()
        self._whole: Rows | None = None  # made when the width of a vector is known
        self._parts: Rows | None = None

    # Cards

    def put(self, name: str, text: str) -> None:
        self.put_many([(name, text)])

    def put_many(self, cards: Sequence[tuple[str, str]]) -> None:
        with self._changed:
            for name, text in cards:
                self._put_words(name, text)
            if self._background:
                self._start_worker()
                self._changed.notify_all()
                return
        if self._embedder is not None:
            names = [name for name, _ in cards]
            for start in range(0, len(names), _BATCH):
                self._embed(self._embedder, names[start : start + _BATCH])

    def _put_words(self, name: str, text: str) -> None:
        old = self._cards.get(name)
        if old is not None:
            if old.text == text:
                return
            self._drop(old)
        count = Counter(terms(text))
        count.update(terms(name))
        card = _Card(text, count, self._postings.add(count))
        self._cards[name] = card
        self._names.append(name)
        self._waiting[name] = None

    def remove(self, name: str) -> None:
        with self._changed:
            card = self._cards.pop(name, None)
            self._waiting.pop(name, None)
            if card is not None:
                self._drop(card)

    def _drop(self, card: _Card) -> None:
        self._postings.drop(card.slot, card.terms)
        self._names[card.slot] = None
        if len(self._names) > 2 * len(self._cards) + _LEAST_SWEEP:
            self._sweep()

    def _sweep(self) -> None:
        """Give the living cards new slots and rows without the gaps of the dead."""
        whole, parts = self._whole, self._parts
        self._start_empty()
        for name, card in self._cards.items():
            old_slot, card.slot = card.slot, self._postings.add(card.terms)
            self._names.append(name)
            if card.parts is not None and whole is not None and parts is not None:
                self._store(card, whole.view[old_slot], parts.view[card.parts])

    def _store(self, card: _Card, whole: Matrix, parts: Matrix) -> None:
        if self._whole is None or self._parts is None:
            self._whole, self._parts = Rows(whole.shape[-1]), Rows(whole.shape[-1])
        if len(self._whole.view) <= card.slot:
            self._whole.resize(card.slot + 1)
        self._whole.view[card.slot] = whole
        start = self._parts.extend(parts)
        card.parts = slice(start, start + len(parts))

    # Meaning

    def _embed(self, embedder: Embedder, names: Sequence[str]) -> None:
        """Compute the vectors of these cards outside the lock; keep those whose cards are still the same."""
        with self._lock:
            chosen = [(name, self._cards[name].text) for name in names if name in self._waiting]
        split = [parts_of_card(text) for _, text in chosen]
        texts = [f"{separated(name)}: {text}" for name, text in chosen]
        rows = embedder.embed(texts + [part for parts in split for part in parts])
        start = len(chosen)
        with self._changed:
            for i, (name, text) in enumerate(chosen):
                end = start + len(split[i])
                card = self._cards.get(name)
                if card is not None and card.text == text and name in self._waiting:
                    self._store(card, rows[i], rows[start:end])
                    del self._waiting[name]
                start = end
            self._changed.notify_all()

    def _start_worker(self) -> None:
        if self._worker is None and not self._closed:
            self._worker = threading.Thread(target=self._work, name="ioa-index", daemon=True)
            self._worker.start()

    def _work(self) -> None:
        assert self._embedder is not None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                names = [name for name, _ in zip(self._waiting, range(_BATCH), strict=False)]
            self._embed(self._embedder, names)

    def settle(self, timeout_s: float) -> bool:
        """Wait until every card is found by its meaning too; False if that takes longer. True at once without meaning."""
        if self._embedder is None:
            return True
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)

    def close(self) -> None:
        """End the background thread, after the batch it is at. Searching and putting by words go on working."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            worker = self._worker
        if worker is not None:
            worker.join()

    # Search

    def search(
        self, phrases: Sequence[str], *, limit: int, accept: Callable[[str], bool] | None = None
    ) -> list[list[Hit]]:
        """As the port says. `accept` is called with the index locked: let it be quick, and not wait for others."""
        looks = [views(phrase) for phrase in phrases]
        vectors = self._phrase_vectors(looks)
        with self._lock:
            slots = [
                slot for slot, name in enumerate(self._names) if name is not None and (accept is None or accept(name))
            ]
            allowed = np.array(slots, np.intp)
            if limit < 1 or not slots:
                return [[] for _ in phrases]
            return [self._search_one(look, vectors, allowed, limit) for look in looks]

    def _phrase_vectors(self, looks: Sequence[Sequence[View]]) -> dict[View, Matrix]:
        """The mean of each view's vectors, `(dim,)`; empty without a model."""
        if self._embedder is None:
            return {}
        texts = list(dict.fromkeys(text for look in looks for view in look for text in view.meaning))
        rows = dict(zip(texts, self._embedder.embed(texts), strict=True))
        return {
            view: np.mean([rows[text] for text in view.meaning], axis=0, dtype=np.float32)
            for look in looks
            for view in look
        }

    def _search_one(
        self, look: Sequence[View], vectors: dict[View, Matrix], allowed: NDArray[np.intp], limit: int
    ) -> list[Hit]:
        if not look:
            return []
        words = [self._words(view)[allowed] for view in look]
        if self._whole is None or not vectors:
            return self._hits(combine(words, self._setting), allowed, limit)
        if len(self._whole.view) < len(self._names):
            self._whole.resize(len(self._names))
        whole = np.stack([vectors[view] for view in look]) @ self._whole.view.T  # (views, slots)
        s = self._setting
        rough = [s.words * w + (1 - s.words) * m[allowed] for w, m in zip(words, whole, strict=True)]
        kept = np.arange(len(allowed))
        if len(allowed) > max(_CANDIDATES, limit):
            wanted = max(_CANDIDATES, limit)
            best = np.maximum.reduce(rough)
            kept = np.sort(np.argpartition(-best, wanted)[:wanted])
        slots = allowed[kept]
        raw = [
            s.words * w[kept] + (1 - s.words) * self._meaning(vectors[view], m[slots], slots)
            for view, w, m in zip(look, words, whole, strict=True)
        ]
        return self._hits(combine(raw, s), slots, limit)

    def _words(self, view: View) -> Scores:
        """Words' score of every slot: the share of the phrase, by rarity, that the card says too."""
        known = unknown = 0.0
        for term in dict.fromkeys(view.words):
            rarity = self._postings.rarity(term)
            if self._postings.has(term):
                known += rarity
            else:
                unknown += rarity
        reach = known + self._setting.unknown * unknown
        return self._postings.score(view.words) / (_BEST_BM25 * np.float32(max(reach, 1e-9)))

    def _meaning(self, vector: Matrix, whole: Scores, slots: NDArray[np.intp]) -> Scores:
        """Cosines mixed of the whole card's and its best part's, `(len(slots),)`."""
        assert self._parts is not None
        spans = [self._cards[name].parts for slot in slots.tolist() if (name := self._names[slot]) is not None]
        numbers = [i for i, span in enumerate(spans) if span is not None and span.stop > span.start]
        best = whole.copy()
        if numbers:
            chosen = [span for span in spans if span is not None and span.stop > span.start]
            sizes = np.array([span.stop - span.start for span in chosen])
            rows = np.concatenate([np.arange(span.start, span.stop) for span in chosen])
            cosines = self._parts.view[rows] @ vector
            tops = np.maximum.reduceat(cosines, np.cumsum(sizes) - sizes)
            best[numbers] = np.maximum(best[numbers], tops)
        return self._setting.whole * whole + (1 - self._setting.whole) * best

    def _hits(self, raw: Scores, slots: NDArray[np.intp], limit: int) -> list[Hit]:
        order = np.argsort(-raw, kind="stable")[:limit]
        scores = calibrate(raw[order], self._setting)
        found: list[Hit] = []
        for slot, score in zip(slots[order].tolist(), scores.tolist(), strict=True):
            name = self._names[slot]
            if name is not None:
                found.append(Hit(name, score))
        return found

    def __len__(self) -> int:
        return len(self._cards)

    def describe(self) -> str:
        """What this index searches by, in one line, for `ioa doctor`; says why if meaning is missing."""
        if self._embedder is None:
            return f"by words only: {self._why_no_meaning or 'no model of meaning was asked for'}"
        return f"by words and meaning ({self._embedder.describe()})"
