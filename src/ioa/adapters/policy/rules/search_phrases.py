"""The words by which to search an agent for a request: the act and its object, without names, numbers and courtesy."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.adapters.policy.rules.acts import has_formula
from ioa.adapters.policy.rules.clauses import split_clauses
from ioa.adapters.policy.rules.openings import strip_opening
from ioa.adapters.policy.rules.sentences import cut_sentences
from ioa.adapters.policy.rules.sources import lead_length
from ioa.adapters.policy.rules.tokens import Token, extension, plain_text, tokenize
from ioa.adapters.policy.rules.vocabulary import DETERMINERS, PREPOSITIONS
from ioa.adapters.policy.rules.wordlists import word_set

_KINDS_OF_FILES = {
    "csv table": "csv tsv",
    "excel table": "xlsx xls xlsm",
    "spreadsheet table": "ods",
    "parquet table": "parquet",
    "json table": "json jsonl ndjson",
    "sql database": "sqlite db duckdb",
    "pdf document": "pdf",
    "document": "md markdown txt html htm rst",
    "word document": "docx doc",
    "book document": "epub",
    "xml document": "xml",
    "presentation slides": "pptx",
    "log file": "log",
    "yaml file": "yaml yml",
    "python code": "py",
    "python notebook": "ipynb",
    "javascript code": "js",
    "sql query": "sql",
    "image": "png jpg jpeg svg gif webp",
    "audio": "mp3 wav",
    "video": "mp4 mov avi",
    "archive": "zip",
    "calendar": "ics",
}
_FILE_KINDS = {ending: kind for kind, endings in _KINDS_OF_FILES.items() for ending in endings.split()}
_NOISE = word_set("""
    it its them this that these those please me us you i we my our your their there according id
""")
_LIMIT = 40


def search_phrases(text: str, *, files: Sequence[str] = ()) -> tuple[str, ...]:
    """One phrase for each act of a request, each once, in order.

    File names become their kind ("csv table"), formulas and percentages say that they are such; numbers,
    quotations, addresses and courtesies are left out. A request of which nothing would be left is given whole.
    """
    found: list[str] = []
    for sentence in cut_sentences(tokenize(plain_text(text), files)):
        tokens = [t for t in sentence.tokens if t.kind != "newline"]
        opening = strip_opening(tokens)
        core = tokens[opening.length :]
        length = lead_length(core)
        lead, rest = core[:length], core[length:]
        for clause in split_clauses(rest, opening) if rest else ():
            found.append(phrase_of(clause.words, lead))
        if len(found) >= _LIMIT:
            break
    phrases = tuple(dict.fromkeys(phrase for phrase in found if phrase))
    return phrases or ((" ".join(text.split())[:300],) if text.strip() else ())


def phrase_of(tokens: Sequence[Token], context: Sequence[Token] = ()) -> str:
    """The search phrase of one act; `context` adds the kinds of the files that it reads."""
    words: list[str] = []
    kinds: list[str] = []
    for token in [*tokens, *context]:
        if token.kind == "file":
            kinds.append(_FILE_KINDS.get(extension(token), "file"))
        elif token.kind == "sql":
            kinds.append("sql query")
        elif token.kind == "fence":
            kinds.append("python code" if token.text[3:9].lower() == "python" else "code")
        elif token.kind == "code":
            kinds.append("code")
        elif token.kind == "url":
            kinds.append("web page")
        elif token.kind == "number" and token.text.endswith("%"):
            kinds.append("percentage")
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else None
        if following is not None and following.kind in {"file", "url"} and token.low in PREPOSITIONS:
            continue
        if token.kind == "word" and token.low not in _NOISE and len(token.low) > 1:
            words.append(token.low)
        elif token.kind == "quote" and token.text.count(" ") < 1:
            words.append(token.text.strip("\"'“”„«»‘’").lower())
    if has_formula(tokens):
        kinds.append("equation" if any(t.text == "=" for t in tokens) else "expression")
    while words and words[-1] in PREPOSITIONS | DETERMINERS | {"and", "or", "then", "to"}:
        words.pop()
    return " ".join([*words, *(kind for kind in dict.fromkeys(kinds) if kind not in " ".join(words))])[:300]
