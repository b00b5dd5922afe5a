""" "Do the same for costs.csv": what is put in the place of what, where that is certain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ioa.adapters.policy.rules.tokens import Token, extension
from ioa.adapters.policy.rules.wordlists import word_set

_MONTHS = word_set("""
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday
""")


def again(models: Sequence[Sequence[Token]], request: Sequence[Token]) -> tuple[list[Token], tuple[Token, ...]] | None:
    """The tokens to replace in the earlier steps, and what replaces them; None where it is not certain.

    Certain is one file for one file, one year or number for one, a month for a month, a name for a name: there
    must be exactly one such thing in the earlier steps (perhaps repeated) and exactly one in the request.
    """
    after = _after_for(request)
    if not after:
        return None
    flat = [token for model in models for token in model]
    for sort in ("file", "year", "number", "month", "quote", "name"):
        new = [token for token in after if _sort(token, [after[0]._replace(text=""), *after]) == sort]
        if not new:
            continue
        old = [token for token in flat if _sort(token, flat) == sort]
        if sort == "name" and len(new) > 1 and all(b.start - a.end <= 1 for a, b in pairwise(new)):
            new_texts = {" ".join(t.text for t in new)}
        else:
            new_texts = {t.text for t in new}
        if len(new_texts) != 1 or len({t.low for t in old}) != 1:
            return None
        if sort == "file" and extension(new[0]) != extension(old[0]):
            return None
        return old, tuple(new)
    return None


def _after_for(request: Sequence[Token]) -> list[Token]:
    lows = [token.low for token in request]
    for word in ("for", "with", "in", "on", "to", "about"):
        if word in lows:
            return [t for t in request[lows.index(word) + 1 :] if t.kind not in {"newline"}]
    return []


def _sort(token: Token, among: Sequence[Token]) -> str:
    if token.kind in {"file", "quote"}:
        return token.kind
    if token.kind == "number":
        return "year" if len(token.text) == 4 and token.text[:2] in {"18", "19", "20"} else "number"
    if token.kind == "word":
        if token.low in _MONTHS and token.text[0].isupper():
            return "month"
        if token.text[0].isupper() and among[0] is not token:
            return "name"
    return ""
