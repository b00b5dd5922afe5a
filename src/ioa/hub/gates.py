"""What a user may have so much of is counted over all replicas of a hub.

Each replica knows what others have added a moment late. So whoever adds something writes a record of the user's with
it, which replaces the one that was there before it counted: if another has added something meanwhile, the store
refuses that, and it counts again. What is removed needs no gate, nor does anything at a hub alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from msgspec import Struct

from ioa.hub.records import USAGE, document, read
from ioa.ports.store import Conflict, Document, Store
from ioa.protocol.errors import Refused

T = TypeVar("T")
_ATTEMPTS = 100
_IN_A_MOMENT = 10_000


class GateRecord(Struct, frozen=True, kw_only=True):
    """How often something was added through it."""

    passes: int = 0


class Gate:
    """The gate to one kind of things (`what`, in the plural) that users have."""

    def __init__(self, store: Store, what: str) -> None:
        self._store = store
        self._what = what
        self._adding: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def stands(self, known: int, most: int) -> bool:
        """Must who knows of so many, of at most so many, go through? Not while there is room for more than others can
        add unnoticed."""
        return self._store.shared and most - known <= max(most // 2, _IN_A_MOMENT)

    async def through(self, user: str, add: Callable[[tuple[Document, ...]], Awaitable[T]]) -> T:
        """Call `add`, which counts, and writes these documents with what it adds; again, if another replica has added
        something meanwhile. Raises what it raises, and `Refused` (unavailable)."""
        key = f"{user}/{self._what}"
        async with self._adding.setdefault(user, asyncio.Lock()):
            found = await self._store.document(USAGE, key)
            for _ in range(_ATTEMPTS):
                record = read(found, GateRecord) if found is not None else GateRecord()
                body = found.body if found is not None else None
                passed = GateRecord(passes=record.passes + 1)
                entry = document(USAGE, key, passed, owner=user, new=body is None, replaces=body)
                try:
                    return await add((entry,))
                except Conflict:
                    found = await self._store.document(USAGE, key)
                    if (found.body if found is not None else None) == body:
                        raise  # over something else
        raise Refused("unavailable", f"too many {self._what} of {user!r} are added at once; send it again")


async def knows_all() -> bool:
    """What `catch_up` is at a hub alone: there is nothing to take in."""
    return False
