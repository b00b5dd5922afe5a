"""HTTP: files, in and out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

from msgspec import Meta, Struct
from starlette.responses import FileResponse, Response

from ioa.hub.endpoint import ApiError, Call, Endpoint, chunks_of
from ioa.protocol.messages import Artifact, FileName

_WHOLE_BYTES = 1024 * 1024  # smaller files are read at once: one change of threads instead of five
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(; ?[A-Za-z0-9!#$&^_.+-]+=[A-Za-z0-9!#$&^_.+\"-]+)*"
)


class FileKind(Struct, kw_only=True, forbid_unknown_fields=True):
    """A plain file name without folders, and what kind of file it is."""

    name: FileName
    media_type: Annotated[str, Meta(max_length=127)] = "application/octet-stream"


async def put(call: Call) -> Artifact:
    query = call.query
    assert isinstance(query, FileKind)
    if not _MEDIA_TYPE.fullmatch(query.media_type):
        raise ApiError(400, "malformed", f"media_type {query.media_type!r} is none, such as 'text/csv'; correct it")
    declared = call.request.headers.get("content-length", "")
    limit = call.hub.artifacts.max_bytes
    if declared.isdecimal() and int(declared) > limit:
        raise ApiError(413, "too_large", f"the file has {declared} bytes, this hub takes at most {limit}; split it")
    return await call.hub.artifacts.put(call.identity.speaker, query.name, query.media_type, _chunks(call))


def _chunks(call: Call) -> AsyncIterator[bytes]:
    limits = call.hub.settings.limits
    return chunks_of(call.request, timeout_s=limits.body_timeout_s, bytes_per_s=limits.upload_bytes_per_s)


async def get(call: Call) -> object:
    digest = call.path("digest")
    if not _DIGEST.fullmatch(digest):
        raise ApiError(400, "malformed", f"digest {digest!r} must look like sha256: and 64 hex digits")
    artifact = await call.hub.artifacts.get(call.identity.speaker, digest)
    path = await call.hub.artifacts.hold(digest)
    whole = artifact.size_bytes <= _WHOLE_BYTES and "range" not in call.request.headers
    try:
        data = await asyncio.to_thread(path.read_bytes if whole else path.stat)
    except FileNotFoundError as error:
        raise ApiError(
            404, "unknown_artifact", f"the hub has lost the bytes of digest {digest!r}; upload the file again"
        ) from error
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(artifact.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        # A page, a drawing or a script that somebody uploaded is never run in the name of this hub.
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{digest}"',
    }
    if isinstance(data, bytes):
        return Response(data, media_type=artifact.media_type, headers=headers)
    return FileResponse(path, media_type=artifact.media_type, headers=headers)


ENDPOINTS = (
    Endpoint(
        method="PUT",
        path="/v1/artifacts",
        summary="Upload a file; the body is its bytes.",
        handler=put,
        answer=Artifact,
        query=FileKind,
        status=201,
        upload=True,
    ),
    Endpoint(
        method="GET",
        path="/v1/artifacts/{digest}",
        summary="Download a file, for its uploader and those whose groups refer to it.",
        handler=get,
        media_type="application/octet-stream",
    ),
)
