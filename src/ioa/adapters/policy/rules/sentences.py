"""Cuts the tokens of a goal into sentences and list items: the largest units of which each can be one request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ioa.adapters.policy.rules.tokens import Token
from ioa.adapters.policy.rules.verbs import VERBS
from ioa.adapters.policy.rules.vocabulary import (
    ADDITION,
    COURTESY,
    DETERMINERS,
    ENUMERATION,
    KNOWING,
    PREPOSITIONS,
    SEQUENCE,
    SUBJECTS,
    WANTING,
    WH,
)
from ioa.adapters.policy.rules.wordlists import word_set

_BULLETS = frozenset("-*•–—‣◦▪·+>")
_LABELS = word_set("step task question part item exercise problem q point todo subtask")
_OPENING_WORDS = frozenset(
    phrase.split()[0] for phrases in (SEQUENCE, ENUMERATION, ADDITION, COURTESY, KNOWING, WANTING) for phrase in phrases
)
_MAY_END = frozenset(
    ["etc.", "a.m.", "p.m.", "inc.", "ltd.", "co.", "st.", "u.s.", "u.s.a.", "u.k.", "e.u.", "jr.", "sr.", "ph.d."]
)
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence or list item. `label` is its number in the user's list; `end` the mark that closed it."""

    tokens: tuple[Token, ...]
    label: str = ""
    item: bool = False
    heading: bool = False
    end: str = ""


def opens_request(token: Token | None) -> bool:
    """Whether a request may begin with this word."""
    if token is None:
        return False
    return token.kind == "word" and (token.low in VERBS or token.low in _OPENING_WORDS or token.low in WH)


def _gap(tokens: list[Token], index: int) -> bool:
    """Whether the token at `index` is followed by space, a line end or nothing."""
    return (
        index + 1 >= len(tokens) or tokens[index + 1].start > tokens[index].end or tokens[index + 1].kind == "newline"
    )


def _marker(tokens: list[Token], i: int, *, line_start: bool) -> tuple[int, str, str] | None:
    """A list marker at `i`: its length in tokens, its label, its shape; or None."""
    token = tokens[i]
    follow = tokens[i + 1] if i + 1 < len(tokens) else None
    after = tokens[i + 2] if i + 2 < len(tokens) else None
    if line_start and token.text in _BULLETS and _gap(tokens, i) and follow and follow.kind != "newline":
        return 1, "", "bullet"
    if follow is None:
        return None
    short = token.kind == "number" and token.text.isdigit() and len(token.text) < 3
    letter = token.kind == "word" and (len(token.text) == 1 or token.low in {"ii", "iii", "iv", "vi", "vii"})
    if (short or letter) and follow.text == ")" and follow.start == token.end and _gap(tokens, i + 1):
        return 2, token.low, "paren"
    if short and follow.text == "." and follow.start == token.end and _gap(tokens, i + 1) and after:
        return 2, token.low, "point"
    if letter and line_start and len(token.text) == 1 and follow.text == "." and _gap(tokens, i + 1) and after:
        return 2, token.low, "point"
    if token.text == "(" and after and after.text == ")" and follow.start == token.end:
        number = follow.kind == "number" and follow.text.isdigit() and len(follow.text) < 3
        if number or (follow.kind == "word" and (len(follow.text) == 1 or follow.low in {"ii", "iii", "iv"})):
            return 3, follow.low, "parens"
    if token.low in _LABELS and follow.kind == "number" and follow.text.isdigit() and after:
        opens = (
            line_start
            or tokens[i - 1].kind == "newline"
            or tokens[i - 1].text in {".", ";", ":", ",", "?", "!", "-", "*", "•", "–"}
        )
        closed = (opens and after.text in {":", ".", ")", "-", "–", "—"}) or (after.text == "," and line_start)
        if closed and _gap(tokens, i + 2):
            return 3, follow.low, "label"
    if token.low[:1] == "q" and token.low[1:].isdigit() and follow.text in {":", ".", ")"} and _gap(tokens, i + 1):
        return 2, token.low[1:], "q"
    return None


def _inline_markers(tokens: list[Token]) -> dict[int, tuple[int, str]]:
    """Where a numbered list begins its items inside a line: "1. load ... 2. plot ...". Ascending from 1 or a only."""
    candidates: dict[str, list[tuple[int, int, str]]] = {}
    for i in range(len(tokens)):
        line_start = i == 0 or tokens[i - 1].kind == "newline"
        found = _marker(tokens, i, line_start=line_start)
        if found and found[2] != "bullet":
            candidates.setdefault(found[2], []).append((i, found[0], found[1]))
    chosen: dict[int, tuple[int, str]] = {}
    for shape, places in candidates.items():
        chain: list[tuple[int, int, str]] = []
        for place in places:
            expected = [_successor(chain[-1][2])] if chain else ["1", "a", "i"]
            if chain and place[2] in {"1", "a"}:
                if len(chain) > 1:
                    chosen.update({i: (length, label) for i, length, label in chain})
                chain = [place]
            elif place[2] in expected:
                chain.append(place)
        if len(chain) > 1 or (chain and shape in {"label", "q"}):
            chosen.update({i: (length, label) for i, length, label in chain})
    return chosen


