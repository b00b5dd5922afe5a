"""robots.txt: which paths of a site its owner lets programs fetch. Source: RFC 9309."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

LIMIT_BYTES = 500 * 1024  # as much as RFC 9309 asks a parser to read


@dataclass(slots=True)
class _Group:
    agents: list[str] = field(default_factory=list[str])
    rules: list[tuple[bool, str]] = field(default_factory=list[tuple[bool, str]])
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one program: (allowed, pattern), and how long it is asked to wait between requests.
    `unknown`: the server could not say what its rules are."""

    rules: Sequence[tuple[bool, str]]
    delay_s: float = 0.0
    unknown: bool = False

    def allows(self, path_and_query: str) -> bool:
        """The longest pattern that matches decides; of two equally long ones, the one that allows."""
        path = _plain(path_and_query or "/")
        if path == "/robots.txt":
            return True
        best_length, best = -1, True
        for allowed, pattern in self.rules:
            length = len(pattern)
            if (length > best_length or (length == best_length and allowed)) and _matches(pattern, path):
                best_length, best = length, allowed
        return best


ALL_ALLOWED = Robots(())
UNKNOWN = Robots(((False, "/"),), unknown=True)


def parsed(text: str, agent: str) -> Robots:
    """The rules of `text` for the program called `agent` (its product token): its own groups, else those for `*`."""
    groups: list[_Group] = []
    naming = False
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if not colon:
            continue
        key, value = key.strip().lower(), value.strip()
        if key == "user-agent":
            if not naming:
                groups.append(_Group())
            groups[-1].agents.append(value.split("/")[0].strip().lower())
            naming = True
        elif key in ("allow", "disallow") and groups:
            naming = False
            if value:  # an empty one forbids nothing
                groups[-1].rules.append((key == "allow", _plain(value)))
        elif key == "crawl-delay" and groups:
            naming = False
            if re.fullmatch(r"\d+(\.\d+)?", value):
                groups[-1].delay_s = float(value)
    mine = [one for one in groups if agent.lower() in one.agents] or [one for one in groups if "*" in one.agents]
    return Robots([rule for one in mine for rule in one.rules], max((one.delay_s for one in mine), default=0.0))


def _plain(path: str) -> str:
    """One spelling for `/a%62c` and `/abc`; an encoded slash stays encoded."""
    return quote(unquote(re.sub("%2[fF]", "%252F", path)), safe="/:?&=*$@!,;+~()'%[]")


def _matches(pattern: str, path: str) -> bool:
    """Greedy from the left, piece by piece between the asterisks: no backtracking, so no pattern is slow."""
    anchored = pattern.endswith("$")
    pieces = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if len(pieces) == 1:
        return not anchored or at == len(path)
    last = pieces[-1]
    if anchored:
        return len(path) - len(last) >= at and path.endswith(last)
    return path.find(last, at) >= 0
