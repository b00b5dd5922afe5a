"""What counts as a repetition, pair by pair, by words alone and with the model of meaning."""

from __future__ import annotations

import pytest

from ioa.adapters.policy.damper.meaning import Meaning, NoMeaning, ShippedMeaning
from ioa.adapters.policy.damper.policy import DampedPolicy
from ioa.testing.policies import ScriptedPolicy
from tests.damper.pairs import NEW, REPEATS
from tests.damper.table import heard, say, view_of

NEEDS_MEANING = frozenset({"Oslo has only nine family physicians."})


async def judged(before: str, now: str, meaning: Meaning) -> str:
    """The manner of the finding, "" for none."""
    sender, bar, text = before.partition("|")
    if not bar:
        sender, text = "Cleo", before
    said = [(sender, text, "Ada" if sender != "Ada" else "Bruno")]
    if sender == "Ada":
        said.append(("Bruno", "The fourth part is missing.", "Ada"))
    group, log = heard(*said)
    finding = await DampedPolicy(ScriptedPolicy(), meaning=meaning).finding(view_of(group, log), say(now))
    return finding.manner if finding else ""


@pytest.mark.parametrize(("before", "now"), REPEATS)
async def test_a_turn_that_says_nothing_new_is_found(before: str, now: str) -> None:
    if now not in NEEDS_MEANING:
        assert await judged(before, now, NoMeaning())
    assert await judged(before, now, ShippedMeaning(patience_s=60))


@pytest.mark.parametrize(("before", "now"), NEW)
async def test_a_turn_that_says_something_new_passes(before: str, now: str) -> None:
    assert not await judged(before, now, NoMeaning())
    assert not await judged(before, now, ShippedMeaning(patience_s=60))
