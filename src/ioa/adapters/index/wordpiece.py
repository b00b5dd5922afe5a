"""Text to the token numbers of BERT's uncased vocabulary, without a library.

The `tokenizers` package would add 12 MB of binary and a dependency on a hub client to every install for what is a
hundred lines; a test compares the two on thousands of texts and on every character of Unicode's planes in use.

Source: Devlin et al., BERT (2019): basic tokenisation, then greedy longest-match-first WordPiece.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

_LONGEST_WORD = 100  # characters; longer ones are unknown, as in the original
_LONGEST_TEXT = 16_384  # characters looked at: 256 tokens never need more of a text that is made of words
_CACHED_WORDS = 20_000
# CJK ideographs, which the original puts apart one by one. Kana and Hangul are not among them.
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPiece:
    """The tokenizer of all-MiniLM-L6-v2. Immutable but for a cache of words; safe to share between threads."""

    def __init__(self, vocabulary: Path, *, max_tokens: int = 256) -> None:
        """Read `vocabulary`, one token a line, the line number being its id. Raises OSError, and KeyError if it
        lacks the special tokens."""
        lines = vocabulary.read_text(encoding="utf-8").split("\n")
        self._ids = {token: i for i, token in enumerate(lines) if token}
        self._unknown = self._ids["[UNK]"]
        self._first, self._last = self._ids["[CLS]"], self._ids["[SEP]"]
        self._room = max_tokens - 2
        self._words: dict[str, tuple[int, ...]] = {}

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`, with the marks of beginning and end, at most `max_tokens`.

        Words such as "[SEP]" are text like any other: what a card says cannot place a special token.
        """
        ids: list[int] = [self._first]
        for word in basic_words(text[:_LONGEST_TEXT]):
            ids += self._pieces(word)
            if len(ids) > self._room:
                del ids[self._room + 1 :]
                break
        ids.append(self._last)
        return ids

    def _pieces(self, word: str) -> tuple[int, ...]:
        known = self._words.get(word)
        if known is None:
            known = self._split(word)
            if len(self._words) >= _CACHED_WORDS:
                self._words.clear()
            self._words[word] = known
        return known

    def _split(self, word: str) -> tuple[int, ...]:
        if len(word) > _LONGEST_WORD:
            return (self._unknown,)
        pieces: list[int] = []
        start, mark = 0, ""
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = self._ids.get(mark + word[start:end])
                if piece is not None:
                    pieces.append(piece)
                    start, mark = end, "##"
                    break
            else:
                return (self._unknown,)
        return tuple(pieces)


def basic_words(text: str) -> Iterator[str]:
    """Lower-case words of `text` without accents; punctuation and ideographs are words of one character."""
    for run in normalise(text).split():
        start = 0
        for i, character in enumerate(run):
            if _is_punctuation(character):
                if i > start:
                    yield run[start:i]
                yield character
                start = i + 1
        if start < len(run):
            yield run[start:]


def normalise(text: str) -> str:
    """Without control characters and accents, in lower case, ideographs between spaces."""
    if text.isascii() and text.isprintable():
        return text.lower()
    cleaned = "".join(_cleaned(c) for c in text)
    bare = "".join(c for c in unicodedata.normalize("NFD", cleaned) if unicodedata.category(c) != "Mn")
    # Character by character: str.lower() turns a final Σ into ς, which the vocabulary was not made with.
    return bare.lower() if "Σ" not in bare else "".join(c.lower() for c in bare)


def _cleaned(character: str) -> str:
    if character in "\t\n\r":
        return " "
    # Before isspace(): of the other controls Python counts some (vertical tab, U+001C to U+001F) as space.
    if character == "\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs"):
        return ""
    if character.isspace():
        return " "
    return f" {character} " if _is_ideograph(ord(character)) else character


def _is_ideograph(code: int) -> bool:
    return code >= 0x3400 and any(first <= code <= last for first, last in _IDEOGRAPHS)


def _is_punctuation(character: str) -> bool:
    if character.isascii():
        return not character.isalnum() and character.isprintable() and character != " "
    return unicodedata.category(character).startswith("P")
