"""Keeps a transcript within a model's window: what does not fit is summarised once, and the summary is kept.

The older part goes to the model piece by piece, each piece together with the summary of what came before it, so that a
log of any length costs a bounded number of tokens a turn, and each entry is read for a summary once.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.fencing import fenced
from ioa.adapters.models.mind import Mind
from ioa.adapters.models.windows import tokens_of
from ioa.adapters.policy.model.transcript import Said, entries
from ioa.client.prompts import prompt
from ioa.conversation.group import Group
from ioa.ports.spending import Spending
from ioa.protocol.messages import AnyMessage

SHARE_OF_WINDOW = 0.5
"""Part of a model's window that the log may take in a prompt; the rest is for everything else and for the answer."""
MOST_TOKENS = 60_000
"""More of a log than this is summarised even where a window would hold it: it costs money at every turn."""
KEPT_GROUPS = 200
SHORT_CHARS = 200

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A log as it goes into a prompt: the summary of what came before, and the entries after it."""

    summary: str
    log: str


class Summaries:
    """The summaries of one client's groups."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._kept: OrderedDict[str, tuple[int, str]] = OrderedDict()

    async def shown(
        self, decision: str, group: Group, log: Sequence[AnyMessage], spending: Spending, *, agent: str
    ) -> Shown:
        """The log within the window of the model that makes `decision`. Raises `BudgetSpent`."""
        room = min(MOST_TOKENS, int(self._mind.window_tokens(decision) * SHARE_OF_WINDOW))
        upto, summary = self._kept.get(group.comm_id, (0, ""))
        fresh = entries(log, group)[upto:]
        sizes = [tokens_of(said.words) for said in fresh]
        keep = min(_tail(sizes, room // 2), sum(said.settled for said in fresh)) if sum(sizes) > room else 0
        if keep:
            upto, summary = await self._extended(decision, group, summary, fresh[:keep], room, spending, agent)
            fresh = fresh[keep:]
            self._kept[group.comm_id] = (upto, summary)
            self._kept.move_to_end(group.comm_id)
            while len(self._kept) > KEPT_GROUPS:
                self._kept.popitem(last=False)
        return Shown(summary, "\n".join(said.words for said in fresh) or "nobody has spoken yet")

    async def _extended(
        self,
        decision: str,
        group: Group,
        summary: str,
        older: Sequence[Said],
        room: int,
        spending: Spending,
        agent: str,
    ) -> tuple[int, str]:
        words = prompt("summary")
        place = 0
        while place < len(older):
            piece: list[str] = []
            size = 0
            while place < len(older) and (not piece or size + tokens_of(older[place].words) <= room):
                size += tokens_of(older[place].words)
                piece.append(older[place].words)
                place += 1
            text = words.filled(
                goal=fenced(group.goal, limit_chars=4_000),
                before=fenced(summary) if summary else "nothing",
                log="\n".join(piece)[: room * 4],
            )
            try:
                summary = await self._mind.ask(words.instructions, text, spending, agent=agent)
            except MindFailed as failure:
                _log.warning("%d older messages are shortened without a model: %s", len(piece), failure)
                summary = _shortened(summary, piece, room)
        return older[-1].number, summary


def _tail(sizes: Sequence[int], room: int) -> int:
    """Where the last entries begin that fit into `room`; the very last one is always kept."""
    place, size = len(sizes) - 1, sizes[-1]
    while place > 0 and size + sizes[place - 1] <= room:
        place -= 1
        size += sizes[place]
    return place


def _shortened(summary: str, piece: Sequence[str], room: int) -> str:
    """Without a model: the beginning of each entry, the newest as far as there is room."""
    lines = [line[:SHORT_CHARS] for line in piece]
    kept: list[str] = []
    size = tokens_of(summary)
    for line in reversed(lines):
        size += tokens_of(line)
        if size > room // 4:
            break
        kept.append(line)
    left_out = len(lines) - len(kept)
    note = [f"({left_out} older messages are left out)"] if left_out else []
    return "\n".join([*([summary[: room * 2]] if summary else []), *note, *reversed(kept)])
