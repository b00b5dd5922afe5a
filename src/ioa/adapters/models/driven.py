"""A model with everything around it: the account, retries, the limit of time, and the tape.

From the inside out: the service's model; `Metered`, which asks and tells the account for each attempt; `retried`; and
the tape, which keeps the whole question with its attempts, or answers it without any of these.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, cast

from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelResponse
from pydantic_ai.models import CompletedStreamedResponse, Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel

from ioa.adapters.models.canonical import Json, Request, canonical_request, digest_of
from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.faults import Patience, fault_of, retried
from ioa.adapters.models.metered import Account, Metered, estimated_tokens
from ioa.adapters.models.naming import ModelName
from ioa.adapters.models.prices import Prices, TokenCount
from ioa.adapters.models.tape import Attempt, Entry, Tape
from ioa.adapters.models.traced import traced
from ioa.ports.clock import Clock
from ioa.ports.spending import BudgetSpent, ModelCall, Spending
from ioa.protocol.messages import Usage

if TYPE_CHECKING:
    from pydantic_ai._run_context import RunContext
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.settings import ModelSettings

_VOLATILE = (
    "timestamp",
    "run_id",
    "conversation_id",
    "provider_url",
    "provider_details",
    "provider_response_id",
    "metadata",
    "workspace_ref",
    "history_digest",
)
_MARGIN_S = 1.0
_CANCELLED, _BUDGET = "cancelled", "budget"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of one mind share."""

    clock: Clock
    prices: Prices
    timeout_s: float
    output_tokens: int
    tape: Tape | None = None
    patience: Patience = field(default_factory=Patience)
    random: Random = field(default_factory=Random)


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks what, of which model. `inner` is the service's own model."""

    name: ModelName
    inner: Model
    decision: str
    agent: str
    spending: Spending


class _Noted(Spending):
    """An account that also keeps what it was told, for the tape."""

    def __init__(self, spending: Spending) -> None:
        self._spending = spending
        self.attempts: list[Attempt] = []

    async def ask(self, call: ModelCall) -> str:
        return await self._spending.ask(call)

    def tell(self, call_id: str, usage: Usage, *, duration_s: float, error: str = "") -> Awaitable[None]:
        self.attempts.append(Attempt(usage=usage, duration_s=duration_s, error=error))
        return self._spending.tell(call_id, usage, duration_s=duration_s, error=error)


async def put(
    question: Question,
    around: Surroundings,
    request: Request,
    read_tokens: int,
    live: Callable[[Metered], Awaitable[ModelResponse]],
) -> ModelResponse:
    """Put a question: `live` makes the call on a metered model, and is called again where a retry can help.

    `request` is the canonical request and `read_tokens` its estimated size. Raises `MindFailed`, `BudgetSpent`.
    """
    if around.tape is not None and around.tape.replays:
        return await _played(question, around, request, read_tokens)
    noted = _Noted(traced(question, around.clock))
    account = Account(question.name, question.decision, noted, around.prices, around.clock)
    model = Metered(question.inner, account, timeout_s=around.timeout_s, output_tokens=around.output_tokens)
    kept = _Kept(question, around.tape, request, noted)
    with kept.unanswered():
        response = await retried(
            lambda: live(model),
            question.name,
            clock=around.clock,
            random=around.random,
            patience=around.patience,
            timeout_s=around.timeout_s,
        )
    kept.answered(response)
    return response


