"""`ioa run` says at its end when rules decided in place of a model."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec

from ioa.cli.follow import Followed
from ioa.cli.outcome import Outcome, as_json, show_footer
from ioa.cli.records import Entry, Goal
from ioa.cli.terminal import Terminal
from ioa.ports.policy import BY_RULES
from ioa.protocol.messages import Turn
from tests.cli.fake_hub import STARTED_AT, story


def outcome(policy: str, thought: str) -> Outcome:
    followed = Followed()
    for place, message in enumerate(story()):
        said = msgspec.structs.replace(message, thought=thought) if isinstance(message, Turn) else message
        assert followed.take(Entry(cursor=place + 1, at=STARTED_AT, message=said))
    goal = Goal(goal_id="g", goal="Do it", status="completed", comm_id="c-root", ended_at=1.0)
    return Outcome(goal, followed.cost(), (), Path(), policy, "ended")


def footer(made: Outcome) -> str:
    shown = io.StringIO()
    show_footer(made, Terminal(shown, 400), [])
    return shown.getvalue()


def test_the_footer_says_that_rules_decided_because_a_model_failed() -> None:
    made = outcome("openai:large", f"{BY_RULES}: no answer within 60 s")
    turns = made.cost.turns
    assert f"policy   openai:large · rules took {turns} of {turns} turns, because no model did (ioa show" in footer(
        made
    )
    cost = as_json(made)["cost"]
    assert isinstance(cost, dict)
    assert cost["turns_by_rules"] == turns > 1


def test_the_footer_says_nothing_of_it_where_a_model_decided_or_none_was_asked_for() -> None:
    assert "policy   openai:large\n" in footer(outcome("openai:large", "I think it is done."))
    assert "policy   rules (no model)\n" in footer(outcome("rules", ""))
