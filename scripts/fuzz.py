"""Throw anything at what reads the bytes of strangers, and see that nothing but its own errors comes out.

    scripts/fuzz.py                      every target, 10 seconds each
    scripts/fuzz.py --seconds 600 yaml   one of them for 10 minutes
    scripts/fuzz.py --seed 7 codec       other inputs
    scripts/fuzz.py --short              a fixed number of inputs instead of a time, for CI

Targets:

    codec     frames and log entries: any bytes decode or raise MalformedFrame; what decodes encodes to itself (atheris)
    yaml      agent.yaml and the users' file: any text is read or refused in words (atheris)
    settings  what environment variables and hub settings may hold (atheris)
    frames    a running hub and an agent that sends anything: it refuses, stays up, and nobody is disturbed (Hypothesis)
    http      a running hub by its own OpenAPI description: no error of the server, answers as described (schemathesis)

Ends with 0 if nothing was found; else the input is shown, and kept in --keep.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHORT = {"codec": 20_000, "yaml": 200, "settings": 4_000}  # how many inputs are enough for CI
COVERED = tuple(SHORT)
TARGETS = (*COVERED, "frames", "http")
_SHORT_S = 120
_START_S = 60  # how much longer than asked a target may take, to start and to shrink what it has found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seconds", type=int, default=10, help="for each target (default: 10)")
    parser.add_argument("--short", action="store_true", help="a fixed number of inputs: the same ones every time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=None, help="folder for inputs that were found")
    given = parser.parse_args()
    unknown = [name for name in given.targets if name not in TARGETS]
    if unknown:
        parser.error(f"target {unknown[0]!r} is none of {', '.join(TARGETS)}")
    failed: list[str] = []
    for target in given.targets or TARGETS:
        began = time.monotonic()
        ok = _run(target, 0 if given.short else given.seconds, given.seed, given.keep)
        took = f"in {time.monotonic() - began:.0f} s, seed {given.seed}"
        print(f"{target:9} {'nothing found' if ok else 'FOUND SOMETHING'} {took}", flush=True)
        if not ok:
            failed.append(target)
    return 1 if failed else 0


def _run(target: str, seconds: int, seed: int, keep: Path | None) -> bool:
    """One target in a process of its own: a fuzzer that has found something ends its process. 0 seconds: short."""
    with tempfile.TemporaryDirectory(prefix="ioa-fuzz-") as scratch:
        where = keep or Path(scratch)
        where.mkdir(parents=True, exist_ok=True)
        if target in COVERED:
            command = [sys.executable, str(ROOT / "scripts" / "fuzz_covered.py"), target]
            # A corpus that grows while it runs; -timeout: one input that takes 10 s is a finding.
            command += [
                f"-max_total_time={seconds}" if seconds else f"-runs={SHORT[target]}",
                f"-seed={seed}",
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-max_len=4096",
            ]
            command += ["-print_final_stats=1", f"-artifact_prefix={where}/{target}-", _corpus(target, Path(scratch))]
        else:
            command = [sys.executable, str(ROOT / "scripts" / "fuzz_hub.py"), target, str(seconds), str(seed), scratch]
        env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", cwd=scratch, env=env, check=False,
                timeout=(seconds or _SHORT_S) + _START_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            print(f"{target} did not end: {str(error.stderr or '')[-4000:]}")
            return False
    if done.returncode != 0:
        print((done.stdout + done.stderr)[-8000:])
    else:
        told = (done.stdout + done.stderr).splitlines()
        print(
            *(line.strip() for line in told if "executed" in line or "generated" in line or line[:4] == "ran "),
            sep="\n",
        )
    return done.returncode == 0


def _corpus(target: str, scratch: Path) -> str:
    """A folder with some well-formed inputs to begin with."""
    folder = scratch / "corpus"
    folder.mkdir()
    for number, text in enumerate(_seeds(target)):
        (folder / f"{number:04}").write_bytes(text)
    return str(folder)


def _seeds(target: str) -> list[bytes]:
    sys.path[:0] = [str(ROOT / "src")]
    if target == "codec":
        import re

        blocks = re.findall(r"```json\n(\{.*?\})\n```", (ROOT / "docs" / "protocol.md").read_text("utf-8"), re.DOTALL)
        return [block.encode() for block in blocks]
    if target == "yaml":
        found = [path.read_bytes() for path in sorted((ROOT / "examples").glob("**/*.yaml"))]
        return [*found, b"name: A\ndescription: b\nbuiltin: writer\n", b"a: &a [1, 2]\nb: [*a, *a]\n", b"1: !!int 7\n"]
    return [b"127.0.0.1\n7700\nme=ioa_user_0123456789abcdefghij", b"::1\n0\n", b"example.org\n443\na=b"]


if __name__ == "__main__":
    sys.exit(main())
