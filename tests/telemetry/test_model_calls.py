"""A model call's span says what the account is told, failures included, and no word of the call itself."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ioa.adapters.clock import SystemClock
from ioa.adapters.models.driven import Question
from ioa.adapters.models.metered import ESTIMATED
from ioa.adapters.models.naming import ModelName
from ioa.adapters.models.traced import traced
from ioa.adapters.telemetry import names
from ioa.ports.spending import ModelCall, Unlimited
from ioa.protocol.messages import Usage
from tests.telemetry.watching import Watch, family, said

USED = Usage(calls=1, input_tokens=120, output_tokens=30, cost_usd=0.25, model="anthropic:opus")
CALL = ModelCall("turn", "anthropic:opus", 1_000)


def question(spending: Unlimited) -> Question:
    name = ModelName("anthropic:opus", "anthropic", "opus", key="sk-secret")
    return Question(name, cast("Any", None), "turn", "Ann", spending)


@pytest.mark.parametrize(
    ("note", "error", "estimated", "cancelled"),
    [
        ("", None, None, None),
        (ESTIMATED, None, True, None),
        (f"cancelled; {ESTIMATED}", None, True, True),
        (f"the prompt 'tell me' is refused; {ESTIMATED}", "model_call_failed", True, None),
        ("the prompt 'tell me' is refused", "model_call_failed", None, None),
    ],
)
async def test_a_call_is_a_span_below_the_work_that_asked(note, error, estimated, cancelled) -> None:
    watch, account = Watch(), Unlimited()
    with watch.tracer.span("turn", {}, parent=None):
        spending = traced(question(account), SystemClock())
        await spending.tell(await spending.ask(CALL), USED, duration_s=0.1, error=note)
    assert account.calls == [(CALL, USED, note)]
    assert family(watch.spans) == {("turn", ""): 1, ("model_call", "turn"): 1}
    (call,) = watch.of("model_call")
    assert call.name == "chat opus"
    assert dict(call.attributes or {}) == {
        names.OPERATION: "chat",
        names.PROVIDER: "anthropic",
        names.REQUEST_MODEL: "opus",
        names.AGENT: "Ann",
        names.DECISION: "turn",
        names.INPUT_TOKENS: 120,
        names.OUTPUT_TOKENS: 30,
        names.COST_USD: 0.25,
        **({names.ERROR: error} if error else {}),
        **({names.ESTIMATED: True} if estimated else {}),
        **({names.CANCELLED: True} if cancelled else {}),
    }
    assert "tell me" not in call.to_json()
    assert said(call, names.ERROR) == error
    assert [point.value for point in watch.points(names.MODEL_COST)] == [0.25]


def test_where_nothing_is_traced_the_account_is_used_as_it_is() -> None:
    account = Unlimited()
    assert traced(question(account), SystemClock()) is account
