"""Sentences of plain or Markdown prose: what abstracts, key findings and quotations are cut from."""

from __future__ import annotations

import re

_ABBREVIATIONS = (
    " mr mrs ms dr prof st no nos vs etc e.g i.e eg ie fig figs eq sec ch art approx ca cf inc ltd corp co "
    "jr sr dept est al vol pp p jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k a.m p.m "
)
_END = re.compile(r"""[.!?…。！？]+["'”’)\]*_]*(?=\s|$)|[。！？]""")
_MARKS = re.compile(r"^\s*(?:#{1,6}\s+|>\s?|[-*+]\s+|\d+[.)]\s+)+")


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, in order and verbatim but for runs of white space, made one space."""
    flat = " ".join(text.split())
    found: list[str] = []
    start = 0
    for end in _END.finditer(flat):
        before = flat[start : end.start()].rsplit(" ", 1)[-1].lstrip("(\"'").lower()
        initial = len(before) == 1 and before.isalpha() and flat[end.start() : end.end()] == "."
        rest = flat[end.end() :].lstrip()
        goes_on = flat[end.start()] == "." and (f" {before} " in _ABBREVIATIONS or initial) and rest != ""
        if goes_on or (rest and rest[0].islower()) or (before.isdigit() and end.start() - start <= 3):
            continue
        found.append(flat[start : end.end()].strip())
        start = end.end()
    if tail := flat[start:].strip():
        found.append(tail)
    return [sentence for sentence in found if sentence]


def first_sentence(text: str, limit: int = 240) -> str:
    """The first sentence that says something in a Markdown text, unmarked, at most `limit` characters.

    Headings, tables, rules, fences and pictures are passed over; empty when nothing else is there.
    """
    fenced = False
    heading = ""
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith(("```", "~~~")):
            fenced = not fenced
            continue
        if fenced or not bare or bare.startswith(("|", "![", "---", "***", "===", "<")):
            continue
        plain = _MARKS.sub("", bare)
        if bare.startswith("#"):
            heading = heading or plain
            continue
        if found := sentences(plain):
            return shortened(found[0], limit)
    return shortened(heading, limit)


def shortened(text: str, limit: int) -> str:
    """`text` on one line, at most `limit` characters; an ellipsis says that something was cut."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


_LINKED = re.compile(r"!?\[([^\]]*)\]\((?:[^()]|\([^)]*\))*\)")
_MARKED = re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1|(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])|`([^`]+)`")


def plain(text: str) -> str:
    """`text` on one line without Markdown: no emphasis, code marks, links, headings or bullets."""
    lines = [_MARKS.sub("", line) for line in text.splitlines()]
    flat = _LINKED.sub(r"\1", " ".join(" ".join(lines).split()))
    for _ in range(2):  # bold around emphasis
        flat = _MARKED.sub(lambda m: m[2] or m[3] or m[4], flat)
    return re.sub(r"\\([\\`*_\[\]<>#~|])", r"\1", flat)
