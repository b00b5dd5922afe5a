"""Puts a file into steps whose words do not name it: "The list is in members.csv.", "the poem", "what does it say"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from ioa.adapters.policy.rules.acts import files_in, kind_of
from ioa.adapters.policy.rules.carrying import inside
from ioa.adapters.policy.rules.draft import Draft, draft_source, self_contained, swapped
from ioa.adapters.policy.rules.heard import Heard, lemma
from ioa.adapters.policy.rules.merging import Clause
from ioa.adapters.policy.rules.tokens import DOCUMENT_EXTENSIONS, TABLE_EXTENSIONS, Token, extension
from ioa.adapters.policy.rules.trailing import names_file_only, says_there
from ioa.adapters.policy.rules.vocabulary import AUXILIARIES, PREPOSITIONS
from ioa.adapters.policy.rules.wordlists import word_set

_AFTER_NAME = (
    PREPOSITIONS | AUXILIARIES | word_set("say says mention mentions state states tell require requires and or")
)
_FROM_TABLES = frozenset(["table", "plot", "ask", "make"])
_FROM_TEXTS = frozenset(["find", "table", "ask", "make", "write"])


def read_there(steps: Sequence[Draft], heard: Sequence[Heard], tokens: Sequence[Token]) -> bool:
    """Lets the steps that name no source read the file of "The list is in members.csv."; False: it says more."""
    files = files_in(tokens)
    said = {lemma(t.low) for step in steps for t in step.tokens}
    if not steps or len(files) != 1 or not names_file_only(tokens, said):
        return False
    kinds = _FROM_TABLES if extension(files[0]) in TABLE_EXTENSIONS else _FROM_TEXTS
    last = [step for step in steps if step.sentence == steps[-1].sentence]
    if any(t.low != files[0].low for step in last for t in files_in(draft_source(step))):
        return False  # "... who are on the blacklist. The list is in black.csv." after a step with a file of its own
    wanting = [
        step
        for step in steps
        if step.kind in kinds and not (step.needs or draft_source(step) or step.around or self_contained(step.tokens))
    ]
    for step, other in zip(steps, heard, strict=True):
        if any(step is one for one in wanting):
            step.tail = inside(files)
            step.kind = other.kind = kind_of(step.clause.act, step.tail)
    return bool(wanting) or all(files_in(draft_source(step)) or step.needs for step in last)


def called_file(tokens: Sequence[Token], files: Sequence[Token]) -> tuple[Token, ...]:
    """The file that "the poem" or "our survey" means by its name, poem.txt or survey.csv."""
    for n, (before, token) in enumerate(pairwise(tokens)):
        following = tokens[n + 2] if n + 2 < len(tokens) else None
        ends = following is None or following.kind != "word" or following.low in _AFTER_NAME
        if before.low in {"the", "this", "my", "our"} and token.kind == "word" and ends:
            for file in files:
                if file.low.rpartition(".")[0] == token.low:
                    return inside((file,))
    return ()


def said_in_document(clause: Clause, before: Sequence[Draft]) -> Clause:
    """ "What does it say about pets?" after a question to one document: that document says it."""
    if not before or not says_there(clause.tokens) or files_in(clause.tokens):
        return clause
    files = files_in(draft_source(before[-1]))
    if len(files) != 1 or extension(files[0]) not in DOCUMENT_EXTENSIONS:
        return clause
    return replace(clause, tokens=swapped(clause.tokens, {id(clause.tokens[2]): (files[0],)}))
