"""Who may see and recruit whom. An agent that somebody may not see is, for them, not there: every question about it is
answered like one about a name that nobody has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from ioa.hub.records import AgentRecord
from ioa.hub.security import Identity
from ioa.protocol.names import PERSON_PREFIX

Sees: TypeAlias = Callable[[AgentRecord], bool]
"""May this agent be seen? Asked for every card of a search, so it must be cheap."""


def everything(record: AgentRecord) -> bool:
    """What operators see."""
    return True


def public_only(record: AgentRecord) -> bool:
    """What other hubs see, and whoever is not known."""
    return record.visibility == "public"


class Sight:
    """What users see, and so their agents and goals. `teams` are the users of each team; who shares one with an agent's
    owner sees that agent where its visibility is `team`."""

    def __init__(self, teams: Mapping[str, Sequence[str]], owner_of: Callable[[str], str | None]) -> None:
        """`owner_of`: the user whose agent has this name, None for a name that is not registered."""
        self._owner_of = owner_of
        self._mates: dict[str, set[str]] = {}
        for members in teams.values():
            for user in members:
                self._mates.setdefault(user, set()).update(members)

    def of_user(self, user: str) -> Sees:
        """What a user's goals and agents see."""
        mates = self._mates.get(user, frozenset[str]())

        def sees(record: AgentRecord) -> bool:
            return (
                record.visibility == "public"
                or record.owner == user
                or (record.visibility == "team" and record.owner in mates)
            )

        return sees

    def of_speaker(self, speaker: str) -> Sees:
        """What `@user`, or the agent of this name, sees."""
        user = speaker[len(PERSON_PREFIX) :] if speaker.startswith(PERSON_PREFIX) else self._owner_of(speaker)
        return self.of_user(user) if user else public_only

    def of(self, identity: Identity) -> Sees:
        """What this caller sees."""
        if identity.operator:
            return everything
        return public_only if identity.kind == "peer" else self.of_speaker(identity.speaker)
