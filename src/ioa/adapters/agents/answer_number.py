"""The one number in a sentence that answers, so that others may compute with it; none where there are two."""

from __future__ import annotations

import re

from ioa.adapters.agents.answer_kinds import DATES_AND_TIMES, Kind

_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty"""
_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100}
_WORDS = {word: value for value, word in enumerate(_SMALL.split())} | _TENS
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NUMBER = re.compile(rf"(?<![\w.,-])(?:{_DIGITS})(?![\w]*\d)|\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_NUMERIC = frozenset(
    (
        "money",
        "duration",
        "percent",
        "weight",
        "length",
        "area",
        "volume",
        "temperature",
        "number",
        "count",
        "frequency",
    )
)


def number_in(sentence: str, kind: Kind | None) -> str | None:
    """The number of this kind in the sentence, written plainly (`1150`, `0.62`); `None` when there is none or more
    than one, when it is a range, or when the kind is no number."""
    if kind is None or kind.name not in _NUMERIC or kind.name == "frequency":
        return None
    text = sentence.partition(" = ")[2] or sentence  # the one cell of a row that was asked for
    if " = " in text:
        return None
    if kind.name in ("number", "count"):
        found = _numbers(DATES_AND_TIMES.sub(" ", text))
    else:
        matches = [match[0] for match in kind.looks.finditer(text)]
        held = [_numbers(match) for match in matches]
        found = [one for numbers in held for one in numbers]
        if any(not numbers for numbers in held) and not found:
            return None
    return found[0] if len(found) == 1 else None


def _numbers(text: str) -> list[str]:
    found: list[str] = []
    for match in _NUMBER.finditer(text):
        word = match[0].lower()
        value = str(_WORDS[word]) if word in _WORDS else word.replace(",", "")
        scale = re.match(r"[\s-]*(\w+)", text[match.end() :])
        if scale and scale[1].lower() in _SCALES:
            value = f"{float(value) * _SCALES[scale[1].lower()]:.10g}"
        elif scale and scale[1].lower() in _WORDS:
            return ["", ""]  # "twenty five": more than is read here
        found.append(value)
    return found
