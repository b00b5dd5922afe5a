"""All cards of an index by their slots, and which of them fit a phrase best. Not thread-safe: the index has the lock.

Of few cards all scores of a phrase are computed and remembered until a card comes or goes, because agents that work
on one goal ask for the same things again. Of some thousands the likely ones are chosen by words and whole meaning, and
compared by their parts as well. Of more, first the best by words and the best by meaning are found, each roughly; from
there on it is as with thousands, so a card's score does not depend on how it was found.
Source: IoA paper, 2.3.1 and A.3.3.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ioa.adapters.index.embedding import Matrix
from ioa.adapters.index.meanings import LocalMeanings, Meanings, Slots
from ioa.adapters.index.phrases import View
from ioa.adapters.index.postings import BEST_BM25, STEP, Postings, Scores, highest
from ioa.adapters.index.rows import Rows, rows_of
from ioa.adapters.index.scoring import Setting, calibrate, combine
from ioa.ports.index import Hit

_FEW = 768  # cards of which the scores of a phrase are remembered
_RECENT_VIEWS = 1_024  # of which they are, 3 kB each
_CANDIDATES = 256  # cards whose parts are compared, the best by words and whole meaning
_NAMED = 2_048  # cards that are compared one by one where a search is among so many names
_ENOUGH = 32
_TRIES = 3  # to find enough cards that a filter lets pass among the likely ones, before it is asked about all
_DIGEST_BYTES = 16
_MORE_SAID = 4  # one in so many more are named by the words of each view than are compared in the end
_MORE = 8  # times as many are looked at with each try

Accept = Callable[[str], bool]
VectorOf = Callable[[View], Matrix]


def _both(among: Collection[str], accept: Accept | None) -> Accept:
    """A filter that lets pass what is `among` and what `accept` lets pass."""
    if accept is None:
        return among.__contains__
    return lambda name: name in among and accept(name)


def _no_names() -> list[str | None]:
    return []


def _no_scores() -> OrderedDict[View, Scores]:
    return OrderedDict()


@dataclass(frozen=True, slots=True)
class _Compared:
    """Cards by their words and whole meanings: `(views, cards)` each; None for none. phrase: `(views, dim)`."""

    slots: Slots
    words: Matrix
    phrase: Matrix | None
    whole: Matrix | None

    def of(self, places: Slots) -> _Compared:
        """Some of them."""
        whole = None if self.whole is None else self.whole[:, places]
        return _Compared(self.slots[places], self.words[:, places], self.phrase, whole)


class Corpus:
    """Words, meanings and names by slot. A slot is never used twice."""

    def __init__(
        self,
        setting: Setting,
        meanings: Meanings | None = None,
        *,
        postings: Postings | None = None,
        names: Sequence[str] = (),
        digests: NDArray[np.uint64] | None = None,
    ) -> None:
        """`names` and `digests (n, 2)` are those of the cards that `postings` and `meanings` hold already, by slot."""
        self._setting = setting
        self._postings = postings or Postings()
        self.meanings: Meanings = meanings or LocalMeanings()
        self._names = _no_names()  # by slot; None where a card was replaced or removed
        self._names += names
        self._slot_of = {name: slot for slot, name in enumerate(names)}
        self._alive = rows_of(np.ones(len(names), np.bool_))
        self._digests = Rows(np.uint64, 2) if digests is None else rows_of(digests)
        self._change()

    def _change(self) -> None:
        """What was computed of all cards together does not hold any more."""
        self._slots: Slots | None = None
        self._reached: dict[View, float] = {}
        self._scores = _no_scores()

    @property
    def slots_used(self) -> int:
        """Slots of living and dead cards."""
        return len(self._names)

    def __len__(self) -> int:
        return len(self._slot_of)

    def slot(self, name: str) -> int | None:
        """Where the card of this name is."""
        return self._slot_of.get(name)

    def names(self) -> Collection[str]:
        """Of all cards."""
        return self._slot_of.keys()

    def same(self, digests: Mapping[str, bytes]) -> set[str]:
        """Those of these names whose cards were added with the digest that is given."""
        there = [(name, slot) for name in digests if (slot := self._slot_of.get(name)) is not None]
        known = self._digests.view[[slot for _, slot in there]].tobytes()
        size = _DIGEST_BYTES
        return {name for i, (name, _) in enumerate(there) if known[i * size : (i + 1) * size] == digests[name]}

    def add(self, name: str, digest: bytes, terms: Mapping[str, float]) -> None:
        """A new card by its words; `digest`, 16 bytes, names its text."""
        self._slot_of[name] = len(self._names)
        self._names.append(name)
        self._alive.append([True])
        self._digests.append(np.frombuffer(digest, np.uint64).reshape(1, 2))
        self._change()
        self._postings.add(terms)

    def drop(self, name: str) -> None:
        """Forget the card of this name, which is there."""
        slot = self._slot_of.pop(name)
        self._postings.drop(slot)
        self.meanings.drop(slot)
        self._names[slot] = None
        self._alive.view[slot] = False
        self._change()

    def mean(self, name: str, whole: Matrix, parts: Matrix) -> None:
        """The vectors of the card of this name, which is there: `whole (dim,)`, `parts (n, dim)`."""
        self.meanings.put(self._slot_of[name], name, whole, parts)
        self._scores = _no_scores()

    def adopt(self, name: str) -> bool:
        """Whether there are vectors of this card already, which is new here; they are used from now on."""
        slot = self._slot_of[name]
        return self.meanings.adopt(slot, name, self._digests.view[slot].tobytes())

    def without_meaning(self, names: Collection[str]) -> list[str]:
        """Those of these cards, which are there, that have no vectors."""
        of = list(names)
        known = self.meanings.known(np.fromiter((self._slot_of[name] for name in of), np.intp, len(of)))
        return [name for name, has in zip(of, known.tolist(), strict=True) if not has]

    def living(self) -> Slots:
        """The slots of all cards, in order; kept until a card comes or goes."""
        if self._slots is None:
            self._slots = np.flatnonzero(self._alive.view)
        return self._slots

    # Of the cards in these slots, which are alive:

    def names_of(self, slots: Slots) -> list[str]:
        of: list[int] = slots.tolist()
        return [name for slot in of if (name := self._names[slot]) is not None]

    def digests_of(self, slots: Slots) -> NDArray[np.uint64]:
        return self._digests.view[slots]

    def words_of(self, slots: Slots) -> dict[str, NDArray[np.generic]]:
        """For `Postings.of`."""
        return self._postings.arrays(slots)

    def swept(self) -> Corpus:
        """The same without the gaps of the dead: living cards have new slots."""
        slots = self.living()
        return Corpus(
            self._setting,
            self.meanings.kept(slots),
            postings=Postings.of(self.words_of(slots)),
            names=self.names_of(slots),
            digests=self.digests_of(slots),
        )

    def remembers(self, view: View) -> bool:
        """Whether ranking by this view needs no vector of it. May be called from any thread: it is a guess there."""
        return view in self._scores

    # Ranking

    def rank(
        self,
        look: Sequence[View],
        vector_of: VectorOf | None,
        accept: Accept | None,
        limit: int,
        among: Collection[str] | None = None,
    ) -> list[Hit]:
        """The best cards for a phrase, given by its views; `vector_of` None ranks by words alone."""
        if not look or limit < 1 or not self._slot_of:
            return []
        if among is not None and len(among) > _NAMED:
            accept = _both(among, accept)
        elif among is not None:
            places = (self._slot_of.get(name) for name in among)
            chosen = np.unique(np.fromiter((slot for slot in places if slot is not None), np.intp))
            return self._rank_these(look, vector_of, self._accepted(chosen, accept), limit)
        if len(self._slot_of) <= _FEW:
            return self._rank_these(look, vector_of, self._accepted(self.living(), accept), limit)
        most = max(_CANDIDATES, limit)
        if not self.meanings.exact(len(self._names)):
            for number in range(_TRIES):
                found = self._roughly(look, vector_of, limit, _MORE**number)
                if len(found) * 2 >= len(self._slot_of):
                    break
                kept = self._likely(self._compared(look, vector_of, found), accept, most)
                if len(kept.slots) >= min(most, len(found)) or len(kept.slots) >= 2 * max(limit, _ENOUGH):
                    return self._by_parts(kept, limit)
        return self._by_parts(self._likely(self._compared(look, vector_of, self.living()), accept, most), limit)

    def _accepted(self, slots: Slots, accept: Accept | None) -> Slots:
        if accept is None:
            return slots
        names = map(self._names.__getitem__, slots.tolist())
        return slots[np.fromiter((name is not None and accept(name) for name in names), np.bool_, len(slots))]

    def _rank_these(self, look: Sequence[View], vector_of: VectorOf | None, slots: Slots, limit: int) -> list[Hit]:
        """The best of these cards, all of which are compared."""
        if len(self._names) <= _FEW:
            return self._hits(np.stack(self._remembered(look, vector_of))[:, slots], slots, limit)
        return self._by_parts(
            self._likely(self._compared(look, vector_of, slots), None, max(_CANDIDATES, limit)), limit
        )

    def _remembered(self, look: Sequence[View], vector_of: VectorOf | None) -> list[Scores]:
        """Each view's scores of every slot, by words and meaning; those of dead ones mean nothing."""
        found = {view: self._scores[view] for view in look if view in self._scores}
        new = [view for view in dict.fromkeys(look) if view not in found]
        if new:
            slots = self.living()
            rows = np.zeros((len(new), len(self._names)), np.float32)
            rows[:, slots] = self._scored(self._compared(new, vector_of, slots))
            found |= zip(new, rows, strict=True)
        for view in look:
            self._scores[view] = found[view]
            self._scores.move_to_end(view)
        while len(self._scores) > _RECENT_VIEWS:
            self._scores.popitem(last=False)
        return [found[view] for view in look]

    def _roughly(self, look: Sequence[View], vector_of: VectorOf | None, limit: int, times: int) -> Slots:
        """Cards among which the best are; `times` as many as usual. The dead are found too, and left out."""
        k = max(self.meanings.roughly(len(self._names)), limit) * times * len(self._names) // len(self._slot_of)
        sums = self._postings.sums([view.words for view in look])
        said = [highest(total, k + k // _MORE_SAID) for total in sums]
        if vector_of is None:
            slots = np.unique(np.concatenate(said))
        else:
            words, meaning = self._shares()
            units = [words / meaning * STEP / reach for reach in self._reach(look)]
            vectors = np.stack([vector_of(view) for view in look])
            slots = self.meanings.likely(vectors, said, lambda i, some: sums[i][some] * np.float32(units[i]), k)
        return slots[self._alive.view[slots]]

    def _compared(self, look: Sequence[View], vector_of: VectorOf | None, slots: Slots) -> _Compared:
        """These cards by words and whole meaning."""
        words = self._words(look, slots)
        if vector_of is None:
            return _Compared(slots, words, None, None)
        phrase = np.stack([vector_of(view) for view in look])
        return _Compared(slots, words, phrase, self.meanings.whole(phrase, slots))

    def _likely(self, found: _Compared, accept: Accept | None, most: int) -> _Compared:
        """The `most` accepted of these cards that are the best by words and whole meaning. `accept` is asked about the
        best ones first: to ask it about all may take longer than everything else."""
        if accept is None and len(found.slots) <= most:
            return found
        rough = found.words if found.whole is None else self._mixed(found.words, found.whole)
        best = rough.max(axis=0)
        if accept is None:
            return found.of(np.sort(np.argpartition(-best, most - 1)[:most]))
        order = np.argsort(-best, kind="stable")
        chosen: list[int] = []
        places: list[int] = order.tolist()
        of: list[int] = found.slots[order].tolist()
        for place, slot in zip(places, of, strict=True):
            name = self._names[slot]
            if name is not None and accept(name):
                chosen.append(place)
                if len(chosen) == most:
                    break
        return found.of(np.sort(np.array(chosen, np.intp)))

    def _by_parts(self, kept: _Compared, limit: int) -> list[Hit]:
        return self._hits(self._scored(kept), kept.slots, limit) if len(kept.slots) else []

    # Scores

    def _scored(self, kept: _Compared) -> Matrix:
        """Scores by words, whole meaning and best part, `(views, cards)`."""
        if kept.phrase is None or kept.whole is None:
            return kept.words
        best = np.maximum(kept.whole, self.meanings.best_part(kept.phrase, kept.slots))
        share = np.float32(self._setting.whole)
        return self._mixed(kept.words, np.asarray(share * kept.whole + (1 - share) * best, np.float32))

    def _shares(self) -> tuple[float, float]:
        """The weights of words and meaning in a score."""
        n = len(self._slot_of)
        words = self._setting.words * n / (n + self._setting.few)
        return words, 1 - words

    def _mixed(self, words: Matrix, meaning: Matrix) -> Matrix:
        of_words, of_meaning = map(np.float32, self._shares())
        return np.asarray(of_words * words + of_meaning * meaning, np.float32)

    def _reach(self, look: Sequence[View]) -> list[float]:
        """The highest BM25 that each view's words could reach."""
        reach: list[float] = []
        for view in look:
            found = self._reached.get(view)
            if found is not None:
                reach.append(found)
                continue
            known = unknown = 0.0
            for term in dict.fromkeys(view.words):
                rarity = self._postings.rarity(term)
                if self._postings.has(term):
                    known += rarity
                else:
                    unknown += rarity
            reach.append(BEST_BM25 * max(known + self._setting.unknown * unknown, 1e-9))
            if len(self._reached) < _RECENT_VIEWS:
                self._reached[view] = reach[-1]
        return reach

    def _words(self, look: Sequence[View], slots: Slots) -> Matrix:
        """Words' scores `(views, cards)`: the share of each phrase, by rarity, that the card says too."""
        queries = [view.words for view in look]
        if 4 * len(slots) > len(self._names):
            rows = np.stack([self._postings.score(query)[slots] for query in queries])
        else:
            rows = self._postings.score_of(queries, slots)
        rows /= np.array(self._reach(look), np.float32)[:, None]
        return rows

    def _hits(self, per_view: Matrix, slots: Slots, limit: int) -> list[Hit]:
        """The best of these cards, by their scores `(views, cards)`."""
        if not len(slots):
            return []
        raw = combine(per_view, self._setting)
        order = np.argsort(-raw, kind="stable")[:limit]
        scores: list[float] = calibrate(raw[order], self._setting).tolist()
        best: list[int] = slots[order].tolist()
        names = [self._names[slot] for slot in best]
        return [Hit(name, score) for name, score in zip(names, scores, strict=True) if name is not None]
