"""What a result was measured on, without names of hosts or people."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("picows", "uvloop", "websockets", "uvicorn", "starlette", "msgspec", "numpy")


def describe() -> dict:
    """Processor, cores, system, versions and the day (UTC)."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cores": os.cpu_count() or 0,
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: _version(name) for name in _LIBRARIES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # uvloop, on Windows
        return "none"


def _processor() -> str:
    """The model, from /proc where there is one; what Python knows elsewhere (macOS: the architecture only)."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def load_average() -> float | None:
    """Of the last minute: how many others wanted the cores as well. None where the system does not tell (Windows)."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
