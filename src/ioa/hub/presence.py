"""Who is connected: to this hub, or to another replica of it.

An agent is connected once. Each connection of it has the next number, by a record of the store that only one replica
can replace at a time; whoever comes across a higher number ends the connection that it has. A replica that has died
leaves its agents' records behind: they count only while it lives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from ioa.hub.records import SESSION, SessionRecord, document, read
from ioa.hub.session_management import SUPERSEDED, Session, Sessions
from ioa.ports.store import Change, Conflict, Document, Store, Work

_PAGE = 1_000
_ATTEMPTS = 20


class Presence:
    """Of a hub alone: its own sessions."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def online(self, name: str) -> bool:
        """Is the agent connected anywhere?"""
        return self._sessions.online(name)

    def names(self) -> tuple[str, ...]:
        """Everybody who is connected."""
        return self._sessions.names()

    async def enter(self, session: Session) -> None:
        """A newer connection of the same agent takes the place of the older one. Raises `StoreUnavailable`."""
        self._sessions.enter(session)

    async def leave(self, session: Session) -> None:
        """The connection has ended. Raises `StoreUnavailable`."""
        self._sessions.leave(session)


class SharedPresence(Presence):
    """Of one replica among several. `came` is called with each agent that has appeared elsewhere."""

    def __init__(self, sessions: Sessions, store: Store, replica: str, came: Callable[[str], None]) -> None:
        super().__init__(sessions)
        self._here = sessions
        self._store = store
        self._replica = replica
        self._came = came
        self._newest: dict[str, SessionRecord] = {}
        self._at: dict[str, set[str]] = defaultdict(set)  # names by replica, living or not
        self._living: set[str] = set()
        self._elsewhere: dict[str, None] = {}

    async def start(self) -> None:
        """Read who is where. Raises `StoreUnavailable`."""
        after = 0
        while True:
            page = await self._store.documents(SESSION, after=after, limit=_PAGE)
            for entry in page:
                self._take(entry.key, read(entry, SessionRecord))
                after = entry.number
            if len(page) < _PAGE:
                return

    def online(self, name: str) -> bool:
        return self._here.online(name) or name in self._elsewhere

    def names(self) -> tuple[str, ...]:
        return tuple({**dict.fromkeys(self._here.names()), **self._elsewhere})

    def changed(self, change: Change) -> None:
        """What became of an agent's connection."""
        if change.document is not None:
            self._take(change.key, read(change.document, SessionRecord))

    def _take(self, name: str, record: SessionRecord) -> None:
        known = self._newest.get(name)
        if known is not None and known.number > record.number:
            return
        if known is not None:
            self._at[known.replica].discard(name)
        self._newest[name] = record
        if record.online:
            self._at[record.replica].add(name)
        self._place(name, record)
        session = self._here.get(name)
        if session is not None and session.number < record.number and record.replica != self._replica:
            session.end(SUPERSEDED, "the agent has connected again, to another replica of this hub", "superseded")

    def _place(self, name: str, record: SessionRecord) -> None:
        if record.online and record.replica != self._replica and record.replica in self._living:
            if name not in self._elsewhere:
                self._elsewhere[name] = None
                self._came(name)
        else:
            self._elsewhere.pop(name, None)

    def lives(self, replica: str) -> None:
        """Another replica is there."""
        if replica not in self._living and replica != self._replica:
            self._living.add(replica)
            self._place_all(replica)

    def died(self, replica: str) -> None:
        """Another replica is gone, and so are its agents until they connect again."""
        if replica in self._living:
            self._living.discard(replica)
            self._place_all(replica)

    def _place_all(self, replica: str) -> None:
        for name in tuple(self._at.get(replica, ())):
            self._place(name, self._newest[name])

    async def enter(self, session: Session) -> None:
        number = await self._claimed(session.name)
        if self._newest[session.name].number > number:
            session.end(SUPERSEDED, "the agent has connected again", "superseded")
            return
        self._here.enter(session)
        holder = self._here.get(session.name)  # one that came later may have been faster
        if holder is not None:
            holder.number = number

    async def _claimed(self, name: str) -> int:
        """The number of a new connection, which is the agent's newest now."""
        for _ in range(_ATTEMPTS):
            found = await self._store.document(SESSION, name)
            number = read(found, SessionRecord).number + 1 if found is not None else 1
            if await self._write(name, SessionRecord(replica=self._replica, number=number, online=True), found):
                return number
        raise Conflict(f"agent {name!r} connects again and again, everywhere")

    async def leave(self, session: Session) -> None:
        self._here.leave(session)
        found = await self._store.document(SESSION, session.name)
        if found is None or not session.number or read(found, SessionRecord).number != session.number:
            return  # it has connected again
        await self._write(
            session.name, SessionRecord(replica=self._replica, number=session.number, online=False), found
        )

    async def _write(self, name: str, record: SessionRecord, found: Document | None) -> bool:
        body = found.body if found is not None else None
        entry = document(SESSION, name, record, new=body is None, replaces=body)
        try:
            await self._store.commit(Work(documents=(entry,)))
        except Conflict:
            return False
        self._take(name, record)
        return True
