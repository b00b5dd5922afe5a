"""Tables inside documents as data: each `<table>` of an HTML page, each pipe table of a Markdown text.

Only tables with a header and plain rows are taken. A last row that sums the others up is left out, and said so: counted
as a row it would double every total.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ioa.adapters.agents.data.words import word_set
from ioa.adapters.agents.documents import cells, is_rule

if TYPE_CHECKING:
    from bs4.element import Tag

HTML_SUFFIXES = word_set(".html .htm")
MARKDOWN_SUFFIXES = word_set(".md .markdown")
_SUMMED = word_set("total totals sum subtotal average mean all overall altogether annual year median")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_]|[*_](?!\w)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")

Grid = tuple[list[str], list[list[str | None]], list[str]]
"""Column titles, rows and notes of one table."""


def html_tables(text: str) -> list[Grid]:
    """The tables of a page that have a header, in their order."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "html.parser")
    found: list[Grid] = []
    for table in soup.find_all("table"):
        if table.find("table") is not None:
            continue  # it lays the page out
        body: list[list[str | None]] = []
        header: list[str] | None = None
        notes: list[str] = []
        for row, wide in _html_rows(table):
            lead = row.find_parent("thead") is not None or all(c.name == "th" for c in row.find_all(["td", "th"]))
            if header is None and (lead or not body):
                header = [cell or "" for cell in wide] if lead or _may_be_titles(wide) else None
                if header is None:
                    break
            elif row.find_parent("tfoot") is not None:
                notes.append(f'The line "{wide[0] or ""}" at the foot of the table is left out.')
            elif lead and row.find_parent("thead") is not None:
                header = None  # two lines of titles: which is a column's name is not known
                break
            else:
                body.append(wide)
        if header is not None and body and (one := _grid(header, body, notes)):
            found.append(one)
    return found


def _html_rows(table: Tag) -> Iterator[tuple[Tag, list[str | None]]]:
    """The rows with something in them; a cell over several rows or columns stands in each of them."""
    below: dict[int, tuple[int, str | None]] = {}
    for row in table.find_all("tr"):
        wide: list[str | None] = []

        def fill(wide: list[str | None] = wide) -> None:
            while len(wide) in below:
                left, said = below[len(wide)]
                if left > 1:
                    below[len(wide)] = (left - 1, said)
                else:
                    del below[len(wide)]
                wide.append(said)

        for cell in row.find_all(["td", "th"]):
            fill()
            said = " ".join(cell.get_text(" ").split()) or None
            for _ in range(_span(cell, "colspan")):
                if (down := _span(cell, "rowspan")) > 1:
                    below[len(wide)] = (down - 1, said)
                wide.append(said)
        fill()
        if any(wide):
            yield row, wide


def _span(cell: Tag, name: str) -> int:
    said = str(cell.get(name) or "1")
    return min(max(int(said), 1), 1000) if said.isdigit() else 1


def _may_be_titles(row: Sequence[str | None]) -> bool:
    return len(row) > 1 and all(cell and not re.match(r"[^\w]*\d", cell) for cell in row)


def markdown_tables(text: str) -> list[Grid]:
    """The pipe tables of a Markdown text, outside fenced code, in their order."""
    found: list[Grid] = []
    block: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        if _FENCE.match(line):
            fenced = not fenced
        if not fenced and "|" in line:
            block.append(line)
            continue
        if len(block) > 2 and is_rule(block[1]):
            rows = [[_bare(cell) or None for cell in cells(row)] for row in block]
            header = [cell or "" for cell in rows[0]]
            if one := _grid(header, rows[2:], []):
                found.append(one)
        block = []
    return found


def _bare(cell: str) -> str:
    """A cell without the marks of emphasis, code and links."""
    return _MARKS.sub("", _LINK.sub(r"\1", cell.replace(r"\|", "|"))).strip()


def _grid(header: list[str], body: list[list[str | None]], notes: list[str]) -> Grid | None:
    """A table with rows as wide as its titles; None where a row is wider, so that columns cannot be told."""
    width = len(header)
    if width < 2 or not any(header) or any(len(row) > width and any(row[width:]) for row in body):
        return None
    rows = [[*row[:width], *[None] * (width - len(row))] for row in body]
    parted = [row for row in rows if len({cell for cell in row if cell}) == 1 and row[-1] == row[0] and width > 2]
    if parted:
        rows = [row for row in rows if row not in parted]
        notes = [*notes, f"{len(parted)} line(s) across all columns are left out."]
    while len(rows) > 1 and _sums_up(rows[-1]):
        notes = [*notes, f'The last line "{rows[-1][0]}" sums the others up and is left out.']
        rows = rows[:-1]
    return (header, rows, notes) if rows else None


def _sums_up(row: Sequence[str | None]) -> bool:
    words = re.findall(r"[a-z]+", (row[0] or "").lower())
    return bool(words) and len(words) <= 3 and words[0] in _SUMMED | {"grand", "yearly"}
