"""Text to the terms that are matched word by word: split, lower-cased, without accents and endings.

Names of agents and tools are written in every way there is (`getHealthWorkforce`, `get_health_workforce`,
"Health Workforce"), and requests are full of words about the asking itself; both are dealt with here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# A run of letters or digits of any script. Ideographs and kana have no spaces: they become pairs, see `terms`.
_RUN = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_LONGEST = 40  # characters of a term: what is longer is a code or a trick, and its beginning will do

STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both but
    by can could did do does doing down during each few for from further get give gets getting had has have having he
    her here hers him his how i if in into is it its itself just let lets like me more most my myself no nor not now of
    off on once one only or other our ours out over own s same she should so some such t than that the their theirs
    them then there these they this those through to too under until up us very want was we were what when where which
    while who whom why will with would you your yours yourself
    additionally afterwards assist finally firstly furthermore help hello hey hi kindly know lastly looking
    m moreover need needed needs next please re second secondly tell thank thanks thirdly ve ll d wanted wants wish
    """.split()  # noqa: SIM905 - a list of words reads best as one
)


def terms(text: str) -> list[str]:
    """The terms of `text` in order, with repeats; empty if nothing in it says anything.

    Compounds give their parts (`getUserName` -> user, name); unspaced scripts give pairs of characters.
    """
    found: list[str] = []
    for run in _RUN.findall(text):
        found += _of_run(run) if len(run) <= _LONGEST else _parts(run)
    return found


@lru_cache(maxsize=100_000)
def _of_run(run: str) -> tuple[str, ...]:
    """The terms of letters and digits without a space: the same ones come again and again."""
    return tuple(_parts(run))


def _parts(run: str) -> list[str]:
    found: list[str] = []
    for part in _CAMEL.sub(" ", run).split():
        word = _plain(part)
        if _UNSPACED.search(word):
            found += _pairs(word)
        elif word not in STOP_WORDS:
            found.append(stem(word[:_LONGEST]))
    return found


def separated(name: str) -> str:
    """A name as words: `getUserName`, `get_user-name` -> "get User Name", "get user-name"."""
    return " ".join(_CAMEL.sub(" ", name).replace("_", " ").split())


def _plain(word: str) -> str:
    if word.isascii():
        return word.lower()
    bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return bare.lower()


def _pairs(word: str) -> list[str]:
    found: list[str] = []
    end = 0
    for run in _UNSPACED.finditer(word):
        found += [part for part in (word[end : run.start()],) if part]
        characters = run.group()
        found += [characters[i : i + 2] for i in range(max(1, len(characters) - 1))]
        end = run.end()
    return found + [part for part in (word[end:],) if part]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """`word` (lower case) without its inflection: plural, -ing, -ed, and the -ation, -er, -ly of kin words.

    Deliberately short of a full stemmer: kin words must meet, words of other meaning must not.
    Source: after the first steps of Porter (1980).
    """
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    word = _singular(word)
    for ending in ("ingly", "edly", "ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and _has_vowel(word[: -len(ending)]):
            word = _mended(word[: -len(ending)])
            break
    for ending, instead in _DERIVED:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)] + instead
            break
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 2 and word.endswith("y") and word[-2] not in "aeiou" else word


_DERIVED = (
    ("ization", "iz"), ("isation", "iz"), ("ational", "at"), ("ation", "at"), ("ator", "at"), ("ally", "al"),
    ("ment", ""), ("ness", ""), ("ful", ""), ("ise", "iz"), ("ly", ""),
)  # fmt: skip


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _mended(root: str) -> str:
    """plann -> plan, retriev -> retrieve (the e is cut again later, so that it meets `retrieve`)."""
    if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz":
        return root[:-1]
    return root


def _has_vowel(root: str) -> bool:
    return any(c in "aeiouy" for c in root)
