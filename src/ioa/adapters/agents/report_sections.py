"""The results of a group as sections of a report: what was found, by whom, with its table, its charts and its code.

A result that comes twice is told once, a chart that several results carry is shown once, and a chart of numbers that
another result found stands beside those numbers.
"""

from __future__ import annotations

import csv
import hashlib
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ioa.adapters.agents.collected import safe_name
from ioa.adapters.agents.prose import first_sentence, plain, shortened
from ioa.adapters.agents.report_request import capitalised, subject_of
from ioa.adapters.agents.standalone import media_type_of
from ioa.ports.agent import EarlierResult, LocalFile

_TABLE_ROWS = 25
_TOLD_ROWS = 8
_TABLE_BYTES = 2 * 1024 * 1024
_FINDING_CHARS = 360
_PICTURES = ("image/png", "image/svg+xml", "image/jpeg")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)[^\n]*\n(.*?)\n? {0,3}\1[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE_LANGUAGES = {"sql": "SQL", "python": "Python", "py": "Python", "duckdb": "SQL"}
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_TABLE = re.compile(r"(?:^[ \t]*\|.*\n?)+", re.MULTILINE)
_PLACE = re.compile(r"\s+— [^—]*$")
_NUMBER = re.compile(r"[-−]?[\d,]*\d(?:\.\d+)?(?:[eE][-+]?\d+)?\s?%?")
_DREW = re.compile(
    r"\b(?:drew|drawn|plotted|saved|chart of|made)\b.*\b(?:chart|plot|graph|histogram|diagram|heat ?map)\b|\bchart\b",
    re.I,
)


_MARKER = re.compile(r"\n-- rows of [^\n]+\] where [^\n]+$")
"""What the analyst tells other agents under its SQL, for questions about the same rows: no part of the query."""
_SAVED = re.compile(r"^Drew an? [^\n]*: [^\n]*\.png and [^\n]*\.svg\.\s*")


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as the report has it: under this name, with what it shows and who drew it."""

    name: str
    file: LocalFile
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """One result as the report shows it; `code` is folded: (language, text). `subject` is empty when the task only
    refers to another ("plot it")."""

    title: str
    subject: str
    agent: str
    finding: str
    body: str
    code: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()
    helpers: tuple[str, ...] = field(default=())


def sections_of(results: Sequence[EarlierResult]) -> list[Section]:
    """The sections, in the order of the results."""
    written = [one for one in results if one.agent != "Writer"]
    sections: list[Section] = []
    taken: dict[str, str] = {}  # lower-case name of a picture -> digest of its content
    told: set[str] = set()
    for result in written or list(results):
        if not result.conclusion.strip() and not result.files:
            continue
        same = " ".join(result.conclusion.split())
        if same and same in told:
            continue
        told.add(same)
        sections.append(_section(result, taken))
    for chart in [section for section in sections if section.pictures and _DREW.search(section.finding)]:
        others = [section for section in sections if section is not chart]
        if (place := _place_of_numbers(chart, others)) is not None:
            shown = others[place]
            others[place] = replace(
                shown,
                pictures=(*shown.pictures, *chart.pictures),
                helpers=tuple(dict.fromkeys((*shown.helpers, chart.agent))),
                code=(*shown.code, *(one for one in chart.code if one not in shown.code)),
            )
            sections = others
    return [_with_numbers(section) for section in sections]


def _section(result: EarlierResult, taken: dict[str, str]) -> Section:
    code: list[tuple[str, str]] = []

    def fold(match: re.Match[str]) -> str:
        if language := _CODE_LANGUAGES.get(match[2].lower()):
            code.append((language, _MARKER.sub("", match[3])))
            return ""
        return match[0]

    body = _tame(_FENCE.sub(fold, result.conclusion.replace("\r\n", "\n")).strip())
    if not _TABLE.search(body):
        tables = [_table(file) for file in result.files if file.name.lower().endswith(".csv")]
        body = "\n\n".join([body, *(table for table in tables if table)])
    agent = escaped(result.agent)
    pictures = _named(_pictures(result.files), taken, result)
    for picture in pictures:  # shown below the text, once
        for name in {picture.name, picture.file.name}:
            body = re.sub(rf"!\[[^\]\n]*\]\(<?{re.escape(name)}>?\)", "", body)
    finding = _led(key_finding(result.conclusion), subject_of(result.task_desc) or result.task_desc) or (
        f"See {pictures[0].name}." if pictures else "See below."
    )
    task = escaped(shortened(result.task_desc, 110)).rstrip(".?! ")
    subject = escaped(shortened(subject_of(result.task_desc), 110))
    title = subject or (pictures[0].caption if pictures else capitalised(task) or "Result")
    return Section(title, subject, agent, _finding(finding), _aligned(body), tuple(code), pictures)


def key_finding(conclusion: str) -> str:
    """What a result says in a sentence or two: its opening sentences in bold, if it has several, else its first."""
    paragraphs = [part.strip() for part in conclusion.strip().split("\n\n")]
    bold: list[str] = []
    for part in paragraphs:
        match = re.match(r"\*\*(.+?)\*\*(?=\s|$)", part, re.DOTALL)
        if match is None or part.startswith("**Note"):
            break
        bold.append(" ".join(match[1].split()))
    if len(bold) > 1:
        unfound = [part for part in paragraphs if part.startswith("Not found in ")]
        return shortened(" ".join([*bold, *unfound]), _FINDING_CHARS)
    first = first_sentence(conclusion, _FINDING_CHARS)
    listed = [_PLACE.sub("", line) for line in re.findall(r"^\s*[-*+] (.+)$", conclusion, re.MULTILINE)]
    if listed and first.rstrip("*_ ").endswith(":"):  # what is announced is what was found
        first = shortened(f"{first.strip('*_ ')} {'; '.join(one.strip(chr(34)) for one in listed)}", _FINDING_CHARS)
    return first


def _led(finding: str, subject: str) -> str:
    """A finding without bold around all of it; one of hardly any words ("x = 2; x = 3") after what it is about."""
    if match := re.fullmatch(r"\*\*([^*]+)\*\*", finding.strip()):
        finding = match[1]
    words = re.findall(r"[^\W\d_]{2,}", finding)
    lead = escaped(shortened(capitalised(subject), 110)).rstrip(".?! ")
    if not finding or not lead or len(words) >= 3 or plain(finding).casefold().startswith(unescaped(lead).casefold()):
        return finding
    return f"{lead}: {finding}" if "**" in finding else f"{lead}: **{finding}**"


def _named(files: Sequence[LocalFile], taken: dict[str, str], result: EarlierResult) -> tuple[Picture, ...]:
    """These pictures under names of their own, without those that are in the report already."""
    pictures: list[Picture] = []
    for file in files:
        try:
            digest = hashlib.sha256(file.path.read_bytes()).hexdigest()
        except OSError:
            continue  # fetched and gone: there is nothing to show
        if digest in taken.values():
            continue
        name = safe_name(file.name, "chart.png")
        while name.lower() in taken:
            stem, _, suffix = name.rpartition(".")
            name = f"{stem}-{len(taken) + 1}.{suffix}"
        taken[name.lower()] = digest
        quoted = re.search(r"[\"“]([^\"”\n]{3,100})[\"”]", result.conclusion)
        words = re.sub(r"[-_]+", " ", name.rpartition(".")[0])
        caption = quoted[1] if quoted and len(files) == 1 else words
        pictures.append(Picture(name, file, escaped(capitalised(caption))))
    return tuple(pictures)


def _place_of_numbers(chart: Section, sections: Sequence[Section]) -> int | None:
    """The section whose numbers a chart shows: its table has every row of the chart's."""
    rows = _numbers(chart.body)
    fitting = [n for n, one in enumerate(sections) if rows and rows <= _numbers(one.body)]
    return fitting[-1] if fitting else None


def _with_numbers(section: Section) -> Section:
    """A chart that stands alone is told by its numbers, where they are few, not by having been drawn and saved."""
    if section.pictures:
        section = replace(section, body=_SAVED.sub("", section.body))
    tables = _TABLE.findall(section.body)
    if not section.pictures or len(tables) != 1 or not _DREW.search(section.finding):
        return section
    rows = [_cells(line) for line in tables[0].strip().splitlines()[2:]]
    if not 0 < len(rows) <= _TOLD_ROWS or any(len(row) != 2 for row in rows):
        return section
    said = "; ".join(f"{label}: **{value}**" for label, value in rows)
    return replace(section, finding=f"{section.pictures[0].caption}: {said}.")


def _numbers(body: str) -> set[tuple[str, ...]]:
    """The rows of a body's tables, numbers rounded as a chart's table may round them."""
    rows: set[tuple[str, ...]] = set()
    for table in _TABLE.findall(body):
        for line in table.strip().splitlines()[2:]:
            rows.add(tuple(_rounded(cell) for cell in _cells(line)))
    return rows


def _rounded(cell: str) -> str:
    text = plain(cell).strip()
    if _NUMBER.fullmatch(text):
        return f"{float(text.replace(',', '').replace('−', '-').rstrip('% ')):.2f}"
    return text.lower()


def _aligned(body: str) -> str:
    """The same Markdown, columns of numbers aligned to the right."""

    def align(match: re.Match[str]) -> str:
        lines = match[0].rstrip("\n").split("\n")
        if len(lines) < 3 or not set(lines[1]) <= set("|:- \t") or "-" not in lines[1]:
            return match[0]
        rows = [_cells(line) for line in lines[2:]]
        width = len(_cells(lines[0]))
        right = [
            all(len(row) > n and (_NUMBER.fullmatch(plain(row[n])) or not row[n]) for row in rows) for n in range(width)
        ]
        lines[1] = "| " + " | ".join("---:" if one else "---" for one in right) + " |"
        return "\n".join(lines) + match[0][len(match[0].rstrip("\n")) :]

    return _TABLE.sub(align, body)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _pictures(files: tuple[LocalFile, ...]) -> list[LocalFile]:
    """One picture of each stem: the PNG where a chart comes as PNG and SVG."""
    by_stem: dict[str, LocalFile] = {}
    for file in sorted(files, key=lambda file: file.name.lower().endswith(".svg")):
        if (file.media_type or media_type_of(file.name)) in _PICTURES or media_type_of(file.name) in _PICTURES:
            by_stem.setdefault(Path(file.name).stem, file)
    return [file for file in files if file in by_stem.values()]


def _table(file: LocalFile) -> str:
    """The first rows of a CSV file as a Markdown table; empty when it is none."""
    try:
        with file.path.open("rb") as reader:
            text = reader.read(_TABLE_BYTES).decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except (OSError, UnicodeDecodeError, csv.Error):
        return ""
    if len(rows) < 2 or not rows[0] or (len(rows) == 2 and len(rows[0]) == 1):
        return ""  # one number: the text says it
    width = len(rows[0])
    cells = [
        [escaped(cell).replace("|", "\\|") for cell in (row + [""] * width)[:width]] for row in rows[: _TABLE_ROWS + 1]
    ]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    left = len(rows) - 1 - _TABLE_ROWS
    more = f"\n\n*{left} more rows in {escaped(file.name)}.*" if left > 0 else ""
    return "\n".join([lines[0], "| " + " | ".join(["---"] * width) + " |", *lines[1:]]) + more


def _tame(body: str) -> str:
    """A result's Markdown with its headings below ours and its HTML tags as text, code left as it is."""
    parts = re.split(
        r"((?:^|\n) {0,3}(?:`{3,}|~{3,})[^\n]*\n.*?(?:\n {0,3}(?:`{3,}|~{3,})[ \t]*(?=\n|$)|$)|`[^`\n]+`)",
        body,
        flags=re.S,
    )
    for index in range(0, len(parts), 2):
        text = re.sub(r"^( {0,3})(#{1,4})(?=\s)", r"\1##\2", parts[index], flags=re.MULTILINE)
        text = re.sub(r"^ {0,3}(?:=+|-{3,})[ \t]*$", "", text, flags=re.MULTILINE) if "|" not in text else text
        parts[index] = _TAG.sub("&lt;", text)
    return "".join(parts)


def _finding(sentence: str) -> str:
    """A key sentence for the list at the top: emphasis stays, tags and pictures do not."""
    return _TAG.sub("&lt;", re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"\1", sentence)).replace("|", "\\|")


def escaped(text: str) -> str:
    """Words of others on one line, in which no character means anything to Markdown."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return re.sub(r"([\\`*_\[\]<>#~])", r"\\\1", flat)


def unescaped(text: str) -> str:
    """What `escaped` was given."""
    return html.unescape(re.sub(r"\\([\\`*_\[\]<>#~|])", r"\1", text))
