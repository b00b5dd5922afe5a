"""Which model decides what, and within which limits. Imports no model library.

Source: issue 3 (a model per agent and per decision kind: a small one for "alone or team", a large one for conclusions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DECISIONS = (
    "team_formation",
    "alone_or_team",
    "turn",
    "brief",
    "triggers",
    "plan",
    "conclusion",
    "agent",
    "ask",
)
"""The kinds of decisions that a model can take; the words of the ledger, the log and the tape."""


def _no_overrides() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class ModelSetting:
    """Which model decides what. `default` is a model string (see `naming.model_named`); `by_decision` overrides it for
    some of `DECISIONS`. `timeout_s` bounds one call, `max_output_tokens` its answer; `temperature` None leaves it to
    the provider.

    Raises `ValueError` for a decision that is none, and for limits that are not positive.
    """

    default: str
    by_decision: Mapping[str, str] = field(default_factory=_no_overrides)
    timeout_s: float = 120.0
    max_output_tokens: int = 4096
    temperature: float | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.by_decision) - set(DECISIONS))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no such decision; a model can be set for {', '.join(DECISIONS)}")
        if self.timeout_s <= 0:
            raise ValueError(f"timeout_s is {self.timeout_s}; it must be more than 0 seconds")
        if self.max_output_tokens <= 0:
            raise ValueError(f"max_output_tokens is {self.max_output_tokens}; it must be at least 1")

    def of(self, decision: str) -> str:
        """The model string for a decision."""
        return self.by_decision.get(decision) or self.default
