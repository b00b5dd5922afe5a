"""Which key a name is held to, and whether a card is signed by it. Part of the Security Block (IoA paper, A.3.1)."""

from __future__ import annotations

from ioa.hub.records import AgentRecord
from ioa.protocol.cards import Card
from ioa.protocol.errors import Refused
from ioa.protocol.signatures import check_signature


def held_to(card: Card, name: str, known: AgentRecord | None, *, may_change: bool) -> tuple[str, bool]:
    """The key that `name` is held to from now on ("": none), and whether the card is verified.

    `card` is as it was sent, `name` as the hub spells it. The first signed card decides the key; another one, or a
    card without one, counts only where `may_change`: the owner registers the agent anew. Raises `Refused`
    (bad_signature)."""
    verified = check_signature(card)
    if card.public_key and card.name != name:
        raise Refused("bad_signature", f"name {card.name!r} is signed, and registered as {name!r}; sign that spelling")
    if known is not None and known.public_key and not may_change:
        if card.public_key != known.public_key:
            given = f"public_key {card.public_key!r}" if card.public_key else "a card without public_key"
            raise Refused(
                "bad_signature",
                f"{given} is not the key kept for {name!r}; its owner may register it anew with ?rotate=true",
            )
        if card.revision < known.card.revision:
            raise Refused(
                "bad_signature",
                f"revision {card.revision} is older than {known.card.revision}, which is held; sign with a newer one",
            )
    return card.public_key, verified
