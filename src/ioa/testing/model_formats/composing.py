"""From a reply and its faults to the bytes of an answer and the record of it."""

from __future__ import annotations

from ioa.testing.model_formats.conversation import ModelRequest
from ioa.testing.model_formats.failure import Failure
from ioa.testing.model_formats.faults import ErrorFault, ErrorMidStream, ReplyFault, Slow, WireFault
from ioa.testing.model_formats.format import Answer, Events, Format
from ioa.testing.model_formats.playing import Wire
from ioa.testing.model_formats.record import ModelCall
from ioa.testing.model_formats.reply import Reply, Usage
from ioa.testing.model_formats.tokens import request_text, tokens_of, usage_of, within


def compose(spoken: Format, request: ModelRequest, reply: Reply, at_s: float) -> tuple[Wire, ModelCall]:
    """The answer as it is to be sent, and its record without an ending."""
    error, in_stream = _error(request, reply, at_s)
    if error is not None:
        wire = error_wire(spoken, error, request.model)
        for fault in reply.faults:
            if isinstance(fault, Slow):
                wire.disturbed(fault, None, b"")
        return wire, ModelCall(request, reply, wire.status, Usage(0, 0), at_s, False)
    said = reply
    for fault in reply.faults:
        if isinstance(fault, ReplyFault):
            said = fault.changed(said)
    said = within(said, request.max_tokens)
    usage = usage_of(request, said)
    answer = Answer(request, said, usage, request.number, at_s)
    events: Events | None = None
    if request.stream:
        events = spoken.events(answer)
        wire = Wire.of_events(events)
    else:
        wire = Wire.of_body(200, spoken.plain(answer))
    told = b"" if in_stream is None else spoken.error_event(in_stream, request.model)
    for fault in reply.faults:
        if isinstance(fault, WireFault):
            wire.disturbed(fault, events, told)
    status = 0 if wire.ends_at == 0 else wire.status
    return wire, ModelCall(request, said, status, usage, at_s, wire.whole and request.wants_usage)


def error_wire(spoken: Format, failure: Failure, model: str) -> Wire:
    """An error as the service words it, or the page of a gateway."""
    status, body = spoken.error(failure, model)
    if failure.message.startswith("<html>"):
        page = failure.message.encode()
        return Wire(status, [page], "text/html", failure.headers, len(page))
    return Wire.of_body(status, body, failure.headers)


def _error(request: ModelRequest, reply: Reply, at_s: float) -> tuple[Failure | None, Failure | None]:
    """The error in place of the reply, and the one in the middle of its stream."""
    whole: Failure | None = None
    in_stream: Failure | None = None
    for fault in reply.faults:
        if isinstance(fault, ErrorFault) and whole is None:
            whole = fault.failure(at_s)
        elif isinstance(fault, ErrorMidStream):
            in_stream = fault.error.failure(at_s)
    if whole is None and not request.stream:
        whole, in_stream = in_stream, None
    for failure in (whole, in_stream):
        if failure is not None:
            failure.tokens = tokens_of(request_text(request))
    return whole, in_stream
