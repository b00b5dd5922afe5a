"""How well discovery ranks, and how well "alone or team" decides, on labelled sets. One command:

    python bench/ranking.py [--data FOLDER] [--queries N] [--write]

`--data` is a folder with `retrieval/*/{corpus,queries}.jsonl` and `nested-teams/*.jsonl` (default:
`$IOA_SHARED/data`, else `../shared/data` beside the checkout); any further set of the same form is measured as
well. `--queries` samples that many queries of each set with a fixed seed. `--write` puts the results into
bench/results/ranking.{json,md}.

Columns: words (BM25 with the index's own terms and without meaning), meaning (cosine of the whole card and the
whole request), hybrid (0.3 words + 0.7 meaning, each min-max scaled, the usual baseline), ours
(`HybridIndex.search` with the request as one phrase), clauses (its clauses as phrases, put together by `fuse`).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ioa.adapters.index import clauses, fuse
from ioa.adapters.index.embedding import MiniLM
from ioa.adapters.index.hybrid import HybridIndex
from ioa.adapters.index.postings import Postings
from ioa.adapters.index.words import separated, terms
from ioa.adapters.policy.rules.alone_or_team import lacking, phrases_for
from ioa.adapters.policy.rules.inner_steps import split_task
from ioa.ports.index import AgentIndex, Hit
from ioa.protocol.cards import Card, FoundAgent

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench/results"
DEPTH = 50
TEAM_HITS = 100  # how many hits a client asks for when it decides alone or team


@dataclass(frozen=True)
class LabelledSet:
    """Cards by id (name, description), and queries with the ids of the cards that fit."""

    name: str
    cards: dict[str, tuple[str, str]]
    queries: list[tuple[str, frozenset[str]]]

    def keyed(self) -> list[tuple[str, str]]:
        """(name, text) as an index takes them; where two cards share a name, the id stands for it and the name leads
        the text."""
        names = [name for name, _ in self.cards.values()]
        if len(set(names)) == len(names):
            return list(self.cards.values())
        return [(key, f"{name}. {text}") for key, (name, text) in self.cards.items()]

    def ids(self) -> dict[str, str]:
        return {name: key for key, (name, _) in zip(self.cards, self.keyed(), strict=True)}


def data_folder() -> Path:
    """Where the labelled sets are, whether they are there or not."""
    shared = os.environ.get("IOA_SHARED")
    return (Path(shared) if shared else ROOT.parent / "shared") / "data"


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def load(folder: Path, most_queries: int | None = None, seed: int = 11) -> LabelledSet:
    cards = {c["id"]: (c["name"], c["description"]) for c in read_lines(folder / "corpus.jsonl")}
    queries = [(q["text"], frozenset(q["relevant"])) for q in read_lines(folder / "queries.jsonl")]
    if most_queries is not None and len(queries) > most_queries:
        queries = random.Random(seed).sample(queries, most_queries)
    return LabelledSet(folder.name, cards, queries)


def measures(rankings: Sequence[Sequence[str]], relevant: Sequence[frozenset[str]]) -> dict[str, float]:
    """Means over the queries: Hit@1, Recall@5, Recall@10, MRR, nDCG@10."""
    rows = []
    for ranking, fits in zip(rankings, relevant, strict=True):
        ranks = [i for i, name in enumerate(ranking) if name in fits]
        gain = sum(1 / math.log2(i + 2) for i in ranks if i < 10)
        ideal = sum(1 / math.log2(i + 2) for i in range(min(10, len(fits))))
        rows.append(
            (
                float(bool(ranks) and ranks[0] == 0),
                sum(i < 5 for i in ranks) / len(fits),
                sum(i < 10 for i in ranks) / len(fits),
                1 / (ranks[0] + 1) if ranks else 0.0,
                gain / ideal,
            )
        )
    names = ("Hit@1", "Recall@5", "Recall@10", "MRR", "nDCG@10")
    return {name: statistics.fmean(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def baselines(data: LabelledSet, model: MiniLM) -> dict[str, list[list[str]]]:
    """Rankings by words alone, by meaning alone, and by the usual mixture of both."""
    postings = Postings()
    for name, text in data.cards.values():
        words = terms(f"{name} {text}")
        postings.add({word: float(words.count(word)) for word in words})
    meaning = model.embed([text for text, _ in data.queries]) @ (
        model.embed([f"{separated(name)}: {text}" for name, text in data.cards.values()]).T
    )
    words = np.stack([postings.score(terms(text)) for text, _ in data.queries])
    ids = list(data.cards)

    def scaled(scores: np.ndarray) -> np.ndarray:
        low, high = scores.min(1, keepdims=True), scores.max(1, keepdims=True)
        return (scores - low) / np.maximum(high - low, 1e-9)

    def ranked(scores: np.ndarray) -> list[list[str]]:
        return [[ids[i] for i in row] for row in np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]]

    mixed = 0.3 * scaled(words) + 0.7 * scaled(meaning)
    return {"words": ranked(words), "meaning": ranked(meaning), "hybrid": ranked(mixed)}


def filled(data: LabelledSet, model: MiniLM) -> HybridIndex:
    index = HybridIndex(model)
    index.put_many(data.keyed())
    return index


def measure_set(data: LabelledSet, model: MiniLM) -> dict[str, dict[str, float]]:
    """Every way of ranking on one set."""
    relevant = [fits for _, fits in data.queries]
    table = {way: measures(rankings, relevant) for way, rankings in baselines(data, model).items()}
    index, ids = filled(data, model), data.ids()

    def by(search: Callable[[str], list[Hit]]) -> dict[str, float]:
        return measures([[ids[hit.name] for hit in search(text)] for text, _ in data.queries], relevant)

    table["ours"] = by(lambda text: index.search([text], limit=DEPTH)[0])
    table["clauses"] = by(lambda text: fuse(index.search(clauses(text), limit=DEPTH), limit=DEPTH))
    return table


def wants_team(index: AgentIndex, task: str, team: Sequence[str]) -> bool:
    """The rules policy's own decision, as a client makes it from what the hub finds."""
    plan = split_task(task)
    phrases = phrases_for(task, plan)
    searched = {
        phrase: [FoundAgent(card=Card(name=hit.name, description="-"), score=hit.score, online=True) for hit in hits]
        for phrase, hits in zip(phrases, index.search(phrases, limit=TEAM_HITS), strict=True)
    }
    return bool(lacking(task, plan, searched, team))


