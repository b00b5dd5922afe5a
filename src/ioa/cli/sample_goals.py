"""Goals to try at once. Those over files are kept beside the files, in `examples/goals.txt`, one a line."""

from __future__ import annotations

from pathlib import Path

GOALS_FILE = "goals.txt"
COUNT = 3

WITHOUT_FILES = (
    "Solve x^2 - 5*x + 6 = 0, then differentiate x^3 * sin(x), then write a short report with both results.",
    "Solve the system x + y = 10, x - y = 2, then find the prime factors of 360360.",
    "Integrate x*exp(x), and find the limit of sin(x)/x as x approaches 0, and write a report with both results.",
)


def sample_goals(folder: Path, checkout: Path) -> tuple[tuple[str, ...], Path | None]:
    """Three goals, and the folder to start them in (None: any). `folder` is where the user is, `checkout` the top of
    the source tree if there is one."""
    for examples in (folder, folder / "examples", checkout / "examples"):
        try:
            lines = (examples / GOALS_FILE).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        goals = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
        if goals:
            return goals[:COUNT], examples
    return WITHOUT_FILES, None


def checkout_of(module_file: str) -> Path:
    """The top of the source tree that holds `src/ioa/…`; of an installed package, some folder without examples."""
    return Path(module_file).resolve().parents[3]
