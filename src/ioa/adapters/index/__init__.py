"""Discovery by words and meaning: makers of `ioa.ports.index.AgentIndex`, light to import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ioa.adapters.index.blas import one_thread
from ioa.adapters.index.clauses import clauses
from ioa.adapters.index.coverage import Decision, needs_newcomer
from ioa.adapters.index.fusion import fuse
from ioa.adapters.index.vectors import MemoryVectors, VectorStore

if TYPE_CHECKING:
    from ioa.adapters.index.hybrid import HybridIndex
    from ioa.adapters.index.remote import Engine

__all__ = ["Decision", "MemoryVectors", "VectorStore", "clauses", "fuse", "needs_newcomer", "open_index"]


def open_index(
    *,
    meaning: bool = True,
    store: VectorStore | None = None,
    background: bool = False,
    file: Path | None = None,
    engine: Callable[[], Engine] | None = None,
) -> HybridIndex:
    """An empty index by words and meaning; by words only if `meaning` is False or the model cannot be loaded
    here, which `describe()` then says. Loads numpy and the model (0.3 s of CPU): call it off the event loop.

    `store` keeps vectors beyond this process, `file` the whole index (an index that has one is not empty if that is
    there). With `background`, cards are found by their words at once and by their meaning a moment later: see
    HybridIndex. `engine` opens one that keeps the vectors instead of memory; raises `MeaningsUnavailable` if it does
    not answer.
    """
    with one_thread():
        from ioa.adapters.index.embedding import Embedder, MeaningUnavailable, MiniLM
        from ioa.adapters.index.hybrid import HybridIndex
        from ioa.adapters.index.remote import RemoteMeanings

    embedder: Embedder | None = None
    why = ""
    if meaning:
        try:
            embedder = MiniLM(store=store)
        except MeaningUnavailable as error:
            why = str(error)
    meanings = RemoteMeanings(engine()) if engine is not None and embedder is not None else None
    return HybridIndex(embedder, why_no_meaning=why, background=background, meanings=meanings, file=file)
