"""The numbers of the ranking, one setting for every corpus. No numpy here: clients read it too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """The numbers of the formula; the defaults are the one setting that is used everywhere.

    words: weight of words against meaning, for a large corpus. few: the number of cards at which it is half of that,
    for which words are rare and which are common is not to be known from few cards. whole: weight of the whole card's
    meaning against that of its best part. unknown: how much of the rarity of words that no card has counts against
    the cards. clause_pull: 0 lets every clause vote in full, 1 by how good its best card is. whole_votes: votes of the
    whole phrase against one of a clause. temperature: T in `scoring`. middle, spread: the raw score of even odds and
    the logistic scale around it.
    """

    words: float = 0.5
    few: float = 20
    whole: float = 0.25
    unknown: float = 0.25
    clause_pull: float = 0.6
    whole_votes: float = 1.5
    temperature: float = 0.08
    middle: float = 0.3
    spread: float = 0.05


DEFAULT = Setting()
