"""How much of a conversation the repetition damper removes, and whether anything new is among it. One command:

    python bench/damper.py [--seeds N] [--write] [--tune] [--missed]

Conversations of three members, made from a seed (damper_topics.py, damper_dialogues.py), are replayed turn by turn: a
turn that is held back is not in the log that the next one is judged by. Limits and word lists were made with the tuned
half; the figures to go by are those of the reported half, with other topics, courtesies and introductions. A topic in
which something new was held back while the damper was written (two were) belongs to the tuned half since.
`--write` puts the figures into bench/results/damper.{json,md,svg}, `--tune` prints what other limits would do,
`--missed` lists what went wrong; both on the tuned half.

Ways: nothing (no damper), exact (a turn in the very same words as an earlier one), words (the damper without a model
of meaning), words and meaning (the damper).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # `bench` is a package, however this file is started

from bench.damper_dialogues import REPETITIONS, Line, dialogue  # noqa: E402 - after the path
from bench.damper_topics import Topic, half  # noqa: E402 - after the path
from bench.machine import describe  # noqa: E402 - after the path
from ioa.adapters.models.windows import tokens_of  # noqa: E402 - after the path
from ioa.adapters.policy.damper.judge import Judge, Limits  # noqa: E402 - after the path
from ioa.adapters.policy.damper.meaning import Meaning, NoMeaning, ShippedMeaning  # noqa: E402 - after the path
from ioa.adapters.policy.damper.said import Said  # noqa: E402 - after the path
from ioa.conversation.group import step  # noqa: E402 - after the path
from ioa.protocol.messages import AnyMessage, Budgets, Discussion, Launch  # noqa: E402 - after the path

RESULTS = ROOT / "bench/results"
COLOURS = {"nothing": "#9db8d6", "exact": "#9db8d6", "words": "#1f5fa8", "words and meaning": "#1f5fa8"}
PAPER_SHARE = 0.47
"""Of the cost of communication, removed by hand. Source: IoA paper, Table 5 ($0.53 to $0.28 a task)."""

Held = Callable[[Line, list[AnyMessage]], Awaitable[bool]]


@dataclass
class Tally:
    """Tokens and turns by label, and of those how many were held back."""

    tokens: dict[str, int] = field(default_factory=dict)
    held_tokens: dict[str, int] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    held_turns: dict[str, int] = field(default_factory=dict)
    cpu_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, line: Line, held: bool, cpu_s: float) -> None:
        tokens = tokens_of(line.content)
        for counts, number in ((self.tokens, tokens), (self.turns, 1)):
            counts[line.label] = counts.get(line.label, 0) + number
        if held:
            for counts, number in ((self.held_tokens, tokens), (self.held_turns, 1)):
                counts[line.label] = counts.get(line.label, 0) + number
        if held != line.repeats:
            self.wrong.append(f"{'held back' if held else 'passed'} [{line.label}] {line.sender}: {line.content}")
        self.cpu_s.append(cpu_s)

    def figures(self) -> dict:
        everything, repeated = sum(self.tokens.values()), _of(self.tokens, REPETITIONS)
        new = [label for label in self.turns if label not in REPETITIONS]
        return {
            "repeated tokens removed": _of(self.held_tokens, REPETITIONS) / repeated,
            "tokens removed": sum(self.held_tokens.values()) / everything,
            "new turns wrongly removed": int(_of(self.held_turns, new)),
            "repeated turns removed by kind": {
                kind: self.held_turns.get(kind, 0) / self.turns[kind] for kind in REPETITIONS if kind in self.turns
            },
            "CPU ms a judgement": 1_000 * statistics.fmean(self.cpu_s),
            "CPU ms a judgement, p99": 1_000 * sorted(self.cpu_s)[int(0.99 * len(self.cpu_s))],
        }


def _of(counts: dict[str, int], labels: Iterable[str]) -> float:
    return sum(counts.get(label, 0) for label in labels)


def conversations(name: str, seeds: int) -> list[tuple[Topic, list[Line]]]:
    """Of one half, `seeds` a topic."""
    found = half(name)
    return [(topic, dialogue(topic, found, seed)) for topic in found.topics for seed in range(seeds)]


async def replay(topic: Topic, lines: Sequence[Line], held: Held, tally: Tally) -> None:
    """One conversation; what is held back is not in the log."""
    launch = Launch(
        sender=topic.members[0], comm_id="replay", message_id="launch", goal=topic.goal, goal_id="goal", owner="@me",
        team_members=topic.members[1:], team_up_depth=0, max_turns=1_000, budgets=Budgets(), seq=1,
    )  # fmt: skip
    log: list[AnyMessage] = [launch]
    for line in lines:
        started = time.process_time()
        is_held = await held(line, log)
        tally.add(line, is_held, time.process_time() - started)
        if not is_held:
            log.append(said(line, len(log) + 1))


def said(line: Line, seq: int) -> Discussion:
    return Discussion(
        sender=line.sender, comm_id="replay", message_id=f"m{seq}", seq=seq, content=line.content,
        next_speaker=(line.to,),
    )  # fmt: skip


async def nothing(line: Line, log: list[AnyMessage]) -> bool:
    """No damper."""
    return False


async def exact(line: Line, log: list[AnyMessage]) -> bool:
    """The same words as an earlier turn, but for case and blanks."""
    words = line.content.casefold().split()
    return any(isinstance(entry, Discussion) and entry.content.casefold().split() == words for entry in log)


def damper(meaning: Meaning, limits: Limits | None = None) -> Held:
    judge = Judge(meaning, limits)
    heard: list[Said] = [Said()]

    async def held(line: Line, log: list[AnyMessage]) -> bool:
        if not heard[0].hear(log):
            heard[0] = Said()
            heard[0].hear(log)
        group, _ = step(None, log[0])
        return await judge.finding(said(line, len(log) + 1), line.sender, group, log, heard[0]) is not None

    return held


async def measured(found: Sequence[tuple[Topic, list[Line]]], held: Held) -> Tally:
    tally = Tally()
    for topic, lines in found:
        await replay(topic, lines, held, tally)
    return tally


def ways() -> dict[str, Held]:
    return {
        "nothing": nothing,
        "exact": exact,
        "words": damper(NoMeaning()),
        "words and meaning": damper(ShippedMeaning(patience_s=30)),
    }


async def measure(seeds: int) -> dict:
    """The figures of both halves."""
    await ShippedMeaning(patience_s=30).cosines([("warm", "up")])
    results: dict = {"machine": describe(), "limits": _limits(Limits()), "the paper, by hand": PAPER_SHARE}
    for which in ("reported", "tuned"):
        found = conversations(which, seeds)
        part: dict = {"ways": {}}
        for name, held in ways().items():
            tally = await measured(found, held)
            part["ways"][name] = tally.figures()
            print(f"{which}, {name}: {part['ways'][name]['tokens removed']:.3f} of all tokens", file=sys.stderr)
        repeated = _of(tally.tokens, REPETITIONS)
        results[which] = {
            "topics": list(dict.fromkeys(topic.name for topic, _ in found)),
            "conversations": len(found),
            "turns": sum(tally.turns.values()),
            "new turns": sum(tally.turns.values()) - int(_of(tally.turns, REPETITIONS)),
            "repeated share of tokens": repeated / sum(tally.tokens.values()),
            "turns by label": dict(sorted(tally.turns.items())),
            **part,
        }
    return results


def _limits(limits: Limits) -> dict[str, float]:
    return {"sentence": limits.sentence, "word": limits.word, "courtesy": limits.courtesy}


def markdown(results: dict) -> str:
    lines = [
        "# Repetition damper",
        "",
        "`python bench/damper.py --write`; what the rows mean is at the top of that file. The conversations are made",
        "up, so that each turn is known to be new or not; in real ones the share of repetition is another.",
        "",
        "![Tokens removed](damper.svg)",
        "",
    ]
    for which, title in (
        ("reported", "Reported half"),
        ("tuned", "Tuned half (limits and word lists were made with it)"),
    ):
        part = results[which]
        lines += [
            f"## {title}: {part['conversations']} conversations, {part['turns']:,} turns, "
            f"{part['new turns']:,} of them new",
            "",
            f"{part['repeated share of tokens']:.0%} of the tokens are repetition. The paper removed "
            f"{results['the paper, by hand']:.0%} of the cost of its conversations, by hand.",
            "",
            "|way|of repeated tokens removed|of all tokens removed|new turns wrongly removed|CPU ms a judgement|p99|",
            "|---|---|---|---|---|---|",
        ]
        for name, row in part["ways"].items():
            lines.append(
                f"|{name}|{row['repeated tokens removed']:.1%}|{row['tokens removed']:.1%}|"
                f"{row['new turns wrongly removed']}|{row['CPU ms a judgement']:.2f}|"
                f"{row['CPU ms a judgement, p99']:.1f}|"
            )
        kinds = list(part["ways"]["words"]["repeated turns removed by kind"])
        lines += ["", "Turns removed, by kind of repetition:", "", "|way|" + "|".join(kinds) + "|"]
        lines += ["|---|" + "---|" * len(kinds)]
        for name, row in part["ways"].items():
            shares = row["repeated turns removed by kind"]
            lines.append(f"|{name}|" + "|".join(f"{shares[kind]:.0%}" for kind in kinds) + "|")
        lines.append("")
    return "\n".join(lines)


async def tune(seeds: int) -> None:
    """What other limits would do, on the tuned half."""
    found = conversations("tuned", seeds)
    for sentence in (0.75, 0.85, 0.9):
        for word in (0.6, 0.7, 0.8):
            for courtesy in (0.4, 0.5, 0.6, 0.7):
                limits = Limits(sentence, word, courtesy)
                row = (await measured(found, damper(ShippedMeaning(patience_s=30), limits))).figures()
                kept = ("repeated tokens removed", "new turns wrongly removed")
                print(_limits(limits), {name: round(row[name], 4) for name in kept}, flush=True)


def draw(results: dict, path: Path) -> None:
    """How much each way removes, beside how much is repetition. The same results give the same bytes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    part = results["reported"]
    settings = {"svg.hashsalt": "ioa", "svg.fonttype": "path", "font.size": 9}
    with mpl.rc_context({**settings, "axes.spines.top": False, "axes.spines.right": False}):  # pyright: ignore[reportArgumentType] - names of settings
        figure = Figure(figsize=(5.6, 3.0), layout="constrained")
        FigureCanvasSVG(figure)
        place = figure.subplots()
        names = list(part["ways"])
        bars = place.bar(
            names,
            [100 * row["tokens removed"] for row in part["ways"].values()],
            color=[COLOURS[name] for name in names],
            width=0.6,
        )
        place.bar_label(bars, [f"{100 * row['tokens removed']:.0f} %" for row in part["ways"].values()], padding=2)
        share = 100 * part["repeated share of tokens"]
        place.axhline(share, color="#d9822b", ls="--", lw=1, label=f"repetition: {share:.0f} %")
        place.set_title("Tokens removed")
        place.set_ylim(0, 60)
        place.legend(frameon=False, loc="upper left")
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the repetition damper.")
    parser.add_argument("--seeds", type=int, default=20, help="conversations a topic")
    parser.add_argument("--write", action="store_true", help="write bench/results/damper.{json,md,svg}")
    parser.add_argument("--tune", action="store_true", help="other limits, on the tuned half")
    parser.add_argument("--missed", action="store_true", help="what went wrong on the tuned half")
    args = parser.parse_args()
    if args.tune:
        asyncio.run(tune(args.seeds))
        return 0
    if args.missed:
        tally = asyncio.run(measured(conversations("tuned", args.seeds), ways()["words and meaning"]))
        print("\n".join(sorted(set(tally.wrong))))
        return 0
    results = asyncio.run(measure(args.seeds))
    text = markdown(results)
    print(text)
    if args.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "damper.md").write_text(text, encoding="utf-8")
        (RESULTS / "damper.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        draw(results, RESULTS / "damper.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
