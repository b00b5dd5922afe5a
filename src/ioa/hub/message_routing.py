"""Message Routing Block: a message is judged, written, and forwarded to the members of its group.
Source: IoA paper, A.3.3."""

from __future__ import annotations

from collections.abc import Callable

from ioa.conversation.hub_duties import force_conclusion, prepare
from ioa.hub.artifacts import Artifacts
from ioa.hub.group_log import NotReady
from ioa.hub.ledger import Ledger
from ioa.hub.quotas import QuotaBook
from ioa.hub.session_management import Sessions
from ioa.hub.unit import Unit, artifacts_of
from ioa.ports.store import Conflict
from ioa.protocol.errors import ProtocolError, Refused
from ioa.protocol.frames import Accepted
from ioa.protocol.messages import AnyMessage, Launch


class MessageRouting:
    """Puts messages into groups and forwards what has become durable."""

    def __init__(self, ledger: Ledger, sessions: Sessions, artifacts: Artifacts) -> None:
        self._ledger = ledger
        self._sessions = sessions
        self._artifacts = artifacts
        self.quotas: QuotaBook | None = None

    def _posted(self, unit: Unit, speaker: str, message: AnyMessage) -> int:
        """The decision about a posted message: which entry it is."""
        group = unit.group(message.comm_id)
        said = unit.seq_said(speaker, message.message_id, message.comm_id)
        if said is not None:
            return said
        if speaker not in group.members and speaker != group.owner:
            raise Refused(
                "not_a_member",
                f"sender {speaker!r} is not a member of comm_id {message.comm_id!r}; only members may post there",
            )
        if self.quotas is not None:
            self.quotas.message_in(group.owner, group.seq, message)
        seq = group.seq
        for entry in prepare(group, message):
            seq = unit.add(entry).seq
        return seq

    async def post(self, speaker: str, message: AnyMessage) -> Accepted:
        """Judge a message of `speaker`. A repeat is answered as the first time. Raises `Refused`,
        `StoreUnavailable`."""
        _check_kind(speaker, message)
        if self.quotas is not None:
            self.quotas.message(speaker)
        await self._artifacts.check_use(speaker, artifacts_of(message))
        try:
            seq = await self._ledger.run(lambda unit: self._posted(unit, speaker, message))
        except Conflict:
            raise _taken(message) from None
        return Accepted(message_id=message.message_id, seq=seq)

    def post_soon(self, speaker: str, message: AnyMessage, tell: Callable[[Accepted | Exception], None]) -> bool:
        """`post` without waiting, if nothing has to be fetched first; else False, and nothing has happened. `tell` gets
        the answer, or what `post` raises; a `Conflict` asks to `post` it."""
        if artifacts_of(message):
            return False
        try:
            _check_kind(speaker, message)
            if self.quotas is not None:
                self.quotas.message(speaker)
            seq, change = self._ledger.attempt(self._posted, speaker, message)
        except NotReady:
            return False
        except ProtocolError as error:
            tell(error)
            return True

        def told(error: Exception | None) -> None:
            tell(Accepted(message_id=message.message_id, seq=seq) if error is None else error)

        if change is None:
            told(None)
        else:
            change.then(told)
        return True

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
            self._sessions.publish(unit.changed[entry.comm_id].members, pos, entry.at, entry.body)
        self.remember(unit)

    def remember(self, unit: Unit) -> None:
        """The unit is durable: the files that it refers to are its groups'."""
        if not unit.documents:  # a use of a file is one
            return
        for message in unit.messages:
            artifacts = artifacts_of(message)
            if artifacts:
                group = unit.changed[message.comm_id]
                self._artifacts.shared((*group.members, group.owner), artifacts)


def _check_kind(speaker: str, message: AnyMessage) -> None:
    if message.sender != speaker:
        raise Refused(
            "not_the_sender",
            f"sender is {message.sender!r}, but this connection is {speaker!r}; send your own name",
        )
    if isinstance(message, Launch):
        raise Refused(
            "illegal_now", "launch is written by the hub; send the frame launch_group", legal=("launch_group",)
        )


def _taken(message: AnyMessage) -> Refused:
    return Refused(
        "duplicate", f"message_id {message.message_id!r} is that of another message of yours; make a new one"
    )
