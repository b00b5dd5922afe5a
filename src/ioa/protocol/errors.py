"""What can go wrong on the wire, as data: every refusal has a code that a program can act on.

The tree:

    ProtocolError            the only error of the codec and of the law
    ├── MalformedFrame       bytes that are no frame of this version: not JSON, unknown kind, wrong field
    └── Refused              a well-formed message that a rule forbids now; the state is as it was
"""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "malformed",
    "unknown_kind",
    "wrong_version",
    "too_large",
    "not_authenticated",
    "not_allowed",
    "bad_name",
    "name_taken",
    "empty",
    "unknown_group",
    "unknown_agent",
    "unknown_task",
    "unknown_artifact",
    "unknown_goal",
    "not_a_member",
    "not_the_sender",
    "not_the_floor",
    "not_the_assignee",
    "not_the_hub",
    "unknown_speaker",
    "one_speaker",
    "duplicate",
    "bad_triggers",
    "bad_dependency",
    "task_ended",
    "turns_spent",
    "must_conclude",
    "too_deep",
    "budget_spent",
    "too_many",
    "stale",
    "concluded",
    "illegal_now",
    "superseded",
    "too_fast",
    "slow_consumer",
    "unavailable",
    "internal",
]


class ProtocolError(Exception):
    """Base of everything that this package and the law raise. `code` is stable, the texts are for people."""

    def __init__(self, code: Code, rule: str, *, legal: tuple[str, ...] = ()) -> None:
        super().__init__(rule)
        self.code: Code = code
        self.rule = rule
        self.legal = legal


class MalformedFrame(ProtocolError):
    """Bytes that are not a frame. Nothing was changed; the connection goes on."""


class Refused(ProtocolError):
    """A message that the law forbids now. Nothing was changed; `legal` says what would be accepted."""
