"""Groups in memory: the fold of their logs, read when first needed and let go when not used.

The store has the truth. A group that is dropped here is folded again from its log.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from ioa.conversation.group import Group, step
from ioa.ports.store import Store
from ioa.protocol.codec import decode_message
from ioa.protocol.messages import AnyMessage

_PAGE = 500
_NEWEST_STAY = 64  # a change that spans a tree of groups needs them in memory together


class NotReady(Exception):
    """Something must be fetched or awaited before the decision can be made; then make it afresh."""

    def __init__(self, wait: Callable[[], Awaitable[object]], comm_id: str = "") -> None:
        super().__init__("not in memory yet")
        self.wait = wait
        self.comm_id = comm_id


class Chat:
    """One group: its state, who has said what already (for repeats), when each entry was accepted (Unix seconds), and
    the answers to the newest changes that are not durable yet."""

    __slots__ = ("at", "group", "latest", "pending", "said")

    def __init__(self, group: Group) -> None:
        self.group = group
        self.said: dict[tuple[str, str], int] = {}
        self.at: array[float] = array("d")
        self.pending = 0
        self.latest: asyncio.Future[None] | None = None

    def note(self, message: AnyMessage, at: float) -> None:
        """The log has a new entry."""
        self.said[message.sender, message.message_id] = message.seq
        self.at.append(at)


class GroupLog:
    """All groups that are in memory, at most `capacity` and those with changes on their way."""

    def __init__(self, store: Store, capacity: int) -> None:
        self._store = store
        self._capacity = capacity
        self._chats: OrderedDict[str, Chat] = OrderedDict()
        self._loading: dict[str, asyncio.Future[Chat | None]] = {}

    def __len__(self) -> int:
        return len(self._chats)

    def get(self, comm_id: str) -> Chat | None:
        """The group if it is in memory."""
        chat = self._chats.get(comm_id)
        if chat is not None:
            self._chats.move_to_end(comm_id)
        return chat

    def put(self, chat: Chat) -> None:
        self._chats[chat.group.comm_id] = chat
        self._evict()

    def drop(self, comm_id: str) -> None:
        """Forget what is in memory: it may not be what the log says."""
        self._chats.pop(comm_id, None)

    async def load(self, comm_id: str) -> Chat | None:
        """The group, from memory or from the log; None if there is none. Raises `StoreUnavailable`."""
        chat = self.get(comm_id)
        if chat is not None:
            return chat
        loading = self._loading.get(comm_id)
        if loading is None:
            loading = asyncio.ensure_future(self._read(comm_id))
            self._loading[comm_id] = loading
            loading.add_done_callback(lambda _: self._loading.pop(comm_id, None))
        return await asyncio.shield(loading)

    async def _read(self, comm_id: str) -> Chat | None:
        chat: Chat | None = None
        after = 0
        while True:
            page = await self._store.log_of_group(comm_id, after_seq=after, limit=_PAGE)
            for entry in page:
                message = decode_message(entry.body)
                group, _ = step(chat.group if chat else None, message)
                if chat is None:
                    chat = Chat(group)
                chat.group = group
                chat.note(message, entry.at)
                after = entry.seq
            if len(page) < _PAGE:
                break
        known = self.get(comm_id)  # launched while the log was read
        if known is not None or chat is None:
            return known
        self.put(chat)
        return chat

    def _evict(self) -> None:
        over = len(self._chats) - self._capacity
        if over <= 0:
            return
        older = list(self._chats.items())[:-_NEWEST_STAY]
        idle = [name for name, chat in older if not chat.pending]
        idle.sort(key=lambda name: not self._chats[name].group.ended)  # stable: ended ones first, oldest first
        for name in idle[: over + self._capacity // 10]:
            del self._chats[name]
