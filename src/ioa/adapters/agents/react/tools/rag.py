"""Passages that answer a question, from all files of a task: by their words and by their meaning, with citations."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ioa.adapters.agents.documents import Passage
from ioa.adapters.agents.kin_words import kin
from ioa.adapters.agents.passages import EmbedderFactory, Found, absent_words, rank, shipped_embedder
from ioa.adapters.agents.questions import key_words
from ioa.adapters.agents.react.tool import Tool, ToolFailed, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.file_kinds.file_text import Source
from ioa.adapters.agents.react.tools.file_kinds.reading import passages_of
from ioa.adapters.agents.react.tools.task_files import TaskFile, task_files

MAX_FILES = 500
_WEIGHED = 600  # passages that share a word with the question and are looked at closely
_EMBEDDED = 300  # passages compared by meaning alone, where there are not more: some 10 ms each, once
_EMBEDDED_CHARS = 400
_ALIKE_AT_LEAST = 0.2  # what is so little alike is shown as near, never as sure
_MEANING_ALONE = 0.6  # what a cosine is worth against the score of words and meaning
_PASSAGE_CHARS = 1500
_MAX_LIMIT = 20


@dataclass(slots=True)
class _Indexed:
    """One file as it was when read. `words`: for each passage its stems, with those of its heading and name."""

    stamp: tuple[str, int, int]
    passages: tuple[Passage, ...] = ()
    words: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    problem: str = ""


class Library:
    """Searches the files of one task. What was read is kept, and read again when a file changes."""

    def __init__(self, setting: ToolSetting, *, embedder: EmbedderFactory = shipped_embedder) -> None:
        self._setting = setting
        self._embedder = embedder
        self._files: dict[str, _Indexed] = {}
        self._reading = asyncio.Lock()

    async def rag_search(self, query: str, limit: int = 5) -> str:
        """Find the passages in the task's files that answer a question, best first, word for word, each with its
        citation (file, page, sheet, heading or line). Ask one thing at a time, in a whole sentence.

        Args:
            query: The question, or what the passage is about.
            limit: How many passages to show, 1 to 20.
        """
        if not key_words(query):
            raise ToolFailed(f"{query!r} has no word to search for; ask in a whole sentence.")
        names, problems = await self._index()
        passages = [p for name in names for p in self._files[name].passages]
        if not passages:
            why = " ".join(problems) or "This task has no files."
            raise ToolFailed(f"There is nothing to search. {why}")
        words = [one for name in names for one in self._files[name].words]
        found = await asyncio.to_thread(self._ranked, query, passages, words)
        return self._answer(query, found[: max(1, min(limit, _MAX_LIMIT))], passages, problems)

    async def _index(self) -> tuple[list[str], list[str]]:
        """Read what is new or changed. Returns the names of the files, and why some cannot be searched."""
        async with self._reading:
            files = await asyncio.to_thread(task_files, self._setting)
            changed: list[TaskFile] = []
            stamps: dict[str, tuple[str, int, int]] = {}
            for one in files[:MAX_FILES]:
                try:
                    stamps[one.name] = one.stamp
                except OSError:
                    continue  # gone since it was listed
                known = self._files.get(one.name)
                if known is None or known.stamp != stamps[one.name]:
                    changed.append(one)
            sources = [Source(one.name, one.path) for one in changed]
            for one, reading in zip(changed, await passages_of(sources), strict=True):
                words = await asyncio.to_thread(_stems, reading.passages)
                self._files[one.name] = _Indexed(stamps[one.name], reading.passages, words, reading.problem)
            self._files = {name: self._files[name] for name in stamps}
            problems = [one.problem for one in self._files.values() if one.problem]
            if len(files) > MAX_FILES:
                problems.append(f"Only the first {MAX_FILES} of {len(files):,} files are searched.")
            return list(stamps), problems

    def _ranked(self, query: str, passages: Sequence[Passage], words: Sequence[frozenset[str]]) -> list[Found]:
        model = self._embedder()
        near = _sharing_words(query, words)
        found = rank(query, [passages[index] for index in near], model)
        prose = [one for one in passages if not one.columns]  # rows of figures are like no question
        if model is None or len(prose) > _EMBEDDED:
            return found
        texts = [f"{one.heading.rpartition(' > ')[2]}. {one.text[:_EMBEDDED_CHARS]}" for one in prose]
        vectors = model.embed([query, *texts])
        known = {id(one.passage) for one in found}
        for passage, alike in zip(prose, (vectors[1:] @ vectors[0]).tolist(), strict=True):
            if alike >= _ALIKE_AT_LEAST and id(passage) not in known:
                score = _MEANING_ALONE * alike
                found.append(Found(passage, "", 0.0, alike, fits=False, good=False, complete=False, score=score))
        return sorted(found, key=lambda one: (not one.good, -one.score))

    def _answer(self, query: str, found: Sequence[Found], passages: Sequence[Passage], problems: Iterable[str]) -> str:
        documents = len({one.document for one in passages})
        searched = f"{len(passages):,} passages of {documents} file(s)"
        lines: list[str] = []
        if not found:
            lines.append(f"Nothing in {searched} is near {query!r}.")
        elif not any(one.good for one in found):
            lines.append(f"Nothing in {searched} surely answers {query!r}; the nearest, to be judged with care:")
        else:
            lines.append(f"The best of {searched} for {query!r}:")
        absent = absent_words(query, passages) if not any(one.good for one in found) else []
        if absent:
            lines.append(f"Words of the question that stand nowhere: {', '.join(absent)}.")
        for number, one in enumerate(found, 1):
            text = one.passage.text
            text = text if len(text) <= _PASSAGE_CHARS else f"{text[:_PASSAGE_CHARS]} […]"
            quoted = "\n".join(f"> {line}" for line in text.splitlines())
            lines.append(f"\n{number}. {one.passage.citation}\n{quoted}")
            if one.good and one.sentence and len(text) > len(one.sentence) + 200:
                lines.append(f"   Nearest sentence: {one.sentence}")
        lines += [f"\nNot searched: {problem}" for problem in list(problems)[:10]]
        return "\n".join(lines)


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    """`rag_search` over the files of the task."""
    yield [tool(Library(setting).rag_search)]


def _stems(passages: Sequence[Passage]) -> list[frozenset[str]]:
    return [frozenset(key_words(f"{Path(one.document).stem} {one.heading} {one.text}")) for one in passages]


def _sharing_words(query: str, words: Sequence[frozenset[str]]) -> list[int]:
    """Passages that share words with the question, those with the rarer ones first, then in order of the files."""
    if len(words) <= _WEIGHED:
        return list(range(len(words)))
    wanted = {one for key in key_words(query) for one in kin(key)} | set(key_words(query))
    seen = Counter(word for one in words for word in one & wanted)
    rarity = {word: math.log(1 + len(words) / count) for word, count in seen.items()}
    scores = [(-sum(rarity[word] for word in one & wanted), index) for index, one in enumerate(words)]
    return sorted(index for score, index in sorted(scores)[:_WEIGHED] if score < 0)
