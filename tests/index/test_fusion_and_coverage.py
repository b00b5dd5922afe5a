"""Putting rankings together, and deciding alone or team: by scores alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ioa.adapters.index import fuse, needs_newcomer
from ioa.ports.index import Hit


def hits(**scores: float) -> list[Hit]:
    return [Hit(name, score) for name, score in sorted(scores.items(), key=lambda entry: -entry[1])]


def test_the_best_of_every_phrase_comes_before_the_second_of_any() -> None:
    fused = fuse([hits(a=0.95, b=0.6, c=0.2), hits(d=0.9, b=0.5, e=0.1)], limit=3)
    assert {hit.name for hit in fused[:2]} == {"a", "d"}
    assert fused[2].name == "b"


def test_one_phrase_comes_back_unchanged() -> None:
    one = hits(a=0.9, b=0.5, c=0.01)
    fused = fuse([one], limit=10)
    assert [hit.name for hit in fused] == ["a", "b", "c"]
    assert [hit.score for hit in fused] == pytest.approx([hit.score for hit in one])


def test_who_serves_two_phrases_gains() -> None:
    fused = fuse([hits(a=0.8, both=0.78), hits(d=0.8, both=0.78)], limit=3)
    assert fused[0].name == "both"


def test_a_phrase_that_nobody_answers_has_little_to_say() -> None:
    fused = fuse([hits(a=0.95, b=0.9), hits(junk=0.02, rubbish=0.01)], limit=4)
    assert [hit.name for hit in fused[:2]] == ["a", "b"]


def test_fusing_nothing_gives_nothing() -> None:
    assert fuse([], limit=3) == fuse([[], []], limit=3) == []


def test_a_team_that_holds_the_best_agent_needs_nobody() -> None:
    decision = needs_newcomer(hits(chef=0.9, gardener=0.3, poet=0.1), {"chef", "poet"})
    assert not decision.needed
    assert decision.best_member == Hit("chef", 0.9)
    assert decision.best == Hit("gardener", 0.3)


def test_a_newcomer_must_be_much_likelier_than_the_best_member() -> None:
    assert not needs_newcomer(hits(other=0.9, member=0.85), {"member"}).needed
    assert needs_newcomer(hits(other=0.9, member=0.3), {"member"}).needed


def test_a_team_unknown_to_the_search_needs_the_best_hit() -> None:
    decision = needs_newcomer(hits(other=0.7), {"nobody", "known"})
    assert decision.needed
    assert decision.best == Hit("other", 0.7)
    assert decision.best_member is None


def test_nobody_is_asked_who_would_not_know_it_either() -> None:
    assert not needs_newcomer(hits(other=0.004), {"member"}).needed
    assert not needs_newcomer([], {"member"}).needed
    assert not needs_newcomer(hits(member=0.0), {"member"}).needed


def test_who_stands_out_is_asked_sooner_than_the_first_of_a_crowd() -> None:
    crowd = [Hit("first", 0.79), Hit("member", 0.42), *(Hit(f"like {i}", 0.41) for i in range(12))]
    alone = [Hit("first", 0.79), Hit("member", 0.42), *(Hit(f"far {i}", 0.02) for i in range(12))]
    assert not needs_newcomer(crowd, {"member"}).needed
    assert needs_newcomer(alone, {"member"}).needed


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_extreme_scores_are_compared_without_harm(score: float) -> None:
    assert needs_newcomer([Hit("other", 1.0), Hit("member", score)], {"member"}).needed == (score == 0.0)


def test_what_clients_import_needs_no_numpy() -> None:
    program = "import sys, ioa.adapters.index, ioa.adapters.index.coverage; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
