"""Files as raw tables of text: CSV and TSV, JSON and NDJSON, Excel, tables in HTML and Markdown.

Types are found later, by `typing_columns`. Says in plain words what is wrong with a file that is not what its name
says.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from ioa.adapters.agents.data import markup_tables

MAX_BYTES = 512 * 1024 * 1024
_SAMPLE_BYTES = 256 * 1024
_NUMBERISH = re.compile(r"^[+-]?[$€£]?\d+([.,]\d+)*\s?%?$|^\d{4}-\d{2}-\d{2}")


class UnreadableFile(Exception):
    """The file cannot be read as a table. The text names the file, what is wrong and what would help."""


@dataclass(slots=True)
class RawTable:
    """Column names and rows of text (None is missing); `notes` say what was assumed."""

    label: str
    columns: list[str]
    rows: Iterable[list[str | None]]
    notes: list[str] = field(default_factory=list[str])
    decimal_comma: bool = False


def read_raw(name: str, path: Path) -> list[RawTable]:
    """Open one file by its suffix. Raises `UnreadableFile`."""
    suffix = Path(name).suffix.lower()
    head = _head(name, path)
    if suffix in {".xlsx", ".xlsm"}:
        return _read_excel(name, path, head)
    if suffix == ".xls":
        raise UnreadableFile(f"{name} is in the old Excel format .xls; save it as .xlsx or .csv.")
    if head[:4] in {b"PK\x03\x04", b"PAR1", b"\x89PNG", b"%PDF", b"\xd0\xcf\x11\xe0"} or head[:2] == b"\x1f\x8b":
        raise UnreadableFile(
            f"{name} is not a text file although its name says {suffix or 'so'}; give it its real suffix or export it again."  # noqa: E501 - a sentence in one piece
        )
    text = _decode(name, path, head)
    if suffix in markup_tables.HTML_SUFFIXES | markup_tables.MARKDOWN_SUFFIXES:
        return _read_markup(name, text, html=suffix in markup_tables.HTML_SUFFIXES)
    if suffix in {".json", ".ndjson", ".jsonl", ".geojson"}:
        return _read_json(name, text.text, lines=suffix in {".ndjson", ".jsonl"})
    return [_read_separated(name, text, tab=suffix == ".tsv")]


def _read_markup(name: str, source: _Text, *, html: bool) -> list[RawTable]:
    """The tables of a page or text; none where it has only words. The second is labelled `name:2`."""
    grids = markup_tables.html_tables(source.text) if html else markup_tables.markdown_tables(source.text)
    found: list[RawTable] = []
    for number, (header, rows, notes) in enumerate(grids, start=1):
        columns, renamed = _column_names(header)
        label = name if number == 1 else f"{name}:{number}"
        found.append(RawTable(label, columns, rows, [*([source.note] if source.note else []), *notes, *renamed]))
    return found


def _head(name: str, path: Path) -> bytes:
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(8192)
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be opened: {error.strerror or error}.") from error
    if not head.strip():
        raise UnreadableFile(f"{name} is empty.")
    if size > MAX_BYTES:
        raise UnreadableFile(f"{name} has {size} bytes; files over {MAX_BYTES} bytes should come as Parquet.")
    return head


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    note: str = ""


def _decode(name: str, path: Path, head: bytes) -> _Text:
    data = path.read_bytes()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _Text(data.decode("utf-16", errors="replace"), f"{name} is read as UTF-16.")
    if b"\x00" in head:
        raise UnreadableFile(f"{name} holds binary data, not a table of text; export it again as CSV.")
    try:
        return _Text(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _Text(
            data.decode("cp1252", errors="replace"), f"{name} is not UTF-8; it is read as Windows-1252 (Latin-1)."
        )


def _read_separated(name: str, source: _Text, *, tab: bool) -> RawTable:
    notes = [source.note] if source.note else []
    separator = "\t" if tab else _separator(source.text[:_SAMPLE_BYTES])
    reader = csv.reader(io.StringIO(source.text, newline=""), delimiter=separator)
    try:
        first = next((row for row in reader if any(cell.strip() for cell in row)), None)
    except csv.Error as error:
        raise UnreadableFile(f"{name} is not a readable table: {error}.") from error
    if first is None:
        raise UnreadableFile(f"{name} is empty.")
    sample = list(
        itertools.islice(csv.reader(io.StringIO(source.text[:_SAMPLE_BYTES], newline=""), delimiter=separator), 60)
    )
    rows: Iterator[list[str]] = reader
    if _headless(first, sample[1:]):
        notes.append(f"{name} has no header line; its columns are called column1 to column{len(first)}.")
        rows = itertools.chain([first], reader)
        first = [f"column{index}" for index in range(1, len(first) + 1)]
    comma = separator == ";" and any(
        re.fullmatch(r"\s*[^\w]?\s*-?[\d.]*\d,\d{1,4}\s*[€%]?\s*", cell) for row in sample for cell in row
    )
    columns, renamed = _column_names(first)
    return RawTable(name, columns, _checked(name, rows, len(columns)), notes + renamed, decimal_comma=comma)


def _checked(name: str, rows: Iterator[list[str]], width: int) -> Iterator[list[str | None]]:
    number = 1
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFile(f"{name}, record {number}: {error}.") from error
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > width:
            if any(cell.strip() for cell in row[width:]):
                raise UnreadableFile(
                    f"{name}, record {number} has {len(row)} fields, the header has {width}. "
                    "A separator inside a value needs quotes around the value."
                )
            row = row[:width]
        yield [cell.strip() or None for cell in row] + [None] * (width - len(row))


def _separator(sample: str) -> str:
    best, best_score = ",", (0.0, 0)
    for separator in (",", ";", "\t", "|"):
        try:
            rows = [
                row
                for row in itertools.islice(csv.reader(io.StringIO(sample, newline=""), delimiter=separator), 40)
                if row
            ]
        except csv.Error:
            continue
        width = len(rows[0]) if rows else 0
        whole = rows[:-1] if len(rows) > 2 else rows  # the sample may cut the last row
        same = sum(len(row) == width for row in whole) / max(len(whole), 1)
        if width > 1 and (same, width) > best_score:
            best, best_score = separator, (same, width)
    return best


def _headless(first: list[str], others: list[list[str]]) -> bool:
    if not others:
        return False
    cells = [cell.strip() for cell in first]
    if any(re.fullmatch(r"(19|20)\d{2}", cell) for cell in cells):
        return False  # years are common column names
    return any(_NUMBERISH.match(cell) for cell in cells) and sum(map(bool, cells)) == len(cells)


def _column_names(header: list[str]) -> tuple[list[str], list[str]]:
    names: list[str] = []
    notes: list[str] = []
    for index, cell in enumerate(header, start=1):
        wanted = re.sub(r"\s+", " ", (cell or "").replace("\ufeff", "")).strip() or f"column{index}"
        name, copy = wanted, 1
        while name.lower() in {known.lower() for known in names}:
            copy += 1
            name = f"{wanted}_{copy}"
        if name != wanted:
            notes.append(f'The column "{wanted}" occurs more than once; a later one is called "{name}".')
        names.append(name)
    return names, notes


def _read_json(name: str, text: str, *, lines: bool) -> list[RawTable]:
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as error:
        value = _json_lines(name, text, error, lines)
    except RecursionError:
        raise UnreadableFile(f"{name} is nested too deeply to be a table.") from None
    stem = Path(name).stem
    found = _records(value, stem)
    if not found:
        raise UnreadableFile(f'{name} holds no records; a list of objects such as [{{"a": 1}}] is needed.')
    return [
        table
        for label, records in found
        for table in _flat_tables(name if label == stem else f"{name}:{label}", records)
    ]


def _json_lines(name: str, text: str, error: json.JSONDecodeError, lines: bool) -> object:
    records: list[object] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError as bad:
                if lines or (records and isinstance(records[0], dict)):
                    raise UnreadableFile(f"{name}, line {number}: not valid JSON ({bad.msg}).") from bad
                raise UnreadableFile(
                    f"{name} is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
                ) from error
    return records


def _records(value: object, stem: str) -> list[tuple[str, list[dict[str, object]]]]:
    if isinstance(value, list):
        items = cast("list[object]", value)
        if items and all(isinstance(item, dict) for item in items):
            return [(stem, cast("list[dict[str, object]]", items))]
        if items and all(isinstance(item, list) for item in items):
            rows = cast("list[list[object]]", items)
            header = [str(cell) for cell in rows[0]]
            return [(stem, [dict(zip(header, row, strict=False)) for row in rows[1:]])]
        return [(stem, [{"value": item} for item in items])] if items else []
    if not isinstance(value, dict):
        return []
    entries = cast("dict[str, object]", value)
    lists = [(name, _records(cast("object", part), name)) for name, part in entries.items() if isinstance(part, list)]
    tables = [
        (name, found[0][1])
        for name, found in lists
        if found and isinstance(cast("list[object]", entries[name])[0], dict)
    ]
    if tables:
        return tables
    if entries and all(isinstance(part, dict) for part in entries.values()):
        return [(stem, [{"key": name, **cast("dict[str, object]", part)} for name, part in entries.items()])]
    sizes = {len(cast("list[object]", part)) if isinstance(part, list) else -1 for part in entries.values()}
    if len(sizes) == 1 and -1 not in sizes:
        series = cast("dict[str, list[object]]", entries)
        return [(stem, [dict(zip(series, row, strict=True)) for row in zip(*series.values(), strict=True)])]
    return [(stem, [entries])] if entries else []


def _flat_tables(label: str, records: list[dict[str, object]]) -> list[RawTable]:
    """Nested objects become columns `outer_inner`; lists of objects become tables of their own, linked by parent_row."""  # noqa: E501 - a sentence in one piece
    children: dict[str, list[dict[str, object]]] = {}
    flat: list[dict[str, object]] = []
    for index, record in enumerate(records, start=1):
        row: dict[str, object] = {}
        _flatten(record, "", row)
        for name in [name for name, part in row.items() if _is_records(part)]:
            for child in cast("list[dict[str, object]]", row.pop(name)):
                children.setdefault(name, []).append({"parent_row": index, **child})
        flat.append(row)
    for index, row in enumerate(flat, start=1):
        if children:
            row["parent_row"] = index
            row |= {name: None for name in children if row.get(name) == []}
    for name in children:
        flat = [{key: part for key, part in row.items() if key != name} for row in flat]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    tables = [RawTable(label, columns, [[_text(row.get(name)) for name in columns] for row in flat])]
    for name, rows in children.items():
        tables += _flat_tables(f"{label}:{name}", rows)
    return tables


def _is_records(value: object) -> bool:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return bool(items) and all(isinstance(item, dict) for item in items)


def _flatten(record: dict[str, object], prefix: str, row: dict[str, object]) -> None:
    for name, value in record.items():
        if isinstance(value, dict) and value:
            _flatten(cast("dict[str, object]", value), f"{prefix}{name}_", row)
        else:
            row[f"{prefix}{name}"] = value


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != datetime.min.time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return None if value != value else format(Decimal(repr(value)), "f")
    if isinstance(value, list | dict):
        return json.dumps(cast("object", value), ensure_ascii=False)
    return str(value).strip() or None


def _read_excel(name: str, path: Path, head: bytes) -> list[RawTable]:
    import zipfile

    import openpyxl

    if head[:4] != b"PK\x03\x04":
        raise UnreadableFile(
            f"{name} is not an Excel workbook although its name says so; export it again as .xlsx or .csv."
        )
    try:
        book = cast("Any", openpyxl).load_workbook(path, read_only=True, data_only=True)
        sheets: list[tuple[str, list[list[object]]]] = [
            (str(sheet.title), [list(row) for row in sheet.iter_rows(values_only=True)]) for sheet in book.worksheets
        ]
        book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise UnreadableFile(f"{name} is a damaged Excel workbook ({error}); open and save it again.") from error
    tables = [table for title, cells in sheets if (table := _sheet(name, title, cells, alone=len(sheets) == 1))]
    if not tables:
        raise UnreadableFile(f"{name} has no sheet with a table in it.")
    return tables


def _sheet(name: str, title: str, cells: list[list[object]], *, alone: bool) -> RawTable | None:
    rows = [row for row in cells if any(cell not in (None, "") for cell in row)]
    if not rows:
        return None
    widths = [sum(cell not in (None, "") for cell in row) for row in rows[:10]]
    start = next(index for index, width in enumerate(widths) if width >= max(widths) * 0.6)
    header = rows[start]
    used = [
        index
        for index in range(len(header))
        if any(len(row) > index and row[index] not in (None, "") for row in rows[start:])
    ]
    columns, notes = _column_names([_text(header[index]) or "" for index in used])
    if start:
        notes.append(f"{start} line(s) above the header of sheet {title} are left out.")
    body = [[_text(row[index]) if len(row) > index else None for index in used] for row in rows[start + 1 :]]
    for column, index in zip(columns, range(len(used)), strict=True):
        if body and all(row[index] is None for row in body):
            notes.append(
                f'Column "{column}" has no values; if it holds formulas, open the workbook in Excel and save it so that they are computed.'  # noqa: E501 - a sentence in one piece
            )
    return RawTable(name if alone else f"{name}:{title}", columns, body, notes)
