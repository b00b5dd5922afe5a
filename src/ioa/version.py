"""Which release this is."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1)
def version() -> str:
    """The installed distribution's version; `0+unknown` for a checkout on the path that was never installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("internet-of-agents")
    except PackageNotFoundError:
        return "0+unknown"
