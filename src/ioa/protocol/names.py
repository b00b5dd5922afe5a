"""Which names agents may have, and when two names are the same.

Names are what people and models see: spaces, quotes and any script are welcome. What could deceive a reader
or a terminal is not: control and formatting characters, outer blanks, more than 64 characters, a leading `@`
(reserved for the hub and for persons), and a second spelling of a taken name (see `name_key`).
"""

from __future__ import annotations

import unicodedata

from ioa.protocol.errors import Refused

HUB = "@hub"
"""Sender of the messages that the hub itself writes: deadlines, sub-groups, forced conclusions."""

PERSON_PREFIX = "@"
MAX_NAME_CHARS = 64


def clean_name(name: str, field: str = "name") -> str:
    """The name in NFC. Raises `Refused` (bad_name) that says what to change."""
    shown = repr(name if len(name) <= 40 else name[:40] + "…")
    if not name.strip():
        raise Refused("bad_name", f"{field} is empty; give the agent a name, such as 'Data analyst'")
    if len(name) > MAX_NAME_CHARS:
        raise Refused(
            "bad_name",
            f"{field} {shown} has {len(name)} characters; at most {MAX_NAME_CHARS} are allowed: shorten it",
        )
    if name != name.strip():
        raise Refused("bad_name", f"{field} {shown} begins or ends with a blank; remove it")
    if name.startswith(PERSON_PREFIX):
        raise Refused("bad_name", f"{field} {shown} begins with '@', which is reserved; choose another first character")
    for char in name:
        category = unicodedata.category(char)
        if category[0] == "C" and char not in "\u200d":  # zero-width joiner: part of many emoji
            raise Refused(
                "bad_name",
                f"{field} {shown} contains the character U+{ord(char):04X}, which cannot be shown; remove it",
            )
        if category in ("Zl", "Zp"):
            raise Refused("bad_name", f"{field} {shown} contains a line break; remove it")
    return unicodedata.normalize("NFC", name)


def name_key(name: str) -> str:
    """Two names with the same key are the same name: case, width and composition do not count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.replace("\u200d", "").split())


def person(user: str) -> str:
    """The sender name of a person who speaks through the HTTP API."""
    return PERSON_PREFIX + user


def printable(text: str) -> str:
    """Text of strangers made safe for a terminal or a log line: escape codes and controls become visible."""
    return "".join(
        char
        if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co") or char == "\u200d"
        else f"\\u{ord(char):04x}"
        for char in text
    )
