"""A network with the built-in agents, shared by the goals of a module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ioa.adapters.agents.builtin import BUILTIN, missing
from ioa.bootstrap import EmbeddedNetwork, embedded_network
from tests.goals.network import Answer, AskNetwork, ask

LACKING = [f"{name} ({what})" for name in BUILTIN if (what := missing(name))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedNetwork]:
    if LACKING:
        pytest.skip(f"built-in agents lack libraries: {', '.join(LACKING)}; install the extra [agents]")
    async with embedded_network(tmp_path_factory.mktemp("network")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask_network(network: EmbeddedNetwork, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AskNetwork]:
    async def asking(goal: str, files: list[Path]) -> Answer:
        out = tmp_path_factory.mktemp("out")
        return await asyncio.wait_for(ask(network, goal, files, out), 120)

    yield asking
