"""Cuts one sentence into clauses, each an act of its own: at "and", commas and "then", where a verb phrase follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ioa.adapters.policy.rules.acts import THINGS, head_verb, kind_of, question_start, starts_act
from ioa.adapters.policy.rules.conversions import converts
from ioa.adapters.policy.rules.groupings import regrouped
from ioa.adapters.policy.rules.merging import Clause, merge
from ioa.adapters.policy.rules.openings import Opening, strip_opening
from ioa.adapters.policy.rules.phrasals import plain_verb
from ioa.adapters.policy.rules.sources import CONDITIONS
from ioa.adapters.policy.rules.tokens import DOCUMENT_EXTENSIONS, TABLE_EXTENSIONS, Token, extension
from ioa.adapters.policy.rules.trailing import says_there, trails
from ioa.adapters.policy.rules.verbs import VERBS, gerund_root
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    CHART_WORDS,
    CODE_WORDS,
    DETERMINERS,
    LETTER_WORDS,
    MEASURE_WORDS,
    PREPOSITIONS,
    RELATIVES,
    REPORT_WORDS,
    RESULT_WORDS,
    SUBJECTS,
    WH,
)
from ioa.adapters.policy.rules.wordlists import word_set

_DERIVED = word_set("difference ratio change growth sum quotient")
_OF_MANY = word_set("are were do did can may must should have will")
_MANY = word_set("children people men women staff police guests visitors")
_LONGEST = 150
"""Tokens of one clause within which a cut is looked for; what is longer is no clause that anybody wrote."""
_CONNECTORS = frozenset([",", ";", "and", "&", "then", "but", "–", "—", "plus", "/"])
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_PURPOSE = frozenset(["because", "since"])
_ASKED_TO = word_set("ask tell remind invite teach help allow enable train instruct way ways plan how")
_LATE_KINDS = frozenset(["plot", "write", "translate", "send"])
_SPLIT_NOUNS = CHART_WORDS | REPORT_WORDS | LETTER_WORDS | frozenset(["translation", "table", "list", "script", "quiz"])
_MAKING = word_set("""
    make create draw show prepare produce give write generate build provide draft compose plot design
    send me
""")


def split_clauses(tokens: Sequence[Token], opening: Opening) -> list[Clause]:
    """The acts of one sentence, in order. `tokens` begin after the sentence's own opener."""
    cuts: list[Cut] = [Cut(0, 0, opening)]
    depth = 0
    i = 1
    while i < len(tokens):
        token = tokens[i]
        if token.text in _OPEN:
            depth += 1
        elif token.text in _CLOSE:
            depth = max(0, depth - 1)
        elif (
            depth == 0
            and token.low in _CONNECTORS
            and token.kind in {"punct", "word"}
            and i - cuts[-1].start < _LONGEST
        ):
            cut = _cut_at(tokens, i, cuts[-1].start, cuts[-1].prefix)
            if cut is not None:
                cuts.append(cut)
                i = cut.start + cut.main
        i += 1
    clauses: list[Clause] = []
    spans: list[tuple[int, int]] = []
    for number, cut in enumerate(cuts):
        end = cuts[number + 1].end if number + 1 < len(cuts) else len(tokens)
        clauses.append(Clause(tuple(tokens[cut.start : end]), cut.opening, cut.prefix, cut.main))
        spans.append((cut.start, end))
    return merge(clauses, tokens, spans)


class Cut(NamedTuple):
    """Where one act ends and the next starts; its opener, borrowed words, and how many words stand before its verb."""

    end: int
    start: int
    opening: Opening
    prefix: tuple[Token, ...] = ()
    main: int = 0


