"""HTTP: who the caller is, and how busy the hub is."""

from __future__ import annotations

import os
import sys
import time
from typing import Annotated

from msgspec import Meta, Struct

from ioa.hub.endpoint import Call, Endpoint
from ioa.hub.security import Scope
from ioa.hub.sign_in_codes import VALID_S
from ioa.protocol.frames import PROTOCOL_VERSION
from ioa.version import version


class Me(Struct, kw_only=True):
    """Whose token was sent. `speaker` is the name under which the caller appears in logs."""

    kind: Scope
    operator: bool
    name: str
    speaker: str


class Load(Struct, kw_only=True):
    """How busy this hub is. `entries` are those of the log since it was begun, `processor_s` CPU seconds of the hub's
    process since it started `up_s` seconds ago; `memory_bytes` the most it has held."""

    version: str
    protocol: int
    connections: int
    agents: int
    entries: int
    groups_in_memory: int
    processor_s: float
    memory_bytes: int
    up_s: float


class SignInBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """The code of a sign-in link."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]


class SignInLink(Struct, kw_only=True):
    """A code that signs in once, within `valid_s` seconds: open the page at `path`."""

    code: str
    path: str
    valid_s: float


class SignedIn(Struct, kw_only=True):
    """A token of the person's own, for this browser."""

    token: str


_STARTED_S = time.monotonic()


async def me(call: Call) -> Me:
    identity = call.identity
    return Me(kind=identity.kind, operator=identity.operator, name=identity.name, speaker=identity.speaker)


async def load(call: Call) -> Load:
    hub = call.hub
    call.user()
    return Load(
        version=version(),
        protocol=PROTOCOL_VERSION,
        connections=len(hub.sessions),
        agents=sum(1 for _ in hub.registry.all()),
        entries=await hub.store.newest(),
        groups_in_memory=len(hub.groups),
        processor_s=time.process_time(),
        memory_bytes=_most_memory_bytes(),
        up_s=time.monotonic() - _STARTED_S,
    )


async def link(call: Call) -> SignInLink:
    code = await call.hub.sign_in_codes.make(call.identity)
    return SignInLink(code=code, path=page_path(code), valid_s=VALID_S)


def page_path(code: str) -> str:
    """Where the page signs in with a code. Behind the #, so that it reaches no log on its way."""
    return f"/#/?code={code}"


async def sign_in(call: Call) -> SignedIn:
    assert isinstance(call.body, SignInBody)
    return SignedIn(token=await call.hub.sign_in_codes.exchange(call.body.code))


def _most_memory_bytes() -> int:
    if os.name != "posix":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


ENDPOINTS = (
    Endpoint(method="GET", path="/v1/me", summary="Whose token this is.", handler=me, answer=Me),
    Endpoint(
        method="GET",
        path="/v1/load",
        summary="How busy the hub is: connections, agents, entries, processor and memory.",
        handler=load,
        answer=Load,
    ),
    Endpoint(
        method="POST",
        path="/v1/sign-in/links",
        summary="Make a link that signs you in to the page, once.",
        handler=link,
        answer=SignInLink,
        status=201,
    ),
    Endpoint(
        method="POST",
        path="/v1/sign-in",
        summary="Exchange the code of a sign-in link for a token of yours.",
        handler=sign_in,
        body=SignInBody,
        answer=SignedIn,
        public=True,
    ),
)
