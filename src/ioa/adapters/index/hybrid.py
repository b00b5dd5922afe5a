"""The index of agents in memory: words at once, meaning as soon as it is computed, exact over all cards.

Besides the vector of the phrase a search costs some 2 ms of CPU at 1,500 cards and 7 at 20,000.
Source: IoA paper, 2.3.1 and A.3.3.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ioa.adapters.index.blas import one_core
from ioa.adapters.index.embedding import Embedder, Matrix
from ioa.adapters.index.meanings import Meanings, Slots, mean_of
from ioa.adapters.index.phrases import View, parts_of_card, views
from ioa.adapters.index.postings import BEST_BM25, Postings, Scores
from ioa.adapters.index.scoring import DEFAULT, Setting, calibrate, combine
from ioa.adapters.index.words import separated, terms
from ioa.ports.index import Hit

_BATCH = 32  # cards embedded between two looks at what else is to be done
# Cards whose parts are compared, the best by words and whole meaning: all of a small corpus, the likely ones of
# a large.
_CANDIDATES = 768
_LEAST_SWEEP = 64
_FEW, _PATIENCE_S = 24, 10.0


@dataclass(slots=True)
class _Card:
    """What the index knows of an agent; `embedded` once its vectors are in `slot`."""

    text: str
    terms: Counter[str]
    slot: int
    embedded: bool = False


def _no_names() -> list[str | None]:
    return []


class HybridIndex:
    """An AgentIndex. Every public method may be called from any thread.

    `put` returns when the card is found by words and meaning; with `background=True` when it is found by its
    words, and a thread of the index embeds the rest (`settle` waits for it, `close` ends it). Without an
    embedder, words only.
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
        self._waiting: dict[str, None] = {}  # names without vectors, oldest first
        self._closed = False
        self._failed = ""
        self._worker: threading.Thread | None = None
        self._background = background and embedder is not None
        self._start_empty()

    def _start_empty(self) -> None:
        self._postings = Postings()
        self._names = _no_names()  # by slot; None where a card was replaced or removed
        self._meanings = Meanings()
        self._slots: Slots | None = None

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
            del self._cards[name]  # first: dropping may sweep, and a sweep keeps all that is there
            self._drop(old)
        count = Counter(terms(text))
        count.update(terms(name))
        card = _Card(text, count, self._postings.add(count))
        self._cards[name] = card
        self._names.append(name)
        self._waiting[name] = None
        self._slots = None

    def remove(self, name: str) -> None:
        with self._changed:
            card = self._cards.pop(name, None)
            self._waiting.pop(name, None)
            if card is not None:
                self._drop(card)

    def _drop(self, card: _Card) -> None:
        self._postings.drop(card.slot, card.terms)
        self._names[card.slot] = None
        self._slots = None
        if len(self._names) > 2 * len(self._cards) + _LEAST_SWEEP:
            self._sweep()

    def _sweep(self) -> None:
        """Give the living cards new slots and rows without the gaps of the dead."""
        old = self._meanings
        self._start_empty()
        for name, card in self._cards.items():
            old_slot, card.slot = card.slot, self._postings.add(card.terms)
            self._names.append(name)
            if card.embedded:
                self._meanings.put(card.slot, *old.get(old_slot))

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
                    self._meanings.put(card.slot, rows[i], rows[start:end])
                    card.embedded = True
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
            try:
                self._embed(self._embedder, names)
            except Exception as error:  # noqa: BLE001 - the worker's loop: one failing batch must not end it
                self._give_up(names, error)

    def _give_up(self, names: Sequence[str], error: Exception) -> None:
        """Leave these cards to be found by words; `describe` says so."""
        with self._changed:
            for name in names:
                self._waiting.pop(name, None)
            self._failed = f"; {len(names)} cards by words only, because of {type(error).__name__}: {error}"
            self._changed.notify_all()

    def settle(self, timeout_s: float) -> bool:
        """Wait until every card is found by its meaning too; False if that takes longer. True at once without
        meaning."""
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
        """As the port says. `accept` is called with the index locked: let it be quick, and not wait for others.

        With `background`, a search waits a moment for a handful of new cards; for a crowd of them it does not.
        """
        if self._background and 0 < len(self._waiting) <= _FEW:
            self.settle(_PATIENCE_S)
        looks = [views(phrase) for phrase in phrases]
        vectors = self._phrase_vectors(looks)
        with self._lock, one_core():
            allowed = self._living()
            if accept is not None:
                keep = [name is not None and accept(name) for name in self._names]
                allowed = np.flatnonzero(np.array(keep, np.bool_))
            if limit < 1 or not len(allowed):
                return [[] for _ in phrases]
            return [self._search_one(look, vectors, allowed, limit) for look in looks]

    def _living(self) -> Slots:
        """The slots of all cards, in order; kept until a card comes or goes."""
        if self._slots is None:
            self._slots = np.array([i for i, name in enumerate(self._names) if name is not None], np.intp)
        return self._slots

    def _phrase_vectors(self, looks: Sequence[Sequence[View]]) -> dict[View, Matrix]:
        """The mean of each view's vectors, `(dim,)`; empty without a model."""
        if self._embedder is None:
            return {}
        found = list(dict.fromkeys(view for look in looks for view in look))
        texts = list(dict.fromkeys(text for view in found for text in view.meaning))
        rows = dict(zip(texts, self._embedder.embed(texts), strict=True))
        return {view: mean_of([rows[text] for text in view.meaning]) for view in found}

    def _search_one(self, look: Sequence[View], vectors: dict[View, Matrix], allowed: Slots, limit: int) -> list[Hit]:
        if not look:
            return []
        words = np.stack([self._words(view)[allowed] for view in look])  # (views, cards), as all below
        if not vectors:
            return self._hits(combine(words, self._setting), allowed, limit)
        phrase = np.stack([vectors[view] for view in look])
        whole = self._meanings.whole(phrase, allowed)
        most = max(_CANDIDATES, limit)
        if len(allowed) > most:
            rough = self._mixed(words, whole).max(axis=0)
            kept = np.sort(np.argpartition(-rough, most)[:most])
            allowed, words, whole = allowed[kept], words[:, kept], whole[:, kept]
        best = np.maximum(whole, self._meanings.best_part(phrase, allowed))
        share = np.float32(self._setting.whole)
        mixed = self._mixed(words, share * whole + (1 - share) * best)
        return self._hits(combine(mixed, self._setting), allowed, limit)

    def _mixed(self, words: Matrix, meaning: Matrix) -> Matrix:
        n, few = len(self._cards), self._setting.few
        share = np.float32(self._setting.words * n / (n + few))
        return np.asarray(share * words + (1 - share) * meaning, np.float32)

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
        return self._postings.score(view.words) / np.float32(BEST_BM25 * max(reach, 1e-9))

    def _hits(self, raw: Scores, slots: Slots, limit: int) -> list[Hit]:
        order = np.argsort(-raw, kind="stable")[:limit]
        scores = calibrate(raw[order], self._setting)
        chosen: list[int] = slots[order].tolist()
        names = [self._names[slot] for slot in chosen]
        return [Hit(name, float(score)) for name, score in zip(names, scores, strict=True) if name is not None]

    def __len__(self) -> int:
        return len(self._cards)

    def describe(self) -> str:
        """What this index searches by, in one line, for `ioa doctor`; says why if meaning is missing."""
        if self._embedder is None:
            return f"by words only: {self._why_no_meaning or 'no model of meaning was asked for'}"
        return f"by words and meaning ({self._embedder.describe()}){self._failed}"
