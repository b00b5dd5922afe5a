"""How near texts are in meaning, by the model that the package ships, for whoever cannot wait for it.

The model is loaded once in a process, in a thread of its own, when it is first wanted. It never holds up a turn for
longer than `PATIENCE_S`: who gets no answer judges by words alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ioa.adapters.index.embedding import Embedder

PATIENCE_S = 1.5
MAX_CHARS = 1_000

_log = logging.getLogger(__name__)


class Meaning(Protocol):
    """What the damper asks of a model of meaning."""

    async def cosines(self, pairs: Sequence[tuple[str, str]]) -> tuple[float, ...] | None:
        """How near the two texts of each pair are, -1 to 1; None: not to be had now. Raises nothing."""
        ...


class NoMeaning(Meaning):
    """Words alone."""

    async def cosines(self, pairs: Sequence[tuple[str, str]]) -> tuple[float, ...] | None:
        """None."""
        return None


class ShippedMeaning(Meaning):
    """all-MiniLM-L6-v2, shared in the process."""

    def __init__(self, *, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s

    async def cosines(self, pairs: Sequence[tuple[str, str]]) -> tuple[float, ...] | None:
        """See `Meaning`. What takes longer goes on in its thread, and is remembered for the next time."""
        if not pairs:
            return ()
        try:
            under_way: Future[tuple[float, ...] | None] = _thread().submit(_cosines, tuple(pairs))
            return await asyncio.wait_for(asyncio.wrap_future(under_way), self._patience_s)
        except TimeoutError:
            return None
        except Exception as error:  # noqa: BLE001 - a foreign engine; words alone will do
            _log.warning("no model of meaning for repetitions, words alone: %s", error)
            return None


def _cosines(pairs: Sequence[tuple[str, str]]) -> tuple[float, ...] | None:
    model = _model()
    if model is None:
        return None
    texts = list(dict.fromkeys(text[:MAX_CHARS] for pair in pairs for text in pair))
    rows = dict(zip(texts, model.embed(texts), strict=True))
    return tuple(float(rows[one[:MAX_CHARS]] @ rows[other[:MAX_CHARS]]) for one, other in pairs)


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="ioa-damper")


@cache
def _model() -> Embedder | None:
    """Called in the one thread only."""
    from ioa.adapters.index.embedding import MeaningUnavailable, MiniLM

    try:
        return MiniLM()
    except MeaningUnavailable as error:
        _log.warning("repetitions are found by words alone: %s", error)
        return None
