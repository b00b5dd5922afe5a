"""What hangs on the end of a request without being one: "leaving out the failed runs", "as well", "would be nice"."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ioa.adapters.policy.rules.heard import lemma
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.wordlists import word_set

_RESTRICTING = word_set("excluding ignoring omitting disregarding skipping discarding except excepting without")
_RESTRICTING_PAIRS = frozenset(
    [
        ("leaving", "out"),
        ("leaving", "aside"),
        ("taking", "out"),
        ("filtering", "out"),
        ("not", "counting"),
        ("not", "including"),
        ("not", "considering"),
        ("only", "for"),
        ("but", "only"),
        ("but", "not"),
        ("but", "without"),
    ]
)
_FILLERS = word_set("too also please")
_WELCOME = word_set("""
    nice great good lovely helpful useful appreciated perfect welcome fine wonderful handy cool fantastic ideal
""")
_INTENSE = word_set("really very also so most")
_TO_HAVE = word_set("have see get")
_SAYING = word_set("say state mention tell require allow prescribe recommend specify write contain explain")
_NAMING = word_set("""
    the a my our all it they this you see can could will find get look at is are was be in from under of called named
    list data dataset file files table sheet spreadsheet numbers figures values entries rows document text records
    details information info everything which that here stored found kept contained given attached provided stands
    comes come and also please there use for everyone
""")


def trails(tokens: Sequence[Token]) -> bool:
    """Whether words after a comma restrict what the act before them reads, and so belong to that act."""
    lows = tuple(token.low for token in tokens[:2])
    return (bool(lows) and lows[0] in _RESTRICTING) or lows in _RESTRICTING_PAIRS


def without_fillers(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without "too", "also", "please" and "as well" at the end; a question mark stays."""
    kept = list(tokens)
    mark = [kept.pop()] if kept and kept[-1].text in {"?", "？"} else []
    while len(kept) > 2:
        if kept[-1].low in _FILLERS:
            kept.pop()
        elif len(kept) > 3 and [t.low for t in kept[-2:]] == ["as", "well"]:
            del kept[-2:]
        elif kept[-1].text == ",":
            kept.pop()
        else:
            break
    return [*kept, *mark]


def welcomed(tokens: Sequence[Token]) -> int:
    """The length of the thing asked for in "A line chart of it would be nice"; 0 where nothing is asked for so."""
    end = len(tokens)
    if end > 3 and tokens[end - 2].low == "to" and tokens[end - 1].low in _TO_HAVE:
        end -= 2  # "would be nice to have"
    if end < 4 or tokens[end - 1].low not in _WELCOME:
        return 0
    end -= 1
    while end > 3 and tokens[end - 1].low in _INTENSE:
        end -= 1
    would = end - 2 - (tokens[end - 2].low in _INTENSE)
    if tokens[end - 1].low != "be" or would < 1 or tokens[would].low != "would":
        return 0
    end = would
    while end > 1 and tokens[end - 1].low in _INTENSE:
        end -= 1
    return end


def says_there(tokens: Sequence[Token]) -> bool:
    """Whether a question asks what "it" says ("what does it say about pets"), where "it" is something written."""
    lows = [token.low for token in tokens[:4]]
    return len(tokens) > 4 and lows[1] in {"does", "did"} and lows[2] == "it" and lows[3] in _SAYING


def names_file_only(tokens: Sequence[Token], said: AbstractSet[str]) -> bool:
    """Whether a statement says nothing but which file it is ("The list of members is in members.csv").

    `said` are the lemmas of what was asked before: naming it again adds nothing.
    """
    words = [token for token in tokens if token.kind not in {"punct", "newline", "file"}]
    if not words or len(words) > 10 or any(token.kind != "word" for token in words):
        return False
    return all(token.low in _NAMING or lemma(token.low) in said for token in words) and "not" not in {
        token.low for token in words
    }
