"""From words and meaning to one score, with one setting for every corpus.

Both signals are used on scales of their own that do not depend on what else a search found, so a score means
the same for every phrase and every corpus, and a phrase that nobody answers has no high score:

- words: BM25 over the highest BM25 that the phrase could reach. It is the share of the phrase, by rarity, that the card
  says too; a phrase in words that no card uses leaves the decision to meaning by itself.
- meaning: cosine with the best part of the card and with the whole of it.

Where a phrase asks for several things, each clause and the whole vote: exp((score - best) / T). The sum, as a
logarithm, is again on the scale of one score (a smooth maximum), and for a phrase of one clause it *is* that
score.

Measured by bench/ranking.py, chosen on several sets and samples of them at once; see docs and bench/results.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ioa.adapters.index.setting import DEFAULT, Setting

Scores = NDArray[np.float32]


def combine(per_view: Scores, setting: Setting = DEFAULT) -> Scores:
    """Raw scores `(cards,)` of a phrase from those of its views `(views, cards)`, the whole phrase first."""
    whole, parts = per_view[0], per_view[1:]
    if not len(parts) or not len(whole):
        return whole
    tops = parts.max(axis=1, keepdims=True)
    tops += setting.clause_pull * (tops.max() - tops)
    votes = np.exp((parts - tops) / setting.temperature).sum(axis=0)
    votes += setting.whole_votes * np.exp((whole - whole.max()) / setting.temperature)
    first = int(votes.argmax())
    best = float(per_view[:, first].max())
    # Floored where float32 has no more digits.
    ratio = np.maximum(votes / votes[first], 1e-30)
    return (best + setting.temperature * np.log(ratio)).astype(np.float32)


def calibrate(raw: Scores, setting: Setting = DEFAULT) -> NDArray[np.float64]:
    """Raw scores to [0, 1]: about the odds that the agent can do what the phrase asks for. Keeps the order."""
    return 1 / (1 + np.exp(-(raw.astype(np.float64) - setting.middle) / setting.spread))
