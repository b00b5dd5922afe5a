"""Makes `first_landed/ioa.zip`: the sources of the hub, the client and the protocol of the first landed version.

    python tests/compat/pack.py COMMIT

The commit was the last of the first evening, "A search waits for a handful of new cards". The archive is imported from
as it is (PYTHONPATH), in a process of its own, so that the real code of that day speaks with today's.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ARCHIVE = Path(__file__).parent / "first_landed" / "ioa.zip"
PARTS = (
    "__init__.py",
    "version.py",
    "protocol",
    "conversation",
    "ports",
    "client",
    "hub",
    "testing/__init__.py",
    "testing/policies.py",
    "adapters/__init__.py",
    "adapters/clock.py",
    "adapters/artifacts",
    "adapters/store/__init__.py",
    "adapters/store/sqlite.py",
    "adapters/store/sqlite_schema.py",
    "adapters/store/sqlite_writer.py",
    "adapters/transport",
)


def pack(commit: str) -> None:
    top = Path(__file__).parents[2]

    def git(*arguments: str) -> bytes:
        return subprocess.run(["git", *arguments], cwd=top, check=True, capture_output=True).stdout

    paths = git("ls-tree", "-r", "--name-only", commit, *(f"src/ioa/{part}" for part in PARTS)).decode().split()
    with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(paths):
            if path.endswith(".py"):
                entry = zipfile.ZipInfo(path.removeprefix("src/"), date_time=(2026, 11, 21, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, git("show", f"{commit}:{path}"))


if __name__ == "__main__":
    pack(sys.argv[1])