def _cut_at(tokens: Sequence[Token], i: int, start: int, borrowed: tuple[Token, ...]) -> Cut | None:
    """The cut after the connector at `i`, if an act begins there."""
    k = i
    conjunction = comma = False
    while k < len(tokens) and tokens[k].low in _CONNECTORS and tokens[k].low != "then" and k - i < 3:
        conjunction = conjunction or tokens[k].low in {"and", "&", "but", "plus"}
        comma = comma or tokens[k].text in {",", ";", "—", "–"}
        k += 1
    opening = strip_opening(tokens[k : k + 16])
    k += opening.length
    if k >= len(tokens) or k == i:
        return None
    while (
        k < len(tokens) - 1
        and tokens[k].low.endswith("ly")
        and tokens[k].low not in VERBS
        and tokens[k + 1].low in VERBS
    ):
        k += 1  # "and briefly explain"
    if k == i + 1 and tokens[i].text == "/":
        return None
    current = tokens[start:i]
    before = tokens[i - 1]
    strong = opening.strong or (comma and conjunction) or before.kind in THINGS
    if not (conjunction or comma or opening.sequence or opening.courtesy):
        return None
    if tokens[i].text == "," and "if" in [t.low for t in tokens[max(start, i - 4) : i]]:
        return None  # "and, if so, tell me ..." hangs on what stands before
    if tokens[i].low == "then" and before.low in {"if", "since", "by", "other", "until"}:
        return None
    if trails(tokens[k : k + 2]):
        return None
    if opening.wanting or opening.knowing:
        return Cut(i, k, opening)
    gerund = gerund_root(tokens[k].low) is not None and bool(current) and gerund_root(current[0].low) is not None
    if gerund and k + 1 < len(tokens) and tokens[k + 1].low not in AUXILIARIES | {"of", ","}:
        return None if _blocked(current, tokens, k, opening, strong=strong) else Cut(i, k, opening)
    if conjunction and tokens[k].low in {"do", "did"} and _asks_again(current, tokens, k):
        return Cut(i, k, opening)  # "... and do tenants pay for water"
    if starts_act(tokens, k, strong=strong, listed=conjunction or opening.sequence):
        return None if _blocked(current, tokens, k, opening, strong=comma and conjunction) else Cut(i, k, opening)
    before_verb = _referring_lead(tokens, k) if conjunction or opening.sequence else 0
    if before_verb:
        return Cut(i, k, opening, (), before_verb)
    again = (
        conjunction
        or opening.sequence
        or tokens[i].text == ";"
        or (question_start(current) and tokens[k].low in WH)
        or (comma and tokens[k].low in WH and tokens[k].low not in RELATIVES | {"when"} and _asks_indirectly(current))
        or (comma and tokens[k].low in {"which", "who"} and question_start(current))
        or (comma and tokens[k].low in {"how", "what"} and _questions_follow(tokens, i, k))
    )
    if tokens[k].low == "whether" and any(t.kind == "file" for t in current) and k + 3 < len(tokens):
        telling = current[0].low in {"tell", "say", "find", "check", "see", "show"}
        return Cut(i, k, opening, tuple(_borrowed(current)) if telling else ())
    if again and _asks_again(current, tokens, k):
        return Cut(i, k, opening)
    verb = (*borrowed, *current)[:1]
    if (conjunction or comma) and converts((*borrowed, *current)) and converts((*verb, *tokens[k : k + 9])):
        return Cut(i, k, opening, verb)
    if conjunction or comma:
        prefix = _new_product([*borrowed, *current], tokens, k, sequence=opening.sequence)
        if prefix is None and not opening.length and not _documents(tokens):
            prefix = regrouped([*borrowed, *current], tokens, k)
        if prefix is not None:
            return Cut(i, k, opening, prefix)
    return None


def _documents(tokens: Sequence[Token]) -> bool:
    """Whether the sentence reads from documents only, where one passage may hold several things."""
    endings = {extension(token) for token in tokens if token.kind == "file"}
    return bool(endings & DOCUMENT_EXTENSIONS) and not endings & TABLE_EXTENSIONS


def _referring_lead(tokens: Sequence[Token], k: int) -> int:
    """The length of a lead at `k` that points back and is followed by an act ("based on that draw ..."), or 0."""
    if tokens[k].low not in CONDITIONS | {"based", "using", "from", "with", "on", "given", "for", "once", "when"}:
        return 0
    if (
        tokens[k].low == "if"
        and tokens[k + 1 : k + 2]
        and tokens[k + 1].low in {"so", "any", "not", "yes", "possible", "there"}
        and not (
            tokens[k + 1].low == "there" and {"more", "less", "fewer", "over"} & {t.low for t in tokens[k : k + 5]}
        )
    ):
        return 0
    for n in range(k + 1, min(k + 12, len(tokens))):
        if tokens[n].text == "," or (tokens[n].low in VERBS and n > k + 1):
            at = n + (tokens[n].text == ",")
            pointing = {t.low for t in tokens[k + 1 : n]} & (
                RESULT_WORDS | {"it", "that", "this", "them", "these", "those", "both", "totals"}
            )
            if starts_act(tokens, at, strong=True) and (pointing or tokens[k].low in CONDITIONS):
                return at - k
    return 0


