"""Files for the goals, made anew for each test, and the numbers in them recomputed with the standard library only."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from statistics import mean, median, stdev

Rows = list[dict[str, str]]


def write_csv(path: Path, rows: Rows, delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=delimiter)
        out.writeheader()
        out.writerows(rows)
    return path


def group(rows: Rows, by: str, value: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row[by], []).append(float(row[value]))
    return found


def sums(rows: Rows, by: str, value: str) -> dict[str, float]:
    return {key: sum(values) for key, values in group(rows, by, value).items()}


def means(rows: Rows, by: str, value: str) -> dict[str, float]:
    return {key: mean(values) for key, values in group(rows, by, value).items()}


def column(rows: Rows, name: str) -> list[float]:
    return [float(row[name]) for row in rows]


def employees(folder: Path) -> tuple[Path, Rows]:
    dice = random.Random(7)
    rows = [
        {
            "employee": f"E{number:03d}",
            "department": dice.choice(["Sales", "Support", "Engineering", "Finance"]),
            "salary": str(dice.randrange(32_000, 98_000, 500)),
            "years": str(dice.randint(0, 25)),
            "city": dice.choice(["Lyon", "Graz", "Turku"]),
        }
        for number in range(1, 91)
    ]
    return write_csv(folder / "staff.csv", rows), rows


def weather(folder: Path) -> tuple[Path, Rows]:
    dice = random.Random(11)
    rows = [
        {
            "station": station,
            "date": f"2024-{month:02d}-{day:02d}",
            "temperature_c": f"{dice.gauss(6 + 2 * month - 0.13 * month * month, 3):.1f}",
            "rain_mm": f"{max(0.0, dice.gauss(2, 4)):.1f}",
        }
        for station in ("Harbour", "Hilltop", "Airport")
        for month in range(1, 13)
        for day in (3, 11, 19, 27)
    ]
    return write_csv(folder / "weather.csv", rows), rows


def loans(folder: Path) -> tuple[Path, Rows]:
    dice = random.Random(13)
    rows = [
        {
            "title": dice.choice(["Emma", "Dune", "Ulysses", "Beloved", "Middlemarch", "Persuasion"]),
            "branch": dice.choice(["Central", "Riverside", "Northgate"]),
            "days": str(dice.randint(2, 60)),
            "fine": f"{dice.choice([0, 0, 0, 0.5, 1.2, 2.4]):.2f}",
        }
        for _ in range(150)
    ]
    (folder / "loans.json").write_text(json.dumps(rows_with_numbers(rows)), encoding="utf-8")
    return folder / "loans.json", rows


def rows_with_numbers(rows: Rows) -> list[dict[str, str | float]]:
    def typed(text: str) -> str | float:
        try:
            return float(text)
        except ValueError:
            return text

    return [{key: typed(value) for key, value in row.items()} for row in rows]


def machines(folder: Path) -> tuple[Path, Rows]:
    dice = random.Random(17)
    rows = [
        {
            "machine": dice.choice(["Press A", "Press B", "Lathe", "Mill"]),
            "shift": dice.choice(["early", "late", "night"]),
            "downtime_minutes": str(dice.randint(0, 140)),
            "parts": str(dice.randint(200, 900)),
        }
        for _ in range(120)
    ]
    return write_csv(folder / "downtime.csv", rows, delimiter=";"), rows


def manual(folder: Path) -> Path:
    path = folder / "manual.md"
    path.write_text(
        "# Lathe L-200 manual\n\n## Safety\n\nWear goggles. Never open the guard while the spindle turns.\n\n"
        "## Maintenance\n\nThe spindle bearing is greased every 400 hours of operation with lithium grease.\n"
        "The belt is replaced after 2000 hours.\n\n## Warranty\n\nThe warranty period is 36 months from the date of "
        "delivery. Belts and grease are not covered.\n\n## Transport\n\nThe machine weighs 640 kg without its stand.\n",
        encoding="utf-8",
    )
    return path


__all__ = [
    "column",
    "employees",
    "group",
    "loans",
    "machines",
    "manual",
    "mean",
    "means",
    "median",
    "stdev",
    "sums",
    "weather",
    "write_csv",
]
