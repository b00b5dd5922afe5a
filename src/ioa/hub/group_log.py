"""Groups in memory: the fold of their logs, read when first needed and let go when not used.

The store has the truth. A group that is dropped here is folded again from its log.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ioa.conversation.group import Group, step
from ioa.ports.store import Store, Stored
from ioa.protocol.codec import decode_message
from ioa.protocol.messages import AnyMessage

if TYPE_CHECKING:
    from ioa.hub.ledger import Pending

_PAGE = 500
_NEWEST_STAY = 64  # a change that spans a tree of groups needs them in memory together
_SET_BACK_STAY = 256


class NotReady(Exception):
    """Something must be fetched or awaited before the decision can be made; then make it afresh."""

    def __init__(self, wait: Callable[[], Awaitable[object]], comm_id: str = "") -> None:
        super().__init__("not in memory yet")
        self.wait = wait
        self.comm_id = comm_id


class Chat:
    """One group: its state, who has said what already (for repeats), when each entry was accepted (Unix seconds), and
    the answers to the newest changes that are not durable yet. `durable` is the state that the store is known to have;
    None for a group whose launch is on its way."""

    __slots__ = ("at", "durable", "group", "latest", "pending", "said")

    def __init__(self, group: Group, *, durable: bool) -> None:
        self.group = group
        self.durable = group if durable else None
        self.said: dict[tuple[str, str], int] = {}
        self.at: array[float] = array("d")
        self.pending = 0
        self.latest: Pending | None = None

    def note(self, message: AnyMessage, at: float) -> None:
        """The log has a new entry."""
        self.said[message.sender, message.message_id] = message.seq
        self.at.append(at)

    def without_undecided(self) -> Chat | None:
        """The group as the store is known to have it, without what was decided on top; takes this one's memory over."""
        if self.durable is None:
            return None
        seq = self.durable.seq
        while self.said:
            name, said = self.said.popitem()  # in the order of the log: the newest comes first
            if said <= seq:
                self.said[name] = said
                break
        del self.at[seq:]
        settled = Chat(self.durable, durable=True)
        settled.said, settled.at = self.said, self.at
        return settled

    async def settled(self) -> None:
        """Wait until it is known what became of the newest change that is on its way."""
        if self.latest is not None:
            await self.latest.over()

    def fold(self, message: AnyMessage, at: float) -> None:
        """The log has a next entry, which is durable and which this hub has not decided."""
        self.group = self.durable = step(self.group, message)[0]
        self.note(message, at)


class GroupLog:
    """All groups that are in memory, at most `capacity` and those with changes on their way."""

    def __init__(self, store: Store, capacity: int) -> None:
        self._store = store
        self._capacity = capacity
        self._chats: OrderedDict[str, Chat] = OrderedDict()
        self._loading: dict[str, asyncio.Future[Chat | None]] = {}
        self._grown: set[str] = set()  # groups whose logs have grown while they were read
        self._set_back: OrderedDict[str, Chat] = OrderedDict()  # only the ends of their logs must be read

    def __len__(self) -> int:
        return len(self._chats)

    def get(self, comm_id: str) -> Chat | None:
        """The group if it is in memory."""
        chat = self._chats.get(comm_id)
        if chat is not None:
            self._chats.move_to_end(comm_id)
        return chat

    def peek(self, comm_id: str) -> Chat | None:
        """`get` for whoever does not use the group: it is let go as if nobody had asked."""
        return self._chats.get(comm_id)

    def put(self, chat: Chat) -> None:
        self._chats[chat.group.comm_id] = chat
        self._evict()

    def drop(self, comm_id: str) -> None:
        """Forget what is in memory beyond what is durable: it may not be what the log says. The next `load` reads what
        is missing."""
        chat = self._chats.pop(comm_id, None)
        settled = chat.without_undecided() if chat is not None else None
        if settled is not None:
            self._set_back[comm_id] = settled
            if len(self._set_back) > _SET_BACK_STAY:
                self._set_back.popitem(last=False)

    def grown(self, entry: Stored) -> None:
        """The log has this entry, whoever decided it. Entries of a group come in order."""
        chat = self._chats.get(entry.comm_id)
        if chat is None:
            if entry.comm_id in self._loading:
                self._grown.add(entry.comm_id)
        elif chat.group is not chat.durable:
            self._grown_below(chat, entry)
        elif entry.seq == chat.group.seq + 1:
            chat.fold(decode_message(entry.body), entry.at)
        elif entry.seq > chat.group.seq:
            self.drop(entry.comm_id)

    def _grown_below(self, chat: Chat, entry: Stored) -> None:
        """`grown` for a group with changes on their way: the entry is one of them, or they have come too late and must
        not be taken for what lies below it."""
        if chat.durable is not None and entry.seq <= chat.durable.seq:
            return
        message = decode_message(entry.body)
        if chat.said.get((message.sender, message.message_id)) != entry.seq:
            self.drop(entry.comm_id)

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
        chat = self._set_back.pop(comm_id, None)
        while True:
            self._grown.discard(comm_id)
            after = chat.group.seq if chat is not None else 0
            page = await self._store.log_of_group(comm_id, after_seq=after, limit=_PAGE)
            for entry in page:
                message = decode_message(entry.body)
                if chat is None:
                    chat = Chat(step(None, message)[0], durable=True)
                    chat.note(message, entry.at)
                else:
                    chat.fold(message, entry.at)
            if len(page) < _PAGE and comm_id not in self._grown:
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
