"""Finds the steps inside one task: the chart in "write a report with a chart of the monthly totals".

A member that was given a task asks this before it decides to work alone or to form a team of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ioa.adapters.policy.rules.act_phrases import act_phrase
from ioa.adapters.policy.rules.acts import files_in, head_verb, kind_of, starts_act
from ioa.adapters.policy.rules.carrying import inside
from ioa.adapters.policy.rules.drafting import is_lost_word
from ioa.adapters.policy.rules.goal_text import Plan, Step, split_goal
from ioa.adapters.policy.rules.heard import lemma
from ioa.adapters.policy.rules.openings import strip_opening
from ioa.adapters.policy.rules.search_phrases import phrase_of
from ioa.adapters.policy.rules.sources import lead_length, source_of
from ioa.adapters.policy.rules.tokens import (
    DOCUMENT_EXTENSIONS,
    TABLE_EXTENSIONS,
    Token,
    extension,
    plain_text,
    render,
    tokenize,
)
from ioa.adapters.policy.rules.verbs import Kind
from ioa.adapters.policy.rules.vocabulary import (
    CHART_WORDS,
    DETERMINERS,
    MEASURE_WORDS,
    PLURAL_RESULTS,
    PREPOSITIONS,
    REPORT_WORDS,
    RESULT_WORDS,
)
from ioa.adapters.policy.rules.wordlists import word_set

_WITH = word_set("""
    with including containing featuring showing plus incorporating include contain add embed insert
    contains includes attach feature incorporate
