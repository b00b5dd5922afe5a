"""HTTP: figures for Prometheus, for operators."""

from __future__ import annotations

from starlette.responses import Response

from ioa.hub.endpoint import OPERATORS, Call, Endpoint
from ioa.hub.metrics import MEDIA_TYPE, exposition


async def metrics(call: Call) -> Response:
    return Response(await exposition(call.hub), media_type=MEDIA_TYPE)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/metrics",
        summary="Figures of this hub in the text format of Prometheus. For operators.",
        handler=metrics,
        media_type="text/plain",
        scopes=OPERATORS,
    ),
)
