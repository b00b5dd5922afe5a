"""One chart for each of several results: "draw a bar chart of both" are two charts, as one shows one table."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.antecedents import MADE
from ioa.adapters.policy.rules.heard import Heard
from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.vocabulary import PREPOSITIONS, RESULT_WORDS
from ioa.adapters.policy.rules.wordlists import word_set

IT = Token("word", "it", -1, -1, "it")
"""The word that stands for "both" in each of the steps."""

_ALL = word_set("both each")
_POINTED = word_set("them these those it the two")
_JOINT = word_set("one same single together joint combined")
_GROUPED = word_set("per by each every")


def words_for_all(tokens: Sequence[Token]) -> tuple[int, int] | None:
    """Where "both", "each", "each of them" or "both results" stands in a request for a chart: from, to. Else None."""
    for i, token in enumerate(tokens):
        if token.low not in _ALL:
            continue
        end = i + 1
        if end < len(tokens) and tokens[end].low == "of":
            end += 1
            while end < len(tokens) and tokens[end].low in _POINTED | RESULT_WORDS:
                end += 1
            if end == i + 2:
                return None  # "each of the stations"
        elif end < len(tokens) and tokens[end].low in RESULT_WORDS | {"one"}:
            end += 1
        following = tokens[end] if end < len(tokens) else None
        free = following is None or following.kind == "punct" or following.low in PREPOSITIONS | {"and", "as"}
        if free and not {"both", "and"} <= {t.low for t in tokens[i:]}:
            return i, end
    return None


def meant_by_each(step: Heard, earlier: Sequence[Heard]) -> set[int]:
    """The steps of which "a chart of each" is wanted: the figures of the sentence that no other step has used.

    Empty where the step asks for no chart, or speaks of none but its own groups.
    """
    at = words_for_all(step.tokens) if step.kind == "plot" and not step.has_source else None
    if at is None or step.tokens[at[0]].low != "each" or not earlier:
        return set()
    fresh = [h for h in earlier if h.kind not in MADE and not h.used]
    last = earlier[-1].sentence
    near = {h.number for h in fresh if h.sentence == last}
    return (near if len(near) > 1 else {h.number for h in fresh}) or {earlier[-1].number}


def one_for_each(step: Heard, needs: set[int], earlier: Sequence[Heard]) -> list[int]:
    """The results each of which gets a chart of its own; [] where one chart is meant.

    Single numbers may stand side by side in one chart; tables of different groups may not.
    """
    if step.kind != "plot" or not needs or words_for_all(step.tokens) is None:
        return []
    if _JOINT & {t.low for t in step.tokens}:
        return []  # "draw both in one chart"
    meant = [h for h in earlier if h.number in needs]
    tables = all(_GROUPED & {t.low for t in h.tokens} or h.selecting for h in meant)
    return [h.number for h in meant] if tables or len(meant) == 1 else []


def of_one(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The request with "it" in the place of "both"."""
    at = words_for_all(tokens)
    return tokens if at is None else (*tokens[: at[0]], IT, *tokens[at[1] :])
