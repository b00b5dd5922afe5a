"""HTTP for load balancers: does the process live, and may it be given work?"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ioa.hub.hub import Hub
from ioa.ports.store import StoreUnavailable

BUS_AWAY = "the bus is away: replicas hear of each other a second later"
_WITHIN_S = 3.0


def probe_routes(hub: Hub) -> list[Route]:
    """`/healthz`: 200 as long as requests are answered at all. `/readyz`: 200 when the hub may be given work, with a
    `note` if its bus is away, else 503 with what is wrong. Both are public and tell nothing of what the hub holds."""

    async def alive(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        wrong = await problem_of(hub)
        if wrong is None:
            late = hub.sharing is not None and hub.sharing.replica.bus_away
            return JSONResponse({"status": "ok", "note": BUS_AWAY} if late else {"status": "ok"})
        return JSONResponse({"status": "away", "problem": wrong}, 503)

    return [Route("/healthz", alive), Route("/readyz", ready)]


async def problem_of(hub: Hub) -> str | None:
    """Why the hub should not be given work now; None if it may."""
    if not hub.running:
        return "the hub starts or stops"
    if hub.sharing is not None and hub.sharing.replica.follower.failure is not None:
        return "the store cannot be followed"
    try:
        async with asyncio.timeout(_WITHIN_S):
            await hub.store.newest()
    except (StoreUnavailable, TimeoutError):
        return "the store is away"
    return None