""")
_TOGETHER = frozenset(
    [
        ("together", "with"),
        ("along", "with"),
        ("accompanied", "by"),
        ("illustrated", "by"),
        ("illustrated", "with"),
        ("supported", "by"),
        ("that", "contains"),
        ("that", "includes"),
        ("which", "contains"),
        ("which", "includes"),
        ("as", "well"),
    ]
)
_PRODUCTS: dict[str, Kind] = {
    **dict.fromkeys(CHART_WORDS, "plot"),
    **dict.fromkeys(("table", "tables", "forecast"), "table"),
    **dict.fromkeys(("quote", "quotes", "quotation", "definition"), "find"),
    "translation": "translate",
    "summary": "write",
    "calculation": "math",
    "script": "code",
    "comparison": "ask",
}
DRAW = Token("word", "draw", -1, -1, "draw")
"""The one word that is put in, so that a chart inside a report is a request: "draw a bar chart of it"."""
_POINTING = word_set("it them this that these those its their both")
_CLOSERS = word_set("in as into using")


def split_task(text: str, *, files: Sequence[str] = ()) -> Plan:
    """The inner steps of a task, in order; the last one is the task itself, which builds on those before it.

    A task that is several requests anyway is split as a goal is. A task with nothing inside gives itself alone.
    The words are the task's own. The outer step's `search` names its own act without what the inner steps do.
    """
    plan = split_goal(text, files=files)
    # A task's "it" and "the results" are what its assignee was handed: they are not lost words here.
    plan = replace(plan, not_understood=tuple(part for part in plan.not_understood if not is_lost_word(part)))
    if len(plan.steps) != 1:
        return plan
    whole = plan.steps[0]
    tokens = [t for t in tokenize(plain_text(whole.text), files) if t.kind != "newline"]
    tokens = tokens[strip_opening(tokens).length :]
    start = lead_length(tokens)
    lead, core = tokens[:start], tokens[start:]
    if not core:
        return plan
    inner, outer = _inner(core, lead, whole.kind)
    if not inner:
        return plan
    context = render(lead).rstrip(",: ")
    steps: list[Step] = []
    source = list(source_of(core))
    for number, (piece, kind) in enumerate(inner, 1):
        own = list(piece)
        if not files_in(own) and not lead and files_in(source) and not _points_back(own):
            own = [*own, *inside(source)]  # the file stands behind the last piece only
        if kind == "plot" and not starts_act(own, 0, strong=False):
            own = [DRAW, *own]
        said = render(own)
        carried = context if context and not files_in(own) else ""
        phrases = _phrases(own, lead, kind)
        text = f"{carried}, {said}" if carried else said
        drawn = kind == "plot" and number > 1 and inner[number - 2][1] == "table" and _points_back(own)
        steps.append(Step(number, text, (number - 1,) if drawn else (), (), phrases, carried, kind))
    needs = tuple(range(1, len(inner) + 1))
    search = _phrases(outer, (), whole.kind) or whole.search
    steps.append(Step(len(inner) + 1, whole.text, needs, (), search, whole.context, whole.kind))
    return Plan(tuple(steps), plan.not_understood, plan.background)


def _phrases(tokens: Sequence[Token], lead: Sequence[Token], kind: Kind) -> tuple[str, ...]:
    """The two phrases to search an agent by: of the whole request, and of its act alone."""
    found = (phrase_of(tokens, lead), act_phrase(tokens, lead, kind) if tokens else "")
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))


def _points_back(tokens: Sequence[Token]) -> bool:
    """Whether a piece speaks of what the task was handed ("a bar chart of it"), and so needs no file."""
    return bool({token.low for token in tokens} & _POINTING) or any(
        token.low in PLURAL_RESULTS | {"result"} and tokens[n - 1].low == "the" for n, token in enumerate(tokens) if n
    )


def _inner(core: list[Token], lead: list[Token], kind: Kind) -> tuple[list[tuple[list[Token], Kind]], list[Token]]:
    """The inner pieces with their kinds, and the words of the outer act alone."""
    pieces, outer = _products(core, kind)
    if pieces:
        return pieces, outer
    if kind == "write":
        piece = _content(core, lead)
        if piece:
            return [(piece, "table")], [t for t in core if t not in piece]
    if kind in {"translate", "send", "math", "plot"}:
        found = _sourced_object(core, kind)
        if found:
            return [found], [t for t in core if t not in found[0]]
    return [], core


def _products(core: list[Token], kind: Kind) -> tuple[list[tuple[list[Token], Kind]], list[Token]]:
    """Things of another kind that the task wants in or with its own: "with a chart of X and a table of Y"."""
    if kind not in {"write", "make", "send", "ask", "other"}:
        return [], core
    begin = next(
        (
            n
            for n, t in enumerate(core)
            if n and (t.low in _WITH or (t.low, core[n + 1].low if n + 1 < len(core) else "") in _TOGETHER)
        ),
        None,
    )
    if begin is None:
        return [], core
    pieces: list[list[Token]] = []
    current: list[Token] = []
    skip = 1 if core[begin].low in _WITH else 2
    for n in range(begin + skip, len(core)):
        token = core[n]
        starts = token.low in {"a", "an", "the", "one", "two", "three"} or token.low in _PRODUCTS
        joined = core[n - 1].low in {"and", ","} or core[n - 1].text == "," or n == begin + skip
        if joined and starts and (_product(core[n:], kind) or (kind == "write" and _gathered(core[n:]))):
            if current:
                pieces.append(current)
            current = [token]
        elif current:
            current.append(token)
    if current:
        pieces.append(current)
    cleaned: list[tuple[list[Token], Kind]] = []
    for piece in pieces:
        while len(piece) > 2 and piece[-1].low == "it" and piece[-2].low == "in":
            piece = piece[:-2]  # "a report with a chart in it"
        while piece and (piece[-1].text in {",", ".", "?"} or piece[-1].low in {"and", "in"}):
            piece.pop()
        product = _product(piece, kind) or (_gathered(piece) if kind == "write" else None)
        given = (
            [t.low for t in piece[:1]] == ["the"] and product == "plot" and not {"of", "for"} & {t.low for t in piece}
        )
        if piece and product and not given:  # "a report with the chart": that chart was handed over
            cleaned.append((piece, product))
    return cleaned, core[:begin] if cleaned else core


def _gathered(tokens: Sequence[Token]) -> Kind | None:
    """The kind of a thing that a report is to hold, where it must first be read from a file or computed."""
    end = next((n for n, t in enumerate(tokens) if n and (t.text in {",", "."} or t.low == "and")), len(tokens))
    phrase = tokens[:end]
    endings = {extension(t) for t in files_in(phrase)}
    if endings & DOCUMENT_EXTENSIONS:
        return "find"
    measured = any(t.low in MEASURE_WORDS for t in phrase) and len(phrase) > 2 and phrase[0].low in DETERMINERS
    handed = {t.low for t in phrase} & (RESULT_WORDS - {"number", "numbers"})
    return "table" if endings & TABLE_EXTENSIONS or (measured and not handed) else None


def _product(tokens: Sequence[Token], kind: Kind) -> Kind | None:
    """The kind of thing that a noun phrase names, where it is another than the task's own."""
    for token in tokens[:6]:
        if token.kind != "word" and token.kind != "number":
            return None
        if token.low in PREPOSITIONS:
            return None
        found = _PRODUCTS.get(token.low)
        if found and found != kind:
            return found
    return None


