"""Discovery among very many cards, end to end and engine beside engine. One command:

    python -m bench.discovery_at_size [--sizes 1000,20000,100000,1000000] [--queries N] [--data FOLDER] [--write]

Cards and their vectors are made up of the labelled sets' (`bench.crowd`: to embed a million would take 5 CPU hours);
queries and their embeddings are real. Every size runs in processes of its own: one builds the index and searches, one
starts again from what it kept. A hub with 100,000 agents starts again too (`bench.discovery_restart`). A quarter of an
hour on a quiet machine. `--write` puts the results into bench/results/discovery.{json,md,svg}.

A search is `HybridIndex.search` for ten hits: "known" with the query's embedding in memory, "new" with a query that was
not asked before. recall@10 is against comparing all cards: of the whole search, and of the stage that finds
neighbours. CPU is that of the searching thread (of PostgreSQL too, where it is asked), so a busy machine changes it
less than the time.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one core is what is measured

import numpy as np

from bench.crowd import Crowd, crowd
from bench.discovery_newcomers import filters, newcomers
from bench.discovery_report import page, write
from bench.discovery_restart import measure as restart_of_hub
from bench.engines import Neighbours, neighbours
from bench.figures import percentiles, significant
from bench.machine import describe, load_average
from bench.ranking import RESULTS, ROOT, data_folder
from ioa.adapters.index.embedding import unit
from ioa.adapters.index.hybrid import HybridIndex
from ioa.adapters.index.meanings import LocalMeanings, mean_of
from ioa.adapters.index.phrases import views
from ioa.adapters.store.vectors import SqliteVectors

SIZES = (1_000, 20_000, 100_000, 1_000_000)
_HITS = 10
Near = Callable[[np.ndarray], Sequence[int]]
_NEAR, _SHARE_NEAR = (
    2_048,
    250,
)  # compared where neighbours alone are looked for: without words to tell them apart, more
_RESTARTED = 100_000  # agents of the hub that starts again
_FILTERED = 5  # queries that are asked with filters
_COMPARED = 60  # queries of which all cards are compared


def _cpu_s() -> float:
    return time.process_time()


def one(size: int, folder: Path, data: Path, queries: int) -> dict[str, Any]:
    """Build an index of `size` cards, search it, keep it in `folder`."""
    made = _crowd(data, folder)
    texts: list[tuple[str, str]] = []
    before_mib = _mib()
    index = HybridIndex(made, file=folder / f"{size}.index")
    begin, putting_s = _cpu_s(), 0.0
    for cards in made.batches(size):
        start = _cpu_s()
        index.put_many(cards)
        putting_s += _cpu_s() - start
        texts += cards
    built_mib = _mib()
    with (folder / f"{size}.cards").open("wb") as file:
        pickle.dump(texts, file)  # for `again`: to make them up takes minutes
    index_names = [name for name, _ in texts]
    del texts
    asked = _asked(made, queries)
    cold = _timed(index, asked)  # the first time: embeds the query, and prepares what is kept of its terms
    _timed(index, asked)  # what a million cards displace from the processor's caches comes back
    known = _timed(index, asked)
    one_thing = [query for query in asked if len(views(query)) == 1]
    found: dict[str, Any] = {
        "cards": size,
        "put, CPU s": significant(putting_s),
        "put a CPU second": significant(size / putting_s),
        "making up cards, CPU s": significant(_cpu_s() - begin - putting_s),
        "memory MiB": round(built_mib - before_mib),
        "filters": filters(index, index_names, asked[:_FILTERED]),
        "new query": cold,
        "known query": known,
        "known query, one thing asked": _timed(index, one_thing),
        "queries that ask one thing": len(one_thing),
        "recall@10 of the search": _recall_of_search(index, asked[:_COMPARED]),
        "engines": _engines(index, made, asked, size, folder),
    }
    begin = _cpu_s()
    index.close()
    found["keep, CPU s"] = significant(_cpu_s() - begin)
    found["file MiB"] = round((folder / f"{size}.index").stat().st_size / 2**20)
    return found


def again(size: int, folder: Path, data: Path) -> dict[str, Any]:
    """Start again from the file, as a hub does: all cards are compared with it. Then some come that are new."""
    made = _crowd(data, folder)
    with (folder / f"{size}.cards").open("rb") as file:
        cards = pickle.load(file)  # written by `one`, in a folder of our own
    asked = _asked(made, 1)
    begin, begin_s = _cpu_s(), time.perf_counter()
    index = HybridIndex(made, file=folder / f"{size}.index", background=True)
    index.fill(cards)
    hits = index.search(asked, limit=_HITS)[0]
    assert len(hits) == _HITS
    restarted = {
        "restart, CPU s": significant(_cpu_s() - begin),
        "restart, s": significant(time.perf_counter() - begin_s),
    }
    return restarted | {"newcomers": newcomers(index)}


def _crowd(data: Path, folder: Path) -> Crowd:
    sets = sorted(path.parent for path in data.glob("retrieval/*/corpus.jsonl"))
    return crowd(sets, SqliteVectors(folder / "vectors.sqlite"))


def _asked(made: Crowd, count: int) -> list[str]:
    """So many queries, of all sets alike."""
    step = max(1, len(made.queries) // count)
    return made.queries[::step][:count]


def _timed(index: HybridIndex, asked: Sequence[str]) -> dict[str, Any]:
    taken_s: list[float] = []
    cpu_s: list[float] = []
    for query in asked:
        start, start_cpu = time.perf_counter(), time.thread_time()
        hits = index.search([query], limit=_HITS)[0]
        cpu_s.append(time.thread_time() - start_cpu)
        taken_s.append(time.perf_counter() - start)
        assert len(hits) == _HITS, query
    rows, cpu = percentiles(taken_s), percentiles(cpu_s)
    return {
        "p50 ms": rows["p50"],
        "p99 ms": rows["p99"],
        "p50 CPU ms": cpu["p50"],
        "p90 CPU ms": cpu["p90"],
        "CPU ms": significant(1000 * sum(cpu_s) / len(asked)),
    }


def _recall_of_search(index: HybridIndex, asked: Sequence[str]) -> float:
    quick = [{hit.name for hit in index.search([query], limit=_HITS)[0]} for query in asked]
    exact = LocalMeanings.exact
    LocalMeanings.exact = lambda self, slots: True
    try:
        whole = [{hit.name for hit in index.search([query], limit=_HITS)[0]} for query in asked]
    finally:
        LocalMeanings.exact = exact
    return _shared(quick, whole)


def _shared(found: Sequence[set[Any]], right: Sequence[set[Any]]) -> float:
    return significant(float(np.mean([len(a & b) / _HITS for a, b in zip(found, right, strict=True)])))


def _engines(index: HybridIndex, made: Crowd, asked: Sequence[str], size: int, folder: Path) -> dict[str, Any]:
    """The same neighbours by other means: every engine has the same rows and the same questions."""
    meanings = index.meanings
    assert isinstance(meanings, LocalMeanings)
    questions = unit(np.stack([mean_of(list(made.embed(list(views(query)[0].meaning)))) for query in asked]))
    slots = np.arange(size)
    exact: list[set[int]] = []
    begin = _cpu_s()
    for question in questions:
        cosines = meanings.whole(question[None], slots)[0]
        exact.append(set(np.argpartition(-cosines, _HITS)[:_HITS].tolist()))
    found: dict[str, Any] = {"ours, all compared": {"CPU ms": significant(1000 * (_cpu_s() - begin) / len(asked))}}

    def measure(
        name: str, near: Callable[[np.ndarray], Sequence[int]], cpu_s: Callable[[], float], **more: Any
    ) -> None:
        near(questions[0])
        taken_s: list[float] = []
        got: list[set[int]] = []
        start = cpu_s()
        for question in questions:
            before = time.perf_counter()
            got.append(set(near(question)))
            taken_s.append(time.perf_counter() - before)
        found[name] = {
            "CPU ms": significant(1000 * (cpu_s() - start) / len(questions)),
            "p50 ms": percentiles(taken_s)["p50"],
            "recall@10": _shared(got, exact),
            **more,
        }

    most = max(_NEAR, size // _SHARE_NEAR)

    def ours(question: np.ndarray) -> list[int]:
        near = meanings.likely(
            question[None], [np.zeros(0, np.intp)], lambda _, some: np.zeros(len(some), np.float32), most
        )
        return near[np.argsort(-meanings.whole(question[None], near)[0])[:_HITS]].tolist()

    measure("ours, likely ones", ours, _cpu_s)
    for engine in neighbours(size):
        rows = meanings.floats(slots)
        before_mib, begin = _mib(), _cpu_s()
        try:
            with engine(rows, folder) as opened:
                opened_: Neighbours = opened
                building_s = opened_.cpu_s() - begin if opened_.own_process else opened_.cpu_s()
                more = {
                    "build, CPU s": significant(building_s),
                    "MiB": opened_.mib() or max(0, round(_mib() - before_mib)),
                }
                measure(opened_.name, opened_.near, opened_.cpu_s, **more)
        except ImportError as error:
            found[engine.__name__] = {"not measured": f"{error.name} is not installed"}
    return found


def _mib() -> float:
    """Peak memory of this process: it grows only, and so does an index."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _process(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "bench.discovery_at_size", *arguments], capture_output=True, cwd=ROOT)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def measure(
    sizes: Sequence[int], queries: int, data: Path, say: Callable[[str], None], folder: Path | None = None
) -> dict[str, Any]:
    """All results; `discovery_report.aims` takes them."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder or Path(temporary)
        found: dict[str, Any] = {
            "machine": describe(),
            "load average before": load_average(),
            "queries": queries,
            "sizes": {},
        }
        _crowd(data, folder)  # embeds the labelled sets, once for all sizes
        for size in sizes:
            say(f"{size} cards")
            options = ("--folder", str(folder), "--data", str(data), "--queries", str(queries))
            row = _process("--one", str(size), *options) | _process("--again", str(size), *options)
            found["sizes"][str(size)] = row
            (folder / f"{size}.index").unlink()
            say(json.dumps(row, indent=1))
            (folder / f"{size}.cards").unlink()
        if _RESTARTED in sizes:
            say(f"a hub with {_RESTARTED} agents starts again")
            place = folder / "hub"
            place.mkdir()
            found["hub"] = restart_of_hub(_RESTARTED, place)
    found["load average after"] = load_average()
    found["took s"] = round(time.monotonic() - began)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure discovery among very many cards.")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--queries", type=int, default=150)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--folder", type=Path, help="where to work, 5 GB for a million (default: a temporary one)")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--again", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not list(options.data.glob("retrieval/*/corpus.jsonl")):
        print(f"no sets under {options.data}/retrieval: give --data or set IOA_SHARED", file=sys.stderr)
        return 2
    if options.one:
        print(json.dumps(one(options.one, options.folder, options.data, options.queries)))
        return 0
    if options.again:
        print(json.dumps(again(options.again, options.folder, options.data)))
        return 0

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    sizes = tuple(map(int, options.sizes.split(",")))
    found = measure(sizes, options.queries, options.data, say, options.folder)
    if options.write:
        write(found, RESULTS)
    print(page(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
