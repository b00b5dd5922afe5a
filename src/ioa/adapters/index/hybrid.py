"""The index of agents: words at once, meaning as soon as it is computed.

Source: IoA paper, 2.3.1 and A.3.3. Measured by bench/discovery_at_size.py.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ioa.adapters.index import snapshot
from ioa.adapters.index.blas import one_core
from ioa.adapters.index.corpus import Corpus
from ioa.adapters.index.embedding import Embedder, Matrix
from ioa.adapters.index.meanings import LocalMeanings, Meanings, mean_of
from ioa.adapters.index.nearest import make_lists
from ioa.adapters.index.phrases import View, parts_of_card, views
from ioa.adapters.index.setting import DEFAULT, Setting
from ioa.adapters.index.unavailable import MeaningsUnavailable
from ioa.adapters.index.words import separated, terms
from ioa.ports.index import Hit

_BATCH = 32  # cards embedded at once by `put_many` itself
_IN_BACKGROUND = 8  # and by the thread of the index, where others want the core: half of them the newest
_TOGETHER = 256  # cards put by their words while searches wait
_LEAST_SWEEP = 64
_ASKED = 1_024  # views of phrases whose vectors are kept at hand, 2 kB each
_FEW, _SMALL, _PATIENCE_S = 24, 1_024, 10.0
_SAVED_EVERY_S, _WORTH_KEEPING = 300.0, 64  # seconds and changes between two files, at least
_TRIED_EVERY_S = 5.0  # while the engine that keeps the vectors cannot be reached


class HybridIndex:
    """An AgentIndex. Every public method may be called from any thread.

    `put` returns when the card is found by words and meaning; with `background=True` when it is found by its
    words, and a thread of the index embeds the rest, the newest card among the first (`settle` waits for it, `close`
    ends it). Without an embedder, words only.

    Vectors are kept in memory, or by `meanings`. With a `file`, what the index knows is written there now and then and
    by `close`, and read by the next index; texts that are still the same then cost next to nothing.
    """

    def __init__(
        self,
        embedder: Embedder | None,
        *,
        why_no_meaning: str = "",
        background: bool = False,
        setting: Setting = DEFAULT,
        meanings: Meanings | None = None,
        file: Path | None = None,
    ) -> None:
        self._embedder = embedder
        self._why_no_meaning = why_no_meaning
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._waiting: dict[str, str] = {}  # texts without vectors by name, oldest first: one a card at most
        self._asked: OrderedDict[View, Matrix] = OrderedDict()  # vectors of what was searched for lately
        self._asked_lock = threading.Lock()
        self._closed = False
        self._failed = ""
        self._away = ""  # why the engine that keeps the vectors does not answer now
        self._worker: threading.Thread | None = None
        self._background = background and (embedder is not None or file is not None)
        self._file = file
        self._changes = 0  # since the file was written
        self._saved_s = time.monotonic()
        self._corpus = self._read(setting, meanings) or Corpus(setting, meanings)

    def _read(self, setting: Setting, meanings: Meanings | None) -> Corpus | None:
        """What the file knows, if it is right."""
        found = None if self._file is None else snapshot.load(self._file, self._made_by())
        return None if found is None else snapshot.corpus_of(found, setting, meanings)

    def _made_by(self) -> str:
        return "words" if self._embedder is None else self._embedder.describe()

    # Cards

    def put(self, name: str, text: str) -> None:
        self.put_many([(name, text)])

    def put_many(self, cards: Sequence[tuple[str, str]]) -> None:
        for start in range(0, len(cards), _TOGETHER):
            self._put_words(cards[start : start + _TOGETHER])
        if self._background:
            self._start_worker()
        elif self._embedder is not None:
            for start in range(0, len(cards), _BATCH):
                self._embed(self._embedder, [name for name, _ in cards[start : start + _BATCH]])
            self._make_lists()
        self._flush()

    def fill(self, cards: Sequence[tuple[str, str]]) -> None:
        wanted = {name for name, _ in cards}
        with self._lock:
            gone = [name for name in self._corpus.names() if name not in wanted]
            for name in gone:
                self._remove(name)
        self.put_many(cards)

    def _put_words(self, cards: Sequence[tuple[str, str]]) -> None:
        newest = dict(cards)  # a name that is there twice is the last one
        digests = {name: _digest(text) for name, text in newest.items()}
        with self._lock:
            same = self._corpus.same(digests)
        # Taking texts apart is most of the work: it is done while others search.
        said = {name: _said(name, text) for name, text in newest.items() if name not in same}
        with self._changed:
            for name in self._corpus.same({name: digests[name] for name in said}):
                del said[name]  # another thread was quicker
            for name, words in said.items():
                if self._corpus.slot(name) is not None:
                    self._drop(name)
                self._corpus.add(name, digests[name], words)
                self._changes += 1
                if self._embedder is not None and not self._corpus.adopt(name):
                    self._waiting[name] = newest[name]
            if self._embedder is not None:
                for name in self._corpus.without_meaning(same):
                    self._waiting.setdefault(name, newest[name])
            self._changed.notify_all()

    def remove(self, name: str) -> None:
        with self._changed:
            self._remove(name)
        self._flush()

    def _flush(self) -> None:
        """Let the engine forget what was dropped; if it does not answer, the next one asks it again."""
        try:
            self._corpus.meanings.flush()
        except MeaningsUnavailable as error:
            self._away = str(error)

    def _remove(self, name: str) -> None:
        if self._corpus.slot(name) is not None:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._waiting.pop(name, None)
        self._corpus.drop(name)
        self._changes += 1
        if self._corpus.slots_used > 2 * len(self._corpus) + _LEAST_SWEEP:
            self._corpus = self._corpus.swept()

    # Meaning

    def _embed(self, embedder: Embedder, names: Sequence[str]) -> None:
        """Compute the vectors of these cards outside the lock; keep those whose cards are still the same."""
        with self._lock:
            chosen = [(name, self._waiting[name]) for name in names if name in self._waiting]
        if not chosen:
            return
        texts, meanings = dict(chosen), self._corpus.meanings
        digests = {name: _digest(text) for name, text in chosen}
        ready = meanings.ready(digests)
        made = self._vectors_of_cards(embedder, [entry for entry in chosen if entry[0] not in ready])
        meanings.entrust([(name, digests[name], whole, parts) for name, (whole, parts) in made.items()])
        with self._changed:
            for name, text in texts.items():
                if self._waiting.get(name) == text:
                    if name in made:
                        self._corpus.mean(name, *made[name])
                    else:
                        self._corpus.adopt(name)
                    del self._waiting[name]
                    self._changes += 1
                elif self._corpus.slot(name) is None:
                    self._corpus.meanings.disown(name)
            self._changed.notify_all()

    def _vectors_of_cards(
        self, embedder: Embedder, cards: Sequence[tuple[str, str]]
    ) -> dict[str, tuple[Matrix, Matrix]]:
        """By name: the vector of the whole card `(dim,)` and of its parts `(n, dim)`."""
        split = [parts_of_card(text) for _, text in cards]
        wholes = [f"{separated(name)}: {text}" for name, text in cards]
        rows = embedder.embed(wholes + [part for parts in split for part in parts])
        made: dict[str, tuple[Matrix, Matrix]] = {}
        start = len(cards)
        for i, (name, _) in enumerate(cards):
            made[name] = rows[i], rows[start : start + len(split[i])]
            start += len(split[i])
        return made

    def _make_lists(self) -> None:
        """Prepare the search among very many vectors, if there are: seconds of work, without the lock."""
        with self._lock:
            meanings = self._corpus.meanings
            plan = meanings.plan() if isinstance(meanings, LocalMeanings) else None
        if plan is None or not isinstance(meanings, LocalMeanings):
            return
        with one_core():
            lists = make_lists(plan)
        with self._lock:
            if self._corpus.meanings is meanings:
                meanings.install(lists)
                self._changes += 1

    # Background

    def _start_worker(self) -> None:
        with self._lock:
            if self._worker is None and not self._closed:
                self._worker = threading.Thread(target=self._work, name="ioa-index", daemon=True)
                self._worker.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed, self._until_saved())
                if self._closed:
                    return
                names = self._next()
            try:
                if names and self._embedder is not None:
                    self._embed(self._embedder, names)
                self._make_lists()
                if self._until_saved() == 0:
                    self._save()
            except MeaningsUnavailable as error:
                with self._changed:
                    self._away = str(error)
                    self._changed.wait_for(lambda: self._closed, _TRIED_EVERY_S)
            except Exception as error:  # noqa: BLE001 - the worker's loop: one failing batch must not end it
                self._give_up(names, error)

    def _next(self) -> list[str]:
        """Whose vectors are computed next: the newest, who is asked for soonest, and the oldest, who waited longest."""
        half = _IN_BACKGROUND // 2
        newest = [name for name, _ in zip(reversed(self._waiting), range(half), strict=False)]
        oldest = [name for name, _ in zip(self._waiting, range(_IN_BACKGROUND - half), strict=False)]
        return list(dict.fromkeys(newest + oldest))

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
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)

    # Keeping

    def _until_saved(self) -> float | None:
        """Seconds until the file is to be written; None if there is nothing to write."""
        if self._file is None or self._changes < _WORTH_KEEPING:
            return None
        return max(0.0, self._saved_s + _SAVED_EVERY_S - time.monotonic())

    def _save(self) -> None:
        """Write the file; if that fails, the next start takes longer, and `describe` says why."""
        if self._file is None:
            return
        with self._lock:
            kept = snapshot.arrays_of(self._corpus)
            self._changes, self._saved_s = 0, time.monotonic()
        try:
            snapshot.save(self._file, kept, self._made_by())
        except OSError as error:
            self._failed = f"; the index cannot be kept: {error}"

    def close(self) -> None:
        """End the background thread, after the batch it is at, and keep what the index knows. Searching and putting by
        words go on working."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            worker = self._worker
        if worker is not None:
            worker.join()
        if self._changes >= _WORTH_KEEPING:
            self._save()
        self._corpus.meanings.close()

    # Search

    def search(
        self,
        phrases: Sequence[str],
        *,
        limit: int,
        accept: Callable[[str], bool] | None = None,
        among: Collection[str] | None = None,
    ) -> list[list[Hit]]:
        """As the port says. `accept` is called with the index locked: let it be quick, and not wait for others.

        With `background` and few cards, a search waits a moment for a handful of new ones; for a crowd it does not.
        """
        if self._background and 0 < len(self._waiting) <= _FEW and len(self._corpus) <= _SMALL:
            self.settle(_PATIENCE_S)
        looks = [views(phrase) for phrase in phrases]
        corpus = self._corpus
        vectors = self._vectors([view for look in looks for view in look if not corpus.remembers(view)])

        def vector_of(view: View) -> Matrix:
            if view not in vectors:  # it was remembered until a card came or went just now
                vectors.update(self._vectors([view]))
            return vectors[view]

        try:
            corpus.meanings.prepare(list(vectors.values()))
            with self._lock, one_core():
                with_meaning = None if self._embedder is None else vector_of
                found = [self._corpus.rank(look, with_meaning, accept, limit, among) for look in looks]
        except MeaningsUnavailable as error:
            self._away = str(error)
            with self._lock:
                return [self._corpus.rank(look, None, accept, limit, among) for look in looks]
        self._away = ""
        return found

    def _vectors(self, found: Sequence[View]) -> dict[View, Matrix]:
        """The mean of each view's vectors, `(dim,)`; empty without a model."""
        if self._embedder is None or not found:
            return {}
        with self._asked_lock:
            known = {view: self._asked[view] for view in found if view in self._asked}
        new = [view for view in dict.fromkeys(found) if view not in known]
        if new:
            texts = list(dict.fromkeys(text for view in new for text in view.meaning))
            rows = dict(zip(texts, self._embedder.embed(texts), strict=True))
            known |= {view: mean_of([rows[text] for text in view.meaning]) for view in new}
        with self._asked_lock:
            for view in known:
                self._asked[view] = known[view]
                self._asked.move_to_end(view)
            while len(self._asked) > _ASKED:
                self._asked.popitem(last=False)
        return known

    def __len__(self) -> int:
        return len(self._corpus)

    @property
    def meanings(self) -> Meanings:
        """What keeps the vectors. Not thread-safe: for benchmarks and tests."""
        return self._corpus.meanings

    def describe(self) -> str:
        """What this index searches by, in one line, for `ioa doctor`; says why if meaning is missing."""
        if self._embedder is None:
            return f"by words only: {self._why_no_meaning or 'no model of meaning was asked for'}{self._failed}"
        kept = self._corpus.meanings.describe()
        if self._away:
            return f"by words only at the moment: {self._away}"
        return f"by words and meaning ({self._embedder.describe()}{kept and f', {kept}'}){self._failed}"


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _said(name: str, text: str) -> Counter[str]:
    count = Counter(terms(text))
    count.update(terms(name))
    return count
