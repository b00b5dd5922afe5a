"""All cards of an index by their slots, and which of them fit a phrase best. Not thread-safe: the index has the lock.

Of few cards all scores of a phrase are computed and remembered until a card comes or goes, because agents that work
on one goal ask for the same things again. Of many the likely ones are chosen first, and a filter is asked about those
only. Source: IoA paper, 2.3.1 and A.3.3.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ioa.adapters.index.embedding import Matrix
from ioa.adapters.index.meanings import Meanings, Slots
from ioa.adapters.index.phrases import View
from ioa.adapters.index.postings import BEST_BM25, Postings, Scores
from ioa.adapters.index.scoring import Setting, calibrate, combine
from ioa.ports.index import Hit

# Cards whose parts are compared, the best by words and whole meaning: all of a small corpus, the likely ones of
# a large.
_CANDIDATES = 768
_RECENT_VIEWS = 1_024  # of which the scores of few cards are remembered, 3 kB each

Accept = Callable[[str], bool]
VectorOf = Callable[[View], Matrix]


def _no_names() -> list[str | None]:
    return []


def _no_scores() -> OrderedDict[View, Scores]:
    return OrderedDict()


class Corpus:
    """Words, meanings and names by slot. A slot is never used twice."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._postings = Postings()
        self._names = _no_names()  # by slot; None where a card was replaced or removed
        self._meanings = Meanings()
        self._alive = 0
        self._change()

    def _change(self) -> None:
        """What was computed of all cards together does not hold any more."""
        self._slots: Slots | None = None
        self._scores = _no_scores()

    @property
    def slots_used(self) -> int:
        """Slots of living and dead cards."""
        return len(self._names)

    def add(self, name: str, terms: Mapping[str, float]) -> int:
        """A new card by its words; its slot."""
        self._names.append(name)
        self._alive += 1
        self._change()
        return self._postings.add(terms)

    def drop(self, slot: int, terms: Mapping[str, float]) -> None:
        """Forget the card in `slot`, which was added with `terms`."""
        self._postings.drop(slot, terms)
        self._names[slot] = None
        self._alive -= 1
        self._change()

    def mean(self, slot: int, whole: Matrix, parts: Matrix) -> None:
        """The vectors of the card in `slot`: `whole (dim,)`, `parts (n, dim)`."""
        self._meanings.put(slot, whole, parts)
        self._change()

    def meaning(self, slot: int) -> tuple[Matrix, Matrix]:
        """What was given to `mean`."""
        return self._meanings.get(slot)

    def remembers(self, view: View) -> bool:
        """Whether ranking by this view needs no vector of it. May be called from any thread: it is a guess there."""
        return view in self._scores

    def rank(self, look: Sequence[View], vector_of: VectorOf | None, accept: Accept | None, limit: int) -> list[Hit]:
        """The best cards for a phrase, given by its views; `vector_of` None ranks by words alone."""
        living = self._living()
        if not look or limit < 1 or not len(living):
            return []
        if vector_of is not None and len(living) > max(_CANDIDATES, limit):
            return self._rank_many(look, vector_of, accept, limit)
        slots = living if accept is None else self._accepted(living, accept)
        if not len(slots):
            return []
        scores = np.stack(self._scores_of(look, vector_of))[:, slots]
        return self._hits(combine(scores, self._setting), slots, limit)

    def _living(self) -> Slots:
        """The slots of all cards, in order; kept until a card comes or goes."""
        if self._slots is None:
            self._slots = np.array([i for i, name in enumerate(self._names) if name is not None], np.intp)
        return self._slots

    def _accepted(self, slots: Slots, accept: Accept) -> Slots:
        names = map(self._names.__getitem__, slots.tolist())
        return slots[np.array([name is not None and accept(name) for name in names], np.bool_)]

    def _scores_of(self, look: Sequence[View], vector_of: VectorOf | None) -> list[Scores]:
        """Each view's scores of every slot, by words and meaning."""
        found = {view: self._scores[view] for view in look if view in self._scores}
        new = [view for view in dict.fromkeys(look) if view not in found]
        if new:
            rows = np.stack([self._words(view) for view in new])  # (views, cards)
            if vector_of is not None:
                slots = self._living()
                phrase = np.stack([vector_of(view) for view in new])
                near = self._nearness(phrase, slots, self._meanings.whole(phrase, slots))
                rows[:, slots] = self._mixed(rows[:, slots], near)
            found |= zip(new, rows, strict=True)
        if len(self._names) <= _CANDIDATES:
            for view in look:
                self._scores[view] = found[view]
                self._scores.move_to_end(view)
            while len(self._scores) > _RECENT_VIEWS:
                self._scores.popitem(last=False)
        return [found[view] for view in look]

    def _rank_many(self, look: Sequence[View], vector_of: VectorOf, accept: Accept | None, limit: int) -> list[Hit]:
        """The likely cards by words and whole meaning first, then those by their parts too."""
        slots = self._living()
        words = np.stack([self._words(view)[slots] for view in look])  # (views, cards), as all below
        phrase = np.stack([vector_of(view) for view in look])
        whole = self._meanings.whole(phrase, slots)
        kept = self._likely(self._mixed(words, whole).max(axis=0), slots, accept, max(_CANDIDATES, limit))
        if not len(kept):
            return []
        slots, words, whole = slots[kept], words[:, kept], whole[:, kept]
        mixed = self._mixed(words, self._nearness(phrase, slots, whole))
        return self._hits(combine(mixed, self._setting), slots, limit)

    def _likely(self, rough: Scores, slots: Slots, accept: Accept | None, most: int) -> Slots:
        """Places in `slots` of the `most` accepted cards with the highest `rough` scores, ascending. `accept` is asked
        about the best ones first: to ask it about all takes longer than everything else."""
        looked = most if accept is None else 2 * most
        verdicts: dict[int, bool] = {}
        while True:
            looked = min(looked, len(rough))
            order = np.argpartition(-rough, looked - 1)[:looked]
            order = order[np.argsort(-rough[order], kind="stable")]
            places: list[int] = order.tolist()
            of_places: list[int] = slots[order].tolist()
            chosen: list[int] = []
            for place, slot in zip(places, of_places, strict=True):
                if place not in verdicts:
                    name = self._names[slot]
                    verdicts[place] = name is not None and (accept is None or accept(name))
                if verdicts[place]:
                    chosen.append(place)
                    if len(chosen) == most:
                        break
            if len(chosen) == most or looked == len(rough):
                return np.sort(np.array(chosen, np.intp))
            looked = len(rough)

    def _nearness(self, phrase: Matrix, slots: Slots, whole: Matrix) -> Matrix:
        """How near the cards are, as a whole and by their best part: `(views, cards)`."""
        best = np.maximum(whole, self._meanings.best_part(phrase, slots))
        share = np.float32(self._setting.whole)
        return np.asarray(share * whole + (1 - share) * best, np.float32)

    def _mixed(self, words: Matrix, meaning: Matrix) -> Matrix:
        n, few = self._alive, self._setting.few
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
        scores: list[float] = calibrate(raw[order], self._setting).tolist()
        best: list[int] = slots[order].tolist()
        names = [self._names[slot] for slot in best]
        return [Hit(name, score) for name, score in zip(names, scores, strict=True) if name is not None]
