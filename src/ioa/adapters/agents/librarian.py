"""The librarian: passages with citations from text, Markdown, HTML and PDF files. Works without a model; it quotes."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ioa.adapters.agents import extracts
from ioa.adapters.agents.answer_kinds import kind_of
from ioa.adapters.agents.answer_number import number_in
from ioa.adapters.agents.computed_answers import computed
from ioa.adapters.agents.documents import Document, Passage, Patience, Unreadable, is_document, read_document
from ioa.adapters.agents.extracts import Said, flat, items, joined, quoted
from ioa.adapters.agents.inquiry import Inquiry, alternatives, names_nothing, split_nouns, understood
from ioa.adapters.agents.kin_words import levelled
from ioa.adapters.agents.passages import EmbedderFactory, Found, absent_words, is_unique, rank, shipped_embedder
from ioa.adapters.agents.prose import plain, sentences, shortened
from ioa.adapters.agents.questions import key_words, parsed, stands
from ioa.adapters.agents.standalone import run_alone
from ioa.ports.agent import AgentFailed, Assignment, LocalFile, Outcome, ReportProgress

_PASSAGES_SHOWN = 3
_NEAR_THE_BEST = 0.82  # of the best one's score: what is further off only distracts
_TOPIC_CHARS = 600
_WORTH_A_LOOK = 0.6  # a refusal tells of the nearest sentence when it is at least this near
_COMPUTES_NOTHING = " I quote and compute nothing: a most, an average or a total must be said in so many words."
_BY_WORDS = "*Ranked by words alone: the model of meaning is not available here.*"


@dataclass(frozen=True, slots=True)
class _Answer:
    """One question's answer: the sentence, and the passages it stands in, best first."""

    said: str
    passages: tuple[Passage, ...]

    @property
    def place(self) -> str:
        return self.passages[0].citation


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
        "a document does not contain the answer."
    )
    skills: ClassVar[tuple[str, ...]] = (
        "find what a document, handbook, manual, contract or policy says about a topic",
        "answer a question from text files with quotes and citations",
        "search PDF, Markdown, HTML and text files for relevant passages",
        "look up a rule, definition, deadline, person or number in a document",
        "quote a section or chapter of a document verbatim",
        "summarise a document file by quoting its most important sentences",
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
            return await asyncio.to_thread(self._answer, assignment, [*given, *extra], stop)
        except asyncio.CancelledError:
            stop.set()  # the thread ends at the next document or page
            raise

    def run(self, task_desc: str) -> str:
        """The librarian on its own: files by their paths in the text, or those given to the constructor."""
        return run_alone(self, task_desc)

    def _answer(self, assignment: Assignment, files: list[LocalFile], stop: threading.Event) -> Outcome:
        task_desc = assignment.task_desc
        inquiry = understood(task_desc, files)
        if inquiry.absent:
            there = ", ".join(file.name for file in files) or "none"
            raise AgentFailed(f"{', '.join(inquiry.absent)} is not among the files of this task ({there}); add it.")
        documents, problems = _read(inquiry, files, stop)
        notes = [*problems, *(note for document in documents for note in document.notes)]
        conclusion, abstract = self._said(inquiry, documents, task_desc)
        if notes:
            conclusion += "\n\n" + "\n".join(f"*Note: {note}*" for note in notes)
        return Outcome(conclusion, abstract, _number_file(inquiry, conclusion, assignment.folder))

    def _said(self, inquiry: Inquiry, documents: list[Document], task_desc: str) -> Said:
        about = inquiry.about
        names = ", ".join(document.name for document in documents)
        match inquiry.kind:
            case "count":
                return extracts.count(about, documents)
            case "section":
                return extracts.section(about, documents) or self._passages(inquiry, documents, task_desc)
            case "summary":
                return extracts.summary(documents)
            case "sections":
                if found := extracts.sections_with(about, documents):
                    return found
                raise AgentFailed(f"No section of {names} mentions {about!r}.{_hint(about, documents)}")
            case "mention":
                return extracts.mention(about, documents) or self._passages(inquiry, documents, task_desc)
            case "listing":
                title = f"{inquiry.what} {about}".strip()
                found = extracts.section(title, documents, exactly=True) or extracts.listing(
                    inquiry.what, about, documents
                )
                if found:
                    return found
                raise AgentFailed(f"No {inquiry.what}{f' about {about!r}' if about else ''} were found in {names}.")
            case "passages":
                return self._passages(inquiry, documents, task_desc)

    def _passages(self, inquiry: Inquiry, documents: list[Document], task_desc: str) -> Said:
        if not key_words(inquiry.about):
            raise AgentFailed(
                f"I do not understand what to look for in {shortened(task_desc, 120)!r}; name the subject."
            )
        model = self.embedder()
        if titled := extracts.section(inquiry.about, documents, exactly=True, model=model):
            return titled
        answers: list[_Answer] = []
        nearest: Found | None = None
        missing: list[str] = []
        described = inquiry.what == "about"
        for ways in alternatives(inquiry.about):
            answer, asked_so = None, ways[-1]
            for question in ways:
                whole = rank(question, _all(documents), model)
                nearest = nearest or (whole[0] if whole and whole[0].score >= _WORTH_A_LOOK else None)
                parts = split_nouns(question)
                if len(parts) > 1 and not (whole and whole[0].good and whole[0].complete):
                    for part in parts:
                        found = _best(part, rank(part, _all(documents), model), described=described)
                        _note(part, found, answers, missing)
                    break
                answer = _best(question, whole, described=described)
                if (
                    answer
                    and names_nothing(question)
                    and question == ways[-1]
                    and not is_unique(question, _all(documents))
                ):
                    answer = None  # of several things one is meant, and it is not said which
                if answer:
                    break
            else:
                _note(asked_so, None, answers, missing)
            if answer:
                _note(asked_so, answer, answers, missing)
        names = ", ".join(document.name for document in documents)
        if not answers:
            raise AgentFailed(
                f"Nothing good enough was found about {inquiry.about!r} in {names}.{_hint(inquiry.about, documents)}"
                + (_COMPUTES_NOTHING if computed(inquiry.about) != computed("") else "")
                + (f" The nearest, which does not answer it by my rules: {_cited(nearest)}." if nearest else "")
            )
        lines = [f"**{flat(answer.said)}** — {answer.place}" for answer in answers]
        unfound = [f"Not found in {names}: {part!r}." for part in missing]
        told = list(dict.fromkeys(passage for answer in answers for passage in answer.passages))
        parts_ = ["\n\n".join(lines), *unfound, "Passages, word for word:"]
        parts_ += [f"{quoted(passage.text)}\n>\n> — {passage.citation}" for passage in told]
        if model is None:
            parts_.append(_BY_WORDS)
        brief = [f"{shortened(plain(flat(answer.said)), 400)} ({answer.place})" for answer in answers]
        return "\n\n".join(parts_), " ".join([*brief, *unfound])


def _cited(found: Found) -> str:
    return f'"{shortened(plain(flat(found.sentence)), 200)}" ({found.passage.citation})'


def _number_file(inquiry: Inquiry, conclusion: str, folder: Path) -> tuple[LocalFile, ...]:
    """The number that answers, as a table of one cell that others may compute with; nothing when it is not clear."""
    headlines = re.findall(r"^\*\*(.+?)\*\* — ", conclusion, re.MULTILINE)
    if inquiry.kind != "passages" or len(headlines) != 1 or "\n\nNot found in " in conclusion:
        return ()
    number = number_in(headlines[0], kind_of(inquiry.about))
    if number is None:
        return ()
    path = folder / "answer.csv"
    path.write_text(f"answer\n{number}\n", encoding="utf-8")
    return (LocalFile(path.name, "text/csv", path),)


def _note(question: str, answer: _Answer | None, answers: list[_Answer], missing: list[str]) -> None:
    if answer is None:
        missing.append(question)
    elif answer.said not in [known.said for known in answers]:
        answers.append(answer)


def _best(question: str, found: Sequence[Found], *, described: bool = False) -> _Answer | None:
    """The sentence that answers, or the whole list where the question is about its heading or its introduction.

    `described`: all sentences of its passage that are on the topic, as "what does it say about" asks for them.
    """
    good = [one for one in found if one.good]
    if not good:
        return None
    good = [one for one in good if one.score >= good[0].score * _NEAR_THE_BEST][:_PASSAGES_SHOWN]
    best = good[0]
    said = best.sentence
    listed = items(best.passage)
    if listed and _is_about_the_list(question, best):
        intro = best.passage.text.splitlines()[0] if best.passage.text.splitlines()[0].rstrip().endswith(":") else ""
        lead = intro.strip().rstrip(":") or best.passage.heading.rpartition(" > ")[2]
        said = f"{lead}: {joined(listed)}" if lead else joined(listed)
    elif described:
        said = _on_topic(question, best) or said
    return _Answer(said, tuple(one.passage for one in good))


def _on_topic(question: str, best: Found) -> str:
    """The sentences of the passage that have a word of the topic; all of them where its own heading has it."""
    if best.passage.columns or items(best.passage):
        return ""
    asked = parsed(question)
    own_heading = frozenset(key_words(levelled(best.passage.heading.rpartition(" > ")[2])))
    all_of_it = bool(asked.needed) and all(stands(one, own_heading) for one in asked.needed)
    told = [
        sentence
        for sentence in sentences(best.passage.text)
        if all_of_it
        or sentence == best.sentence
        or any(stands(one, frozenset(key_words(levelled(sentence)))) for one in asked.needed)
    ]
    while len(told) > 1 and sum(map(len, told)) > _TOPIC_CHARS:
        told.pop()
    return " ".join(told)


def _is_about_the_list(question: str, best: Found) -> bool:
    """Has the item that came out best no word of the question that its list is not about as a whole?"""
    asked = parsed(question)
    if asked.kind is not None and asked.kind.hard:
        return False
    intro = "\n".join(line for line in best.passage.text.splitlines() if line.rstrip().endswith(":"))
    above = frozenset(key_words(levelled(f"{best.passage.heading} {best.passage.document} {intro}")))
    item = frozenset(key_words(levelled(best.sentence)))
    own = [one for one in asked.needed if stands(one, item) > stands(one, above)]
    return not own


def _all(documents: list[Document]) -> list[Passage]:
    return [passage for document in documents for passage in document.passages]


def _hint(about: str, documents: list[Document]) -> str:
    absent = absent_words(about, _all(documents))
    return f" These words do not occur there: {', '.join(absent)}." if absent else ""


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