def _content(core: list[Token], lead: list[Token]) -> list[Token]:
    """What a report or summary is to say, where that must first be computed from a table."""
    endings = {extension(t) for t in files_in([*core, *lead])}
    if not endings & TABLE_EXTENSIONS:
        return []
    begin = 1 if head_verb(core) else 0
    for n, token in enumerate(core[:10]):
        if token.low in REPORT_WORDS and n and n + 1 < len(core) and core[n + 1].low in {"on", "about", "of", "for"}:
            begin = n + 2
    piece = core[begin:]
    for n, token in enumerate(piece):
        report = next((k for k in range(n + 1, min(n + 6, len(piece))) if piece[k].low in REPORT_WORDS), None)
        if token.low in _CLOSERS and n and report is not None:
            piece = [*piece[:n], *_rest_source(piece, report + 1)]
            break
    measures = {lemma(word) for word in MEASURE_WORDS}
    if not any(lemma(t.low) in measures for t in piece) and not any(t.low in {"by", "per"} for t in piece):
        return []
    return piece if len(piece) > 1 else []


def _rest_source(piece: list[Token], n: int) -> list[Token]:
    return list(source_of(piece[n:])) if n < len(piece) else []


def _sourced_object(core: list[Token], kind: Kind) -> tuple[list[Token], Kind] | None:
    """The object of a translation, mail, sum or drawing that must first be found or computed in a file."""
    source = source_of(core)
    if not source or head_verb(core) == "" or len(core) < 3:
        return None
    endings = {extension(t) for t in source if t.kind == "file"}
    end = core.index(source[-1]) + 1
    first = core.index(source[0])
    begin = 1
    if kind == "math":  # "multiply the result by the average of x in a.csv"
        begin = max((n + 1 for n in range(1, first) if core[n].low in {"by", "from", "with"}), default=1)
    into = next((n for n in range(begin, first) if kind == "translate" and core[n].low in {"into", "to"}), first)
    piece = [*core[begin:into], *core[first:end]]
    stems = {t.low.rpartition(".")[0] for t in source}
    if kind == "translate" and {t.low for t in core[begin:into]} - DETERMINERS <= stems:
        return None  # "translate the poem into German in poem.txt": the whole file
    if not piece or any(t.low in CHART_WORDS for t in piece) or first < 3:
        return None
    content = [t for t in core[begin:into] if t.kind == "word" and t.low not in DETERMINERS | PREPOSITIONS]
    if not content:
        return None
    if endings & DOCUMENT_EXTENSIONS and kind in {"translate", "send", "math"}:
        return piece, "find"
    measured = any(t.low in MEASURE_WORDS for t in content)
    if endings & TABLE_EXTENSIONS and kind in {"translate", "send", "math"} and measured and kind_of(core) != "table":
        return piece, "table"
    return None
