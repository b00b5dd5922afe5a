"""Reads one sentence: is it a request, a condition on an earlier one, background, a heading, or not understood?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ioa.adapters.policy.rules.acts import (
    THINGS,
    files_in,
    has_formula,
    head_verb,
    is_declarative,
    kind_of,
    question_start,
    starts_act,
)
from ioa.adapters.policy.rules.carrying import full_source, inside
from ioa.adapters.policy.rules.clauses import split_clauses
from ioa.adapters.policy.rules.constraints import is_closing, is_constraint
from ioa.adapters.policy.rules.ellipses import is_elliptic
from ioa.adapters.policy.rules.merging import Clause, delivers
from ioa.adapters.policy.rules.openings import NO_OPENING, Opening, strip_opening
from ioa.adapters.policy.rules.restrictions import restricts
from ioa.adapters.policy.rules.sentences import Sentence
from ioa.adapters.policy.rules.sources import CONDITIONS, lead_length, source_of
from ioa.adapters.policy.rules.taken_apart import taken_apart
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.trailing import welcomed, without_fillers
from ioa.adapters.policy.rules.verbs import NOUN_TOO, VERBS, gerund_root
from ioa.adapters.policy.rules.vocabulary import (
    AUXILIARIES,
    CHART_WORDS,
    CODE_WORDS,
    EMPTY_SENTENCES,
    ENGLISH,
    FOREIGN,
    HEADING,
    LETTER_WORDS,
    MEASURE_WORDS,
    NOT_VERBS,
    OBJECT_PRONOUNS,
    REPORT_WORDS,
    WH,
)
from ioa.adapters.policy.rules.wordlists import word_set

Role = Literal["empty", "intro", "background", "detail", "elliptic", "same", "restriction", "request", "unknown"]

_HELP_NOUNS = word_set("""
    tasks task things thing something project research work stuff matters questions issues topics
    homework assignment help advice assistance support errands requests activities
""")
_STUDYING = word_set(
    "analyse analyze examine look study investigate explore take use consider answer inspect check compare"
)
_TITLES = word_set("goal task question request aim objective todo")
_AGAIN = (("repeat", "this"), ("repeat", "that"), ("repeat", "it"), ("ditto", "for"), ("likewise", "for"))
_END_MARKS = frozenset([".", ",", ";", ":", "!", "…", "。", "！", "-", "–", "—"])
_ACT_NOUNS = (
    MEASURE_WORDS
    | CHART_WORDS
    | REPORT_WORDS
    | LETTER_WORDS
    | CODE_WORDS
    | word_set("""
    translation list table comparison overview forecast estimate analysis schedule plan quote
    summary ranking calculation statistics explanation definition price prices weather recipe
    directions timeline review
""")
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sentence is. `lead` is the context before its act; `conditional` forbids carrying parts elsewhere."""

    role: Role
    sentence: Sentence
    opening: Opening = NO_OPENING
    lead: tuple[Token, ...] = ()
    clauses: tuple[Clause, ...] = ()
    question: bool = False
    conditional: bool = False


