"""The librarian: passages with citations from text, Markdown, HTML and PDF files. Works without a model; it quotes."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ioa.adapters.agents.documents import Document, Passage, Patience, Unreadable, is_document, read_document
from ioa.adapters.agents.inquiry import Inquiry, understood
from ioa.adapters.agents.passages import EmbedderFactory, absent_words, key_words, rank, shipped_embedder, subject_words
from ioa.adapters.agents.prose import sentences, shortened
from ioa.adapters.agents.standalone import run_alone
from ioa.ports.agent import AgentFailed, Assignment, LocalFile, Outcome, ReportProgress

_PASSAGES_SHOWN = 3
_NEAR_THE_BEST = 0.82  # of the best one's score: what is further off only distracts
_SECTION_CHARS = 12_000
_SUMMARY_SENTENCES = 6

if TYPE_CHECKING:
    from ioa.adapters.index.embedding import Embedder


@dataclass(frozen=True, slots=True)
class Librarian:
    """Answers from documents by quoting them, with file and page, heading or line; says so when nothing fits."""

    files: Sequence[str | Path] = ()
    embedder: EmbedderFactory = shipped_embedder

    name: ClassVar[str] = "Librarian"
    description: ClassVar[str] = (
        "Reads documents (text, Markdown, HTML and PDF files) and finds what they say: looks up a policy in a "
        "handbook, a warranty period in a manual, a clause in a contract, names, dates and amounts in notes or "
        "reports. Quotes the best passages word for word with citations (file, page, heading, line), and says when "
        "a document does not contain the answer. Does not calculate."
    )
    skills: ClassVar[tuple[str, ...]] = (
        "find what a document, handbook, manual, contract or policy says about a topic",
        "answer a question from text files with quotes and citations",
        "search PDF, Markdown, HTML and text files for relevant passages",
        "look up a rule, definition, deadline, person or number in a document",
        "quote a section or chapter of a document verbatim",
        "summarise a document or report by its most important sentences",
        "count how many times a word or phrase appears in a document",
        "list the risks, requirements or action items mentioned in notes",
    )
    idempotent: ClassVar[bool] = True

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Answer one inquiry. Raises `AgentFailed` when there is no document, or nothing good enough in it."""
        given = [*assignment.files, *(file for result in assignment.earlier for file in result.files)]
        extra = [LocalFile(Path(path).name, "", Path(path)) for path in self.files]
        stop = threading.Event()
        try:
            return await asyncio.to_thread(self._answer, assignment.task_desc, [*given, *extra], stop)
        except asyncio.CancelledError:
            stop.set()  # the thread ends at the next document or page
            raise

    def run(self, task_desc: str) -> str:
        """The librarian on its own: files by their paths in the text, or those given to the constructor."""
        return run_alone(self, task_desc)

    def _answer(self, task_desc: str, files: list[LocalFile], stop: threading.Event) -> Outcome:
        inquiry = understood(task_desc, files)
        if inquiry.absent:
            there = ", ".join(file.name for file in files) or "none"
            raise AgentFailed(f"{', '.join(inquiry.absent)} is not among the files of this task ({there}); add it.")
        documents, problems = _read(inquiry, files, stop)
        notes = [*problems, *(note for document in documents for note in document.notes)]
        match inquiry.kind:
            case "count":
                conclusion, abstract = _count(inquiry.about, documents)
            case "section":
                conclusion, abstract = _section(inquiry.about, documents) or self._passages(
                    inquiry, documents, task_desc
                )
            case "summary":
                conclusion, abstract = _summary(documents)
            case "passages":
                conclusion, abstract = self._passages(inquiry, documents, task_desc)
        if notes:
            conclusion += "\n\n" + "\n".join(f"*Note: {note}*" for note in notes)
        return Outcome(conclusion, abstract)

    def _passages(self, inquiry: Inquiry, documents: list[Document], task_desc: str) -> tuple[str, str]:
        passages = [passage for document in documents for passage in document.passages]
        if not key_words(inquiry.about):
            raise AgentFailed(
                f"I do not understand what to look for in {shortened(task_desc, 120)!r}; name the subject."
            )
        model = self.embedder()
        if titled := _section(inquiry.about, documents, exactly=True, model=model):
            return titled
        found = rank(inquiry.about, passages, model)
        good = [one for one in found if one.good]
        good = [one for one in good if one.score >= good[0].score * _NEAR_THE_BEST][:_PASSAGES_SHOWN]
        names = ", ".join(document.name for document in documents)
        if not good:
            absent = absent_words(inquiry.about, passages)
            hint = f" These words do not occur there: {', '.join(absent)}." if absent else ""
            raise AgentFailed(f"Nothing good enough was found about {inquiry.about!r} in {names}.{hint}")
        best = good[0]
        lines = [f"**{_flat(best.sentence)}** — {best.passage.citation}", "", "Passages, word for word:"]
        for one in good:
            lines += ["", _quoted(one.passage)]
        if model is None:
            lines += ["", "*Ranked by words alone: the model of meaning is not available here.*"]
        return "\n".join(lines), f"{shortened(_flat(best.sentence), 300)} ({best.passage.citation})"


