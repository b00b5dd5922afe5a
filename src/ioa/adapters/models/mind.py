"""Asks models for decisions and for text, at a known cost.

Source: issue 3 (one typed decision per step; an illegal or malformed answer is returned to the model with the reason,
at most twice). What happens when no model gives an answer is for the caller to decide.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, TypeVar

from ioa.adapters.clock import SystemClock
from ioa.adapters.models.failure import MindFailed, NotLegal
from ioa.adapters.models.faults import Patience
from ioa.adapters.models.naming import ModelName, model_named
from ioa.adapters.models.prices import Prices, TokenCount
from ioa.adapters.models.setting import ModelSetting
from ioa.adapters.models.windows import tokens_of, window_tokens
from ioa.ports.clock import Clock
from ioa.ports.spending import Spending
from ioa.protocol.messages import Usage

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from pydantic_ai.models import Model

    from ioa.adapters.models.driven import Question, Surroundings
    from ioa.adapters.models.tape import Tape
    from ioa.adapters.models.ways import Ways

__all__ = ["Build", "Mind", "MindFailed", "NotLegal", "tokens_of"]

T = TypeVar("T")
Build = Callable[[ModelName], "Model"]

_ASK_TRIES = 3
_DOWN = frozenset({"key", "model", "quota", "unreachable"})
"""Failures after which a model is left alone for `Patience.down_s`."""


class Mind:
    """The models of a setting. One event loop; `aclose` (or `async with`) when it is no longer needed.

    `tape` records or replays every call. `env` are the variables that hold keys, addresses, `IOA_PRICES` and
    `IOA_WINDOW` (default: the process's). `build` makes the models in place of the services' libraries, for models of
    one's own and for tests. Raises nothing before the first call, except `ValueError` for settings that cannot be read.
    """

    def __init__(
        self,
        setting: ModelSetting,
        *,
        tape: Tape | None = None,
        clock: Clock | None = None,
        env: Mapping[str, str] | None = None,
        build: Build | None = None,
        patience: Patience | None = None,
        random: Random | None = None,
    ) -> None:
        self.setting = setting
        self._tape = tape
        self._clock = clock or SystemClock()
        self._env = os.environ if env is None else env
        self._build = build
        self._patience = patience or Patience()
        self._random = random or Random()
        self._prices = Prices.given(self._env)
        self._names: dict[str, ModelName] = {}
        self._models: dict[str, Model] = {}
        self._building = asyncio.Lock()
        self._clients: dict[bool, AsyncClient] = {}
        self._ways_found: Ways | None = None
        self._down: dict[str, tuple[float, MindFailed]] = {}

    async def decide(
        self,
        decision: str,
        instructions: str,
        prompt: str,
        output: type[T],
        spending: Spending,
        *,
        check: Callable[[T], None] | None = None,
        agent: str = "",
    ) -> T:
        """A decision of the type `output`: a `msgspec.Struct` or what pydantic understands.

        `check` raises `NotLegal` for an answer that must not be taken; the model is told this reason, or why its
        answer could not be read, at most twice. `agent` tells records of several agents apart. Raises `MindFailed`
        (`output` after the third answer) and `BudgetSpent`.
        """
        question = await self._question(decision, spending, agent)
        from ioa.adapters.models.answers import Form
        from ioa.adapters.models.ways import decided

        form: Form[T] = Form(output)
        with self._noting(question.name):
            return await decided(question, self._around(), self._ways(), form, instructions, prompt, check)

    async def ask(self, instructions: str, prompt: str, spending: Spending, *, agent: str = "") -> str:
        """Plain text, never empty. Raises `MindFailed`, `BudgetSpent`."""
        question = await self._question("ask", spending, agent)
        from ioa.adapters.models.ways import written

        with self._noting(question.name):
            for _ in range(_ASK_TRIES):
                text = await written(question, self._around(), instructions, prompt)
                if text:
                    return text
        raise MindFailed(f"{question.name.text} answered with empty text, {_ASK_TRIES} times", "output")

    def model(self, decision: str, spending: Spending, *, agent: str = "") -> Model:
        """The model for a decision with account, retries and tape around it, for loops of their own. The first call
        for a service loads its library, which takes seconds: `await ready(decision)` before does that beside the event
        loop. Raises `MindFailed`."""
        name = self._name(decision)
        inner = self._models.get(name.text) or self._made(name)
        from ioa.adapters.models.driven import Driven, Question

        return Driven(Question(name, inner, decision, agent, spending), self._around())

    async def ready(self, decision: str) -> None:
        """Have the model for a decision ready. Raises `MindFailed`."""
        name = self._name(decision)
        async with self._building:
            if name.text not in self._models:
                await asyncio.to_thread(self._made, name)

    def name(self, decision: str) -> ModelName:
        """Which model decides. Raises `MindFailed` (`name`, `key`)."""
        return self._name(decision)

    def window_tokens(self, decision: str) -> int:
        """The context window of the model for a decision, read and written together. Raises `MindFailed`."""
        return window_tokens(self._name(decision), self._env)

    def cost_usd(self, decision: str, usage: Usage | None) -> float | None:
        """What this would cost with the model for a decision; None if its price is not known."""
        count = TokenCount(usage.input_tokens, usage.output_tokens) if usage is not None else TokenCount(0, 0)
        return self._prices.cost_usd(self._name(decision), count)

    async def aclose(self) -> None:
        """Close all connections. The tape, which may serve other minds too, is the caller's to close."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()
        self._models.clear()

    async def __aenter__(self) -> Mind:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _question(self, decision: str, spending: Spending, agent: str) -> Question:
        await self.ready(decision)
        from ioa.adapters.models.driven import Question

        name = self._name(decision)
        until, failure = self._down.get(name.text, (0.0, None))
        if failure is not None and self._clock.monotonic_s() < until:
            raise MindFailed(str(failure), failure.kind) from failure
        return Question(name, self._models[name.text], decision, agent, spending)

    @contextmanager
    def _noting(self, name: ModelName) -> Generator[None]:
        """Note a model that is down."""
        try:
            yield
        except MindFailed as failure:
            if failure.kind in _DOWN and not (self._tape is not None and self._tape.replays):
                self._down[name.text] = (self._clock.monotonic_s() + self._patience.down_s, failure)
            raise

    def _name(self, decision: str) -> ModelName:
        text = self.setting.of(decision)
        name = self._names.get(text)
        if name is None:
            keyless = self._build is not None or (self._tape is not None and self._tape.replays)
            name = self._names[text] = model_named(text, self._env, keyless=keyless)
        return name

    def _made(self, name: ModelName) -> Model:
        from ioa.adapters.models.services import built, http_client, wants_private

        if self._build is not None:
            model = self._build(name)
        else:
            private = wants_private(name)
            client = self._clients.get(private)
            if client is None:
                client = self._clients[private] = http_client(self.setting.timeout_s, private=private)
            model = built(name, self.setting, client)
        self._models[name.text] = model
        return model

    def _around(self) -> Surroundings:
        from ioa.adapters.models.driven import Surroundings

        return Surroundings(
            clock=self._clock,
            prices=self._prices,
            timeout_s=self.setting.timeout_s,
            output_tokens=self.setting.max_output_tokens,
            tape=self._tape,
            patience=self._patience,
            random=self._random,
        )

    def _ways(self) -> Ways:
        from ioa.adapters.models.ways import Ways

        if self._ways_found is None:
            self._ways_found = Ways()
        return self._ways_found
