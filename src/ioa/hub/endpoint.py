"""One row per HTTP operation: what it takes and gives, and who may call it. Routes and OpenAPI are made of the rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ioa.hub.peers import peer_of
from ioa.hub.security import Identity, Peer, Scope
from ioa.protocol.complaints import complaint, shown
from ioa.protocol.errors import Code, ProtocolError, Refused
from ioa.protocol.names import printable

if TYPE_CHECKING:
    from ioa.hub.hub import Hub

T = TypeVar("T")
_REMEDY = "/openapi.json describes every field"
JSON = "application/json"
MAX_PAGE = 500
SLASH = "\x1f"
"""Stands for a slash inside a path parameter while the request is routed. No name contains it."""


class ApiError(Exception):
    """An error with the status that fits it."""

    def __init__(self, status: int, code: Code, message: str, legal: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code: Code = code
        self.message = message
        self.legal = legal


class ErrorBody(Struct, kw_only=True, omit_defaults=True):
    """What went wrong: `code` for programs, `message` for people; `legal` is what would be accepted."""

    code: Code
    message: str
    legal: tuple[str, ...] = ()


class ErrorAnswer(Struct, kw_only=True):
    error: ErrorBody


class Items(Struct, Generic[T], kw_only=True):
    """One page of a list. `next` goes into `after` for the next page; null: this was the last one."""

    items: tuple[T, ...]
    next: str | None = None


class NoQuery(Struct, forbid_unknown_fields=True):
    """No query parameters."""


class Page(Struct, kw_only=True, forbid_unknown_fields=True):
    """How much of a list, and after which entry."""

    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100
    after: str = ""

    def before_number(self) -> int | None:
        """`after` of a list that runs from new to old. Raises `ApiError`."""
        return self.after_number() or None

    def after_number(self) -> int:
        if not self.after:
            return 0
        if not self.after.isdecimal() or len(self.after) > 18:
            raise ApiError(
                400, "malformed", f"after {self.after!r} is no `next` of this list; pass on what you were given"
            )
        return int(self.after)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, with its parts decoded. `identity` is None for public operations only."""

    hub: Hub
    request: Request
    caller: Identity | None
    query: Struct
    body: object

    @property
    def identity(self) -> Identity:
        assert self.caller is not None, "only public operations have no caller"
        return self.caller

    @property
    def peer(self) -> Peer:
        """Where the request comes from."""
        return peer_of(self.request)

    def path(self, name: str) -> str:
        return str(self.request.path_params[name]).replace(SLASH, "/")

    def sees_all(self, everybody: bool) -> bool:
        """Does this list show what all users have? Raises `Refused` (not_allowed) for those who may not ask so."""
        if everybody and not self.identity.operator:
            raise Refused("not_allowed", "everybody is for operators; leave it out to see what is yours")
        return everybody or self.identity.kind == "operator"

    def operator_reads(self, what: str) -> None:
        """An operator looks at what is somebody else's: that is written down, once for each thing while the hub
        runs."""
        self.hub.audit.note_once("operator_read", self.identity, what, peer=self.peer)

    def user(self) -> str:
        """The calling user's name. Raises `Refused` for agents and others."""
        if self.identity.kind != "user":
            raise Refused("not_allowed", f"this is for users; the token of a {self.identity.kind} cannot do it")
        return self.identity.name


EVERYBODY: tuple[Scope, ...] = ("user", "agent", "operator")
"""Everybody of this hub. Other hubs (peers) may do only what says so."""

ACTORS: tuple[Scope, ...] = ("user", "agent")
"""Those who take part. Operators look on, and end what must end."""

DISCOVERY: tuple[Scope, ...] = (*EVERYBODY, "peer")
"""Whom another hub may ask for as well: its users look for agents here. It sees public ones only."""

OPERATORS: tuple[Scope, ...] = ("operator",)