def _read(inquiry: Inquiry, files: list[LocalFile], stop: threading.Event) -> tuple[list[Document], list[str]]:
    """The documents to look in, and why others could not be read. Raises `AgentFailed` when none is left."""
    wanted = [file for file in inquiry.files if is_document(file)]
    if not wanted:
        listed = ", ".join(file.name for file in files) or "none"
        raise AgentFailed(f"There is no document to read (files: {listed}); I read text, Markdown, HTML and PDF files.")
    documents: list[Document] = []
    problems: list[str] = []
    for file in wanted:
        try:
            patience = Patience(stop)
            patience.check(file.name)
            documents.append(read_document(file, patience))
        except Unreadable as error:
            problems.append(str(error))
    if not documents:
        raise AgentFailed(" ".join(problems))
    return documents, problems


def _count(word: str, documents: list[Document]) -> tuple[str, str]:
    pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, word.split())) + r"(?!\w)", re.IGNORECASE)
    counts = Counter({document.name: len(pattern.findall(document.text)) for document in documents})
    total = counts.total()
    times = "once" if total == 1 else f"{total} times"
    where = documents[0].name if len(documents) == 1 else f"{len(documents)} documents"
    said = f'The word "{word}" appears {times} in {where}, whole words only, capitals or not.'
    if " " in word:
        said = said.replace("The word", "The phrase", 1)
    table = "".join(f"\n- {name}: {count}" for name, count in counts.items()) if len(counts) > 1 else ""
    return f"**{said}**" + (f"\n{table}" if table else ""), said


def _section(
    title: str, documents: list[Document], *, exactly: bool = False, model: Embedder | None = None
) -> tuple[str, str] | None:
    """A section by its heading, word for word; `None` when no heading has all the title's words (`exactly`: and no
    others)."""
    meant = subject_words if exactly else key_words
    wanted = set(meant(title))
    best: tuple[float, str, str] | None = None
    for document in documents:
        for heading in dict.fromkeys(passage.heading for passage in document.passages):
            for level in heading.split(" > "):
                words = set(meant(level))
                fits = wanted == words if exactly else wanted <= words
                if wanted and fits and (best is None or len(wanted) / len(words) > best[0]):
                    best = (len(wanted) / len(words), document.name, level)
    if best is None:
        return None
    _, name, level = best
    own = [p for d in documents if d.name == name for p in d.passages if level in p.heading.split(" > ")]
    text = "\n\n".join(passage.text for passage in own)
    cut = "" if len(text) <= _SECTION_CHARS else f"\n\n*Cut after {_SECTION_CHARS:,} of {len(text):,} characters.*"
    said = f'The section "{level}" of {own[0].citation}, word for word:'
    quote = "\n".join(f"> {line}".rstrip() for line in text[:_SECTION_CHARS].splitlines())
    first = (sentences(own[0].text.splitlines()[0]) or [own[0].text])[0]
    if exactly and (ranked := rank(title, own, model)):
        first = ranked[0].sentence  # of the section's sentences the one that answers the question
    if len(key_words(first)) < 3 or "\n-" in own[0].text:  # no sentence, or the first item of a list only
        first = shortened(own[0].text, 300)
    return (
        f"**{_flat(first)}** — {own[0].citation}\n\n{said}\n\n{quote}{cut}",
        f"{shortened(first, 300)} ({own[0].citation})",
    )


def _summary(documents: list[Document]) -> tuple[str, str]:
    """The sentences whose words the documents use most, in their order: extracted, not written."""
    parts: list[str] = []
    first = ""
    for document in documents:
        frequency = Counter(word for passage in document.passages for word in key_words(passage.text))
        scored: list[tuple[float, int, str, Passage]] = []
        for passage in document.passages:
            for sentence in sentences(passage.text):
                words = key_words(sentence)
                if 5 <= len(words) <= 45:
                    place = 1.25 if passage is document.passages[0] else 1.0
                    score = place * sum(frequency[word] for word in words) / len(words) ** 0.7
                    scored.append((score, len(scored), sentence, passage))
        chosen = sorted(sorted(scored, key=lambda one: -one[0])[:_SUMMARY_SENTENCES], key=lambda one: one[1])
        if not chosen:
            chosen = [(0.0, 0, shortened(passage.text, 300), passage) for passage in document.passages[:3]]
        first = first or chosen[0][2]
        lines = [f'- "{_flat(sentence)}" — {passage.citation}' for _, _, sentence, passage in chosen]
        parts.append(
            f"The most telling sentences of {document.name} (extracted word for word, not rewritten):\n\n"
            + "\n".join(lines)
        )
    return "\n\n".join(parts), shortened(_flat(first), 300)


def _quoted(passage: Passage) -> str:
    quote = "\n".join(f"> {line}".rstrip() for line in passage.text.splitlines())
    return f"{quote}\n>\n> — {passage.citation}"


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("**", "").lstrip("-*+• ")
