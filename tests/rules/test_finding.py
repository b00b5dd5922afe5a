"""By its two phrases, each kind of step finds the agent whose work it is, through the real index."""

from __future__ import annotations

import pytest

from ioa.adapters.agents.builtin import BUILTIN, builtin_agent, missing
from ioa.adapters.index import open_index
from ioa.adapters.policy.rules.goal_text import split_goal
from tests.rules.wordings import WORDINGS

pytestmark = pytest.mark.skipif(any(missing(name) for name in BUILTIN), reason="needs all built-in agents")


def standings() -> list[tuple[str, str, tuple[str, ...], list[tuple[float, str]]]]:
    """For each request: whose work its last step is, its phrases, and the agents by mean score, best first."""
    index = open_index(meaning=True)
    index.put_many([(agent.name, agent.card.text()) for agent in (builtin_agent(name) for name in BUILTIN)])
    found: list[tuple[str, str, tuple[str, ...], list[tuple[float, str]]]] = []
    for agent, texts in WORDINGS.items():
        for text in texts:
            step = split_goal(text).steps[-1]
            scores: dict[str, float] = {}
            for hits in index.search(step.search, limit=20):
                for hit in hits:
                    scores[hit.name] = scores.get(hit.name, 0.0) + hit.score / len(step.search)
            ranked = sorted(((score, name) for name, score in scores.items()), reverse=True)
            found.append((agent, text, step.search, ranked))
    return found


def same(name: str, agent: str) -> bool:
    return name.lower().replace(" ", "_") == agent.lower()


def test_each_request_finds_the_agent_whose_work_it_is() -> None:
    wrong = [entry for entry in standings() if not same(entry[3][0][1], entry[0]) or entry[3][0][0] < 0.3]
    assert wrong == []


if __name__ == "__main__":
    for agent, text, phrases, ranked in standings():
        mark = "  " if same(ranked[0][1], agent) and ranked[0][0] >= 0.3 else "!!"
        print(mark, agent, "|", text[-70:], "|", phrases, "|", [(name, round(score, 2)) for score, name in ranked[:3]])
