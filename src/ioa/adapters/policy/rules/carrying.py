"""Carries the source that one act names ("in sales.csv") over to acts that name none, where that is certain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ioa.adapters.policy.rules.sources import source_of
from ioa.adapters.policy.rules.tokens import DOCUMENT_EXTENSIONS, TABLE_EXTENSIONS, Token, extension
from ioa.adapters.policy.rules.verbs import Kind

IN = Token("word", "in", -1, -1, "in")
"""The one word that is put in: "Load sales.csv. Count the rows." gives "Count the rows in sales.csv"."""

_KEPT = frozenset(["in", "from"])


def inside(source: Sequence[Token]) -> tuple[Token, ...]:
    """The source as it stands behind another act: "using sales.csv" -> "in sales.csv"."""
    if not source:
        return ()
    if source[0].low in _KEPT:
        return (source[0]._replace(text=source[0].low), *source[1:])
    if source[0].kind in {"file", "url"}:
        return (IN, *source)
    at = next((n for n, token in enumerate(source) if token.kind in {"file", "url"}), None)
    if at is None:
        return (IN, *source[1:]) if len(source) > 1 else ()
    return (IN, *source[at:])


def fits(source: Sequence[Token], kind: Kind) -> bool:
    """Whether an act of this kind can read from the source: no chart is drawn of a contract."""
    endings = {extension(token) for token in source if token.kind == "file"}
    if kind in {"table", "plot"}:
        return bool(endings & TABLE_EXTENSIONS)
    if kind == "find":
        return bool(endings & DOCUMENT_EXTENSIONS) or not endings
    return True


def latest(sources: Iterable[Sequence[Token]], kind: Kind) -> tuple[Token, ...]:
    """The last of the sources, in the order of the goal, that an act of this kind can read from; () if none."""
    for source in reversed(list(sources)):
        if source and fits(source, kind):
            return tuple(source)
    return ()


def full_source(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """What the words read from, with or without a preposition before it."""
    return source_of(tokens) or source_of(tokens, whole=True)
