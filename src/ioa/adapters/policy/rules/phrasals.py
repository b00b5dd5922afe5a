"""Verbs of two words ("look up", "work out", "draw up"): which plain verb each of them stands for, by its object."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import gerund_root
from ioa.adapters.policy.rules.vocabulary import (
    DETERMINERS,
    LETTER_WORDS,
    PREPOSITIONS,
    REPORT_WORDS,
    RESULT_WORDS,
    SUMMARY_OBJECTS,
)
from ioa.adapters.policy.rules.wordlists import word_set

_PLAIN: dict[str, str] = {
    pair: plain
    for plain, pairs in {
        "lookup": "look up/look for/search for/hunt for/dig up/dig out/look out/check for/check in",
        "find": "find out/track down/turn up",
        "read": "read through/read over/read up/go through/go over/look through/look over/run through/skim through",
        "inspect": "look at/look into/look in/go into/drill into/dig into",
        "determine": "work out/figure out/make out/puzzle out/come up/calculate out",
        "write": "write down/write up/note down/jot down/type up/set down/put down/write out/write about",
        "draft": "draw up",
        "summarise": "boil down/wrap up/round up",
        "compile": "put together",
        "sum": "add up/total up/tally up/sum up/count up/add together",
        "select": "pick out/single out/filter out/sort out/narrow down/choose out",
        "highlight": "point out/call out/bring out",
        "list": "list out/list down/list up/write list",
        "perform": "carry out",
        "create": "set up/make up/lay out/draw together/build up",
        "group": "break down/split up/divide up/break up/group up/break out",
        "convert": "turn into/change into/put into",
        "explain": "spell out/set out/break apart",
        "plot": "plot out/map out/graph out/chart out/sketch out",
        "print": "print out/read out/give out/output out",
        "check": "check whether/check if/check that/check up/see whether/see if/double-check whether",
        "complete": "fill in/fill out",
        "send": "send out/hand over/pass on/send off/hand out",
        "report": "report on/report back",
        "save": "back up",
        "round": "round to/round off/round up/round down",
        "remove": "take out/throw out/leave out/cut out/strip out/weed out",
    }.items()
    for pair in pairs.split("/")
}
_ONLY_APART = frozenset(["turn into", "put into", "change into"])
"""Whose object stands between the two words ("turn it into a chart")."""
PARTICLES = word_set("up out down through over into at for off together in on about back whether if that to")
_TEXTS = REPORT_WORDS | LETTER_WORDS | (RESULT_WORDS - {"value", "values", "number", "numbers", "amounts"})


def plain_verb(tokens: Sequence[Token]) -> str:
    """The verb that a verb of two words at the start of `tokens` stands for; "" where there is none."""
    if len(tokens) < 2 or tokens[0].kind != "word":
        return ""
    first = gerund_root(tokens[0].low) or tokens[0].low
    plain = _PLAIN.get(f"{first} {tokens[1].low}", "")
    if not plain or f"{first} {tokens[1].low}" in _ONLY_APART:
        return ""
    objects = {token.low for token in tokens[2:8]}
    if not _all_of_it(tokens):
        objects.discard("all")
    if plain == "determine" and first == "come" and "with" not in objects:
        return ""
    if first in {"sum", "round"} and tokens[1].low == "up" and objects & (_TEXTS | SUMMARY_OBJECTS - {"that"}):
        return "summarise" if not any(token.kind == "number" for token in tokens[2:8]) else plain
    if plain == "draft" and not objects & _TEXTS:
        return "create"
    return plain


def _all_of_it(tokens: Sequence[Token]) -> bool:
    """Whether "all" stands for everything ("sum up all"), not for all of a kind ("the fees of all members")."""
    at = next((n for n, token in enumerate(tokens[2:8], 2) if token.low == "all"), None)
    following = tokens[at + 1] if at is not None and at + 1 < len(tokens) else None
    return following is None or following.kind != "word" or following.low in _TEXTS | DETERMINERS | PREPOSITIONS


def particle_follows(tokens: Sequence[Token], k: int) -> bool:
    """Whether a verb of two words begins at `k`, so that it is no noun there ("look up", "work out")."""
    return bool(plain_verb(tokens[k : k + 10]))
