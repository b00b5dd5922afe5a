"""Word, Excel and PowerPoint files (the formats of 2007 and later)."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

from ioa.adapters.agents.react.tools.file_kinds.file_text import (
    MAX_ROWS,
    MAX_UNPACKED_BYTES,
    FileText,
    Gathering,
    Source,
    UnreadableFile,
    table,
)

_BROKEN = "is broken or locked with a password ({said}); open it and save it again without one"


def check_packed(source: Source) -> None:
    """Raise `UnreadableFile` when the file is no whole ZIP archive, or unpacks to more than is read."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            total = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
        raise UnreadableFile(f"{source.name} {_BROKEN.format(said=error)}.") from error
    if total > MAX_UNPACKED_BYTES:
        raise UnreadableFile(
            f"{source.name} unpacks to {total:,} bytes, at most {MAX_UNPACKED_BYTES:,} are read; split it."
        )


def read_docx(source: Source) -> FileText:
    """A Word document: headings marked as in Markdown, lists, tables, headers, comments."""
    check_packed(source)
    import docx
    from docx.table import Table

    gathered = Gathering(source.name)
    try:
        document = docx.Document(str(source.path))
        lines: list[str] = []
        for block in document.iter_inner_content():
            if isinstance(block, Table):
                lines += ["", _docx_table(block), ""]
                continue
            text = block.text.strip()
            style = (block.style.name or "") if block.style is not None else ""
            if not text:
                continue
            lines.append(_styled(text, style))
        gathered.add("", "\n".join(lines))
        running = _running_lines(document)
        if running:
            gathered.add("headers and footers", "\n".join(running))
        comments = [f"{comment.author}: {comment.text}" for comment in document.comments if comment.text.strip()]
        if comments:
            gathered.add("comments", "\n".join(comments))
        pictures = len(document.inline_shapes)
        if pictures:
            gathered.notes.append(f"{pictures} picture(s) in it are not described")
    except UnreadableFile:
        raise
    except Exception as error:  # python-docx raises whatever a broken file provokes
        raise UnreadableFile(f"{source.name} {_BROKEN.format(said=_said(error))}.") from error
    return gathered.made("Word document")


def _styled(text: str, style: str) -> str:
    if style == "Title":
        return f"# {text}\n"
    level = style.removeprefix("Heading ")
    if level != style and level.isdigit():
        return f"\n{'#' * min(int(level) + 1, 6)} {text}\n"
    if style.startswith("List Number"):
        return f"1. {text}"
    return f"- {text}" if style.startswith("List") else f"{text}\n"


def _docx_table(block: Any) -> str:
    rows: list[list[str]] = []
    for row in islice(block.rows, MAX_ROWS):
        cells: list[str] = []
        last: object = None
        for cell in row.cells:
            if cell._tc is not last:  # a merged cell comes once for each column it covers
                cells.append(cell.text)
            last = cell._tc
        rows.append(cells)
    return table(rows)


def _running_lines(document: Any) -> list[str]:
    found: list[str] = []
    for section in document.sections:
        for place in (section.header, section.footer):
            found += [paragraph.text.strip() for paragraph in place.paragraphs]
    return list(dict.fromkeys(line for line in found if line))


def read_xlsx(source: Source) -> FileText:
    """An Excel workbook: each sheet as a table of its values; a formula where no value is stored."""
    check_packed(source)
    import openpyxl

    gathered = Gathering(source.name)
    try:
        # Read-only: rows come one by one. Twice, as a workbook gives either values or formulas.
        # By open files: given a path, openpyxl wants a suffix that it knows.
        with source.path.open("rb") as one, source.path.open("rb") as other:
            values = openpyxl.load_workbook(one, read_only=True, data_only=True)
            formulas = openpyxl.load_workbook(other, read_only=True, data_only=False)
            for name in values.sheetnames:
                if not gathered.full:
                    _sheet(gathered, name, values[name], formulas[name])
    except UnreadableFile:
        raise
    except Exception as error:  # openpyxl raises whatever a broken file provokes
        raise UnreadableFile(f"{source.name} {_BROKEN.format(said=_said(error))}.") from error
    return gathered.made("Excel workbook")


