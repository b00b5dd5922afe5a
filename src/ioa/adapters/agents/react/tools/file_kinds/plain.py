"""Text in all its kinds: prose, code, tables of text, JSON, notebooks, settings, XML, HTML, rich text."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, cast

from ioa.adapters.agents.documents import Unreadable, decoded
from ioa.adapters.agents.documents_html import html_document
from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Gathering, Source, UnreadableFile

_LONG_LINE = 2000
_CSV_SAMPLE_CHARS = 64 * 1024


def read_text(source: Source) -> FileText:
    """Plain text, Markdown, code and settings: as they are."""
    text, notes = _decoded(source)
    gathered = Gathering(source.name, notes=[*notes])
    gathered.add("", text.replace("\r\n", "\n"))
    return gathered.made(_text_label(source))


def read_csv(source: Source) -> FileText:
    """A table of text, as it is, with its size in the notes."""
    text, notes = _decoded(source)
    separator = separator_of(text, tab=source.suffix in (".tsv", ".tab"))
    gathered = Gathering(source.name, notes=[*notes])
    try:
        rows = [len(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    except csv.Error as error:
        gathered.notes.append(f"{source.name} is not a clean table ({error}); it is shown as it is")
        rows = []
    if rows:
        shown = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}[separator]
        gathered.notes.append(
            f"{len(rows):,} rows with the title row, {rows[0]} columns, separated by {shown}; "
            "sums, averages and filters are for the sql tool or for code"
        )
        if uneven := sum(width != rows[0] for width in rows):
            gathered.notes.append(f"{uneven:,} rows have another number of cells than the first")
    gathered.add("", text.replace("\r\n", "\n"))
    return gathered.made("table of separated values")


def read_json(source: Source) -> FileText:
    """JSON, spread over lines where it comes in one."""
    text, notes = _decoded(source)
    gathered = Gathering(source.name, notes=[*notes])
    try:
        value: object = json.loads(text)
        if max((len(line) for line in text.splitlines()), default=0) > _LONG_LINE:
            text = json.dumps(value, indent=1, ensure_ascii=False)
            gathered.notes.append("spread over lines for reading")
        gathered.notes.append(_shape(value))
    except RecursionError:
        gathered.notes.append(f"{source.name} is nested too deeply to be checked")
    except ValueError as error:
        said = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)
        gathered.notes.append(f"{source.name} is not valid JSON ({said}); it is shown as it is")
    gathered.add("", text)
    return gathered.made("JSON")


def read_jsonl(source: Source) -> FileText:
    """One JSON value a line, as it is."""
    text, notes = _decoded(source)
    gathered = Gathering(source.name, notes=[*notes])
    lines = [line for line in text.splitlines() if line.strip()]
    gathered.notes.append(f"{len(lines):,} records, one a line")
    for number, line in enumerate(lines, 1):
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            gathered.notes.append(f"record {number} is not valid JSON")
            break
    gathered.add("", text)
    return gathered.made("JSON lines")


def read_toml(source: Source) -> FileText:
    """TOML as it is, with a note when it is not valid."""
    text, notes = _decoded(source)
    gathered = Gathering(source.name, notes=[*notes])
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        gathered.notes.append(f"{source.name} is not valid TOML ({error}); it is shown as it is")
    gathered.add("", text)
    return gathered.made("TOML settings")


def read_notebook(source: Source) -> FileText:
    """A Jupyter notebook: its cells in order, with what they printed."""
    text, _ = _decoded(source)
    gathered = Gathering(source.name)
    try:
        book = _record(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{source.name} is no valid notebook ({error}); save it again in Jupyter.") from error
    for number, raw in enumerate(_list(book.get("cells")), 1):
        cell = _record(raw)
        kind = str(cell.get("cell_type", "raw"))
        body = _joined(cell.get("source"))
        if kind == "code":
            body = f"```python\n{body}\n```" if body.strip() else ""
            outputs = [_output(_record(one)) for one in _list(cell.get("outputs"))]
            if said := "\n".join(one for one in outputs if one.strip()):
                body = f"{body}\nOutput:\n```\n{said}\n```".lstrip("\n")
        gathered.add(f"cell {number}, {kind}", body)
    return gathered.made("Jupyter notebook")


def read_xml(source: Source) -> FileText:
    """XML as it is; one that comes in a single line is spread over lines. Entities are not expanded."""
    text, notes = _decoded(source)
    gathered = Gathering(source.name, notes=[*notes])
    if max((len(line) for line in text.splitlines()), default=0) > _LONG_LINE:
        text = re.sub(r">\s*<", ">\n<", text)
        gathered.notes.append("spread over lines for reading")
    if "<!ENTITY" in text:
        gathered.notes.append("it declares entities, which were not expanded")
    gathered.add("", text)
    return gathered.made("SVG picture (XML)" if "<svg" in text[:5000] else "XML")


def read_html(source: Source) -> FileText:
    """An HTML page: what it shows, headings marked as in Markdown, tables as tables."""
    text, notes = _decoded(source)
    gathered = Gathering(source.name, notes=[*notes])
    gathered.add("", html_text(source.name, text))
    return gathered.made("HTML page")


def html_text(name: str, text: str) -> str:
    """What a page shows, as Markdown-like text. Raises `UnreadableFile` when it shows nothing."""
    try:
        document = html_document(name, text, ())
    except Unreadable as error:
        raise UnreadableFile(str(error)) from error
    except RecursionError as error:
        raise UnreadableFile(f"{name} is nested too deeply to be read as a page.") from error
    lines: list[str] = []
    title = re.search(r"<title[^>]*>(.{1,500}?)</title>", text, re.IGNORECASE | re.DOTALL)
    if title:
        lines.append(f"Title: {' '.join(title[1].split())}")
    heading = ""
    for passage in document.passages:
        if passage.heading != heading:
            heading = passage.heading
            lines.append(f"## {heading}")
        lines.append(passage.text)
    return "\n\n".join(lines)


_RTF_TOKEN = re.compile(r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|(.)", re.I | re.S)
_RTF_HIDDEN = frozenset({"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "themedata",
                         "listtable", "listoverridetable", "rsidtbl", "generator", "xmlnstbl", "datastore",
                         "latentstyles", "fldinst", "filetbl"})  # fmt: skip
_RTF_SPECIAL = {"par": "\n", "sect": "\n\n", "page": "\n\n", "line": "\n", "tab": "\t", "cell": " | ", "row": "\n",
                "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“",
                "rdblquote": "”", "emspace": " ", "enspace": " "}  # fmt: skip


def read_rtf(source: Source) -> FileText:
    """Rich text without its formatting."""
    text = source.content().decode("latin-1")
    page = re.search(r"\\ansicpg(\d{3,5})", text[:1000])
    codepage = f"cp{page[1]}" if page else "cp1252"
    said: list[str] = []
    stack: list[tuple[bool, int]] = []
    hidden, unicode_skip, skip = False, 1, 0
    for word, argument, byte, symbol, brace, character in _RTF_TOKEN.findall(text):
        piece = ""
        if brace == "{":
            stack.append((hidden, unicode_skip))
        elif brace == "}":
            hidden, unicode_skip = stack.pop() if stack else (False, 1)
        elif symbol:
            hidden = hidden or symbol == "*"
            piece = {"~": " ", "_": "-", "{": "{", "}": "}", "\\": "\\"}.get(symbol, "")
        elif word:
            hidden = hidden or word in _RTF_HIDDEN
            if word == "uc":
                unicode_skip = int(argument or 1)
            elif word == "u" and argument:
                piece = _rtf_character(int(argument))
                skip = unicode_skip
                if not hidden:
                    said.append(piece)
                continue
            piece = _RTF_SPECIAL.get(word, "")
        elif byte:
            piece = _rtf_byte(int(byte, 16), codepage)
        else:
            piece = character
        if skip and (byte or character):
            skip -= 1
        elif piece and not hidden:
            said.append(piece)
    gathered = Gathering(source.name)
    # Characters beyond the first plane come as two surrogates.
    whole = "".join(said).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    gathered.add("", re.sub(r"\n{3,}", "\n\n", whole).strip())
    return gathered.made("rich text (RTF)")


def _rtf_character(number: int) -> str:
    number %= 65536  # written as a signed number of 16 bits
    return chr(number)


def _rtf_byte(value: int, codepage: str) -> str:
    try:
        return bytes([value]).decode(codepage, errors="replace")
    except LookupError:
        return bytes([value]).decode("cp1252", errors="replace")


def _decoded(source: Source) -> tuple[str, tuple[str, ...]]:
    content = source.content()
    if not content.strip():
        raise UnreadableFile(f"{source.name} has nothing but white space in it.")
    try:
        return decoded(content, source.name)
    except Unreadable as error:
        raise UnreadableFile(str(error)) from error


_LABELS = {".md": "Markdown", ".markdown": "Markdown", ".mdown": "Markdown", ".py": "Python source",
           ".yaml": "YAML settings", ".yml": "YAML settings", ".ini": "INI settings", ".cfg": "INI settings",
           ".sql": "SQL source"}  # fmt: skip


def _text_label(source: Source) -> str:
    suffix = PurePath(source.name).suffix.lower()
    plain = suffix in ("", ".txt", ".text", ".log")
    return _LABELS.get(suffix, "plain text" if plain else f"text ({suffix})")


def separator_of(text: str, *, tab: bool) -> str:
    """What stands between the cells of a table of text; `tab`: its name promises tabs."""
    first = next((line for line in text[:_CSV_SAMPLE_CHARS].splitlines() if line.strip()), "")
    return "\t" if tab else max((",", ";", "\t", "|"), key=first.count)


def _shape(value: object) -> str:
    if isinstance(value, list):
        return f"a list of {len(cast('list[object]', value)):,}"
    if isinstance(value, dict):
        keys = [str(key) for key in cast("dict[object, object]", value)]
        more = f", and {len(keys) - 20} more" if len(keys) > 20 else ""
        return f"an object with the keys {', '.join(keys[:20])}{more}"
    return f"a single {type(value).__name__}"


def _record(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return cast("Sequence[Any]", value) if isinstance(value, list) else []


def _joined(value: object) -> str:
    return value if isinstance(value, str) else "".join(str(one) for one in _list(value))


def _output(output: Mapping[str, Any]) -> str:
    if "ename" in output:
        return f"{output['ename']}: {output.get('evalue', '')}"
    if "text" in output:
        return _joined(output["text"]).rstrip()
    data = _record(output.get("data"))
    if "text/plain" in data:
        pictures = [kind for kind in data if kind.startswith("image/")]
        return _joined(data["text/plain"]).rstrip() + (f"\n[{', '.join(pictures)} not shown]" if pictures else "")
    return ""
