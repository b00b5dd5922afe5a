"""A process with several clients, which is killed without warning: `python -m tests.chaos.host SETTINGS.json`.

What happens in it is noted at once in a file of its own, one JSON array a line: what the hub accepted, what was taken,
which agents ran. Notes of runs are on the disk before the agent goes on.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from ioa.adapters.clock import SystemClock, new_id
from ioa.adapters.transport.websocket import WebSocketTransport
from ioa.client import Client, ClientSettings, Patience
from ioa.client.events import ClientEvent, EntryTaken, JobCrashed, LogUnreadable
from ioa.ports.transport import Connection
from ioa.protocol.cards import Card
from tests.simulation.people import DiceAgent, DicePolicy


class HostSettings(msgspec.Struct):
    """What a host runs. `cards` with their `tokens`; `others` are all agents of the network; `skew_s` is what the
    clock of this host is wrong by."""

    hub: str
    folder: str
    witness: str
    seed: str
    cards: tuple[Card, ...]
    tokens: tuple[str, ...]
    others: tuple[str, ...]
    skew_s: float = 0.0


class SkewedClock(SystemClock):
    """A clock of a machine that has another idea of the time of day."""

    def __init__(self, skew_s: float) -> None:
        self._skew_s = skew_s

    def now_s(self) -> float:
        return super().now_s() + self._skew_s


class Witness:
    """A file to which whole lines are appended."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, *what: Any, safe: bool = False) -> None:
        os.write(self._file, json.dumps(what).encode() + b"\n")
        if safe:
            os.fsync(self._file)


class NotedConnection:
    """Notes what the hub answers before the client hears of it."""

    def __init__(self, connection: Connection, name: str, witness: Witness) -> None:
        self._connection = connection
        self._name = name
        self._witness = witness

    async def send(self, data: bytes) -> None:
        await self._connection.send(data)

    async def receive(self) -> bytes:
        data = await self._connection.receive()
        if data.startswith(b'{"frame":"accepted"'):
            frame = json.loads(data)
            self._witness.note("accepted", self._name, frame["message_id"], frame["seq"])
        elif data.startswith(b'{"frame":"launched"'):
            self._witness.note("launched", json.loads(data)["comm_id"])
        return data

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._connection.close(code, reason)


class NotedTransport:
    """A transport whose connections are noted."""

    def __init__(self, hub: str, name: str, witness: Witness) -> None:
        self._inner = WebSocketTransport(hub)
        self._name = name
        self._witness = witness

    async def connect(self) -> Connection:
        return NotedConnection(await self._inner.connect(), self._name, self._witness)


class _NoFiles:
    """Nobody has files here."""


def client_of(settings: HostSettings, number: int, witness: Witness) -> Client:
    """One of the host's clients."""
    card, token = settings.cards[number], settings.tokens[number]
    clock = SkewedClock(settings.skew_s)
    dice = Random(f"{settings.seed} {card.name}")
    folder = Path(settings.folder)

    def heard(event: ClientEvent) -> None:
        match event:
            case EntryTaken(message=message):
                witness.note("taken", card.name, message.comm_id, message.seq)
            case LogUnreadable():
                witness.note("unreadable", card.name, event.comm_id, event.code, event.rule)
            case JobCrashed():
                witness.note("unreadable", card.name, event.job, event.error)
            case _:
                pass

    def ran(phase: str, task_id: str) -> None:
        witness.note(phase, card.name, task_id.rpartition(".")[0], task_id, safe=phase == "begin")

    return Client(
        card=card,
        agent=DiceAgent(dice, clock, ran),
        policy=DicePolicy(dice, clock, tuple(name for name in settings.others if name != card.name)),
        transport=NotedTransport(settings.hub, card.name, witness),
        artifacts=_NoFiles(),  # pyright: ignore[reportArgumentType] - nobody makes files here
        clock=clock,
        new_id=new_id,
        random=dice,
        settings=ClientSettings(
            token=token,
            work_folder=folder / f"work {card.name}",
            patience=Patience(longest_retry_s=1.0, ping_every_s=2.0, silence_s=6.0, hello_s=5.0, again_s=0.3),
        ),
        journal=folder / f"{card.name}.sqlite",
        listener=heard,
    )


async def main(settings: HostSettings) -> None:
    witness = Witness(settings.witness)
    async with asyncio.TaskGroup() as group:
        for number in range(len(settings.cards)):
            group.create_task(client_of(settings, number, witness).run())


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=HostSettings)))
