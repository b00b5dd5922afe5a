"""A group around one table, as far as the damper needs it: what was said, and a view of who is about to speak."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.conversation.group import Group, step
from ioa.ports.policy import GroupView
from ioa.protocol.cards import Card, FoundAgent
from ioa.protocol.messages import AnyMessage, Discussion, Launch

MEMBERS = ("Ada", "Bruno", "Cleo")


async def nobody(phrases: Sequence[str], team: Sequence[str]) -> list[tuple[FoundAgent, ...]]:
    return [() for _ in phrases]


def heard(*said: tuple[str, str, str], goal: str = "Find it out.") -> tuple[Group, tuple[AnyMessage, ...]]:
    """A group of three in which each has spoken once, and then these (sender, content, next speaker)."""
    launch = Launch(
        sender="Ada", comm_id="g", message_id="m1", seq=1, goal=goal, team_members=MEMBERS[1:], team_up_depth=0,
        max_turns=100, goal_id="goal", owner="@me",
    )  # fmt: skip
    group, _ = step(None, launch)
    log: list[AnyMessage] = [launch]
    began = (
        ("Ada", "I look into the first part.", "Bruno"),
        ("Bruno", "The second part is what I take.", "Cleo"),
        ("Cleo", "Then the third part is left for me.", said[0][0] if said else "Ada"),
    )
    for sender, content, to in (*began, *said):
        message = Discussion(
            sender=sender, comm_id="g", message_id=f"m{len(log) + 1}", seq=len(log) + 1, content=content,
            next_speaker=(to,),
        )  # fmt: skip
        group, _ = step(group, message)
        log.append(message)
    return group, tuple(log)


def view_of(group: Group, log: tuple[AnyMessage, ...], me: str = "Ada") -> GroupView:
    return GroupView(
        me=Card(name=me, description="One of three."),
        group=group,
        log=log,
        cards={name: Card(name=name, description="One of three.") for name in MEMBERS},
        contacts={},
        search=nobody,
    )


def say(content: str, to: str = "Bruno") -> Discussion:
    return Discussion(sender="-", comm_id="-", message_id="-", content=content, next_speaker=(to,))
