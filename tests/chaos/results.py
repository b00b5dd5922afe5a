"""What runs of chaos came to: kept in bench/results/chaos.json, told in chaos.md beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.machine import describe
from tests.chaos.run import Report

FOLDER = Path(__file__).resolve().parents[2] / "bench" / "results"
COLUMNS = {
    "most goals open at once": "most goals open",
    "goals": "goals",
    "nested groups": "nested groups",
    "entries": "log entries",
    "acknowledged": "acknowledged",
    "agent runs": "agent runs",
    "hub starts": "hub starts",
}
SHOWN = 5
_HEAD = """# Chaos

Real processes on one machine, shared with other work. While goals are open, accidents that the seed draws happen to
them; then everything is mended and comes to rest, and the checker (`tests/chaos/checker.py`) reads the hub's log, the
journals of all members and what the processes noted. It looks for acknowledged messages that are lost, repeated or out
of order at any member, tasks that ran twice and are not declared idempotent, groups that never ended, clients whose
state is not what their log replays to, deadlines that were late (unless the clocks are wrong), and budgets overspent.

Written by `python -m tests.chaos … --write`; a run takes the place of an earlier one of the same words. In full:
[chaos.json](chaos.json). `hub starts` counts all replicas; `found` is what the checker found.
"""


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run. `words` are those behind `python -m tests.chaos`, `accidents` how often which kind happened."""

    words: str
    seed: int
    lasted_s: float | None
    machine: dict[str, str | int | None]
    accidents: dict[str, int]
    figures: dict[str, int | float]
    found: tuple[str, ...] = ()
    load_before: float | None = None
    note: str = ""


def kept(report: Report, words: str, *, load_before: float | None, note: str = "") -> Kept:
    """What to keep of a run that these words start again. `load_before`: the machine's load average before it."""
    return Kept(
        words=words,
        seed=report.seed,
        lasted_s=round(report.lasted_s, 1),
        machine=describe(),
        load_before=load_before,
        accidents=dict(sorted(Counter(accident.kind for accident in report.happened).items())),
        figures=report.figures,
        found=tuple(map(str, report.violations)),
        note=note,
    )


def keep(run: Kept, folder: Path = FOLDER) -> None:
    """Write it beside the others, in the place of one of the same words."""
    path = folder / "chaos.json"
    runs = msgspec.json.decode(path.read_bytes(), type=list[Kept]) if path.exists() else []
    places = [number for number, other in enumerate(runs) if other.words == run.words]
    if places:
        runs[places[0]] = run
    else:
        runs.append(run)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(runs), indent=1) + b"\n")
    (folder / "chaos.md").write_text(told(runs), encoding="utf-8")


def told(runs: Sequence[Kept]) -> str:
    """The page: a row a run, what the checker found, the machines."""
    names = ["run", "accidents", *COLUMNS.values(), "found"]
    lines = [_HEAD, _row(names), _row(["---"] * len(names))]
    for run in runs:
        cells = [f"{run.figures[name]:,}" if name in run.figures else "?" for name in COLUMNS]
        lines.append(_row([f"`{run.words}`", f"{sum(run.accidents.values())}", *cells, _verdict(run)]))
    for run in runs:
        lines += ["", f"`{run.words}`", "", f"- {_lasted(run)}"]
        lines.append(f"- Accidents: {', '.join(f'{count} {kind}' for kind, count in run.accidents.items()) or 'none'}.")
        if run.note:
            lines.append(f"- {run.note}")
        lines += [f"- Found: {violation}" for violation in run.found[:SHOWN]]
        if len(run.found) > SHOWN:
            lines.append(f"- Found: {len(run.found) - SHOWN} more, in chaos.json.")
    return "\n".join(lines) + "\n"


def _verdict(run: Kept) -> str:
    return f"**{len(run.found)}**" if run.found else "nothing"


def _lasted(run: Kept) -> str:
    machine = ", ".join(
        str(run.machine[name]) for name in ("date", "processor", "system") if run.machine.get(name) is not None
    )
    cores = f", {run.machine['cores']} cores" if "cores" in run.machine else ""
    load = f", load average {run.load_before} before" if run.load_before is not None else ""
    lasted = f"{run.lasted_s:,.0f} s with the rest and the check; " if run.lasted_s is not None else ""
    return f"{lasted}{machine}{cores}{load}."


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
