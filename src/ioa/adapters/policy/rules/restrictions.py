"""Sentences that restrict the rows of the questions after them: "Leave out the trips without delay in trips.csv."

They are handed to every step that reads the same file, in the user's words: an agent that does not understand
them says so. Without them it would answer over all rows, and the number would be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ioa.adapters.policy.rules.acts import files_in, question_start, starts_act
from ioa.adapters.policy.rules.merging import only_source
from ioa.adapters.policy.rules.openings import strip_opening
from ioa.adapters.policy.rules.sources import source_of
from ioa.adapters.policy.rules.tokens import TABLE_EXTENSIONS, Token, extension, render
from ioa.adapters.policy.rules.wordlists import word_set

_DROPPING = word_set("ignore exclude omit disregard skip discard")
_DROPPING_OUT = (("leave", "out"), ("take", "out"), ("filter", "out"), ("leave", "aside"))
_CONSIDERING = word_set("consider use count include regard take look keep analyse analyze examine evaluate")
_ONLY = word_set("only just")
_NO_ROWS = word_set("""
    case capitalisation capitalization spelling punctuation formatting whitespace typos header headers heading
    column columns decimal decimals digits words sentences english figures
""")
"""What one leaves out, or keeps to, without a choice of rows."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """The user's words without the file, and the files whose rows they restrict; no files: of all."""

    text: str
    files: frozenset[str]

    def holds_for(self, source: Sequence[Token]) -> bool:
        """Whether a step that reads from `source` reads restricted rows."""
        tables = {token.low for token in files_in(source) if extension(token) in TABLE_EXTENSIONS}
        return bool(tables & self.files) if self.files else bool(tables)


def restricts(core: Sequence[Token]) -> bool:
    """Whether a sentence says nothing but which rows count. `core` begins with its verb."""
    lows = [token.low for token in core]
    if len(lows) < 3 or any(token.low in {"and", "then"} and _acts_after(core, n) for n, token in enumerate(core)):
        return False
    if only_source(core):
        return False
    if _NO_ROWS & set(lows[1:]):
        return False
    if lows[0] in _DROPPING or tuple(lows[:2]) in _DROPPING_OUT:
        return True
    negated = lows[0] in {"don't", "never"} or lows[:2] == ["do", "not"]
    verb = next((low for low in lows[:4] if low in _CONSIDERING), "")
    return bool(verb) and (negated or lows[0] in _ONLY or bool(_ONLY & set(lows[1:3])))


def drops(core: Sequence[Token]) -> bool:
    """Whether an act inside a sentence says which rows do not count; "keep only the ten highest" is a step."""
    return restricts(core) and (core[0].low in _DROPPING or (core[0].low, core[1].low) in _DROPPING_OUT)


def restriction(lead: Sequence[Token], core: Sequence[Token]) -> Restriction:
    """What a restricting sentence says, and of which files."""
    source = source_of(core)
    words = tuple(token for token in core if not any(token is other for other in source))
    if source and len(files_in(source)) != len(files_in(core)):
        words = tuple(core)
    text = render(words).rstrip(" .!,;:")
    files = frozenset(token.low for token in files_in([*lead, *core]))
    return Restriction(f"{text[:1].upper()}{text[1:]}.", files)


def _acts_after(core: Sequence[Token], n: int) -> bool:
    at = n + 1 + strip_opening(core[n + 1 : n + 17]).length
    return at < len(core) and (starts_act(core, at, strong=True) or question_start(core, at))
