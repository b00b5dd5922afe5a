"""A model whose every request is asked for and told in the goal's account.

A request is asked for at the most that it may use, and told with what the service counted; where the service says
nothing (no usage in the answer, a broken connection, a timeout, a cancelled call) it is told as estimated, and the
account's note says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel

from ioa.adapters.models.canonical import request_text, response_text
from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.faults import CallTimedOut, fault_of
from ioa.adapters.models.naming import ModelName
from ioa.adapters.models.prices import Prices, TokenCount
from ioa.adapters.models.windows import tokens_of
from ioa.ports.clock import Clock
from ioa.ports.spending import BudgetSpent, ModelCall, Spending
from ioa.protocol.messages import Usage

if TYPE_CHECKING:
    from pydantic_ai._run_context import RunContext
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.settings import ModelSettings
    from pydantic_ai.usage import RequestUsage

UNPRICED_USD = 1e9
"""What a call of unknown price may cost: more than any budget on money has, so that such a budget refuses it."""

ESTIMATED = "the service reported no usage: tokens are estimated"

_FRAME_TOKENS = 64
_MESSAGE_TOKENS = 8
"""What services add around a prompt and the description of a tool, and around a message."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where the calls of one decision are asked for and told."""

    name: ModelName
    decision: str
    spending: Spending
    prices: Prices
    clock: Clock

    def most(self, tokens: int, output_tokens: int) -> ModelCall:
        """A call before it is made: `tokens` read (estimated) and at most `output_tokens` written."""
        cost = self.prices.cost_usd(self.name, TokenCount(tokens, output_tokens))
        return ModelCall(
            decision=self.decision,
            model=self.name.text,
            tokens=tokens + output_tokens,
            cost_usd=UNPRICED_USD if cost is None else cost,
        )

    async def ask(self, call: ModelCall) -> str:
        """Ask for a call. Raises `BudgetSpent`, and `MindFailed` (`price`) where a budget on money meets a model whose
        price nobody knows."""
        try:
            return await self.spending.ask(call)
        except BudgetSpent as spent:
            if call.cost_usd >= UNPRICED_USD and "cost_usd" in str(spent):
                raise MindFailed(
                    f"the goal has a budget on money, and the price of {self.name.text} is not known. Give it in "
                    f"dollars per million tokens read and written: IOA_PRICES={self.name.name}=0.25/2",
                    "price",
                ) from spent
            raise

    def tell(
        self, call_id: str, count: TokenCount, *, began_s: float, error: str = "", by: str = ""
    ) -> Awaitable[None]:
        """Tell what a call used; `by` is the model that the service says it used."""
        return self.spending.tell(
            call_id,
            Usage(
                calls=1,
                input_tokens=count.input_tokens,
                output_tokens=count.output_tokens,
                cost_usd=self.prices.cost_usd(self.name, count, by) or 0.0,
                model=self.name.text,
            ),
            duration_s=max(0.0, self.clock.monotonic_s() - began_s),
            error=error,
        )


class Metered(WrapperModel):
    """`wrapped` with an account. `timeout_s` bounds a request as a whole, and the opening of a stream;
    `output_tokens` is asked for where a request does not say how much it may write."""

    def __init__(self, wrapped: Model, account: Account, *, timeout_s: float, output_tokens: int) -> None:
        super().__init__(wrapped)
        self._account = account
        self._timeout_s = timeout_s
        self._output_tokens = output_tokens

    def call(
        self, messages: list[ModelMessage], settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> ModelCall:
        """What a request may use at most."""
        tokens = estimated_tokens(messages, parameters)
        return self._account.most(tokens, (settings or {}).get("max_tokens") or self._output_tokens)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        account = self._account
        read = estimated_tokens(messages, model_request_parameters)
        call_id = await account.ask(self.call(messages, model_settings, model_request_parameters))
        began_s = account.clock.monotonic_s()
        try:
            async with _limit(self._timeout_s):
                response = await self.wrapped.request(messages, model_settings, model_request_parameters)
        except asyncio.CancelledError:
            account.tell(call_id, TokenCount(read, 0), began_s=began_s, error=f"cancelled; {ESTIMATED}")
            raise
        except Exception as error:  # counted, whatever it is, and raised on
            await self._tell_failed(call_id, error, read, began_s)
            raise
        count, note = counted(response.usage, read, response_text(response))
        await account.tell(call_id, count, began_s=began_s, error=note, by=response.model_name or "")
        return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        account = self._account
        read = estimated_tokens(messages, model_request_parameters)
        call_id = await account.ask(self.call(messages, model_settings, model_request_parameters))
        began_s = account.clock.monotonic_s()
        opening = self.wrapped.request_stream(messages, model_settings, model_request_parameters, run_context)
        try:
            async with _limit(self._timeout_s):
                stream = await opening.__aenter__()
        except asyncio.CancelledError:
            account.tell(call_id, TokenCount(read, 0), began_s=began_s, error=f"cancelled; {ESTIMATED}")
            raise
        except Exception as error:  # counted, whatever it is, and raised on
            await self._tell_failed(call_id, error, read, began_s)
            raise
        error = ""
        try:
            yield stream
        except BaseException as stopped:
            error = "cancelled" if isinstance(stopped, asyncio.CancelledError | GeneratorExit) else _words(stopped)
            if not await opening.__aexit__(type(stopped), stopped, stopped.__traceback__):
                raise
        else:
            await opening.__aexit__(None, None, None)
        finally:
            response = stream.get()
            count, note = counted(response.usage, read, response_text(response))
            told = account.tell(
                call_id,
                count,
                began_s=began_s,
                error="; ".join(word for word in (error, note) if word),
                by=response.model_name or "",
            )
            if not error:
                await told

    async def _tell_failed(self, call_id: str, error: Exception, read: int, began_s: float) -> None:
        fault = fault_of(error, self._account.name, self._timeout_s)
        charged = fault is not None and fault.counted
        words = fault.text if fault is not None else _words(error)
        note = f"{words}; {ESTIMATED}" if charged else words
        await self._account.tell(call_id, TokenCount(read if charged else 0, 0), began_s=began_s, error=note)


def estimated_tokens(messages: list[ModelMessage], parameters: ModelRequestParameters) -> int:
    """What a request makes the model read, estimated on the high side."""
    tools = len(parameters.function_tools) + len(parameters.output_tools)
    frames = (1 + tools) * _FRAME_TOKENS + len(messages) * _MESSAGE_TOKENS
    return tokens_of(request_text(messages, parameters)) + frames


def counted(usage: RequestUsage, read: int, written: str) -> tuple[TokenCount, str]:
    """What the service counted, or our estimate (`read` tokens and the text `written`) and the note that says so."""
    if usage.input_tokens or usage.output_tokens:
        count = TokenCount(usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens)
        return count, ""
    return TokenCount(read, tokens_of(written)), ESTIMATED


@asynccontextmanager
async def _limit(seconds: float) -> AsyncGenerator[None]:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if limit.expired():
            raise CallTimedOut(f"no answer within {seconds:g} s") from error
        raise


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
