"""Model calls as spans, seen where each of them must pass: at the account. So a span says what the account says."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from ioa.adapters.models.metered import ESTIMATED
from ioa.ports.clock import Clock
from ioa.ports.spending import ModelCall, Spending
from ioa.ports.tracing import CANCELLED, Place, here
from ioa.protocol.messages import Usage

if TYPE_CHECKING:
    from ioa.adapters.models.driven import Question


def traced(question: Question, clock: Clock) -> Spending:
    """The account of the question; where the current work is traced, each call is a span below it."""
    place = here()
    return _Traced(question, clock, place) if place.tracer.enabled else question.spending


class _Traced(Spending):
    def __init__(self, question: Question, clock: Clock, place: Place) -> None:
        self._question = question
        self._spending = question.spending
        self._clock = clock
        self._place = place
        self._began: dict[str, float] = {}

    async def ask(self, call: ModelCall) -> str:
        call_id = await self._spending.ask(call)
        self._began[call_id] = self._clock.now_s()
        return call_id

    def tell(self, call_id: str, usage: Usage, *, duration_s: float, error: str = "") -> Awaitable[None]:
        question = self._question
        ended_at = self._clock.now_s()
        estimated = ESTIMATED in error  # a note rather than an error
        self._place.tracer.tell(
            "model_call",
            {
                "agent": question.agent,
                "decision": question.decision,
                "model": question.name.name,
                "provider": question.name.service,
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cost_usd": usage.cost_usd,
                **({"estimated": True} if estimated else {}),
            },
            parent=self._place.traceparent,
            began_at=self._began.pop(call_id, ended_at),
            ended_at=ended_at,
            error=_word(error.replace(ESTIMATED, "").strip("; ")),
        )
        return self._spending.tell(call_id, usage, duration_s=duration_s, error=error)


def _word(error: str) -> str:
    """One word for what went wrong: the text may quote what was said."""
    if not error:
        return ""
    return CANCELLED if error.startswith(CANCELLED) else "model_call_failed"
