"""How the librarian does on questions in strangers' words: `strangers_questions`.

A headline (the sentence in bold) must contain the expected words; a question on which the documents are silent must be
refused.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.librarian import Librarian
from ioa.adapters.agents.passages import shipped_embedder
from ioa.adapters.agents.standalone import local_file
from ioa.ports.agent import AgentFailed, Assignment
from tests.agents.strangers_questions import CASES, Case


async def quiet(_: str) -> None:
    pass


async def ask(folder: Path, names: list[str], question: str, agent: Librarian) -> str | None:
    """The headline, or `None` when the librarian refuses."""
    files = tuple(local_file(folder / name) for name in names)
    try:
        outcome = await agent.perform(Assignment("t", question, folder, files), quiet)
    except AgentFailed:
        return None
    return outcome.conclusion


def headline(conclusion: str) -> str:
    """What stands in bold at the top; a list that follows it belongs to it."""
    return " ".join(conclusion.split("\n\nPassages, word for word")[0].split())


async def tally(folder: Path, case: Case, agent: Librarian) -> tuple[list[str], list[str], list[str]]:
    """Questions answered wrongly, refused though answerable, and answered though the documents are silent."""
    documents, answerable, unanswerable = case
    for name, content in documents.items():
        (folder / name).write_bytes(content)
    wrong, missed, invented = [], [], []
    for question, expected in answerable:
        conclusion = await ask(folder, list(documents), question, agent)
        if conclusion is None:
            missed.append(question)
        elif not any(words in headline(conclusion) for words in expected.split("|")):
            wrong.append(f"{question} -> {headline(conclusion)[:300]}")
    for question in unanswerable:
        conclusion = await ask(folder, list(documents), question, agent)
        if conclusion is not None:
            invented.append(f"{question} -> {headline(conclusion)[:300]}")
    return wrong, missed, invented


@pytest.mark.parametrize(("name", "may_miss"), [("first", 2), ("second", 1), ("third", 1), ("fourth", 2), ("fifth", 2)])
async def test_strangers_get_the_sentence_that_answers_or_a_refusal(tmp_path, name, may_miss):
    if shipped_embedder() is None:
        pytest.skip("model of meaning: not available here")
    wrong, missed, invented = await tally(tmp_path, CASES[name], Librarian())
    assert wrong == []
    assert invented == []
    assert len(missed) <= may_miss, missed


@pytest.mark.parametrize("name", list(CASES))
async def test_without_a_model_strangers_are_refused_more_often_yet_told_nothing_wrong(tmp_path, name):
    wrong, missed, invented = await tally(tmp_path, CASES[name], Librarian(embedder=lambda: None))
    assert [one for one in wrong if "Not found in" not in one] == []  # half an answer says which half is missing
    assert invented == []
    assert len(missed) <= 0.5 * len(CASES[name][1]), missed