def read_sentence(sentence: Sentence, *, first: bool, alone: bool) -> Reading:
    """The reading of one sentence. `first`: no step came before; `alone`: the goal is this sentence only."""
    tokens = _trim(without_fillers(_trim(sentence.tokens)))
    question = bool(tokens) and tokens[-1].text in {"?", "？"}
    words = [t for t in tokens if t.kind not in {"punct", "newline"}]
    if not words:
        return Reading("empty", sentence)
    lows = [t.low for t in words]
    joined = " ".join(lows)
    if joined in EMPTY_SENTENCES or (lows[0] in {"thanks", "thank", "cheers", "regards"} and len(lows) < 10):
        return Reading("empty", sentence)
    if sentence.heading:
        return Reading("intro" if files_in(tokens) else "empty", sentence)
    if sentence.tokens and sentence.tokens[-1].text == ":" and _is_intro(words):
        return Reading("intro", sentence, lead=tuple(tokens))
    if not first and is_elliptic(words):
        return Reading("elliptic", sentence, strip_opening(tokens))
    if not _english(words, alone=alone):
        return Reading("unknown", sentence)
    if ("same" in lows[:6] or tuple(lows[:2]) in _AGAIN) and _same_again(words):
        return Reading("same", sentence, strip_opening(tokens))
    label = next((n + 1 for n, t in enumerate(tokens[:4]) if t.text == ":"), 0)
    if (
        label
        and len(tokens) > label
        and all((t.low in HEADING and t.low not in VERBS) or t.low in _TITLES for t in tokens[: label - 1])
    ):
        tokens = tokens[label:]  # "My goal: ..."
    tokens = tokens[_wish_before_colon(tokens) :]
    nice = welcomed(tokens)
    if nice == 1 and tokens[0].low in {"that", "this", "it", "which"}:
        return Reading("empty", sentence)  # "That would be great."
    nice = nice if {t.low for t in tokens[:nice]} & _ACT_NOUNS else 0
    opening = strip_opening(tokens)
    if nice > opening.length:
        tokens = tokens[:nice]  # "A line chart of it would be nice"
        opening = replace(opening, wanting=True)
    core = tokens[opening.length :]
    if not core or (len(core) == 1 and core[0].kind == "punct"):
        return Reading("empty", sentence)
    if opening.courtesy and question and not question_start(core):
        core = core[:-1]  # "Could you compute the mean?" is no question
        question = False
    if not first and question and opening.addition and _elliptic(core):
        return Reading("elliptic", sentence, opening)
    if not first and lows[:2] in (["what", "about"], ["how", "about"]):
        return Reading("same", sentence, opening)
    at = _announced(core)
    if at:
        source = inside(full_source(core[: at - 1]))
        inner = strip_opening(core[at:])
        parts = _read_request(
            sentence,
            _both(opening, inner),
            tuple(source),
            core[at + inner.length :],
            question=question,
            first=first,
            alone=alone,
        )
        if parts.role == "request" and kind_of(core[: at - 1]) == "write":  # the report itself comes last
            whole = Clause(tuple(_trim(core[: at - 1])), Opening(sequence=True))
            return replace(parts, clauses=(*parts.clauses, whole))
        return parts
    length = lead_length(core)
    lead, rest = core[:length], core[length:]
    if not alone and not question and restricts(rest) and not (lead and lead[0].low in CONDITIONS):
        return Reading("restriction", sentence, opening, tuple(lead), (Clause(tuple(rest)),))
    if length and not first and delivers(rest) and lead[0].low in CONDITIONS:
        return Reading("detail", sentence, opening)
    if length:
        inner = strip_opening(rest)
        rest = rest[inner.length :]
        opening = _both(opening, inner)
    return _read_request(sentence, opening, tuple(lead), rest, question=question, first=first, alone=alone)


def _read_request(
    sentence: Sentence,
    opening: Opening,
    lead: tuple[Token, ...],
    core: Sequence[Token],
    *,
    question: bool,
    first: bool,
    alone: bool,
) -> Reading:
    if not lead and not question and not alone and is_constraint(core, first=first, sequence=opening.sequence):
        return Reading("background" if first else "detail", sentence, opening)
    if not core:
        return Reading("unknown", sentence)
    strong = opening.strong or not opening.length or bool(lead) or sentence.item
    gerund = gerund_root(core[0].low) is not None and len(core) > 1
    asks = question_start(core) and (question or opening.knowing or core[0].low in WH or not is_declarative(core))
    wanted = opening.wanting or opening.knowing
    if (wanted or opening.helping) and sum(t.low in _HELP_NOUNS for t in core[:6]) and _vague(core):
        return Reading("background" if first else "empty", sentence, opening)
    if wanted and core[0].low in OBJECT_PRONOUNS | {"your", "you"} and len(core) < 8 and not asks:
        return Reading("background" if first else "detail", sentence, opening)
    acts = starts_act(core, 0, strong=strong) or core[0].kind in {"sql", "fence"} or (core[0].kind == "code" and alone)
    acts = acts or (
        opening.infinitive
        and core[0].kind == "word"
        and core[0].low not in NOT_VERBS
        and not core[0].low.endswith("ing")
    )
    if acts and core[0].low in NOUN_TOO and not opening.infinitive and not question:
        # "List prices are in euro" states something; "Plot open and closed tickets" does not
        states = is_declarative(core, finite=AUXILIARIES)
        acts = acts if not states else starts_act(core, 0, strong=False)
    if acts and strong and not opening.infinitive and core[0].low not in VERBS and is_declarative(core):
        acts = False
    if (
        acts
        and _vague(core)
        and head_verb(core) in {"help", "assist", "do", "perform", "complete", "handle", "answer", "follow", "carry"}
    ):
        return Reading("intro", sentence, opening)
    if not first and acts and is_closing(core):
        return Reading("empty", sentence, opening)
    requested = acts or asks or wanted or question or (gerund and not is_declarative(core))
    if not requested:
        if is_declarative(core):
            return Reading("detail" if not first and _continues(core) else "background", sentence, opening)
        if (
            sentence.end in {".", "!"}
            and not sentence.item
            and core[0].low in {"the", "my", "our", "this", "these"}
            and not alone
            and not {t.low for t in core[:7]} & _ACT_NOUNS
        ):
            return Reading("background" if first else "detail", sentence, opening)
        if core[0].low in CONDITIONS or not _noun_request(core, sentence, alone=alone, lead=bool(lead)):
            return Reading("unknown", sentence, opening)
    conditional = bool(lead) and lead[0].low in CONDITIONS
    split = [Clause(tuple(core), opening)] if conditional else taken_apart(split_clauses(core, opening))
    lead, split = _gerund_lead(lead, split)
    clauses = [_trimmed(clause) for clause in split]
    return Reading("request", sentence, opening, lead, tuple(clauses), question, conditional)


