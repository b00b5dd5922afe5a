"""A hub in a process of its own, as `ioa hub` runs it: SQLite, synchronous FULL, uvicorn.

With `--agents N` it begins with N made-up cards, and with `--made-up-vectors` their vectors are random and come from the
hub's own cache of vectors, because embedding 20,000 cards takes minutes; a search costs the same.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import numpy as np

from bench.cards import made_up_cards
from bench.servers import serve_until_told
from ioa import bootstrap
from ioa.adapters.index.embedding import WIDTH, MiniLM, unit
from ioa.adapters.index.phrases import parts_of_card
from ioa.adapters.index.vectors import vector_key
from ioa.adapters.index.words import separated
from ioa.adapters.store.vectors import SqliteVectors
from ioa.hub.hub import Hub
from ioa.hub.settings import HubSettings
from ioa.protocol.cards import Card

USER = "bench"
TOKEN = "a-token-of-the-benchmark-only"
_TOGETHER = 500


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--meaning", action="store_true")
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--made-up-vectors", action="store_true")
    options = parser.parse_args()
    cards = made_up_cards(options.agents, seed=1)
    if options.made_up_vectors:
        make_up_vectors(options.folder / bootstrap.VECTORS_FILE, cards)
    settings = HubSettings(data_dir=options.folder, port=0, users={USER: TOKEN})
    async with bootstrap.open_hub(settings, meaning=options.meaning) as opened:
        await register(opened.hub, cards)
        await serve_until_told({"url": opened.url, "token": TOKEN})


def make_up_vectors(path: Path, cards: list[Card]) -> None:
    """A random direction for every text that the index will ask a vector of."""
    digest = MiniLM()._digest  # noqa: SLF001 - the key of the cache; the benchmark stands in for the model
    random = np.random.default_rng(7)
    texts = [f"{separated(card.name)}: {card.text()}" for card in cards]
    texts += [part for card in cards for part in parts_of_card(card.text())]
    texts = list(dict.fromkeys(texts))
    rows = unit(random.standard_normal((len(texts), WIDTH), dtype=np.float32)).astype("<f2")
    store = SqliteVectors(path)
    store.put_many({vector_key(digest, text): row.tobytes() for text, row in zip(texts, rows, strict=True)})
    store.close()


async def register(hub: Hub, cards: list[Card]) -> None:
    """As `POST /v1/agents` does, but without HTTP and its limit a second."""
    for start in range(0, len(cards), _TOGETHER):
        owners = f"made-up-{start}"  # registrations are limited by owner
        await asyncio.gather(*(hub.registry.register(owners, card) for card in cards[start : start + _TOGETHER]))


if __name__ == "__main__":
    asyncio.run(main())
