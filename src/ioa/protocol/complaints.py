"""What is wrong with JSON of a stranger, in words: the field by its path, the value it has, and what would mend it."""

from __future__ import annotations

import re

import msgspec

MAX_SHOWN_CHARS = 80
MAX_COMPLAINT_CHARS = 1_000
_FIELD = re.compile(r"Object (contains unknown|missing required) field `(.*?)`(?= - at |$)", re.DOTALL)


def complaint(error: msgspec.ValidationError, raw: object) -> str:
    """The decoder's text with the value that it is about, where its path leads to one. `raw` is the JSON as it came."""
    text = str(error)
    if len(text) > MAX_COMPLAINT_CHARS:
        text = f"{text[: MAX_COMPLAINT_CHARS // 2]} … {text[-MAX_COMPLAINT_CHARS // 2 :]}"
    _, placed, path = str(error).rpartition(" - at `$")
    found, value = _value_at(raw, path.rstrip("`") if placed else "")
    field = _FIELD.match(str(error))
    if field is not None and isinstance(value, dict):
        inside: dict[object, object] = value  # pyright: ignore[reportUnknownVariableType] - JSON of strangers
        known = field[1] == "contains unknown" and field[2] in inside
        return f"{text} = {shown(inside[field[2]])}; leave it out" if known else f"{text}; add it"
    return f"{text}, got {shown(value)}" if found and shown(value) not in text else text


def shown(value: object) -> str:
    """A value in at most `MAX_SHOWN_CHARS`."""
    try:
        text = repr(value)
    except RecursionError:
        text = f"a {type(value).__name__} of many levels"
    return text if len(text) <= MAX_SHOWN_CHARS else text[: MAX_SHOWN_CHARS - 1] + "…"


def _value_at(raw: object, path: str) -> tuple[bool, object]:
    """What is at a path such as `.message.next_speaker[0]`; the path of a stranger's key may lead nowhere."""
    found = raw
    for part in path.replace("]", "").replace("[", ".").split("."):
        if not part:
            continue
        if isinstance(found, dict):
            entries: dict[object, object] = found  # pyright: ignore[reportUnknownVariableType] - JSON of strangers
            if part not in entries:
                return False, None
            found = entries[part]
        elif isinstance(found, list):
            items: list[object] = found  # pyright: ignore[reportUnknownVariableType] - same
            if not part.isdecimal() or int(part) >= len(items):
                return False, None
            found = items[int(part)]
        else:
            return False, None
    return True, found
