"""Delivery over a wire that may lose, repeat and reorder: one code for both ends, without I/O.

The hub's end (`Outgoing`) keeps what is not acknowledged and sends at most `window` of it ahead; the client's end
(`Incoming`) takes a delivery only if it follows the last one that it took. Cursors grow but have gaps, so each
delivery names the cursor before it. After a reconnect, or when `resend` is called on silence, the hub goes back to the
last acknowledged cursor. Delivery is at least once on the wire, exactly once past `Incoming`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Generic, TypeVar

from msgspec import Struct

from ioa.protocol.errors import ProtocolError

Item = TypeVar("Item")

DEFAULT_WINDOW = 256


class Numbered(Struct, Generic[Item], frozen=True, gc=False):
    """An item on its way, text or bytes (the garbage collector does not look inside): `cursor` of it and of the one
    before."""

    cursor: int
    previous: int
    item: Item


class Outgoing(Generic[Item]):
    """The sending end. `append` what is to go out and send what `ready` returns, or `send` it if that says so; feed
    acknowledgements in. `waiting` is what is not acknowledged, `last` the cursor of the newest item, `acknowledged`
    that of the newest that the other end holds: to be looked at only."""

    def __init__(self, *, cursor: int = 0, window: int = DEFAULT_WINDOW) -> None:
        self.acknowledged = cursor
        self.last = cursor
        self._window = window
        self.waiting: deque[Numbered[Item]] = deque()
        self._sent = 0

    def __len__(self) -> int:
        return len(self.waiting)

    @property
    def idle(self) -> bool:
        """Everything appended is acknowledged."""
        return not self.waiting

    @property
    def unsent(self) -> bool:
        """Something appended waits for its turn, or for room in the window."""
        return len(self.waiting) > self._sent

    def append(self, cursor: int, item: Item) -> None:
        """Queue an item. Cursors must grow."""
        last = self.last
        if cursor <= last:
            raise ValueError(f"cursor {cursor} does not follow {last}")
        self.waiting.append(Numbered(cursor, last, item))
        self.last = cursor

    def send(self, item: Numbered[Item]) -> bool:
        """Queue an item that follows `last`. True: nothing is in its way and it counts as sent, so send it. False: it
        is one of those that will be `ready`."""
        if item.previous != self.last or item.cursor <= item.previous:
            raise ValueError(f"cursors {item.previous}, {item.cursor} do not follow {self.last}")
        self.last = item.cursor
        waiting = self.waiting
        waiting.append(item)
        sent = self._sent + 1
        if sent != len(waiting) or sent > self._window:
            return False
        self._sent = sent
        return True

    def ready(self, most: int | None = None) -> Sequence[Numbered[Item]]:
        """Items to send now, at most `most`: unsent ones, while fewer than `window` are unacknowledged. They count as
        sent."""
        begin, upto = self._sent, min(len(self.waiting), self._window)
        if most is not None:
            upto = min(upto, begin + most)
        if upto <= begin:
            return ()
        self._sent = upto
        return list(islice(self.waiting, begin, upto))

    def acknowledge(self, cursor: int) -> Sequence[Numbered[Item]]:
        """The other end holds everything up to `cursor`; returns what need not be kept any more. An old acknowledgement
        is ignored; raises `ProtocolError` (malformed) for a cursor that was never sent."""
        if cursor > self.last:
            raise ProtocolError("malformed", f"cursor {cursor} was never sent; the newest is {self.last}")
        waiting = self.waiting
        held: list[Numbered[Item]] = []
        while waiting and waiting[0].cursor <= cursor:
            held.append(waiting.popleft())
        self._sent = max(0, self._sent - len(held))
        self.acknowledged = max(self.acknowledged, cursor)
        return held

    def resend(self) -> None:
        """Go back to the last acknowledged item: the next `ready` returns everything unacknowledged again."""
        self._sent = 0


class Incoming:
    """The receiving end. `cursor` is what to store with the item and to acknowledge."""

    def __init__(self, *, cursor: int = 0) -> None:
        self.cursor = cursor

    def take(self, cursor: int, previous: int) -> bool:
        """True if this delivery is the next one; then `cursor` has moved. False: a repeat, or one from beyond a gap;
        drop it and acknowledge `cursor` again."""
        if previous != self.cursor or cursor <= previous:
            return False
        self.cursor = cursor
        return True
