"""Each fuzzing target with some inputs, always the same ones. For longer: `scripts/fuzz.py --seconds 600`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDS = {"codec": "atheris", "yaml": "atheris", "settings": "atheris", "frames": "hypothesis", "http": "schemathesis"}


@pytest.mark.parametrize("target", NEEDS)
def test_fuzzing_finds_nothing(target: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(NEEDS[target]) is None:
        pytest.skip(f"{NEEDS[target]} is not installed (dev group)")
    command = [sys.executable, str(ROOT / "scripts" / "fuzz.py"), "--short", "--keep", str(tmp_path), target]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert f"{target:9} nothing found" in done.stdout
