"""What a request for a chart says about the chart, and what is left to say about the data."""

# ruff: noqa: E501 - tables of phrases and patterns: one entry a line

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS: tuple[tuple[str, str], ...] = (
    ("box", r"box[\s-]?(?:and[\s-]whiskers?[\s-])?(?:plots?|charts?|diagrams?)|boxplots?"),
    ("histogram", r"histograms?(?:\s+(?:plot|chart))?|(?:frequency\s+)?distribution\s+(?:plot|chart)"),
    ("scatter", r"scatter[\s-]?(?:plots?|charts?|graphs?|diagrams?)?|scattergrams?"),
    ("pie", r"(?:pie|donut|doughnut)[\s-]?(?:charts?|plots?|graphs?|diagrams?)?"),
    ("horizontal bar", r"horizontal[\s-]bars?[\s-]?(?:charts?|plots?|graphs?|diagrams?)?|horizontal\s+(?:chart|plot)"),
    ("bar", r"(?:bar|column)[\s-]?(?:charts?|plots?|graphs?|diagrams?)|bars\b|\bbar\b"),
    (
        "line",
        r"line[\s-]?(?:charts?|plots?|graphs?|diagrams?)|(?:time\s+series|trend)\s*(?:charts?|plots?|graphs?|lines?)?|\bas\s+(?:a\s+)?lines?\b",
    ),
)
_TITLE = re.compile(
    r",?\s*(?:\b(?:and|with)\s+)?(?:\b(?:the|a)\s+)?\b(?:titled|entitled|title|called|named)\b\s*(?:it|of|:|is|as)?\s*[\"“'](?P<title>[^\"”']+)[\"”']",
    re.IGNORECASE,
)
_AXES = re.compile(
    r"(?:with|using|,|put|and)?\s*(?:the\s+)?(?P<a>[\w ()%-]+?)\s+(?:on|along|as|at)\s+(?:the\s+)?(?P<first>[xy])[\s-]?axis\s*(?:,|and|with|,\s*and)?\s*(?:the\s+)?(?P<b>[\w ()%-]+?)\s+(?:on|along|as|at)\s+(?:the\s+)?(?P<second>[xy])(?:[\s-]?axis)?",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"^\W*(?:(?:then|now|please|also|and|finally|next|can you|could you|i want to|i want|i need|let's|help me|to)\s+)*"
    r"(?:(?:re-?)?(?:plot|draw|chart|graph|visuali[sz]e|make|create|generate|produce|show|display|render|build|give me|present|illustrate|sketch|prepare|save|add|turn|put|depict|do)\s*(?:out|up|me|us)?\s+)?",
    re.IGNORECASE,
)
_REST = re.compile(
    r"\b(?:and\s+)?(?:then\s+)?(?:save|export|store|write)\s+(?:it|them|the\s+(?:chart|plot|graph|figure|image))?\s*(?:as|to|in|into)\s+(?:an?\s+)?(?:[\w.-]+\.)?(?:png|svg|png\s+and\s+svg|image|file|picture)(?:\s+(?:file|image))?\b"
    r"|\b(?:as|in|into|using|with|on|by)\s+(?:an?\s+|the\s+|one\s+)?(?:\w+\s+)?(?:charts?|plots?|graphs?|diagrams?|figures?|images?|pictures?|visuali[sz]ations?)\b"
    r"|\b(?:an?\s+|the\s+)?(?:nice\s+|simple\s+|clear\s+|labell?ed\s+|readable\s+)?(?:charts?|plots?|graphs?|diagrams?|figures?|visuali[sz]ations?|images?|pictures?)\b(?:\s+(?:of|for|showing|that shows|with|from|comparing|which shows|to show|displaying|to compare))?"
    r"|\b(?:plot|draw|visuali[sz]e|graph|chart)(?:ting|ing)?\b",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:(?:the|these|those|this|that|your|all|both|above|previous|resulting|last|earlier|computed|obtained)\s+)*(?:results?|outputs?|answers?|table|findings?|numbers|values|data|figures|outcome|totals|averages|them|it|these|those|this|that|above|counts|growth rates)\b(?:\s+(?:of|from|above|found|computed|obtained)(?:\s+(?:the\s+)?(?:previous|last|earlier|first)\s+(?:step|task|question|analysis))?)?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class ChartWords:
    """`kind` is empty if the words leave it open; `question` is what the chart is about; `refers` to an earlier result."""

    kind: str
    question: str
    title: str = ""
    stacked: bool = False
    refers: bool = False
    bare: str = ""


def read_chart_words(text: str) -> ChartWords:
    """Take the words about the chart out of the text."""
    title = ""
    if found := _TITLE.search(text):
        title = found["title"].strip()
        text = text[: found.start()] + text[found.end() :]
    stacked = bool(re.search(r"\bstacked\b", text, re.IGNORECASE))
    text = re.sub(
        r"\b(?:stacked|grouped|clustered|coloured|colored|side[\s-]by[\s-]side)\s+(?=bar|column|chart|horizontal|line)",
        "",
        text,
        flags=re.IGNORECASE,
    )
    text = _ORDERS.sub("", text, count=1)
    kind = ""
    for name, pattern in KINDS:
        whole = re.compile(
            rf"(?:\b(?:as|in|into|using|with|on|by)\s+)?(?:\b(?:an?|the|one)\s+)?(?:\b(?:simple|nice|clear|small|vertical|labell?ed)\s+)*\b(?:{pattern})(?!\w)(?:\s+(?:of|for|showing|that shows|with|comparing|which shows|to show|displaying|to compare|from))?",
            re.IGNORECASE,
        )
        if whole.search(text):
            kind, text = name, whole.sub(" ", text, count=1)
            break
    if re.search(r"\baxis\b", text, re.IGNORECASE):
        text = _REST.sub(" ", text).strip(" ,.;:")
        text = re.sub(r"^(?:of|for|showing|with|from|that|and|to)\s+", "", text, flags=re.IGNORECASE)
    if (found := _AXES.search(text)) and found["first"].lower() != found["second"].lower():
        x, y = (found["a"], found["b"]) if found["first"].lower() == "x" else (found["b"], found["a"])
        text = text[: found.start()] + f" {y.strip()} by {x.strip()} " + text[found.end() :]
    text = _REST.sub(" ", text)
    text = re.sub(r"\s+", " ", text).strip(" ,.;:")
    text = re.sub(r"^(?:of|for|showing|with|from|that|and|to|the)\s+", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+(?:and|then|as|using|with|in|of)$", "", text, flags=re.IGNORECASE)
    rest = _RESULT.sub(" ", text)
    bare = re.sub(
        r"\b(?:the|a|an|as|in|of|for|and|with|from|using|by|each|to|on|all|please|so|then|based|it|is|be|can|i|see|we|now|into|out)\b|[^\w]",
        " ",
        rest,
        flags=re.IGNORECASE,
    ).strip()
    return ChartWords(kind, text, title, stacked, refers=bool(_RESULT.search(text)), bare=bare)
