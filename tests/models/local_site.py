"""A web site on a free loopback port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ioa.testing.model_formats.listening import Listener


@asynccontextmanager
async def site(pages: Mapping[str, str]) -> AsyncIterator[str]:
    """Serve these pages; gives the URL."""

    async def page(request: Request) -> Response:
        text = pages.get(request.url.path)
        return HTMLResponse(text or "not here", status_code=200 if text else 404)

    listener = Listener(Starlette(routes=[Route("/{path:path}", page)]))
    await listener.open()
    try:
        yield f"http://127.0.0.1:{listener.port}"
    finally:
        await listener.close()
