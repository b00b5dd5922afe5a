"""Words of a question: tokens, number words, singulars, and the normal form in which names are compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

_TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*"|“[^”]*”|`[^`]*`|(?<![\w])'[^']*'(?!\w))
      | (?P<date>\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?)
      | (?P<month>\d{4}-\d{2}(?![\d-]))
      | (?P<number>(?:[$€£¥]\s?)?(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:\s?%|[kKmM](?!\w)|st\b|nd\b|rd\b|th\b|[€£])?(?!\w))
      | (?P<word>\w+(?:['’.]\w+)*)
      | (?P<sign>>=|<=|!=|<>|≥|≤|≠|==|[=<>*×+/()%&,;:?!.\-])""",  # noqa: E501 - a sentence in one piece
    re.VERBOSE,
)

_UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
NUMBER_WORDS: dict[str, int] = {word: number for number, word in enumerate(_UNITS)} | {
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "fifty": 50,
    "hundred": 100,
    "thousand": 1000,
}
ORDINAL_WORDS: dict[str, int] = {word: number for number, word in enumerate(_ORDINALS, start=1)}

_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "series": "series",
    "species": "species",
    "status": "status",
    "gross": "gross",
    "employees": "employee",
    "movies": "movie",
    "cookies": "cookie",
    "categories": "category",
    "salaries": "salary",
    "was": "was",
    "has": "has",
    "does": "does",
    "is": "is",
    "this": "this",
    "bus": "bus",
    "gas": "gas",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One token of the question: `text` as written, `low` for comparing, `number` if it is one."""

    text: str
    low: str
    kind: str
    start: int
    end: int
    number: Decimal | None = None
    ordinal: bool = False
    money: bool = False
    percent: bool = False


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as a set: tables of words stay readable."""
    return frozenset(text.split())


def tokenize(text: str) -> list[Token]:
    """Split a question into tokens. Hyphens and underscores separate words; quoted text stays one token."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "word"
        raw = match.group()
        if kind == "quoted":
            tokens.append(Token(raw[1:-1], raw[1:-1].lower(), kind, match.start(), match.end()))
        elif kind == "number":
            tokens.append(_number(raw, match.start(), match.end()))
        elif kind == "word" and "_" in raw:
            tokens += [
                Token(
                    part.group(), part.group().lower(), kind, match.start() + part.start(), match.start() + part.end()
                )
                for part in re.finditer(r"[^_]+", raw)
            ]
        elif kind == "word":
            bare = re.sub(r"['’]s$", "", raw)
            low = bare.lower().replace("’", "'")
            number: Decimal | None = None
            if low in NUMBER_WORDS:
                number = Decimal(NUMBER_WORDS[low])
            tokens.append(Token(bare, low, kind, match.start(), match.start() + len(bare), number))
        else:
            tokens.append(Token(raw, raw.lower(), kind, match.start(), match.end()))
    return tokens


def _number(raw: str, start: int, end: int) -> Token:
    digits = re.sub(r"[^\d.\-]", "", raw)
    number = Decimal(digits)
    if raw[-1] in "kK":
        number *= 1000
    elif raw[-1] in "mM":
        number *= 1_000_000
    return Token(
        raw,
        raw.lower(),
        "number",
        start,
        end,
        number,
        ordinal=raw[-2:].lower() in {"st", "nd", "rd", "th"},
        money=any(sign in raw for sign in "$€£¥"),
        percent=raw.endswith("%"),
    )


def singular(word: str) -> str:
    """The singular of an English word, roughly: enough to compare `regions` with `region`."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def key(text: str) -> str:
    """The form in which names and values are compared: letters and digits only, lower case, no accents."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(sign for sign in plain if sign.isalnum())


def name_words(name: str) -> tuple[str, ...]:
    """Words of a column or file name, singular: `UnitPrice`, `unit_price` and `Unit prices` are the same."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return tuple(singular(word.lower()) for word in re.findall(r"[^\W_]+", spaced))


def close(one: str, other: str) -> bool:
    """Whether two words differ by a small typing mistake (one edit; two in long words)."""
    if min(len(one), len(other)) < 5 or abs(len(one) - len(other)) > 2 or one[0] != other[0]:
        return False
    return _distance(one, other) <= (1 if min(len(one), len(other)) < 8 else 2)


def _distance(one: str, other: str) -> int:
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        older, before, row = before, row, [i]
        for j, right in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
