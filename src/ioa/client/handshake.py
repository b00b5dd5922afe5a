"""Hello and welcome: how a connection begins, and the few answers of a hub that end a client for good."""

from __future__ import annotations

from dataclasses import dataclass

from ioa.client.jobs import within
from ioa.ports.clock import Clock
from ioa.ports.transport import Connection, ConnectionLost
from ioa.protocol import codec
from ioa.protocol.errors import Code, MalformedFrame
from ioa.protocol.frames import Hello, Refusal, Welcome
from ioa.protocol.names import name_key, printable

FINAL: frozenset[Code] = frozenset({"not_authenticated", "wrong_version", "superseded"})
FINAL_CLOSES: dict[int, Code] = {4401: "not_authenticated", 4406: "wrong_version", 4409: "superseded"}


class ClientEnded(Exception):
    """The hub does not want this client; reconnecting would not help. The text says what would."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code: Code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Times of the connection, in seconds."""

    first_retry_s: float = 0.1
    longest_retry_s: float = 30.0
    hello_s: float = 10.0
    ping_every_s: float = 20.0
    silence_s: float = 60.0
    again_s: float = 1.0


async def shake_hands(
    connection: Connection, *, version: int, agent: str, token: str, cursor: int, clock: Clock, limit_s: float
) -> Welcome:
    """Say hello and take the welcome. Raises `ClientEnded`, or `ConnectionLost` where a later try may succeed."""

    async def exchange() -> bytes:
        await connection.send(codec.encode(Hello(version=version, token=token, cursor=cursor)))
        return await connection.receive()

    try:
        answer = codec.decode_hub_frame(await within(clock, limit_s, exchange()))
    except TimeoutError as error:
        raise ConnectionLost(1006, "the hub does not answer hello") from error
    except MalformedFrame as error:
        raise ConnectionLost(1006, f"the hub answers hello with what is no frame: {error.rule}") from error
    if isinstance(answer, Refusal):
        end_if_final(answer)
        raise ConnectionLost(1006, f"{answer.code}: {answer.rule}")
    if not isinstance(answer, Welcome):
        raise ConnectionLost(1006, "the hub does not answer hello with welcome")
    if name_key(answer.name) != name_key(agent):
        raise ClientEnded(
            "not_authenticated",
            f"the token belongs to agent {answer.name!r}, but this client is {agent!r}; "
            "use the token that registering this agent gave",
        )
    return answer


def end_if_final(refusal: Refusal) -> None:
    """Raises `ClientEnded` for a refusal of the client itself, not of one of its frames."""
    if refusal.code in FINAL and not refusal.reply_to:
        raise ClientEnded(refusal.code, printable(refusal.rule))


def end_if_closed_for_good(lost: ConnectionLost) -> None:
    """Raises `ClientEnded` where the close code says that this client must not come back."""
    code = FINAL_CLOSES.get(lost.code)
    if code is not None:
        raise ClientEnded(code, f"the hub closed the connection: {printable(str(lost))}") from lost
