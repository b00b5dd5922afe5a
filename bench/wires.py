"""How the load generator's chats reach a server: through the hub's protocol, or as bare texts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import count
from uuid import uuid4

import httpx
from msgspec import Struct, json

from bench.hub_process import TOKEN
from bench.load import Chat, Lost
from bench.servers import Server
from bench.sockets import Socket, connect
from ioa.client.connection import ACKNOWLEDGE_EVERY, ACKNOWLEDGE_WITHIN_S
from ioa.protocol.cards import FoundAgent
from ioa.protocol.codec import encode
from ioa.protocol.frames import (
    PROTOCOL_VERSION,
    Acknowledge,
    ClientFrame,
    Hello,
    LaunchGroup,
    Pong,
    Post,
    Search,
)
from ioa.protocol.messages import Discussion

MESSAGE_BYTES = 600
_MAX_TURNS = 10_000
_HOUR_S = 3_600.0
_WELCOME_WITHIN_S = 30.0
_ANSWER_WITHIN_S = 60.0
_FILLER = "what we know so far, in the words of those who found it and with the numbers that they gave us; "

Trouble = Callable[[Exception], None]


class _Said(Struct, frozen=True):
    """What matters of a delivered message."""

    comm_id: str = ""
    type: str = ""
    seq: int = 0


class _Frame(Struct):
    """What matters of any frame of the hub. Fields of other kinds are their defaults."""

    frame: str = ""
    cursor: int = 0
    previous: int = 0
    at: float = 0.0
    n: int = 0
    message: _Said = _Said()
    request_id: str = ""
    reply_to: str = ""
    goal_id: str = ""
    goal: str = ""
    comm_id: str = ""
    rule: str = ""
    agents: list[list[FoundAgent]] = []


_read_frame = json.Decoder(_Frame).decode
_read_message = json.Decoder(_Said).decode


def discussion(chat: str, sender: str, next_speaker: str, number: int, *, seq: int = 0) -> Discussion:
    """A message of about `MESSAGE_BYTES` as JSON, in the shape of a real one."""
    head = Discussion(
        sender=sender,
        comm_id=chat,
        message_id=f"{chat}-{number}",
        seq=seq,
        content="",
        next_speaker=(next_speaker,),
    )
    room = MESSAGE_BYTES - len(encode(head))
    text = (_FILLER * (1 + room // len(_FILLER)))[:room]
    return Discussion(
        sender=sender,
        comm_id=chat,
        message_id=head.message_id,
        seq=seq,
        content=text,
        next_speaker=(next_speaker,),
    )


def bare_text(chat: str, size: int, place: int, number: int) -> bytes:
    """Message `number` of a chat on a server that knows no frames."""
    return encode(discussion(chat, f"{chat}-{place}", f"{chat}-{(place + 1) % size}", number, seq=number))


def number_of(text: bytes) -> int:
    """Which message a `bare_text` is."""
    return _read_message(text).seq


class HubMember:
    """One connected agent. Acknowledges as the client does: every so many deliveries, or some time after the first."""

    def __init__(self, name: str, trouble: Trouble) -> None:
        self.name = name
        self.places: dict[str, tuple[Chat, int]] = {}
        self.offers: asyncio.Queue[_Frame] = asyncio.Queue()
        self._trouble = trouble
        self._asked: dict[str, asyncio.Future[_Frame]] = {}
        self._cursor = 0
        self._acknowledged = 0
        self._welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._socket: Socket | None = None
        self._numbers = count(1)
        self._owed = 0
        self._loop = asyncio.get_running_loop()

    async def enter(self, url: str, token: str) -> None:
        """Connect and be welcome. Raises `SocketLost`, `Lost`, `TimeoutError` or another `OSError`; then nothing is
        left of the attempt, and another may be made."""
        address = url.replace("http", "ws", 1) + "/v1/connect"
        self._welcome = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_WELCOME_WITHIN_S):
                self._socket = await connect(address, self._take, _nothing, self._lost)
                self.send(Hello(version=PROTOCOL_VERSION, token=token))
                await self._welcome
        except BaseException:
            self.leave()
            raise

    def _lost(self, error: Exception) -> None:
        if self._welcome.done():
            self._trouble(error)
        else:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Not welcome; `enter` raises it."""
        self._welcome.set_exception(error)
        if self._socket is not None:
            self._socket.close()  # it says no more of this

    def leave(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, frame: ClientFrame) -> None:
        assert self._socket is not None
        self._socket.send(encode(frame))

    async def ask(self, frame: LaunchGroup | Search) -> _Frame:
        """The answer to a frame with a `request_id`."""
        answer = self._asked[frame.request_id] = asyncio.get_running_loop().create_future()
        self.send(frame)
        try:
            return await asyncio.wait_for(answer, _ANSWER_WITHIN_S)
        except TimeoutError:
            raise Lost(f"{self.name}: no answer to {type(frame).__name__} within {_ANSWER_WITHIN_S:g} s") from None

    def new_id(self) -> str:
        return f"{self.name}-{next(self._numbers)}"

    def _take(self, data: bytes) -> None:
        frame = _read_frame(data)
        try:
            self._handle(frame)
        except Lost as error:
            self._trouble(error)

    def _handle(self, frame: _Frame) -> None:
        match frame.frame:
            case "delivery":
                if frame.previous != self._cursor:
                    raise Lost(f"{self.name}: delivery {frame.cursor} follows {frame.previous}, not {self._cursor}")
                self._cursor = frame.cursor
                self._owed += 1
                if self._owed == ACKNOWLEDGE_EVERY:
                    self._acknowledge()
                elif self._owed == 1:
                    self._loop.call_later(ACKNOWLEDGE_WITHIN_S, self._acknowledge)
                if frame.message.type == "discussion":
                    chat, place = self.places[frame.message.comm_id]
                    chat.hear(place, frame.message.seq - 1, time.time() - frame.at)  # entry 1 is the launch
                elif frame.message.type != "launch":
                    raise Lost(f"{self.name}: the hub wrote {frame.message.type} into {frame.message.comm_id}")
            case "accepted":
                pass
            case "ping":
                self.send(Pong(n=frame.n))
            case "welcome":
                self._welcome.set_result(None)
            case "goal":
                self.offers.put_nowait(frame)
            case "launched" | "found":
                self._asked.pop(frame.request_id).set_result(frame)
            case _:
                error = Lost(f"{self.name}: {frame.frame} {frame.rule}")
                if self._welcome.done():
                    raise error
                self._fail(error)

    def _acknowledge(self) -> None:
        self._owed = 0
        if self._socket is not None and self._cursor > self._acknowledged:
            self._acknowledged = self._cursor
            self.send(Acknowledge(cursor=self._cursor))


