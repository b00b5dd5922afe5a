"""Message Routing Block: a message is judged, written, and forwarded to the members of its group.
Source: IoA paper, A.3.3."""

from __future__ import annotations

from ioa.conversation.hub_duties import force_conclusion, prepare
from ioa.hub.artifacts import Artifacts
from ioa.hub.ledger import Ledger
from ioa.hub.session_management import Sessions, delivery_tail
from ioa.hub.unit import Unit, artifacts_of
from ioa.ports.store import Conflict
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Accepted
from ioa.protocol.messages import AnyMessage, Launch


class MessageRouting:
    """Puts messages into groups and forwards what has become durable."""

    def __init__(self, ledger: Ledger, sessions: Sessions, artifacts: Artifacts) -> None:
        self._ledger = ledger
        self._sessions = sessions
        self._artifacts = artifacts

    async def post(self, speaker: str, message: AnyMessage) -> Accepted:
        """Judge a message of `speaker`. A repeat is answered as the first time. Raises `Refused`,
        `StoreUnavailable`."""
        if message.sender != speaker:
            raise Refused(
                "not_the_sender",
                f"sender is {message.sender!r}, but this connection is {speaker!r}; send your own name",
            )
        if isinstance(message, Launch):
            raise Refused(
                "illegal_now", "launch is written by the hub; send the frame launch_group", legal=("launch_group",)
            )
        await self._artifacts.check_use(speaker, artifacts_of(message))

        def decide(unit: Unit) -> int:
            group = unit.group(message.comm_id)
            said = unit.seq_said(speaker, message.message_id, message.comm_id)
            if said is not None:
                return said
            if speaker not in (*group.members, group.owner):
                raise Refused(
                    "not_a_member",
                    f"sender {speaker!r} is not a member of comm_id {message.comm_id!r}; only members may post there",
                )
            return [unit.add(entry).seq for entry in prepare(group, message)][-1]

        try:
            return Accepted(message_id=message.message_id, seq=await self._ledger.run(decide))
        except Conflict:
            raise Refused(
                "duplicate", f"message_id {message.message_id!r} is that of another message of yours; make a new one"
            ) from None

    async def force_conclusion(self, comm_id: str, reason: str) -> None:
        """End a group and what is nested in it. Raises `Refused` (unknown_group), `StoreUnavailable`."""

        def decide(unit: Unit) -> None:
            group = unit.group(comm_id)
            if not group.ended:
                for message in force_conclusion(group, reason):
                    unit.add(message)

        await self._ledger.run(decide)

    def forward(self, unit: Unit, positions: tuple[int, ...]) -> None:
        """The unit is durable: its entries go to all members of their groups."""
        for entry, pos in zip(unit.written.entries, positions, strict=True):
            tail = delivery_tail(entry.at, entry.body)
            self._sessions.publish(unit.changed[entry.comm_id].members, pos, tail)
        for message in unit.messages:
            group = unit.changed[message.comm_id]
            self._artifacts.shared((*group.members, group.owner), artifacts_of(message))
