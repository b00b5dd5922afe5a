"""What can go wrong on the wire, as data: every refusal has a code that a program can act on.

The tree:

    ProtocolError            the only error of the codec and of the law
    ├── MalformedFrame       bytes that are no frame of this version: not JSON, unknown kind, wrong field
    └── Refused              a well-formed message that a rule forbids now; the state is as it was
"""

from __future__ import annotations

from typing import Literal, NoReturn

Code = Literal[
    "malformed",
    "unknown_kind",
    "wrong_version",
    "too_large",
    "not_authenticated",
    "not_allowed",
    "bad_name",
    "bad_signature",
    "name_taken",
    "empty",
    "unknown_group",
    "unknown_agent",
    "unknown_task",
    "unknown_artifact",
    "unknown_goal",
    "unknown_token",
    "not_a_member",
    "not_the_sender",
    "not_the_floor",
    "not_the_assignee",
    "not_the_hub",
    "unknown_speaker",
    "one_speaker",
    "duplicate",
    "bad_triggers",
    "bad_dependency",
    "task_ended",
    "must_conclude",
    "too_deep",
    "budget_spent",
    "too_many",
    "stale",
    "concluded",
    "illegal_now",
    "superseded",
    "too_fast",
    "slow_consumer",
    "unavailable",
    "internal",
]


MEANINGS: dict[Code, str] = {
    "malformed": "Not a frame: no JSON, a missing, unknown or wrong field. `rule` names the field by its path.",
    "unknown_kind": "`frame` or `type` names no kind of this version.",
    "wrong_version": "The hub does not speak this version; `legal` lists those that it does. Closes with 4406.",
    "too_large": "The frame or file is over its size limit: send files as artifacts.",
    "not_authenticated": "No token, or one that the hub does not know. On a WebSocket it closes with 4401.",
    "not_allowed": "The sender is known and may not do this; `legal` says who may, where that is no secret.",
    "bad_name": "The name is empty, too long, reserved, or holds characters that cannot be shown.",
    "bad_signature": "A card's signature is not that of its key, or its key is not the one kept for the name.",
    "name_taken": "Another agent has this name, or one that looks the same.",
    "empty": "A text that must say something is blank.",
    "unknown_group": "No such group, or not one that the sender may know of; or the message is for another group.",
    "unknown_agent": "No such agent.",
    "unknown_task": "No such task in this group.",
    "unknown_artifact": "No such file, or not one that the sender may read.",
    "unknown_goal": "No such goal, or not one that the sender may know of.",
    "unknown_token": "No such token, or not one that the caller may know of.",
    "not_a_member": "The sender is not a member of the group.",
    "not_the_sender": "`sender` is not the agent that this connection belongs to.",
    "not_the_floor": "The sender has not the floor. Wait for it; progress and results of tasks need none.",
    "not_the_assignee": "The task is not the sender's.",
    "not_the_hub": "Only the hub writes this kind, or fills this field.",
    "unknown_speaker": "`next_speaker` or an assignee is not a member; `legal` lists who is.",
    "one_speaker": "A discussion names exactly one next speaker.",
    "duplicate": "Something is named or sent twice that may be there once.",
    "bad_triggers": "A trigger is not an open task; `legal` lists those that are.",
    "bad_dependency": "A task or group builds on what does not exist, has not ended, or is itself.",
    "task_ended": "The task has ended already; nothing follows.",
    "must_conclude": "Turns are spent: the initiator may conclude and nobody can do anything else.",
    "too_deep": "The goal does not allow groups nested so deep: do the task without a team.",
    "budget_spent": "The goal's budget does not allow this any more.",
    "too_many": "A count is at its limit; `rule` names it.",
    "stale": "The message speaks of a state that has passed. Read on and decide again.",
    "concluded": "The group has ended. Launch one that continues it.",
    "illegal_now": "The kind exists and is not possible in this state; `legal` lists what is.",
    "superseded": "The same agent has connected again; this connection is closed with 4409.",
    "too_fast": "More frames or requests a second than the hub allows. Slow down, or it closes with 4429.",
    "slow_consumer": "The client does not read what it is sent. Closes with 1013; resume from the cursor.",
    "unavailable": "The hub cannot do this now (starting, stopping, disk full). Nothing was changed; try again later.",
    "internal": "An error of the hub itself. Send it again with the same identifier, so that it counts once.",
}
"""What each code says, for people and for the documents."""

MAX_RULE_CHARS = 4_000
MAX_LEGAL = 100


class ProtocolError(Exception):
    """Base of everything that this package and the law raise. `code` is stable, the texts are for people.

    `rule` is cut at `MAX_RULE_CHARS` and `legal` at `MAX_LEGAL` entries, because both quote what a stranger sent
    and must fit into the refusal that goes back.
    """

    def __init__(self, code: Code, rule: str, *, legal: tuple[str, ...] = ()) -> None:
        rule = rule if len(rule) <= MAX_RULE_CHARS else rule[: MAX_RULE_CHARS - 1] + "…"
        super().__init__(rule)
        self.code: Code = code
        self.rule = rule
        self.legal = legal[:MAX_LEGAL]


class MalformedFrame(ProtocolError):
    """Bytes that are not a frame. Nothing was changed; the connection goes on."""


class Refused(ProtocolError):
    """A message that the law forbids now. Nothing was changed; `legal` says what would be accepted."""


def refuse(code: Code, rule: str, *legal: str) -> NoReturn:
    """Raise `Refused`. For the guards of the law, which do little else."""
    raise Refused(code, rule, legal=legal)
