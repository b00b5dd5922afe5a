"""All questions of one task, in order: what a sentence leaves out, points back to or defines holds for its neighbours.

If one question is not understood, none is answered: it might restrict the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ioa.adapters.agents.data import phrasing
from ioa.adapters.agents.data.answer import Answer, answer
from ioa.adapters.agents.data.carrying import carried_over, fit_result, one_selection
from ioa.adapters.agents.data.dangling import Pointer, described, pointer
from ioa.adapters.agents.data.own_clauses import Ambiguous
from ioa.adapters.agents.data.question import NotUnderstood
from ioa.adapters.agents.data.reading import Condition, Reading
from ioa.adapters.agents.data.selection import Selection, selection_of, selections
from ioa.adapters.agents.data.understanding import Understanding, clauses, questions

if TYPE_CHECKING:
    from ioa.adapters.agents.data.tables import Tables

_LEADING = re.compile(
    r"^\W*(?:in|for|among|amongst|during|on|at|of|since|after|before|considering|within|between|from)\b", re.IGNORECASE
)
_FILE_ONLY = re.compile(
    r"^\W*(?:in|from|for|of)\s+(?:the\s+)?(?:file\s+)?[\w./~-]+\.\w{2,7}\s*[,:]?\s*(?=\w)", re.IGNORECASE
)
_ELLIPSIS = re.compile(
    r"^\W*(?:and|or|but|also|(?:and\s+)?(?:what|how)\s+about)\s+(?:also\s+)?(?:in|at|for|on|among|of|from|with|by|the)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:how\s+(?:many|much|often|long)|what\s+(?!about)|which|who|when|total|sum|average|mean|median|number|count|list|show|"
    r"highest|lowest|most|least|share|percent\w*|maximum|minimum|max|min|standard|correlation|\w+est)\b",
    re.IGNORECASE,
)
_IE = re.compile(r"\bi\.\s?e\.?,?\s+", re.IGNORECASE)


@dataclass(slots=True)
class _Part:
    """A question and what it is to be read with."""

    text: str
    contexts: tuple[phrasing.Context, ...]


class Answering:
    """Answers the questions of one text. `earlier` are (question, conclusion) of the tasks that it builds on."""

    def __init__(self, tables: Tables, earlier: Sequence[tuple[str, str]] = ()) -> None:
        """Keep the tables and what was selected before."""
        self._tables = tables
        self._understanding = Understanding(tables)
        self._before = selections(earlier)
        self._said: list[Selection] = []
        self._answers: list[Answer] = []

    def answers(self, text: str) -> list[Answer]:
        """Answers in the order of the questions. Raises `NotUnderstood`."""
        whole = text
        text, places = phrasing.rounding(_IE.sub(" ie, ", phrasing.plain_source(text)))
        text, wish = phrasing.join_wish(text)
        if wish is not None:
            self._understanding.join(wish.left, wish.right, wish.key)
        sentences = questions(text)
        if not sentences:
            raise NotUnderstood("There is no question about the data in this text.")
        for part in _parts(sentences):
            try:
                self._sentence(part, whole, places)
            except NotUnderstood as error:
                if len(sentences) == 1 or str(error).startswith("In "):
                    raise
                raise type(error)(f'In "{part.text}": {error}', error.unknown) from error
        return self._answers

    def _sentence(self, part: _Part, whole: str, places: int | None) -> None:
        text = part.text
        parts = clauses(text)
        back = [one for one in parts[1:] if pointer(one)]
        if back or (len(parts) > 1 and phrasing.meaning(text)):
            led = _LEADING.match(_FILE_ONLY.sub("", text))
            if led and len(back) < len(parts) - 1:
                raise Ambiguous(f'"{text}" asks for several things: ask in sentences of their own.')
            for one in parts:
                self._question(_Part(one, part.contexts), whole, places)
            return
        self._question(part, whole, places)

    def _question(self, part: _Part, whole: str, places: int | None) -> None:
        """Read one question, run it, and keep what it selected."""
        readings = self._readings(part.text, whole, part.contexts)
        for reading in readings:
            found = answer(self._tables.con, reading, places)
            found.selection = selection_of(reading, found.columns, found.rows, part.text)
            if found.selection is not None:
                self._said.append(found.selection)
            self._answers.append(found)

    def _readings(self, text: str, whole: str, contexts: tuple[phrasing.Context, ...]) -> list[Reading]:
        if _ELLIPSIS.match(text) and not _ASKED.search(text):
            raise Ambiguous(f'"{text}" does not say what is asked: put the whole question into one sentence.')
        if (means := phrasing.meaning(text)) is not None:
            return self._limited(self._defined(*means, whole), contexts, whole)
        back = pointer(text)
        if back is not None and not (back.soft and not self._said and not self._before):
            return self._pointed(text, back, whole, contexts)
        text = described(text)
        found = self._limited(self._plain(text, whole), contexts, whole)
        return self._both(text, found)

    def _plain(self, text: str, whole: str) -> list[Reading]:
        try:
            return self._understanding.read(text, whole)
        except NotUnderstood as error:
            parts = clauses(text)
            if len(parts) < 2 or isinstance(error, Ambiguous) or _LEADING.match(text):
                raise  # what stands ahead of all parts restricts all of them
            try:
                return [reading for part in parts for reading in self._understanding.read(part, whole)]
            except NotUnderstood:
                raise error from None

    def _defined(self, said: str, means: str, rest: str, whole: str) -> list[Reading]:
        """`the closing balance, i.e. the sum of all amounts`: the second half is what is asked."""
        refusal: NotUnderstood | None = None
        if rest:
            raise NotUnderstood(f'"{rest}" stands behind an explanation: ask it in a sentence of its own.')
        for question, bare in phrasing.explained(said, means):
            if bare and not self._understanding.no_filter(said, whole):
                refusal = refusal or NotUnderstood(f'"{said}" holds more than "{means}" explains: ask in one phrase.')
                continue
            try:
                found = self._understanding.read(question, whole)
            except NotUnderstood as error:
                refusal = error
                continue
            for one in found:
                one.notes.insert(0, f'"{said}" is taken as the question explains it: {means}.')
            return found
        raise refusal or NotUnderstood(f'I do not understand the explanation "{means}".')

    def _pointed(self, text: str, back: Pointer, whole: str, contexts: tuple[phrasing.Context, ...]) -> list[Reading]:
        """A question about rows that were selected before: over exactly those, or refused."""
        if back.lost:
            raise Ambiguous(
                f'"{back.word}" stands for something said before that I cannot tell: say it in the question.'
            )
        if not self._said and (listed := fit_result(self._understanding, self._tables, text, back, whole)) is not None:
            return listed
        known = self._said or self._before
        chosen = one_selection(known, back)
        found = self._understanding.read(back.without, whole, only=chosen.source)
        carried_over(self._tables, found, chosen, back)
        return found if self._said else self._limited(found, contexts, whole)

    def _limited(self, found: list[Reading], contexts: tuple[phrasing.Context, ...], whole: str) -> list[Reading]:
        """The readings without the rows that other sentences leave out."""
        for one in contexts:
            for reading in found:
                reading.carried.append(self._context(one, reading, whole))
        return found

    def _context(self, wish: phrasing.Context, reading: Reading, whole: str) -> Condition:
        verb = "leaves out" if wish.without else "keeps"
        try:
            read = self._understanding.read(f"how many {wish.rows}", whole, only=reading.scope.words)
        except NotUnderstood as error:
            raise Ambiguous(f'I do not know which rows "{wish.rows}" {verb}: {error}', error.unknown) from error
        one = read[0]
        if len(read) != 1 or one.kind != "table" or one.groups or one.having or not one.conditions:
            raise Ambiguous(f'"{wish.rows}" is no filter on rows: I do not know what it {verb}.')
        if wish.without and len(one.conditions) > 1 and re.search(r"\b(?:and|or)\b|,", wish.rows, re.IGNORECASE):
            raise Ambiguous(f'"{wish.rows}": where both hold, or either? Say what is left out one at a time.')
        if wish.without:
            return Condition(f"({one.where}) IS NOT TRUE", f"not ({one.where_words})")
        return Condition(one.where, one.where_words)

    def _both(self, text: str, found: list[Reading]) -> list[Reading]:
        """`those who said no` after a selection: those of the selection, and those of all rows; both are said."""
        known = [one for one in (self._said or self._before) if one.form not in {"all", "groups"}]
        if "the rows" not in text or len({(one.source, one.sql) for one in known}) != 1 or not found:
            return found
        chosen = known[0]
        if any(reading.scope.words != chosen.source or reading.earlier for reading in found):
            return found
        inner = [replace(reading, carried=[*reading.carried, chosen.condition()]) for reading in found]
        for reading in inner:
            reading.notes = [
                *reading.notes,
                f"Of the rows chosen before ({chosen.words}); over all rows: see the next.",
            ]
        return [*inner, *found]


def _parts(sentences: list[str]) -> list[_Part]:
    """Questions, each with what the sentences around it leave out: those before it, and those after the last one."""
    wishes: list[phrasing.Context] = []
    found: list[_Part] = []
    asked = False
    for sentence in sentences:
        opened = phrasing.opening(sentence)
        if opened is None and (wish := phrasing.context(sentence)) is not None and not _asks(sentence):
            wishes.append(wish)
            asked = False
            continue
        split = clauses(sentence)
        if opened is None and len(split) > 1 and (wish := phrasing.context(split[0])) is not None:
            wishes.append(wish)
            found += [_Part(one, tuple(wishes)) for one in split[1:]]
        elif opened is not None:
            found.append(_Part(opened[1], (*wishes, opened[0])))
        else:
            found.append(_Part(sentence, tuple(wishes)))
        asked = True
    if not found:
        raise NotUnderstood(
            f'"{sentences[0]}" only says which rows are meant, and nothing is asked: put it into the question itself.'
        )
    if not asked:  # `Which ward ...? Leave out the short stays.`
        for part in found:
            part.contexts = tuple(dict.fromkeys((*part.contexts, *wishes)))
    return found


def _asks(sentence: str) -> bool:
    return len(clauses(sentence)) > 1