def _wish_before_colon(tokens: Sequence[Token]) -> int:
    """The length of "For the board meeting I need:", so that what is needed is read alone; 0 if there is none."""
    at = next((n for n, t in enumerate(tokens[:14]) if t.text == ":"), 0)
    before = tokens[:at]
    if not at or at + 2 >= len(tokens) or any(t.kind != "word" and t.text != "," for t in before):
        return 0
    lows = [t.low for t in before]
    wishes = lows[-1] in {"need", "want", "like", "have", "following", "require", "questions", "things"}
    return at + 1 if wishes and any(low in {"i", "we", "i'd", "we'd"} for low in lows) else 0


def _announced(core: Sequence[Token]) -> int:
    """Where the requests begin that the words before a colon announce ("Plan a party: find a venue ..."), or 0."""
    at = next(
        (n + 1 for n, t in enumerate(core[:60]) if t.text == ":" and n + 1 < len(core) and core[n + 1].start > t.end), 0
    )
    if at < 3 or not starts_act(core, 0, strong=True) or lead_length(core) or core[0].low in {"answer", "note"}:
        return 0
    rest = core[at:]
    opening = strip_opening(rest)
    if question_start(rest, opening.length) and core[0].low in _STUDYING:
        return at  # "analyse staff.csv: how many people ..."
    deliverable = any(t.low in REPORT_WORDS for t in core[:at])
    return at if rest[opening.length :] and starts_act(rest, opening.length, strong=deliverable) else 0


def _gerund_lead(lead: tuple[Token, ...], split: list[Clause]) -> tuple[tuple[Token, ...], list[Clause]]:
    """ "After computing X, plot it": the computing is an act of its own, and the plotting follows it."""
    if len(lead) > 3 and lead[0].low in {"after", "having", "once"}:
        body = tuple(_trim(lead[1:]))
        if len(body) > 1 and gerund_root(body[0].low):
            following = _both(split[0].opening, Opening(sequence=True))
            rest = [replace(split[0], opening=following), *split[1:]]
            return (), [*split_clauses(body, NO_OPENING), *rest]
    return lead, split


def _trim(tokens: Sequence[Token]) -> list[Token]:
    """Without line ends, and without marks at either end; a question mark stays."""
    kept = [t for t in tokens if t.kind != "newline"]
    while kept and kept[-1].text in _END_MARKS:
        kept.pop()
    while kept and kept[0].text in _END_MARKS:
        kept.pop(0)
    return kept


def _trimmed(clause: Clause) -> Clause:
    tokens = without_fillers(_trim(clause.tokens))
    while len(tokens) > 1 and tokens[-1].low in {"and", "then", "but", "also", "&", "/", "please"}:
        tokens.pop()
    return replace(clause, tokens=tuple(tokens))


