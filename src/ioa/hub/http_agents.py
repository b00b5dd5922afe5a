"""HTTP: register agents, look for them, and see what they remember of others."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Annotated

from msgspec import Meta, Struct

from ioa.hub.endpoint import (
    ACTORS,
    DISCOVERY,
    ApiError,
    Call,
    Endpoint,
    ErrorBody,
    Items,
    Page,
    body_of,
    error_of,
    json_response,
)
from ioa.hub.known_tokens import REMOVED, ROTATED, registered_id
from ioa.hub.records import CONTACTS, AgentRecord, ContactsRecord, read
from ioa.hub.views import AgentView, ContactsView, Health, Registered, agent_view
from ioa.ports.store import Conflict, StoreUnavailable
from ioa.protocol.cards import AgentType, Card
from ioa.protocol.errors import Refused
from ioa.protocol.frames import PROTOCOL_VERSION
from ioa.protocol.names import name_key
from ioa.protocol.signatures import can_verify
from ioa.version import version

_AT_ONCE = 50
"""Cards of a batch that are judged without a pause: some 10 ms."""

Phrase = Annotated[str, Meta(max_length=2_000)]


class Rotate(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rotate`: give an agent that you own already a new token; the old one ends."""

    rotate: bool = False


class Batch(Struct, kw_only=True, forbid_unknown_fields=True):
    """Cards of agents to register. One that is malformed refuses them all, before any is registered."""

    agents: Annotated[tuple[Card, ...], Meta(min_length=1, max_length=1_000)]


class BatchAnswer(Struct, kw_only=True, omit_defaults=True):
    """Of one card: the agent's own token, shown this once, or what was wrong with it; the others do not depend on it.
    `name` is as it is registered, or as it was sent."""

    name: str
    token: str = ""
    error: ErrorBody | None = None


class Batched(Struct, kw_only=True):
    """An answer for each card, in their order."""

    agents: tuple[BatchAnswer, ...]


class AgentSearch(Page, kw_only=True, forbid_unknown_fields=True):
    """Filters, and `search` texts (each gives `limit` agents at most, best first, with scores from `threshold` up).
    Without `search` the list is in order of registration and runs over pages."""

    search: Annotated[tuple[Phrase, ...], Meta(max_length=32)] = ()
    online: bool | None = None
    type: AgentType | None = None
    skill: str = ""
    verified: bool | None = None
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.0


class ContactsPage(Page, kw_only=True, forbid_unknown_fields=True):
    """`owner`: a user's name; only your own is allowed."""

    owner: str = ""


async def health(call: Call) -> Health:
    return Health(status="ok", version=version(), protocol=PROTOCOL_VERSION, signed_cards=True, verifies=can_verify())


async def register(call: Call) -> object:
    assert isinstance(call.body, Card)
    registered, is_new = await _register(call, call.body)
    return json_response(registered, 201 if is_new else 200)


async def _register(call: Call, card: Card) -> tuple[Registered, bool]:
    """The agent's token, and whether it is new. Raises `Refused`, `StoreUnavailable`, `Conflict`."""
    assert isinstance(call.query, Rotate)
    hub = call.hub
    before = hub.registry.get(card.name)
    record, token, is_new = await hub.registry.register(call.user(), card, rotate=call.query.rotate)
    hub.audit.note("agent_registered", call.identity, record.card.name, peer=call.peer)
    if before is not None and before.token_hash:
        await hub.tokens.ended(registered_id(before), ROTATED)
    return Registered(name=record.card.name, token=token), is_new


async def register_batch(call: Call) -> Batched:
    """A few at a time, which share a commit; others get their turn in between."""
    assert isinstance(call.body, Batch)
    call.user()
    answers: list[BatchAnswer] = []
    cards = iter(call.body.agents)
    while few := tuple(islice(cards, _AT_ONCE)):
        answers += await asyncio.gather(*(_answered(call, card) for card in few))
    return Batched(agents=tuple(answers))


async def _answered(call: Call, card: Card) -> BatchAnswer:
    try:
        registered, _ = await _register(call, card)
    except Refused as refused:
        return BatchAnswer(name=card.name, error=body_of(error_of(refused)))
    except (StoreUnavailable, Conflict) as error:
        wrong = ApiError(503, "unavailable", f"the hub cannot store this now: {error}; send this card again")
        return BatchAnswer(name=card.name, error=body_of(wrong))
    return BatchAnswer(name=registered.name, token=registered.token)


async def update(call: Call) -> AgentView:
    assert isinstance(call.body, Card)
    record = await call.hub.registry.update((await _own(call)).card.name, call.body)
    call.hub.audit.note("agent_changed", call.identity, record.card.name, peer=call.peer)
    return _view(call, record)


async def remove(call: Call) -> AgentView:
    hub = call.hub
    record = await _own(call, operators=True)
    await hub.tokens.end_agent(call.identity, record)
    record = await hub.registry.remove(record.card.name)
    hub.audit.note("agent_removed", call.identity, record.card.name, peer=call.peer)
    await hub.tokens.ended(registered_id(record), REMOVED)
    hub.leases.end_agent(record.card.name, REMOVED)
    hub.goals.forget_agent(record.card.name)
    return agent_view(record, online=False)


async def _own(call: Call, *, operators: bool = False) -> AgentRecord:
    """The agent in the path, if the caller is its owner or itself, or an operator where that is enough. Raises
    `Refused`."""
    me = call.identity
    record = await call.hub.registry.look_up(call.path("name"), sees=call.hub.sight.of(me))
    if operators and me.operator:
        return record
    if me.name != (record.owner if me.kind == "user" else record.card.name):
        raise Refused("not_allowed", f"agent {record.card.name!r} belongs to somebody else; ask its owner")
    return record


