"""HTTP: tokens. What is shown of them never holds the secret, but once, when it is made."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from ioa.hub.endpoint import Call, Endpoint, Items, Page
from ioa.hub.records import TokenRecord
from ioa.hub.security import Scope
from ioa.hub.tokens import MAX_LABEL_CHARS

OVERLAP_S = 3_600.0
MAX_OVERLAP_S = 366 * 86_400.0
Seconds = Annotated[float, Meta(ge=0, le=MAX_OVERLAP_S)]
Lifetime = Annotated[float, Meta(gt=0, le=100 * 366 * 86_400.0)]


class NewToken(Struct, kw_only=True, forbid_unknown_fields=True):
    """For whom (`name`; left out: yourself) and for what a token is to be, and for how many seconds; without
    `expires_in_s` it is valid until it is revoked. Operators make tokens for anybody, users for themselves and their
    agents, agents for themselves."""

    scope: Scope
    name: str = ""
    label: Annotated[str, Meta(max_length=MAX_LABEL_CHARS)] = ""
    expires_in_s: Lifetime | None = None


class Rotation(Struct, kw_only=True, forbid_unknown_fields=True):
    """The old token ends `overlap_s` seconds from now. The new one lives `expires_in_s` seconds, or as long as the old
    one was made for."""

    overlap_s: Seconds = OVERLAP_S
    expires_in_s: Lifetime | None = None


class TokenPage(Page, kw_only=True, forbid_unknown_fields=True):
    """Keep only tokens with this scope, of this name; `ended` shows those too that are not valid any more."""

    scope: Scope | None = None
    name: str | None = None
    ended: bool = False


class TokenView(Struct, kw_only=True):
    """A token, without the secret. Times are Unix seconds; null: never, not yet."""

    token_id: str
    scope: Scope
    name: str
    owner: str
    label: str
    created_at: float
    created_by: str
    expires_at: float | None
    revoked_at: float | None
    valid: bool
    yours: bool


class TokenMade(Struct, kw_only=True):
    """A new token. `token` is shown this once."""

    token: str
    view: TokenView


class TokenRotated(Struct, kw_only=True):
    """The new token, shown this once, and what has become of the old one."""

    token: str
    view: TokenView
    old: TokenView


def _view(call: Call, record: TokenRecord) -> TokenView:
    return TokenView(
        token_id=record.token_id,
        scope=record.scope,
        name=record.name,
        owner=record.owner,
        label=record.label,
        created_at=record.created_at,
        created_by=record.created_by,
        expires_at=record.expires_at,
        revoked_at=record.revoked_at,
        valid=record.alive(call.hub.clock.now_s()),
        yours=record.token_id == call.identity.token_id,
    )


async def make(call: Call) -> TokenMade:
    body = call.body
    assert isinstance(body, NewToken)
    record, token = await call.hub.tokens.make(
        call.identity, body.scope, body.name, label=body.label, expires_in_s=body.expires_in_s
    )
    return TokenMade(token=token, view=_view(call, record))


async def listed(call: Call) -> Items[TokenView]:
    query = call.query
    assert isinstance(query, TokenPage)
    now = call.hub.clock.now_s()
    found = [
        record
        for record in call.hub.tokens.known.seen_by(call.identity)
        if query.scope in (None, record.scope)
        and query.name in (None, record.name)
        and (query.ended or record.alive(now))
    ]
    start = query.after_number()
    page = found[start : start + query.limit]
    more = str(start + len(page)) if start + len(page) < len(found) else None
    return Items(items=tuple(_view(call, record) for record in page), next=more)


async def rotate(call: Call) -> TokenRotated:
    body = call.body if isinstance(call.body, Rotation) else Rotation()
    record, token, old = await call.hub.tokens.rotate(
        call.identity, call.path("token_id"), overlap_s=body.overlap_s, expires_in_s=body.expires_in_s
    )
    return TokenRotated(token=token, view=_view(call, record), old=_view(call, old))


async def revoke(call: Call) -> TokenView:
    return _view(call, await call.hub.tokens.revoke(call.identity, call.path("token_id")))


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/tokens",
        summary="Make a token: for yourself or an agent of yours; for operators, for anybody.",
        handler=make,
        body=NewToken,
        answer=TokenMade,
        status=201,
    ),
    Endpoint(
        method="GET",
        path="/v1/tokens",
        summary="Your tokens and those of your agents, oldest first, without the secrets; for operators, all.",
        handler=listed,
        answer=Items[TokenView],
        query=TokenPage,
    ),
    Endpoint(
        method="POST",
        path="/v1/tokens/{token_id}/rotate",
        summary="Make a new token in the place of one, which ends after an overlap.",
        handler=rotate,
        body=Rotation,
        answer=TokenRotated,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/tokens/{token_id}",
        summary="Revoke a token: what is open with it ends at once.",
        handler=revoke,
        answer=TokenView,
    ),
)
