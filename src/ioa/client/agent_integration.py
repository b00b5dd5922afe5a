"""Agent integration: the wrapping around an agent of any make. It is given a folder, files, time and a listener; what
it returns, raises or fails to do becomes an outcome or an `AgentFailed` that the group can read.

Source: IoA paper, 2.3.4 and A.2.1.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ioa.client.jobs import within
from ioa.ports.agent import Agent, AgentFailed, Assignment, Outcome
from ioa.ports.clock import Clock
from ioa.protocol.messages import MAX_SHORT_CHARS

MAX_CONCLUSION_BYTES = 262_144
MAX_FILES = 256
MAX_PROGRESS_POSTS = 150
PROGRESS_EVERY_S = 1.0

_log = logging.getLogger(__name__)


class Progress:
    """What an agent tells while it works: at most one post a second, the latest text wins, a bounded number a run."""

    def __init__(self, clock: Clock, send: Callable[[str], None]) -> None:
        self._clock = clock
        self._send = send
        self._latest: str | None = None
        self._news = asyncio.Event()

    async def report(self, text: str) -> None:
        """The `progress` that the agent gets."""
        self._latest = text
        self._news.set()
        await asyncio.sleep(0)

    async def pump(self) -> None:
        """Pass the texts on; runs beside the agent."""
        for _ in range(MAX_PROGRESS_POSTS):
            await self._news.wait()
            self._news.clear()
            text = (self._latest or "").strip()
            if text:
                self._send(text if len(text) <= MAX_SHORT_CHARS else text[: MAX_SHORT_CHARS - 1] + "…")
                await self._clock.sleep(PROGRESS_EVERY_S)


async def perform(
    agent: Agent, assignment: Assignment, *, clock: Clock, limit_s: float, tell: Callable[[str], None]
) -> Outcome:
    """One run of the agent. Raises `AgentFailed` with a text that names what is wrong and what would help."""
    progress = Progress(clock, tell)
    pump = asyncio.create_task(progress.pump())
    try:
        outcome = await within(clock, limit_s, _call(agent, assignment, progress))
    except TimeoutError as error:
        raise AgentFailed(
            f"the agent did not finish within {limit_s:g} s and was stopped; give it a smaller task, or the goal a "
            "longer task timeout"
        ) from error
    finally:
        pump.cancel()
    return checked(outcome)


async def _call(agent: Agent, assignment: Assignment, progress: Progress) -> object:
    try:
        return await agent.perform(assignment, progress.report)
    except AgentFailed:
        raise
    except asyncio.CancelledError as error:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise
        raise AgentFailed("the agent was cancelled from inside, not by the group; run the task again") from error
    except SystemExit as error:
        raise AgentFailed(f"the agent ended its program (exit status {error.code}) instead of the task") from error
    except Exception as error:  # the boundary to the agent, which is foreign code
        _log.warning("the agent raised during task %s", assignment.task_id, exc_info=error)
        text = str(error)[:4_000]
        raise AgentFailed(f"the agent raised {type(error).__name__}" + (f": {text}" if text else "")) from error


def checked(outcome: object) -> Outcome:
    """What the agent returned, if a group can use it. Raises `AgentFailed`."""
    if not isinstance(outcome, Outcome):
        raise AgentFailed(
            f"the agent returned {type(outcome).__name__} where an Outcome is expected; "
            "return the result as text, or raise AgentFailed saying why there is none"
        )
    conclusion: object = outcome.conclusion
    if not isinstance(conclusion, str) or not conclusion.strip():  # pyright: ignore[reportUnnecessaryIsInstance] - foreign code
        shown = "an empty text" if isinstance(conclusion, str) else type(conclusion).__name__  # pyright: ignore[reportUnnecessaryIsInstance] - same
        raise AgentFailed(f"the agent's conclusion is {shown}; return what it found, or raise AgentFailed saying why")
    try:
        size_bytes = len(conclusion.encode())
    except UnicodeEncodeError as error:
        raise AgentFailed(f"the agent's conclusion is no Unicode text ({error.reason}); clean it") from error
    if size_bytes > MAX_CONCLUSION_BYTES:
        raise AgentFailed(
            f"the agent's conclusion has {size_bytes} bytes; at most {MAX_CONCLUSION_BYTES} are allowed: "
            "write it to a file and return the file"
        )
    if len(outcome.files) > MAX_FILES:
        raise AgentFailed(
            f"the agent returned {len(outcome.files)} files; at most {MAX_FILES} are allowed: put them into one archive"
        )
    return outcome
