"""Results of `bench.discovery_at_size` as JSON, as a page and as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.figures import table

Row = tuple[str, str, str, str]
HUB, OTHER, PALE = "#1f5fa8", "#d9822b", "#9db8d6"
_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "ioa", "svg.fonttype": "path", "font.size": 9}


def write(found: dict[str, Any], folder: Path) -> None:
    """discovery.json, discovery.md and discovery.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "discovery.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / "discovery.md").write_text(page(found), encoding="utf-8")
    draw(found, folder / "discovery.svg")


def aims(found: dict[str, Any]) -> list[Row]:
    """What is aimed at, wanted, found, and whether that is it. Of the sizes that were measured."""
    rows: list[Row] = []

    def row(what: str, wanted: str, value: str, held: bool) -> None:
        rows.append((what, wanted, value, "yes" if held else "**no**"))

    for size, most_ms in (("100000", 5), ("1000000", 15)):
        if size not in found["sizes"]:
            continue
        part, among = found["sizes"][size], f"among {int(size):,} agents"
        p50 = part["known query"]["p50 CPU ms"]
        row(f"a search {among}, p50", f"< {most_ms} ms", f"{p50:.1f} ms of CPU", p50 < most_ms)
        recall = part["recall@10 of the search"]
        row(f"recall@10 of a search {among}", "≥ 0.98", f"{recall:.3f}", recall >= 0.98)
        filters = part["filters"]
        row(f"wrong answers to filtered searches {among}", "0", f"{filters['wrong']} of {filters['searches']}",
            filters["wrong"] == 0)  # fmt: skip
        came = part["newcomers"]
        words_s, meaning_s = came["found by their words after, s, at most"], came["found by meaning after, s, at most"]
        row(f"newcomers {among} found by words", "at once", f"within {1000 * words_s:.0f} ms", words_s < 1)
        row(f"newcomers {among} found by meaning", "< 5 s",
            f"{came['found by meaning']} of {came['came']} within {meaning_s:.2f} s",
            came["found by meaning"] == came["came"] and meaning_s < 5)  # fmt: skip
    if "hub" in found:
        hub = found["hub"]
        ready_s = hub["first search answered after, s"]
        row(f"restart to ready, {hub['agents']:,} agents", "< 5 s", f"{ready_s:.1f} s", ready_s < 5)
    return rows


def page(found: dict[str, Any]) -> str:
    on = found["machine"]
    lines = [
        "# Discovery at size",
        "",
        f"`python -m bench.discovery_at_size`, {on['date']}: one of {on['cores']} cores ({on['processor']}), Python "
        f"{on['python']}, numpy {on['numpy']}. Load average before and after: {found['load average before']}, "
        f"{found['load average after']}: where others used the machine, read CPU and not seconds. "
        f"Took {found['took s']} s. {found['queries']} real queries with their real embeddings; cards and their "
        "vectors are **made up** of real ones (bench/crowd.py).",
        "",
        *table(("aim", "wanted", "found", "held"), aims(found)),
        "## Search end to end",
        "",
        "Known: the query's embedding is in memory. New: it is computed. Ten hits by words, meaning and parts. CPU of "
        "the searching thread; a mean where no share is named.",
        "",
        "|cards|known p50 CPU ms|p90 CPU ms|CPU ms|p50 ms|one thing asked, p50 CPU ms|new p50 CPU ms|recall@10|"
        "put a CPU s|memory MiB|file MiB|index restarts, CPU s|",
        "|" + "---|" * 12,
    ]
    for size, row in found["sizes"].items():
        known, new, single = row["known query"], row["new query"], row["known query, one thing asked"]
        lines.append(
            f"|{int(size):,}|{known['p50 CPU ms']}|{known['p90 CPU ms']}|{known['CPU ms']}|{known['p50 ms']}|"
            f"{single['p50 CPU ms']}|{new['p50 CPU ms']}|{row['recall@10 of the search']}|"
            f"{row['put a CPU second']:,.0f}|{row['memory MiB']:,}|{row['file MiB']:,}|{row['restart, CPU s']}|"
        )
    if "hub" in found:
        hub = found["hub"]
        lines += ["", f"`ioa hub` with {hub['agents']:,} agents (cards made up, vectors random) listens "
                  f"{hub['listens after, s']} s after its start and has answered a first search after "
                  f"{hub['first search answered after, s']} s; {hub['CPU until then, s']} s of CPU."]  # fmt: skip
    lines += ["", "## Neighbours, engine beside engine", ""]
    lines += ["|cards|engine|CPU ms a query|p50 ms|recall@10|build, CPU s|MiB|", "|" + "---|" * 7]
    for size, row in found["sizes"].items():
        for name, engine in row["engines"].items():
            cells = [engine.get(key, "") for key in ("CPU ms", "p50 ms", "recall@10", "build, CPU s", "MiB")]
            lines.append(f"|{int(size):,}|{name}|" + "|".join(map(str, cells)) + "|")
    return "\n".join([*lines, "", "![The same as a picture](discovery.svg)", ""])


def draw(found: dict[str, Any], path: Path) -> None:
    """CPU of a search, and of engines against their recall."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({**_SETTINGS, "axes.spines.right": False, "axes.spines.top": False}):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        FigureCanvasSVG(figure)
        places: Any = figure.subplots(1, 2)
        sizes = [int(size) for size in found["sizes"]]
        rows = list(found["sizes"].values())
        for key, colour in (("known query", HUB), ("new query", PALE)):
            places[0].plot(sizes, [row[key]["p50 CPU ms"] for row in rows], marker="o", color=colour, label=key)
        places[0].plot([100_000, 1_000_000], [5, 15], "v", color=OTHER, label="aim, known query")
        places[0].set_title("A search, p50, CPU ms")
        names = sorted({name for row in rows for name in row["engines"]})
        for name in names:
            points = [(size, row["engines"][name]["CPU ms"]) for size, row in zip(sizes, rows, strict=True)
                      if "CPU ms" in row["engines"].get(name, {})]  # fmt: skip
            if points:
                places[1].plot(*zip(*points, strict=True), marker="o", ms=3, label=name)
        places[1].set_title("Ten nearest whole cards, CPU ms")
        for place in places:
            place.set_xscale("log")
            place.set_yscale("log")
            place.set_xlabel("cards")
            place.legend(frameon=False, fontsize=7)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
