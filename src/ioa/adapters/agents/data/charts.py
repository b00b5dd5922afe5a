"""Draws charts with Matplotlib: Agg, objects only, no global figure; the same data give the same bytes."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

Axes = Any  # Matplotlib's axes; its own types are too partial for a strict check

COLOURS = ("#2b6cb0", "#dd6b20", "#2f855a", "#b83280", "#6b46c1", "#b7791f", "#319795", "#c53030", "#4a5568", "#805ad5")
MAX_BARS = 25
MAX_SLICES = 8
_LOCK = threading.Lock()  # rc_context and catch_warnings are global
_STYLE = {
    "svg.hashsalt": "ioa",
    "svg.fonttype": "path",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e2e8f0",
    "axes.edgecolor": "#718096",
    "axes.titlesize": 13.0,
    "axes.titleweight": "bold",
}


@dataclass(slots=True)
class Chart:
    """What to draw. `x` are categories, dates or numbers; `series` has one list of the same length per name.

    For a histogram there is one series of raw values and no `x`; for a box plot one series per box.
    """

    kind: str
    title: str
    x_label: str
    y_label: str
    x: list[Any] = field(default_factory=list[Any])
    series: dict[str, list[float | None]] = field(default_factory=dict[str, list[float | None]])
    stacked: bool = False
    additive: bool = False
    notes: list[str] = field(default_factory=list[str])


def draw(chart: Chart, png: Path, svg: Path) -> None:
    """Write the chart as PNG and SVG."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _LOCK, cast("Any", mpl).rc_context(_STYLE | {"font.family": _fonts()}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # scripts that the font lacks are drawn as boxes
        panels = _panels(chart)
        height = 4.8 if len(panels) == 1 else 3.0 * len(panels)
        if chart.kind == "horizontal bar":
            height = max(3.2, 0.34 * len(chart.x) * max(1, len(chart.series) * 0.6) + 1.6)
        figure = Figure(figsize=(8.0, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = [cast("Any", figure.add_subplot(len(panels), 1, index + 1)) for index in range(len(panels))]
        for axis, panel in zip(axes, panels, strict=True):
            _DRAWERS[chart.kind](axis, panel)
        cast("Any", figure).suptitle(plain(chart.title), fontsize=13, fontweight="bold")
        cast("Any", figure).savefig(png, format="png", dpi=144, metadata={"Software": None})
        cast("Any", figure).savefig(svg, format="svg", metadata={"Date": None, "Creator": None})


def _fonts() -> list[str]:
    """The default font, and those of this machine that have what it lacks (Chinese, Japanese, Korean)."""
    from matplotlib.font_manager import fontManager

    known = {str(entry.name) for entry in fontManager.ttflist}
    wanted = (
        "Noto Sans CJK SC",
        "Noto Sans CJK JP",
        "Hiragino Sans",
        "PingFang SC",
        "Microsoft YaHei",
        "WenQuanYi Zen Hei",
        "Arial Unicode MS",
    )
    return ["DejaVu Sans", *(name for name in wanted if name in known)]


def plain(text: object) -> str:
    """Text that Matplotlib shows as it is: no formulas, no control signs, not endless."""
    shown = "".join(sign if sign.isprintable() else " " for sign in str(text))
    return (shown if len(shown) <= 80 else shown[:79] + "…").replace("$", r"\$")


def _panels(chart: Chart) -> list[Chart]:
    """Series of very different size get a panel each."""
    peaks = [
        max((abs(value) for value in values if value is not None), default=0.0) for values in chart.series.values()
    ]
    positive = [peak for peak in peaks if peak]
    if (
        chart.kind not in {"bar", "line"}
        or chart.stacked
        or len(positive) < 2
        or len(peaks) > 4
        or max(positive) < 30 * min(positive)
    ):
        return [chart]
    return [
        Chart(chart.kind, "", chart.x_label, name, chart.x, {name: values}) for name, values in chart.series.items()
    ]


def _label(axis: Axes, x: str, y: str) -> None:
    axis.set_xlabel(plain(x))
    axis.set_ylabel(plain(y))


def _categories(axis: Axes, labels: Sequence[object]) -> None:
    texts = [plain(short(label)) for label in labels]
    turned = len(texts) > 8 or sum(map(len, texts)) > 70
    axis.set_xticks(range(len(texts)), texts, rotation=45 if turned else 0, ha="right" if turned else "center")


def short(label: object) -> str:
    """A category's label: missing is a dash, long texts are cut."""
    text = (
        "–"
        if label is None
        else label.isoformat()
        if isinstance(label, date) and not isinstance(label, datetime)
        else str(label)
    )
    return text if len(text) <= 28 else text[:27] + "…"


def _legend(axis: Axes, chart: Chart) -> None:
    if len(chart.series) > 1:
        axis.legend(frameon=False, fontsize=9, loc="best")


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def _bars(axis: Axes, chart: Chart) -> None:
    names = list(chart.series)
    width = 0.75 if chart.stacked or len(names) == 1 else 0.8 / len(names)
    base_up, base_down = [0.0] * len(chart.x), [0.0] * len(chart.x)
    for index, name in enumerate(names):
        values = [value or 0.0 for value in chart.series[name]]
        if chart.stacked:
            bottoms = [up if value >= 0 else down for value, up, down in zip(values, base_up, base_down, strict=True)]
            bars = axis.bar(range(len(values)), values, width, bottom=bottoms, color=_colour(index), label=plain(name))
            base_up = [up + max(value, 0.0) for up, value in zip(base_up, values, strict=True)]
            base_down = [down + min(value, 0.0) for down, value in zip(base_down, values, strict=True)]
        else:
            places = [
                place - 0.4 * (len(names) > 1) + (index + 0.5) * width * (len(names) > 1)
                for place in range(len(values))
            ]
            bars = axis.bar(places, values, width, color=_colour(index), label=plain(name))
        if len(names) == 1 and len(values) <= 12:
            axis.bar_label(bars, [plain(_number(value)) for value in chart.series[name]], padding=2, fontsize=9)
            axis.margins(y=0.1)
    _categories(axis, chart.x)
    axis.grid(visible=False, axis="x")
    _label(axis, chart.x_label, chart.y_label)
    _legend(axis, chart)


def _flat_bars(axis: Axes, chart: Chart) -> None:
    names = list(chart.series)
    height = 0.75 if chart.stacked or len(names) == 1 else 0.8 / len(names)
    base = [0.0] * len(chart.x)
    for index, name in enumerate(names):
        values = [value or 0.0 for value in chart.series[name]]
        if chart.stacked:
            bars = axis.barh(range(len(values)), values, height, left=base, color=_colour(index), label=plain(name))
            base = [one + value for one, value in zip(base, values, strict=True)]
        else:
            places = [
                place - 0.4 * (len(names) > 1) + (index + 0.5) * height * (len(names) > 1)
                for place in range(len(values))
            ]
            bars = axis.barh(places, values, height, color=_colour(index), label=plain(name))
        if len(names) == 1:
            axis.bar_label(bars, [plain(_number(value)) for value in chart.series[name]], padding=3, fontsize=9)
            axis.margins(x=0.12)
    axis.set_yticks(range(len(chart.x)), [plain(short(label)) for label in chart.x])
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    _label(axis, chart.y_label, chart.x_label)
    _legend(axis, chart)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def _lines(axis: Axes, chart: Chart) -> None:
    placed = all(isinstance(value, int | float | date) for value in chart.x)
    places: list[Any] = list(chart.x) if placed else list(range(len(chart.x)))
    for index, (name, values) in enumerate(chart.series.items()):
        shown = [float("nan") if value is None else value for value in values]
        axis.plot(
            places,
            shown,
            marker="o" if len(shown) <= 60 else "",
            markersize=4,
            linewidth=1.8,
            color=_colour(index),
            label=plain(name),
        )
    if not placed:
        step = max(1, len(chart.x) // 15)
        texts = [plain(short(label)) for label in chart.x[::step]]
        turned = len(texts) > 8
        axis.set_xticks(places[::step], texts, rotation=45 if turned else 0, ha="right" if turned else "center")
    elif chart.x and isinstance(chart.x[0], date):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator()
        axis.xaxis.set_major_locator(locator)
        axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    else:
        from matplotlib.ticker import MaxNLocator

        if all(isinstance(value, int) for value in chart.x):
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    _label(axis, chart.x_label, chart.y_label)
    _legend(axis, chart)


def _scatter(axis: Axes, chart: Chart) -> None:
    for index, (name, values) in enumerate(chart.series.items()):
        pairs = [(x, y) for x, y in zip(chart.x, values, strict=True) if x is not None and y is not None]
        axis.scatter(
            [x for x, _ in pairs], [y for _, y in pairs], s=28, alpha=0.75, color=_colour(index), label=plain(name)
        )
    _label(axis, chart.x_label, chart.y_label)
    _legend(axis, chart)


def _histogram(axis: Axes, chart: Chart) -> None:
    edges = bins(chart)
    for index, (name, values) in enumerate(chart.series.items()):
        present = [value for value in values if value is not None]
        axis.hist(
            present,
            bins=edges,
            color=_colour(index),
            edgecolor="white",
            alpha=0.8 if len(chart.series) > 1 else 1.0,
            label=plain(name),
        )
    axis.grid(visible=False, axis="x")
    _label(axis, chart.x_label, chart.y_label)
    _legend(axis, chart)


def bins(chart: Chart) -> list[float]:
    """Edges of the histogram's bins: Sturges' rule, at round numbers."""
    import math

    values = [value for series in chart.series.values() for value in series if value is not None]
    low, high = min(values), max(values)
    if low == high:
        return [low - 0.5, low + 0.5]
    rough = (high - low) / (math.ceil(math.log2(len(values))) + 1)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    start = math.floor(low / step)
    count = math.floor(high / step) - start + 1
    return [round((start + index) * step, 12) for index in range(count + 1)]


def _pie(axis: Axes, chart: Chart) -> None:
    values = [value or 0.0 for value in next(iter(chart.series.values()))]
    labels = [plain(short(label)) for label in chart.x]
    colours = [_colour(index) for index in range(len(values))]
    axis.pie(
        values,
        labels=labels,
        colors=colours,
        autopct="%1.1f%%",
        startangle=90,
        counterclock=False,
        pctdistance=0.75,
        wedgeprops={"edgecolor": "white"},
    )
    axis.set_aspect("equal")


def _boxes(axis: Axes, chart: Chart) -> None:
    data = [[value for value in values if value is not None] for values in chart.series.values()]
    drawn = axis.boxplot(
        data,
        patch_artist=True,
        widths=0.6,
        positions=list(range(len(data))),
        manage_ticks=False,
        medianprops={"color": "#1a202c"},
    )
    for index, box in enumerate(drawn["boxes"]):
        box.set_facecolor(_colour(index))
        box.set_alpha(0.7)
    _categories(axis, list(chart.series))
    axis.set_xlim(-0.6, len(data) - 0.4)
    axis.grid(visible=False, axis="x")
    _label(axis, chart.x_label, chart.y_label)


_DRAWERS = {
    "bar": _bars,
    "horizontal bar": _flat_bars,
    "line": _lines,
    "scatter": _scatter,
    "histogram": _histogram,
    "pie": _pie,
    "box": _boxes,
}


def slug(text: str) -> str:
    """A file name that speaks: lower case words of the title."""
    words = re.findall(r"[^\W_]+", text.lower())
    return "-".join(words)[:60].strip("-") or "chart"
