"""The writer: the results of a group as one report, in Markdown and self-contained HTML, or as an e-mail. It arranges,
by rules; it adds no word about the subject of its own."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ioa.adapters.agents.prose import plain, shortened
from ioa.adapters.agents.report_request import names_of, parted, shape_of, title_of
from ioa.adapters.agents.report_sections import Picture, Section, escaped, sections_of, unescaped
from ioa.adapters.agents.standalone import media_type_of, run_alone
from ioa.ports.agent import AgentFailed, Assignment, LocalFile, Outcome, ReportProgress

_ABSTRACT_CHARS = 600
_HOW = "arranged by rules, without a language model"


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
        "write a short e-mail to the team with the findings",
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
    """The text and its files in `assignment.folder`; blocks."""
    task, heading, missing = parted(assignment.task_desc)
    shape = shape_of(task)
    sections = sections_of(assignment.earlier)
    title = title_of(task, shape, [unescaped(section.subject) for section in sections])
    stem, plain_wanted = names_of(task, shape)
    pictures = [picture for section in sections for picture in section.pictures]
    folder = assignment.folder
    summary = "\n".join(f"- {section.finding} *({_who(section)})*" for section in sections)
    if shape == "email":
        text = _email(title, sections, pictures, heading, missing)
        files = [_saved(folder, f"{stem}.txt", text)]
        conclusion = text
    else:
        document = "\n".join(_document(title, sections, summary, shape, heading, missing)).rstrip() + "\n"
        files = [_saved(folder, f"{stem}.md", document)]
        files.append(_saved(folder, f"{stem}.html", _web_page(title, sections, summary, shape, heading, missing)))
        if plain_wanted:
            files.append(_saved(folder, f"{stem}.txt", _as_plain(document)))
        conclusion = ""
    made = " and ".join(file.name for file in files)
    charts = f", with {len(pictures)} chart{'s' if len(pictures) != 1 else ''}" if pictures else ""
    what = {"email": "E-mail", "bullets": "Bullet points", "short": "Summary"}.get(shape, "Report")
    said = " ".join(_sentence(section.finding) for section in sections)
    abstract = shortened(f'{what} "{title}" ({made}{charts}): {said}', _ABSTRACT_CHARS)
    files += [_copied(folder, picture) for picture in pictures]
    left = f"\n\n{heading}:\n\n{missing}" if missing else ""
    told = f'{what} "{escaped(title)}" ({made}{charts}).\n\n{summary}{left}'
    return Outcome(conclusion or told, abstract, tuple(files))


def _document(
    title: str, sections: Sequence[Section], summary: str, shape: str, heading: str, missing: str
) -> list[str]:
    """The report in Markdown, by lines."""
    lines = [f"# {escaped(title)}", "", f"*{_by(sections)}*", "", "## Summary", "", summary, ""]
    if missing:
        lines += [f"## {heading}", "", missing, ""]
    for number, section in enumerate(_shown(sections, shape), 1):
        shown = [f"![{picture.caption}]({_link(picture.name)})" for picture in section.pictures]
        text = "\n\n".join(part for part in ("" if shape == "short" else section.body, *shown) if part)
        lines += [f"## {number}. {section.title}", "", f"*{_found_by(section)}*", "", text, ""]
    if shape == "report" and any(section.code for section in sections):
        lines += ["## Appendix: how it was found", ""]
        for section in sections:
            for language, code in section.code:
                fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", code)), 3)
                lines += [f"{section.title} ({section.agent}):", "", f"{fence}{language.lower()}", code, fence, ""]
    return lines


def _shown(sections: Sequence[Section], shape: str) -> list[Section]:
    """The results that get a section of their own below the summary."""
    return [one for one in sections if shape == "report" or (shape == "short" and one.pictures)]


def _web_page(title: str, sections: Sequence[Section], summary: str, shape: str, heading: str, missing: str) -> str:
    """The report as one HTML page, charts embedded, code folded."""
    from ioa.adapters.agents.report_html import Renderer, details, page

    pictures = [picture for section in sections for picture in section.pictures]
    renderer = Renderer({picture.name: picture.file.path for picture in pictures})
    body = [
        f"<header><h1>{html.escape(title)}</h1>",
        f'<p class="by">{renderer.line(_by(sections))}</p></header>',
        f'<section class="summary"><h2>Summary</h2>{renderer.html(summary)}</section>',
    ]
    if missing:
        body.append(f"<section><h2>{html.escape(heading)}</h2>{renderer.html(missing)}</section>")
    for number, section in enumerate(_shown(sections, shape), 1):
        head = f'<span class="number">{number}</span> {renderer.line(section.title)}'
        body.append(f'<section><h2>{head}</h2><p class="by">{renderer.line(_found_by(section))}</p>')
        if shape == "report":
            body.append(renderer.html(section.body))
        body += [renderer.figure(picture.name, unescaped(picture.caption)) for picture in section.pictures]
        if shape == "report":
            body += [details(f"How {unescaped(section.agent)} found it ({lang})", code) for lang, code in section.code]
        body.append("</section>")
    return page(title, "\n".join(body))


def _email(title: str, sections: Sequence[Section], pictures: Sequence[Picture], heading: str, missing: str) -> str:
    """A plain message of nothing but the findings."""
    lines = [f"Subject: {title}", "", "Hello,", "", "here is what was found:", ""]
    lines += [f"- {_sentence(section.finding)} ({unescaped(_who(section))})" for section in sections]
    if missing:
        lines += ["", f"{heading}:", *missing.splitlines()]
    if pictures:
        lines += ["", f"Attached: {', '.join(picture.name for picture in pictures)}"]
    return "\n".join([*lines, "", "Kind regards", "", f"({_HOW[0].upper()}{_HOW[1:]}.)"]) + "\n"


def _by(sections: Sequence[Section]) -> str:
    agents = dict.fromkeys(name for section in sections for name in (section.agent, *section.helpers))
    return f"From the results of {_and(list(agents))}; {_HOW}."


def _found_by(section: Section) -> str:
    drawn = f" · chart by {_and(list(section.helpers))}" if section.helpers else ""
    return f"Found by {section.agent}{drawn}"


def _who(section: Section) -> str:
    return _and(list(dict.fromkeys((section.agent, *section.helpers))))


def _and(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)


def _sentence(finding: str) -> str:
    """A finding as plain words that end like a sentence."""
    text = unescaped(plain(finding)).strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _link(name: str) -> str:
    return f"<{name}>" if re.search(r"[\s()]", name) else name


def _as_plain(markdown: str) -> str:
    """The report without Markdown's marks: tables stay, as they read well."""
    text = re.sub(r"!\[([^\]]*)\]\(<?([^)>]*)>?\)", r"(picture: \2)", markdown)
    text = re.sub(r"^#{1,6} (.*)$", lambda m: f"{m[1]}\n{'-' * len(m[1])}", text, flags=re.MULTILINE)
    text = re.sub(r"^> ?", "    ", text, flags=re.MULTILINE)
    text = re.sub(r"\*\*(.+?)\*\*|(?<![\w*])\*(.+?)\*(?![\w*])", lambda m: m[1] or m[2], text)
    return unescaped(text)


def _saved(folder: Path, name: str, text: str) -> LocalFile:
    path = folder / name
    path.write_text(text, encoding="utf-8", errors="replace")
    return LocalFile(name, media_type_of(name), path)


def _copied(folder: Path, picture: Picture) -> LocalFile:
    """The picture under the name that the report calls it by."""
    if picture.name == picture.file.name:
        return picture.file
    path = folder / picture.name
    path.write_bytes(picture.file.path.read_bytes())
    return LocalFile(picture.name, picture.file.media_type, path)