def _sheet(gathered: Gathering, name: str, values: Any, formulas: Any) -> None:
    if not hasattr(values, "iter_rows"):
        gathered.notes.append(f"sheet {name} is a chart, which is not described")
        return
    if values.sheet_state != "visible":
        gathered.notes.append(f"sheet {name} is hidden in the workbook")
    uncalculated = 0
    rows: list[list[object]] = []
    size = 0
    for shown, written in zip(_rows(values), _rows(formulas), strict=False):
        row: list[object] = []
        for value, formula in zip(shown, written, strict=False):
            if value is None and isinstance(formula, str) and formula.startswith("="):
                uncalculated += 1
                row.append(formula)
            else:
                row.append(_excel_value(value))
        rows.append(row)
        size += sum(len(str(cell)) for cell in row if cell is not None)
        if len(rows) >= MAX_ROWS or size > gathered.room:
            gathered.notes.append(f"sheet {name}: only its first {len(rows):,} rows were read")
            break
    if uncalculated:
        gathered.notes.append(
            f"sheet {name}: {uncalculated} formula(s) without a stored value are shown as formulas; "
            "open and save the workbook in Excel or LibreOffice to have them calculated"
        )
    text = table(rows)
    gathered.add(f"sheet {name}", text or "(empty)")


def _rows(sheet: Any) -> Iterator[tuple[object, ...]]:
    return cast("Iterator[tuple[object, ...]]", sheet.iter_rows(values_only=True))


def _excel_value(value: object) -> object:
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def read_pptx(source: Source) -> FileText:
    """A PowerPoint presentation: text, tables, charts' numbers and notes of each slide."""
    check_packed(source)
    import pptx

    gathered = Gathering(source.name)
    try:
        deck = pptx.Presentation(str(source.path))
        pictures = 0
        for number, slide in enumerate(deck.slides, 1):
            lines: list[str] = []
            title = slide.shapes.title
            for shape in _shapes(slide.shapes):
                if shape.shape_type is not None and "PICTURE" in str(shape.shape_type):
                    pictures += 1
                said = _shape_text(shape)
                if said:
                    is_title = title is not None and shape.shape_id == title.shape_id
                    lines.append(f"# {said}" if is_title else said)
            if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
                notes = slide.notes_slide.notes_text_frame.text.strip()
                lines += [f"Speaker notes: {notes}"] if notes else []
            hidden = ", hidden" if cast("Any", slide)._element.get("show") == "0" else ""
            gathered.add(f"slide {number}{hidden}", "\n\n".join(lines) or "(no text)")
        if pictures:
            gathered.notes.append(f"{pictures} picture(s) on the slides are not described")
    except UnreadableFile:
        raise
    except Exception as error:  # python-pptx raises whatever a broken file provokes
        raise UnreadableFile(f"{source.name} {_BROKEN.format(said=_said(error))}.") from error
    return gathered.made("PowerPoint presentation")


def _shapes(shapes: Any, depth: int = 0) -> Iterator[Any]:
    for shape in shapes:
        if hasattr(shape, "shapes") and depth < 10:  # a group
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _shape_text(shape: Any) -> str:
    if getattr(shape, "has_table", False):
        return table([[cell.text for cell in row.cells] for row in shape.table.rows])
    if getattr(shape, "has_chart", False):
        return _chart_text(shape.chart)
    if getattr(shape, "has_text_frame", False):
        paragraphs = [("  " * p.level + ("- " if p.level else "") + p.text) for p in shape.text_frame.paragraphs]
        return "\n".join(line for line in paragraphs if line.strip()).strip()
    return ""


def _chart_text(chart: Any) -> str:
    lines = [f"Chart: {chart.chart_title.text_frame.text}" if chart.has_title else "Chart:"]
    for plot in chart.plots:
        categories = [str(category) for category in plot.categories]
        rows: list[list[object]] = [["", *categories]]
        rows += [[series.name, *series.values] for series in plot.series]
        lines.append(table(rows))
    return "\n".join(lines)


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
