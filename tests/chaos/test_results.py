"""What a run came to is kept and told: a page that nobody has to write by hand."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.chaos.__main__ import arguments, words
from tests.chaos.accidents import Accident
from tests.chaos.checker import Violation
from tests.chaos.results import FOLDER, SHOWN, Kept, keep, kept, told
from tests.chaos.run import Report

FIGURES: dict[str, int | float] = {"most goals open at once": 20, "goals": 1575, "acknowledged": 33_974}


def report(*violations: Violation) -> Report:
    kinds = ("kill hub", "cut", "kill hub")
    happened = [Accident(float(number), kind, number, 1.0) for number, kind in enumerate(kinds)]
    return Report(7, 61.26, list(violations), happened, FIGURES)


def test_a_good_run_is_a_row_with_its_figures_and_what_happened() -> None:
    page = told([kept(report(), "--minutes 1 --seed 7", load_before=0.5, note="On a quiet morning.")])
    assert "| `--minutes 1 --seed 7` | 3 | 20 | 1,575 | ? | ? | 33,974 | ? | ? | nothing |" in page
    assert "- Accidents: 1 cut, 2 kill hub." in page
    assert "- On a quiet morning." in page
    assert "61 s with the rest and the check" in page
    assert "load average 0.5 before" in page
    assert "- Found" not in page


def test_what_the_checker_found_is_told_first_and_counted_in_full() -> None:
    broken = [Violation("each_once", f"g{number}", "twice") for number in range(SHOWN + 2)]
    page = told([kept(report(*broken), "--seed 7", load_before=None)])
    assert f"| **{SHOWN + 2}** |" in page
    assert "- Found: each_once | g0 | twice" in page
    assert f"each_once | g{SHOWN} | twice" not in page
    assert "- Found: 2 more" in page
    assert "load average" not in page


def test_a_run_takes_the_place_of_an_earlier_one_of_the_same_words(tmp_path: Path) -> None:
    for words_of_it, found in (("--seed 1", ()), ("--seed 2", ()), ("--seed 1", (Violation("late", "g", "by 3 s"),))):
        keep(kept(report(*found), words_of_it, load_before=None), tmp_path)
    runs = msgspec.json.decode((tmp_path / "chaos.json").read_bytes(), type=list[Kept])
    assert [(run.words, len(run.found)) for run in runs] == [("--seed 1", 1), ("--seed 2", 0)]
    assert (tmp_path / "chaos.md").read_text("utf-8") == told(runs)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--seed 3", "--seed 3"),
        ("--write --minutes 10 --seed 3 --note quiet --goals 50", "--minutes 10 --seed 3"),
        ("--all --seed=3 --kill-every 5 --replicas 3", "--seed 3 --replicas 3 --kill-every 5 --all"),
    ],
)
def test_the_words_that_are_kept_start_the_same_run_again(given: str, said: str) -> None:
    parser = arguments()
    once = words(parser, parser.parse_args(given.split()))
    assert once == said
    assert words(parser, parser.parse_args(once.split())) == once


def test_the_page_in_the_repository_is_what_its_figures_say() -> None:
    runs = msgspec.json.decode((FOLDER / "chaos.json").read_bytes(), type=list[Kept])
    assert runs
    assert (FOLDER / "chaos.md").read_text("utf-8") == told(runs)
