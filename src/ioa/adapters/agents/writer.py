"""The writer: the results of a group as one report, in Markdown and self-contained HTML. It arranges, by rules; it
adds no word about the subject of its own."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from ioa.adapters.agents.collected import safe_name
from ioa.adapters.agents.prose import first_sentence, shortened
from ioa.adapters.agents.standalone import media_type_of, run_alone
from ioa.ports.agent import AgentFailed, Assignment, EarlierResult, LocalFile, Outcome, ReportProgress

Shape = Literal["report", "short", "bullets"]

_TABLE_ROWS = 25
_TABLE_BYTES = 2 * 1024 * 1024
_PICTURES = ("image/png", "image/svg+xml", "image/jpeg")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)[^\n]*\n(.*?)\n? {0,3}\1[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE_LANGUAGES = {"sql": "SQL", "python": "Python", "py": "Python", "duckdb": "SQL"}
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_SAVE_AS = re.compile(
    r"\b(?:as|to|named?|called|call it|into|titled?|file)\s+(?:[\"'“`]([^\"'“”`\n]+\.(?:md|markdown|html?|txt))[\"'”`]|"
    r"[\"'“`]?([^\s\"'“”`]*?[\w-]+\.(?:md|markdown|html?|txt))\b)",
    re.IGNORECASE,
)
_QUOTED_TITLE = re.compile(
    r"\b(?:titled?|entitled|called|heading|headline|named)\s*:?\s*[\"“']([^\"”']{2,120})[\"”']", re.I
)
_TOPIC = re.compile(
    r"\b(?:report|summary|memo|brief(?:ing)?|document|overview|write-?up|article|note|page|bullet points?)\s+"
    r"(?:about|on|of|for|regarding|titled|entitled)\s+"
    r"(?!(?:it|this|that|these|those|them|all|everything|what|the results?|the findings?|the above|both|each|me|us)\b)"
    r"([^.;:!?\n]{3,100})",
    re.IGNORECASE,
)
_TOPIC_END = re.compile(
    r",?\s+(?:and (?:save|store|write|put|include|add|embed|name|call)"
    r"|with (?:a |the )?(?:charts?|tables?|figures?|plots?)"
    r"|saved? |using |based on |including |in (?:markdown|html|plain text)"
    r"|as (?:markdown|html|a |an |[\w-]+\.\w+)|to [\w-]+\.\w+).*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Section:
    """One result as the report shows it; `code` is folded: (language, text)."""

    title: str
    agent: str
    finding: str
    body: str
    code: tuple[tuple[str, str], ...]
    pictures: tuple[tuple[str, LocalFile], ...]


class Writer:
    """Puts what the others found into one report, saying who found what; refuses when there is nothing."""

    name: ClassVar[str] = "Writer"
    description: ClassVar[str] = (
        "Writes the final report: puts the results of other agents (findings, numbers, tables, charts, quotes with "
        "their sources) together into one well laid out document in Markdown and HTML, with a summary of the key "
        "findings at the top and the charts embedded. Also a one-page summary, bullet points or plain text. Does "
        "not compute or look anything up itself."
    )
    skills: ClassVar[tuple[str, ...]] = (
        "write a report about the results with the charts and tables in it",
        "put the findings together into one document",
        "write a one-page summary of what was found",
        "combine everything into a Markdown or HTML report",
        "write the key findings as bullet points",
        "draft a memo or briefing from the results",
        "save the results as report.html",
    )
    idempotent: ClassVar[bool] = True

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Write one report from `assignment.earlier`. Raises `AgentFailed` when that is empty."""
        if not any(result.conclusion.strip() or result.files for result in assignment.earlier):
            raise AgentFailed(
                "There is nothing to write about: this task refers to no result of another task; "
                'ask for the findings first, then say "write a report about the results".'
            )
        return await asyncio.to_thread(write, assignment)

    def run(self, task_desc: str) -> str:
        """The writer on its own has nothing to write about, and says so."""
        return run_alone(self, task_desc)