def _questions_follow(tokens: Sequence[Token], i: int, k: int) -> bool:
    """ "the rent in a.csv, how many have a balcony and which ...": a list of questions."""
    if tokens[i - 1].kind == "file":
        return True
    return any(t.low == "and" and question_start(tokens, n + 1) for n, t in enumerate(tokens[k : k + 40], k))


def _asks_indirectly(current: Sequence[Token]) -> bool:
    """ "find out which ...", "tell me how ...": a question after a verb."""
    lows = [t.low for t in current[:4]]
    return bool(lows) and lows[0] in VERBS and any(low in WH for low in lows[1:])


def _asks_again(current: Sequence[Token], tokens: Sequence[Token], k: int) -> bool:
    """ "... and which region is the largest": a further question in a sentence that already asks one."""
    if not question_start(tokens, k):
        return False
    low = tokens[k].low
    following = tokens[k + 1] if k + 1 < len(tokens) else None
    if following is None or following.text in {",", "?", "."} or len(tokens) - k < 3:
        return False
    said = any(t.low == low for t in current)
    who = low in {"who", "whom", "whose"} and not question_start(current)
    if following.low in {"it", "they", "he", "she", "its", "their"} or (who and (said or low != "who")):
        return False
    back = k + 2 < len(tokens) and tokens[k + 2].low in {"it", "they", "he", "she"}
    if back and question_start(current) and says_there(tokens[k:]):
        return True  # "... according to lease.pdf, and what does it say about pets?"
    if back and low in WH and not (low == "who" and question_start(current) and _says_more(tokens, k + 3)):
        return False
    if low in AUXILIARIES:
        many = following.low in _MANY or (following.low.endswith("s") and following.low not in VERBS)
        bare = (many and low in _OF_MANY) or (low in {"is", "was"} and following.low.endswith("ing"))
        return question_start(current) and (bare or following.low in DETERMINERS | SUBJECTS)
    if question_start(current):
        return True
    verb = head_verb(current)
    asked = any(
        t.low in WH
        and n
        and current[n - 1].kind == "word"
        and current[n - 1].low in VERBS | dict.fromkeys(["out", "me", "us"])
        for n, t in enumerate(current[:6])
    )
    wanted = (
        current[0].low in DETERMINERS | MEASURE_WORDS | {"whether"} and len(current) > 1
    )  # "[I need] the total in a.csv and"
    asks = low in {"what", "how", "which", "why", "who"} or (low in {"where", "when"} and wanted)
    return asked or (not said and asks and (verb in VERBS or wanted))


def _says_more(tokens: Sequence[Token], n: int) -> bool:
    """ "who booked it last", and not "who holds it"."""
    return n < len(tokens) and tokens[n].kind == "word" and tokens[n].low not in PREPOSITIONS | {"and", "or"}


def _new_product(
    current: Sequence[Token], tokens: Sequence[Token], k: int, *, sequence: bool
) -> tuple[Token, ...] | None:
    """ "draw a chart of X and a report on it": another thing of another kind to be made by the same verb.

    Returns the words to borrow (the verb, or nothing for a list of things), None where it is the same act.
    """
    if tokens[k].low not in {"a", "an", "the", "one", "another"}:
        return None
    following = tokens[k + 1].low if k + 1 < len(tokens) else ""
    one_more = tokens[k].low == "another" or (
        tokens[k].low in {"a", "one"} and following in {"second", "third", "further"}
    )
    if one_more and current and current[0].low in VERBS and any(t.low in _SPLIT_NOUNS for t in tokens[k + 1 : k + 5]):
        return tuple(_borrowed(current))
    if (
        sequence
        and current
        and current[0].low in _MAKING | {"show", "list", "tell", "compute", "calculate", "find", "plot"}
    ):
        return tuple(current[:2] if len(current) > 1 and current[1].low in {"me", "us"} else current[:1])
    if current and _derives(current, tokens, k):
        asked = [t.low for t in current[:2]] in (["what", "is"], ["what", "was"])
        return tuple(_borrowed(current)) if current[0].low in VERBS else tuple(current[: 2 * asked])
    noun = ""
    for token in tokens[k + 1 : k + 5]:
        if token.kind != "word" or token.low in PREPOSITIONS:
            break
        noun = token.low
        if noun in _SPLIT_NOUNS:
            break
    if noun not in _SPLIT_NOUNS or (tokens[k].low == "the" and noun not in {"translation"}):
        return None
    verb = bool(current) and current[0].low in VERBS
    if verb and current[0].low not in _MAKING:
        return None
    lows = [t.low for t in current]
    if any(low in {"with", "including", "containing", "between", "both", "showing"} for low in lows):
        return None
    borrowed = tuple(_borrowed(current)) if verb else ()
    if kind_of(tokens[k : k + 6]) == kind_of(current):
        two_charts = noun in CHART_WORDS and any(t.low == "of" for t in tokens[k : k + 6])
        return borrowed if two_charts and any(t.low == "of" for t in current) and borrowed else None
    return borrowed