class Driven(WrapperModel):
    """A model of pydantic-ai with everything around it, for loops of their own such as ReAct's."""

    def __init__(self, question: Question, around: Surroundings) -> None:
        super().__init__(question.inner)
        self._question = question
        self._around = around

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        return await put(
            self._question,
            self._around,
            canonical_request(self._question.name.text, messages, model_request_parameters),
            estimated_tokens(messages, model_request_parameters),
            lambda model: model.request(messages, model_settings, model_request_parameters),
        )

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Opening a stream is retried; once it has begun, a fault ends it with `MindFailed`."""
        question, around = self._question, self._around
        request = canonical_request(question.name.text, messages, model_request_parameters)
        if around.tape is not None and around.tape.replays:
            read = estimated_tokens(messages, model_request_parameters)
            response = await _played(question, around, request, read)
            yield CompletedStreamedResponse(
                response, model_request_parameters=model_request_parameters, replay_events=True
            )
            return
        noted = _Noted(traced(question, around.clock))
        account = Account(question.name, question.decision, noted, around.prices, around.clock)
        model = Metered(question.inner, account, timeout_s=around.timeout_s, output_tokens=around.output_tokens)
        kept = _Kept(question, around.tape, request, noted)

        async def opened() -> tuple[Any, StreamedResponse]:
            opening = model.request_stream(messages, model_settings, model_request_parameters, run_context)
            return opening, await opening.__aenter__()

        with kept.unanswered():
            opening, stream = await retried(
                opened,
                question.name,
                clock=around.clock,
                random=around.random,
                patience=around.patience,
                timeout_s=around.timeout_s,
            )
        try:
            yield stream
        except BaseException as stopped:
            await opening.__aexit__(type(stopped), stopped, stopped.__traceback__)
            fault = fault_of(stopped, question.name, around.timeout_s) if isinstance(stopped, Exception) else None
            if fault is None:
                kept.failed(_CANCELLED, "")
                raise
            kept.failed(fault.kind, fault.text)
            raise MindFailed(fault.text, fault.kind) from stopped
        await opening.__aexit__(None, None, None)
        kept.answered(stream.get())


class _Kept:
    """The line of the tape for one question; does nothing where nothing is recorded."""

    def __init__(self, question: Question, tape: Tape | None, request: Request, noted: _Noted) -> None:
        self._question = question
        self._tape = tape
        self._request = request
        self._noted = noted

    def answered(self, response: ModelResponse) -> None:
        if self._tape is None:
            return
        dumped: list[dict[str, Json]] = ModelMessagesTypeAdapter.dump_python([response], mode="json")
        said = {name: value for name, value in dumped[0].items() if name not in _VOLATILE and value is not None}
        self._keep(self._tape, response=said)

    @contextmanager
    def unanswered(self) -> Generator[None]:
        """Keeps how the question failed, if it does, and passes that on."""
        try:
            yield
        except MindFailed as failure:
            self.failed(failure.kind, str(failure))
            raise
        except BudgetSpent as spent:
            self.refused(spent)
            raise
        except asyncio.CancelledError:
            self.failed(_CANCELLED, "")
            raise

    def failed(self, kind: str, words: str) -> None:
        if self._tape is not None:
            self._keep(self._tape, failed=kind, said=words)

    def refused(self, spent: BudgetSpent) -> None:
        """What the account refused is refused again in a replay; only the attempts before it have to be kept."""
        if self._noted.attempts:
            self.failed(_BUDGET, str(spent))

    def _keep(self, tape: Tape, *, response: dict[str, Any] | None = None, failed: str = "", said: str = "") -> None:
        tape.keep(
            Entry(
                decision=self._question.decision,
                agent=self._question.agent,
                digest=digest_of(self._request),
                request=cast("dict[str, Any]", self._request),
                response=response,
                failed=failed,
                said=said,
                attempts=tuple(self._noted.attempts),
            )
        )


async def _played(question: Question, around: Surroundings, request: Request, read_tokens: int) -> ModelResponse:
    """What the record says, with the account asked and told as it was."""
    assert around.tape is not None
    spending = traced(question, around.clock)
    account = Account(question.name, question.decision, spending, around.prices, around.clock)
    most = account.most(read_tokens, around.output_tokens)
    call_id = await account.ask(most)
    try:
        entry = around.tape.next(question.decision, question.agent, request)
    except MindFailed as failure:
        await account.tell(call_id, TokenCount(0, 0), began_s=around.clock.monotonic_s(), error=str(failure))
        raise
    for number, attempt in enumerate(entry.attempts):
        if number:
            call_id = await account.ask(most)
        await spending.tell(call_id, attempt.usage, duration_s=attempt.duration_s, error=attempt.error)
    if entry.failed == _BUDGET:
        raise BudgetSpent(entry.said)
    if entry.failed == _CANCELLED:
        # Nobody waited for it then. Whoever stops waiting now does so first.
        await around.clock.sleep(entry.duration_s + _MARGIN_S)
        raise MindFailed("this call was cancelled in the record before it was answered", "replay")
    if entry.response is None:
        raise MindFailed(entry.said, entry.failed or "replay")
    return cast("ModelResponse", ModelMessagesTypeAdapter.validate_python([entry.response])[0])
