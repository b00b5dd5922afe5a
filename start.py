#!/usr/bin/env python3
"""From a clean clone to a running network, with nothing but Python 3.11 and pip.

    python3 start.py            set up, then run a goal over the files in examples/
    python3 start.py "GOAL"     set up, then run your own goal (more arguments go to `ioa run`)
    python3 start.py tests      set up, then run all tests (more arguments go to pytest)
    python3 start.py setup      set up only

Everything is installed into the folder .venv beside this file, in the versions that uv.lock names. To start afresh,
delete that folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

GOAL = (
    "Find the total revenue per region in examples/orders.csv and the average delivery days per carrier. "
    "Look up the revenue target for 2026 in examples/handbook.md. "
    "Then compute the total revenue in examples/orders.csv, and calculate what percentage of 32000 that is. "
    "Finally write a report about all findings with a bar chart of the total revenue per region in examples/orders.csv."
)


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):
        sys.exit(f"ioa needs Python 3.11 or newer; this is {sys.version.split()[0]}. Start it with a newer python3.")
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    testing = arguments[:1] == ["tests"]
    set_up(developing=testing or arguments[:1] == ["setup"])
    if arguments[:1] == ["setup"]:
        return 0
    if testing:
        return run(PYTHON, "-m", "pytest", "-n", "auto", "--dist", "loadfile", *arguments[1:])
    return run(PYTHON, "-m", "ioa", "run", *(arguments or [GOAL]))


def set_up(*, developing: bool) -> None:
    """Bring .venv to what uv.lock says. Seconds when it is already there."""
    if not PYTHON.exists():
        print("Making .venv and installing what uv.lock names (a minute or two, once) …", file=sys.stderr)
        venv.create(VENV, with_pip=True)
    if not any(BIN.glob("uv*")):
        check(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv>=0.8,<1")
    wanted = ["--all-extras"] if developing else ["--extra", "agents", "--no-dev"]
    check(BIN / "uv", "sync", "--quiet", "--locked", "--inexact", *wanted, "--python", PYTHON)


def run(*command: str | Path) -> int:
    return subprocess.run([str(part) for part in command], cwd=HERE, check=False).returncode


def check(*command: str | Path) -> None:
    if run(*command) != 0:
        sys.exit(f"Setting up failed at: {' '.join(str(part) for part in command)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
