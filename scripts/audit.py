"""Check what uv.lock names: known bad releases, files without digests, foreign sources, licences.

    scripts/audit.py              known vulnerabilities by pip-audit, where it is installed and its database answers,
                                  then the checks that need no network; says what of it was done
    scripts/audit.py --offline    only the latter

Ends with 0 if nothing is wrong.
"""

from __future__ import annotations

import importlib.metadata
import json
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
from typing import Any, cast

from locked import Locked, locked

EVERY = "every release"
_NOTHING = "no known vulnerabilities were looked up"
_WITHIN_S = 120
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
    """(what was done, and for which packages it was not, what was found) by pip-audit, which asks a database on the
    network. It ends with 0 too for packages that the database does not know."""
    program = shutil.which("pip-audit")
    if program is None:
        return f"{_NOTHING}: pip-audit is not installed (pip install pip-audit)", []
    found: list[str] = []
    unknown: list[str] = []
    for few in _rounds(packages):
        try:
            answers = _audited(program, few)
        except (subprocess.TimeoutExpired, OSError) as error:
            return f"{_NOTHING}: {type(error).__name__} within {_WITHIN_S} s", []
        except ValueError as error:
            return f"{_NOTHING}: {error}", []
        for package in few:
            answer = answers.get(package.name)
            at = f"{package.name} {package.version}"
            if answer is None or "vulns" not in answer:
                unknown.append(at)
                continue
            for known in answer["vulns"]:
                mended = ", ".join(known.get("fix_versions") or ()) or "no release yet"
                found.append(f"{at} has the known vulnerability {known['id']}; mended in: {mended}")
    if len(unknown) == len(packages):
        return f"{_NOTHING}: the database that pip-audit asks knows none of the {len(packages)} packages", []
    said = f"pip-audit knows of {len(found)} vulnerabilities in {len(packages) - len(unknown)} packages"
    if unknown:
        said += f"; {len(unknown)} were not looked up, as its database does not know them: {', '.join(unknown)}"
    return said, found


def _rounds(packages: Sequence[Locked]) -> list[list[Locked]]:
    """Of packages that are locked in several versions one in each round: pip-audit takes no name twice."""
    rounds: list[list[Locked]] = []
    seen: Counter[str] = Counter()
    for package in packages:
        number = seen[package.name]
        seen[package.name] += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(package)
    return rounds


def _audited(program: str, packages: Sequence[Locked]) -> dict[str, dict[str, Any]]:
    """What pip-audit says of each package, by name. Raises `ValueError` with its reason if it says nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "requirements.txt"
        listed.write_text("".join(f"{package.name}=={package.version}\n" for package in packages), "utf-8")
        asked = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "-r", str(listed)]
        done = subprocess.run([program, *asked], capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    try:
        return {answer["name"]: answer for answer in json.loads(done.stdout)["dependencies"]}
    except (ValueError, KeyError, TypeError):
        said = (done.stderr.strip().splitlines() or ["pip-audit gives no reason"])[-1]
        raise ValueError(said[:200]) from None


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
