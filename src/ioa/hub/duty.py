"""Who does what needs doing once: deadlines, goals that nobody takes. A hub alone does it always; of several replicas
the one that leads. Doing it twice would be harmless: the store lets only one of two equal decisions through."""

from __future__ import annotations


class Duty:
    """`held`: this hub does it now."""

    def __init__(self, *, held: bool) -> None:
        self.held = held
