"""What was said in a group, as the damper remembers it: the sentences of the log's latest entries, found by words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ioa.adapters.policy.damper.comparing import joined
from ioa.adapters.policy.damper.courtesy import is_formula
from ioa.adapters.policy.damper.sentences import MAX_SENTENCES, Sentence, sentences
from ioa.protocol.messages import (
    AnyMessage,
    Conclusion,
    Discussion,
    Interjection,
    Launch,
    TaskProgress,
    TaskResult,
    TaskTurn,
)

MAX_REMEMBERED = 4_000
"""Sentences. What was said longer ago may be said again."""
MAX_CANDIDATES = 12
MIN_OVERLAP = 0.5
MAX_ENTRIES = 400
"""How far back a log is read by who sees it for the first time."""
COMMON = 400
"""A word in more sentences than that does not help to find any of them."""
_MAX_CHARS = 60_000


@dataclass(frozen=True, slots=True)
class Source:
    """Whose words a sentence is. `entry` is the place of the message in the log; `part` tells its texts apart."""

    entry: int
    sender: str
    part: int = 0


@dataclass(slots=True)
class Said:
    """The fold of one group's log. Not thread-safe."""

    entries: int = 0
    latest_id: str = ""
    _sentences: dict[int, tuple[Sentence, Source]] = field(default_factory=dict[int, tuple[Sentence, Source]])
    _with_word: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    _places: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])
    _first: int = 0
    _next: int = 0

    def hear(self, log: Sequence[AnyMessage]) -> bool:
        """Take in what the log has more than before. False: this is another log, which needs a fresh one."""
        if len(log) < self.entries or (self.entries and log[self.entries - 1].message_id != self.latest_id):
            return False
        for place in range(max(self.entries, len(log) - MAX_ENTRIES), len(log)):
            for part, (text, sender, hearer) in enumerate(_texts(log[place])):
                self._add(sentences(text[:_MAX_CHARS], speaker=sender, hearer=hearer), Source(place, sender, part))
        if log:
            self.entries, self.latest_id = len(log), log[-1].message_id
        return True

    def near(self, sentence: Sentence, *, before: int | None = None) -> Iterator[tuple[Sentence, Source]]:
        """Sentences that share most words with this one, the best first, alone and with the one that followed.
        `before`: only of earlier entries than that."""
        verbatim = self._places.get(sentence.words)
        if verbatim is not None:
            one, source = self._sentences[verbatim]
            if (before is None or source.entry < before) and one.asks == sentence.asks:
                yield one, source
        wanted = set(sentence.words)
        lists = [self._with_word.get(word, []) for word in wanted]
        found: Counter[int] = Counter()
        for places in [one for one in lists if len(one) <= COMMON] or lists:
            found.update(places)
        # A sentence may be spread over two that follow each other, which then have a smaller part each.
        least = MIN_OVERLAP * len(wanted) / 2
        best = [place for place, shared in found.most_common(MAX_CANDIDATES) if shared >= least]
        for place in best:
            one, source = self._sentences[place]
            if before is not None and source.entry >= before:
                continue
            if found[place] >= MIN_OVERLAP * len(wanted):
                yield one, source
            for first in (place - 1, place):
                if first < self._first or first + 1 >= self._next:
                    continue
                (a, source_a), (b, source_b) = self._sentences[first], self._sentences[first + 1]
                if source_a == source_b and found[first] and found[first + 1]:
                    yield joined(a, b), source_a

    def remember(self, text: str, speaker: str, hearer: str) -> None:
        """Take in a text that is in no log."""
        self._add(sentences(text[:_MAX_CHARS], speaker=speaker, hearer=hearer), Source(0, speaker))

    def has_formula(self, members: Collection[str], *, before: int | None = None) -> bool:
        """Whether a question was asked out of politeness already."""
        return any(
            one.asks and is_formula(one.text, members)
            for one, source in self._sentences.values()
            if before is None or source.entry < before
        )

    def _add(self, heard: Sequence[Sentence], source: Source) -> None:
        for sentence in heard[:MAX_SENTENCES]:
            self._sentences[self._next] = (sentence, source)
            self._places.setdefault(sentence.words, self._next)
            for word in set(sentence.words):
                self._with_word.setdefault(word, []).append(self._next)
            self._next += 1
        while self._next - self._first > MAX_REMEMBERED:
            sentence, _ = self._sentences.pop(self._first)
            if self._places.get(sentence.words) == self._first:
                del self._places[sentence.words]
            for word in set(sentence.words):
                self._with_word[word].remove(self._first)
                if not self._with_word[word]:
                    del self._with_word[word]
            self._first += 1


def _texts(message: AnyMessage) -> Iterator[tuple[str, str, str]]:
    """(text, speaker, hearer) of what an entry said to all members."""
    match message:
        case Launch():
            yield message.goal, message.owner, ""
            for given in message.given:
                yield given.conclusion, given.agent, ""
        case Discussion():
            yield message.content, message.sender, message.next_speaker[0]
        case TaskTurn():
            yield message.content, message.sender, message.next_speaker[0]
            for task in message.tasks:
                yield task.task_desc, message.sender, task.assignee[0]
        case TaskResult():
            yield message.task_conclusion, message.assignee or message.sender, ""
        case TaskProgress() | Interjection() | Conclusion():
            yield message.content, message.sender, ""
        case _:
            return
