"""Splits a goal written in ordinary imperative English into steps with dependencies. Rules, not a model.

The words of a step are the user's own: a step's context ("in sales.csv") and a missing verb are repeated from
where the user wrote them, and nothing is put in. What gives no step is said in `Plan.not_understood`.
Source: IoA paper, 2.3.4 (task assignment), done by rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ioa.adapters.policy.rules.acts import starts_act
from ioa.adapters.policy.rules.code_blocks import with_their_code
from ioa.adapters.policy.rules.constraints import is_constraint
from ioa.adapters.policy.rules.drafting import MAX_STEPS, Drafting
from ioa.adapters.policy.rules.openings import strip_opening
from ioa.adapters.policy.rules.plan import Plan, Step
from ioa.adapters.policy.rules.readings import Reading, read_sentence
from ioa.adapters.policy.rules.sentences import Sentence, cut_sentences
from ioa.adapters.policy.rules.tokens import Token, plain_text, tokenize
from ioa.adapters.policy.rules.verbs import VERBS
from ioa.adapters.policy.rules.vocabulary import HEADING
from ioa.adapters.policy.rules.wordlists import word_set

_MATERIAL = frozenset(["file", "quote", "code", "fence", "sql", "url", "email", "number"])
_FIRST = word_set("first firstly to for initially at in begin the")
_CARRYING_OUT = word_set("do answer perform complete handle carry follow help assist find tell give")


def split_goal(text: str, *, files: Sequence[str] = ()) -> Plan:
    """The steps of `text`. `files` are the names of the files that come with the goal, so that they are recognised.

    Total and deterministic: any string gives a plan, perhaps one without steps.
    """
    tokens = tokenize(plain_text(text), files)
    sentences = with_their_code(_with_objects(cut_sentences(tokens)))
    meaningful = [s for s in sentences if any(t.kind != "newline" for t in s.tokens)]
    draft = Drafting(alone=len(meaningful) == 1, files=files, mentions_file=any(t.kind == "file" for t in tokens))
    for number, sentence in enumerate(meaningful):
        reading = read_sentence(sentence, first=not draft.steps, alone=len(meaningful) == 1)
        if reading.role == "request" and not draft.steps and _announces(reading, meaningful[number + 1 : number + 2]):
            reading = replace(reading, role="background")
        draft.take(reading, number)
    return draft.plan()


def _announces(reading: Reading, following: list[Sentence]) -> bool:
    """Whether a first request only announces the ones that follow ("Help me plan a trip. First, ...")."""
    if not following or reading.sentence.item:
        return False
    named = any(t.kind == "file" for t in reading.sentence.tokens)
    bare = (
        named and reading.opening.helping and reading.opening.wanting and reading.clauses[0].words[0].low not in VERBS
    )
    if not bare and any(t.kind in _MATERIAL for t in reading.sentence.tokens):
        return False
    if bare:
        return True  # "Please help me with my bakery data in bakery.csv. First, ..."
    nxt = strip_opening(following[0].tokens)
    understanding = any(t.low in {"understand", "learn", "explore", "improve"} for t in reading.clauses[0].tokens[:1])
    core = following[0].tokens[nxt.length :]
    imperative = bool(core) and starts_act(core, 0, strong=False) and not is_constraint(core, first=False)
    if reading.opening.helping and reading.opening.wanting and imperative:
        return True
    if (
        reading.opening.enumeration
        or reading.question
        or (nxt.enumeration and following[0].tokens[0].low not in _FIRST)
    ):
        return False
    return nxt.enumeration or understanding or (reading.opening.helping and reading.opening.wanting and nxt.courtesy)


def _with_objects(sentences: list[Sentence]) -> list[Sentence]:
    """ "Translate this:" and the line that follows are one request."""
    joined: list[Sentence] = []
    for sentence in sentences:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.tokens[-1].text == ":"
            and not sentence.item
            and _hungry(last.tokens)
            and (sentence.tokens[0].kind in {"quote", "fence", "sql", "code"} or sentence.tokens[0].low not in VERBS)
        ):
            joined[-1] = replace(last, tokens=(*last.tokens, *sentence.tokens), end=sentence.end)
        else:
            joined.append(sentence)
    return joined


def _hungry(tokens: tuple[Token, ...]) -> bool:
    """Whether a line that ends with a colon is a request whose object follows ("Proofread the following text:")."""
    lows = [t.low for t in tokens]
    verb = next((low for low in lows[:6] if low in VERBS), "")
    return (
        bool(verb) and verb not in _CARRYING_OUT and any(low not in HEADING and low not in {verb} for low in lows[:-1])
    )


__all__ = ["MAX_STEPS", "Plan", "Step", "split_goal"]
