"""What a request for a chart says: the kind of chart, the question that it draws, and the sentences around that.

Only the sentence that asks for the chart loses its words about charts; the others (`Leave out the short stays.`,
`Which ward costs most?`) go to the analyst's reading as they are, so that they hold for the chart too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ioa.adapters.agents.data import phrasing
from ioa.adapters.agents.data.chart_words import ChartWords, read_chart_words
from ioa.adapters.agents.data.question import NotUnderstood
from ioa.adapters.agents.data.understanding import questions

_VERB = r"(?:re-?)?(?:plot|draw|chart|graph|visuali[sz]e|sketch|depict|render|illustrate)"
_DRAWS = re.compile(rf"\b(?:{_VERB}|diagrams?|figures?|pictures?|charts?|graphs?|plots?|ax[ie]s)\b", re.IGNORECASE)
_ORDER = rf"(?:{_VERB}|make|create|show|produce|display|give|generate|prepare|put|present|turn)"
_AFTER_CONTEXT = re.compile(rf",?\s*(?:\b(?:and|then|please)\b\s*)*(?<=[\s,])(?={_ORDER}\b)", re.IGNORECASE)
_THING = r"(?:results?|values|numbers|figures|totals|averages|counts|answers?|outcome|table|data|findings)"
_LOOSE = re.compile(
    rf"(,?\s*\b(?:and|then)\b\s+(?:then\s+|also\s+)?{_ORDER})\s+"
    rf"(?:it|them|this|that|these|those|(?:(?:these|those|the|all|its|their|this|that)\s+)+{_THING})"
    r"(?=\s*(?:$|[.,;!]|\b(?:as|in|into|on|with|using|by\s+means)\b))",
    re.IGNORECASE,
)
_STYLE = re.compile(
    r"^\W*(?:please\s+|and\s+)*(?:label|add|include|give|with)\s+(?:it\s+|me\s+)?(?:(?:the|both|all|a|an|clear|readable|suitable|and)\s+)*"
    r"(?:(?:x|y)[\s-]|axis\s+|axes\s+)?(?:ax[ie]s|labels?|legend|title)(?:\s+(?:labels?|and\s+(?:a\s+)?(?:legend|title|labels?)))?\W*$",
    re.IGNORECASE,
)
_JOINT = re.compile(r"(?:\W|\b(?:and|then|now|also|please|so|next|finally)\b)*", re.IGNORECASE)
_NUMBERED = re.compile(r"((?<=[A-Za-z]\s)[\d.,]*\d)\.\s+(?=[A-Z])")
"""A sentence that ends in a number: `Leave out the stays under 1. Plot ...`"""
_NTH = ("first", "second", "third", "fourth", "fifth")
_ORDINAL = re.compile(
    rf"\b(?:the\s+)?(?:(?P<nth>{'|'.join(_NTH)})|(?P<last>last|latest|final|most\s+recent))\s+"
    r"(?:of\s+(?:the|these|those)\s+|earlier\s+|previous\s+)?(?:results?|tables?|answers?|outputs?|findings?)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:both|all|(?:two|three|four))\s+(?:of\s+)?(?:the\s+|these\s+|those\s+)?(?:earlier\s+|previous\s+)?"
    r"(?:results|tables|answers|outputs|of them)\b",
    re.IGNORECASE,
)


_AGAIN = re.compile(
    r"\b(?:the\s+|that\s+)?same(?=\s+(?:for|with|in|at|but|by|per|again|thing|way|"
    r"(?:chart|plot|graph|diagram)\s+(?:for|with|of|but|again|by|per))\b|\s*[.,;!?]?$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class ChartRequest:
    """`text` is what the analyst's reading gets, `question` the sentence of it that is drawn ("" if only a result is).

    `places` are the decimals that values are to be rounded to. `nth` is the place of the earlier result that is
    meant: 0 the first, -1 the last, None if it is not said; `several` if more than one at once is asked for.
    """

    words: ChartWords
    question: str
    text: str
    places: int | None = None
    nth: int | None = None
    several: bool = False
    around: list[str] = field(default_factory=list[str])


def read_request(text: str) -> ChartRequest:
    """Take a request apart. Raises `NotUnderstood` for what is more than one chart."""
    text, places = phrasing.rounding(phrasing.plain_source(text))
    if (again := _AGAIN.search(text)) is not None:
        raise NotUnderstood(f'"{again[0]}" stands for something said before: say in full what the chart is to show.')
    nth: int | None = None
    several = _SEVERAL.search(text) is not None
    if (found := _ORDINAL.search(text)) is not None:
        nth = -1 if found["last"] else _NTH.index(found["nth"].lower())
        text = f"{text[: found.start()]}the result{text[found.end() :]}"
    rest, joined = phrasing.join_wish(text)
    ahead = ""
    if joined is not None:
        ahead = re.sub(r"(?:[\s,.;:]|\b(?:and|then|to)\b)+$", "", text[: len(text) - len(rest)], flags=re.I) + ".\n"
    sentences = _sentences(rest)
    read = [_Said(one, _words(one)) for one in sentences]
    chart, around = _drawn(read)
    about = chart.words if chart else ChartWords("", "")
    words = _together(about, [one.words for one in read if one.draws])
    lines = [about.question if one is chart else one.text for one in read if one is chart or one in around]
    places_left = [one.text for one in around]
    return ChartRequest(
        words, about.question, ahead + "\n".join(lines), places, nth=nth, several=several, around=places_left
    )


@dataclass(eq=False, slots=True)
class _Said:
    """A sentence and what it says about a chart; `limits` if it only says which rows are meant."""

    text: str
    words: ChartWords

    @property
    def draws(self) -> bool:
        return not self.limits and bool(self.words.kind or self.words.title or _DRAWS.search(self.text))

    @property
    def limits(self) -> bool:
        return phrasing.context(self.text) is not None


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for one in questions(_NUMBERED.sub("\\1\n", text)):
        if _STYLE.match(one) or _JOINT.fullmatch(one):
            continue  # axes are always labelled, and several series have a legend
        split = _AFTER_CONTEXT.search(one) if phrasing.context(one) else None
        if split is not None and split.start():
            found += [one[: split.start()], one[split.end() :]]
        else:
            found.append(one)
    return found


def _words(sentence: str) -> ChartWords:
    return read_chart_words(_LOOSE.sub(r"\1", sentence))


def _drawn(read: list[_Said]) -> tuple[_Said | None, list[_Said]]:
    """The sentence that is drawn and those that are read with it."""
    limits = [one for one in read if one.limits]
    asked = [one for one in read if not one.limits]
    told = [one for one in asked if one.words.bare or not one.draws]
    charts = [one for one in told if one.draws]
    if len(charts) > 1:
        both = '" and "'.join(one.text for one in charts)
        raise NotUnderstood(f'"{both}" are several charts: ask for one at a time.')
    if not told:
        return (asked[0] if asked else None), limits
    chart = charts[0] if charts else told[-1]
    after = told[told.index(chart) + 1 :]
    if after:
        raise NotUnderstood(f'"{after[0].text}" is no part of a chart that I know: ask it in a task of its own.')
    return chart, limits + told[: told.index(chart)]


def _together(chart: ChartWords, said: list[ChartWords]) -> ChartWords:
    """What all sentences say about the one chart."""
    kinds = list(dict.fromkeys(one.kind for one in [chart, *said] if one.kind))
    if set(kinds) == {"bar", "horizontal bar"}:
        kinds = ["horizontal bar"]
    if len(kinds) > 1:
        raise NotUnderstood(f"A {kinds[0]} chart and a {kinds[1]} chart are asked for: ask for one at a time.")
    title = next((one.title for one in [chart, *said] if one.title), "")
    stacked = any(one.stacked for one in [chart, *said])
    refers = chart.refers or (not chart.bare and any(one.refers for one in said))
    return ChartWords(kinds[0] if kinds else "", chart.question, title, stacked, refers, chart.bare)