class HubWire:
    """A hub and members of groups of `size`. `trouble` hears of what goes wrong."""

    def __init__(self, server: Server, trouble: Trouble) -> None:
        self.server = server
        self.url = server.url
        self._trouble = trouble
        self._http = httpx.AsyncClient(
            base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=60
        )
        self.members: list[HubMember] = []

    async def join(self, names: Sequence[str]) -> None:
        """Register and connect these agents."""
        for name in names:
            card = {"name": name, "description": f"Talks about everything as {name}."}
            answer = (await self._http.post("/v1/agents", json=card)).raise_for_status()
            member = HubMember(name, self._trouble)
            await member.enter(self.url, answer.json()["token"])
            self.members.append(member)

    async def open_chat(self, members: Sequence[HubMember]) -> Chat:
        """A group launched for a goal of its own, the first member its initiator."""
        first = members[0]
        body = {
            "goal": f"Talk ({uuid4().hex[:8]})",
            "initiator": first.name,
            "max_turns": _MAX_TURNS,
            "budgets": {"turns": _MAX_TURNS, "turn_timeout_s": _HOUR_S},
        }
        (await self._http.post("/v1/goals", json=body)).raise_for_status()
        try:
            offer = await asyncio.wait_for(first.offers.get(), _ANSWER_WITHIN_S)
        except TimeoutError:
            raise Lost(f"{first.name}: no goal was offered within {_ANSWER_WITHIN_S:g} s") from None
        launched = await first.ask(
            LaunchGroup(
                request_id=uuid4().hex,
                goal=offer.goal,
                goal_id=offer.goal_id,
                team_members=tuple(member.name for member in members[1:]),
                max_turns=_MAX_TURNS,
            )
        )
        comm_id = launched.comm_id

        def post(place: int, number: int) -> None:
            following = members[(place + 1) % len(members)]
            members[place].send(Post(message=discussion(comm_id, members[place].name, following.name, number)))

        chat = Chat(comm_id, len(members), post)
        for place, member in enumerate(members):
            member.places[comm_id] = chat, place
        return chat

    async def turns(self, chat: Chat) -> int:
        """How many messages the hub's own log has of a chat."""
        return (await self._http.get(f"/v1/groups/{chat.name}")).raise_for_status().json()["turns"]

    async def close(self) -> None:
        for member in self.members:
            member.leave()
        await self._http.aclose()


class BareWire:
    """The bare server and chats of `size` members."""

    def __init__(self, server: Server, trouble: Trouble) -> None:
        self._url = server.url
        self._trouble = trouble
        self._sockets: list[Socket] = []

    async def open_chat(self, name: str, size: int) -> Chat:
        sockets: list[Socket] = []

        def post(place: int, number: int) -> None:
            sockets[place].send(bare_text(name, size, place, number))

        chat = Chat(name, size, post)
        for place in range(size):
            sockets.append(
                await connect(f"{self._url}/{name}", hearing(chat, place, self._trouble), _nothing, self._trouble)
            )
        self._sockets += sockets
        return chat

    def close(self) -> None:
        for socket in self._sockets:
            socket.close()


def hearing(chat: Chat, place: int, trouble: Trouble) -> Callable[[bytes], None]:
    """Takes the bare texts that a member hears; `trouble` is told of one that was lost or came twice."""

    def take(data: bytes) -> None:
        try:
            chat.hear(place, number_of(data), 0.0)
        except Lost as error:
            trouble(error)

    return take


def _nothing() -> None:
    """A bare text is not acknowledged."""
