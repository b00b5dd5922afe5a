"""The collaborative plan: objectives with their members, dependencies and milestones, kept in what is said.

The plan stands under a heading at the end of a turn's content, so that it is in the log like everything else; the
latest one holds, and any turn may say a new one. Source: IoA paper, 2.3.3 (collaborative planning is optional).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ioa.adapters.policy.model.schemas import one_of
from ioa.ports.policy import TurnMessage
from ioa.protocol.messages import MAX_TEXT_CHARS, AnyMessage, Turn

if TYPE_CHECKING:
    from pydantic import BaseModel

HEADING = "## Plan"


def plan_schema(members: Sequence[str]) -> type[BaseModel]:
    from pydantic import Field, create_model

    parts: dict[str, Any] = {
        "objective": (str, Field(description="what is to be reached", min_length=1)),
        "member": (one_of(members), Field(description="who takes it")),
        "after": (list[int], Field(default_factory=list, description="numbers of the objectives that come before it")),
        "milestone": (str, Field("", description="how one sees that it is reached")),
    }
    objective = create_model("Objective", **parts)
    fields: dict[str, Any] = {"objectives": (list[objective], Field(min_length=1, max_length=20))}
    return create_model("Plan", **fields)


def plan_words(decided: Any) -> str:
    """The plan as a numbered list."""
    lines: list[str] = []
    for number, entry in enumerate(decided.objectives, start=1):
        after = [str(other) for other in entry.after if 1 <= other < number]
        note = f", after {', '.join(after)}" if after else ""
        done = f". Done when: {entry.milestone}" if entry.milestone else ""
        lines.append(f"{number}. {entry.objective} ({entry.member}{note}){done}")
    return "\n".join(lines)


def latest_plan(log: Sequence[AnyMessage]) -> str:
    """The plan that holds now; "" if there is none."""
    for message in reversed(log):
        if isinstance(message, Turn):
            _, heading, plan = message.content.rpartition(HEADING)
            if heading:
                return plan.strip()
    return ""


def with_plan(message: TurnMessage, plan: str) -> TurnMessage:
    """The message with a plan at its end."""
    if not plan.strip():
        return message
    room = MAX_TEXT_CHARS - len(HEADING) - len(plan) - 4
    return replace(message, content=f"{message.content[: max(0, room)]}\n\n{HEADING}\n\n{plan.strip()}".strip())
