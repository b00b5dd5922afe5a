"""Chooses, among the earlier steps, the one or those that a reference word means."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.acts import question_start
from ioa.adapters.policy.rules.heard import Heard, lemma
from ioa.adapters.policy.rules.sources import source_of
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import ARRANGING, Kind
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    CHART_WORDS,
    DETERMINERS,
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

LOOK_BACK = 40
"""How many steps back an antecedent is looked for."""

_FIGURES: frozenset[Kind] = frozenset(["table", "math", "find", "ask", "code", "other", "make"])
_TABLES: frozenset[Kind] = frozenset(["table", "code"])
_MADE: frozenset[Kind] = frozenset(["plot", "write", "send"])
JOINING = word_set("""
    compare contrast add sum subtract multiply divide combine merge average join total put correlate
    rank difference ratio
""")
"""Words that take several results at once."""
_MEASURES = frozenset(lemma(word) for word in MEASURE_WORDS)
_GENERIC = SOURCE_NOUNS | word_set("data row column value file information detail name id")
_ABOUT = word_set("""
    report describe point explain interpret discuss comment highlight analyse analyze assess justify
    summarise summarize conclude elaborate evaluate
""")
_DERIVED = word_set("difference ratio change growth sum quotient")
_BASED = word_set("based using with from according")
_RANKED = word_set("""
    first second third last best worst most least highest lowest and or largest smallest biggest
""")
_WORKING_OUT = word_set("work figure calculate compute determine estimate")
_SUMMING_UP = word_set("summarise summarize conclude recap synthesise synthesize compile report condense")
_EXTREME = word_set("most least best worst first last top bottom high higher low lower more less it do have has")
_OUT = frozenset(["out", "me", "us"])
_ON_IT = (("on", "it"), ("about", "it"), ("of", "it"), ("on", "this"), ("about", "this"), ("about", "that"))


def nearest(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """The nearest earlier step whose result fits what the step does with it."""
    choices: list[frozenset[Kind]] = []
    if step.kind == "plot":
        choices = [_TABLES, _FIGURES]
    elif step.kind in {"math", "table"}:
        choices = [_FIGURES]
    recent = earlier[-LOOK_BACK:]
    for kinds in choices:
        for other in reversed(recent):
            if other.kind in kinds:
                return {other.number}
    return {earlier[-1].number} if earlier else set()


def several(earlier: Sequence[Heard], count: int) -> set[int]:
    """The nearest `count` results, those first that no other step has used yet."""
    data = [h for h in earlier if h.kind not in _MADE] or list(earlier)
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
    fresh = [h for h in earlier if not h.used and h.kind not in _MADE]
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
            if wanted & _MEASURES or wanted <= other.named:
                return {other.number}
            if sourced or wanted & _GENERIC or (other.kind == "plot" and not wanted & CHART_WORDS):
                continue
            if _same_thing(words, head) and (other.kind not in {"table", "math"} or other.selecting):
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


def implied(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """Acts that say nothing without the one before: "and explain the trend", "plot the top 10", "Who is first?"."""
    tokens = step.tokens
    if earlier and question_start(tokens) and len(tokens) < 8 and not any(_names_something(t) for t in tokens):
        return nearest(step, earlier)
    after_verb = [t.low for t in tokens[1:3]]
    bare_why = after_verb == ["why"] or (after_verb[:1] == ["why"] and after_verb[1] in _BASED)
    if earlier and step.verb in _ABOUT and bare_why:
        return nearest(step, earlier)
    if not earlier or earlier[-1].sentence != step.sentence or step.has_source or len(tokens) < 2:
        return set()
    derived = tokens[-1 - (tokens[-1].text == "?")].low in _DERIVED and len(tokens) < 6
    if derived and earlier[-1].sentence == step.sentence and len(earlier) > 1:
        return several(earlier, 2)
    if earlier[-1].verb in ARRANGING and earlier[-1].kind == "table":
        return nearest(step, earlier)  # "remove the outliers, then fit a line"
    lows = [t.low for t in tokens if t.low != "out"]
    if step.verb in _ABOUT and (len(lows) < 3 or lows[1] in WH or lows[1] in {"the", "any", "on"}):
        return nearest(step, earlier)
    if earlier[-1].kind == "find" and "how" in lows[1:3] and step.verb in _WORKING_OUT:
        return {earlier[-1].number}  # a sum over what was just looked up
    compared = set(lows) & {"per", "by", "against", "versus", "vs"}
    if step.kind == "plot" and earlier[-1].kind in {"table", "find"} and not compared:
        return {earlier[-1].number} if "the" in lows[1:6] and lows[1] in {"the", "a", "an"} else set()
    return set()


def _names_something(token: Token) -> bool:
    """Whether a word of a question names something of its own."""
    grammar = WH | AUXILIARIES | DETERMINERS | PREPOSITIONS | SUBJECTS | _RANKED
    return token.kind != "punct" and token.low not in grammar


def asks_back(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """ "Which region is the best?" after totals per region: the step of whose table the question asks the extreme.

    Only where the question names nothing but what that step named: another measure would need the source again.
    """
    if not earlier or step.has_source:
        return set()
    verb = 1 if step.verb and not question_start(step.tokens) else 0
    tokens = step.tokens[verb:]
    after = 1 + (len(step.tokens) > 1 and step.tokens[1].low in _OUT)
    if not question_start(tokens) and not (verb and question_start(step.tokens, after)):
        return set()
    words = {lemma(t.low) for t in tokens if _names_something(t)} - _EXTREME
    extreme = any(lemma(t.low) in _EXTREME or (t.low.endswith("est") and len(t.low) > 4) for t in tokens)
    words = {word for word in words if not (word.endswith("est") and len(word) > 4)}
    if not extreme or not words:
        return set()
    for other in reversed(earlier[-LOOK_BACK:]):
        known = {lemma(t.low) for t in other.tokens} | {word for head in other.heads for word in head} | other.named
        if other.kind in {"table", "math"} and words <= known | _EXTREME | {"one", "by", "far", "overall", "total"}:
            return {other.number}
    return set()


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
    if step.verb in _SUMMING_UP:
        pointed = {"it", "this", "that"} & set(lows[1:3])
        return len(lows) == 1 or bool(objects) or (bool(set(lows[1:]) & (REPORT_WORDS | {"in"})) and not pointed)
    if noun:
        return lows[lows.index(noun) - 1] != "the" or step.verb in {"write", "compile", "draft"}
    return bool(objects) and step.verb in {"write", "put", "document", "compile"}
