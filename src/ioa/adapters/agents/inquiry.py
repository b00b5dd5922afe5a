"""What a task asks of the librarian: which of its exact requests it is, about what, and in which files. Rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from ioa.ports.agent import LocalFile

Kind = Literal["passages", "count", "section", "summary", "mention", "sections", "listing"]

FILE_NAME = re.compile(
    r"\S[^/\\]*\.(?:md|markdown|txt|pdf|html?|rst|log|docx?|odt|rtf|epub|csv|tsv|xlsx?|json|parquet)", re.IGNORECASE
)
_BARE_FILE_NAME = re.compile(r"[^\s\"'`,;:()]+\.[A-Za-z][A-Za-z0-9]{1,7}\b")
_COUNT = re.compile(
    r"\bhow (?:often|many times)\b.*?\b(?:words?|terms?|phrases?|names?|string)?\s*(?P<a>[\"'“‘`].+?[\"'”’`]|[\w-]+)\s+"
    r"(?:is |are |was |were )?(?:appear|occur|mention|used?\b|written|named|found|said|come)"
    r"|\bhow (?:often|many times)\b.*?\b(?:words?|terms?|phrases?)\s+(?P<b>[\"'“‘`].+?[\"'”’`]|[\w-]+)"
    r"|\bcount\b.*?\b(?:occurrences?|mentions?|appearances?|uses) of (?:the )?(?:words? |terms? |phrases? |name )?"
    r"(?P<c>[\"'“‘`].+?[\"'”’`]|[\w-]+)",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"\b(?:quote|show|give|print|read|cite|return|extract|copy|what (?:does|is in)|find)\b[^.?!]*?\b"
    r"(?:(?:section|chapter|article|clause|paragraph|part)s? "
    r"(?:on|about|called|titled|named|headed|entitled|for|of)?\s*"
    r"(?P<a>[\"'“‘].+?[\"'”’]|[^\"'“”‘’?!.,;]+(?:\.\d+)*)|"
    r"(?:the )?(?!(?:the|an?|this|that|each|every|which|relevant)\b)"
    r"(?P<b>[\"'“‘].+?[\"'”’]|\w[\w -]{2,60}?) (?:section|chapter)\b)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:summari[sz]e|summary of|sum up|gist of|overview of|key points (?:of|in|from)|main points)\b", re.I
)
_MENTION_VERBS = (
    r"(?:mention|say (?:anything|something)|talk|refer|discuss|contain (?:anything|something)|"
    r"(?:have|contain|include) (?:a |any )?(?:section|rule|clause|passage|provision|information|policy)s?)"
)
_MENTION = re.compile(
    rf"\b(?:does|do|did|whether|if)\b(?:(?!\b(?:what|how|when|who|which)\b)[^?.!])*?\b{_MENTION_VERBS}s?\s+"
    r"(?:(?:anything|something)\s+)?(?:(?:about|to|on|of|regarding|for)\s+)?(?P<a>[^?.!]+)"
    r"|\b(?:is|are|was|were|whether|if)\s+(?!there\b)(?P<b>(?:(?!\b(?:what|how|when|who|where|which)\b)[^?.!])+?)\s+"
    r"(?:is |are )?(?:mentioned|discussed|addressed|referred to)\b"
    rf"|^\W*{_MENTION_VERBS}\s+(?:(?:anything|something)\s+)?(?:(?:about|to|on|of|regarding|for)\s+)?(?P<d>[^?.!]+)\?"
    r"|\bis there (?:anything|something|any mention|(?:a|any) (?:rule|section|passage|clause|policy))\s+"
    r"(?:about|on|of|regarding|for)\s+(?P<c>[^?.!]+)",
    re.IGNORECASE,
)
_PARTS_OF_TEXT = r"(?:sections?|chapters?|parts|pages?|paragraphs?|clauses?|headings?|articles?|documents?|files?)"
_SECTIONS = re.compile(
    rf"\b(?:which|what|list|name|find|in which|in what)\b(?: (?:all|the|of|these|"
    rf"every))*\s+{_PARTS_OF_TEXT}\b(?: (?:of|in) [^?]*?)??"
    r"\s+(?:(?:that|which)\s+)?(?:mention|discuss|cover|talk about|deals? with|refer to|contain|are about|"
    r"is about|address|"
    r"speak of|use the word)s?\s+(?P<a>[^?.!]+)"
    rf"|\b(?:in|on) (?:which|what) {_PARTS_OF_TEXT}\s+(?:is|are|do|does|was|were)\s+(?P<b>[^?.!]+?)\s+"
    r"(?:mentioned|discussed|described|covered|addressed|explained|defined|occur|appear)"
    r"|\bwhere (?:is|are|do|does)\s+(?P<c>[^?.!]+?)\s+(?:mentioned|discussed|appear|occur)",
    re.IGNORECASE,
)
LISTABLE = (
    r"deadlines|due dates|dates|amounts(?: of money)?|sums|prices|costs|fees|names|people|persons|e-?mail addresses|"
    r"e-?mails|phone numbers|telephone numbers|percentages|numbers|figures|durations|periods|urls|links|websites|"
    r"action items|actions|action points|to-?dos|tasks|decisions"
)
_LISTING = re.compile(
    r"\b(?:list|find|extract|collect|get|give|show|name|identify|what are|which are|pull out|gather|"
    r"quote)\b(?: (?:me|us|out))?"
    r"(?P<all>(?: (?:all|every|each|the|of|any))*)\s+(?:(?:important|relevant|upcoming|mentioned|given|agreed)\s+)?"
    rf"(?P<what>{LISTABLE})\b(?P<rest>[^?.!]*)",
    re.IGNORECASE,
)
_AFTER_LISTED = re.compile(
    r"^\s*(?:(?:that|which|are|were|is|mentioned|given|named|found|set|listed|stated|there|taken|made|agreed|in|of|from)\b\s*)*",
    re.IGNORECASE,
)
_AFTER_SECTION = re.compile(
    r"\s+(?:say|says|in|of|from|state|states|contain|verbatim|word for word)\b.*$", re.IGNORECASE
)
_LEAD = re.compile(
    r"^\s*(?:(?:please|kindly|now|then|next|first|finally|also|and)[, ]+)*"
    r"(?:(?:can|could|would) you (?:please )?)?"
    r"(?:(?:search|look|go|read|check|consult|scan|skim|examine|review|browse)(?: (?:in|into|through|at|up|for|over))*"
    r"|find(?: out)?|look up|tell (?:me|us)|show (?:me|us)?|give (?:me|us)?|get|extract|quote|cite|list|identify"
    r"|determine"
    r"|report|answer|retrieve|locate|return|collect|gather|explain|describe|state|name|establish|discover|see)\b"
    r"(?:\s+(?:me|us|out|up|all|everything|anything|information|details?|passages?|the passages?))*\s*"
    r"(?:(?:about|on|for|regarding|concerning|that|whether|if)\b)?"
    r"(?:\s*(?:(?:all|the|these|those|our|my|attached|given)\s+)*(?:documents?|files?|texts?|folder|pdfs?)\s+for\b)?",
    re.IGNORECASE,
)
_SOURCE_WORDS = (
    r"(?:files?|documents?|docs?|texts?|pdfs?|pages?|notes?|handbooks?|manuals?|sources?|folder|materials?|papers?)"
)
_SOURCE = re.compile(
    rf"\b(?:according to|as stated in|based on|in|inside|within|from|of|per|through|using|with|by|to|at)\s+"
    rf"(?:(?:the|this|that|these|those|our|my|your|all|given|attached|provided|following|same)\s+)*(?:[\w-]+\s+)?{_SOURCE_WORDS}\b",
    re.IGNORECASE,
)
_KIND_OF_TEXT = (
    r"contract|agreement|lease|policy|minutes|guide|leaflet|terms(?: and conditions)?|report|letter|brochure|"
    r"faq|regulations|"
    r"statutes|bylaws|specification|datasheet|data sheet|instructions|readme|protocol|memo|transcript|article|"
    r"page|website"
)
_IN_TEXT = re.compile(
    rf"\b(?:according to|as stated in|based on|in|inside|within|from|per)\s+(?:the|this|that|our|my|your|its)\s+"
    rf"(?:attached |given |following )?(?:[\w-]+\s+)?(?:{_KIND_OF_TEXT})\b(?!\s+(?:of|for|with|between)\b)",
    re.IGNORECASE,
)
_STYLE = re.compile(
    r"[.;,]?\s*\b(?:and )?(?:please )?(?:give|return|answer|reply|report|respond|say|state)\b(?: (?:me|with|in|it))*\s+"
    r"(?:only|just|one (?:word|sentence|line)|a (?:single|short|full) \w+|brief\w*|short\w*)\b[^.?!]*[.!]?\s*$"
    r"|[.;,]\s*(?:keep it|be) (?:short|brief|concise)\b[^.?!]*[.!]?\s*$",
    re.IGNORECASE,
)
_SAYS = re.compile(rf"\b(?:what|where) (?:does|do|did) (?:the|our|this|my) (?:[\w-]+ )?{_SOURCE_WORDS} ", re.IGNORECASE)
_CITING = re.compile(
    r"[,;]?\s*\b(?:(?:and |with )?(?:quote|cite|give|include|name|mention|provide|state)\s+(?:the |your |its |their )?"
    r"(?:exact |relevant )?(?:page|sources?|citations?|passages?|references?|line|place)(?: numbers?)?(?: verbatim)?"
    r"|(?:with|including) (?:the )?(?:citations?|sources?|references?|page numbers?|quotes?)|verbatim|word for word)\b",
    re.IGNORECASE,
)
# "what does the lease say about pets", "describe what it says on repairs", "summarise the rules about keys"
_SAYS_ABOUT = re.compile(
    r"\bwhat (?:does|do|did|is|are|was)?\b[^?.!]*?\b(?:says?|said|states?|stated?|written|provided?|contains?|"
    r"specif(?:y|ies|ied))\s+(?:about|on|regarding|concerning)\b"
    r"|^\W*(?:please\s+)?(?:summari[sz]e|describe|explain|outline|sum up)\b[^?.!]*?\b(?:says?|states?|rules?|section|"
    r"part|passages?|information|everything|terms?|regulations?)\s+(?:about|on|regarding|concerning)\b",
    re.IGNORECASE,
)
_AFTER_STEM = (
    r"and|about|what|which|who|when|where|how|for|the|on|is|are|"
    r"(?:says?|state|describe|mention|contain|tell|define|require|give)s?"
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """`about` is what is asked: a question without the words of instruction, a word to count, a section's title.

    `files` are those to look in; `absent` are names of files that the task gives and that are not there. For a
    listing the kind of thing is `what`, and `about` may be empty. `what` is "about" where all that is said of a topic
    is wanted, not one sentence.
    """

    kind: Kind
    about: str
    files: tuple[LocalFile, ...]
    absent: tuple[str, ...] = ()
    what: str = ""


def understood(task_desc: str, files: Sequence[LocalFile]) -> Inquiry:
    """The inquiry in a task. Files named in it, by full name or by stem after a word like `in`, are the only ones."""
    text = " ".join(task_desc.split())
    named, absent, bare = _named(text, files)
    chosen = named or tuple(files)
    if match := _COUNT.search(bare):
        return Inquiry("count", _unquoted(match["a"] or match["b"] or match["c"]), chosen, absent)
    if (match := _SECTIONS.search(bare)) and (about := _subject(match["a"] or match["b"] or match["c"])):
        return Inquiry("sections", about, chosen, absent)
    if (match := _MENTION.search(bare)) and (about := _subject(match["a"] or match["b"] or match["c"] or match["d"])):
        return Inquiry("mention", about, chosen, absent)
    if match := _LISTING.search(bare):
        rest = _AFTER_LISTED.sub("", match["rest"]).strip(" ,.;:?!")
        rest = "" if re.fullmatch(r"(?:it|them|there|this|that|the)?", rest, re.IGNORECASE) else asked(rest)
        return Inquiry("listing", rest, chosen, absent, match["what"].lower())
    if match := _SECTION.search(_CITING.sub(" ", bare)):
        title = _AFTER_SECTION.sub("", match["a"] or match["b"] or "")
        if title := _unquoted(title):
            return Inquiry("section", re.sub(r"^(?:the|a|an)\s+", "", title, flags=re.I), chosen, absent)
    question = asked(bare)
    if (match := _SAYS_ABOUT.search(bare)) and not _BETWEEN.search(bare[: match.start()]):
        rest = bare[match.end() :].strip(" ?.,;:!")
        if rest and not _BETWEEN.search(rest):
            return Inquiry("passages", asked(rest), chosen, absent, "about")
    if match := _SUMMARY.search(bare):
        rest = asked(bare[match.end() :])
        return Inquiry("summary", rest, chosen, absent)
    return Inquiry("passages", question, chosen, absent)


def asked(text: str) -> str:
    """A question without words of instruction (`find in the manual`), of source, and of citing."""
    question = _CITING.sub(" ", _STYLE.sub("", text))
    question = _SAYS.sub(" ", question)
    question = _SOURCE.sub(" ", _IN_TEXT.sub(" ", question))
    question = re.sub(r"[\s,;.?!]*\b(?:see|check|use|look|read)[\s.!:]*$", "", question, flags=re.IGNORECASE)
    for _ in range(3):
        question = _LEAD.sub("", question.strip(" ,.;:"), count=1)
    # "what the refund policy says": the subject alone
    question = re.sub(r"^\s*what (the .+?) (?:says?|states?|is|are)\s*$", r"\1", question.strip(" ?.,"), flags=re.I)
    question = re.sub(r"^\s*(?:that|whether|if|says?(?: about| on)?)\b\s*", "", question, flags=re.I)
    question = re.sub(r"\b(?:in|from|of|according to|and|with|per|to)\s*(?=[,.;:?!]|$)", " ", question, flags=re.I)
    return " ".join(question.split()).strip(" ,.;:?!") or text


def _named(text: str, files: Sequence[LocalFile]) -> tuple[tuple[LocalFile, ...], tuple[str, ...], str]:
    """Files that the text names, names in it that are no file of ours, and the text without those names."""
    named: dict[str, LocalFile] = {}
    bare = text
    for file in sorted(files, key=lambda one: -len(one.name)):
        for spelling in (str(file.path), file.name):
            pattern = re.compile(rf"(?<![\w/-]){re.escape(spelling)}(?![\w-]|\.\w)", re.IGNORECASE)
            if pattern.search(bare):
                named[file.name] = file
                bare = pattern.sub(" ", bare)
    absent = tuple(dict.fromkeys(word for word in _BARE_FILE_NAME.findall(bare) if FILE_NAME.fullmatch(word)))
    bare = _BARE_FILE_NAME.sub(lambda m: " " if m[0] in absent else m[0], bare)
    if not named:
        for file in files:
            stem = re.sub(r"[\W_]+", " ", PurePath(file.name).stem).strip()
            if len(stem) < 3:
                continue
            words = r"[\W_]+".join(map(re.escape, stem.split()))
            pattern = re.compile(
                r"\b(?:in|from|per|within|into|through|does|do|did|read|check|consult|summari[sz]e|search"
                r"|according to"
                r"|(?:summary|overview|gist|section|chapter|part|end|beginning|points) of)\s+"
                rf"(?:the |our |my |this |that |your |attached |whole |entire )*[\"'“]?{words}[\"'”]?"
                rf"(?=\s*(?:[,.;:?!]|$)|\s+(?:{_SOURCE_WORDS}|{_AFTER_STEM})\b)",
                re.IGNORECASE,
            )
            if pattern.search(bare):
                named[file.name] = file
                bare = pattern.sub(" ", bare)
    return tuple(file for file in files if file.name in named), absent, bare


def split(question: str) -> tuple[str, ...]:
    """The single questions of several in one: at a question mark, and before "and what", "and how"; "it" in a later
    one is given the words of the first."""
    parts = [part.strip(" ,.;:") for part in _BETWEEN.split(question)]
    parts = [part for part in parts if part]
    if len(parts) < 2:
        return (question,)
    subject = " ".join(re.findall(r"[^\W_]+", _QUESTION_WORDS.sub(" ", parts[0])))
    return tuple(f"{part} {subject}" if number and _PRONOUN.search(part) else part for number, part in enumerate(parts))


def alternatives(question: str) -> tuple[tuple[str, ...], ...]:
    """The single questions, each in the ways that it may be put: with the thing that "it" is, with all words of the
    first question, and, last, as it stands."""
    parts = [part.strip(" ,.;:") for part in _BETWEEN.split(question)]
    parts = [part for part in parts if part]
    ways: list[tuple[str, ...]] = []
    for number, (part, whole) in enumerate(zip(parts, split(question), strict=False)):
        if number == 0 or len(parts) < 2 or not _PRONOUN.search(part):
            ways.append((whole,))
            continue
        thing = _thing(parts[0])
        ways.append(tuple(dict.fromkeys((*([f"{part} {thing}"] if thing else []), whole, part))))
    return tuple(ways) or ((question,),)


def names_nothing(question: str) -> bool:
    """Is the question about "it" alone: "how much does it weigh"?"""
    return _PRONOUN.search(question) is not None


def _thing(question: str) -> str:
    """What a question is about: the pump, of "the warranty period of the pump" and of "what does the pump cost"."""
    if found := _OF_THING.findall(question):
        return found[-1].strip()
    if match := _DOES_THING.search(question):
        return match[1].strip()
    return ""


_OF_THING = re.compile(
    r"\b(?:of|for) (?:the|our|this|that|an?|my|its) ((?:[\w'’-]+ ){0,2}?[\w'’-]+)"
    r"(?=\s*(?:$|[,.;?]|\b(?:in|from|on|at|when|if|by|"
    r"according)\b))",
    re.IGNORECASE,
)
_DOES_THING = re.compile(
    r"\b(?:does|do|did|can|will|may) (?:the|our|this|that|an?|my) ((?:[\w'’-]+ ){1,3}?)(?=[\w'’-]+\W*$)", re.IGNORECASE
)


def split_nouns(question: str) -> tuple[str, ...]:
    """The price of the pump and the weight of the pump, of "the price and the weight of the pump"."""
    match = _NOUNS_JOINED.match(question)
    if match is None:
        return (question,)
    *first, last = re.split(r"\s*,\s*(?:and\s+)?|\s+(?:and|as well as|plus)\s+", match["list"])
    if not first or any(not re.search(r"[^\W\d_]{3}", part) for part in (*first, last)):
        return (question,)
    tail = match["tail"] or ""
    return tuple(f"{part}{'' if _HAS_OF.search(part) else tail}" for part in (*first, last))


_BETWEEN = re.compile(
    r"\?\s+(?:and\s+)?|;\s+(?:and\s+)?|,?\s+(?:and|as well as|plus)\s+(?:also\s+)?"
    r"(?=(?:by |until |from |since |at |to |for |in )?(?:what|when|whom?|whose|how|where|which|whether)\b)"
    r"|,\s+(?=(?:by |until )?(?:what|when|who|how|where|which)\b)",
    re.IGNORECASE,
)
_QUESTION_WORDS = re.compile(
    r"\b(?:what|when|who|whom|whose|how|where|which|long|much|many|often|is|are|was|were|does|do|did|the|an?|it|start|"
    r"starts?|begins?|ends?|costs?|weighs?|takes?|lasts?|made|by|of|for|in|on|to)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|its|they|their|them|he|she|his|her)\b", re.IGNORECASE)
_NOUNS_JOINED = re.compile(
    r"^\W*(?:what\s+(?:is|are|was|were)\s+)?(?P<list>(?:the |an? |our |its )?(?:(?!\b(?:does|do|did|if|when|who|"
    r"how|must|should|can)\b)"
    r"[\w'’,\- ])+?\s(?:and|as well as|plus)\s(?:(?!\b(?:does|do|did|if|when|who|how|and)\b)[\w'’\- ])+?)"
    r"(?P<tail>\s+(?:of|for)\s+[^,]+)?$",
    re.IGNORECASE,
)
_HAS_OF = re.compile(r"\s(?:of|for)\s", re.IGNORECASE)


def _subject(text: str) -> str:
    subject = _CITING.sub(" ", _SOURCE.sub(" ", text))
    subject = re.sub(r",?\s+and\s+(?:if so|quote|cite|show|list|what|where|how|when)\b.*$", "", subject, flags=re.I)
    subject = re.sub(
        r"^\s*(?:the\s+)?(?:words?|terms?|phrases?|topics?|subjects?)\s+(?:of\s+)?", "", subject, flags=re.I
    )
    subject = re.sub(r"\b(?:in|from|of|according to)\s*$", "", subject.strip(" ,.;:?!"), flags=re.I)
    return re.sub(r"^(?:the|a|an|any)\s+", "", _unquoted(" ".join(subject.split())), flags=re.I)


def _unquoted(text: str) -> str:
    return text.strip(" \"'“”‘’`.,;:?!")
