"""What is open by right of a token: connections and event streams. They end when the token does, at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager

from msgspec import Struct

from ioa.hub.alarms import Alarms
from ioa.hub.security import Identity
from ioa.ports.clock import Clock

EXPIRED = "the token has expired; sign in with another one"

End = Callable[[str], None]
"""Ends a connection or stream; is told why. Must not wait."""


class Lease(Struct, eq=False):
    """One open thing."""

    identity: Identity
    end: End


class Leases:
    """All that is open, by the identifier of the token that opened it. `check` raises `Refused` for an identity whose
    token has ended meanwhile."""

    def __init__(self, alarms: Alarms, clock: Clock, check: Callable[[Identity], None]) -> None:
        self._alarms = alarms
        self._clock = clock
        self._check = check
        self._open: dict[str, set[Lease]] = defaultdict(set)

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    @contextmanager
    def hold(self, identity: Identity, end: End) -> Generator[None]:
        """While the context lasts, `end` is called as soon as the identity's token is revoked or expires.

        Raises `Refused` (not_authenticated) if that has happened already: between the check of a token and its use
        other things happen.
        """
        self._check(identity)
        lease = Lease(identity, end)
        self._open[identity.token_id].add(lease)
        if identity.expires_at is not None:
            self.expires(identity.token_id, identity.expires_at)
        try:
            yield
        finally:
            left = self._open.get(identity.token_id, set())
            left.discard(lease)
            if not left:
                self._open.pop(identity.token_id, None)
                self._alarms.cancel(_key(identity.token_id))

    def end(self, token_id: str, why: str) -> None:
        """End everything that is open by this token."""
        self._alarms.cancel(_key(token_id))
        for lease in tuple(self._open.get(token_id, ())):
            lease.end(why)

    def end_agent(self, name: str, why: str) -> None:
        """End everything that this agent has open, by whichever token."""
        for leases in tuple(self._open.values()):
            for lease in tuple(leases):
                if lease.identity.kind == "agent" and lease.identity.name == name:
                    lease.end(why)

    def expires(self, token_id: str, at: float) -> None:
        """The token ends at that time (Unix seconds): later or sooner than was known."""
        if token_id in self._open:
            self._alarms.set(_key(token_id), at - self._clock.now_s(), lambda: self._due(token_id, at))

    def _due(self, token_id: str, at: float) -> None:
        if self._clock.now_s() < at:  # the wall clock was set back while the alarm ran by the other one
            self.expires(token_id, at)
        else:
            self.end(token_id, EXPIRED)


def _key(token_id: str) -> Hashable:
    return ("token ends", token_id)
