"""Cuts a goal into tokens in which nothing that belongs together is cut: quotations, code, file names, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from ioa.adapters.policy.rules.wordlists import word_set

TokenKind = Literal[
    "fence", "code", "quote", "url", "email", "sql", "file", "number", "abbr", "word", "punct", "newline"
]

TABLE_EXTENSIONS = word_set("""
    csv tsv xls xlsx xlsm ods parquet json jsonl ndjson feather arrow db sqlite duckdb dat
""")
DOCUMENT_EXTENSIONS = word_set("txt md markdown html htm pdf docx doc odt rtf epub rst tex log pptx odp eml xml")
PICTURE_EXTENSIONS = word_set("png jpg jpeg gif svg webp bmp tif tiff")
OTHER_EXTENSIONS = word_set("""
    py ipynb js ts java c cpp h rs go rb sh r sql yaml yml toml ini cfg zip tar gz mp3 mp4 wav mov
    avi ics vcf geojson
""")
_EXTENSIONS = "|".join(
    sorted(TABLE_EXTENSIONS | DOCUMENT_EXTENSIONS | PICTURE_EXTENSIONS | OTHER_EXTENSIONS, key=lambda e: (-len(e), e))
)
_ABBREVIATIONS = (
    r"e\.g\.|i\.e\.|etc\.|approx\.|vs\.|cf\.|dr\.|mr\.|mrs\.|ms\.|prof\.|inc\.|ltd\.|co\.|dept\.|est\.|min\.(?=\s(?-i:[a-z(]))"
    r"|max\.(?=\s(?-i:[a-z(]))|avg\.|incl\.|excl\.|resp\.|st\.|jr\.|sr\.|a\.m\.|p\.m\.|u\.s\.(?:a\.)?|u\.k\.|e\.u\.|ca\.|dec\.(?=\s?\d)|jan\.(?=\s?\d)"
    r"|feb\.(?=\s?\d)|aug\.(?=\s?\d)|sept?\.(?=\s?\d)|oct\.(?=\s?\d)|nov\.(?=\s?\d)|no\.(?=\s?\d)|nr\.(?=\s?\d)|fig\.(?=\s?\d)"
    r"|sec\.(?=\s?\d)|ch\.(?=\s?\d)|vol\.(?=\s?\d)|art\.(?=\s?\d)|pp?\.(?=\s?\d)|ph\.d\."
)

# Every repetition below is bounded or ends at a character that its own class excludes, so that the time is
# linear in the length of the text whatever the text is.
_PATTERN = (
    r"(?P<fence>```(?s:.*?)(?:```|\Z))"
    r"|(?P<code>`[^`\n]{1,400}`)"
    r'|(?P<quote>"[^"\n]{0,2000}"|“[^“”]{0,2000}”|„[^„“”]{0,2000}[“”]|«[^«»]{0,2000}»'
    r"|(?<!\w)'[^'\n]{1,200}(?:(?<=\w)'(?=\w)[^'\n]{1,200}){0,3}'(?!\w)|(?<!\w)‘[^‘’\n]{1,200}’(?!\w))"
    r"|(?P<url>(?:https?://|www\.)[^\s<>\"'`]{0,2000}[^\s<>\"'`.,;:!?)\]])"
    r"|(?P<email>[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,6})"
    r"{names}"
    "{paths}"
    rf"|(?P<abbr>(?<!\w)(?:{_ABBREVIATIONS}))"
    r"|(?P<word>(?:\d{1,4}(?:st|nd|rd|th)\b)|[^\W\d_][\w]*(?:['’\-&][^\W_]\w*)*)"
    r"|(?P<number>\d+(?:[.,:/]\d+)*(?:%| %(?! ?[\d(]))?)"
    r"|(?P<newline>\n)"
    r"|(?P<punct>[^\s])"
)
_PATH = r"|(?P<path>(?:[A-Za-z]:(?=[\\/]))?[~./\\\w][\w.\-/\\]+)"
_FILE_END = re.compile(rf"(?<=[^.])\.(?:{_EXTENSIONS})(?:\.gz|\.zip)?(?!\w)", re.IGNORECASE)
_SQL_START = re.compile(r"\bSELECT\b(?=[^\n;]{0,400}\n?[^\n;]{0,400}\bFROM\b)|\bselect\b(?=[^\n;.]{1,120}\bfrom\s+\w)")
_SQL_LOWER_OK = re.compile(r"select\s+(?:\*|\w+\s*,|\w+\(|distinct\b|\w+\s+from\b)")
_SQL_END = re.compile(
    r";|\n\s*\n|[.?!](?=\s+[A-Z][a-z]|\s*\Z)|,?\s+(?:and|then)\s+(?:then|plot|draw|chart|graph|show|tell|explain|write|report)\b"
)
_PLAIN = str.maketrans(
    {"\r": "\n", "\u00a0": " ", "\u202f": " ", "\u2028": "\n", "\u2029": "\n", "\ufeff": " ", "\u200b": " "}
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Token(NamedTuple):
    """A piece of the goal: what it is, its text, where it stands (offsets into the plain text), its lower case."""

    kind: TokenKind
    text: str
    start: int
    end: int
    low: str


def plain_text(text: str) -> str:
    """The text with one kind of line end and of space, and without control characters."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").translate(_PLAIN))


