"""By its phrases each kind of step finds the agent whose work it is, by the real index and the policy's own rule."""

from __future__ import annotations

import pytest

from ioa.adapters.agents.builtin import BUILTIN, builtin_agent, missing
from ioa.adapters.index import open_index
from ioa.adapters.policy.rules.choice import MIN_FIT, hits_of
from ioa.adapters.policy.rules.goal_text import split_goal
from ioa.ports.index import AgentIndex
from ioa.protocol.cards import Card, FoundAgent
from tests.rules.wordings import WORDINGS

pytestmark = pytest.mark.skipif(any(missing(name) for name in BUILTIN), reason="needs all built-in agents")

NOBODYS = (
    "Book a flight to Lisbon for all of them.",
    "Water the plants in the office.",
    "Call the customer and apologise.",
    "Order ten boxes of paper.",
    "Drive the van to the depot.",
    "Pick up Anna from the station.",
    "What is the weather in Paris?",
)


@pytest.fixture(scope="module")
def index() -> AgentIndex:
    found = open_index(meaning=True)
    found.put_many([(agent.name, agent.card.text()) for agent in (builtin_agent(name) for name in BUILTIN)])
    return found


def ranking(index: AgentIndex, text: str) -> list[tuple[str, float]]:
    """Agents for the last step of a request, best first, as the policy sees them."""
    step = split_goal(text).steps[-1]
    searched = {
        phrase: [FoundAgent(card=Card(name=hit.name, description="."), score=hit.score, online=True) for hit in hits]
        for phrase, hits in zip(step.search, index.search(step.search, limit=20), strict=True)
    }
    return [(hit.card.name, round(hit.score, 3)) for hit in hits_of(step, searched)]


def same(name: str, agent: str) -> bool:
    return name.lower().replace(" ", "_") == agent.lower()


@pytest.mark.parametrize("agent", sorted(WORDINGS))
def test_each_request_finds_the_agent_whose_work_it_is(index: AgentIndex, agent: str) -> None:
    ranked = {text: ranking(index, text) for text in WORDINGS[agent]}
    wrong = {text: best[:2] for text, best in ranked.items() if not same(best[0][0], agent) or best[0][1] < MIN_FIT}
    assert wrong == {}


@pytest.mark.parametrize("text", NOBODYS)
def test_what_nobody_can_do_finds_nobody(index: AgentIndex, text: str) -> None:
    assert [entry for entry in ranking(index, text) if entry[1] >= MIN_FIT] == []
