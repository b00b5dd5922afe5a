"""Finds which earlier steps a step builds on: "it", "the result", "both numbers", "step 2", "the median salary"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ioa.adapters.policy.rules.acts import THINGS, files_in, question_start
from ioa.adapters.policy.rules.antecedents import (
    JOINING,
    LOOK_BACK,
    called,
    nearest,
    one_number,
    plural,
    several,
    winning,
)
from ioa.adapters.policy.rules.asked_values import asks_value
from ioa.adapters.policy.rules.continuations import asks_back, implied, joins
from ioa.adapters.policy.rules.each_chart import meant_by_each
from ioa.adapters.policy.rules.heard import Heard, lemma
from ioa.adapters.policy.rules.operands import operands, remainder
from ioa.adapters.policy.rules.products import PRODUCTS, PRODUCTS_PLURAL
from ioa.adapters.policy.rules.row_references import points_to_rows
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import NOUN_TOO, VERBS, Kind, gerund_root
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    DETERMINERS,
    FINITE,
    MEASURE_WORDS,
    NOT_RESULTS,
    PLURAL_RESULTS,
    PREPOSITIONS,
    RELATIVES,
    RESULT_WORDS,
    SUBJECTS,
    WH,
)
from ioa.adapters.policy.rules.wordlists import word_set
from ioa.adapters.policy.rules.writings import on_it, tells_found, wants_all

_LONGEST = 200
"""Tokens of one step that are looked at; a reference behind that is none."""
_HANGING = word_set("if so none there is are any not yes no it does do exists were was ,")
"""A condition of these words only hangs on the answer before ("If there is, ...")."""
_COMPARED = word_set("""
    zero equal positive negative maximal minimal higher lower highest lowest most least above below
    over under first last worst best
""")
_EMPTY_IT = word_set("is was takes take rains rain would will possible snows has 's costs")
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4}
_COUNTS = {"two": 2, "three": 3, "four": 4}
_LABELS = word_set("step steps task tasks question questions exercise")
_THING_WORDS = RESULT_WORDS | word_set("""
    step task question part total totals one ones amount amounts figure means averages sums counts
""")
_MEASURED = word_set("""
    total totals sum average mean median count difference ratio growth share shares percentage
    averages sums counts
""")
_BETWEEN = word_set("difference ratio quotient")
_SHOWN = word_set("numbers results result figures values findings output outputs")
_OPERATIONS = word_set("multiply divide add subtract compare raise increase decrease reduce convert")
_QUANTITIES = word_set("""
    area volume perimeter circumference radius diameter side edge length width height depth base angle speed
    weight price rate distance time amount temperature
