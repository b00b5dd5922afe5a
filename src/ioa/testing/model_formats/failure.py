"""A request that is not answered by the model: what went wrong, which each format words as its service does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
FailureKind: TypeAlias = Literal[
    "bad_request", "context", "wrong_key", "no_key", "not_found", "rate_limit", "quota", "server", "overloaded"
]
Problem: TypeAlias = Literal["missing", "type", "value", "unknown", "said"]


class Failure(Exception):
    """Why a request was refused.

    For a `bad_request`, `path` leads to the field and `problem` says what is wrong with it: `expected` and `got`
    give the detail, or `message` says it all (`said`). `message` is empty where the service's usual words are meant.
    `status` is None for the service's own. `tokens` and `limit_tokens` belong to `context`.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str = "",
        *,
        path: Path = (),
        problem: Problem = "said",
        expected: tuple[str, ...] = (),
        got: str = "",
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        tokens: int = 0,
        limit_tokens: int = 0,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message or kind)
        self.kind: FailureKind = kind
        self.message = message
        self.path = path
        self.problem: Problem = problem
        self.expected = expected
        self.got = got
        self.status = status
        self.headers = dict(headers or {})
        self.tokens = tokens
        self.limit_tokens = limit_tokens
        self.retry_after_s = retry_after_s

    @property
    def brackets(self) -> str:
        """The path as `messages[0].role`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")

    @property
    def dots(self) -> str:
        """The path as `messages.0.role`."""
        return ".".join(str(part) for part in self.path)
