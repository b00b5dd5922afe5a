"""Nouns by which later steps call what a step made ("the chart", "the translation"), and the kinds of such steps."""

from __future__ import annotations

from ioa.adapters.policy.rules.verbs import Kind
from ioa.adapters.policy.rules.vocabulary import CHART_WORDS, CODE_WORDS, LETTER_WORDS, REPORT_WORDS
from ioa.adapters.policy.rules.wordlists import word_set

PRODUCTS: dict[str, frozenset[Kind]] = {}
"""Nouns that name a product, and the kinds of steps that make it."""


def _name(words: frozenset[str], *kinds: Kind) -> None:
    for word in words:
        PRODUCTS[word] = frozenset(kinds)


_name(CHART_WORDS, "plot")
_name(word_set("image picture figure map drawing"), "plot", "make", "other")
_name((REPORT_WORDS | LETTER_WORDS) - word_set("paper page sentence description reply"), "write", "find", "make")
_name(CODE_WORDS - {"class", "function"}, "code", "make")
_name(frozenset(["translation"]), "translate")
_name(frozenset(["quote", "quotation", "passage"]), "find", "ask")
_name(frozenset(["list"]), "table", "find", "make", "ask")
_name(frozenset(["table", "ranking"]), "table", "find", "ask")
_name(frozenset(["paragraph", "text"]), "write", "translate", "find")
PRODUCTS_PLURAL = frozenset(word + "s" for word in PRODUCTS if not word.endswith("s"))
