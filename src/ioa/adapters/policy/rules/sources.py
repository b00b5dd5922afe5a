"""Finds what an act reads from ("in sales.csv", "from the handbook"), and the context that opens a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.acts import question_start, starts_act
from ioa.adapters.policy.rules.openings import strip_opening
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import NOUN_TOO, VERBS, gerund_root
from ioa.adapters.policy.rules.vocabulary import DETERMINERS, SOURCE_NOUNS, WH
from ioa.adapters.policy.rules.wordlists import word_set

_READS = word_set("in from of using with on for over within inside across through about against")
_STARTERS = word_set("""
    using from in for with based given on according of within out by at under considering taking as
    over across during looking starting inside per between among out regarding concerning about
    throughout until since without through to
""")
_ONCE = word_set("""
    after once having before because since assuming suppose while when to as instead rather where so
    although
""")
CONDITIONS = word_set("if unless whenever should")


def source_of(tokens: Sequence[Token], *, whole: bool = False) -> tuple[Token, ...]:
    """The words that name what the act reads from, with their preposition; () where there are none.

    `whole`: also a source without a preposition ("load sales.csv", "read the handbook").
    """
    named_here = any(token.kind in {"file", "url"} for token in tokens)
    for i, token in enumerate(tokens):
        named = token.kind in {"file", "url"}
        noun = token.low in SOURCE_NOUNS and token.kind == "word"
        if not named and (not noun or named_here):
            continue
        start = i
        while (
            start > 0
            and i - start < 5
            and (tokens[start - 1].kind in {"word", "quote"})
            and tokens[start - 1].low not in _READS | VERBS.keys() - NOUN_TOO
        ):
            start -= 1
        preposition = start > 0 and tokens[start - 1].low in _READS
        if not preposition:
            if whole and (named or tokens[start].low in {"the", "my", "our", "this", "these", "your"}):
                return tuple(tokens[i if named else start : _end_of_list(tokens, i)])
            continue
        if noun and (tokens[start].low not in DETERMINERS - {"a", "an"} or i - start > 3):
            continue
        if noun and tokens[start - 1].low in {"of", "for", "with", "about", "against"}:
            continue
        if named and i - start > 3:
            start = i
            if whole and [t.low for t in tokens[i - 2 : i]] == ["according", "to"]:
                return tuple(tokens[i : _end_of_list(tokens, i)])
            if tokens[i - 1].low not in _READS:
                continue
        begin = start - 1
        if (
            tokens[begin].low == "of"
            and begin
            and tokens[begin - 1].low in {"sheet", "page", "column", "rows", "table"}
        ):
            begin = max(0, begin - 1)
        return tuple(tokens[begin : _end_of_list(tokens, i)])
    return ()


def _end_of_list(tokens: Sequence[Token], i: int) -> int:
    """The index after a list of files that begins at `i` ("sales.csv, rent.csv and costs.csv")."""
    end = i + 1
    while end + 1 < len(tokens):
        step = 1
        if tokens[end].text in {",", "&"} or tokens[end].low in {"and", "or"}:
            step += tokens[end].text == "," and tokens[end + 1].low in {"and", "or"}
        else:
            break
        if end + step < len(tokens) and tokens[end + step].kind in {"file", "url"}:
            end += step + 1
        else:
            break
    return end


def lead_length(tokens: Sequence[Token]) -> int:
    """How many tokens of a sentence are context that stands before its act ("In sales.csv, ..."); 0 if none."""
    if not tokens or tokens[0].low not in _STARTERS | _ONCE | CONDITIONS:
        return 0
    if tokens[0].low in {"where", "when"} and question_start(tokens) and tokens[-1].text == "?":
        return 0
    comma = _lead_to_mark(tokens)
    if comma and tokens[1].low in WH and question_start(tokens):
        behind = comma + strip_opening(tokens[comma : comma + 16]).length
        if behind < len(tokens) and tokens[behind].low in WH:
            return 0  # "On which field was it picked, and who picked it?" are two questions
    if tokens[0].low in _ONCE | CONDITIONS:
        return comma
    for i in range(2, min(len(tokens), 12, comma or 12)):
        low = tokens[i].low
        if low not in VERBS or tokens[i - 1].low in {"to", "and", "or"} | DETERMINERS:
            continue
        previous = tokens[i - 1]
        settled = previous.kind in {"file", "url", "quote"} or previous.low in SOURCE_NOUNS or tokens[0].low == "for"
        if settled and (low not in NOUN_TOO or (i + 1 < len(tokens) and tokens[i + 1].low in DETERMINERS)):
            return i
    return comma


def _lead_to_mark(tokens: Sequence[Token]) -> int:
    """The length of a lead that ends with a comma or a colon before a request; 0 if there is none."""
    depth = 0
    for i, token in enumerate(tokens[:80]):
        if token.text in {"(", "["}:
            depth += 1
        elif token.text in {")", "]"}:
            depth -= 1
        elif depth <= 0 and token.text in {",", ":"} and i and _request_follows(tokens, i + 1):
            return i + 1
    return 0


def _request_follows(tokens: Sequence[Token], at: int) -> bool:
    if at >= len(tokens):
        return False
    opening = strip_opening(tokens[at : at + 16])
    if opening.courtesy or opening.knowing or opening.wanting:
        return True
    at += opening.length
    if tokens[at - 1].text == "," and at + 1 < len(tokens) and gerund_root(tokens[at].low):
        return False
    return starts_act(tokens, at, strong=True) or question_start(tokens, at)
