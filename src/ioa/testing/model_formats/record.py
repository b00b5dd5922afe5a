"""What the server keeps of what it was asked."""

from __future__ import annotations

from dataclasses import dataclass

from ioa.testing.model_formats.conversation import FormatName, ModelRequest
from ioa.testing.model_formats.playing import Ending
from ioa.testing.model_formats.reply import Reply, Usage


@dataclass(slots=True)
class ModelCall:
    """One request that reached the script.

    The tokens are those the service would bill: none for an error, all of the input and of the reply for an answer,
    even one that did not arrive. `reported` says whether the client was told: not in a stream that did not ask for
    its usage, nor in one that broke. `status` is 0 where nothing was sent, `at_s` the time in seconds since 1970,
    `ending` None while it is sent.
    """

    request: ModelRequest
    reply: Reply
    status: int
    usage: Usage
    at_s: float
    reported: bool
    ending: Ending | None = None

    @property
    def input_tokens(self) -> int:
        """Tokens of the request, cached ones with them."""
        return self.usage.input_tokens

    @property
    def output_tokens(self) -> int:
        """Tokens of the reply."""
        return self.usage.output_tokens


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that the server refused by itself."""

    format: FormatName
    status: int
    message: str
    body: bytes
    at_s: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over calls. `answered` are those with status 200."""

    calls: int
    answered: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
