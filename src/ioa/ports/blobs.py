"""Where the bytes of artifacts are kept when several replicas of a hub serve them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Blobs(Protocol):
    """Bytes by their digest, shared by all replicas; each keeps a copy of what passes through it. Calls block, in any
    thread, and raise `StoreUnavailable`."""

    def put(self, digest: str, path: Path) -> None:
        """Keep the bytes of the file `path`, durably. Nothing to do for a digest that is known."""
        ...

    def fetch(self, digest: str, path: Path) -> bool:
        """Write the bytes to a new file `path`; False, and no file, for a digest that is not known."""
        ...
