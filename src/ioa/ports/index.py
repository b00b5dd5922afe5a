"""Discovery by words and by meaning: the port of the hub's Agent Query Block.

Source: IoA paper, 2.3.1 and A.3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hit:
    """One agent that matches one phrase. `score` is in [0, 1], comparable between phrases and corpora."""

    name: str
    score: float


class AgentIndex(Protocol):
    """A set of (name, text) that can be searched. All methods are synchronous and thread-safe;
    those that embed may take tens of milliseconds: call them off the event loop."""

    def put(self, name: str, text: str) -> None:
        """Add or replace the text (the card in words) of an agent. Found by the next `search`."""
        ...

    def put_many(self, cards: Sequence[tuple[str, str]]) -> None:
        """`put` for many, in batches."""
        ...

    def fill(self, cards: Sequence[tuple[str, str]]) -> None:
        """Make these the only cards. What an index that outlived its process knows already costs next to nothing."""
        ...

    def remove(self, name: str) -> None:
        """Forget an agent; unknown names are ignored."""
        ...

    def search(
        self,
        phrases: Sequence[str],
        *,
        limit: int,
        accept: Callable[[str], bool] | None = None,
        among: Collection[str] | None = None,
    ) -> list[list[Hit]]:
        """Best matches of each phrase, best first, at most `limit` each, of the names that `accept` lets
        pass and that are `among` these (exact: filtering happens before the cut). `among` is quicker than `accept`
        where few names pass; it must tell quickly whether it has a name."""
        ...

    def __len__(self) -> int: ...