""")
_CONVERTING = word_set("convert change express turn")
_FINAL = word_set("final overall above combined resulting obtained same computed calculated")
_SPECIFYING = word_set("of for per by in from between that which on to")
_ONLY_LATER = RESULT_WORDS - word_set("result results outcome outcomes finding findings output outputs above")
"""Result words that in a first step are its own matter ("the numbers", "the value of x")."""
_MAKING: frozenset[Kind] = frozenset(["make", "send", "plot", "write"])
_LINKS = word_set("of from on about with for to")
_GRAMMAR = (
    PREPOSITIONS
    | DETERMINERS
    | VERBS.keys()
    | WH
    | AUXILIARIES
    | SUBJECTS
    | word_set("and then out times up me us percent half many much")
)
_VAGUE: frozenset[Kind] = frozenset(["make", "ask", "other"])


def resolve(step: Heard, earlier: Sequence[Heard], context: Sequence[Token]) -> tuple[set[int], list[str]]:
    """The numbers of the earlier steps that `step` builds on, and the reference words that point to nothing.

    `context` are words of the same sentence before the act ("Once you have the totals, ..."), which may refer too.
    """
    tokens = (*context, *step.tokens)[:_LONGEST]
    if left := remainder(step, earlier):
        step.minus = left
        return set(left), []
    looking = _Looking(step, earlier, tokens, [t.low for t in tokens], len(context))
    needs: set[int] = set()
    lost: list[str] = []
    for i, token in enumerate(tokens):
        found = looking.at(i) if token.kind == "word" else None
        if found:
            needs |= found
        elif found is not None:
            lost.append(looking.spelled(i))
    needs |= operands(step, earlier) | meant_by_each(step, earlier)
    rows = points_to_rows(step, earlier)
    if rows and (not needs or needs <= {h.number for h in earlier if h.kind == "table"}):
        step.rows = next(iter(rows))
        return rows, []
    if not earlier and files_in(context):
        lost = []  # "Take the prices in a.csv and convert them": what is meant stands in the context
    if needs and {"left", "remaining"} & {t.low for t in tokens}:
        needs |= joins(step, earlier)
    if "original" in (t.low for t in tokens) and earlier and earlier[0].kind == "math" and needs:
        needs |= {earlier[0].number}
    if not needs and not lost:
        hanging = bool(context) and all(t.low in _HANGING for t in context)
        needs = nearest(step, earlier) if hanging else implied(step, earlier) or asks_back(step, earlier)
    if wants_all(step) or (not needs and not lost and tells_found(step, earlier)):
        return {other.number for other in earlier}, []
    if needs and earlier and needs == {earlier[-1].number} and step.sentence != earlier[-1].sentence and on_it(step):
        needs |= {h.number for h in earlier if h.sentence == earlier[-1].sentence and not h.used}
    return needs, lost


@dataclass(slots=True)
class _Looking:
    """One step under examination. Every method gives the steps that a word means, an empty set where the word
    refers to something that is not there, and None where it is no reference."""

    step: Heard
    earlier: Sequence[Heard]
    tokens: Sequence[Token]
    lows: list[str]
    offset: int

    def low(self, i: int) -> str:
        return self.lows[i] if 0 <= i < len(self.lows) else ""

    def spelled(self, i: int) -> str:
        """The reference as the user wrote it."""
        if self.lows[i] in DETERMINERS and i + 1 < len(self.tokens) and self.tokens[i + 1].kind == "word":
            return f"{self.tokens[i].text} {self.tokens[i + 1].text}"
        return self.tokens[i].text

    def at(self, i: int) -> set[int] | None:
        """What the word at `i` refers to."""
        low, following, previous = self.low(i), self.low(i + 1), self.low(i - 1)
        if low in _LABELS and i + 1 < len(self.tokens) and self.tokens[i + 1].kind == "number":
            return self.numbered(i)
        if low in {"it", "them"}:
            return self.pronoun(i, many=low == "them")
        if low in {"its", "their"} and not self.noun_before(i):
            many = low == "their" and following in JOINING
            return plural(self.step, self.earlier) if many else nearest(self.step, self.earlier)
        if low == "such" and self.earlier:
            return next(({h.number} for h in reversed(self.earlier) if self.names(h, self.low(i + 1))), None)
        if low in {"this", "that"} and previous == "than" and self.earlier:
            return nearest(self.step, self.earlier)
        if low == "those" and previous in PREPOSITIONS and following in RELATIVES and self.step.kind == "table":
            return None  # "the average age of those who said no" says itself who is meant
        if low in {"this", "that", "these", "those"}:
            return self.demonstrative(i)
        if low == "both":
            return self.both(i)
        if low == "they" and self.earlier and set(self.lows[:i]) & {"which", "whose"} and self.offset <= i < 7:
            chosen = [h.number for h in self.earlier if h.selecting]
            return {chosen[-1]} if chosen else nearest(self.step, self.earlier)  # "in which streets they are"
        if self.earlier and (low in {"she", "he"} or (low == "they" and not self.noun_before(i))):
            return nearest(self.step, self.earlier)
        if low == "accordingly":
            return nearest(self.step, self.earlier)
        if low in {"former", "latter"} and previous == "the" and len(self.earlier) > 1:
            return {self.earlier[-2 if low == "former" else -1].number}
        if low in {"everything", "all"}:
            pointing = set(self.lows[i + 1 : i + 4]) & (
                PLURAL_RESULTS | {"this", "that", "these", "above", "it", "steps"}
            )
            rows = low == "all" and following in {"amounts", "values", "numbers", "figures"} and len(self.earlier) < 2
            if (low == "all" and not pointing) or not self.earlier or self.step.has_source or rows:
                return None
            return {h.number for h in self.earlier}
        if low in {"results", "findings"} and previous not in DETERMINERS:
            alone = following in {"", "in", "to", "by", "as", ",", "and", "with"}
            fits = self.step.kind in {"write", "send", "ask", "plot"}
            return plural(self.step, self.earlier) if self.earlier and alone and fits else None
        if low == "the" or (low == "previous" and previous not in DETERMINERS):
            return self.definite(i)
        return None

    def numbered(self, i: int) -> set[int] | None:
        """ "step 2", "steps 1 and 3": by the user's own numbers, where there are some."""
        numbers = {t.text for t in self.tokens[i + 1 : i + 6] if t.kind == "number"}
        labelled = any(h.label for h in self.earlier)
        found = {h.number for h in self.earlier if (h.label if labelled else str(h.number)) in numbers}
        return found or None

    def both(self, i: int) -> set[int] | None:
        following = self.low(i + 1)
        if following in PRODUCTS_PLURAL:
            kinds = PRODUCTS[lemma(following)]
            return {h.number for h in [h for h in self.earlier if h.kind in kinds][-2:]} or None
        if following == "of" and self.low(i + 2) not in {"them", "these", "those"}:
            return None
        if following in RESULT_WORDS:
            return several(self.earlier, 2)
        if self.step.kind in {"write", "send"} and len(self.earlier) > 1 and following in {"", "in", "into", "."}:
            return {h.number for h in self.earlier[-2:]}
        free = following in {"", "of", "in", "and", ",", "to", "on", "with", "by", "into", "as"}
        return several(self.earlier, 2) if free and "and" not in self.lows[i + 2 : i + 6] else None

    def pronoun(self, i: int, *, many: bool) -> set[int] | None:
        following, previous, ahead = self.low(i + 1), self.low(i - 1), self.low(i + 2)
        if many and self.step.kind == "plot" and following in {"per", "by"} and one_number(self.earlier):
            return None  # "how many bottles were sold in a.csv and plot them per month": the rows again
        if not many and asks_value(self.step, self.earlier, self.tokens, i):
            return nearest(self.step, self.earlier)
        if not many:
            if self.earlier and following in {"is", "was"} and (ahead.endswith("est") or ahead in _COMPARED):
                return nearest(self.step, self.earlier)
            if (
                (following in _EMPTY_IT and previous not in PREPOSITIONS)
                or (previous in AUXILIARIES and not (self.earlier and (i == self.offset + 1 or self.asks_on())))
                or previous in {"that", "because", "as"}
                or (previous == "whether" and not self.earlier)
                or (previous in {"if", "when"} and following != "is")
            ):
                conditional = self.earlier and previous == "if" and following == "is" and i < self.offset
                return nearest(self.step, self.earlier) if conditional else None
        if not many and self.earlier and i == self.offset + 1 and previous in AUXILIARIES:
            return nearest(self.step, self.earlier)  # "Is it positive or negative?"
        ends = following in {"", "?", "."} and bool(self.earlier) and not self.step.has_source
        if not many and self.earlier and previous in AUXILIARIES and self.asks_on():
            return nearest(self.step, self.earlier)
        asked = question_start(self.step.tokens) and ends and previous not in PREPOSITIONS
        printed = following in {"prints", "returns", "outputs", "gives", "produces", "yields"} and bool(self.earlier)
        tailing = ends and previous in {"in", "from"} and self.step.kind in {"table", "math", "find"}
        if not (asked or printed or tailing) and self.noun_before(i):
            return None
        return plural(self.step, self.earlier) if many else nearest(self.step, self.earlier)

    def noun_before(self, i: int) -> bool:
        """Whether the step itself names something, before its word at `i`, that the pronoun can mean."""
        begin = 0 if i < self.offset else self.offset
        before = list(self.tokens[begin:i])
        if before and begin == self.offset:
            first = before[0].low
            before = before[1:] if first in VERBS or gerund_root(first) or first == self.step.verb else before
        things = [t for t in before if t.kind in THINGS - {"email"}]
        nouns = [t for t in before if t.kind == "word" and t.low not in _GRAMMAR and not t.low.endswith("ly")]
        if self.earlier and self.lows[i] in {"their", "its"}:
            nouns = [t for t in nouns if t.low not in MEASURE_WORDS]
        about = self.low(i - 1) in {"about", "on", "of", "for"} and all(t.kind == "file" for t in things)
        if things and about and self.earlier and self.lows[i] in {"it", "them"}:
            return False  # "what reviews.md says about them"
        if not things and not nouns:
            return False
        previous = self.low(i - 1)
        new = bool({"a", "an"} & set(self.lows[begin:i]))
        kind = self.step.kind
        if kind in {"plot", "write", "math", "translate"} and (
            previous in PREPOSITIONS or previous in {"and", "showing", "displaying", "illustrating", "depicting"}
        ):
            return not new and kind in {"write", "translate"} and bool(things)
        if previous in _LINKS and (new or kind in _MAKING) and self.lows[i] in {"it", "them"}:
            return bool(things)  # "create calendar entries for them"
        return True

    def demonstrative(self, i: int) -> set[int] | None:
        """ "this", "that number", "these figures"."""
        low, previous = self.low(i), self.low(i - 1)
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
        many = low in {"these", "those"}
        if asks_value(self.step, self.earlier, self.tokens, i):
            return plural(self.step, self.earlier) if many else nearest(self.step, self.earlier)
        compared = following is not None and following.low in _COMPARED | {"more", "less", "too", "enough", "correct"}
        asked = previous in WH or (compared and previous in AUXILIARIES)
        if low == "that" and asked and self.earlier:
            return nearest(self.step, self.earlier)  # "what that makes in dollars", "is that more than"
        if following is not None and following.low in _COUNTS and i + 2 < len(self.tokens):
            return several(self.earlier, _COUNTS[following.low])
        free = (
            following is None
            or following.kind == "punct"
            or following.low in PREPOSITIONS | AUXILIARIES | {"and", "or", "as", "then"}
        )
        if (
            low == "that"
            and previous
            and (
                previous in {"so", "such"}
                or not (free or previous in VERBS or previous in PREPOSITIONS or previous in {"does", "did"})
            )
        ):
            return None
        given = any(t.kind in {"quote", "fence", "code"} for t in self.step.tokens)
        if free:
            verbal = following is not None and following.low in AUXILIARIES
            if (
                (low == "that" and verbal and previous)
                or (many and verbal)
                or given
                or (self.step.has_source and not self.earlier)
            ):
                return None
            return plural(self.step, self.earlier) if many else nearest(self.step, self.earlier)
        if following is None or following.kind != "word" or (given and following.low in NOT_RESULTS):
            return None
        return self.pointed_noun(i, many=many, given=given)

    def pointed_noun(self, i: int, *, many: bool, given: bool) -> set[int] | None:
        """ "that number", "these machines": the noun after a demonstrative at `i`."""
        noun = self.noun_after(i + 1)
        named = called(self.step, self.earlier, self.tokens, i + 1, self.offset)
        if noun in NOT_RESULTS or lemma(noun) in NOT_RESULTS:
            return named or self.said_before(i, noun)
        known = noun in _THING_WORDS or noun in MEASURE_WORDS or noun in PRODUCTS
        if noun in _QUANTITIES and self.earlier and not self.step.has_source:
            return named or nearest(self.step, self.earlier)  # "a circle with that radius"
        if self.low(i) == "that" and (self.low(i + 1) in SUBJECTS | DETERMINERS | FINITE or not (known or named)):
            return None
        if given or named:
            return named or None
        if known:
            return plural(self.step, self.earlier) if many else nearest(self.step, self.earlier)
        for other in reversed(self.earlier[-LOOK_BACK:]):
            if lemma(noun) in {lemma(t.low) for t in other.tokens}:
                return {other.number}
        return nearest(self.step, self.earlier) if self.earlier and not self.step.has_source else None

    def asks_on(self) -> bool:
        """Whether the step is a further question of the sentence before ("and by how much did it grow?")."""
        return question_start(self.step.tokens) and self.earlier[-1].sentence == self.step.sentence

    def names(self, other: Heard, low: str) -> bool:
        return lemma(low) in {lemma(t.low) for t in other.tokens}

    def said_before(self, i: int, noun: str) -> set[int] | None:
        """ "in that month", "does that person": the step that spoke of months, or asked who."""
        if self.low(i) == "this" or self.low(i - 1) not in PREPOSITIONS | AUXILIARIES:
            return None
        for other in reversed(self.earlier[-LOOK_BACK:]):
            lows = {lemma(t.low) for t in other.tokens}
            if lemma(noun) in lows or (noun == "person" and "who" in lows):
                return {other.number}
        return None

    def noun_after(self, i: int) -> str:
        last = ""
        for token in self.tokens[i : i + 5]:
            if token.kind != "word" or token.low in PREPOSITIONS | RELATIVES | AUXILIARIES | {"and", "or"}:
                break
            if last and token.low in VERBS and token.low not in NOUN_TOO:
                break
            last = token.low
        return last

    def definite(self, i: int) -> set[int] | None:
        """ "the result", "the first answer", "the two numbers", "the chart", "the median salary"."""
        words: list[str] = [] if self.low(i) == "the" else [self.low(i)]
        end = i + 1
        for token in self.tokens[i + 1 : i + 7]:
            stops = token.low in (PREPOSITIONS - {"above"}) | RELATIVES | AUXILIARIES | {"and", "or"}
            finite = token.low in FINITE or (token.low in DETERMINERS and words) or token.low in {"shows", "says"}
            if token.kind != "word" or stops or (words and finite):
                break
            words.append(token.low)
            end += 1
        if not words:
            return None
        noun, first = words[-1], words[0]
        counted = self.counted(words)
        if counted is not None or first in _COUNTS:
            return counted
        alone = len(words) == 1 and len(self.earlier) > 1 and not self.step.has_source
        operand = self.step.verb in _OPERATIONS and self.low(end) in {"from", "by", "to", "and", "", "?", "with"}
        if first in _ORDINALS and alone and operand:
            return {self.earlier[_ORDINALS[first]].number} if _ORDINALS[first] < len(self.earlier) else None
        if first in _ORDINALS and noun in _THING_WORDS and len(words) == 2:
            place = _ORDINALS[first]
            return {self.earlier[place].number} if place < len(self.earlier) else (None if self.earlier else set())
        if first in {"last", "previous", "preceding"} and noun in _THING_WORDS:
            return {self.earlier[-1].number} if self.earlier else set()
        if first in {"above", "foregoing"}:
            many = noun == "above" or noun in PLURAL_RESULTS
            return plural(self.step, self.earlier) if many else nearest(self.step, self.earlier)
        if self.low(i) != "the":
            return None
        return called(self.step, self.earlier, self.tokens, i + 1, self.offset) or self.product(i, end, words)

    def counted(self, words: list[str]) -> set[int] | None:
        """ "the two numbers", "the last three results"."""
        count = _COUNTS.get(words[0])
        if len(words) > 1 and words[1] in _COUNTS and words[0] in {"last", "previous", "above", "first"}:
            count = _COUNTS[words[1]]
            if words[0] == "first" and self.earlier:
                return {h.number for h in self.earlier[:count]}
        noun = words[-1]
        results = noun in _THING_WORDS or noun in MEASURE_WORDS or noun in _COUNTS or noun in {"charts", "tables"}
        return several(self.earlier, count) if count and results and not self.step.has_source else None

    def product(self, i: int, end: int, words: list[str]) -> set[int] | None:
        """A definite noun phrase that names a result by its kind ("the result", "the chart", "the difference")."""
        noun = words[-1]
        following = self.low(end)
        after = self.tokens[end] if end < len(self.tokens) else None
        bare = len(words) == 1 or words[0] in _FINAL
        specified = following in _SPECIFYING or (after is not None and after.kind in THINGS | {"number"})
        later = bool(self.earlier)
        one = next((n for n, word in enumerate(words) if n and word in {"one", "ones"}), 0)
        if later and one and self.low(0) in {"which", "who"} and one_number(self.earlier):
            return None  # "What is the average grade, which pupil has the best one": the rows again
        if later and one and self.low(i + 2 + one) not in {"of", "in", "on", "from", "for"}:
            return nearest(self.step, self.earlier)  # "what the most frequent one means"
        if noun == "winner" and len(words) == 1 and later:
            return winning(self.step, self.earlier)
        if noun in _BETWEEN and bare and later and following in {"", "?", ".", "is", "was"}:
            return several(self.earlier, 2)  # "What is the difference?"
        if noun in _MEASURED and len(words) == 1 and later:
            divided = following == "by" and self.step.kind == "math"
            if following in {"of", "between", "in", "per", "for", "from", "and", "or", ","} or (
                following == "by" and not divided
            ):
                return None
            producing = self.step.kind in {"table", "find"} and i <= self.offset + 1
            return None if producing or self.step.has_source else nearest(self.step, self.earlier)
        if i < self.offset and noun in RESULT_WORDS and later and not self.step.has_source:
            return nearest(self.step, self.earlier)  # "Based on the analysis results, ..."
        if later and self.step.kind == "find" and self.step.has_source and words[0] in _SHOWN and len(words) < 3:
            return nearest(self.step, self.earlier)  # "explain what the numbers mean according to readme.md"
        grouped = self.step.kind == "plot" and following in {"by", "per"} and later
        if grouped and not any(
            self.names(h, self.low(end + 1)) and {"per", "by", "each", "every"} & {t.low for t in h.tokens}
            for h in self.earlier
        ):
            return None  # "a pie chart of the amounts by category", where no step went by category
        if noun in RESULT_WORDS and bare:
            reckons = self.step.verb in _OPERATIONS and i <= self.offset + 2
            scaled = self.step.kind == "math" and following in {"for", "per"} and later
            if scaled and not self.step.has_source and noun in {"amount", "amounts", "value", "values"}:
                return nearest(self.step, self.earlier)  # "calculate the amounts for 12 people"
            if (self.step.has_source and not reckons) or (
                specified and following not in {"to", "in", "by", "from", "on", "of"}
            ):
                return None
            converted = following == "from" and self.step.verb in _CONVERTING
            if following in {"of", "in", "from"} and not converted and not self.points_back(end + 1):
                return None
            if noun in _ONLY_LATER and not later:
                return None
            return (
                plural(self.step, self.earlier, named=True)
                if noun in PLURAL_RESULTS
                else nearest(self.step, self.earlier)
            )
        if noun in PRODUCTS and bare and later and (not specified or following in {"to", "in", "on", "from"}):
            return self.made(noun)
        return None

    def points_back(self, i: int) -> bool:
        return self.low(i) in {
            "this",
            "that",
            "these",
            "step",
            "steps",
            "it",
            "them",
            "task",
            "question",
            "all",
            "both",
            "the",
            "a",
        }

    def made(self, noun: str) -> set[int] | None:
        """The nearest step that made such a thing."""
        for other in reversed(self.earlier):
            vague = other.kind in _VAGUE and noun not in {t.low for t in other.tokens}
            if other.kind in PRODUCTS[noun] and not vague:
                return {other.number}
        return None