Handler = Callable[[Call], Awaitable[object]]
Method = Literal["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An operation. `answer` is the struct that its handler returns (None: the handler makes the response itself, with
    the `media_type`); `status` is that of success, `repeated_status` that of a request that made nothing new;
    `scopes` are the tokens that it is for."""

    method: Method
    path: str
    summary: str
    handler: Handler
    body: type[Struct] | None = None
    answer: object = None
    query: type[Struct] = NoQuery
    status: int = 200
    repeated_status: int | None = None
    public: bool = False
    media_type: str = JSON
    upload: bool = False
    scopes: tuple[Scope, ...] = EVERYBODY


_STATUS: dict[Code, int] = {
    "not_authenticated": 401,
    "not_allowed": 403,
    "not_a_member": 403,
    "not_the_assignee": 403,
    "unknown_group": 404,
    "unknown_agent": 404,
    "unknown_task": 404,
    "unknown_artifact": 404,
    "unknown_goal": 404,
    "unknown_token": 404,
    "name_taken": 409,
    "duplicate": 409,
    "concluded": 409,
    "illegal_now": 409,
    "task_ended": 409,
    "too_large": 413,
    "too_fast": 429,
    "too_many": 429,
    "unavailable": 503,
    "internal": 500,
}


def error_of(error: ProtocolError) -> ApiError:
    return ApiError(_STATUS.get(error.code, 400), error.code, error.rule, error.legal)


def body_of(error: ApiError) -> ErrorBody:
    """What is told of an error."""
    return ErrorBody(
        code=error.code, message=printable(error.message), legal=tuple(printable(text) for text in error.legal)
    )


def error_response(error: ApiError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return json_response(ErrorAnswer(error=body_of(error)), error.status, headers)


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    safe = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(msgspec.json.encode(value), status, safe, JSON)


@cache
def _fields(kind: type[Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """By their names on the wire. msgspec reads the annotations anew each time, which takes longer than the rest of a
    small request."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def decoded_query(request: Request, kind: type[Struct]) -> Struct:
    """The query as a struct; parameters whose field is a tuple may come several times. Raises `ApiError`."""
    raw: dict[str, object] = {}
    fields = _fields(kind)
    for name in dict.fromkeys(request.query_params.keys()):
        values = request.query_params.getlist(name)
        field = fields.get(name)
        if field is not None and isinstance(field.default, tuple):
            raw[name] = values
        elif len(values) > 1:
            raise ApiError(400, "duplicate", f"query parameter {name!r} is given {len(values)} times; give it once")
        else:
            raw[name] = values[0]
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(400, "malformed", f"query: {complaint(error, raw)}; {_REMEDY}", tuple(fields)) from error


async def decoded_body(request: Request, kind: type[Struct], *, max_bytes: int, timeout_s: float) -> Struct:
    """The JSON body as a struct. Raises `ApiError` that names the field."""
    data = await read_body(request, max_bytes=max_bytes, timeout_s=timeout_s)
    if not data.strip():
        raise ApiError(400, "empty", f"the body is empty; send a JSON object of type {kind.__name__}")
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        try:
            raw: object = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError):
            raw = None
        raise ApiError(400, "malformed", f"body: {complaint(error, raw)}; {_REMEDY}") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ApiError(
            400, "malformed", f"the body {shown(data[:80])} is not JSON in UTF-8: {error}; send a JSON object"
        ) from error


async def read_body(request: Request, *, max_bytes: int, timeout_s: float) -> bytes:
    """The whole body, which must arrive within the time. Raises `ApiError`."""
    data = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.stream():
                data += chunk
                if len(data) > max_bytes:
                    raise ApiError(
                        413, "too_large", f"the body has more than {max_bytes} bytes; send files as artifacts"
                    )
    except TimeoutError as error:
        raise ApiError(408, "too_large", f"the body did not arrive within {timeout_s:g} s; send it at once") from error
    except ClientDisconnect as error:
        raise ApiError(400, "malformed", "the body was cut off") from error
    return bytes(data)


async def chunks_of(request: Request, *, timeout_s: float, bytes_per_s: float) -> AsyncIterator[bytes]:
    """The body piece by piece; each piece must arrive within the time, and all of them at this rate on average, which
    bounds how long a file that drips in may take. Raises `ApiError`."""
    stream = request.stream()
    ends_s = asyncio.get_running_loop().time() + timeout_s
    while True:
        try:
            async with asyncio.timeout_at(min(ends_s, asyncio.get_running_loop().time() + timeout_s)):
                chunk = await anext(stream, None)
        except TimeoutError as error:
            raise ApiError(
                408, "too_large", f"the file arrives too slowly, or not at all for {timeout_s:g} s; send it at once"
            ) from error
        except ClientDisconnect as error:
            raise ApiError(400, "malformed", "the file was cut off") from error
        if chunk is None:
            return
        if chunk:
            ends_s += len(chunk) / bytes_per_s
            yield chunk
