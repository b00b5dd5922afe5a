"""Ranking is at least as good as the better of words alone and meaning alone, by the code of bench/ranking.py.

The small set here runs everywhere; the sets of the shared folder where that is: `IOA_SHARED`, or `../shared` beside the
checkout.
"""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ioa.adapters.index.embedding import MiniLM

HERE = Path(__file__).parent
SAMPLE = 50  # queries of each shared set, so that all of this takes some 30 s of CPU
COARSE = 0.01  # what a sample may differ by; the result over everything is committed, and checked below


def bench() -> ModuleType:
    path = HERE.parents[1] / "bench/ranking.py"
    spec = importlib.util.spec_from_file_location("ioa_bench_ranking", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ranking = bench()
SHARED = ranking.data_folder()
SETS = sorted(path.parent for path in SHARED.glob("retrieval/*/corpus.jsonl"))


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM(recent=50_000)


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def test_the_small_set_is_ranked_better_than_by_words_or_meaning_alone(model: MiniLM) -> None:
    cards = {card["name"]: (card["name"], card["text"]) for card in lines("cards.jsonl")}
    queries = [(query["text"], frozenset(query["relevant"])) for query in lines("queries.jsonl")]
    ways = ranking.measure_set(ranking.LabelledSet("small", cards, queries), model)
    gain = {way: row["nDCG@10"] for way, row in ways.items()}
    assert gain["ours"] >= max(gain["words"], gain["meaning"]), gain
    assert gain["ours"] > 0.8
    several = [(text, fits) for text, fits in queries if len(fits) > 1]
    ways = ranking.measure_set(ranking.LabelledSet("several", cards, several), model)
    assert ways["clauses"]["Recall@5"] >= ways["hybrid"]["Recall@5"], ways


def sampled(folder: Path, most_cards: int) -> object:
    """Some queries of a set, all the cards they need, and others up to `most_cards`."""
    data = ranking.load(folder, SAMPLE)
    needed = {key for _, fits in data.queries for key in fits}
    others = [key for key in data.cards if key not in needed]
    random.Random(3).shuffle(others)
    keep = needed | set(others[: max(0, most_cards - len(needed))])
    return ranking.LabelledSet(data.name, {key: card for key, card in data.cards.items() if key in keep}, data.queries)


@pytest.mark.skipif(not SETS, reason=f"SKIPPED: no labelled sets under {SHARED}/retrieval (set IOA_SHARED)")
@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_each_shared_set_is_ranked_as_well_as_by_the_better_of_words_and_meaning(folder: Path, model: MiniLM) -> None:
    ways = ranking.measure_set(sampled(folder, 240), model)
    gain = {way: row["nDCG@10"] for way, row in ways.items()}
    assert gain["ours"] >= max(gain["words"], gain["meaning"]) - COARSE, gain
    if folder.name == "sealtools_agents":
        assert ways["clauses"]["Recall@5"] >= 0.9


COMMITTED = HERE.parents[1] / "bench/results/ranking.json"


def test_the_committed_result_of_the_whole_sets_meets_the_requirement() -> None:
    result = json.loads(COMMITTED.read_text(encoding="utf-8"))
    for name, table in result["sets"].items():
        gain = {way: row["nDCG@10"] for way, row in table["ways"].items()}
        assert gain["ours"] >= max(gain["words"], gain["meaning"]), name
    assert result["teams"]["cases"]["accuracy"] >= 0.97
    assert result["teams"]["cases_hard"]["accuracy"] >= 0.93


@pytest.mark.skipif(
    not (SHARED / "nested-teams").is_dir(), reason=f"SKIPPED: no cases under {SHARED}/nested-teams (set IOA_SHARED)"
)
@pytest.mark.parametrize(("name", "least"), [("cases", 0.97), ("cases_hard", 0.93)])
def test_alone_or_team_is_decided_right(name: str, least: float, model: MiniLM) -> None:
    agents = ranking.load(SHARED / "retrieval/sealtools_agents", 1)
    # The cases come in pairs, with and without the agent that is needed.
    cases = ranking.read_lines(SHARED / f"nested-teams/{name}.jsonl")
    cases = [case for i, case in enumerate(cases) if i // 2 % 5 == 0]
    involved = {key for case in cases for key in (*case["team"], *case["relevant"])}
    others = random.Random(5).sample(sorted(agents.cards.keys() - involved), 200)
    cards = {key: card for key, card in agents.cards.items() if key in involved or key in others}
    found = ranking.measure_teams(ranking.LabelledSet("some", cards, []), cases, model)
    assert found["accuracy"] >= least - 2 * COARSE, found
