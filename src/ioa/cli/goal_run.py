"""One goal from its launch to its end: sent, followed live, cancelled when asked, never lost with a connection.

Knows nothing of terminals: what happens goes to a `Watcher`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, TypeVar

import msgspec

from ioa.cli.attachments import Attachment
from ioa.cli.failures import BadInput, HubProblem
from ioa.cli.hub_api import HubApi, Rejected
from ioa.cli.records import ENDED, Entry, Goal
from ioa.protocol.messages import Artifact

RETRY_FIRST_S = 0.2
RETRY_LAST_S = 5.0
GIVE_UP_AFTER_S = 120.0
"""How long a hub may be away before the command gives up; the goal goes on without it."""
MAX_GROUP_TIMEOUT_S = 2_592_000.0
WIND_DOWN_S = 15.0
"""How long a cancelled goal may take to end."""


@dataclass(frozen=True, slots=True)
class GoalRequest:
    """What to ask the network for. `budgets` and `max_turns` as in the HTTP API; `timeout_s` is our own patience."""

    goal: str
    attachments: tuple[Attachment, ...] = ()
    team: tuple[str, ...] = ()
    depth: int | None = None
    max_turns: int | None = None
    timeout_s: float | None = None
    continues: str | None = None
    request_id: str = ""
    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost_usd: float | None = None
    turn_timeout_s: float | None = None

    def budgets(self) -> dict[str, float]:
        made: dict[str, float] = {}
        if self.depth is not None:
            made["depth"] = self.depth
        if self.timeout_s is not None:
            # For the case that we are gone by then.
            made["group_timeout_s"] = min(self.timeout_s + WIND_DOWN_S, MAX_GROUP_TIMEOUT_S)
        for name, value in (
            ("calls", self.max_calls),
            ("tokens", self.max_tokens),
            ("cost_usd", self.max_cost_usd),
            ("turn_timeout_s", self.turn_timeout_s),
        ):
            if value is not None:
                made[name] = value
        return made


class Watcher(Protocol):
    """Who looks on."""

    def launched(self, goal: Goal) -> None: ...

    def entry(self, entry: Entry) -> None: ...

    def status(self, goal: Goal) -> None:
        """The goal's status has changed."""
        ...

    def remark(self, text: str) -> None:
        """Something about the connection or the command itself."""
        ...


T = TypeVar("T")
Reason: TypeAlias = Literal["ended", "interrupted", "timeout"]


@dataclass(slots=True)
class GoalRun:
    """Runs `request` on the hub behind `api`. `interrupt` may be called at any time, from the same event loop."""

    api: HubApi
    request: GoalRequest
    watcher: Watcher
    media_type_of: Callable[[str], str]
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    reason: Reason = field(default="ended", init=False)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def interrupt(self) -> None:
        """Cancel the goal and end with what there is."""
        self._stop("interrupted")

    async def run(self) -> Goal:
        """The goal as it ended. Raises `HubProblem` when the hub stays away, `BadInput` when it refuses."""
        artifacts = [await self._upload(attachment) for attachment in self.request.attachments]
        goal = await self._launch(artifacts)
        self.watcher.launched(goal)
        follow = asyncio.create_task(self._follow(goal))
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({follow, stop}, timeout=self.request.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not follow.done():
                self._stop("timeout")  # unless it was interrupted
                await self._cancel(goal)
                await asyncio.wait({follow}, timeout=WIND_DOWN_S)
            if not follow.done():
                self.watcher.remark(f"The hub has not ended the goal within {WIND_DOWN_S:g} s of its cancellation.")
                return await self.api.goal(goal.goal_id)
            return follow.result()
        finally:
            for task in (follow, stop):
                task.cancel()
            await asyncio.gather(follow, stop, return_exceptions=True)

    def _stop(self, reason: Reason) -> None:
        if not self._stopping.is_set():
            self.reason = reason
            self._stopping.set()

    async def _upload(self, attachment: Attachment) -> Artifact:
        try:
            return await self.api.upload(attachment.path, attachment.name, self.media_type_of(attachment.name))
        except Rejected as refusal:
            if refusal.status == 413:
                raise BadInput(f"{attachment.path} is larger than the hub takes: {refusal.message}") from refusal
            raise
        except OSError as error:
            raise BadInput(f"{attachment.path} cannot be read: {error.strerror or error}.") from error

    async def _launch(self, artifacts: Sequence[Artifact]) -> Goal:
        request = self.request
        return await self.api.launch(
            request.goal,
            team=request.team,
            max_turns=request.max_turns,
            budgets=request.budgets(),
            artifacts=artifacts,
            continues=request.continues,
            idempotency_key=request.request_id,
        )

    async def _cancel(self, goal: Goal) -> None:
        try:
            await self.api.cancel_goal(goal.goal_id)
        except (HubProblem, Rejected) as error:  # it may have ended just now
            self.watcher.remark(f"The goal could not be cancelled: {error.message}")

    async def _follow(self, goal: Goal) -> Goal:
        """All events to the final one, over as many connections as it takes."""
        last_id, pause, away_since = "", RETRY_FIRST_S, self.clock()
        latest = goal
        while True:
            problem = ""
            try:
                async with self.api.events(goal.goal_id, last_id) as events:
                    async for event in events:
                        pause, away_since = RETRY_FIRST_S, self.clock()
                        last_id = event.last_id or last_id
                        if event.kind == "goal":
                            latest = self._status(latest, _decoded(event.data, Goal))
                        elif event.kind == "message":
                            self.watcher.entry(_decoded(event.data, Entry))
                # The stream ends after the final event; when it ends before, the hub is going down.
                if latest.status in ENDED:
                    return latest
                latest = self._status(latest, await self.api.goal(goal.goal_id))
                if latest.status in ENDED:
                    return latest
                problem = "the event stream ended"
            except HubProblem as error:
                problem = error.message
            if self.clock() - away_since > GIVE_UP_AFTER_S:
                raise HubProblem(
                    f"{problem} Gave up after {GIVE_UP_AFTER_S:g} s. "
                    f"The goal goes on at the hub: ioa show {goal.goal_id}"
                )
            if pause == RETRY_FIRST_S:
                self.watcher.remark(f"Connection lost ({problem.rstrip('.')}); trying again.")
            await self.sleep(pause)
            pause = min(RETRY_LAST_S, pause * 2)

    def _status(self, before: Goal, after: Goal) -> Goal:
        if after.status != before.status:
            self.watcher.status(after)
        return after


def _decoded(data: str, of: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=of)
    except msgspec.DecodeError as error:
        raise HubProblem(f"An event of the hub is not understood ({error}); do the versions match?") from error
