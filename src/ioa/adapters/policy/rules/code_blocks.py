"""Puts a block of code behind the words that speak of it: "Run this code and divide the result by 4:" and the block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ioa.adapters.policy.rules.sentences import Sentence
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.wordlists import word_set

_POINTING = word_set("this the following below given attached next these")
_PROGRAMS = word_set("code script program snippet function block routine listing")
_REACH = 4
"""How many words before "code" may stand between it and the word that points ("the following short Python code")."""


def with_their_code(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences, each block of code moved to the first words that announce one and have none.

    A block that nobody announces stays where it is.
    """
    placed = list(sentences)
    for number, sentence in enumerate(placed):
        block = next((token for token in sentence.tokens if token.kind == "fence"), None)
        if block is None:
            continue
        target, at = _announced(placed, number, block)
        if target is None:
            continue
        rest = tuple(token for token in sentence.tokens if token is not block)
        while rest and target != number and rest[-1].text == ":":
            rest = rest[:-1]
        placed[number] = replace(sentence, tokens=rest)
        own = placed[target].tokens
        own = own[:-1] if target == number and own[-1].text == ":" else own
        placed[target] = replace(placed[target], tokens=(*own[:at], block, *own[at:]))
    return [sentence for sentence in placed if sentence.tokens]


def _announced(sentences: Sequence[Sentence], number: int, block: Token) -> tuple[int | None, int]:
    """The sentence up to `number` that speaks of the block, and where in it the block belongs; None: it stands well."""
    for place, sentence in enumerate(sentences[: number + 1]):
        tokens = sentence.tokens
        if place < number and any(token.kind == "fence" for token in tokens):
            continue
        for n, token in enumerate(tokens):
            if token is block:
                return None, 0
            before = {other.low for other in tokens[max(0, n - _REACH) : n]}
            if token.low not in _PROGRAMS or not before & _POINTING:
                continue
            following = tokens[n + 1 : n + 3]
            near = any(other is block for other in following) or any(other.kind == "file" for other in following)
            return (None, 0) if near else (place, _end(tokens, n + 1))
    return None, 0


def _end(tokens: Sequence[Token], at: int) -> int:
    """Where the words about the code end: "the code below" and then, before "and" or a mark, the block."""
    while at < len(tokens) and tokens[at].kind == "word" and tokens[at].low not in {"and", "then", "but", "also"}:
        at += 1
    return at