def write(assignment: Assignment) -> Outcome:
    """The report and its files in `assignment.folder`; blocks."""
    from ioa.adapters.agents.report_html import Renderer, details, page

    task = assignment.task_desc
    shape = shape_of(task)
    title = title_of(task, shape)
    stem, plain_wanted = names_of(task)
    sections = _sections(assignment.earlier)
    count = f"{len(sections)} result{'s' if len(sections) > 1 else ''}"
    agents = ", ".join(dict.fromkeys(section.agent for section in sections))
    by = f"Put together from {count} of {agents}. Arranged by rules, without a language model; the findings are theirs."
    summary = "\n".join(f"- {section.finding} *({section.agent})*" for section in sections)

    markdown = [f"# {title}", "", f"*{by}*", "", "## Summary", "", summary, ""]
    body = [f"<h1>{html.escape(_unescaped(title))}</h1>"]
    pictures = [picture for section in sections for picture in section.pictures]
    renderer = Renderer({name: file.path for name, file in pictures})
    body += [
        f'<p class="by">{renderer.line(by)}</p>',
        f'<section class="summary"><h2>Summary</h2>{renderer.html(summary)}</section>',
    ]
    for number, section in enumerate(sections, 1):
        shown = "\n\n".join(f"![{_plain(name)}]({_link(name)})" for name, _ in section.pictures)
        if shape == "bullets":
            continue
        text = shown if shape == "short" else "\n\n".join(part for part in (section.body, shown) if part)
        if shape == "short" and not shown:
            continue
        head = f"{number}. {section.title}"
        markdown += [f"## {head}", "", f"*Found by {section.agent}*", "", text, ""]
        body.append(f'<h2>{renderer.line(head)}</h2><p class="by">Found by {renderer.line(section.agent)}</p>')
        body.append(renderer.html(text))
        if shape == "report":
            body += [
                details(f"How {_unescaped(section.agent)} found it ({language})", code)
                for language, code in section.code
            ]
    if shape == "report" and any(section.code for section in sections):
        markdown += ["## Appendix: how it was found", ""]
        for section in sections:
            for language, code in section.code:
                fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", code)), 3)
                markdown += [f"{section.title} ({section.agent}):", "", f"{fence}{language.lower()}", code, fence, ""]
    text = "\n".join(markdown).rstrip() + "\n"
    files = [_saved(assignment.folder, f"{stem}.md", text)]
    files.append(_saved(assignment.folder, f"{stem}.html", page(_unescaped(title), "\n".join(body))))
    if plain_wanted:
        files.append(_saved(assignment.folder, f"{stem}.txt", _as_plain(text)))
    for name, file in pictures:
        if name != file.name:  # two charts of one name: the report's copy has a name of its own
            (assignment.folder / name).write_bytes(file.path.read_bytes())
            file = LocalFile(name, file.media_type, assignment.folder / name)
        files.append(file)
    made = " and ".join(file.name for file in files[: 3 if plain_wanted else 2])
    pictured = f", with {len(pictures)} chart{'s' if len(pictures) != 1 else ''} in it" if pictures else ""
    abstract = f'The report "{_unescaped(title)}" puts together {count}{pictured}: {made}.'
    return Outcome(f"{abstract}\n\n{summary}", abstract, tuple(files))


def shape_of(task: str) -> Shape:
    """A full report unless the task asks for bullet points or for something short."""
    if re.search(r"\bbullet(?:ed|s| points?| list)?\b", task, re.IGNORECASE):
        return "bullets"
    if re.search(
        r"\b(?:one|single|1)[- ]page\b|\b(?:short|brief|concise) (?:report|summary|overview|memo)\b", task, re.I
    ):
        return "short"
    return "report"


def title_of(task: str, shape: Shape) -> str:
    """The title that the task gives or the topic that it names; else what it is."""
    if match := _QUOTED_TITLE.search(task):
        return _plain(match[1])
    if match := _TOPIC.search(task):
        topic = _TOPIC_END.sub("", match[1]).strip(" ,'\"“”")
        if len(topic) >= 3:
            return _plain(topic[0].upper() + topic[1:])
    return "Summary" if shape != "report" else "Report"