def _borrowed(current: Sequence[Token]) -> Sequence[Token]:
    """The verb of an act, with what belongs to it: "look up", "give me"."""
    if current[0].low in MEASURE_WORDS and len(current) > 1 and current[1].low not in DETERMINERS:
        return ()  # "total revenue per month, best month"
    return current[:2] if len(current) > 1 and (current[1].low in {"me", "us"} or plain_verb(current)) else current[:1]


def _derives(current: Sequence[Token], tokens: Sequence[Token], k: int) -> bool:
    """Whether the noun phrase at `k` has another file of its own, or derives from those before ("the difference")."""
    named = {t.low for t in current if t.kind == "file"}
    if not named and (current[0].low not in DETERMINERS or kind_of(tokens[k : k + 12]) == kind_of(current)):
        return False
    for n in range(k + 1, min(k + 12, len(tokens))):
        token = tokens[n]
        if token.kind == "file":
            return token.low not in named and tokens[n - 1].low in PREPOSITIONS
        last = n + 1 == len(tokens) or tokens[n + 1].text in {",", "?", "."}
        if token.low in _DERIVED and last and n < k + 4:
            return True
        if token.text == "," or token.low == "and":
            return False
    return False


def _blocked(current: Sequence[Token], tokens: Sequence[Token], k: int, opening: Opening, *, strong: bool) -> bool:
    """Whether the verb at `k` belongs to a subordinate part of the clause ("a script to read the file and count")."""
    if opening.sequence or opening.courtesy:
        return False
    verb = tokens[k].low
    pronoun = k + 1 < len(tokens) and tokens[k + 1].low in {"it", "them"}
    late = VERBS.get(verb) in _LATE_KINDS and VERBS.get(verb) != VERBS.get(head_verb(current))
    lows = [token.low for token in current]
    for n, low in enumerate(lows):
        if (
            low in _PURPOSE
            or (low == "that" and n and lows[n - 1] == "so")
            or (low == "order" and n and lows[n - 1] == "in" and lows[n + 1 : n + 2] == ["to"])
        ):
            return True
        if low == "so" and lows[n + 1 : n + 2] in (["i"], ["we"], ["they"], ["you"]):
            return True
        if low in {"if", "whether", "when"} and not n:
            return True
        following = current[n + 1] if n + 1 < len(current) else None
        if low == "to" and n and following is not None and following.low in VERBS:
            if lows[0] in {"use", "using", "take"} or (n == 1 and lows[0] in {"try", "want", "need"}):
                continue
            if any(t.low in CODE_WORDS for t in current[:n]) or lows[n - 1] in _ASKED_TO or lows[0] in _ASKED_TO:
                if late and strong:
                    continue
                return not strong or lows[n - 1] == "how"
            if not (pronoun or late or strong):
                return True
        if (
            low in RELATIVES
            and n > 1
            and following is not None
            and lows[n - 1] not in VERBS
            and _may_go_on(following.low, [*lows[n + 1 :]])
            and not (pronoun or late or strong)
        ):
            return True
    return False


def _may_go_on(verb: str, rest: list[str]) -> bool:
    """Whether a relative clause with this verb can be continued by a plain verb ("who buy tea and review ...")."""
    if verb in {"can", "could", "will", "would", "should", "must", "may", "might", "do", "did", "does"}:
        return True
    if verb in AUXILIARIES or verb.endswith(("s", "ed")):
        return False
    if verb in SUBJECTS:
        return len(rest) > 1 and not rest[1].endswith(("s", "ed")) and rest[1] not in AUXILIARIES
    return verb in VERBS
