"""Results as JSON, as a page of Markdown and as one picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bench.picture import draw

REFERENCE = (
    ("CPU of the server a message, 40 groups of 5", "3.6 to 5.4 ms, growing with the chat (16.5 ms at 500 messages)"),
    ("agents registered a second", "31 to 35"),
    ("search among 1,500", "4.8 ms of CPU, and a call to a remote embedding service"),
    ("a goal with an instant model", "6 s"),
)


def write(found: dict, folder: Path) -> None:
    """network.json, network.md and network.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = markdown(found) + "\n![The same as a picture](network.svg)\n"
    (folder / "network.md").write_text(text, encoding="utf-8")
    draw(found, folder / "network.svg")


def markdown(found: dict) -> str:
    """What was measured, as a page. Parts that were not measured are left out."""
    on = found["machine"]
    lines = [
        "# Network",
        "",
        f"`python bench/network.py{' --quick' if found['size'] == 'quick' else ''}`, {on['date']}, loopback of one "
        f"machine: {on['cores']} cores ({on['processor']}), {on['system']}, Python {on['python']}, SQLite "
        f"{on['sqlite']}, websockets {on['websockets']}, uvicorn {on['uvicorn']}. "
        f"Load average before and after: {found['load average before']}, {found['load average after']}; "
        "the machine was shared, so read ratios and CPU, not seconds. How it is measured: [README](../README.md).",
        "",
    ]
    if "messages" in found:
        lines += _messages(found["messages"])
    if "registrations" in found:
        lines += _registrations(found["registrations"])
    if "searches" in found:
        lines += _searches(found["searches"])
    if "goals" in found:
        lines += _goals(found["goals"])
    lines += ["## The reference implementation", "", "Figures only, measured earlier and elsewhere; not run here.", ""]
    lines += _table(("", "reference"), REFERENCE)
    return "\n".join(lines)


def _messages(part: dict) -> list[str]:
    full, half, flat = part["full load"], part["half load"], part["flatness"]
    delivered = "accepted to delivered, ms"
    per_cpu_s, bare_per_cpu_s = _n(part["deliveries per CPU s"]), _n(part["bare deliveries per CPU s"])
    return [
        f"## Messages: {part['sockets']} sockets, 600 bytes, durable before delivery",
        "",
        *_table(
            ("", "hub", "bare fan-out", "hub / bare"),
            (
                ("deliveries a CPU second", per_cpu_s, bare_per_cpu_s, f"{part['hub / bare']:.2f}"),
                ("messages a second", _n(part["messages per s"]), _n(part["bare messages per s"]), ""),
                ("deliveries a second", _n(part["deliveries per s"]), "", ""),
                ("CPU a message, ms", f"{part['CPU ms per message']:.2f}", "", ""),
            ),
        ),
        *_table(
            ("latency, ms", "p50", "p99"),
            (
                ("full load, accepted to delivered", *_p(full[delivered])),
                ("full load, posted to delivered", *_p(full["posted to delivered, ms"])),
                ("half the load, accepted to delivered", *_p(half[delivered])),
                ("half the load, due to delivered", *_p(half["due to delivered, ms"])),
            ),
        ),
        f"A message costs {flat['long chat, CPU ms per message']:.2f} ms of CPU in a chat of "
        f"{_n(flat['length of the long ones'])} and {flat['new chat, CPU ms per message']:.2f} ms in a new one: "
        f"{flat['long / new']:.2f} times (median of alternating rounds). Of {_n(part['messages in all'])} messages "
        f"{part['lost']} were lost. The hub's memory: {part['hub peak MiB']} MiB at most.",
        "",
    ]


def _registrations(part: dict) -> list[str]:
    columns = ("agents per s", "agents embedded too per s", "agents per CPU s")
    rows = [
        (name, *(_n(row[column]) for column in columns), f"{row['CPU ms per agent']:.1f}") for name, row in part.items()
    ]
    head = ("found by", "registered a second", "found by all a second", "a CPU second", "CPU ms")
    note = (
        "A registration is answered when the agent is found by its words; by its meaning a moment later, in the "
        "background. CPU is that of all of it."
    )
    return ["## Registrations over HTTP", "", *_table(head, rows), note, ""]


def _searches(part: dict) -> list[str]:
    rows = [
        (f"{_n(int(size))}, {kind} query", *_p(row[f"{kind} query, ms"]), f"{row[f'{kind} query, CPU ms']:.1f}")
        for size, row in part.items()
        for kind in ("new", "known")
    ]
    head = ("agents", "p50, ms", "p99, ms", "CPU ms")
    note = "Made-up cards with random vectors; the queries are embedded by the real model, known ones were before."
    return ["## Searches over the agents' connection", "", *_table(head, rows), note, ""]


def _goals(part: dict) -> list[str]:
    rows = [
        (
            f"{shape}, {words}",
            f"{row[words]['median s']:.3f}",
            f"{row[words]['p90 s']:.3f}",
            f"{row[words]['CPU s']:.3f}",
        )
        for shape, row in part.items()
        for words in ("new words", "known words")
    ]
    told = [f"*{shape}*: {row['goal']}" for shape, row in part.items()]
    head = ("", "median, s", "p90, s", "CPU, s")
    return ["## Whole goals with instant agents", "", *_table(head, rows), "<br>\n".join(told), ""]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["|" + "|".join(row) + "|" for row in (head, ["---"] * len(head), *rows)] + [""]


def _p(row: dict[str, float]) -> tuple[str, str]:
    return f"{row['p50']:.1f}", f"{row['p99']:.1f}"


def _n(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
