"""The switch of a command: traced where OpenTelemetry's environment variables say so. See docs/telemetry.md."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from ioa.adapters.telemetry.switch import open_telemetry
from ioa.cli.terminal import Terminal, one_line
from ioa.ports.tracing import Tracer


@contextmanager
def traced(err: Terminal) -> Generator[Tracer]:
    """What the command traces with until the end of the block; what its user should know of that goes to `err`."""
    made = open_telemetry(os.environ)
    for remark in made.remarks:
        err.write(one_line(remark))
    try:
        yield made.tracer
    finally:
        last = made.close()
        if last:
            err.write(last)
