"""One tiny call of a model, and what is wrong in words: for `ioa doctor --model`.

The call offers a tool, so that it also tells whether the model calls tools. A second one without is made only where
the first was rejected for it.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ioa.adapters.clock import SystemClock
from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.faults import Patience
from ioa.adapters.models.mind import Build, Mind
from ioa.adapters.models.naming import ollama_url
from ioa.adapters.models.offers import ollama_models
from ioa.adapters.models.setting import ModelSetting
from ioa.ports.clock import Clock
from ioa.ports.spending import ModelCall, Spending, Unlimited, added
from ioa.protocol.messages import Usage

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse

SLOW_S = 10.0
_TIMEOUT_S = 30.0
_OUTPUT_TOKENS = 256
_TOOL = "ready"
_ONCE = Patience(attempts=1)


@dataclass(frozen=True, slots=True)
class Report:
    """What one tiny call said. `ok`: goals can be run with this model. `kind` is that of `MindFailed`, or empty;
    `lines` are for people. `tools` None: not known. `cost_usd` None: the price is not known."""

    model: str
    ok: bool
    kind: str = ""
    lines: tuple[str, ...] = ()
    tools: bool | None = None
    seconds: float = 0.0
    usage: Usage | None = None
    cost_usd: float | None = None
    window_tokens: int = 0


async def probe(
    text: str,
    *,
    env: Mapping[str, str] | None = None,
    build: Build | None = None,
    clock: Clock | None = None,
    timeout_s: float = _TIMEOUT_S,
    spending: Spending | None = None,
) -> Report:
    """Ask the model of this string for a sign of life. Raises nothing of its own: what is wrong is in the report."""
    clock = clock or SystemClock()
    account = _Sum(spending or Unlimited())
    setting = ModelSetting(text, timeout_s=timeout_s, max_output_tokens=_OUTPUT_TOKENS)
    try:
        mind = Mind(setting, clock=clock, env=env, build=build, patience=_ONCE)
    except ValueError as error:  # IOA_PRICES
        return Report(text, False, "setting", (str(error),))
    async with mind:
        try:
            await mind.ready("ask")
            began = clock.monotonic_s()
            tools, answered = await _sign_of_life(mind, account)
        except MindFailed as failure:
            return Report(text, False, failure.kind, (str(failure), *await _hints(mind, failure)))
        try:
            window = mind.window_tokens("ask")
        except ValueError as error:  # IOA_WINDOW
            return Report(text, False, "setting", (str(error),))
        report = Report(
            model=mind.name("ask").text,
            ok=True,
            tools=tools,
            seconds=clock.monotonic_s() - began,
            usage=account.usage,
            cost_usd=mind.cost_usd("ask", account.usage),
            window_tokens=window,
        )
        return replace(report, lines=tuple(_words(report, answered)))


async def _sign_of_life(mind: Mind, account: Spending) -> tuple[bool, str]:
    """Whether the model calls tools, and which model answered."""
    from pydantic_ai.messages import ModelRequest, ToolCallPart, UserPromptPart
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.tools import ToolDefinition

    tool = ToolDefinition(
        name=_TOOL,
        description="Say that you are ready.",
        parameters_json_schema={
            "type": "object",
            "properties": {"word": {"type": "string"}},
            "required": ["word"],
            "additionalProperties": False,
        },
    )
    prompt = [ModelRequest(parts=[UserPromptPart(f"Call the tool {_TOOL!r} with the word ok.")])]
    model = mind.model("ask", account)
    response: ModelResponse
    try:
        response = await model.request([*prompt], None, ModelRequestParameters(function_tools=[tool]))
    except MindFailed as failure:
        if failure.kind != "refused":
            raise
        response = await model.request([*prompt], None, ModelRequestParameters())
        return False, response.model_name or ""
    called = any(isinstance(part, ToolCallPart) and part.tool_name == _TOOL for part in response.parts)
    return called, response.model_name or ""


def _words(report: Report, answered: str) -> list[str]:
    asked = report.model.partition("@")[0].partition(":")[2] or report.model.partition("@")[0]
    by = f" (as {answered})" if answered and answered != asked else ""
    lines = [f"{report.model} answers{by}, in {report.seconds:.1f} s"]
    if report.seconds > SLOW_S:
        lines.append("That is slow for so small a question: turns may run out of time")
    if report.tools:
        lines.append("It calls tools")
    else:
        lines.append(
            "It did not call the tool it was told to call: decisions are then asked for as JSON in text where the "
            "service has no other way, and ReAct agents need a model that calls tools"
        )
    usage = report.usage
    if usage is not None:
        cost = "price not known; give it in IOA_PRICES" if report.cost_usd is None else f"${report.cost_usd:.6f}"
        lines.append(f"{usage.input_tokens} tokens read, {usage.output_tokens} written: {cost}")
    lines.append(f"It reads up to {report.window_tokens} tokens at once, as far as is known (IOA_WINDOW overrides it)")
    return lines


async def _hints(mind: Mind, failure: MindFailed) -> list[str]:
    """What else there is, where the model is missing on an Ollama of this machine."""
    if failure.kind != "model":
        return []
    name = mind.name("ask")
    if name.service != "ollama":
        return []
    base = (name.base_url or ollama_url({})).removesuffix("/v1")
    models = await asyncio.to_thread(ollama_models, base) or []
    close = difflib.get_close_matches(name.name, models, n=1, cutoff=0.5)
    lines = [f"Get it with: ollama pull {name.name}"]
    if models:
        lines.append(f"It has: {', '.join(models[:20])}" + (f". Did you mean {close[0]}?" if close else ""))
    return lines


class _Sum(Spending):
    """An account that also sums what it was told."""

    def __init__(self, spending: Spending) -> None:
        self._spending = spending
        self.usage: Usage | None = None

    async def ask(self, call: ModelCall) -> str:
        return await self._spending.ask(call)

    def tell(self, call_id: str, usage: Usage, *, duration_s: float, error: str = "") -> Awaitable[None]:
        self.usage = added(self.usage, usage)
        return self._spending.tell(call_id, usage, duration_s=duration_s, error=error)