def tokenize(plain: str, files: Sequence[str] = ()) -> list[Token]:
    """The tokens of a `plain_text`. `files` are names to be kept whole even with spaces or without a known ending."""
    names = [re.escape(name) for name in sorted(set(files), key=lambda n: (-len(n), n))[:200] if name.strip()]
    known = rf"|(?P<named>(?<!\w)(?:{'|'.join(names)})(?!\w))" if names else ""
    pattern = _PATTERN.replace("{names}", known)
    with_paths = re.compile(pattern.replace("{paths}", _PATH), re.IGNORECASE)
    without = re.compile(pattern.replace("{paths}", ""), re.IGNORECASE)
    tokens: list[Token] = []
    position = 0
    for start, end in [*_sql_spans(plain), (len(plain), len(plain))]:
        no_file_before = position  # a run that looks like a path and names no file is read as words
        while position < start:
            found = (with_paths if position >= no_file_before else without).search(plain, position, start)
            if found is None:
                break
            if found.lastgroup == "path":
                endings = list(_FILE_END.finditer(found.group()))
                if not endings:
                    position, no_file_before = found.start(), found.end()
                    continue
                text = found.group()[: endings[-1].end()]
                tokens.append(Token("file", text, found.start(), found.start() + len(text), text.lower()))
                position = found.start() + len(text)
                continue
            tokens.append(_token(found))
            position = found.end()
        if end > start:
            tokens.append(Token("sql", plain[start:end], start, end, "select"))
        position = end
    return tokens


def _token(found: re.Match[str]) -> Token:
    kind = found.lastgroup
    text = found.group()
    if kind == "named":
        kind = "file"
    if kind == "quote" and re.fullmatch(rf".[^\n]{{1,150}}\.(?:{_EXTENSIONS}).", text, re.IGNORECASE):
        kind = "file"  # a file name in quotes, perhaps with spaces
    if kind == "code" and re.fullmatch(rf"`[^`\s]{{1,150}}\.(?:{_EXTENSIONS})`", text, re.IGNORECASE):
        kind = "file"
    if kind == "number":
        text = text.replace(" ", "")  # "17.5 % of 80" is written as those read it who calculate
    low = text.lower().replace("’", "'")
    return Token(kind or "punct", text, found.start(), found.end(), low)  # pyright: ignore[reportArgumentType] - group names are TokenKind


def _sql_spans(plain: str) -> list[tuple[int, int]]:
    """Where a SQL query stands in the text, so that its commas, ANDs and points cut nothing."""
    spans: list[tuple[int, int]] = []
    position = 0
    while (found := _SQL_START.search(plain, position)) and len(spans) < 50:
        start = found.start()
        if found.group() == "select" and not _SQL_LOWER_OK.match(plain, start):
            position = found.end()
            continue
        if plain.count("`", max(0, start - 200), start) % 2 or plain.count("```", 0, start) % 2:
            position = found.end()  # code in backquotes is kept whole anyway
            continue
        end = _SQL_END.search(plain, found.end())
        stop = min(end.start() if end else len(plain), start + 4000)
        while stop > start and plain[stop - 1] in " \n\t\"'":
            stop -= 1
        spans.append((start, stop))
        position = stop
    return spans


def render(tokens: Iterable[Token]) -> str:
    """The text of tokens, in order, with one space where there was some, and code blocks on lines of their own."""
    parts: list[str] = []
    last: Token | None = None
    for token in tokens:
        if token.kind == "newline":
            continue
        if last is not None:
            if token.kind == "fence" or last.kind == "fence":
                parts.append("\n")
            elif token.start != last.end:
                parts.append(" ")
        parts.append(token.text)
        last = token
    return "".join(parts).strip()


def extension(token: Token) -> str:
    """The file ending of a file token in lower case, without the point; "" where there is none."""
    name = token.low.strip("\"'`“”„«»‘’")
    for tail in (".gz", ".zip"):
        name = name.removesuffix(tail)
    return name.rpartition(".")[2] if "." in name else ""
