"""Which bus a URL means."""

from __future__ import annotations

from urllib.parse import urlsplit

from ioa.adapters.bus.local import LocalBus
from ioa.ports.bus import Bus, BusUnavailable


def open_bus(url: str) -> Bus:
    """The bus at `url`, to be opened by its `open`: `local` for one hub alone, nats://user:password@host:4222/prefix
    or tls://… for replicas (more in `nats_url.parse`).

    Raises `ValueError` for a URL that is none of these, `BusUnavailable` where the extra `nats` or a file is missing.
    """
    if url == "local":
        return LocalBus()
    if urlsplit(url).scheme in {"nats", "tls"}:
        try:
            from ioa.adapters.bus.nats import NatsBus
        except ImportError as error:
            raise BusUnavailable(
                f'NATS needs the package {error.name}; install it: pip install "internet-of-agents[nats]"'
            ) from error
        return NatsBus(url)
    raise ValueError(f"bus {url!r}: give local, or nats://user:password@host:4222/prefix")
