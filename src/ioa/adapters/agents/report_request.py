"""What a task asks of the writer: which shape of text, under which title, in files of which name. Rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from ioa.adapters.agents.collected import safe_name

Shape = Literal["report", "short", "bullets", "email"]

_SAVE_AS = re.compile(
    r"\b(?:as|to|in|named?|called|call it|into|titled?|file)\s+(?:[\"'“`]([^\"'“”`\n]+\.(?:md|markdown|html?|"
    r"txt))[\"'”`]|"
    r"[\"'“`]?([^\s\"'“”`]*?[\w-]+\.(?:md|markdown|html?|txt))\b)",
    re.IGNORECASE,
)
_QUOTED_TITLE = re.compile(
    r"\b(?:titled?|entitled|called|heading|headline|named|subject(?: line)?)\s*:?\s*[\"“']([^\"”']{2,120})[\"”']", re.I
)
_MADE = (
    r"(?:report|summary|memo|brief(?:ing)?|document|overview|write-?up|article|note|page|bullet points?|"
    r"e-?mail|message)"
)
_NO_TOPIC = (
    r"(?!(?:it|this|that|these|those|them|all|everything|what|the results?|the findings?|the above|both|each|me|us|"
    r"(?:the |our |my )?(?:team|boss|manager|board|staff|management|customers?|clients?|colleagues?|group)"
    r"(?=\s*(?:$|[.,;:!?]|with\b|about\b|on\b|and\b)))\b)"
)
_TOPIC = re.compile(
    rf"\b{_MADE}\s+(?:[\w-]+\.?\s+){{0,4}}?(?:about|on|of|for|regarding|concerning|titled|entitled)\s+{_NO_TOPIC}"
    r"([^.;:!?\n]{3,100})",
    re.IGNORECASE,
)
_TOPIC_ABOUT = re.compile(_TOPIC.pattern.replace("about|on|of|for|regarding", "about|on|regarding"), re.IGNORECASE)
# "the three results", "steps 1 and 2", "two-page": no topic of a report
_NONE = re.compile(
    r"(?:(?:the|these|those|all|both|my|our|your|two|three|four|five|first|last|main|key)\s+)*"
    r"(?:results?|findings?|outcomes?|answers?|numbers?|values|figures|above|steps?|tasks?|questions?)\b"
    r"(?:\s+(?:(?:of|from|to)\s+.*|\d.*))?|(?:[\w-]+-)?(?:page|paragraph|sentence)|final|full|new|written|complete|summary",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"(?:who|whose|whom|which|what|when|where|how|why|(?:on|in|at|by|for) (?:which|what|how))\b", re.I
)
_INDIRECT = re.compile(
    r"(?:what|how|when|where|why) (?:(?:we|they|it|the|our|you|i|each|a|an)\b|\S+ (?:says|states|mentions) )", re.I
)
_NAMED = re.compile(
    r"\b(?:[Tt]itled|[Ee]ntitled|[Cc]alled|[Hh]eaded)\s+([A-Z][\w&'’-]*(?: [\w&'’-]+){0,8}?)"
    r"(?=\s*(?:[.,;:]?\s*$|[,;]\s|\.\s)|\s+(?:with|and|for|in|as)\b)"
)
_HAVING = re.compile(r"how many ((?:[\w-]+ ){0,3}?[\w-]+) (have|had) (.+)", re.IGNORECASE)
_ROUNDED = re.compile(r",?\s+(?:rounded )?to \w+ decimals?(?: places?)?$", re.IGNORECASE)
_COUNTED = re.compile(r"how many ((?:[\w-]+ ){0,3}?[\w-]+) (?:are|were|is|was)(?: there)?\b ?(.*)", re.IGNORECASE)
_SAYS = re.compile(r"what (?:does|do|did) (.+?) (say|state|mention)s? (about|on|regarding) (.+)", re.IGNORECASE)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TOPIC_BEFORE = re.compile(
    rf"\b(?:write|make|create|prepare|draft|produce|compile|compose)\s+(?:me |us )?(?:an?|the|our)\s+"
    rf"(?!(?:short|brief|one|single|final|full|concise|complete|little|nice|small|good|html|markdown|plain|written)\b)"
    rf"((?:[\w'’&-]+\s+){{1,4}}?){_MADE}\b",
    re.IGNORECASE,
)
_TOPIC_END = re.compile(
    r",?\s+(?:and (?:save|store|write|put|include|add|embed|name|call|send|attach)"
    r"|with (?:a |an |the |all |both )?(?:(?:bar|line|pie) )?(?:charts?|tables?|figures?|plots?|findings?|"
    r"results?|numbers?|graphs?)"
    r"|saved? |using |based on |including |containing |that |which |in (?:markdown|html|plain text|bullet)"
    r"|as (?:markdown|html|bullet|a |an |[\w-]+\.\w+)|(?:to|in|into) [\w-]+\.\w+|(?:for|to) (?:the |our |"
    r"my )?(?:team|boss|manager|board|staff|management)).*$",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^\W*(?:(?:please|then|now|next|first|finally|also|and|can you|could you)[, ]+)*"
    r"(?:what (?:is|are|was|were)|which (?:is|are)|how (?:much|many) (?:is|are|was|were)|"
    r"(?:compute|calculate|find(?: out)?|look up|determine|get|give(?: me)?|show(?: me)?|list|count|sum(?: up)?|"
    r"add up|total up|tally|tell(?: me)?|"
    r"extract|report|work out|identify|read|search(?: for)?|quote|check|describe|summari[sz]e|"
    r"(?:draw|plot|make|create|produce|chart|visuali[sz]e|show)(?= (?:an? |the )?(?:[\w-]+ )?(?:chart|graph|"
    r"plot|histogram|diagram))|plot|draw|chart))"
    r"\s+(?:that |whether |if |out )?",
    re.IGNORECASE,
)
_CHART_OF = re.compile(
    r"^(?:an? |the )?(?:[\w-]+ )?(?:chart|graph|plot|histogram|diagram)s?(?: (?:of|for|showing|with) (.+))?$",
    re.IGNORECASE,
)
_IN_FILE = re.compile(
    r"\s+(?:in|from|of|on|per|using|according to)\s+(?:the (?:file|document) )?[\"'`]?[\w./-]*?[\w-]+\.\w{2,5}[\"'`]?"
    r"(?=\s*(?:,|$|(?:and|by|per|for|with|where|that|which|who|are|is|was|were|have|has|had)\b))",
    re.IGNORECASE,
)
_REFERS = re.compile(r"\b(?:it|them|(?:the|this|that) (?:results?|answers?|numbers?|values?|outcome))\b", re.IGNORECASE)
_TITLE_CHARS = 90


_TO_TELL = re.compile(r"^Say under “(?P<heading>[^”\n]{1,40})” what was not done:\s*$", re.MULTILINE)


def parted(task: str) -> tuple[str, str, str]:
    """The order itself, and what it asks to be said of things that were not done: a heading, and its lines as a list in
    Markdown; both empty where there is nothing."""
    found = _TO_TELL.search(task)
    if found is None:
        return task, "", ""
    lines = [line.strip() for line in task[found.end() :].splitlines() if line.strip()]
    listed = [line if line.startswith("- ") else f"- {line}" for line in lines]
    return task[: found.start()].rstrip(), found["heading"], "\n".join(listed)


def shape_of(task: str) -> Shape:
    """A full report unless the task asks for an e-mail, for bullet points or for something short."""
    if re.search(r"\be-?mail\b|\b(?:slack |chat |short |brief )message\b", task, re.IGNORECASE):
        return "email"
    if re.search(
        r"\bbullet(?:ed|s| points?| list)?\b|\blist (?:of )?(?:all )?(?:the )?(?:key |main )?findings\b", task, re.I
    ):
        return "bullets"
    if re.search(
        r"\b(?:one|single|1)[- ]page(?:r)?\b|\b(?:short|brief|concise) (?:\w+ )?(?:report|summary|overview|memo|note)\b"
        r"|\b(?:write|make|give|draft) (?:me |us )?an? (?:executive )?summary\b",
        task,
        re.IGNORECASE,
    ):
        return "short"
    return "report"


def title_of(task: str, shape: Shape, subjects: Sequence[str] = ()) -> str:
    """The title that the task gives or the topic that it names; else what the results are about, as `subjects` say."""
    if match := _QUOTED_TITLE.search(task):
        return match[1]
    if match := _NAMED.search(task):
        return match[1]
    for pattern in (_TOPIC_ABOUT, _TOPIC, _TOPIC_BEFORE):
        if match := pattern.search(task):
            topic = _TOPIC_END.sub("", match[1]).strip(" ,'\"“”")
            topic = re.sub(r"^(?:the|an?|our)\s+(?=\w)", "", topic, flags=re.IGNORECASE)
            if len(topic) >= 2 and not _NONE.fullmatch(topic):
                return capitalised(topic)
    told = [one for one in dict.fromkeys(subjects) if one and not re.search(r"[=^*\\{}]|\*\*", one)]
    if told and all(_is_question(one) for one in told):
        number = _NUMBERS[len(told)] if len(told) < len(_NUMBERS) else str(len(told))
        return f"{told[0]}?" if len(told) == 1 else f"Answers to {number} questions"
    told.sort(key=_is_question)  # what names a thing names the report
    if told:
        title = told[0]
        for number, more in enumerate(told[1:], 2):
            inside = more[0].lower() + more[1:] if more[1:2].islower() else more
            joined = f"{title}{' and' if number == len(told) else ','} {inside}"
            if len(joined) > _TITLE_CHARS:
                return f"{title} and more"
            title = joined
        return title
    if subjects and any(subjects):
        return next(one for one in subjects if one)  # formulas only: the first names the report
    return {"report": "Report", "email": "Findings"}.get(shape, "Summary")


def _is_question(subject: str) -> bool:
    """ "Which departments spent most", and not "What we spent"."""
    return _QUESTION.match(subject) is not None and _INDIRECT.match(subject) is None


def subject_of(task: str) -> str:
    """What a task is about, as a heading: "Compute the total refunds in a.csv" is about "Total refunds"; empty when
    it only refers to something ("plot it")."""
    text = " ".join(re.split(r"`{3,}|~{3,}", task)[0].split()).strip(" .?!:")
    if match := _SAYS.fullmatch(text):
        return f"What {match[1]} {match[2].lower()}s {match[3]} {match[4]}"
    bare = re.sub(
        r"^(?:in|from|according to|per)\s+\S+\.\w{2,5}\s*,?\s+", "", _ASKING.sub("", text), flags=re.IGNORECASE
    )
    bare = _ASKING.sub("", bare)
    bare = _IN_FILE.sub("", bare)
    if match := _CHART_OF.match(bare):
        bare = match[1] or ""
    bare = _ROUNDED.sub("", bare)
    bare = re.sub(r"^(?:the|an?|all|our)\s+", "", bare.strip(" ,"), flags=re.IGNORECASE)
    if re.fullmatch(
        r"(?:it|this|that|them|these|those|the (?:results?|findings?)|(?:results?|numbers?|"
        r"findings?)(?: as (?:an? )?.*(?:chart|graph|plot)s?)?)?",
        bare.strip(),
        re.IGNORECASE,
    ):
        return ""
    if match := _COUNTED.fullmatch(bare):
        bare = f"Number of {match[1]} {match[2]}".strip()
    elif match := _HAVING.fullmatch(bare):
        bare = f"Number of {match[1]} that {match[2].lower()} {match[3]}"
    return "" if _REFERS.search(bare) else capitalised(bare)


def names_of(task: str, shape: Shape = "report") -> tuple[str, bool]:
    """The stem of the files' names, from a name such as `summary.md` in the task, and whether plain text is asked."""
    plain = re.search(r"\b(?:plain|simple) text\b|\.txt\b", task, re.IGNORECASE) is not None
    if match := _SAVE_AS.search(task):
        name = safe_name(match[1] or match[2], "report.md")
        return safe_name(name.rpartition(".")[0], "report"), plain
    return {"email": "email"}.get(shape, "report"), plain


def capitalised(text: str) -> str:
    """The text with a capital at its beginning; names such as `iPhone` or `x^2` are left alone."""
    return (
        text[:1].upper() + text[1:] if text[:1].islower() and not text[1:2].isupper() and text[1:2].isalpha() else text
    )
