"""What a server answered, and what went wrong in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.web.bodies import decoded

T = TypeVar("T")

_KEYS = re.compile(r"([?&](?:api_?key|key|token|access_token|apikey|auth)=)[^&#]*", re.IGNORECASE)
_REMEDIES = {
    400: "The request is malformed; check the words or the number that you gave.",
    401: "A key is missing or wrong; the person who runs this agent must set it.",
    402: "The service wants to be paid; use another tool.",
    403: "The server does not let this program in; try another source.",
    404: "There is no such page; check the address, or search for it.",
    405: "The server does not take this kind of request here.",
    410: "The page was removed; try another source.",
    429: "Too many requests; wait, or try another source.",
    451: "The page is withheld for legal reasons; try another source.",
}


class WebFailed(ToolFailed):
    """A request that did not succeed: which address, what happened, what to do. `status` is 0 without an answer."""

    def __init__(self, url: str, what: str, remedy: str = "", *, status: int = 0, body: str = "") -> None:
        shown = without_keys(url)
        super().__init__(f"{shown}: {what}. {remedy}".rstrip())
        self.url = shown
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its whole body. `url` is where it came from after redirects; header names are lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return decoded(self.content, charset_of(self.headers.get("content-type", "")))

    def decoded(self, kind: type[T]) -> T:
        """The JSON body as `kind`. Raises `WebFailed` when it is something else."""
        try:
            return msgspec.json.decode(self.content, type=kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            start = self.text[:200].strip()
            raise WebFailed(
                self.url,
                f"the answer is not in the service's known format ({error}); it begins: {start!r}",
                "The address may be wrong, or the service may have changed.",
                status=self.status,
            ) from error


def without_keys(url: str) -> str:
    """The address as it may be shown: values of parameters that are keys are left out."""
    return _KEYS.sub(r"\1…", url)


def charset_of(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return ""


def refused(url: str, status: int, body: str) -> WebFailed:
    """The failure for a status of 400 and more; `body` is the beginning of what the server said."""
    said = " ".join(body.split())[:300]
    remedy = _REMEDIES.get(
        status, "The server has a fault; try again later, or another source." if status >= 500 else ""
    )
    shown = f", saying: {said}" if said and not said.startswith("<") else ""
    return WebFailed(url, f"the server answered {status}{shown}", remedy, status=status, body=body)
