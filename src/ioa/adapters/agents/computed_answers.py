"""Questions whose answer must be computed: the most, the average, the total. Quoting answers them only where the
document itself says so; one row of a table, or one sentence of several, would be a wrong answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HIGH = (
    "most|highest|largest|biggest|greatest|longest|oldest|heaviest|tallest|fastest|dearest|busiest|wettest|hottest|"
    "warmest|sunniest|rainiest|richest|steepest|deepest|widest|strongest|loudest"
)
_LOW = (
    "least|fewest|lowest|smallest|shortest|youngest|lightest|slowest|cheapest|driest|coldest|coolest|poorest|weakest|"
    "quietest|narrowest"
)
_OTHER_EST = rf"(?!(?:{_HIGH}|{_LOW})\b)\w{{3,}}est"
_BOUND = r"at most|at least|up to|no more than|not more than|no less than|limit\w*|best|worst"
# "At most", "most of the rooms" and "the most important" compute nothing.
_NOT_MEANT = r"(?! of (?:the|all|our|my|its|their|them|us)\b)(?! importan\w+| likely\b| recent\w*)"
_ASKS_HIGH = re.compile(rf"(?<!\bat )\b(?:{_HIGH})\b{_NOT_MEANT}", re.IGNORECASE)
_ASKS_LOW = re.compile(rf"(?<!\bat )\b(?:{_LOW})\b{_NOT_MEANT}", re.IGNORECASE)
_SAYS_HIGH = re.compile(
    rf"\b(?:{_HIGH}|{_OTHER_EST}|{_BOUND}|record|peak(?:s|ed)?|maximum|max|top|leading|led)\b", re.IGNORECASE
)
_SAYS_LOW = re.compile(rf"\b(?:{_LOW}|{_OTHER_EST}|{_BOUND}|record|minimum|min|bottom)\b", re.IGNORECASE)
_NO_SUPERLATIVE = re.compile(
    r"\b(?:for|inter|gu|requ|cont|hon|harv|inv|prot|arr|sugg|dig|conqu|breakf|bequ|midw|northw|southw)est\w*\b",
    re.IGNORECASE,
)
_ASKS_MAXIMUM = re.compile(r"\b(?:maximum|peak)\b", re.IGNORECASE)
_ASKS_MINIMUM = re.compile(r"\bminimum\b", re.IGNORECASE)
_ASKS_MEAN = re.compile(r"\b(?:averages?|mean (?=\w)|median)", re.IGNORECASE)
_SAYS_MEAN = re.compile(
    r"\b(?:averag\w*|mean|median|typical\w*|usual\w*|normal\w*|about|around|roughly|approximately)\b", re.IGNORECASE
)
_SAYS_MEAN_IN_ROW = re.compile(r"\b(?:averag\w*|mean|median|typical\w*)\b", re.IGNORECASE)
_ASKS_ALL = re.compile(r"\b(?:totals?|altogether|in all|overall|combined|all together|sum of)\b", re.IGNORECASE)
_SAYS_ALL = re.compile(
    r"\b(?:total\w*|altogether|in all|overall|combined|together|sum|whole|entire|all|comprises?|consists?|has|have|"
    r"employs?|owns?|there (?:is|are)|full|gross|spent|raised|costs?|cost)\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(r"\bhow (?:many|much)\b.*\b(?:more|less|fewer|over|under|above|below)\b", re.IGNORECASE)
_SAYS_TOTAL = re.compile(
    r"\b(?:totals?|sum|altogether|overall|all|combined|more|less|fewer|over|under)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Computed:
    """What an answer must say itself, so that nothing is left to compute: patterns, all of which must be found."""

    sentence: tuple[re.Pattern[str], ...]
    row: tuple[re.Pattern[str], ...]

    def said(self, text: str, *, row: bool) -> bool:
        """Whether a sentence, or a row of a table with its column titles, says all of it."""
        if not row:
            return all(_finds(pattern, text) for pattern in self.sentence)
        return all(_finds(pattern, text) for pattern in self.row)


def _finds(pattern: re.Pattern[str], text: str) -> bool:
    if pattern in (_SAYS_HIGH, _SAYS_LOW):
        text = _NO_SUPERLATIVE.sub(" ", text)
    return pattern.search(text) is not None


def computed(question: str) -> Computed:
    """What a question asks to be computed; nothing for one that a quotation can answer."""
    sentence: list[re.Pattern[str]] = []
    row: list[re.Pattern[str]] = []
    for asks, asks_bound, says in (
        (_ASKS_HIGH, _ASKS_MAXIMUM, _SAYS_HIGH),
        (_ASKS_LOW, _ASKS_MINIMUM, _SAYS_LOW),
    ):
        if asks.search(question):
            sentence.append(says)
            row.append(says)
        elif asks_bound.search(question):
            row.append(says)  # "up to 20 kg", in whatever words, is a maximum; a row of figures is none
    if _ASKS_MEAN.search(question):
        sentence.append(_SAYS_MEAN)
        row.append(_SAYS_MEAN_IN_ROW)
    if _ASKS_ALL.search(question):
        sentence.append(_SAYS_ALL)
        row.append(_SAYS_TOTAL)
    elif _COMPARES.search(question):
        row.append(_SAYS_TOTAL)
    return Computed(tuple(sentence), tuple(row))