def _both(one: Opening, two: Opening) -> Opening:
    return Opening(
        one.length + two.length,
        one.sequence or two.sequence,
        one.addition or two.addition,
        one.courtesy or two.courtesy,
        one.knowing or two.knowing,
        one.wanting or two.wanting,
        one.enumeration or two.enumeration,
        one.helping or two.helping,
        one.infinitive or two.infinitive,
    )


def _english(words: Sequence[Token], *, alone: bool) -> bool:
    """Whether the words look like English at all: known verbs, English function words, or a formula."""
    plain = [t.low for t in words if t.kind in {"word", "abbr"}]
    if not plain:
        return any(t.kind in THINGS for t in words) or has_formula(words)
    ascii_share = sum(low.isascii() for low in plain) / len(plain)
    if ascii_share < 0.5:
        return False
    english = sum(low in ENGLISH for low in plain)
    known = english + sum(low in VERBS or gerund_root(low) is not None for low in plain)
    foreign = sum(low in FOREIGN for low in plain)
    if foreign >= 2 and foreign > english:
        return False
    if foreign and not known:
        return False
    return (
        bool(known)
        or any(low in _ACT_NOUNS or low in HEADING for low in plain)
        or any(t.kind == "file" for t in words)
        or has_formula(words)
    )


def _is_intro(words: Sequence[Token]) -> bool:
    """Whether a line that ends with a colon only announces what follows."""
    lows = [t.low for t in words if t.kind in {"word", "number"}]
    strange = [low for low in lows if low not in HEADING and low not in VERBS]
    if not strange and not files_in(words):
        return True
    generic = any(low in {"following", "these", "below", "questions", "tasks", "steps", "things"} for low in lows)
    if source_of(words) and (generic or len(words) < 6):
        return True
    return generic or len(lows) < 4


def _vague(core: Sequence[Token]) -> bool:
    """Whether the words announce work without naming it ("with several tasks related to publishing")."""
    lows = [t.low for t in core]
    if len(lows) > 25 or files_in(core):
        return False
    if any(low in _HELP_NOUNS | {"following"} for low in lows[:7]):
        return not any(
            low in VERBS and low not in NOUN_TOO and n > 1 for n, low in enumerate(lows) if low not in {"help", "do"}
        )
    return all(low in HEADING for low in lows)


def _elliptic(core: Sequence[Token]) -> bool:
    """ "And its standard deviation?": a question with no verb, that continues the one before."""
    if starts_act(core, 0, strong=False) or question_start(core) or len(core) > 9:
        return False
    return not is_declarative(core)


def _same_again(words: Sequence[Token]) -> bool:
    lows = [t.low for t in words[:9]]
    if "same" in lows:
        at = lows.index("same")
        return (
            at > 0
            and lows[at - 1] == "the"
            and all(
                low in {"do", "and", "then", "please", "also", "now", "the", "next", "repeat", "finally"}
                for low in lows[:at]
            )
        )
    return True


def _continues(core: Sequence[Token]) -> bool:
    """Whether a statement goes on about the request before it; only then it is no background of the whole."""
    lows = [t.low for t in core]
    return lows[0] in {
        "it",
        "this",
        "they",
        "the",
        "these",
        "those",
        "that",
        "its",
        "their",
        "there",
        "both",
        "each",
        "all",
    } or bool({"should", "must"} & set(lows))


def _noun_request(core: Sequence[Token], sentence: Sentence, *, alone: bool, lead: bool) -> bool:
    """Whether a noun phrase is a thing asked for ("A report on the refunds", "total revenue per region")."""
    words = [t for t in core if t.kind == "word"]
    if not words:
        return (sentence.item and has_formula(core)) or (
            alone and (has_formula(core) or core[0].kind in {"sql", "fence"})
        )
    lows = {t.low for t in words}
    joined = lows & {"of", "per", "by", "between", "from", "for", "in", "on", "about", "with", "to", "and"}
    if core[0].text.endswith("%") and [t.kind for t in core[1:]] == ["word", "number"]:
        return core[1].low == "of"  # "17.5% of 2480"
    if sentence.item or lead:
        return len(words) > 1 or bool(lows & _ACT_NOUNS)
    if lows & _ACT_NOUNS and (joined or len(words) < 8):
        return True
    return bool(joined) and alone and len(words) > 2
