"""HTTP: quotas. Users see their own and what they have used; operators see and change those of everybody."""

from __future__ import annotations

from msgspec import Struct

from ioa.hub.endpoint import OPERATORS, Call, Endpoint, Items, Page
from ioa.hub.quota_settings import QuotaChange, Quotas
from ioa.protocol.errors import Refused


class QuotaView(Struct, kw_only=True):
    """What a user may have and do, and what of it is used: `model_…` within the last 24 hours. `own`: an operator has
    given this user quotas of its own."""

    user: str
    quotas: Quotas
    own: bool
    agents: int
    open_goals: int
    stored_bytes: int
    model_tokens: int
    model_cost_usd: float


async def _view(call: Call, user: str) -> QuotaView:
    hub = call.hub
    tokens, cost = await hub.quotas.spent(user)
    return QuotaView(
        user=user,
        quotas=hub.quotas.of_user(user),
        own=user in hub.quotas.changes(),
        agents=hub.registry.owned_by(user),
        open_goals=sum(goal.owner == f"@{user}" for goal in hub.goal_book.open_goals()),
        stored_bytes=await hub.quotas.stored(user),
        model_tokens=tokens,
        model_cost_usd=cost,
    )


async def listed(call: Call) -> Items[QuotaView]:
    """An operator sees the users that have quotas of their own, agents, or open goals."""
    query = call.query
    assert isinstance(query, Page)
    if not call.identity.operator:
        return Items(items=(await _view(call, call.user()),))
    hub = call.hub
    known = {*hub.quotas.changes(), *hub.registry.owners(), *hub.settings.users}
    users = sorted(known | {goal.owner.removeprefix("@") for goal in hub.goal_book.open_goals()})
    start = query.after_number()
    page = users[start : start + query.limit]
    more = str(start + len(page)) if start + len(page) < len(users) else None
    return Items(items=tuple([await _view(call, user) for user in page]), next=more)


async def get(call: Call) -> QuotaView:
    user = call.path("user")
    if not call.identity.operator and call.user() != user:
        raise Refused("not_allowed", f"user {user!r} is not you; quotas are shown to their user and to operators")
    return await _view(call, user)


async def change(call: Call) -> QuotaView:
    assert isinstance(call.body, QuotaChange)
    await call.hub.quotas.change(call.identity, call.path("user"), call.body)
    return await _view(call, call.path("user"))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/quotas",
        summary="Your quotas and what you have used of them; for operators, those of all users.",
        handler=listed,
        answer=Items[QuotaView],
        query=Page,
    ),
    Endpoint(
        method="GET",
        path="/v1/quotas/{user}",
        summary="The quotas of one user. For that user and operators.",
        handler=get,
        answer=QuotaView,
    ),
    Endpoint(
        method="PUT",
        path="/v1/quotas/{user}",
        summary="Give a user quotas of its own, instead of the hub's. For operators.",
        handler=change,
        body=QuotaChange,
        answer=QuotaView,
        scopes=OPERATORS,
    ),
)
