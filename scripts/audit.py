"""Check what uv.lock names: known bad releases, files without digests, foreign sources, licences.

    scripts/audit.py              known vulnerabilities by pip-audit, where it is installed and its database answers,
                                  then the checks that need no network; says what of it was done
    scripts/audit.py --offline    only the latter

Ends with 0 if nothing is wrong.
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from email.message import Message
from functools import cache
from pathlib import Path
from typing import cast

from locked import Locked, locked

EVERY = "every release"
# Name -> releases (or EVERY), and why. Lower-case, with dashes.
DENIED: dict[str, tuple[frozenset[str] | str, str]] = {
    "litellm": (EVERY, "releases of 2026 were taken over; models are called without it here"),
    "ultralytics": (frozenset({"8.3.41", "8.3.42", "8.3.45", "8.3.46"}), "taken over in 2024, mined coins"),
    "num2words": (frozenset({"0.5.15", "0.5.16"}), "taken over in 2025"),
    "ctx": (EVERY, "taken over in 2022, stole environment variables"),
    "exotel": (frozenset({"0.1.6"}), "taken over in 2022"),
    "spam": (frozenset({"2.0.2", "4.0.2"}), "taken over in 2022"),
    "torchtriton": (EVERY, "stood in for PyTorch's own package in 2022"),
    "colourama": (EVERY, "stands in for colorama"),
    "jeilyfish": (EVERY, "stands in for jellyfish"),
    "python3-dateutil": (EVERY, "stands in for python-dateutil"),
    "beautifulsup4": (EVERY, "stands in for beautifulsoup4"),
    "pymafka": (EVERY, "stands in for pykafka"),
    "nats-core": (EVERY, "an empty name; the client is nats-py"),
}
_ALLOWED = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|HPND|Zlib|Unlicense|CC0|0BSD|LGPL|Lesser",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"\bA?GPL|Affero|(?<!Lesser )General Public|SSPL|BUSL|Commons Clause|Proprietary", re.IGNORECASE)
# Packages that declare nothing a program can read; their licence files were read.
READ = {"aiofastnet": "MIT", "atheris": "Apache-2.0", "picows": "MIT"}


def licence_of(name: str) -> str:
    """What the installed copy declares; "" where it is not installed or declares nothing."""
    if name in READ:
        return READ[name]
    try:
        about = cast("Message", importlib.metadata.metadata(name))
    except importlib.metadata.PackageNotFoundError:
        return ""
    lines = about.get_all("Classifier", [])
    classified = [line.rpartition("::")[2].strip() for line in lines if line.startswith("License")]
    first_line = (about.get("License") or "").strip().partition("\n")[0]
    return about.get("License-Expression") or "; ".join(classified) or first_line


def _allowed(licence: str) -> bool:
    return bool(_ALLOWED.search(licence)) and not _REFUSED.search(licence)


@cache
def usual_index() -> str:
    """The package index that the lock was made with: one that is reached by TLS, for all packages."""
    found = Counter(package.source.get("registry", "") for package in locked())
    (index, _), *_ = found.most_common(1)
    if not index.startswith("https://"):
        sys.exit(f"the lock's packages come from {index!r}; lock them from an index that is reached by https")
    return index


def problems(packages: Sequence[Locked], *, licences: bool = True) -> list[str]:
    """Everything that is wrong, in words. Needs no network."""
    found: list[str] = []
    for package in packages:
        at = f"{package.name} {package.version}"
        denied, why = DENIED.get(package.name, (frozenset[str](), ""))
        if denied == EVERY or package.version in denied:
            found.append(f"{at} is on the deny list: {why}")
        if package.source.get("registry") != usual_index():
            found.append(f"{at} comes from {package.source}, not from {usual_index()}; depend on releases of the index")
        if not package.files or len(package.digests) != package.files:
            found.append(f"{at} has {package.files} files and {len(package.digests)} SHA-256 digests; lock it again")
        licence = licence_of(package.name) if licences else ""
        if licence and not any(map(_allowed, re.split(r"\bOR\b", licence))):
            found.append(f"{at} has the licence {licence!r}, which is not among those allowed")
    return found


def vulnerabilities(packages: Sequence[Locked]) -> tuple[str, list[str]]:
    """(what was done, what was found) by pip-audit, which asks a database on the network."""
    program = shutil.which("pip-audit")
    if program is None:
        return "no known vulnerabilities were looked up: pip-audit is not installed", []
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "requirements.txt"
        newest = {package.name: package.version for package in packages}
        listed.write_text("".join(f"{name}=={version}\n" for name, version in newest.items()), "utf-8")
        command = [program, "--no-deps", "--disable-pip", "--progress-spinner", "off", "-r", str(listed)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            return "no known vulnerabilities were looked up: the database did not answer in 120 s", []
    if done.returncode == 0:
        return f"pip-audit knows of no vulnerability in {len(newest)} packages", []
    if "found" in done.stderr.lower() and "vulnerabilit" in done.stderr.lower():
        return "pip-audit has found vulnerabilities", done.stdout.splitlines()
    said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"no known vulnerabilities were looked up: {said[:200]}", []


def main() -> int:
    packages = locked()
    mode, found = ("offline, as asked", []) if "--offline" in sys.argv[1:] else vulnerabilities(packages)
    print(f"online:  {mode}")
    wrong = problems(packages)
    print(f"offline: {len(packages)} packages: deny list, sources, digests, licences")
    for line in (*found, *wrong):
        print(line)
    return 1 if found or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
