"""bench/damper.py in miniature: labels are right, nothing new is removed, and its committed results are its own."""

from __future__ import annotations

import asyncio
import json

import pytest

from bench import damper
from bench.damper_dialogues import DIGEST, REPETITIONS, VERBATIM, dialogue
from bench.damper_topics import half


@pytest.fixture(scope="module")
def results() -> dict:
    return asyncio.run(damper.measure(2))


def test_nothing_new_is_removed_and_much_that_repeats_is(results: dict) -> None:
    for which in ("tuned", "reported"):
        ways = results[which]["ways"]
        assert [row["new turns wrongly removed"] for row in ways.values()] == [0, 0, 0, 0]
        shares = [row["repeated tokens removed"] for row in ways.values()]
        assert shares == sorted(shares)
        assert shares[0] == 0
        assert shares[-1] > 0.5
        assert ways["words"]["repeated turns removed by kind"][VERBATIM] > 0.9
        assert 0.3 < results[which]["repeated share of tokens"] < 0.6


def test_a_conversation_is_the_same_for_the_same_seed_and_repeats_only_what_was_said() -> None:
    found = half("reported")
    for topic in found.topics:
        lines = dialogue(topic, found, 3)
        assert lines == dialogue(topic, found, 3)
        assert lines != dialogue(topic, found, 4)
        for place, line in enumerate(lines):
            if line.label in (VERBATIM, DIGEST):
                said = {fact for fact in topic.facts for other in lines[:place] if fact.said in other.content}
                words = {fact for fact in topic.facts for text in (fact.said, *fact.again) if text in line.content}
                assert words
                assert words <= said


def test_the_halves_share_nothing() -> None:
    tuned, reported = half("tuned"), half("reported")
    assert not {topic.name for topic in tuned.topics} & {topic.name for topic in reported.topics}
    assert not set(tuned.courtesies.single) & set(reported.courtesies.single)
    assert not set(tuned.manners.again) & set(reported.manners.again)


def test_the_committed_text_is_that_of_the_committed_data() -> None:
    committed = json.loads((damper.RESULTS / "damper.json").read_text(encoding="utf-8"))
    assert (damper.RESULTS / "damper.md").read_text(encoding="utf-8") == damper.markdown(committed)
    assert committed["reported"]["ways"]["words and meaning"]["new turns wrongly removed"] == 0
    assert set(committed["reported"]["turns by label"]) > set(REPETITIONS)
