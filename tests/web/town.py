"""A hub with its page and real agents, in a thread of its own, so that a browser can be driven from the test's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

from ioa.adapters.agents.builtin import builtin_agent
from ioa.adapters.agents.carded import CardedAgent, TeamRules
from ioa.adapters.policy.rules.policy import RulesPolicy
from ioa.bootstrap import OpenHub, open_hub, taking_part
from ioa.hub.settings import HubSettings
from ioa.ports.policy import Policy
from ioa.protocol.cards import Card
from ioa.testing.servers import spare_port
from ioa.web import PAGE

T = TypeVar("T")
TOKEN = "the-token-of-the-person-at-the-page"
OTHER = "the-token-of-another-person-at-the-page"


class Town:
    """Use as a context manager. `restart` stops the hub and starts it again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = HubSettings(
            data_dir=folder / "hub",
            port=spare_port(),
            users={"me": TOKEN, "boris": OTHER},
            page=PAGE,
        )
        self.url = f"http://127.0.0.1:{self.settings.port}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._hub: OpenHub | None = None
        self._stack = AsyncExitStack()
        self._agents = AsyncExitStack()

    def __enter__(self) -> Town:
        self._thread.start()
        self.do(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self._agents.aclose())
        self.do(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, work: Awaitable[T]) -> T:
        """Run something in the town's loop, and wait for it."""

        async def run() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)

    def call(self, act: Callable[[], object]) -> None:
        """Call something in the town's loop, soon."""
        self._loop.call_soon_threadsafe(act)

    async def _open(self) -> None:
        self._hub = await self._stack.enter_async_context(open_hub(self.settings, meaning=False))

    @property
    def hub(self):
        assert self._hub is not None
        return self._hub.hub

    def stop(self) -> None:
        self.do(self._stack.aclose())

    def start(self) -> None:
        self._stack = AsyncExitStack()
        self.do(self._open())

    def link(self) -> str:
        """An address that signs in as the town's user, once."""

        async def made() -> str:
            who = await self.hub.sign_in.identify(TOKEN)
            return f"{self.url}/#/?code={await self.hub.sign_in_codes.make(who)}"

        return self.do(made())

    def builtin(self, *names: str) -> None:
        """Have these agents of the package join, deciding by rules."""
        for name in names:
            self.join(builtin_agent(name), RulesPolicy)

    def join(self, agent: CardedAgent, policy: Callable[[], Policy]) -> None:
        self.do(self._join(agent, policy))

    async def _join(self, agent: CardedAgent, policy: Callable[[], Policy]) -> None:
        _, token, _ = await self.hub.registry.register("me", agent.card)
        folder = self.folder / "agents" / agent.name
        await self._agents.enter_async_context(taking_part(agent, self.url, token, folder, policy=policy))

    def agent(
        self,
        name: str,
        work: Callable[..., Awaitable[object]],
        policy: Callable[[], Policy] = RulesPolicy,
        description: str = "does things",
        *,
        nested: bool = False,
    ) -> None:
        """An agent that does its tasks by `work(assignment, progress)`."""

        class Worker:
            async def perform(self, assignment, progress):
                return await work(assignment, progress)

        self.join(CardedAgent(Card(name=name, description=description), Worker(), TeamRules(nested=nested)), policy)  # pyright: ignore[reportArgumentType] - a worker is an agent by its method
