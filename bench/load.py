"""Closed and paced loops of group chats: who speaks when, what everybody hears, and that nothing gets lost.

In a chat the floor goes round: the next speaker posts as soon as it has heard the message before, so each chat always
has one message on its way, as in a real one. Everybody must hear every message once and in order.
"""

from __future__ import annotations

import asyncio
import math
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Post = Callable[[int, int], None]
"""Post message `number` (from 1) as member `place`."""


class Lost(Exception):
    """A message did not arrive, arrived twice, or out of order."""


@dataclass
class Heard:
    """What a run measured. Latencies in seconds, one entry a delivery: since it was posted (in a paced run: since it
    was due), and since the hub accepted it."""

    messages: int = 0
    deliveries: int = 0
    wall_s: float = 0.0
    since_posted: array[float] = field(default_factory=lambda: array("d"))
    since_accepted: array[float] = field(default_factory=lambda: array("d"))


class Chat:
    """One group chat as the load generator knows it. `said` messages were posted, `heard` by each member."""

    def __init__(self, name: str, members: int, post: Post) -> None:
        self.name = name
        self.said = 0
        self.heard = [0] * members
        self._post = post
        self._posted_at: list[float] = []
        self._run: Run | None = None
        self._upto = 0

    def begin(self, run: Run, most: int | None) -> None:
        """Say `most` more messages, or as many as the run's time allows."""
        self._run = run
        self._upto = self.said + most if most is not None else 2**60

    def speak(self, posted_at: float) -> None:
        """The member who has the floor says the next message."""
        place = self.said % len(self.heard)
        self.said += 1
        self._posted_at.append(posted_at)
        self._post(place, self.said)

    def hear(self, place: int, number: int, accepted_ago_s: float) -> None:
        """Member `place` got message `number`. Raises `Lost`."""
        if number != self.heard[place] + 1:
            raise Lost(f"{self.name}: member {place} heard message {number} after {self.heard[place]}")
        self.heard[place] = number
        run = self._run
        if run is None:
            raise Lost(f"{self.name}: member {place} heard message {number}, and nobody had spoken")
        now = time.perf_counter()
        run.note(now - self._posted_at[number - 1], accepted_ago_s)
        if place == number % len(self.heard):
            if self.said < self._upto and run.goes_on(now):
                run.next(self, now)
            else:
                self._upto = self.said
        if self._upto <= self.said and min(self.heard) == self.said:
            self._run = None
            run.ended(self)


class Run:
    """Some chats that talk for a time or for a number of messages each. `rate_per_s` spreads the messages of all chats
    over time; without it they speak as soon as they can."""

    def __init__(
        self,
        chats: Sequence[Chat],
        *,
        seconds: float = math.inf,
        messages_each: int | None = None,
        rate_per_s: float | None = None,
    ) -> None:
        assert messages_each is not None or seconds < math.inf
        self._chats = chats
        self._seconds = seconds
        self._each = messages_each
        self._interval_s = len(chats) / rate_per_s if rate_per_s else 0.0
        self._due: dict[Chat, float] = {}
        self._open = set(chats)
        self._ends_at = 0.0
        self._found = Heard()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def measure(self, *, within_s: float = 120.0) -> Heard:
        """Talk until everybody has heard everything. Raises `Lost`, and what broke a connection."""
        said = sum(chat.said for chat in self._chats)
        begin = time.perf_counter()
        self._ends_at = begin + self._seconds
        for number, chat in enumerate(self._chats):
            chat.begin(self, self._each)
            self._due[chat] = begin + self._interval_s * number / len(self._chats)
            self._speak_when_due(chat, begin)
        try:
            await asyncio.wait_for(self._over, within_s)
        except TimeoutError:
            missing = sum(chat.said * len(chat.heard) - sum(chat.heard) for chat in self._open)
            raise Lost(f"{missing} deliveries did not arrive within {within_s:g} s") from None
        self._found.wall_s = time.perf_counter() - begin
        self._found.messages = sum(chat.said for chat in self._chats) - said
        return self._found

    def fail(self, error: Exception) -> None:
        """Something broke: `measure` raises it."""
        if not self._over.done():
            self._over.set_exception(error)

    def goes_on(self, now: float) -> bool:
        return now < self._ends_at and not self._over.done()

    def next(self, chat: Chat, now: float) -> None:
        """The chat's next message may be said."""
        if self._interval_s:
            self._due[chat] += self._interval_s
            self._speak_when_due(chat, now)
        else:
            chat.speak(now)

    def _speak_when_due(self, chat: Chat, now: float) -> None:
        due = self._due[chat]
        if due <= now:
            chat.speak(due if self._interval_s else now)
        else:
            asyncio.get_running_loop().call_later(due - now, chat.speak, due)

    def note(self, since_posted_s: float, since_accepted_s: float) -> None:
        self._found.deliveries += 1
        self._found.since_posted.append(since_posted_s)
        self._found.since_accepted.append(since_accepted_s)

    def ended(self, chat: Chat) -> None:
        self._open.discard(chat)
        if not self._open and not self._over.done():
            self._over.set_result(None)
