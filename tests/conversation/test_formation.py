"""Team formation: at most ten tool calls, the last one a launch, whatever the policy would rather do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioa.conversation.formation import (
    MAX_TOOL_CALLS,
    Answer,
    Decide,
    LaunchGroupChat,
    Request,
    SearchAgent,
    ToolCall,
    best_of,
    form_team,
)
from ioa.protocol.cards import Card, FoundAgent


def hit(name: str, score: float = 0.5) -> FoundAgent:
    return FoundAgent(card=Card(name=name, description="d"), score=score, online=True)


def drive(
    decide: Callable[[Decide], ToolCall],
    hits: dict[str, tuple[str, ...]] | None = None,
    max_calls: int = MAX_TOOL_CALLS,
) -> tuple[list[Request], str, tuple[str, ...]]:
    """A shell in ten lines: what was asked of it, and what came of it."""
    asked: list[Request] = []
    formation = form_team(max_calls=max_calls)
    request = next(formation)
    while True:
        asked.append(request)
        answer: Answer
        match request:
            case Decide():
                answer = decide(request)
            case SearchAgent():
                answer = tuple(tuple(hit(name) for name in (hits or {}).get(phrase, ())) for phrase in request.desc)
            case LaunchGroupChat():
                answer = "comm-1"
        try:
            request = formation.send(answer)
        except StopIteration as stop:
            comm_id, team = stop.value
            return asked, comm_id, team


def calls(asked: list[Request]) -> list[Request]:
    return [request for request in asked if not isinstance(request, Decide)]


def test_a_policy_that_searches_for_ever_launches_with_its_tenth_call() -> None:
    asked, comm_id, team = drive(lambda _: SearchAgent(("poet",)), {"poet": ("P", "Q")})
    assert MAX_TOOL_CALLS == 10
    assert calls(asked) == [SearchAgent(("poet",))] * 9 + [LaunchGroupChat(("P",))]
    assert (comm_id, team) == ("comm-1", ("P",))
    decisions = [request for request in asked if isinstance(request, Decide)]
    assert [request.calls_left for request in decisions] == list(range(10, 0, -1))
    assert [request.forced for request in decisions] == [False] * 9 + [True]


def test_a_forced_policy_that_launches_has_its_own_team() -> None:
    def decide(asked: Decide) -> ToolCall:
        return LaunchGroupChat(("Q",)) if asked.forced else SearchAgent(("poet",))

    _, _, team = drive(decide, {"poet": ("P", "Q")})
    assert team == ("Q",)


def test_a_launch_without_members_means_alone() -> None:
    asked, comm_id, team = drive(lambda _: LaunchGroupChat())
    assert calls(asked) == [LaunchGroupChat(())]
    assert (comm_id, team) == ("comm-1", ())


def test_a_search_for_nothing_is_taken_for_a_launch() -> None:
    asked, _, team = drive(lambda _: SearchAgent(()))
    assert calls(asked) == [LaunchGroupChat(())]
    assert team == ()


def test_the_policy_sees_what_was_found_phrase_by_phrase() -> None:
    seen: list[tuple[tuple[str, tuple[str, ...]], ...]] = []

    def decide(asked: Decide) -> ToolCall:
        seen.append(tuple((phrase, tuple(found.card.name for found in agents)) for phrase, agents in asked.found))
        return SearchAgent(("poet", "cook")) if len(seen) == 1 else LaunchGroupChat(("P",))

    drive(decide, {"poet": ("P", "Q")})
    assert seen == [(), (("poet", ("P", "Q")), ("cook", ()))]


def test_an_overruled_policy_gets_the_best_of_each_phrase_once() -> None:
    found = (("a", (hit("P"), hit("Q"))), ("b", (hit("Q"), hit("P"))), ("c", (hit("P"),)), ("d", ()))
    assert best_of(found) == ("P", "Q")


def test_one_call_is_a_launch() -> None:
    asked, _, _ = drive(lambda _: SearchAgent(("poet",)), max_calls=1)
    assert calls(asked) == [LaunchGroupChat(())]


def test_no_call_is_an_error() -> None:
    with pytest.raises(ValueError, match="max_calls is 0"):
        next(form_team(max_calls=0))


@given(st.integers(1, 12), st.lists(st.sampled_from(["search", "nothing", "alone", "team"]), min_size=1))
def test_a_formation_of_any_policy_launches_once_and_last(max_calls: int, moods: list[str]) -> None:
    def decide(asked: Decide) -> ToolCall:
        mood = moods[(max_calls - asked.calls_left) % len(moods)]
        words = {"search": SearchAgent(("poet",)), "nothing": SearchAgent(()), "alone": LaunchGroupChat()}
        return words.get(mood, LaunchGroupChat(("T",)))

    asked, comm_id, _ = drive(decide, {"poet": ("P",)}, max_calls)
    made = calls(asked)
    assert len(made) <= max_calls
    assert [isinstance(request, LaunchGroupChat) for request in made] == [False] * (len(made) - 1) + [True]
    assert comm_id == "comm-1"
