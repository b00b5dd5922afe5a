"""Write the bill of materials (CycloneDX 1.5, JSON) of everything that uv.lock names: the same bytes for the same lock.

    scripts/sbom.py               to standard output
    scripts/sbom.py FILE          into a file

Each component has its package URL, what it needs, the licence that its installed copy declares, and the SHA-256 digests
of all files that the lock allows for it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
import uuid
from pathlib import Path
from typing import Any

from audit import licence_of
from locked import LOCK, PROJECT, locked


def bill() -> dict[str, Any]:
    packages = locked()
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    version = importlib.metadata.version(PROJECT)
    root = f"pkg:pypi/{PROJECT}@{version}"
    components: list[dict[str, Any]] = []
    for package in packages:
        component: dict[str, Any] = {
            "type": "library",
            "bom-ref": package.ref,
            "name": package.name,
            "version": package.version,
            "purl": package.ref,
        }
        licence = licence_of(package.name)
        if licence:
            component["licenses"] = [{"license": {"name": licence}}]
        component["properties"] = [{"name": "ioa:sha256", "value": one} for one in package.digests]
        components.append(component)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.UUID(digest[:32])}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": root, "name": PROJECT, "version": version, "purl": root},
            "properties": [{"name": "ioa:uv.lock:sha256", "value": digest}],
        },
        "components": components,
        "dependencies": [
            {"ref": package.ref, "dependsOn": [f"pkg:pypi/{name}@{version}" for name, version in package.needs]}
            for package in packages
        ],
    }


def main() -> None:
    text = json.dumps(bill(), indent=1, ensure_ascii=False) + "\n"
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
