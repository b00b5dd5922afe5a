"""The results as one picture. The same results give the same bytes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HUB, OTHER, PALE = "#1f5fa8", "#d9822b", "#9db8d6"
_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "ioa", "svg.fonttype": "path", "font.size": 9, "axes.spines.top": False}
_GOAL_REFERENCE_S = 6.0
_REGISTRATION_REFERENCE = 33.0


@contextmanager
def canvas(path: Path, rows: int, columns: int) -> Generator[Any]:
    """Places for charts, written to `path` at the end."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({**_SETTINGS, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 6.4), layout="constrained")
        FigureCanvasSVG(figure)
        places: Any = figure.subplots(rows, columns)
        yield places
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def draw(found: dict, path: Path) -> None:
    """Six small charts. Needs all parts of the results."""
    with canvas(path, 2, 3) as places:
        _throughput(places[0][0], found["messages"])
        _latency(places[0][1], found["messages"])
        _flatness(places[0][2], found["messages"]["flatness"])
        _registrations(places[1][0], found["registrations"])
        _searches(places[1][1], found["searches"])
        _goals(places[1][2], found["goals"])


def bars(place: Any, labels: list[str], values: list[float], colours: list[str], form: str = "{:,.0f}") -> None:
    """One bar a value, with the value on top."""
    drawn = place.bar(labels, values, color=colours, width=0.6)
    place.bar_label(drawn, [form.format(value) for value in values], padding=2)
    place.margins(y=0.15)


def _throughput(place: Any, part: dict) -> None:
    place.set_title("Deliveries a CPU second of the server")
    values = [part["deliveries per CPU s"], part["bare deliveries per CPU s"]]
    bars(place, ["hub, durable", "bare fan-out"], values, [HUB, PALE])


def _latency(place: Any, part: dict) -> None:
    place.set_title("Accepted to delivered")
    for name, colour in (("full load", OTHER), ("half load", HUB)):
        row = part[name]["accepted to delivered, ms"]
        place.plot(list(row.values()), [float(key[1:]) for key in row], marker="o", ms=3, color=colour, label=name)
    place.set_xscale("log")
    place.set_xlabel("ms")
    place.set_ylabel("% of deliveries")
    place.set_ylim(0, 102)
    place.legend(frameon=False)


def _flatness(place: Any, flat: dict) -> None:
    place.set_title("CPU a message, ms")
    values = [flat["new chat, CPU ms per message"], flat["long chat, CPU ms per message"]]
    bars(place, ["new chat", f"after {flat['length of the long ones']:,} messages"], values, [HUB, HUB], "{:.2f}")


def _registrations(place: Any, part: dict) -> None:
    place.set_title("Agents registered a second")
    meaning, words = part["words and meaning"], part["words only"]
    values = [meaning["agents embedded too per s"], meaning["agents per s"], words["agents per s"]]
    bars(place, ["found by words\nand meaning", "found by words,\nmeaning to come", "words only"], values, [HUB] * 3)
    place.axhline(_REGISTRATION_REFERENCE, color=OTHER, ls="--", lw=1, label="reference, not run here: 31 to 35")
    place.margins(y=0.3)  # room for the legend
    place.legend(frameon=False, loc="upper left")


def _searches(place: Any, part: dict) -> None:
    place.set_title("Search, p50 (bar) and p99 (line), ms")
    labels = [f"{int(size):,}\n{kind} query" for size in part for kind in ("known", "new")]
    rows = [row[f"{kind} query, ms"] for row in part.values() for kind in ("known", "new")]
    bars(place, labels, [row["p50"] for row in rows], [HUB, PALE] * len(part), "{:.1f}")
    place.set_yscale("log")
    for number, row in enumerate(rows):
        place.plot([number, number], [row["p50"], row["p99"]], color=OTHER, lw=2)


def _goals(place: Any, part: dict) -> None:
    place.set_title("A goal with instant agents, s")
    labels: list[str] = []
    for shape, row in part.items():
        for words in ("known words", "new words"):
            number = len(labels)
            labels.append(f"{shape}\n{words}")
            each = row[words]["each, s"]
            place.plot([number] * len(each), each, ".", color=PALE, ms=5)
            place.plot([number - 0.25, number + 0.25], [row[words]["median s"]] * 2, color=HUB, lw=3)
            place.annotate(f"{row[words]['median s']:.2f}", (number + 0.28, row[words]["median s"]), va="center")
    place.axhline(_GOAL_REFERENCE_S, color=OTHER, ls="--", lw=1, label="reference, not run here: 6 s")
    place.axhline(0.2, color="#3a8a3a", ls=":", lw=1, label="aim: 0.2 s")
    place.set_yscale("log")
    place.set_xticks(range(len(labels)), labels, fontsize=7)
    place.set_xlim(-0.5, len(labels) - 0.3)
    place.legend(frameon=False, fontsize=7)
