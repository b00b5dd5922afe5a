"""What does the work: the port behind which any agent, from any framework, is integrated.

The protocol of the paper is `run(task_desc: str) -> str` (A.2.1), and a function of that shape is
enough (`ioa.agent`). An agent that wants files, the results of earlier tasks, progress and
cancellation implements `Agent` below. Source: IoA paper, 2.3.4 and A.2.1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from ioa.ports.spending import Spending, Unlimited
from ioa.protocol.messages import Artifact

STEPS_FILE = "steps.json"
"""How a result came about, step by step, as a file beside it: for people and for learning, not part of the result."""

ReportProgress = Callable[[str], Awaitable[None]]


class AgentFailed(Exception):
    """The agent could not do its task. The text is shown to the group: say what is wrong and what would help."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that an agent can read now: an artifact fetched to this machine, or one the agent wrote.

    `name` is a plain file name without folders; `path` is where its bytes are on this machine.
    """

    name: str
    media_type: str
    path: Path


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """What another task of the group found, handed on because the new task refers to it."""

    agent: str
    task_desc: str
    conclusion: str
    files: tuple[LocalFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """One task as its agent sees it.

    `task_desc` is what to do, in words. `files` are the goal's files; `earlier` the results that this task
    builds on, oldest first. `folder` is an empty directory of this run, where the agent may write. `task_id`
    stays the same when the task is run again after a crash: use it as an idempotency key. Calls of models go to the
    account `spending`, so that the goal's budget holds for them.
    """

    task_id: str
    task_desc: str
    folder: Path
    files: tuple[LocalFile, ...] = ()
    earlier: tuple[EarlierResult, ...] = ()
    spending: Spending = field(default_factory=Unlimited)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the agent found: `conclusion` in full (Markdown), `abstract` in one sentence, files it made.

    A table that other agents may compute with goes along as a CSV file; a single number too (one row, one
    column). Raise `AgentFailed` instead of returning an apology.
    """

    conclusion: str
    abstract: str = ""
    files: tuple[LocalFile, ...] = field(default=())


def is_record(file: LocalFile | Artifact) -> bool:
    """Does the file tell how a result came about, rather than belong to it?"""
    return file.name == STEPS_FILE and file.media_type == "application/json"


@runtime_checkable
class Agent(Protocol):
    """What a client wraps. `perform` is cancelled by cancelling its asyncio task; it must let that pass."""

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Do one task. Raises `AgentFailed` with a text that its reader can act on."""
        ...
