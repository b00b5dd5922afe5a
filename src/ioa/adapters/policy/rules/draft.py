"""One step in the making, and what can be told from its words: where it reads, whether it asks on about another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ioa.adapters.policy.rules.acts import has_formula, question_start, starts_act
from ioa.adapters.policy.rules.carrying import full_source
from ioa.adapters.policy.rules.heard import lemma
from ioa.adapters.policy.rules.merging import Clause
from ioa.adapters.policy.rules.tokens import Token, render
from ioa.adapters.policy.rules.verbs import VERBS, Kind
from ioa.adapters.policy.rules.vocabulary import CHART_WORDS, MEASURE_WORDS, WH


@dataclass(slots=True)
class Draft:
    """A step in the making: its own words, the context before and after them, and remarks that follow it."""

    clause: Clause
    sentence: int
    label: str
    question: bool
    lead: tuple[Token, ...] = ()
    tail: tuple[Token, ...] = ()
    carried: bool = False
    remarks: list[str] = field(default_factory=list[str])
    after: set[int] = field(default_factory=set[int])
    needs: set[int] = field(default_factory=set[int])
    around: tuple[Token, ...] = ()
    kind: Kind = "other"
    same_rows: int = 0
    minus: tuple[int, ...] = ()

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All its words but the carried ones."""
        return self.clause.words

    def text(self) -> str:
        """What the agent reads."""
        body = render(self.clause.prefix)
        own = render(self.clause.tokens)
        body = f"{body} {own}" if body else own
        if self.tail:
            mark = "?" if body.endswith("?") else ""
            body = f"{body.removesuffix('?').rstrip(' ,')} {render(self.tail)}{mark}"
        lead = render(self.lead).rstrip(",: ")
        mark = ":" if self.lead and self.lead[0].kind in {"file", "url"} else ","
        text = f"{lead}{mark} {body}" if lead else body
        for remark in self.remarks:
            text = text if text.endswith(("?", ".", "!", "```")) else text + "."
            text = f"{text} {remark}"
        return text


def draft_source(draft: Draft) -> tuple[Token, ...]:
    """What a step reads from, wherever in it that stands."""
    return full_source(draft.tokens) or draft.tail or full_source(draft.lead)


def asks_extreme(draft: Draft) -> bool:
    return any(t.low in {"most", "best", "least"} or (t.low.endswith("est") and len(t.low) > 5) for t in draft.tokens)


def points_into(tokens: Sequence[Token]) -> int:
    """Where a word points into a source ("the deadlines mentioned in it"), or 0."""
    return next(
        (
            n
            for n, token in enumerate(tokens)
            if n and token.low in {"it", "them", "there"} and tokens[n - 1].low in {"in", "from", "within"}
        ),
        0,
    )


def goes_on(last: Draft, tokens: Sequence[Token], *, linked: bool) -> bool:
    """Whether a question without a source asks on about what the step before read."""
    return linked or last.kind in {"find", "ask", "write"} or (last.kind == "table" and shared(last.tokens, tokens))


def swapped(tokens: tuple[Token, ...], swap: dict[int, tuple[Token, ...]]) -> tuple[Token, ...]:
    return tuple(new for token in tokens for new in swap.get(id(token), (token,)))


def bare_thing(tokens: Sequence[Token]) -> bool:
    """Whether a list item is a thing without a verb ("the mean price")."""
    return (not starts_act(tokens, 0, strong=True) and not question_start(tokens)) or (
        tokens[0].low in VERBS
        and tokens[0].low in MEASURE_WORDS | CHART_WORDS
        and len(tokens) > 1
        and tokens[1].kind == "word"
        and tokens[1].low not in {"the", "a"}
    )


def shared(one: Sequence[Token], two: Sequence[Token]) -> bool:
    """Whether two acts speak of the same thing."""
    return bool(
        {lemma(t.low) for t in one if t.kind == "word" and len(t.low) > 3}
        & {lemma(t.low) for t in two if t.kind == "word" and t.low not in WH and len(t.low) > 3}
    )


def self_contained(tokens: Sequence[Token]) -> bool:
    """Whether an act brings its own material: a formula, a quotation, code, an address."""
    return has_formula(tokens) or any(t.kind in {"quote", "fence", "code", "url", "sql", "email"} for t in tokens)
