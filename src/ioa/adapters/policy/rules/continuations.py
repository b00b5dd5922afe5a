"""Steps that go on with an earlier result without a word for it: sums that lack their number, questions of extremes."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.acts import question_start
from ioa.adapters.policy.rules.antecedents import (
    FIGURES,
    GENERIC,
    LOOK_BACK,
    MADE,
    MEASURES,
    names_something,
    nearest,
    several,
)
from ioa.adapters.policy.rules.heard import Heard, lemma
from ioa.adapters.policy.rules.verbs import ARRANGING
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    CHART_WORDS,
    DETERMINERS,
    PREPOSITIONS,
    WH,
)
from ioa.adapters.policy.rules.wordlists import word_set

_ABOUT = word_set("""
    report describe point explain interpret discuss comment highlight analyse analyze assess justify
    summarise summarize conclude elaborate evaluate
""")
_DERIVED = word_set("difference ratio change growth sum quotient")
_BASED = word_set("based using with from according")
WORKING_OUT = word_set("work figure calculate compute determine estimate")
_JUDGING = word_set("tell say check decide determine judge state see find verify explain")
_OPERATING = word_set("multiply divide add subtract halve double triple square raise increase decrease reduce deduct")
_PUTTING_IN = word_set("substitute plug insert")
_OVER_ROWS = word_set("mean average median count correlation deviation column rows")
_NARROWING = word_set("keep filter exclude remove drop restrict limit")
_SIMPLE_CHARTS = word_set("bar line column pie simple nice chart graph plot diagram barchart piechart figure")
_BARE = word_set("total totals average mean sum median")
_SHOWING = word_set("list show plot chart draw graph visualise visualize sum total average display give add")
_COMPARED = word_set("below above over under more less than least exceeding exceed")
_NUMERALS = word_set("one two three four five six seven eight nine ten 3 5 10 2 4 20")
_EXTREME = word_set("most least best worst first last top bottom high higher low lower more less it do have has")
_OUT = frozenset(["out", "me", "us"])
_LEFT = word_set("left remain remaining remains much many money")


def implied(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """Acts that say nothing without the one before: "and explain the trend", "plot the top 10", "Who is first?"."""
    tokens = step.tokens
    if earlier and question_start(tokens) and len(tokens) < 8 and not any(names_something(t) for t in tokens):
        return nearest(step, earlier)
    judged = judges(step, earlier) or goes_on_reckoning(step, earlier)
    if earlier and not step.has_source and not judged:
        judged = joins(step, earlier) or _of_that_one(step, earlier)
    if judged:
        return judged
    after_verb = [t.low for t in tokens[1:3]]
    bare_why = after_verb == ["why"] or (after_verb[:1] == ["why"] and after_verb[1] in _BASED)
    if earlier and step.verb in _ABOUT and bare_why:
        return nearest(step, earlier)
    sorts = {t.low for t in tokens[1:] if t.low not in DETERMINERS}
    figures = bool(earlier) and earlier[-1].kind in {"table", "math", "code"}
    if step.kind == "plot" and figures and sorts <= _SIMPLE_CHARTS:
        return {earlier[-1].number}  # "compute the mean per room and draw a bar chart"
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
    if earlier[-1].kind == "find" and "how" in lows[1:3] and step.verb in WORKING_OUT:
        return {earlier[-1].number}  # a sum over what was just looked up
    compared = set(lows) & {"per", "by", "against", "versus", "vs"}
    if step.kind == "plot" and earlier[-1].kind in {"table", "find"} and not compared:
        if any(low.endswith("est") and len(low) > 5 for low in lows) or set(lows) & _EXTREME:
            return set()
        if lows[1] not in {"the", "a", "an"} or "the" not in lows[1:6]:
            return set()
        words = {lemma(low) for low in lows[2:8]} - CHART_WORDS - PREPOSITIONS - DETERMINERS
        same = [h for h in earlier if h.sentence == step.sentence and words & {lemma(t.low) for t in h.tokens}]
        return {(same or earlier)[-1].number}
    return set()


def asks_back(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """ "Which region is the best?" after totals per region: the step of whose table the question asks the extreme.

    Only where the question names nothing but what that step named: another measure would need the source again.
    """
    if not earlier:
        return set()
    if step.has_source:
        return _the_extreme(step, earlier) if step.kind == "find" else set()
    verb = 1 if step.verb and not question_start(step.tokens) else 0
    tokens = step.tokens[verb:]
    shown = bool(verb) and step.kind in {"table", "plot", "make", "math"} and step.verb in _SHOWING
    shown = shown or (step.verb in WORKING_OUT and bool({"difference", "ratio", "gap"} & {t.low for t in tokens}))
    after = 1 + (len(step.tokens) > 1 and step.tokens[1].low in _OUT)
    if not shown and not question_start(tokens) and not (verb and question_start(step.tokens, after)):
        return set()
    words = {lemma(t.low) for t in tokens if names_something(t)} - _EXTREME
    extreme = any(lemma(t.low) in _EXTREME or (t.low.endswith("est") and len(t.low) > 4) for t in tokens)
    words = {word for word in words if not (word.endswith("est") and len(word) > 4)}
    words -= {"difference", "ratio", "gap"} if shown else set[str]()
    words -= _NUMERALS | CHART_WORDS | {"up", "out", "show", "bar", "line"}
    bare = shown and not words and bool({"top", "first", "last", "best"} & {t.low for t in tokens})
    lows = {t.low for t in tokens}
    compared = shown and not extreme and bool(lows & _COMPARED) and earlier[-1].sentence == step.sentence
    if not (extreme or compared) or not (words or bare):
        return set()
    if bare and not words:
        return {earlier[-1].number} if earlier[-1].kind == "table" else set()
    for other in reversed(earlier[-LOOK_BACK:]):
        rows = {"per", "by", "each", "every"} & {t.low for t in other.tokens} or other.selecting
        if not rows and other.kind != "math":
            continue
        known = {lemma(t.low) for t in other.tokens} | {word for head in other.heads for word in head} | other.named
        grouping = _grouping(other)
        if compared:
            if words & grouping and other.kind == "table":
                return {other.number}
            continue
        who = any(t.low == "who" for t in tokens)
        if grouping and not words & grouping and not (other.selecting or who):
            continue
        if other.kind in {"table", "math"} and words <= known | _EXTREME | {"one", "by", "far", "overall", "total"}:
            return {other.number}
    return set()


def _grouping(step: Heard) -> set[str]:
    """By what the table of a step is grouped: "per station", "each volunteer"."""
    found: set[str] = set()
    lows = [t.low for t in step.tokens]
    for n, low in enumerate(lows):
        if low in {"per", "by", "each", "every"}:
            for word in lows[n + 1 : n + 4]:
                if word in PREPOSITIONS:
                    break
                found.add(lemma(word))
    return found


def _the_extreme(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """ "What does the catalogue say about the most popular exhibition?" after visitors per exhibition."""
    lows = [t.low for t in step.tokens]
    for n, low in enumerate(lows[:-2]):
        if low != "the" or not (lows[n + 1] in _EXTREME or lows[n + 1].endswith("est")):
            continue
        noun = lemma(lows[n + 3] if lows[n + 1] in {"most", "least"} and n + 3 < len(lows) else lows[n + 2])
        for other in reversed(earlier):
            rows = {"per", "by", "each"} & {t.low for t in other.tokens} or other.selecting
            if other.kind == "table" and rows and noun in {lemma(t.low) for t in other.tokens}:
                return {other.number}
    return set()


def judges(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """ "... and tell me whether North reached it", "Is the truck too heavy?": a judgement on all that was found."""
    lows = [t.low for t in step.tokens]
    if not earlier or step.has_source or len(lows) < 3:
        return set()
    fresh = {h.number for h in earlier if not h.used and h.kind not in MADE}
    whether = bool({"whether", "if"} & set(lows[1:4])) and step.verb in _JUDGING
    if whether and earlier[-1].sentence == step.sentence:
        return fresh if "any" not in lows[2:5] else set()  # "whether any weight is above 50" asks the rows
    nouns = {lemma(t.low) for t in step.tokens if names_something(t)}
    known = {lemma(t.low) for h in earlier if h.number in fresh for t in h.tokens if t.kind == "word"}
    measured = bool(nouns & MEASURES) or "any" in lows
    if lows[0] in AUXILIARIES and nouns & known and len(fresh) > 1 and not measured:
        return fresh
    return set()


def goes_on_reckoning(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """ "add 19% VAT", "divide the largest count by the smallest", "what x squared is": sums that lack their number."""
    if not earlier:
        return set()
    if step.has_source:
        end = next((n for n, t in enumerate(step.tokens) if t.text == ","), len(step.tokens))
        one = step.verb in _OPERATING and not {"from", "by", "and", "to", "with"} & {t.low for t in step.tokens[:end]}
        return nearest(step, earlier) if one else set()
    lows = {t.low for t in step.tokens}
    numbers = sum(t.kind == "number" for t in step.tokens)
    formula = any(t.text in {"=", "*", "/", "^", "+"} for t in step.tokens)
    if lows & {"left", "remaining", "remains"} and numbers == 1 and "of" in lows and question_start(step.tokens):
        return nearest(step, earlier)  # "how much is left of 5000"
    if step.verb in _PUTTING_IN:
        return nearest(step, earlier)
    computing = step.verb in WORKING_OUT and numbers and not formula and not lows & _OVER_ROWS
    if computing:
        nouns = {lemma(t.low) for t in step.tokens[1:] if names_something(t) and t.kind == "word"} - GENERIC
        for other in reversed(earlier[-LOOK_BACK:]):
            if other.kind in FIGURES and nouns & {lemma(t.low) for t in other.tokens}:
                return {other.number}
    share = numbers == 1 and any(t.text.endswith("%") for t in step.tokens) and {"of", "the"} <= lows
    if share and step.kind == "math":
        return nearest(step, earlier)
    if step.verb in _NARROWING and earlier[-1].kind == "table" and earlier[-1].sentence == step.sentence:
        return {earlier[-1].number}
    if step.verb in _OPERATING and numbers < 2 and not formula:
        return nearest(step, earlier)
    letters = {t.low for t in step.tokens if t.kind == "word" and len(t.low) == 1 and t.low not in {"a", "i"}}
    for other in reversed(earlier[-LOOK_BACK:]):
        if (
            other.kind == "math"
            and not formula
            and letters & {t.text.strip("0123456789").lower() for t in other.tokens}
        ):
            return {other.number}
    grouped = {"per", "by"} & {t.low for t in step.tokens}
    words = [t.low for t in step.tokens if t.low not in DETERMINERS | {"me", "us"}]
    bare = step.kind == "table" and len(words) > 1 and words[bool(step.verb)] in _BARE
    if bare and grouped and len(words) < 6 and words[bool(step.verb) + 1] in {"per", "by", "for"}:
        return nearest(step, earlier) if earlier[-1].kind == "table" else set()
    sorting = step.verb in {"sort", "rank", "order"} and earlier[-1].kind == "table"
    if sorting and earlier[-1].sentence == step.sentence:
        known = {lemma(t.low) for t in earlier[-1].tokens}
        if {lemma(word) for word in words[1:] if word not in PREPOSITIONS} <= known | {"descending", "ascending"}:
            return {earlier[-1].number}
    return set()


def joins(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """ "... and finally compute the people per hospital": a sum over things that different sources gave."""
    lows = {t.low for t in step.tokens}
    derived = bool(lows & _DERIVED) and bool(lows & {"of", "between"})
    left = bool(lows & {"left", "remaining", "remain"}) and question_start(step.tokens)
    if not (step.verb in WORKING_OUT or derived or left) or len(earlier) < 2:
        return set()
    nouns = {lemma(t.low) for t in step.tokens[1:] if names_something(t)} - MEASURES - GENERIC
    hits = {h.number: nouns & {lemma(t.low) for t in h.tokens} for h in earlier if h.kind in FIGURES}
    found = {number for number, words in hits.items() if words}
    own = {t.low for h in earlier if h.number in found for t in h.tokens if t.kind == "file"}
    apart = all(
        words - set().union(*(w for n, w in hits.items() if n != number)) for number, words in hits.items() if words
    )
    if left and not nouns - _LEFT and earlier[-1].sentence == step.sentence:
        return several(earlier, 2)  # "the budget in a.md, the costs in b.csv and how much is left"
    if left:
        return found if len(found) > 1 else set()
    return found if len(found) > 1 and (len(own) > 1 or derived) and apart else set()


def _of_that_one(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """ "How many copies were sold?" after "What was the best-selling book?": of that one, not of all."""
    lows = [t.low for t in step.tokens if t.kind == "word"]
    before = [t.low for t in earlier[-1].tokens]
    one = question_start(earlier[-1].tokens) and before[0] in {"which", "what", "who"}
    extreme = any(low in _EXTREME or low.startswith(("best-", "most-")) or low.endswith("est") for low in before)
    passive = len(lows) == 5 and lows[0] == "how" and lows[1] in {"many", "much"} and lows[3] in {"was", "were"}
    return {earlier[-1].number} if one and extreme and passive and lows[4] != "there" else set()
