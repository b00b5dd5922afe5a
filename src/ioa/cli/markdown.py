"""Markdown, readable in a terminal: headings and emphasis in styles, tables aligned, code set off.

A reader for eyes, not a parser: what it does not know it shows as it is. Where nobody watches (a pipe, a file) the text
stays Markdown.
"""

from __future__ import annotations

import io
import re

from ioa.cli.terminal import Terminal, pad, safe_block, width, wrap

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"^(\s*)([-*+]|\d+[.)])\s+(.*)$")
_RULE = re.compile(r"^\s*([-*_])(\s*\1){2,}\s*$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_LINK = re.compile(r"!?\[([^\]]+)\]\(([^)\s]+)\)")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=\S)(.+?)(?<=\S)__")
_EMPHASIS = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*]+?)(?<=[^\s\\])\*(?![\w*])")
_CODE = re.compile(r"(`[^`]+`)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")

_PLAIN = Terminal(io.StringIO())


def shown(text: str, terminal: Terminal) -> str:
    """The text for this terminal; text of strangers, so controls are made visible."""
    safe = safe_block(text)
    if not terminal.watched:
        return safe
    lines = safe.split("\n")
    out: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place]
        if line.lstrip().startswith("```"):
            place = _code_block(lines, place, out, terminal)
        elif "|" in line and place + 1 < len(lines) and "-" in lines[place + 1] and _TABLE_RULE.match(lines[place + 1]):
            place = _table(lines, place, out, terminal)
        else:
            out += _line(line, terminal)
            place += 1
    return "\n".join(out)


def _line(line: str, terminal: Terminal) -> list[str]:
    if heading := _HEADING.match(line):
        styles = ("bold", "cyan") if len(heading.group(1)) <= 2 else ("bold",)
        return [terminal.style(_unmarked(heading.group(2)), *styles)]
    if _RULE.match(line):
        return [terminal.style("─" * min(40, terminal.columns), "dim")]
    if item := _ITEM.match(line):
        mark = "•" if item.group(2) in "-*+" else item.group(2)
        lead = f"{item.group(1)}{mark} "
        return _paragraph(item.group(3), terminal, lead, " " * width(lead))
    if line.startswith(">"):
        return _paragraph(
            line.lstrip("> "), terminal, terminal.style("│ ", "dim"), terminal.style("│ ", "dim"), taken=2
        )
    if line.startswith("    ") or not line.strip():
        return [line]
    return _paragraph(line, terminal, "", "")


def _paragraph(text: str, terminal: Terminal, first: str, rest: str, taken: int | None = None) -> list[str]:
    """Wrapped first and styled then: a style that a line break cuts in two stays as it was written."""
    used = width(first) if taken is None else taken
    lines = wrap(_LINK.sub(_link, text), max(20, terminal.columns - used))
    return [(rest if place else first) + _styled(line, terminal) for place, line in enumerate(lines)]


def _link(match: re.Match[str]) -> str:
    label, target = match.groups()
    return label if label == target else f"{label} ({target})"


def _styled(text: str, terminal: Terminal) -> str:
    """Emphasis and code in styles; what stands in code is not looked at any further."""
    parts: list[str] = []
    for part in _CODE.split(text):
        if len(part) > 2 and part[0] == part[-1] == "`":
            parts.append(terminal.style(part[1:-1], "cyan"))
            continue
        part = _BOLD.sub(lambda match: terminal.style(match.group(1) or match.group(2), "bold"), part)
        part = _EMPHASIS.sub(lambda match: terminal.style(match.group(1), "dim"), part)
        parts.append(_ESCAPED.sub(r"\1", part))
    return "".join(parts)


def _unmarked(text: str) -> str:
    return _styled(_LINK.sub(_link, text), _PLAIN)


def _code_block(lines: list[str], place: int, out: list[str], terminal: Terminal) -> int:
    place += 1
    while place < len(lines) and not lines[place].lstrip().startswith("```"):
        out.append("    " + terminal.style(lines[place], "cyan"))
        place += 1
    return place + 1


def _table(lines: list[str], place: int, out: list[str], terminal: Terminal) -> int:
    head = _cells(lines[place])
    right = [cell.endswith(":") and not cell.startswith(":") for cell in _cells(lines[place + 1])]
    rows = [head]
    place += 2
    while place < len(lines) and "|" in lines[place]:
        rows.append(_cells(lines[place]))
        place += 1
    count = max(len(row) for row in rows)
    rows = [[*row, *[""] * (count - len(row))] for row in rows]
    right += [False] * (count - len(right))
    widths = [max(width(row[column]) for row in rows) for column in range(count)]
    for number, row in enumerate(rows):
        cells = [pad(cell, widths[at], right=right[at]) for at, cell in enumerate(row)]
        line = "  " + "  ".join(cells).rstrip()
        out.append(terminal.style(line, "bold") if number == 0 else line)
        if number == 0:
            out.append("  " + terminal.style("  ".join("─" * size for size in widths), "dim"))
    return place


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [_unmarked(cell.strip()) for cell in re.split(r"(?<!\\)\|", inner)]
