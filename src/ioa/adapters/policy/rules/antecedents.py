"""Chooses, among the earlier steps, the one or those that a reference word means."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.heard import Heard, lemma
from ioa.adapters.policy.rules.sources import source_of
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import Kind
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    CHART_WORDS,
    DETERMINERS,
    LETTER_WORDS,
    MEASURE_WORDS,
    PREPOSITIONS,
    RELATIVES,
    REPORT_WORDS,
    SOURCE_NOUNS,
    SUBJECTS,
    SUMMARY_OBJECTS,
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
_RANKED = word_set("""
    first second third last best worst most least highest lowest and or largest smallest biggest
""")
_SUMMING_UP = word_set("summarise summarize conclude recap synthesise synthesize compile report condense")
_BOXING = word_set("put gather save collect combine bring compile pack explain describe present")
_SUBJECT = word_set("about on it them that this the")
_ON_IT = (("on", "it"), ("about", "it"), ("of", "it"), ("on", "this"), ("about", "this"), ("about", "that"))


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
    direct = i <= offset + 2 + (not step.verb) + (
        offset < len(tokens) and tokens[offset].low in {"give", "tell", "show"}
    )
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


def wants_all(step: Heard) -> bool:
    """Whether the step is a report over what the group found: not a text of its own to summarise, not a part only."""
    if step.kind != "write":
        return False
    lows = [t.low for t in step.tokens]
    objects = set(lows[1:6]) & (SUMMARY_OBJECTS - {"it", "them", "that", "this", "these"})
    noun = next((low for low in lows[:12] if low in REPORT_WORDS - {"paper", "page", "abstract"}), "")
    restricted = bool({"only", "just"} & set(lows)) or (
        bool(noun) and tuple(lows[lows.index(noun) + 1 : lows.index(noun) + 3]) in _ON_IT
    )
    if restricted:
        return False
    if step.has_source:
        making = step.verb not in _SUMMING_UP and bool(noun) and lows.index(noun) < 8
        return making and lows[lows.index(noun) - 1] != "the"
    boxed = step.verb in _BOXING and any(
        low in {"in", "into"} and set(lows[n + 1 : n + 5]) & (REPORT_WORDS | {"note", "letter"})
        for n, low in enumerate(lows)
    )
    if boxed and "the" not in lows[-2:-1]:
        return "all" in lows[1:4] or not {"both", "it", "them"} & set(lows[1:3])
    if step.verb in _SUMMING_UP and lows[1:2] and lows[1] in WH:
        return True  # "Summarise where we overspent"
    if step.verb in _SUMMING_UP:
        pointed = {"it", "this", "that"} & set(lows[1:3])
        return len(lows) == 1 or bool(objects) or (bool(set(lows[1:]) & (REPORT_WORDS | {"in"})) and not pointed)
    letter = next((low for low in lows[:12] if low in LETTER_WORDS), "")
    if (
        letter
        and not noun
        and not {"about", "on", "it", "them", "that", "this", "the"} & set(lows[lows.index(letter) :])
    ):
        return True  # a letter without a subject of its own
    if step.verb in {"write", "draft", "compose"} and not noun and not letter and {"a", "an"} & set(lows[1:2]):
        return not _SUBJECT & set(lows[2:])  # "write a short travel guide"
    if noun:
        return lows[lows.index(noun) - 1] != "the" or step.verb in {"write", "compile", "draft"}
    return bool(objects) and step.verb in {"write", "put", "document", "compile"}
