"""The index of agents in memory: words at once, meaning as soon as it is computed, exact over all cards.

Besides the vector of the phrase a search costs some 2 ms of CPU at 1,500 cards and 8 at 20,000; among few cards a
phrase that was asked for before costs 0.2 ms.
Source: IoA paper, 2.3.1 and A.3.3.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ioa.adapters.index.blas import one_core
from ioa.adapters.index.corpus import Corpus
from ioa.adapters.index.embedding import Embedder, Matrix
from ioa.adapters.index.meanings import mean_of
from ioa.adapters.index.phrases import View, parts_of_card, views
from ioa.adapters.index.setting import DEFAULT, Setting
from ioa.adapters.index.words import separated, terms
from ioa.ports.index import Hit

_BATCH = 32  # cards embedded between two looks at what else is to be done
_LEAST_SWEEP = 64
_FEW, _PATIENCE_S = 24, 10.0


@dataclass(slots=True)
class _Card:
    """What the index knows of an agent; `embedded` once its vectors are in `slot`."""

    text: str
    terms: Counter[str]
    slot: int
    embedded: bool = False


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
        self._corpus = Corpus(setting)

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
        self._cards[name] = _Card(text, count, self._corpus.add(name, count))
        self._waiting[name] = None

    def remove(self, name: str) -> None:
        with self._changed:
            card = self._cards.pop(name, None)
            self._waiting.pop(name, None)
            if card is not None:
                self._drop(card)

    def _drop(self, card: _Card) -> None:
        self._corpus.drop(card.slot, card.terms)
        if self._corpus.slots_used > 2 * len(self._cards) + _LEAST_SWEEP:
            self._sweep()

    def _sweep(self) -> None:
        """Give the living cards new slots and rows without the gaps of the dead."""
        old, self._corpus = self._corpus, Corpus(self._setting)
        for name, card in self._cards.items():
            old_slot, card.slot = card.slot, self._corpus.add(name, card.terms)
            if card.embedded:
                self._corpus.mean(card.slot, *old.meaning(old_slot))

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
                    self._corpus.mean(card.slot, rows[i], rows[start:end])
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
        corpus = self._corpus
        vectors = self._vectors([view for look in looks for view in look if not corpus.remembers(view)])

        def vector_of(view: View) -> Matrix:
            if view not in vectors:  # it was remembered until a card came or went just now
                vectors.update(self._vectors([view]))
            return vectors[view]

        with self._lock, one_core():
            with_meaning = None if self._embedder is None else vector_of
            return [self._corpus.rank(look, with_meaning, accept, limit) for look in looks]

    def _vectors(self, found: Sequence[View]) -> dict[View, Matrix]:
        """The mean of each view's vectors, `(dim,)`; empty without a model."""
        if self._embedder is None or not found:
            return {}
        texts = list(dict.fromkeys(text for view in found for text in view.meaning))
        rows = dict(zip(texts, self._embedder.embed(texts), strict=True))
        return {view: mean_of([rows[text] for text in view.meaning]) for view in dict.fromkeys(found)}

    def __len__(self) -> int:
        return len(self._cards)

    def describe(self) -> str:
        """What this index searches by, in one line, for `ioa doctor`; says why if meaning is missing."""
        if self._embedder is None:
            return f"by words only: {self._why_no_meaning or 'no model of meaning was asked for'}"
        return f"by words and meaning ({self._embedder.describe()}){self._failed}"
