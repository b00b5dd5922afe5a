"""What uv.lock names, as values. Used by `scripts/sbom.py` and `scripts/audit.py`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "uv.lock"
PROJECT = "internet-of-agents"


@dataclass(frozen=True)
class Locked:
    """One package: where it is from, the SHA-256 digests of its files, and what it needs (name, version)."""

    name: str
    version: str
    source: dict[str, str]
    digests: tuple[str, ...]
    files: int
    needs: tuple[tuple[str, str], ...]

    @property
    def ref(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(path: Path = LOCK) -> list[Locked]:
    """All packages of the lock but the project itself, by name and version."""
    content: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    packages = content["package"]
    versions: dict[str, list[str]] = {}
    for package in packages:
        versions.setdefault(package["name"], []).append(package.get("version", ""))
    found: list[Locked] = []
    for package in packages:
        if package["name"] == PROJECT:
            continue
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        digests = [file["hash"].removeprefix("sha256:") for file in files if file.get("hash", "").startswith("sha256:")]
        needs = [
            (need["name"], version)
            for group in (package.get("dependencies", []), *package.get("optional-dependencies", {}).values())
            for need in group
            for version in ([need["version"]] if "version" in need else versions[need["name"]])
        ]
        found.append(
            Locked(
                package["name"],
                package.get("version", ""),
                package.get("source", {}),
                tuple(sorted(digests)),
                len(files),
                tuple(sorted(set(needs))),
            )
        )
    return sorted(found, key=lambda one: (one.name, one.version))
