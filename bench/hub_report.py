"""Results of bench/hub.py as JSON, as a page of Markdown and as one picture. The same results give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.figures import table as _table
from bench.picture import HUB, OTHER, PALE, bars, canvas

REFERENCE_PER_CPU_S = 1_000
"""Deliveries a CPU second of the reference's hub, measured earlier and elsewhere; less as its chats grow."""

_ACCEPTED, _DUE, _POSTED = "accepted to delivered, ms", "due to delivered, ms", "posted to delivered, ms"
Row = tuple[str, str, str, str]


def write(found: dict, folder: Path) -> None:
    """hub.json, hub.md and hub.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hub.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = markdown(found) + "\n![The same as a picture](hub.svg)\n"
    (folder / "hub.md").write_text(text, encoding="utf-8")
    _draw(found, folder / "hub.svg")


def aims(found: dict) -> list[Row]:
    """What is aimed at, what was found, and whether that is it. Parts that were not measured are left out."""
    rows: list[Row] = []

    def row(what: str, aim: str, value: float, form: str, held: bool) -> None:
        rows.append((what, aim, form.format(value), "yes" if held else "**no**"))

    if "messages" in found:
        part = found["messages"]
        ratio = part["hub / others"]["picows"]
        row("deliveries a CPU second, hub / bare picows", "≥ 0.7", ratio, "{:.2f}", ratio >= 0.7)
        times = part["deliveries per CPU s"]["hub"] / REFERENCE_PER_CPU_S
        row("the same, hub / reference", "≥ 30", times, "{:.0f}", times >= 30)
        length, last = list(part["lengths"].items())[-1]
        flat = last["long / new"]
        row(f"cost of a message, chat of {int(length):,} / new chat", "1", flat, "{:.2f}", flat <= 1.15)
        for what in (_ACCEPTED, _DUE):
            p99 = part["half load"][what]["p99"]
            row(f"p99 at half the load, {what.removesuffix(', ms')}", "< 10 ms", p99, "{:.1f} ms", p99 < 10)
    if "crowd" in found:
        part = found["crowd"]
        peak = part["peak MiB"]
        row(f"memory with {part['connected']:,} connected agents", "< 1 GB", peak, "{:.0f} MiB", peak * 2**20 < 1e9)
        back = part["back"]["all, s"]
        row(f"{part['cut']:,} agents back after a cut", "≤ 5 s", back, "{:.2f} s", back <= 5)
    if "goals" in found:
        for words in ("known words", "new words"):
            took = 1000 * found["goals"]["two steps"][words]["median s"]
            row(f"a goal with instant agents, {words}", "< 50 ms", took, "{:.0f} ms", took < 50)
    return rows


def markdown(found: dict) -> str:
    """What was measured, as a page."""
    on = found["machine"]
    lines = [
        "# Hub",
        "",
        f"`python bench/hub.py{' --quick' if found['size'] == 'quick' else ''}`, {on['date']}, loopback of one "
        f"machine: {on['cores']} cores ({on['processor']}), {on['system']}, Python {on['python']}, SQLite "
        f"{on['sqlite']}, picows {on['picows']}, uvloop {on['uvloop']}, websockets {on['websockets']}. "
        f"Load average before and after: {found['load average before']}, {found['load average after']}; "
        f"took {found['took s']} s. Read ratios and CPU, not seconds. How it is measured: [README](../README.md).",
        "",
        *[f"**{part} was given up**: {why}\n" for part, why in found.get("given up", {}).items()],
        *_table(("aim", "wanted", "found", "held"), aims(found)),
    ]
    if "messages" in found:
        lines += _messages(found["messages"])
    if "crowd" in found:
        lines += _crowd(found["crowd"])
    if "goals" in found:
        lines += ["## Whole goals with instant agents", ""]
        rows = [
            (f"{shape}, {words}", f"{row[words]['median s']:.3f}", f"{row[words]['p90 s']:.3f}")
            for shape, row in found["goals"].items()
            for words in ("known words", "new words")
        ]
        lines += _table(("", "median, s", "p90, s"), rows)
    return "\n".join(lines)


def _messages(part: dict) -> list[str]:
    ratios, rates = part["hub / others"], part["deliveries per CPU s"]
    return [
        f"## {part['sockets']:,} sockets in groups of 5, 600 bytes, durable before delivery",
        "",
        *_table(
            ("server", "deliveries a CPU second", "hub / it"),
            [
                *((name, f"{rates[name]:,.0f}", f"{ratios[name]:.2f}") for name in rates),
                ("reference (not run here)", f"{REFERENCE_PER_CPU_S:,}", f"{rates['hub'] / REFERENCE_PER_CPU_S:.0f}"),
            ],
        ),
        *([f"NATS is missing: {part['NATS is missing']}", ""] if "NATS is missing" in part else []),
        *_table(
            ("latency, ms", "p50", "p90", "p99"),
            [
                (f"{load}, {what.removesuffix(', ms')}", *(f"{row[share]:.1f}" for share in ("p50", "p90", "p99")))
                for load in ("full load", "half load")
                for what, row in part[load].items()
            ],
        ),
        *_table(
            ("messages in the chat", "CPU ms a message", "in a new chat", "long / new"),
            [
                (
                    f"{row['length of the long ones']:,}",
                    f"{row['long chat, CPU ms per message']:.3f}",
                    f"{row['new chat, CPU ms per message']:.3f}",
                    f"{row['long / new']:.2f}",
                )
                for row in part["lengths"].values()
            ],
        ),
        f"Of {part['messages in all']:,} messages {part['lost']} were lost. {part['messages per s']:,.0f} messages a "
        f"second at full load. The hub's memory: {part['hub peak MiB']} MiB at most.",
        "",
    ]


def _crowd(part: dict) -> list[str]:
    back = part["back"]
    return [
        f"## {part['connected']:,} connected agents",
        "",
        f"{part['peak MiB']} MiB at most, {part['KiB a connection']} KiB a connection, "
        f"{part['hub CPU ms a connection']} ms of CPU to let one in. {part['cut']:,} of them, cut at once, are all "
        f"welcome again after {back['all, s']:.2f} s (p50 {back['p50']:,.0f} ms, p99 {back['p99']:,.0f} ms, "
        f"{back['hub CPU s']:.2f} s of the hub's CPU; {back['tried again']:.0f} had to try again).",
        "",
    ]


def _draw(found: dict, path: Path) -> None:
    """Four small charts. Needs all parts of the results."""
    with canvas(path, 2, 2) as places:
        _rates(places[0][0], found["messages"])
        _latency(places[0][1], found["messages"])
        _lengths(places[1][0], found["messages"]["lengths"])
        _goals(places[1][1], found["goals"])


def _rates(place: Any, part: dict) -> None:
    place.set_title("Deliveries a CPU second of the server")
    rates = {"hub, durable": part["deliveries per CPU s"]["hub"]}
    rates |= {name.replace(", ", ",\n"): rate for name, rate in part["deliveries per CPU s"].items() if name != "hub"}
    rates["reference\n(not run)"] = REFERENCE_PER_CPU_S
    bars(place, list(rates), list(rates.values()), [HUB, *[PALE] * (len(rates) - 2), OTHER])
    place.tick_params(axis="x", labelsize=7)


def _latency(place: Any, part: dict) -> None:
    place.set_title("Latency, ms")
    for name, row, colour in (
        ("full load, posted", part["full load"][_POSTED], OTHER),
        ("half load, due", part["half load"][_DUE], HUB),
        ("half load, accepted", part["half load"][_ACCEPTED], PALE),
    ):
        shares = [float(share[1:]) for share in row]
        place.plot(list(row.values()), shares, color=colour, label=f"{name} to delivered")
    place.axvline(10, color="#3a8a3a", ls=":", lw=1)
    place.set_xscale("log")
    place.set_ylabel("% of deliveries")
    place.legend(frameon=False, fontsize=7)


def _lengths(place: Any, part: dict) -> None:
    place.set_title("CPU of a message, long chat / new chat")
    lengths = [row["length of the long ones"] for row in part.values()]
    place.plot(lengths, [row["long / new"] for row in part.values()], "o-", color=HUB)
    place.axhline(1, color="#3a8a3a", ls=":", lw=1)
    place.set_xscale("log")
    place.set_ylim(0, 2)
    place.set_xlabel("messages in the chat")


def _goals(place: Any, part: dict) -> None:
    place.set_title("A goal with instant agents, ms")
    labels = [f"{shape}\n{words}" for shape in part for words in ("known words", "new words")]
    values = [1000 * row[words]["median s"] for row in part.values() for words in ("known words", "new words")]
    bars(place, labels, values, [HUB, PALE] * len(part))
    place.axhline(50, color="#3a8a3a", ls=":", lw=1)
    place.tick_params(axis="x", labelsize=7)
