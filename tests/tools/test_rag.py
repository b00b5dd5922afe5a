"""`rag_search`: passages of a task's files by words and meaning, with citations; the index follows the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ioa.adapters.agents.passages import shipped_embedder
from ioa.adapters.agents.react.toolkit import ToolFailed, ToolSetting, open_tools
from ioa.adapters.agents.react.tools import rag
from ioa.adapters.agents.react.tools.rag import Library
from ioa.ports.agent import LocalFile
from tests.tools.made_files import docx, pdf, pptx, xlsx

HANDBOOK = """# Handbook

## Time off

Everybody has 28 days of paid vacation a year. Unused days lapse at the end of March.

## Safety

The muster point is the car park behind hall C.
"""


def placed(folder: Path, **files: str | bytes) -> ToolSetting:
    found: list[LocalFile] = []
    for key, content in files.items():
        path = folder / f"given-{key}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found.append(LocalFile(key.replace("__", "."), "", path))
    task = folder / "task"
    task.mkdir()
    return ToolSetting(folder=task, files=tuple(found))


ANSWERS = [
    ("How many days of paid vacation does everybody have?", 'handbook.md, "Handbook > Time off", line 5', "28 days"),
    ("How deep is the water at the quay?", "map.pdf, page 2", "The water at the quay is 9 m deep."),
    ("What is the deposit?", 'lease.docx, "Lease > Deposit"', "1,800 euros"),
    ("What is the price of green tea?", 'orders.xlsx, "sheet Orders"', "| tea \\| green | 12.5 |"),
    ("What should the speaker mention on the harbour plan?", 'deck.pptx, "slide 1', "Mention the tide."),
    ("In which berth lies the ship Ada?", "ships.csv, line 2", "| Ada | B7 |"),
]


async def test_an_answer_is_found_in_any_kind_of_file_with_its_citation(tmp_path: Path) -> None:
    setting = placed(
        tmp_path,
        handbook__md=HANDBOOK,
        map__pdf=pdf([["Harbour map."], ["The water at the quay is 9 m deep."]]),
        lease__docx=docx(),
        orders__xlsx=xlsx(),
        deck__pptx=pptx(),
        ships__csv="ship,berth\nAda,B7\nBo,C1\n",
    )
    library = Library(setting)
    for question, citation, said in ANSWERS:
        answer = await library.rag_search(question, limit=2)
        first = answer.partition("\n1. ")[2].partition("\n2. ")[0]
        assert first.startswith(citation), answer
        assert said in first


async def test_meaning_finds_what_shares_no_word(tmp_path: Path) -> None:
    if shipped_embedder() is None:
        pytest.skip("the model of meaning cannot be loaded here")
    setting = placed(tmp_path, handbook__md=HANDBOOK, other__txt="Invoices are paid within a month.")
    answer = await Library(setting).rag_search("Where do employees assemble when a fire breaks out?", limit=1)
    assert "muster point is the car park" in answer
    assert "to be judged with care" in answer  # near, not sure


async def test_without_a_model_words_alone_find_it(tmp_path: Path) -> None:
    library = Library(placed(tmp_path, handbook__md=HANDBOOK), embedder=lambda: None)
    assert "28 days" in await library.rag_search("How many days of paid vacation does everybody have?")
    nothing = await library.rag_search("Who repairs the zeppelin?")
    assert "Nothing in" in nothing
    assert "zeppelin" in nothing


async def test_files_that_are_made_or_changed_are_searched_as_they_are_now(tmp_path: Path) -> None:
    setting = placed(tmp_path, handbook__md=HANDBOOK)
    library = Library(setting, embedder=lambda: None)
    note = setting.folder / "note.txt"
    assert "note.txt" not in await library.rag_search("Who is the harbour master?")
    note.write_text("The harbour master is Ana.")
    assert "is Ana." in await library.rag_search("Who is the harbour master?")
    note.write_text("The harbour master is Bo Lindqvist.")
    answer = await library.rag_search("Who is the harbour master?")
    assert "Bo Lindqvist" in answer
    assert "Ana" not in answer
    note.unlink()
    assert "Lindqvist" not in await library.rag_search("Who is the harbour master?")


async def test_only_what_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = placed(tmp_path, handbook__md=HANDBOOK)
    read: list[list[str]] = []
    real = rag.passages_of

    async def counted(sources: Sequence[rag.Source]) -> object:
        read.append([one.name for one in sources])
        return await real(sources)

    monkeypatch.setattr(rag, "passages_of", counted)
    library = Library(setting, embedder=lambda: None)
    await library.rag_search("vacation days")
    (setting.folder / "note.txt").write_text("The muster point has moved.")
    await library.rag_search("muster point")
    await library.rag_search("muster point")
    assert read == [["handbook.md"], ["note.txt"], []]


async def test_what_cannot_be_searched_is_said(tmp_path: Path) -> None:
    setting = placed(tmp_path, handbook__md=HANDBOOK, scan__pdf=pdf([[]]), core__bin=bytes(range(256)))
    answer = await Library(setting, embedder=lambda: None).rag_search("paid vacation")
    assert "Not searched: scan.pdf has 1 page(s) but no text" in answer
    assert "Not searched: core.bin is binary data" in answer


async def test_nothing_to_search_and_nothing_to_search_for_are_told(tmp_path: Path) -> None:
    async with open_tools(["rag"], placed(tmp_path)) as box:
        with pytest.raises(ToolFailed, match=r"There is nothing to search\. This task has no files"):
            await box.call("rag_search", {"query": "paid vacation"})
        with pytest.raises(ToolFailed, match="has no word to search for"):
            await box.call("rag_search", {"query": "the of"})


async def test_a_large_library_is_narrowed_by_words_before_it_is_weighed(tmp_path: Path) -> None:
    class Counting:
        texts = 0

        def embed(self, texts: Sequence[str]) -> np.ndarray:
            self.texts += len(texts)
            return np.ones((len(texts), 4), np.float32) / 2

        def describe(self) -> str:
            return "counting"

    filler = "\n\n".join(f"Paragraph {number} is about rope, tar and canvas." for number in range(1500))
    setting = placed(tmp_path, filler__txt=filler, note__txt="The lighthouse keeper keeps seven lamps.")
    model = Counting()
    answer = await Library(setting, embedder=lambda: model).rag_search(
        "How many lamps does the lighthouse keeper keep?"
    )
    assert answer.partition("1. ")[2].startswith("note.txt, line 1")
    assert model.texts < 100
