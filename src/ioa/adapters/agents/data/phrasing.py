"""Parts of a text that are no question themselves: how to round, what to join, what a word means, what to leave out.

Each is recognised by its form, taken out of the text and obeyed; a text without them comes back unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COUNTS = {"no": 0, "zero": 0, "one": 1, "a": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_VALUE = (
    r"(?:it|this|that|them|off|the|your|all|of|final|results?|answers?|values?|numbers?|figures?|percentages?|shares?|"
    r"averages?|means?|medians?|totals?|each)"
)
_ROUND = re.compile(
    rf"[,;(]?\s*(?:\b(?:and|please|then|also)\s+)*\b(?:(?:round(?:ed|ing)?|correct|accurate)\b(?:\s+{_VALUE})*\s+(?:to|at)|"
    rf"(?:(?:give|show|express|state|report)\b(?:\s+{_VALUE})+\s+)?(?:to|with))\s+"
    r"(?:(?P<n>\d|no|zero|one|two|three|four|five|six|a single|a)\s+"
    r"(?:decimal\s+(?:places?|digits?|points?)\b|decimals?\b|"
    r"(?:digits?|places?)\s+after\s+the\s+(?:decimal\s+)?point)|the\s+nearest\s+(?P<whole>whole\s+number|integer)|"
    r"(?:a\s+)?(?P<integer>whole\s+numbers?|integers?))(?:\s+each)?\s*\)?",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r",?\s*\b(?:according\s+to|as\s+(?:per|listed\s+in|recorded\s+in|given\s+in|shown\s+in)|going\s+by|judging\s+by)\s+",
    re.IGNORECASE,
)
_FILE = r"[\w./~-]+\.(?:csv|tsv|txt|parquet|json|ndjson|jsonl|xlsx|xlsm|xls)"
_JOIN = re.compile(
    rf"^\W*(?:please\s+|first,?\s+)?(?:join|merge|combine|link|match|connect|bring\s+together|put\s+together)(?:ing)?\s+(?:up\s+)?"
    rf"(?:(?:the\s+)?(?:two\s+|both\s+)?(?:files|tables|sheets|of\s+them)\s*:?\s*)?"
    rf"(?:(?:the\s+)?(?P<left>{_FILE})\s*(?:,|and|with|to|&|\+)\s*(?:the\s+)?(?P<right>{_FILE}))?\s*"
    r"(?:together\s+)?(?:(?:on|by|using|via|over|through|along)\s+(?:the\s+|their\s+)?(?:(?:common|shared|column|key|field|same)\s+)*"
    r"[\"'`]?(?P<key>[\w ]+?)[\"'`]?(?:\s+(?:column|key|field))?)?"
    r"\s*(?:,?\s*\band\s+(?:then\s+)?|[,.;:]\s+(?:and\s+)?(?:then\s+)?|,?\s*\bthen\s+|\s+\bto\s+(?=\w+\s+(?:out\s+)?(?:the|what|how|which|who|me|each|all)\b)|$)",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r",?\s*[(–—-]?\s*(?:\bi\.\s?e\.?,?|\bie,|\bin\s+other\s+words,?|\bthat\s+is(?:\s+to\s+say)?,|,\s*that\s+is(?:\s+to\s+say)?,?)\s+"
    r"(?P<meaning>.+?)\)?(?=[.?!;](?:\s|$)|$|,?\s+and\s+(?:what|how|which|who|the|list|show|give|tell)\b)",
    re.IGNORECASE,
)
_SUMMED = re.compile(
    r",?\s*\b(?:summed|added|totalled|totaled|added\s+together|taken\s+together)(?:\s+up)?"
    r"(?:\s+(?:over|across|for)\s+(?:all|every|each)(?:\s+(?:of\s+)?(?:the|our|its))?\s+\w+)?",
    re.IGNORECASE,
)
_TIMES = re.compile(r"\w\s*(?:\btimes\b|\bmultiplied\s+by\b|[×*])\s*\w", re.IGNORECASE)
_AGGREGATE = re.compile(
    r"^(?:the\s+)?(?:sum|total|average|mean|median|number|count|highest|lowest|largest|smallest)\b", re.I
)
_HEAD = re.compile(
    r"^(?P<lead>.*?)\b(?:the\s+)?(?:total|overall|whole|full|complete|entire)\s+(?P<noun>[\w\s-]+)$", re.I | re.S
)
_WITHOUT = (
    r"leave\s+out|leaving\s+out|exclude|excluding|ignore|ignoring|disregard|disregarding|drop|dropping|remove|removing|"
    r"without\s+counting|not\s+counting|omit|omitting|skip|skipping|setting\s+aside|set\s+aside"
)
_ONLY = (
    r"(?:consider|considering|keep|keeping|use|using|look\s+at|looking\s+at|take|taking|count|counting)\s+only|"
    r"only\s+(?:consider|keep|use|look\s+at|take|count)|restrict(?:ing)?\s+(?:it\s+|this\s+|yourself\s+)?to|limit(?:ing)?\s+(?:it\s+|this\s+)?to"
)
_CONTEXT = re.compile(
    rf"^\W*(?:please\s+|but\s+|and\s+|first,?\s+)*(?:(?P<without>{_WITHOUT})|(?P<only>{_ONLY}))\s+(?P<rows>.+)$",
    re.I | re.S,
)
_EXCEPT = (
    r"excluding|leaving\s+out|ignoring|disregarding|without\s+counting|not\s+counting|omitting|not\s+including|"
    r"setting\s+aside|except(?:ing)?(?:\s+for)?|apart\s+from|aside\s+from|with\s+the\s+exception\s+of|other\s+than"
)
_OPENING = re.compile(
    rf"^\W*(?P<context>(?:{_EXCEPT}|considering\s+only|looking\s+only\s+at|counting\s+only)\s+[^,]+),\s+"
    r"(?P<rest>(?:what|how|which|who|when|where|give|list|"
    r"show|find|compute|calculate|work|tell|count|determine|name|the|total|average)\b.+)$",
    re.I | re.S,
)
_DESCRIBED = (
    r"(?:where|with|without|whose|which|that|who|when|over|under|above|below|more\s+than|less\s+than|fewer\s+than|"
    r"at\s+(?:least|most)|before|after|since|of|in|from)\b"
)
_OPENING_DESCRIBED = re.compile(
    rf"^\W*(?P<context>(?:{_EXCEPT})\s+(?:[\w-]+\s+){{1,4}}?{_DESCRIBED}[^,]+),\s+(?P<rest>\S.+)$", re.I | re.S
)
_TRAILING = re.compile(
    rf"^(?P<rest>.+?),?\s+(?P<context>(?:{_EXCEPT})\s+(?:[\w-]+\s+){{1,4}}?{_DESCRIBED}[^,]+?)\W*$", re.I | re.S
)
_LEFT_OUT = re.compile(rf"^\W*(?:{_EXCEPT})\s+(?P<rows>.+)$", re.I | re.S)
_OWN = re.compile(rf"\b(?:{_EXCEPT}|by|per|for\s+each|for\s+every)\b", re.I)


@dataclass(frozen=True, slots=True)
class Context:
    """Rows that a text leaves out (`without`), or the only ones that it is about."""

    rows: str
    without: bool


@dataclass(frozen=True, slots=True)
class Join:
    """Two files that a text wants joined; "" where it does not say which, or on what."""

    left: str
    right: str
    key: str


def rounding(text: str) -> tuple[str, int | None]:
    """The text without its wish for rounding, and the wished number of decimal places."""
    found = _ROUND.search(text)
    if found is None or re.search(r"\b(?:up|down)\s*$", text[: found.start()], re.IGNORECASE):
        return text, None  # to round up is another thing than to round
    said = (found["n"] or "no").lower().removeprefix("a ").strip() or "a"
    places = int(said) if said.isdigit() else _COUNTS[said]
    return f"{text[: found.start()]} {text[found.end() :]}".strip(), places


def plain_source(text: str) -> str:
    """`according to loans.csv` as `in loans.csv`."""
    return _SOURCE.sub(" in ", text)


def join_wish(text: str) -> tuple[str, Join | None]:
    """The text without `Join a.csv with b.csv on id and`, and what is to be joined."""
    found = _JOIN.match(text)
    if found is None or not (
        found["left"] or re.search(r"\b(?:both|two|the)\s+(?:files|tables|sheets)\b", found[0], re.I)
    ):
        return text, None
    rest = text[found.end() :].strip()
    return rest, Join(found["left"] or "", found["right"] or "", (found["key"] or "").strip())


def meaning(sentence: str) -> tuple[str, str, str] | None:
    """`X, i.e. Y` as X, Y and what follows; None if nothing is explained."""
    found = _MEANS.search(sentence)
    if found is None:
        return None
    return sentence[: found.start()].strip(" ,("), found["meaning"].strip(), sentence[found.end() :].strip(" ,.?!")


def explained(said: str, means: str) -> list[tuple[str, bool]]:
    """Questions that `said, i.e. means` may be, the best first; True: what was said must hold no filter of its own."""
    product = _SUMMED.sub("", means).strip()
    if _TIMES.search(product):
        found = [(f"{said} ({product})", False)]
        head = _HEAD.match(said)
        if head is not None:
            found.append((f"{head['lead']}the total of {product}", True))
        elif product != means:
            found.append((f"the total of {product}", True))
        return found
    return [(means, True)] if _AGGREGATE.match(means) else []


def context(sentence: str) -> Context | None:
    """A sentence that only says which rows the others are about: `Leave out the stays of less than one day.`"""
    found = _CONTEXT.match(sentence)
    return Context(found["rows"].strip(), found["without"] is not None) if found else None


def opening(sentence: str) -> tuple[Context, str] | None:
    """`Excluding cancelled orders, what ...` as what is left out and the question."""
    found = _OPENING.match(sentence) or _OPENING_DESCRIBED.match(sentence) or _TRAILING.match(sentence)
    if found is None or (found.re is _TRAILING and _OWN.search(found["context"].split(maxsplit=2)[-1])):
        return None
    left_out = _LEFT_OUT.match(found["context"])
    wish = Context(left_out["rows"].strip(), True) if left_out else context(found["context"])
    return (wish, found["rest"].strip(" ,")) if wish else None
