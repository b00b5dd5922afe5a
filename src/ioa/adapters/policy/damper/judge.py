"""Whether a turn says anything: sentence by sentence, against what was said in its group before.

A turn is held back only if every sentence of it is empty or was said already. One that is new, or might be, lets all
of it pass. Source: IoA paper, 4.2 (half of the cost of communication is repetition, and agents that fail to pause).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ioa.adapters.policy.damper.comparing import Maybe, compare
from ioa.adapters.policy.damper.courtesy import asks_for_something, is_courtesy, is_formula
from ioa.adapters.policy.damper.lexicon import ANNOUNCING
from ioa.adapters.policy.damper.meaning import Meaning
from ioa.adapters.policy.damper.said import Said, Source
from ioa.adapters.policy.damper.sentences import HEARER, MAX_SENTENCES, SPEAKER, Sentence, sentences
from ioa.conversation.group import Group
from ioa.conversation.task import Task
from ioa.ports.policy import TurnMessage
from ioa.protocol.messages import (
    AnyMessage,
    Conclusion,
    Deadline,
    Discussion,
    Interjection,
    Pause,
    TaskAssignment,
    TaskTurn,
    Turn,
)
from ioa.protocol.names import PERSON_PREFIX

MAX_MAYBES = 6
MAX_CHARS = 60_000
QUOTED_CHARS = 160
FAILURES_OF_ONE = 2
"""How often an agent may fail at a task before giving it the same one again is repetition."""

Manner: TypeAlias = Literal["repeats", "courtesy", "assigned"]
Outcome: TypeAlias = Literal["new", "empty"] | Source | list[tuple[Sentence, Maybe, Source]]

MAX_COURTESY_WORDS = 14
TYPICAL = (
    "Thank you all for the great work!",
    "Thanks, I appreciate your help.",
    "Great teamwork, everyone. Well done!",
    "I fully agree with you.",
    "That is a good point.",
    "Sounds good to me.",
    "Understood, I will wait for the results.",
    "I am looking forward to the next steps.",
    "Let's move on.",
    "I am here to help if I am needed.",
    "I have nothing to add.",
    "You're welcome, it was a pleasure.",
    "Please go ahead, it is your turn.",
)
"""Courtesies as models write them; what is near to one of them in meaning is one."""

_ADDRESSED = r"(?:hi |hey |hello |dear )?@?(?:{names})(?:(?:,| and|,? @)\s*@?(?:{names}))*\s*[,:–—]\s+"
_SAYING = "(?:said|says|noted|mentioned|pointed out|reported|stated|found|told us|wrote|explained|confirmed)"
_CREDIT = (
    r"(?:(?:great|okay|so|yes|indeed|well)[,.]?\s+)?(?:as\s+@?({names})\s+(?:has\s+|already\s+|just\s+)*"
    + _SAYING
    + r"(?:\s+(?:earlier|before|above|already))?\s*[,:]\s+"
    + r"|according\s+to\s+@?({names})\s*[,:]\s+|@?({names})\s+(?:has\s+|already\s+|just\s+)*"
    + _SAYING
    + r"(?:\s+(?:earlier|before|above|already))?\s+that\s+)"
)
_TRAILING = re.compile(
    r",?\s+(?:as (?:\w+ )?(?:mentioned|noted|agreed|discussed|planned|stated|said|reported)(?: (?:above|before|earlier|"
    r"previously|already))?)(?=[.!]*$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How near in meaning is the same: whole sentences, single words, and a courtesy to a typical one."""

    sentence: float = 0.85
    word: float = 0.8
    courtesy: float = 0.6


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a turn says nothing. `reason` completes "because": for the speaker, and for people who watch."""

    manner: Manner
    reason: str


class Judge:
    """Judges the turns of one client. `meaning` decides where words leave it open."""

    def __init__(self, meaning: Meaning, limits: Limits | None = None) -> None:
        self._meaning = meaning
        self._limits = limits if limits is not None else Limits()

    async def finding(
        self, message: TurnMessage, me: str, group: Group, log: Sequence[AnyMessage], said: Said
    ) -> Finding | None:
        """None: it says something, or does something that need not say anything. `said` is the fold of `log`."""
        match message:
            case Pause() | Conclusion():
                return None
            case Discussion():
                if not message.next_speaker or self._may_repeat(message, me, group, log, said):
                    return None
                return await self._spoken(message, me, group, said)
            case TaskTurn():
                return await self._assigned(message, me, group)

    def _may_repeat(self, message: Discussion, me: str, group: Group, log: Sequence[AnyMessage], said: Said) -> bool:
        """Somebody wants an answer, whatever it is; or a member gets the floor for the first time."""
        for place in range(len(log) - 1, -1, -1):
            entry = log[place]
            if isinstance(entry, Interjection):
                return True  # a person may want to hear anything again
            if isinstance(entry, Turn):
                if isinstance(entry, Discussion) and entry.sender != me and self._asks(entry, place, group, said):
                    return True
                break
        if me == group.initiator and not any(isinstance(entry, Turn) and entry.sender == me for entry in log):
            return True  # what has not begun is not ended
        heard = {entry.sender for entry in log if isinstance(entry, Turn)}
        heard |= {entry.member for entry in log if isinstance(entry, Deadline) and entry.member}
        to = message.next_speaker[0]
        return to != me and to in group.members and to not in heard

    def _asks(self, entry: Discussion, place: int, group: Group, said: Said) -> bool:
        """Whether this entry wants an answer, and has not been said before itself."""
        speaker, hearer = entry.sender, entry.next_speaker[0]
        texts = [one.text for one in sentences(entry.content[:MAX_CHARS], speaker=speaker, hearer=hearer)]
        for text in texts:
            if not asks_for_something([text], group.members):
                continue
            outcome = _outcome(text, speaker, hearer, group.members, said, before=place)
            if not isinstance(outcome, Source) and outcome != "empty":
                return True
        return False

    async def _spoken(self, message: Discussion, me: str, group: Group, said: Said) -> Finding | None:
        hearer = message.next_speaker[0]
        if len(message.content) > MAX_CHARS:
            return None
        texts = [one.text for one in sentences(message.content, speaker=me, hearer=hearer)]
        if len(texts) > MAX_SENTENCES:
            return None
        source: Source | None = None
        open_ones: list[tuple[str, list[tuple[Sentence, Maybe, Source]]]] = []
        for text in texts:
            outcome = _outcome(text, me, hearer, group.members, said)
            if isinstance(outcome, Source):
                source = source or outcome
            elif isinstance(outcome, list):
                open_ones.append((text, outcome))
            elif outcome == "new":
                if not _may_be_courtesy(text, group.members):
                    return None
                open_ones.append((text, []))
        for text, maybes in open_ones:
            found = await self._by_meaning(maybes)
            if found is not None:
                source = source or found
            elif not await self._like_courtesy(text, group.members):
                return None
        if source is None:
            return Finding("courtesy", "it only acknowledges, and says nothing that the others could use")
        whose = _whose(source, me)
        return Finding("repeats", f"it was said before, by {whose}: nobody learns anything from hearing it again")

    async def _by_meaning(self, maybes: Sequence[tuple[Sentence, Maybe, Source]]) -> Source | None:
        """The first of the sentences that is the same in meaning."""
        if not maybes:
            return None
        asked: list[tuple[str, str]] = []
        for sentence, maybe, _ in maybes[:MAX_MAYBES]:
            asked.append((sentence.text, maybe.earlier.text))
            asked += [(word, other) for word, others in maybe.pairs for other in others]
        near = await self._meaning.cosines(asked)
        if near is None:
            return None
        known = dict(zip(asked, near, strict=True))
        for sentence, maybe, source in maybes[:MAX_MAYBES]:
            if known[sentence.text, maybe.earlier.text] < self._limits.sentence:
                continue
            if all(max(known[word, other] for other in others) >= self._limits.word for word, others in maybe.pairs):
                return source
        return None

    async def _like_courtesy(self, text: str, members: Collection[str]) -> bool:
        """Near to a typical courtesy, without a single word that could be a fact."""
        if not _may_be_courtesy(text, members):
            return False
        near = await self._meaning.cosines([(text, typical) for typical in TYPICAL])
        return near is not None and max(near) >= self._limits.courtesy

    async def _assigned(self, message: TaskTurn, me: str, group: Group) -> Finding | None:
        """Each of its tasks was given before, to the same agents, and is done or still under way."""
        earlier: list[str] = []
        for task in message.tasks:
            before = await self._given_before(task, me, group)
            if before is None:
                return None
            earlier.append(before)
        return Finding("assigned", "; ".join(dict.fromkeys(earlier)))

    async def _given_before(self, task: TaskAssignment, me: str, group: Group) -> str | None:
        failures = 0
        for before in group.tasks.values():
            if not set(task.assignee) <= set(before.assignees) or not set(task.builds_on) <= set(before.builds_on):
                continue
            if not await self._same_text(task.task_desc, before, task.assignee[0], me):
                continue
            who = ", ".join(task.assignee)
            if before.open:
                return f"{who} is at work on the same task already: wait for it (pause)"
            if before.status == "completed":
                return f"{who} has done the same task already, and its result is in the log"
            failures += before.status == "failed"
            if failures >= FAILURES_OF_ONE:
                return f"{who} has failed at the same task {failures} times: give it to another, or give it up"
        return None

    async def _same_text(self, text: str, task: Task, assignee: str, me: str) -> bool:
        said = Said()
        said.remember(task.task_desc, task.assigner, assignee)
        parts = sentences(text, speaker=me, hearer=assignee)
        if not parts or len(parts) > MAX_SENTENCES:
            return False
        for part in parts:
            outcome = _outcome(part.text, me, assignee, (), said)
            if isinstance(outcome, list) and await self._by_meaning(outcome) is None:
                return False
            if outcome == "new":
                return False
        return True


def _outcome(
    text: str, me: str, hearer: str, members: Collection[str], said: Said, *, before: int | None = None
) -> Outcome:
    """What words alone say of a sentence: empty, new, said before (where), or perhaps one of these."""
    if is_courtesy(text, members) or _announces(text):
        return "empty"
    credited, text = _credited(text, members)
    polite = is_formula(text, members)
    rest = _bare(text, members)
    maybes: list[tuple[Sentence, Maybe, Source]] = []
    whole = next(iter(sentences(rest, speaker=me, hearer=hearer)), None)
    if whole is None or not whole.words:
        return "empty" if whole is None or not whole.asks else "new"
    for earlier, source in said.near(whole, before=before):
        if credited and source.sender.casefold() != credited:
            continue
        found = compare(whole, earlier)
        if found == "same":
            return source
        if isinstance(found, Maybe):
            maybes.append((whole, found, source))
    if polite:
        return "empty" if said.has_formula(members, before=before) else "new"
    return maybes or "new"


def _announces(text: str) -> bool:
    """A line such as "What we know so far:"."""
    return text.rstrip("*_ ").endswith(":") and ANNOUNCING.issuperset(re.findall(r"\w+", text.casefold()))


def _credited(text: str, members: Collection[str]) -> tuple[str, str]:
    """Whose words the speaker says that they are ("" if it does not), and what they are."""
    if members:
        names = "|".join(re.escape(name) for name in sorted(members, key=len, reverse=True))
        match = re.match(_CREDIT.format(names=names), text, re.IGNORECASE)
        if match:
            return next(filter(None, match.groups())).casefold(), text[match.end() :]
    return "", text


def _may_be_courtesy(text: str, members: Collection[str]) -> bool:
    """Short, no question, and without anything that could be a fact: numbers, names of others, negations."""
    sentence = next(iter(sentences(text)), None)
    if sentence is None or sentence.asks or len(sentence.raw) > MAX_COURTESY_WORDS:
        return False
    names = {part for name in members for part in re.findall(r"\w+", name.casefold())}
    return not sentence.fixed - names - {SPEAKER, HEARER, "FUTURE", "all", "every", "both"}


def _bare(text: str, members: Collection[str]) -> str:
    """Without whom it is said to, thanks at its beginning, and "as mentioned before" at its end."""
    names = "|".join(re.escape(name) for name in sorted(members, key=len, reverse=True))
    text = _TRAILING.sub("", text)
    for _ in range(3):
        before = text
        if names:
            text = re.sub("^" + _ADDRESSED.format(names=names), "", text, count=1, flags=re.IGNORECASE)
            text = re.sub(rf",\s*@?(?:{names})(?=[.!?]*$)", "", text, flags=re.IGNORECASE)
        head, comma, tail = (
            re.split(r"([,;:]|\s[–—-])\s+", text, maxsplit=1)
            if re.search(r"[,;:]\s|\s[–—-]\s", text)
            else (text, "", "")
        )
        if comma and tail and is_courtesy(head, members):
            text = tail
        if text == before:
            break
    return text


def _whose(source: Source, me: str) -> str:
    if source.sender == me:
        return "yourself"
    return "the person whose goal it is" if source.sender.startswith(PERSON_PREFIX) else source.sender
