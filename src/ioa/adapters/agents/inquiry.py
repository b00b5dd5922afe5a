"""What a task asks of the librarian: which of its exact requests it is, about what, and in which files. Rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from ioa.ports.agent import LocalFile

Kind = Literal["passages", "count", "section", "summary"]

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
_SAYS = re.compile(rf"\b(?:what|where) (?:does|do|did) (?:the|our|this|my) (?:[\w-]+ )?{_SOURCE_WORDS} ", re.IGNORECASE)
_CITING = re.compile(
    r"[,;]?\s*\b(?:(?:and |with )?(?:quote|cite|give|include|name|mention|provide|state)\s+(?:the |your |its |their )?"
    r"(?:exact |relevant )?(?:page|sources?|citations?|passages?|references?|line|place)(?: numbers?)?(?: verbatim)?"
    r"|(?:with|including) (?:the )?(?:citations?|sources?|references?|page numbers?|quotes?)|verbatim|word for word)\b",
    re.IGNORECASE,
)
_AFTER_STEM = (
    r"and|about|what|which|who|when|where|how|for|the|on|is|are|"
    r"(?:says?|state|describe|mention|contain|tell|define|require|give)s?"
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """`about` is what is asked: a question without the words of instruction, a word to count, a section's title.

    `files` are those to look in; `absent` are names of files that the task gives and that are not there.
    """

    kind: Kind
    about: str
    files: tuple[LocalFile, ...]
    absent: tuple[str, ...] = ()


def understood(task_desc: str, files: Sequence[LocalFile]) -> Inquiry:
    """The inquiry in a task. Files named in it, by full name or by stem after a word like `in`, are the only ones."""
    text = " ".join(task_desc.split())
    named, absent, bare = _named(text, files)
    chosen = named or tuple(files)
    if match := _COUNT.search(bare):
        return Inquiry("count", _unquoted(match["a"] or match["b"] or match["c"]), chosen, absent)
    if match := _SECTION.search(_CITING.sub(" ", bare)):
        title = _AFTER_SECTION.sub("", match["a"] or match["b"] or "")
        if title := _unquoted(title):
            return Inquiry("section", re.sub(r"^(?:the|a|an)\s+", "", title, flags=re.I), chosen, absent)
    question = asked(bare)
    if match := _SUMMARY.search(bare):
        rest = asked(bare[match.end() :])
        return Inquiry("summary", rest, chosen, absent)
    return Inquiry("passages", question, chosen, absent)


def asked(text: str) -> str:
    """A question without words of instruction (`find in the manual`), of source, and of citing."""
    question = _CITING.sub(" ", text)
    question = _SAYS.sub(" ", question)
    question = _SOURCE.sub(" ", question)
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


def _unquoted(text: str) -> str:
    return text.strip(" \"'“”‘’`.,;:?!")
