"""The conversation as it happens: lines that stay, and where somebody watches, one line below them that says what is
going on now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ioa.cli.follow import Followed
from ioa.cli.records import Entry, Goal
from ioa.cli.tell import Teller
from ioa.cli.terminal import Terminal, cut, hanging, one_line, wrap

_CLEAR = "\r\x1b[2K"
PATIENCE_S = 2.0
"""A goal that waits for an agent is worth a line after so long; every goal does for a moment."""


@dataclass(slots=True)
class LiveView:
    """A `Watcher` that writes to a terminal. `quiet` only folds, for the numbers at the end."""

    terminal: Terminal
    clock: Callable[[], float]
    quiet: bool = False
    followed: Followed = field(default_factory=Followed)
    _teller: Teller = field(init=False)
    _status_shown: bool = field(default=False, init=False)
    _waiting: str = field(default="", init=False)
    _waits_since: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._teller = Teller(self.terminal, self.followed)

    def launched(self, goal: Goal) -> None:
        self._say(hanging("Goal  ", one_line(goal.goal, 600), self.terminal.columns))
        self.status(goal)

    def entry(self, entry: Entry) -> None:
        self._waiting, self._waits_since = "", None
        if lines := self._teller.tell(entry):
            self._say("\n".join(lines))

    def status(self, goal: Goal) -> None:
        self._waits_since = None
        if goal.status == "waiting":
            self._waiting, self._waits_since = "waiting for an agent that can take the goal", self.clock()
        elif goal.status == "forming" and goal.initiator:
            self._waiting = f"{one_line(goal.initiator, 40)} forms a team"
        elif goal.status == "cancelled":
            self._say(self.terminal.style("The goal is cancelled.", "yellow"))
        self.tick()

    def remark(self, text: str) -> None:
        self._say(
            "\n".join(self.terminal.style(line, "yellow") for line in wrap(one_line(text), self.terminal.columns))
        )

    def tick(self) -> None:
        """Time has passed: say what is worth a line by now, and where somebody watches draw the line below anew."""
        if self._waits_since is not None and self.clock() - self._waits_since > PATIENCE_S:
            self._waits_since = None
            self._say(self.terminal.style("No agent that fits is online yet; the goal waits for one.", "yellow"))
        if self.quiet or not self.terminal.watched:
            return
        text = self._teller.status(self.clock()) or self._waiting
        self.terminal.stream.write(_CLEAR + self.terminal.style(cut(text, self.terminal.columns - 1), "dim"))
        self.terminal.stream.flush()
        self._status_shown = bool(text)

    def close(self) -> None:
        """Take the line below away."""
        if self._status_shown:
            self.terminal.stream.write(_CLEAR)
            self.terminal.stream.flush()
            self._status_shown = False

    def _say(self, text: str) -> None:
        if self.quiet:
            return
        self.close()
        self.terminal.write(text)
        self.tick()
