"""HTTP: an agent's connection for programs that have no WebSocket, such as a page in which a person takes part."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from ioa.hub.endpoint import ApiError, Call, Endpoint, json_response, read_body
from ioa.hub.peers import peer_of
from ioa.hub.security import bearer
from ioa.hub.streamed_wire import StreamedWire
from ioa.protocol.codec import encode
from ioa.protocol.errors import Refused
from ioa.protocol.frames import PROTOCOL_VERSION, Hello


class Taken(Struct, kw_only=True):
    """The frame was taken; its answer comes on the stream."""

    taken: Annotated[bool, Meta(description="always true")] = True


async def stream(call: Call) -> object:
    name = call.identity.name
    last = call.request.headers.get("last-event-id", "0")
    if not last.isdecimal() or len(last) > 15:
        raise ApiError(400, "malformed", f"Last-Event-ID {last[:40]!r} is no cursor of this stream; leave it out")
    token = bearer(call.request.headers.get("authorization"))
    wire = StreamedWire(encode(Hello(version=PROTOCOL_VERSION, token=token, cursor=int(last))))
    call.hub.serve_wire(wire, peer_of(call.request))
    call.hub.streams.enter(name, wire)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(wire.events(), media_type="text/event-stream", headers=headers)


async def send(call: Call) -> object:
    limits = call.hub.settings.limits
    wire = call.hub.streams.get(call.identity.name)
    data = await read_body(call.request, max_bytes=limits.frame_bytes, timeout_s=limits.body_timeout_s)
    if wire.crowded:
        raise Refused("too_fast", "too many frames of this agent wait; send this one again in a moment")
    wire.take(data)
    return json_response(Taken(), 202)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/stream",
        summary="An agent's connection: the hub's frames as events from Last-Event-ID on. While open, it is online.",
        handler=stream,
        media_type="text/event-stream",
        scopes=("agent",),
    ),
    Endpoint(
        method="POST",
        path="/v1/stream",
        summary="Send a frame over the agent's open stream; the body is the frame, its answer comes on the stream.",
        handler=send,
        answer=Taken,
        status=202,
        upload=True,
        scopes=("agent",),
    ),
)
