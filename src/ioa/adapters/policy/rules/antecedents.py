"""Chooses, among the earlier steps, the one or those that a reference word means."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.heard import Heard, lemma
from ioa.adapters.policy.rules.phrasals import plain_verb
from ioa.adapters.policy.rules.sources import source_of
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import Kind
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    CHART_WORDS,
    DETERMINERS,
    MEASURE_WORDS,
    PREPOSITIONS,
    RELATIVES,
    SOURCE_NOUNS,
    SUBJECTS,
    WH,
)
from ioa.adapters.policy.rules.wordlists import word_set

_OPERANDS = word_set("subtract add multiply divide deduct")
LOOK_BACK = 40
"""How many steps back an antecedent is looked for."""

FIGURES: frozenset[Kind] = frozenset(["table", "math", "find", "ask", "code", "other", "make"])
_TABLES: frozenset[Kind] = frozenset(["table", "code"])
MADE: frozenset[Kind] = frozenset(["plot", "write", "send"])
JOINING = word_set("""
    compare contrast add sum subtract multiply divide combine merge average join total put correlate
    rank difference ratio
""")
"""Words that take several results at once."""
MEASURES = frozenset(lemma(word) for word in MEASURE_WORDS)
GENERIC = SOURCE_NOUNS | word_set("data row column value file information detail name id")
_WINNING = word_set("best most top won wins win highest first best-selling bestseller")
_RANKED = word_set("""
    first second third last best worst most least highest lowest and or largest smallest biggest won
    wins winning leads
""")


def nearest(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """The nearest earlier step whose result fits what the step does with it."""
    choices: list[frozenset[Kind]] = []
    if step.kind == "plot":
        choices = [_TABLES, FIGURES]
    elif step.kind in {"math", "table"}:
        choices = [FIGURES]
    recent = earlier[-LOOK_BACK:]
    for kinds in choices:
        for other in reversed(recent):
            if other.kind in kinds:
                return {other.number}
    return {earlier[-1].number} if earlier else set()


def one_number(earlier: Sequence[Heard]) -> bool:
    """Whether the last step gave one number out of a table, so that its rows say more than its result."""
    if not earlier or earlier[-1].kind != "table" or not earlier[-1].has_source:
        return False
    lows = {t.low for t in earlier[-1].tokens}
    asked = bool(MEASURES & {lemma(low) for low in lows}) or ("how" in lows and bool(lows & {"many", "much"}))
    return asked and not lows & {"per", "by", "each", "every"} and not earlier[-1].selecting


def winning(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """What "the winner" means: the last step that asked for the best of something."""
    for other in reversed(earlier):
        if any(t.low in _WINNING or t.low.endswith("est") for t in other.tokens):
            return {other.number}
    return nearest(step, earlier)


def several(earlier: Sequence[Heard], count: int) -> set[int]:
    """The nearest `count` results, those first that no other step has used yet."""
    data = [h for h in earlier if h.kind not in MADE] or list(earlier)
    fresh = [h for h in data if not h.used]
    return {h.number for h in (fresh if len(fresh) >= count else data)[-count:]}


def plural(step: Heard, earlier: Sequence[Heard], *, named: bool = False) -> set[int]:
    """What "them", or (`named`) "the results", means: one step with several values, or the results not used yet."""
    if not earlier:
        return set()
    one = nearest(step, earlier)
    joining = step.verb in JOINING or (not step.verb and any(t.low in JOINING for t in step.tokens))
    if step.kind in {"write", "send", "ask"} and not joining and step.tokens[-1].low != "them":
        return {h.number for h in earlier if not h.used and h.kind != "send"} or one
    last = next(h for h in earlier if h.number in one)
    fresh = [h for h in earlier if not h.used and h.kind not in MADE]
    same = fresh if last.label or (named and joining) else [h for h in fresh if h.sentence == last.sentence]
    if last.plural and not (joining and len(same) > 1):
        return one
    if step.kind == "plot" and last.kind == "table" and len(same) < 2:
        return one
    pool = {h.number for h in (same if len(same) > 1 else fresh)}
    return pool if len(pool) > 1 and last.number in pool else one


def called(step: Heard, earlier: Sequence[Heard], tokens: Sequence[Token], i: int, offset: int) -> set[int]:
    """Steps whose own object the noun phrase at `i` repeats ("the median salary", "the totals").

    The direct object of an act that itself produces figures is no reference: it says what to produce.
    """
    words = _phrase(tokens, i)
    if not words:
        return set()
    longer = offset < len(tokens) and (
        tokens[offset].low in {"give", "tell", "show"} or bool(plain_verb(tokens[offset:]))
    )
    direct = i <= offset + 2 + (not step.verb) + longer
    produces = step.kind in {"table", "find", "ask"} or step.verb in {"compute", "calculate", "determine", "derive"}
    if direct and (produces or step.has_source):
        return set()
    wanted = set(words)
    sourced = bool(source_of(step.tokens))
    for other in reversed(earlier[-LOOK_BACK:]):
        for place, head in enumerate(other.heads or [[]]):
            known = set(head) | (other.named if not place else frozenset[str]())
            if not wanted <= known:
                continue
            if wanted & MEASURES or wanted <= other.named:
                return {other.number}
            if sourced or wanted & GENERIC or (other.kind == "plot" and not wanted & CHART_WORDS):
                continue
            operand = step.verb in _OPERANDS
            if _same_thing(words, head) and (operand or other.kind not in {"table", "math"} or other.selecting):
                return {other.number}
    return set()


def _phrase(tokens: Sequence[Token], i: int) -> list[str]:
    """The nouns and adjectives of the noun phrase at `i`, with what follows its "of"."""
    words: list[str] = []
    for position in range(i, min(i + 8, len(tokens))):
        token = tokens[position]
        if token.low == "of" and words:
            following = tokens[position + 1].low if position + 1 < len(tokens) else ""
            if following in {"step", "it", "them", "this", "that"}:
                break
        elif token.kind != "word" or token.low in PREPOSITIONS | RELATIVES | AUXILIARIES or token.low in {"and", "or"}:
            break
        elif token.low not in DETERMINERS and token.low not in {"computed", "calculated", "found", "resulting"}:
            words.append(lemma(token.low))
    return words


def _same_thing(words: Sequence[str], head: Sequence[str]) -> bool:
    """Whether `words` are the end of the phrase `head`, as a shorter name of the same thing is."""
    if list(head[-len(words) :]) == list(words):
        return True
    return list(head[: len(words)]) == list(words) and len(words) > 1


def names_something(token: Token) -> bool:
    """Whether a word of a question names something of its own."""
    grammar = WH | AUXILIARIES | DETERMINERS | PREPOSITIONS | SUBJECTS | _RANKED
    return token.kind != "punct" and token.low not in grammar
