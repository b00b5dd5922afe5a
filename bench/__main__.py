"""Every aim of the hub's speed and of discovery at size, in one table. One command:

    python -m bench [--quick] [--data FOLDER] [--out FOLDER]

runs bench/hub.py and then bench.discovery_at_size, as they are run alone, and writes their results and aims.md into
`--out` (default: bench/results; with --quick nothing is kept without --out). Some twenty minutes, on a machine that
does nothing else. Discovery needs the labelled sets (`--data`, or the environment variable IOA_SHARED); without them
its aims are named as not measured, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import discovery_report, hub_report
from bench.figures import table
from bench.ranking import RESULTS, ROOT

_QUICK_SIZES = "1000,20000"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the hub and discovery.")
    parser.add_argument("--quick", action="store_true", help="a fraction of everything: is it in order?")
    parser.add_argument("--data", type=Path, help="where the labelled sets are")
    parser.add_argument("--out", type=Path, help="folder for the results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = options.out or (Path(temporary) if options.quick else RESULTS)
        hub = _hub(folder, quick=options.quick)
        discovery = _discovery(options.data, quick=options.quick)
        if discovery is not None:
            discovery_report.write(discovery, folder)
        text = page(hub, discovery)
        (folder / "aims.md").write_text(text, encoding="utf-8")
    print(text)
    return 0 if hub is not None and discovery is not None else 1


def page(hub: dict[str, Any] | None, discovery: dict[str, Any] | None) -> str:
    """The aims of both, with what was not measured."""
    lines = ["# Aims", ""]
    for name, found, aims in (("hub", hub, hub_report.aims), ("discovery", discovery, discovery_report.aims)):
        if found is None:
            lines += [f"## {name.capitalize()}", "", "**Not measured**: what went before says why.", ""]
            continue
        on = found["machine"]
        lines += [
            f"## {name.capitalize()}",
            "",
            f"{on['date']}, {on['cores']} cores ({on['processor']}), load average before and after: "
            f"{found['load average before']}, {found['load average after']}. All figures: [{name}.md]({name}.md).",
            "",
            *table(("aim", "wanted", "found", "held"), aims(found)),
        ]
    return "\n".join(lines)


def _hub(folder: Path, *, quick: bool) -> dict[str, Any] | None:
    command = [sys.executable, str(ROOT / "bench/hub.py"), "--out", str(folder), *(["--quick"] if quick else [])]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    return json.loads((folder / "hub.json").read_text("utf-8")) if done.returncode == 0 else None


def _discovery(data: Path | None, *, quick: bool) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "bench.discovery_at_size", *(["--sizes", _QUICK_SIZES] if quick else [])]
    done = subprocess.run([*command, *(["--data", str(data)] if data else [])], cwd=ROOT, stdout=subprocess.PIPE)
    return json.loads(done.stdout) if done.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main())
