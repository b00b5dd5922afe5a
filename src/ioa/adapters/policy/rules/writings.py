"""Says what a text that is to be written is about: all that the group found, one result, or a subject of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ioa.adapters.policy.rules.heard import Heard
from ioa.adapters.policy.rules.vocabulary import LETTER_WORDS, REPORT_WORDS, SUMMARY_OBJECTS, WH
from ioa.adapters.policy.rules.wordlists import word_set

_SUMMING_UP = word_set("summarise summarize conclude recap synthesise synthesize compile report condense")
_BOXING = word_set(
    "put gather save collect combine bring compile pack explain describe present say state outline discuss"
)
_SUBJECT = word_set("about on it them that this the")
_ON_IT = (("on", "it"), ("about", "it"), ("of", "it"), ("on", "this"), ("about", "this"), ("about", "that"))
_FREE_TEXTS = word_set("poem story essay song haiku slogan article blog speech")
"""Texts whose subject is the writer's own although it is definite ("a poem about the sea")."""
_LETTERS = word_set("letter email e-mail mail message note memo")
_SCOPES = word_set("about on with of for that saying asking inviting thanking telling regarding announcing quote it")
_TELLING_OF = word_set("about with on of for")


def wants_all(step: Heard) -> bool:
    """Whether the step is a report over what the group found: not a text of its own to summarise, not a part only."""
    if step.kind != "write":
        return False
    lows = [t.low for t in step.tokens]
    objects = set(lows[1:6]) & (SUMMARY_OBJECTS - {"it", "them", "that", "this", "these"})
    noun = next((low for low in lows[:12] if low in REPORT_WORDS - {"paper", "page", "abstract"}), "")
    restricted = bool({"only", "just"} & set(lows)) or (
        bool(noun) and tuple(lows[lows.index(noun) + 1 : lows.index(noun) + 3]) in _ON_IT
    )
    if restricted:
        return False
    if step.has_source:
        making = step.verb not in _SUMMING_UP and bool(noun) and lows.index(noun) < 8
        return making and lows[lows.index(noun) - 1] != "the"
    boxed = step.verb in _BOXING and any(
        low in {"in", "into"} and set(lows[n + 1 : n + 5]) & (REPORT_WORDS | {"note", "letter"})
        for n, low in enumerate(lows)
    )
    if boxed and "the" not in lows[-2:-1]:
        return "all" in lows[1:4] or not {"both", "it", "them"} & set(lows[1:3])
    if step.verb in _SUMMING_UP and lows[1:2] and lows[1] in WH:
        return True  # "Summarise where we overspent"
    if step.verb in _SUMMING_UP:
        pointed = {"it", "this", "that"} & set(lows[1:3])
        return len(lows) == 1 or bool(objects) or (bool(set(lows[1:]) & (REPORT_WORDS | {"in"})) and not pointed)
    letter = next((low for low in lows[:12] if low in LETTER_WORDS), "")
    if (
        letter
        and not noun
        and not {"about", "on", "it", "them", "that", "this", "the"} & set(lows[lows.index(letter) :])
    ):
        return True  # a letter without a subject of its own
    if step.verb in {"write", "draft", "compose"} and not noun and not letter and {"a", "an"} & set(lows[1:2]):
        return not _SUBJECT & set(lows[2:])  # "write a short travel guide"
    if noun:
        return lows[lows.index(noun) - 1] != "the" or step.verb in {"write", "compile", "draft"}
    return bool(objects) and step.verb in {"write", "put", "document", "compile"}


def tells_found(step: Heard, earlier: Sequence[Heard]) -> bool:
    """Whether a letter or note speaks of "the amount" or "the winner", which only the earlier steps can know."""
    if step.kind != "write" or not earlier or step.has_source:
        return False
    lows = [t.low for t in step.tokens]
    if set(lows) & _FREE_TEXTS or not set(lows[1:7]) & (LETTER_WORDS | REPORT_WORDS):
        return False
    if set(lows[1:7]) & _LETTERS and not set(lows) & _SCOPES:
        return True  # "Write a letter to the parents"
    return any(
        low in _TELLING_OF
        and lows[n + 1 : n + 2] == ["the"]
        and n + 2 < len(lows)
        and step.tokens[n + 2].text.islower()
        for n, low in enumerate(lows)
    )


def on_it(step: Heard) -> bool:
    """Whether a text is to be written "about it", after a sentence that may have asked several things."""
    lows = [t.low for t in step.tokens]
    pairs = set(pairwise(lows))
    return step.kind == "write" and bool(pairs & {("about", "it"), ("about", "this"), ("about", "that")})
