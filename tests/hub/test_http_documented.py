"""`docs/protocol.md` names every operation of the HTTP API, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from ioa.hub.http import ENDPOINTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol.md"


def documented() -> set[tuple[str, str]]:
    """(method, path) of the table's first column; `DELETE …` means the path before it."""
    found: set[tuple[str, str]] = set()
    text = DOCUMENT.read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("| `"):
            continue
        path = ""
        for method, given in re.findall(r"`(GET|POST|PUT|DELETE) ([^`]+)`", line.split(" | ")[0]):
            path = path if given == "…" else given.partition("?")[0]
            if path.startswith("/v1/"):
                found.add((method, path))
    return found


def test_every_operation_is_documented_and_every_documented_one_exists() -> None:
    real = {(operation.method, operation.path) for operation in ENDPOINTS if operation.path.startswith("/v1/")}
    assert documented() - {("GET", "/v1/connect")} == real
