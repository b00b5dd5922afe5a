"""What decides in the clients of this process: rules, or language models, with all that goes around them.

Imports no model library until a model is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ioa.adapters.models.setting import DECISIONS, ModelSetting
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.ports.policy import Policy

if TYPE_CHECKING:
    from ioa.adapters.models.faults import Patience
    from ioa.adapters.models.mind import Mind
    from ioa.adapters.models.tape import Tape


@dataclass(frozen=True, slots=True)
class Thinking:
    """How the clients of this process decide. `setting` None: by rules. `damped` stops agents that repeat each other;
    `planning` keeps a plan in each group; `tape` records the model calls, or plays them again; `patience` is how long a
    call is tried again."""

    setting: ModelSetting | None = None
    planning: bool = False
    damped: bool = True
    tape: Tape | None = None
    patience: Patience | None = None
    _minds: dict[tuple[object, ...], Mind] = field(
        default_factory=dict[tuple[object, ...], "Mind"], init=False, repr=False
    )

    @property
    def name(self) -> str:
        """What people are told decides."""
        return "rules" if self.setting is None else self.setting.default

    def policy(self) -> Policy:
        """A policy for one client. Raises `MindFailed` for a model that cannot be used here."""
        if self.setting is None:
            return RulesPolicy()
        from ioa.adapters.policy.model.policy import ModelPolicy

        policy = ModelPolicy(self._mind(self.setting), planning=self.planning)
        if not self.damped:
            return policy
        from ioa.adapters.policy.damper.policy import DampedPolicy

        return DampedPolicy(policy)

    def mind(self, model: str | None = None) -> Mind | None:
        """For an agent that asks a model itself: its own `model`, else that of this process; None: there is none."""
        setting = self.setting
        if model is not None:
            setting = ModelSetting(model) if setting is None else replace(setting, default=model, by_decision={})
        return None if setting is None else self._mind(setting)

    def _mind(self, setting: ModelSetting) -> Mind:
        from ioa.adapters.models.mind import Mind

        key = (setting.default, *sorted(setting.by_decision.items()))
        if key not in self._minds:
            self._minds[key] = Mind(setting, tape=self.tape, patience=self.patience)
        return self._minds[key]

    async def aclose(self) -> None:
        """Close the connections to models, and end a recording."""
        for mind in self._minds.values():
            await mind.aclose()
        self._minds.clear()

    async def __aenter__(self) -> Thinking:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def model_setting(given: Iterable[str]) -> ModelSetting | None:
    """From `MODEL` and `DECISION=MODEL` texts, the later ones over the earlier; None for none at all.

    Raises `ValueError` for decisions without a model for the rest, and for a text that is empty.
    """
    default = ""
    by_decision: dict[str, str] = {}
    for text in given:
        decision, equals, model = text.strip().partition("=")
        if equals and decision in DECISIONS:
            by_decision[decision] = model.strip()
        elif equals and decision.isidentifier():
            raise ValueError(f"{decision!r} is no decision; a model can be set for {', '.join(DECISIONS)}")
        else:
            default = text.strip()
        if not (by_decision.get(decision) if decision in by_decision else default):
            raise ValueError(f"{text!r} names no model; write for example openai:gpt-5-mini")
    if by_decision and not default:
        raise ValueError(f"a model for {', '.join(by_decision)} only; name one for the rest too: --model MODEL")
    return ModelSetting(default, by_decision) if default else None
