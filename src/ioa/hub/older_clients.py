"""Clients of an older version of the protocol: whatever goes to them is cut down to the words that they know.

Only they pay for it: a client of the newest version has its own wire, as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ioa.ports.transport import Ear, Wire
from ioa.protocol.shapes import Unsayable, Words
from ioa.protocol.versions import OLDER, spoken

_DELIVERY = b'{"frame":"delivery"'


class OlderWire:
    """A wire to a client that knows `words`. A frame that such a client cannot have asked for is left out; with the
    first entry of a log that it would miss nothing is written any more, and `on_unsayable` gets the reason."""

    def __init__(self, words: Words, wire: Wire) -> None:
        self._words = words
        self._wire = wire
        self._ended = False
        self.on_unsayable: Callable[[str], object] | None = None

    @property
    def full(self) -> bool:
        return self._wire.full

    @property
    def waiting(self) -> int:
        return self._wire.waiting

    def attach(self, ear: Ear) -> None:
        self._wire.attach(ear)

    def write(self, frames: Sequence[bytes]) -> None:
        said: list[bytes] = []
        for frame in frames:
            if self._ended:
                break
            try:
                said.append(self._words.from_hub(frame))
            except Unsayable as error:
                if frame.startswith(_DELIVERY):
                    self._end(error)
        if said:
            self._wire.write(said)

    def _end(self, error: Unsayable) -> None:
        self._ended = True
        if self.on_unsayable is not None:
            self.on_unsayable(
                f"a group of yours says {error.word!r}, which version {self._words.number} has not; use a release "
                f"that speaks more than that: {spoken()} are spoken here"
            )

    def pause(self) -> None:
        self._wire.pause()

    def resume(self) -> None:
        self._wire.resume()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._wire.close(code, reason)


def in_words_of(version: int, wire: Wire) -> Wire:
    """The wire to a client of this version, which is one that is spoken."""
    words = OLDER.get(version)
    return wire if words is None else OlderWire(words, wire)
