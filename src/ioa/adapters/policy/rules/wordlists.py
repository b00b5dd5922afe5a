"""Reads lists of words and of phrases as they are best written down: as running text."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of `text`, which stand between spaces."""
    return frozenset(text.split())


def phrase_set(text: str) -> frozenset[str]:
    """The phrases of `text`, which stand between strokes."""
    return frozenset(" ".join(part.split()) for part in text.split("/") if part.strip())
