"""Turns that say nothing: thanks, praise, agreement, "I will wait", who speaks next.

A sentence is empty when it is made of the phrases below and of nothing else, members' names apart. Whole phrases, not
words: "I am waiting" is empty, "I am waiting for the key of the server" asks for something.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib import resources

MAX_WORDS = 40

_NAMED = re.compile(r"<(\w+)>")


@cache
def _sections() -> dict[str, tuple[re.Pattern[str], ...]]:
    """The sections of courtesies.txt, each phrase up to the end of a word; 0.1 s, when they are first needed."""
    text = (resources.files("ioa.adapters.policy.damper") / "courtesies.txt").read_text(encoding="utf-8")
    words: dict[str, str] = {}
    found: dict[str, list[re.Pattern[str]]] = {}
    section = ""
    for line in text.splitlines():
        name, equals, meaning = line.partition(" = ")
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            found[section] = []
        elif not section and equals:
            words[name] = _filled(meaning, words)
        else:
            found[section].append(re.compile(rf"(?:{_filled(line, words)})(?= |$)"))
    return {name: tuple(phrases) for name, phrases in found.items()}


def _filled(line: str, words: Mapping[str, str]) -> str:
    return _NAMED.sub(lambda match: f"(?:{words[match.group(1)]})", line)


_SMILES = frozenset("👍🎉🙏😊🙂😀😃😄😁👏🚀💪🤝✨🥳🙌👌😉🤗💯🌟⭐❤💖🔥")
"""Signs that say as little as the words; others, such as a cross or an arrow, may say something."""
_SPACES = re.compile(r"\s+")
_DROPPED = re.compile(r"[^\w' ]+")
_REQUEST = re.compile(
    r"\?|\b(?:please|(?:could|can|would|will) you|let me know|(?:tell|give) (?:me|us)|(?:i|we) need|what do you"
    r"|you (?:should|must|have to|need to)|your (?:opinion|view|approval|vote|thoughts))\b"
    r"|(?:^|[,;:]\s+|\b(?:to|and)\s)(?:confirm|review|check|verify|approve|decide|answer|reply|explain|repeat|remind"
    r"|summari[sz]e|recap|restate)\b(?!:)",
    re.IGNORECASE,
)


def is_courtesy(text: str, members: Collection[str]) -> bool:
    """Whether a sentence is made of empty phrases and members' names only. A question never is; see `is_formula`."""
    plain = _plain(text, members)
    if "?" in text or any(unicodedata.category(sign) in ("So", "Sm") and sign not in _SMILES for sign in text):
        return False
    if len(plain.split()) > MAX_WORDS:
        return False
    places, reached = [0], {0}
    while places:
        place = places.pop()
        if place >= len(plain):
            return True
        for phrase in _sections()["empty"]:
            match = phrase.match(plain, place)
            if match is not None and match.end() > place and match.end() + 1 not in reached:
                reached.add(match.end() + 1)
                places.append(match.end() + 1)
    return False


def is_formula(text: str, members: Collection[str]) -> bool:
    """Whether a question is one that is asked out of politeness, such as "Shall we proceed?"."""
    plain = _plain(text, members).replace("NAME", "").strip()
    return "?" in text and any(phrase.fullmatch(plain) for phrase in _sections()["polite questions"])


def asks_for_something(texts: Iterable[str], members: Collection[str]) -> bool:
    """Whether one of the sentences wants an answer: then even a mere "yes" is one."""
    return any(
        _REQUEST.search(text) and not is_courtesy(text, members) and not is_formula(text, members) for text in texts
    )


def _plain(text: str, members: Collection[str]) -> str:
    """Lower case without punctuation and smiles; members' names as NAME."""
    for name in sorted(members, key=len, reverse=True):
        text = re.sub(rf"(?<!\w)@?{re.escape(name)}(?!\w)", "\x00", text, flags=re.IGNORECASE)
    text = text.casefold().replace("’", "'").replace("\x00", "NAME")
    return _SPACES.sub(" ", _DROPPED.sub(" ", text)).strip()
