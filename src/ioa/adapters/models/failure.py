"""What a model call can fail with, in words that a user can act on."""

from __future__ import annotations


class MindFailed(Exception):
    """A decision or an answer that no model gave. The text says what is wrong and what to do about it.

    `kind` is one of: `name` (no such prefix), `extra` (the library is not installed), `key` (missing or refused),
    `model` (the provider knows no such model), `quota` (nothing left to spend there), `limit` (too many requests),
    `unreachable`, `timeout`, `server` (the provider's own fault), `window` (too long for the model), `refused` (the
    provider rejects the request or filters its answer), `output` (the answer cannot be used), `price` (a budget on
    money and no known price), `replay` (not in the record).
    """

    def __init__(self, text: str, kind: str) -> None:
        super().__init__(text)
        self.kind = kind


class NotLegal(ValueError):
    """An answer that has the right form and must not be taken. The text goes back to the model as the reason."""
