"""What a phrase is searched by: itself, its gist, and its clauses. Pure.

"Delete the subnet with ID aZpDn7loU" asks for somebody who deletes subnets: what the phrase hands over (quoted texts,
numbers, codes, addresses) describes the task and not the agent, and only leads the search astray.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ioa.adapters.index.clauses import clauses
from ioa.adapters.index.words import terms

_QUOTED = re.compile(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|«[^»\n]{1,300}»|(?<!\w)'[^'\n]{1,200}'(?!\w)|\"[^\"\n]*$")
_VALUE = re.compile(r"https?://\S+|\S+@\S+\.\w+|\b[\w.:/$%-]*\d[\w.:/%-]*\b|\$")
_LEAST_TERMS = 2
_LONGEST_PHRASE = 4_000  # characters; what follows is not searched by
_LONGEST_PART, _MOST_PARTS = 60, 16  # words; parts of a card
_PART = re.compile(r"(?<=[.!?。！？])\s+|[\r\n]+|;\s*|(?<=[。！？])")
_LEAST_PART = 3


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a phrase: by the `words` of one text and the mean meaning of several."""

    words: tuple[str, ...]
    meaning: tuple[str, ...]


def views(phrase: str) -> list[View]:
    """The whole phrase first, then each of its clauses if there are several. Empty if the phrase says nothing."""
    return list(_views(phrase[:_LONGEST_PHRASE]))


@lru_cache(maxsize=1_024)  # everybody who works on a goal asks for the same things
def _views(phrase: str) -> tuple[View, ...]:
    phrase = " ".join(phrase.split()) if "\n" not in phrase else phrase.strip()
    if not phrase:
        return ()
    core = gist(phrase)
    found = [View(tuple(terms(core)), tuple(dict.fromkeys((phrase, core))))]
    parts = clauses(phrase)
    if len(parts) > 1:
        for part in map(gist, parts):
            words = tuple(terms(part))
            if words:
                found.append(View(words, (part,)))
    return tuple(found)


def gist(text: str) -> str:
    """`text` without the values in it, if at least two terms remain; else `text` itself."""
    bare = " ".join(_VALUE.sub(" ", _QUOTED.sub(" ", text)).split())
    return bare if len(set(terms(bare))) >= _LEAST_TERMS else text


def parts_of_card(text: str) -> list[str]:
    """The sentences, lines and listed skills of a card, at most 16, shared out evenly if it has more.

    An agent that does one of several things well is found by that one thing, not by the mean of all.
    """
    found = [part.strip() for part in _PART.split(text)]
    found = [part for part in found if len(part.split()) >= _LEAST_PART or (part and not part.isascii())]
    if len(found) > _MOST_PARTS:
        size = -(-len(found) // _MOST_PARTS)
        found = ["; ".join(found[i : i + size]) for i in range(0, len(found), size)]
    return [" ".join(part.split()[:_LONGEST_PART]) for part in found]