def _successor(label: str) -> str:
    roman = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"]
    if label.isdigit():
        return str(int(label) + 1)
    if label in roman[:-1]:
        return roman[roman.index(label) + 1]
    return chr(ord(label) + 1) if len(label) == 1 and label.isascii() else ""


def cut_sentences(tokens: list[Token]) -> list[Sentence]:
    """Sentences and list items, in order. Nothing is dropped except list markers and closing marks."""
    markers = _inline_markers(tokens)
    sentences: list[Sentence] = []
    current: list[Token] = []
    state = Sentence(())
    depth = 0
    line_start = True
    i = 0

    def close(end: str) -> None:
        nonlocal current, state, depth
        if current:
            sentences.append(replace(state, tokens=tuple(current), end=end))
        current, state, depth = [], Sentence(()), 0

    while i < len(tokens):
        token = tokens[i]
        if token.kind == "newline":
            if _line_breaks(tokens, i, current):
                close("\n")
            line_start, i = True, i + 1
            continue
        if line_start:
            line_start = False
            if token.text == "#":
                close("\n")
                while i < len(tokens) and tokens[i].text == "#":
                    i += 1
                state = Sentence((), heading=True)
                continue
            bullet = _marker(tokens, i, line_start=True)
            if bullet and i not in markers:
                close("\n")
                state = Sentence((), label=bullet[1], item=True)
                i += bullet[0]
                continue
        if i in markers:
            length, label = markers[i]
            close("")
            state = Sentence((), label=label, item=True)
            i += length
            continue
        if token.text in _OPEN:
            depth += 1
        elif token.text in _CLOSE:
            depth = max(0, depth - 1)
        current.append(token)
        i += 1
        if depth == 0 or len(current) > 400:
            mark = _ends_here(tokens, i - 1, current)
            if mark:
                close(mark)
    close("")
    return sentences


def _ends_here(tokens: list[Token], i: int, current: list[Token]) -> str:
    """The mark that closes the sentence after token `i`, or "" where it goes on."""
    token = tokens[i]
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if token.kind == "fence":
        return "```" if opens_request(following) else ""
    if token.text in {"?", "!", "。", "？", "！", "…"} or (token.text == "." and _gap(tokens, i)):
        if following and following.text in {"?", "!", "."} and following.start == token.end:
            return ""
        return token.text if _gap(tokens, i) or token.text in {"。", "？", "！"} else ""
    if token.text == ";" and len(current) > 1:
        ahead = following if following is None or following.kind != "newline" else None
        if ahead is None or opens_request(ahead) or ahead.low == "and" or ahead.low in DETERMINERS:
            return ";"
        return ""
    capital = following is not None and following.text[:1].isupper() and opens_request(following)
    if token.kind == "abbr" and token.low in _MAY_END and capital:
        return "."
    if token.kind == "quote" and len(token.text) > 2 and token.text[-2] in ".?!" and capital:
        return "."
    return ""


def _line_breaks(tokens: list[Token], i: int, current: list[Token]) -> bool:
    """Whether the line end at `i` closes a sentence, or only wraps it."""
    if not current:
        return False
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if following is None or following.kind == "newline":
        return True
    last = current[-1]
    if last.text in {":", ";"}:
        return True
    if following.kind == "fence":
        return False
    if last.kind == "fence":
        return opens_request(following) or following.text[:1].isupper()
    if last.text in {",", "(", "-", "–", "&"} or (last.kind == "word" and _cannot_end(last.low)):
        return False
    if following.text[:1].isupper():
        return True
    return following.low in VERBS and following.low not in {
        "mean",
        "total",
        "average",
        "sum",
        "count",
        "number",
        "name",
    }


def _cannot_end(low: str) -> bool:
    """Words after which a sentence must go on ("the total of the")."""
    return low in DETERMINERS - {
        "this",
        "that",
        "these",
        "those",
        "both",
        "all",
        "each",
        "her",
        "his",
        "any",
        "some",
    } or (
        low
        in PREPOSITIONS - {"before", "below", "above", "in", "on", "within", "inside", "along"}
        | {"and", "or"}
        | SUBJECTS - {"it", "you", "there"}
    )
