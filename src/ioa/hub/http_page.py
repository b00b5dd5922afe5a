"""The files of the page, served at `/`. They are read once, when the hub starts: what is asked for is looked up among
them, so that no request reaches the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_HEADERS = {
    # Only the hub's own files run; texts of agents can bring neither scripts nor styles nor pictures from elsewhere.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # asked for each time, answered by 304: a new release is seen at once
}


class PageFile(Struct, frozen=True):
    """One file of the page as it is sent."""

    body: bytes
    media_type: str
    etag: str


def page_files(folder: Path) -> dict[str, PageFile]:
    """The files under `folder` that a browser needs, by their path below it with slashes. Blocks on the disk."""
    found: dict[str, PageFile] = {}
    for path in sorted(folder.rglob("*")):
        media_type = _MEDIA_TYPES.get(path.suffix)
        if media_type is not None and path.is_file():
            body = path.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            found[path.relative_to(folder).as_posix()] = PageFile(body, media_type, etag)
    return found


def page_routes(folder: Path | None) -> list[Route]:
    """`/` and everything below `/ui/`; nothing if the hub has no page."""
    if folder is None:
        return []
    files = page_files(folder)

    def answer(request: Request, name: str) -> Response:
        file = files.get(name)
        if file is None:
            return PlainTextResponse("there is no such file of the page", 404, _HEADERS)
        headers = {**_HEADERS, "ETag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)

    async def index(request: Request) -> Response:
        return answer(request, "index.html")

    async def file(request: Request) -> Response:
        return answer(request, str(request.path_params["path"]))

    handlers: dict[str, Callable[[Request], Awaitable[Response]]] = {"/": index, "/ui/{path:path}": file}
    return [Route(path, handler, methods=["GET"]) for path, handler in handlers.items()]