def _view(call: Call, record: AgentRecord) -> AgentView:
    return agent_view(record, online=call.hub.presence.online(record.card.name))


async def get(call: Call) -> AgentView:
    sees = call.hub.sight.of(call.identity)
    return _view(call, await call.hub.registry.look_up(call.path("name"), sees=sees))


async def find(call: Call) -> Items[AgentView]:
    query = call.query
    assert isinstance(query, AgentSearch)
    if not query.search:
        return await _listed(call, query)
    found = await call.hub.query.search(
        call.identity.name if call.identity.kind == "agent" else None,
        query.search,
        limit=query.limit,
        threshold=query.threshold,
        online=query.online,
        agent_type=query.type,
        skill=query.skill,
        verified=query.verified,
        sees=call.hub.sight.of(call.identity),
    )
    views = [
        agent_view(record, online=hit.online, score=hit.score, phrase=hit.phrase)
        for hits in found
        for hit in hits
        if (record := call.hub.registry.get(hit.card.name)) is not None
    ]
    return Items(items=tuple(views))


async def _listed(call: Call, query: AgentSearch) -> Items[AgentView]:
    """In order of registration; `next` is the last agent's name."""
    sees = call.hub.sight.of(call.identity)
    if query.after and call.hub.registry.get(query.after) is None:
        await call.hub.catch_up()
    records = [record for record in call.hub.registry.all() if sees(record)]
    start: int | None = 0
    if query.after:
        key = name_key(query.after)
        start = next((n for n, record in enumerate(records, start=1) if name_key(record.card.name) == key), None)
    if start is None:
        raise ApiError(400, "unknown_agent", f"after {query.after!r} is not registered any more; begin the list anew")
    skill = " ".join(query.skill.casefold().split())
    page: list[AgentView] = []
    for record in records[start:]:
        view = _view(call, record)
        if (
            (query.online is not None and view.online != query.online)
            or (query.type is not None and record.card.type != query.type)
            or (query.verified is not None and record.verified != query.verified)
            or (skill and skill not in (" ".join(known.casefold().split()) for known in record.card.skills))
        ):
            continue
        if len(page) == query.limit:
            return Items(items=tuple(page), next=page[-1].name)
        page.append(view)
    return Items(items=tuple(page))


async def contacts(call: Call) -> ContactsView:
    """The owner of an agent, and the agent itself, see what it published."""
    record = await _own(call)
    found = await call.hub.store.document(CONTACTS, record.card.name)
    if found is None:
        return ContactsView(agent=record.card.name, contacts=(), at=0.0)
    known = read(found, ContactsRecord)
    return ContactsView(agent=record.card.name, contacts=known.contacts, at=known.at)


async def all_contacts(call: Call) -> Items[ContactsView]:
    query = call.query
    assert isinstance(query, ContactsPage)
    owner = call.user()
    if query.owner not in ("", owner):
        raise Refused(
            "not_allowed", f"owner {query.owner!r} is not you, {owner!r}; contacts are shown to their owner only"
        )
    found = await call.hub.store.documents(CONTACTS, owner=owner, after=query.after_number(), limit=query.limit)
    views = [
        ContactsView(agent=entry.key, contacts=known.contacts, at=known.at)
        for entry in found
        if (known := read(entry, ContactsRecord))
    ]
    return Items(items=tuple(views), next=str(found[-1].number) if len(found) == query.limit else None)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/health",
        summary="Is the hub there, and which protocol does it speak?",
        handler=health,
        answer=Health,
        public=True,
    ),
    Endpoint(
        method="POST",
        path="/v1/agents",
        summary="Register an agent of yours; the answer holds its own token, shown this once.",
        handler=register,
        body=Card,
        answer=Registered,
        query=Rotate,
        status=201,
        repeated_status=200,
        scopes=ACTORS,
    ),
    Endpoint(
        method="POST",
        path="/v1/agents/batch",
        summary="Register up to 1,000 agents of yours at once; each is answered by its token or by what is wrong.",
        handler=register_batch,
        body=Batch,
        answer=Batched,
        query=Rotate,
        scopes=ACTORS,
    ),
    Endpoint(
        method="GET",
        path="/v1/agents",
        summary="List the agents, or search them by words and meaning.",
        handler=find,
        answer=Items[AgentView],
        query=AgentSearch,
        scopes=DISCOVERY,
    ),
    Endpoint(
        method="GET",
        path="/v1/agents/{name}",
        summary="One agent: its card, and whether it is there.",
        handler=get,
        answer=AgentView,
        scopes=DISCOVERY,
    ),
    Endpoint(
        method="PUT",
        path="/v1/agents/{name}",
        summary="Give an agent a new card; its name stays. For its owner and itself.",
        handler=update,
        body=Card,
        answer=AgentView,
        scopes=ACTORS,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/agents/{name}",
        summary="Remove an agent: its tokens end, its name stays its owner's. For its owner, itself and operators.",
        handler=remove,
        answer=AgentView,
    ),
    Endpoint(
        method="GET",
        path="/v1/agents/{name}/contacts",
        summary="What an agent remembers of others. For its owner and itself.",
        handler=contacts,
        answer=ContactsView,
    ),
    Endpoint(
        method="GET",
        path="/v1/contacts",
        summary="What all your agents remember of others.",
        handler=all_contacts,
        answer=Items[ContactsView],
        query=ContactsPage,
    ),
)
