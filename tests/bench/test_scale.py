"""The benchmark of scale, a hundredth of it: `python -m bench.scale` is the whole."""

from __future__ import annotations

from pathlib import Path

from bench.scale import SHORT, measure


async def test_goals_with_nested_teams_are_open_at_the_same_time_and_nothing_is_wrong(tmp_path: Path) -> None:
    found = await measure(SHORT, tmp_path)
    assert found["violations"] == []
    assert found["goals open at once, each with its nested group"] == SHORT.goals
    assert found["nested groups"] == SHORT.goals
    assert found["connected"] == SHORT.connected
    assert found["idle connections lost"] == 0
    assert found["agent runs"] == 3 * SHORT.goals
