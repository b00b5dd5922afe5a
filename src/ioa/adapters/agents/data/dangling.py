"""Words that point to something said before the task: "the average fine there", "their median", "among them".

What they stand for is a selection of rows made in another task. Without it the whole file would be answered, which is
a wrong number; so a question with such a word is refused.
"""

from __future__ import annotations

import re

_EXPLETIVE = re.compile(
    r"\b(?:is|are|was|were|be|been)\s+there\b|\bthere\s+(?:is|are|was|were|has|have|exists?)\b", re.IGNORECASE
)
_BACK = re.compile(r"\b(?:there|their|theirs|them|they|here)\b", re.IGNORECASE)
_SAID = re.compile(r"[,;]|\b(?:and|per|each|every|by|who|which|that|whose)\b", re.IGNORECASE)
"""Before the word, one of these shows that it may point to something in the question itself."""


def dangling_word(question: str) -> str | None:
    """The first word of a question that points outside it; None if there is none."""
    plain = _EXPLETIVE.sub(" ", question)
    for found in _BACK.finditer(plain):
        before = plain[: found.start()]
        if len(before.split()) < 3 or not _SAID.search(before):
            return found[0]
        if found[0].lower() in ("there", "here"):
            return found[0]
        if re.search(r"\b(?:among|amongst|for|of|from)\s+$", before, re.IGNORECASE):
            return found[0]
    return None