def names_of(task: str) -> tuple[str, bool]:
    """The stem of the files' names, from a name such as `summary.md` in the task, and whether plain text is asked."""
    plain = re.search(r"\b(?:plain|simple) text\b|\.txt\b", task, re.IGNORECASE) is not None
    if match := _SAVE_AS.search(task):
        name = safe_name(match[1] or match[2], "report.md")
        return safe_name(name.rpartition(".")[0], "report"), plain
    return "report", plain


def _sections(results: tuple[EarlierResult, ...]) -> list[_Section]:
    sections: list[_Section] = []
    taken: set[str] = set()
    for result in results:
        code: list[tuple[str, str]] = []

        def fold(match: re.Match[str], code: list[tuple[str, str]] = code) -> str:
            if language := _CODE_LANGUAGES.get(match[2].lower()):
                code.append((language, match[3]))
                return ""
            return match[0]

        body = _tame(_FENCE.sub(fold, result.conclusion.replace("\r\n", "\n")).strip())
        if "|" not in body or not re.search(r"^\s*\|?\s*:?-{2,}.*\|", body, re.MULTILINE):
            tables = [_table(file) for file in result.files if file.name.lower().endswith(".csv")]
            body = "\n\n".join([body, *(table for table in tables if table)])
        pictures: list[tuple[str, LocalFile]] = []
        for file in _pictures(result.files):
            name = safe_name(file.name, "chart.png")
            while name.lower() in taken:
                stem, _, suffix = name.rpartition(".")
                name = f"{stem}-{len(taken) + 1}.{suffix}"
            taken.add(name.lower())
            pictures.append((name, file))
        finding = first_sentence(result.conclusion) or (f"See {pictures[0][0]}." if pictures else "See below.")
        task = _plain(shortened(result.task_desc, 110)).rstrip(".") or "Result"
        for name, _ in pictures:  # shown below the text, once
            body = re.sub(rf"!\[[^\]\n]*\]\(<?{re.escape(name)}>?\)", "", body)
        sections.append(
            _Section(
                task[0].upper() + task[1:], _plain(result.agent), _finding(finding), body, tuple(code), tuple(pictures)
            )
        )
    return sections


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
    if len(rows) < 2 or not rows[0]:
        return ""
    width = len(rows[0])
    cells = [
        [_plain(cell).replace("|", "\\|") for cell in (row + [""] * width)[:width]] for row in rows[: _TABLE_ROWS + 1]
    ]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    more = (
        f"\n\n*{len(rows) - 1 - _TABLE_ROWS} more rows in {_plain(file.name)}.*" if len(rows) > _TABLE_ROWS + 1 else ""
    )
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


def _plain(text: str) -> str:
    """Words of others on one line, in which no character means anything to Markdown."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return re.sub(r"([\\`*_\[\]<>#~])", r"\\\1", flat)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\`*_\[\]<>#~])", r"\1", text)


def _link(name: str) -> str:
    return f"<{name}>" if re.search(r"[\s()]", name) else name


def _as_plain(markdown: str) -> str:
    """The report without Markdown's marks: tables stay, as they read well."""
    text = re.sub(r"!\[([^\]]*)\]\(<?([^)>]*)>?\)", r"(picture: \2)", markdown)
    text = re.sub(r"^#{1,6} (.*)$", lambda m: f"{m[1]}\n{'-' * len(m[1])}", text, flags=re.MULTILINE)
    text = re.sub(r"^> ?", "    ", text, flags=re.MULTILINE)
    text = re.sub(r"\*\*(.+?)\*\*|(?<![\w*])\*(.+?)\*(?![\w*])", lambda m: m[1] or m[2], text)
    return _unescaped(html.unescape(text))


def _saved(folder: Path, name: str, text: str) -> LocalFile:
    path = folder / name
    path.write_text(text, encoding="utf-8", errors="replace")
    return LocalFile(name, media_type_of(name), path)
