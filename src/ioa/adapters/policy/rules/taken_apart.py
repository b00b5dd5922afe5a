"""Takes apart a clause that asks for two kinds of work: "compare it with the target in plan.md" first finds the target.

The parts keep the user's own words, in the user's order within each part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ioa.adapters.policy.rules.acts import files_in, question_start
from ioa.adapters.policy.rules.merging import Clause
from ioa.adapters.policy.rules.openings import NO_OPENING
from ioa.adapters.policy.rules.sources import source_of
from ioa.adapters.policy.rules.tokens import DOCUMENT_EXTENSIONS, TABLE_EXTENSIONS, Token, extension
from ioa.adapters.policy.rules.vocabulary import DETERMINERS, PREPOSITIONS, REPORT_WORDS
from ioa.adapters.policy.rules.wordlists import word_set

_TELLING = word_set("explain describe say report present state outline discuss summarise summarize")
_POINTING = word_set("it this that them these those")
_NO_THING = word_set("one ones same that those this these it them both")


def taken_apart(clauses: Sequence[Clause]) -> list[Clause]:
    """The clauses, each of those that ask for two kinds of work as several; the last of these builds on the others."""
    found: list[Clause] = []
    waiting: Clause | None = None
    for clause in clauses:
        if waiting is not None and (clause.prefix or clause.opening.sequence or not question_start(clause.tokens)):
            found.append(waiting)
            waiting = None
        plain = not clause.prefix and not clause.main
        told = _report(clause) if plain and waiting is None else None
        if told is not None:
            found.append(told[0])
            waiting = told[1]
            continue
        if waiting is not None:
            waiting = replace(waiting, built=waiting.built + 1)
        found += _comparison(clause) if plain else [clause]
    if waiting is not None:
        found.append(waiting)
    return found


def _report(clause: Clause) -> tuple[Clause, Clause] | None:
    """ "explain in a short report what rules.md says": what it says, and the report."""
    tokens = clause.tokens
    if not tokens or tokens[0].low not in _TELLING or not files_in(tokens):
        return None
    for n in range(1, len(tokens) - 2):
        if tokens[n].low not in {"in", "as"} or tokens[n + 1].low not in {"a", "an", "one"}:
            continue
        end = next((m + 1 for m in range(n + 2, min(n + 5, len(tokens))) if tokens[m].low in REPORT_WORDS), 0)
        rest = (*tokens[1:n], *tokens[end:])
        while rest and rest[0].text == ",":
            rest = rest[1:]
        if end and question_start(rest) and files_in(rest):
            report = (tokens[0], *tokens[n:end])
            return replace(clause, tokens=rest), Clause(report, NO_OPENING, built=1)
    return None


def _comparison(clause: Clause) -> list[Clause]:
    """ "compare it with the target in plan.md": the target, and the comparison."""
    tokens = clause.tokens
    if len(tokens) < 6 or tokens[0].low != "compare":
        return [clause]
    at = next((n for n in range(2, len(tokens)) if tokens[n].low in {"with", "to", "against"}), 0)
    left, right = tokens[1:at], tokens[at + 1 :]
    if not at or not _found_there(right):
        return [clause]
    parts: list[Clause] = []
    if files_in(left):
        if not _found_there(left) or _kinds(left) == _kinds(right):
            return [clause]  # one reader of tables compares what stands in two tables
        parts.append(replace(clause, tokens=left))
    elif left[0].low not in _POINTING | {"the"}:
        return [clause]
    parts.append(replace(clause, tokens=right) if not parts else Clause(right))
    whole = (tokens[0], *_bare(left), tokens[at], *_bare(right))
    return [*parts, Clause(whole, NO_OPENING, built=len(parts))]


def _found_there(phrase: Sequence[Token]) -> bool:
    """Whether a noun phrase names one thing that stands in one file ("the target in plan.md")."""
    source = source_of(phrase)
    bare = _bare(phrase)
    if not source or len(files_in(phrase)) != 1 or source[-1] is not phrase[-1] or len(bare) < 2:
        return False
    if bare[0].low not in DETERMINERS - {"that", "this", "these", "those"}:
        return False
    return any(t.kind == "word" and t.low not in DETERMINERS | PREPOSITIONS | _NO_THING for t in bare) and not (
        {t.low for t in bare} & _NO_THING
    )


def _bare(phrase: Sequence[Token]) -> tuple[Token, ...]:
    """The phrase without what it is read from."""
    source = source_of(phrase)
    return tuple(t for t in phrase if not any(t is other for other in source))


def _kinds(phrase: Sequence[Token]) -> tuple[bool, bool]:
    endings = {extension(token) for token in files_in(phrase)}
    return bool(endings & TABLE_EXTENSIONS), bool(endings & DOCUMENT_EXTENSIONS)
