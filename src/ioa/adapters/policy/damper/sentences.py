"""A text as sentences, and a sentence as the words in it that could make a difference, in order.

Pure functions. What is a sentence errs to the small side, and what is a difference to the careful one: numbers, names,
signs, negations, conditions, directions and tenses are all kept. Languages other than English have no list of silent
words here, so that in them only what is said in the same words counts as the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ioa.adapters.policy.damper.lexicon import FRAMES, GUARDS, NEGATIONS, NUMBER_WORDS, SAME, SILENT

MAX_SENTENCES = 400
"""Of one text; what comes after counts as new when it is judged, and is not remembered when it was said."""
MAX_WORDS = 120

SPEAKER, HEARER = "@speaker", "@hearer"

_TOKEN = re.compile(
    r"""(?P<quote>`[^`\n]+`)
    | (?P<address>(?:https?://|www\.)[^\s<>"']+[\w/] | [\w.+-]+@[\w-]+\.[\w.-]+\w | (?:[\w-]*[/\\])+[\w.-]*\w
        | \b[\w-]+\.[A-Za-z][A-Za-z0-9]{1,4}\b(?!\.\w))
    | (?P<number>(?:(?<![\w)])[-+−])?\d+(?:[.,:]\d+)*(?:[eE][-+]?\d+)?(?![^\W\d_]))
    | (?P<word>@?[^\W_][\w]*(?:['’][^\W\d_]+)*)
    | (?P<sign>[%€$£¥°]|[+*/=<>^|&~≤≥≠±×÷→#]+|(?<=\s)[-−](?=\s))
    | (?P<other>[^\w\s])""",
    re.VERBOSE,
)
_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\Wa-z_])|(?<=[。！？])|\n+|(?<=\w);\s+")
_MARKER = re.compile(r"^\s*(?:[-*•+–]|#{1,6}|>+|\(?\d{1,2}[.)]|\(?[a-z]\))\s+")
_ASKING = re.compile(
    r"^(?:who|what|when|where|why|how|which|whose|is|are|was|were|do|does|did|can|could|will|would|should|shall|may|"
    r"has|have)\b(?=.*\?)|\?[\"'”’)\s]*$",
    re.IGNORECASE,
)
_FUTURE = re.compile(r"\b(?:(?:is|are|am|'m|'re)\s+)?(?:going|about)\s+to\b(?=\s+[a-z])", re.IGNORECASE)
_SHORT_FORMS = (
    (re.compile(r"\b(can)['’]?t\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bwon['’]t\b", re.IGNORECASE), "will not"),
    (re.compile(r"(\w)n['’]t\b", re.IGNORECASE), r"\1 not"),
    (re.compile(r"\bcannot\b", re.IGNORECASE), "can not"),
    (re.compile(r"(\w)['’]ll\b", re.IGNORECASE), r"\1 will"),
    (re.compile(r"(\w)['’](?:ve|re|m)\b", re.IGNORECASE), r"\1"),
    (re.compile(r"\b(?:rather than)\b", re.IGNORECASE), "instead of"),
    (re.compile(r"\bas long as\b", re.IGNORECASE), "if"),
)


# "A, but B" says A and B; only at the beginning of a sentence is it an objection to what others said.
_CONCESSIONS = frozenset({"but", "although", "though", "however"})
_OBJECTIONS = frozenset({"but", "however"})


@dataclass(frozen=True, slots=True)
class Sentence:
    """`words` are those that could make a difference, in order, in one spelling; `raw` all of them in lower case.

    `fixed` are the words that have no synonym: numbers, names, signs, guards. `opening` is the first word if it has a
    capital, so that it may be a name or not. `asks`: it is a question.
    """

    text: str
    raw: tuple[str, ...]
    words: tuple[str, ...]
    fixed: frozenset[str]
    asks: bool
    opening: str = ""


def sentences(text: str, *, speaker: str = "", hearer: str = "") -> list[Sentence]:
    """The sentences of a text, without those that have no word. "I" is the speaker, and "you" the hearer, so that the
    same words of somebody else, or to somebody else, are other ones."""
    found: list[Sentence] = []
    for part in _parts(text):
        sentence = _sentence(part, speaker, hearer)
        if sentence.raw:
            found.append(sentence)
    return found


def _parts(text: str) -> Iterable[str]:
    for part in _END.split(text):
        yield _MARKER.sub("", part).strip()


def _sentence(text: str, speaker: str, hearer: str) -> Sentence:
    plain = text
    for pattern, full in _SHORT_FORMS:
        plain = pattern.sub(full, plain)
    plain = _FUTURE.sub("will", plain)
    raw = tuple(word for word, _ in _tokens(plain))
    framed = FRAMES.sub("", plain, count=1)
    words: list[str] = []
    fixed: set[str] = set()
    found = _tokens(framed)
    has_number = any(kind == "number" for _, kind in found)
    compares = any(word == "than" for word, _ in found)
    for place, (word, kind) in enumerate(found):
        if word in _CONCESSIONS and (place or word not in _OBJECTIONS):
            continue
        one, is_fixed = _known(word, kind, has_number, speaker, hearer)
        if one:
            words.append(one)
            if is_fixed or (compares and word.endswith("er")):
                fixed.add(one)
    opening = words[0] if words and framed.lstrip("\"'“‘([*_")[:1].isupper() else ""
    return Sentence(text, raw, tuple(words), frozenset(fixed), bool(_ASKING.search(text)), opening)


def _tokens(text: str) -> list[tuple[str, str]]:
    """(token, kind) for all that is not punctuation; names (a capital inside of the sentence, or a digit) as `name`."""
    found: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        token = match.group()
        if kind == "other" and unicodedata.category(token)[0] != "S":
            continue
        if kind == "word":
            capital = any(letter.isupper() for letter in (token if found else token[1:]))
            kind = "name" if (capital and token not in {"I"}) or any(map(str.isdigit, token)) else "word"
        found.append((token if kind in ("quote", "address") else token.casefold(), kind))
    return found


def _known(word: str, kind: str, has_number: bool, speaker: str, hearer: str) -> tuple[str, bool]:
    """The one spelling of a token, "" for a silent one; and whether it is fixed."""
    if kind == "number":
        return _number(word), True
    if kind in ("quote", "address", "other"):
        return word, True
    if kind == "sign":
        return SAME.get(word, word), True
    word = word.replace("’", "'").removesuffix("'s").removesuffix("'").removeprefix("@")
    if word in ("i", "me", "my", "mine", "myself"):
        return (speaker.casefold() or SPEAKER), True
    if word in ("you", "your", "yours", "yourself"):
        return (hearer.casefold() or HEARER), True
    if word in NEGATIONS:
        return "NOT", True
    if word in ("will", "shall"):
        return "FUTURE", True
    if word in ("was", "were"):
        return ("", False) if has_number else ("WAS", True)
    if word in SILENT:
        return "", False
    if word in NUMBER_WORDS:
        return NUMBER_WORDS[word], True
    word = SAME.get(word, word)
    if word in GUARDS:
        return word, True
    if kind == "name":
        return _singular(word), True
    return SAME.get(_singular(word), _singular(word)), False


def _number(text: str) -> str:
    """1,234.50 as 1234.5; what is no plain number (a time, a date) as it stands."""
    text = text.replace("−", "-").removeprefix("+")
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", text)
    if "." in plain and re.fullmatch(r"-?\d+\.\d+", plain):
        plain = plain.rstrip("0").rstrip(".")
    return plain


def _singular(word: str) -> str:
    """Without the s of a plural or of the third person."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
