"""Record and replay: every model call of a run in a file, and the run again without a model.

The file has one JSON object a line: a `head`, then a `call` for each question that was put to a model, with all its
attempts. A replayed question is answered by the record of the same decision, agent and digest of the prompt, the k-th
time by the k-th record; so the order in which asynchronous work ends may vary. Keys and headers are never written.

Source: issue 3, "Record and replay".
"""

from __future__ import annotations

import difflib
import os
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ioa.adapters.models.canonical import Request, digest_of, lines_of
from ioa.adapters.models.failure import MindFailed
from ioa.protocol.messages import Usage

FORMAT = 1
_DIFFERENCE_LINES = 60
_COMPARED = 200


class Head(msgspec.Struct, frozen=True, kw_only=True, tag="head", tag_field="line"):
    """What a run began with: `seed` makes its identifiers, `start_s` (Unix time) its clock."""

    format: int = FORMAT
    version: str = ""
    goal: str = ""
    settings: Mapping[str, str] = {}
    seed: int = 0
    start_s: float = 0.0


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One call as the account was told of it."""

    usage: Usage
    duration_s: float
    error: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag="call", tag_field="line"):
    """One question and what came of it: a `response` (a pydantic-ai `ModelResponse` as JSON), or how it failed
    (`failed`, with the words in `said`; `cancelled` where nobody waited for it)."""

    decision: str
    agent: str
    digest: str
    request: dict[str, Any]
    response: dict[str, Any] | None = None
    failed: str = ""
    said: str = ""
    attempts: tuple[Attempt, ...] = ()

    @property
    def duration_s(self) -> float:
        """How long all attempts took together."""
        return sum(attempt.duration_s for attempt in self.attempts)


_LINE = msgspec.json.Decoder(Head | Entry)


class Tape:
    """A record that is written (`recording`) or read (`replaying`). One process, one event loop. `missed` are the
    prompts that were asked and are not in the record, in words."""

    def __init__(self, path: Path, *, replays: bool) -> None:
        self.path = path
        self.replays = replays
        self.head: Head | None = None
        self.missed: list[str] = []
        self._file: int | None = None
        self._waiting: dict[tuple[str, str, str], deque[Entry]] = defaultdict(deque)

    @classmethod
    def recording(cls, path: Path, head: Head | None = None) -> Tape:
        """A new record. Raises `FileExistsError` rather than to mix two runs, and `OSError`."""
        tape = cls(path, replays=False)
        # Prompts hold what the owner gave us: the file is the owner's alone.
        tape._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        if head is not None:
            tape.begin(head)
        return tape

    @classmethod
    def replaying(cls, path: Path) -> Tape:
        """A record to play. Raises `MindFailed` (`replay`) for a file that is none, and `OSError`."""
        tape = cls(path, replays=True)
        for line in _lines(path):
            if isinstance(line, Head):
                tape.head = line
            else:
                tape._waiting[line.decision, line.agent, line.digest].append(line)
        return tape

    def begin(self, head: Head) -> None:
        """Write what the run begins with. Once, before the first call."""
        self.head = head
        self._write(head)

    def keep(self, entry: Entry) -> None:
        """Write a question and what came of it."""
        self._write(entry)

    def next(self, decision: str, agent: str, request: Request) -> Entry:
        """What came of this question, the k-th time it is asked. Raises `MindFailed` (`replay`) if it was not asked,
        or not as often, with the difference to the nearest question of the same decision and agent."""
        waiting = self._waiting.get((decision, agent, digest_of(request)))
        if waiting:
            return waiting.popleft()
        text = self._not_recorded(decision, agent, request, asked_before=waiting is not None)
        self.missed.append(text)
        raise MindFailed(text, "replay")

    def unused(self) -> list[Entry]:
        """What was recorded and has not been asked."""
        return [entry for waiting in self._waiting.values() for entry in waiting]

    def close(self) -> None:
        """End a recording. Further calls are not kept."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, line: Head | Entry) -> None:
        if self._file is not None:
            data = msgspec.json.encode(line) + b"\n"
            while data:
                data = data[os.write(self._file, data) :]

    def _not_recorded(self, decision: str, agent: str, request: Request, *, asked_before: bool) -> str:
        who = f"{decision} of {agent}" if agent else decision
        if asked_before:
            return f"{who}: this prompt is in the record {self.path.name}, but it was not asked this often"
        text = f"{who}: this prompt is not in the record {self.path.name}"
        nearest = self._nearest(decision, agent, request)
        if nearest is None:
            return f"{text}, which has no other prompt of this decision and agent that is still to come"
        shown = list(difflib.unified_diff(lines_of(nearest), lines_of(request), "recorded", "now", n=2, lineterm=""))
        rest = len(shown) - _DIFFERENCE_LINES
        more = [f"… and {rest} more lines"] if rest > 0 else []
        return "\n".join([f"{text}. The difference to the nearest:", *shown[:_DIFFERENCE_LINES], *more])

    def _nearest(self, decision: str, agent: str, request: Request) -> Request | None:
        kin = [
            entry.request
            for (of_decision, of_agent, _), waiting in self._waiting.items()
            for entry in waiting
            if (of_decision, of_agent) == (decision, agent)
        ][:_COMPARED]
        lines = lines_of(request)
        return max(kin, key=lambda other: _likeness(lines_of(other), lines), default=None)


def _likeness(one: list[str], other: list[str]) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).quick_ratio()


def _lines(path: Path) -> Iterator[Head | Entry]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                read = _LINE.decode(line)
            except msgspec.DecodeError as error:
                if not line.endswith(b"\n"):
                    return  # the run that wrote it was stopped in the middle of its last line
                raise MindFailed(f"{path.name}, line {number} is no line of a record: {error}", "replay") from error
            if isinstance(read, Head) and read.format != FORMAT:
                raise MindFailed(
                    f"{path.name} is a record of format {read.format}; this version plays format {FORMAT}", "replay"
                )
            yield read
