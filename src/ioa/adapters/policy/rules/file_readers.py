"""Which agents read files of a kind, as far as their cards say: a document is not given to who only calculates.

Only the words of cards count, no names of agents. A card that speaks of no such file is believed less, not excluded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import structs

from ioa.adapters.policy.rules.choice import MIN_FIT, hits_of, log_odds, probability
from ioa.adapters.policy.rules.pictures import draws, wants_chart
from ioa.adapters.policy.rules.plan import Step
from ioa.adapters.policy.rules.tokens import DOCUMENT_EXTENSIONS, TABLE_EXTENSIONS
from ioa.adapters.policy.rules.wordlists import word_set
from ioa.protocol.cards import Card, FoundAgent

SILENT_CARD_LOG_ODDS = 1.5
"""What the score of a card that speaks of no such file loses: .80 becomes .47, .95 becomes .81."""

SHORT_CARD_WORDS = 20
_TABLES = TABLE_EXTENSIONS | word_set(
    "table tables tabular excel spreadsheet spreadsheets dataset datasets dataframe sql database"
)
_DOCUMENTS = DOCUMENT_EXTENSIONS | word_set(
    "document documents text texts word handbook manual contract report reports page pages"
)
_READER_PHRASES = (
    (_TABLES, "answer a question about the rows of a csv table"),
    (_DOCUMENTS, "answer a question from the text of a document"),
)
_ASKING = frozenset({"ask", "table", "find", "make", "other"})
_WORD = re.compile(r"[a-z]+")


def reads(card: Card, endings: Sequence[str]) -> bool:
    """Whether the card speaks of one of these file endings, or of files of their kind.

    True where there are none, and for a card too short to say what it reads.
    """
    said = set(_WORD.findall(card.text().lower()))
    kinds = [kind for kind in (_TABLES, _DOCUMENTS) if kind & set(endings)]
    return not kinds or len(said) < SHORT_CARD_WORDS or bool(said & set(endings)) or any(said & kind for kind in kinds)


def reader_phrases(step: Step) -> tuple[str, ...]:
    """Phrases by which to search who reads the files of the step, should no card cover its words."""
    endings = set(step.reads or step.may_read)
    if step.kind not in _ASKING:
        return ()
    return tuple(phrase for kind, phrase in _READER_PHRASES if kind & endings)


def _readers(step: Step, searched: Mapping[str, Sequence[FoundAgent]]) -> list[FoundAgent]:
    """For each kind of file the best agent that says it reads such files."""
    found: dict[str, FoundAgent] = {}
    endings = step.reads or step.may_read
    for phrase in reader_phrases(step):
        hits = sorted(searched.get(phrase, ()), key=lambda hit: (-hit.score, hit.card.name))
        able = (hit for hit in hits if hit.score >= MIN_FIT and hit.online and not hit.card.discussion_only)
        best = next((hit for hit in able if not _too_short(hit.card) and reads(hit.card, endings)), None)
        if best is not None:
            found.setdefault(best.card.name, best)
    return list(found.values())


def _too_short(card: Card) -> bool:
    return len(set(_WORD.findall(card.text().lower()))) < SHORT_CARD_WORDS


def suited(step: Step, searched: Mapping[str, Sequence[FoundAgent]]) -> list[FoundAgent]:
    """Hits for a step, best first, with the cards' words about files counted in.

    A chart goes only to who draws. A question that no card covers goes to who reads the files it may be about: that
    agent knows their columns and words, and says better what it does not understand.
    """
    hits = [hit for hit in hits_of(step, searched) if not wants_chart(step) or draws(hit.card) or _too_short(hit.card)]
    if not any(hit.score >= MIN_FIT and hit.online for hit in hits):
        readers = _readers(step, searched)
        hits = [*readers, *(hit for hit in hits if all(hit.card.name != one.card.name for one in readers))]
    hits = [
        hit
        if reads(hit.card, step.reads)
        else structs.replace(hit, score=probability(log_odds(hit.score) - SILENT_CARD_LOG_ODDS))
        for hit in hits
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.card.name))
