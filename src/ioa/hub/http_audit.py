"""HTTP: the audit log, for operators."""

from __future__ import annotations

from ioa.hub.audit import Act, AuditEntry
from ioa.hub.endpoint import OPERATORS, Call, Endpoint, Items, Page

_MOST_PAGES = 50
_PAGE = 500


class AuditPage(Page, kw_only=True, forbid_unknown_fields=True):
    """Keep only entries of this act, by this person or agent (`@user`, or a name), since and until these times (Unix
    seconds)."""

    act: Act | None = None
    who: str | None = None
    since: float | None = None
    until: float | None = None


async def listed(call: Call) -> Items[AuditEntry]:
    """What has been looked through without a hit counts as a page too: `next` goes on from there."""
    query = call.query
    assert isinstance(query, AuditPage)
    found: list[AuditEntry] = []
    before = query.before_number()
    for _ in range(_MOST_PAGES):
        page = await call.hub.audit.page(before=before, limit=_PAGE)
        for number, entry in page:
            if query.since is not None and entry.at < query.since:
                return Items(items=tuple(found))
            if _fits(entry, query):
                found.append(entry)
            before = number
            if len(found) == query.limit:
                return Items(items=tuple(found), next=str(number))
        if len(page) < _PAGE:
            return Items(items=tuple(found))
    return Items(items=tuple(found), next=str(before))


def _fits(entry: AuditEntry, query: AuditPage) -> bool:
    return (
        query.act in (None, entry.act)
        and query.who in (None, entry.who)
        and (query.until is None or entry.at <= query.until)
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/audit",
        summary="What was done to the hub's security, newest first. For operators.",
        handler=listed,
        answer=Items[AuditEntry],
        query=AuditPage,
        scopes=OPERATORS,
    ),
)
