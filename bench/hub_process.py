"""A hub in a process of its own, as `ioa hub` runs it: SQLite with synchronous FULL, uvloop.

With `--crowd N` N agents are registered before it is ready; their tokens are in tokens.json of its folder.

With `--agents N` it begins with N made-up cards whose vectors are random: embedding 20,000 cards takes minutes, and a
search among random ones costs the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.cards import made_up_cards
from bench.servers import serve_until_told
from ioa import bootstrap
from ioa.adapters.index import open_index
from ioa.adapters.index.minilm import WIDTH
from ioa.adapters.store.vectors import SqliteVectors
from ioa.hub.hub import Hub
from ioa.hub.serving import event_loop, settle_memory
from ioa.hub.settings import HubSettings, Limits
from ioa.protocol.cards import Card

USER = "bench"
TOKEN = "a-token-of-the-benchmark-only"
_TOGETHER = 500
_PATIENCE_S = 300.0


class RandomVectors:
    """A vector store that knows every text, by a random direction; until it is told to forget, then none."""

    def __init__(self) -> None:
        self.forgets = False
        self._random = np.random.default_rng(7)

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        if self.forgets:
            return {}
        rows = self._random.standard_normal((len(keys), WIDTH), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return {key: row.astype("<f2").tobytes() for key, row in zip(keys, rows, strict=True)}

    def put_many(self, vectors: Mapping[bytes, bytes]) -> None:
        """Forget them."""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--meaning", action="store_true")
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--crowd", type=int, default=0)
    options = parser.parse_args()
    limits = Limits(connections=max(Limits().connections, 2 * options.crowd))  # one that is cut counts a moment longer
    settings = HubSettings(data_dir=options.folder, port=0, users={USER: TOKEN}, limits=limits)
    made_up = RandomVectors()
    vectors = SqliteVectors(options.folder / bootstrap.VECTORS_FILE)
    # As bootstrap makes it, which embeds cards in the background.
    index = open_index(
        meaning=options.meaning, store=made_up if options.agents else vectors, background=not options.agents
    )
    try:
        async with bootstrap.open_hub(settings, index=index) as opened:
            await register(opened.hub, made_up_cards(options.agents, seed=1))
            await gather_crowd(opened.hub, options.crowd, options.folder)
            settle_memory()
            made_up.forgets = True  # what is asked from now on is embedded
            await serve_until_told({"url": opened.url}, lambda: index.settle(_PATIENCE_S))
    finally:
        index.close()
        vectors.close()


async def register(hub: Hub, cards: Sequence[Card]) -> None:
    """As `POST /v1/agents` does, but without HTTP and its limit a second."""
    for start in range(0, len(cards), _TOGETHER):
        owner = f"made-up-{start}"  # the limit is by owner
        await asyncio.gather(*(hub.registry.register(owner, card) for card in cards[start : start + _TOGETHER]))


async def gather_crowd(hub: Hub, agents: int, folder: Path) -> None:
    """Register agents and leave their tokens in the folder."""
    tokens: dict[str, str] = {}
    for start in range(0, agents, _TOGETHER):
        cards = [
            Card(name=f"agent {n}", description=f"Talks about everything as agent {n}.")
            for n in range(start, min(agents, start + _TOGETHER))
        ]
        registered = await asyncio.gather(*(hub.registry.register(f"crowd-{start}", card) for card in cards))
        tokens.update({card.name: token for card, (_, token, _) in zip(cards, registered, strict=True)})
    if agents:
        (folder / "tokens.json").write_text(json.dumps(tokens), encoding="utf-8")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(main())
