"""Clients of the first landed version as a recording: each says what it said that evening, once it has heard what it
had heard before. What hubs choose (goals' and groups' names) is put in the place of what was chosen then."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from ioa.adapters.transport.websocket import WebSocketTransport

PATIENCE_S = 60.0
Line = tuple[str, str, dict[str, Any]]


class Names:
    """Names of that evening and those of today, learned as they come."""

    def __init__(self, tokens: dict[str, str]) -> None:
        self.today = dict(tokens)

    def learn(self, then: object, now: object) -> None:
        if isinstance(then, str) and isinstance(now, str):
            assert self.today.setdefault(then, now) == now, (then, now)

    def translated(self, frame: dict[str, Any]) -> str:
        text = json.dumps(frame)
        for then, now in self.today.items():
            text = text.replace(then, now)
        return text


def what(frame: dict[str, Any]) -> tuple[object, ...]:
    """What a frame of the hub is, whatever the names and numbers of the day are."""
    message = frame.get("message", {})
    answered = frame.get("request_id") or frame.get("message_id") or frame.get("reply_to")  # the client's own choice
    return (
        frame["frame"],
        answered,
        message.get("type"),
        message.get("sender"),
        message.get("goal"),
        message.get("content"),
    )


class Player:
    """One client. `heard` are the frames that it was sent, as bytes; `answers` those of the hub that were awaited."""

    def __init__(self, name: str, lines: list[Line], names: Names, url: str) -> None:
        self.name = name
        self._lines = lines
        self._names = names
        self._url = url
        self.heard: list[bytes] = []
        self._kinds: Counter[tuple[object, ...]] = Counter()
        self._by_kind: dict[tuple[object, ...], list[dict[str, Any]]] = {}
        self._news = asyncio.Event()

    async def play(self) -> None:
        connection = await WebSocketTransport(self._url).connect()
        reader = asyncio.create_task(self._read(connection))
        awaited: Counter[tuple[object, ...]] = Counter()
        cursor = 0
        try:
            for _, direction, frame in self._lines:
                if direction == "in":
                    kind = what(frame)
                    awaited[kind] += 1
                    now = await self._nth(kind, awaited[kind])
                    cursor = now.get("cursor", cursor)
                    for then_part, now_part in ((frame, now), (frame.get("message", {}), now.get("message", {}))):
                        for field in ("goal_id", "comm_id"):
                            self._names.learn(then_part.get(field), now_part.get(field))
                elif frame["frame"] == "ack":
                    await connection.send(json.dumps({"frame": "ack", "cursor": cursor}).encode())
                else:
                    await connection.send(self._names.translated(frame).encode())
        finally:
            reader.cancel()
            await connection.close()

    async def _nth(self, kind: tuple[object, ...], number: int) -> dict[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self._kinds[kind] < number:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise AssertionError(f"{self.name} never heard {kind} for the {number}. time") from error
        return self._by_kind[kind][number - 1]

    async def _read(self, connection: Any) -> None:
        while True:
            data = await connection.receive()
            self.heard.append(data)
            frame = json.loads(data)
            self._kinds[what(frame)] += 1
            self._by_kind.setdefault(what(frame), []).append(frame)
            self._news.set()