def measure_teams(agents: LabelledSet, cases: Sequence[dict], model: MiniLM) -> dict[str, float]:
    """Accuracy of the decision alone or team, and for those that need somebody, how well whom is found."""
    index, ids = filled(agents, model), agents.ids()
    names = {key: name for name, key in ids.items()}
    right: list[bool] = []
    ranks: list[int] = []
    for case in cases:
        hits = index.search([case["subtask"]], limit=len(index))[0]
        needed = wants_team(index, case["subtask"], [names[key] for key in case["team"]])
        right.append(needed == case["needs_nested"])
        if case["needs_nested"]:
            ranking = [ids[hit.name] for hit in hits]
            ranks.append(min(ranking.index(key) + 1 for key in case["relevant"] if key in ranking))
    return {
        "accuracy": statistics.fmean(right),
        "Top@1": statistics.fmean(rank <= 1 for rank in ranks),
        "Top@10": statistics.fmean(rank <= 10 for rank in ranks),
        "MR": statistics.fmean(ranks),
        "MRR": statistics.fmean(1 / rank for rank in ranks),
    }


def markdown(sets: dict[str, dict], teams: dict[str, dict]) -> str:
    lines = [
        "# Ranking",
        "",
        "`python bench/ranking.py --write`; what the columns mean is at the top of that file.",
        "",
    ]
    for name, table in sets.items():
        ways = table["ways"]
        heads = list(next(iter(ways.values())))
        lines += [f"## {name}: {table['cards']} cards, {table['queries']} queries", ""]
        lines += ["| |" + "|".join(heads) + "|", "|---|" + "---|" * len(heads)]
        lines += [f"|{way}|" + "|".join(f"{row[head]:.3f}" for head in heads) + "|" for way, row in ways.items()]
        lines += [""]
    if teams:
        heads = list(next(iter(teams.values())))
        lines += ["## Alone or team", "", "| |" + "|".join(heads) + "|", "|---|" + "---|" * len(heads)]
        lines += [f"|{name}|" + "|".join(f"{row[head]:.3f}" for head in heads) + "|" for name, row in teams.items()]
        lines += [""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure discovery on labelled sets.")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--queries", type=int, help="at most so many queries of each set")
    parser.add_argument("--write", action="store_true", help="write bench/results/ranking.{json,md}")
    args = parser.parse_args()
    folders = sorted(path.parent for path in args.data.glob("retrieval/*/corpus.jsonl"))
    if not folders:
        print(f"no sets under {args.data}/retrieval: give --data or set IOA_SHARED", file=sys.stderr)
        return 2
    model = MiniLM(recent=100_000)
    sets: dict[str, dict] = {}
    teams: dict[str, dict] = {}
    for folder in folders:
        started = time.process_time()
        data = load(folder, args.queries)
        sets[data.name] = {"cards": len(data.cards), "queries": len(data.queries), "ways": measure_set(data, model)}
        print(f"{data.name}: {time.process_time() - started:.0f} s of CPU", file=sys.stderr)
    for path in sorted(args.data.glob("nested-teams/*.jsonl")):
        agents = load(args.data / "retrieval/sealtools_agents", 1)
        teams[path.stem] = measure_teams(agents, read_lines(path), model)
    text = markdown(sets, teams)
    print(text)
    if args.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "ranking.md").write_text(text, encoding="utf-8")
        (RESULTS / "ranking.json").write_text(
            json.dumps({"sets": sets, "teams": teams}, indent=1) + "\n", encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
