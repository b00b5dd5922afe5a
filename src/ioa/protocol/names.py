"""Which names agents may have, and when two names are the same.

Names are what people and models see: spaces, quotes and any script are welcome. What could deceive a reader
or a terminal is not: control, formatting and invisible characters, outer blanks, more than 64 characters, a leading
`@` (reserved for the hub and for persons), and a second spelling of a taken name (see `name_key`). Letters of
different scripts that look alike are not told apart.
"""

from __future__ import annotations

import unicodedata

from ioa.protocol.errors import Refused

HUB = "@hub"
"""Sender of the messages that the hub itself writes: deadlines, sub-groups, forced conclusions."""

PERSON_PREFIX = "@"
MAX_NAME_CHARS = 64

ZERO_WIDTH_JOINER = "\u200d"  # part of many emoji and of Indic and Persian words
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters, marks and symbols by category, yet nothing is seen of them: fillers, joiners, the empty braille cell.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def _modifies_only(char: str) -> bool:
    """Zero-width joiner and variation selectors: they choose how the neighbour is drawn, and show nothing alone."""
    return char == ZERO_WIDTH_JOINER or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def clean_name(name: str, field: str = "name") -> str:
    """The name in NFC. Raises `Refused` (bad_name) that says what to change."""
    shown = repr(name if len(name) <= 40 else name[:40] + "…")
    composed = unicodedata.normalize("NFC", name)
    if not "".join(char for char in name if not _modifies_only(char)).strip():
        raise Refused("bad_name", f"{field} is empty; give the agent a name, such as 'Data analyst'")
    if len(composed) > MAX_NAME_CHARS:
        raise Refused(
            "bad_name",
            f"{field} {shown} has {len(composed)} characters; at most {MAX_NAME_CHARS} are allowed: shorten it",
        )
    if name != name.strip():
        raise Refused("bad_name", f"{field} {shown} begins or ends with a blank; remove it")
    if name_key(name).startswith(PERSON_PREFIX):  # the key: a full-width ＠ looks the same
        raise Refused("bad_name", f"{field} {shown} begins with '@', which is reserved; choose another first character")
    for char in name:
        category = unicodedata.category(char)
        if char in _BLANK or (category[0] == "C" and char != ZERO_WIDTH_JOINER):
            raise Refused(
                "bad_name",
                f"{field} {shown} contains the character U+{ord(char):04X}, which cannot be shown; remove it",
            )
        if category in ("Zl", "Zp"):
            raise Refused("bad_name", f"{field} {shown} contains a line break; remove it")
    return composed


def name_key(name: str) -> str:
    """Two names with the same key are the same name: case, width, composition and what only modifies do not count."""
    if name.isascii():  # most are, and a hub that starts asks for all of them: nothing to compose, nothing unseen
        return " ".join(name.casefold().split())
    plain = "".join(char for char in name if not _modifies_only(char))
    # Twice, because folding can undo composition and composing can make something to fold (Unicode 3.13, D146).
    for _ in range(2):
        plain = unicodedata.normalize("NFKC", plain).casefold()
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def person(user: str) -> str:
    """The sender name of a person who speaks through the HTTP API."""
    return PERSON_PREFIX + user


def clean_user(name: str, field: str = "name") -> str:
    """The name of a user, an operator or another hub, as it is. Raises `Refused` (bad_name) that says what to change:
    nobody may speak as the hub, whose messages are `@hub`."""
    shown = repr(name if len(name) <= 40 else name[:40] + "…")
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable() or name != name.strip():
        raise Refused("bad_name", f"{field} {shown} is no user name; use 1 to {MAX_NAME_CHARS} printable characters")
    if name_key(name).startswith(PERSON_PREFIX) or name_key(person(name)) == HUB:
        raise Refused("bad_name", f"{field} {shown} is reserved; choose another name, without a leading '@'")
    return name


def printable(text: str) -> str:
    """Text of strangers made safe for a terminal or a log line: escape codes and controls become visible."""
    return "".join(
        char
        if char in ("\n", "\t", ZERO_WIDTH_JOINER) or unicodedata.category(char) not in _UNPRINTABLE
        else f"\\u{ord(char):04x}"
        for char in text
    )
