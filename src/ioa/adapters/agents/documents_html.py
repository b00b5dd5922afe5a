"""An HTML page as passages: paragraphs, whole lists and whole tables under their headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ioa.adapters.agents.documents import Document, Passage, Unreadable, cut

if TYPE_CHECKING:
    from bs4.element import Tag

_HIDDEN = ["script", "style", "template", "noscript", "nav", "head", "svg"]
_BLOCKS = ["p", "li", "pre", "blockquote", "dd", "dt", "figcaption", "caption", "address", "div", "body", "section",
           "article", "main", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6"]  # fmt: skip


def html_document(name: str, text: str, notes: tuple[str, ...]) -> Document:
    """Read a page. Raises `Unreadable` when it shows no text."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "html.parser")
    for hidden in soup(_HIDDEN):
        hidden.decompose()
    headings: list[tuple[int, str]] = []
    passages: list[Passage] = []
    for element in soup.find_all(_BLOCKS):
        if element.name[0] == "h" and element.name[1:].isdigit():
            level = int(element.name[1])
            while headings and headings[-1][0] >= level:
                headings.pop()
            headings.append((level, _flat(element.get_text(" "))))
            continue
        if element.find_parent(["ul", "ol", "table"]) is not None:
            continue  # its list or table has it
        lines, columns = _lines(element)
        if not any(line.strip() for line in lines):
            continue
        heading = " > ".join(title for _, title in headings[-2:])
        before = passages[-1] if passages else None
        if element.name in ("ul", "ol") and before and before.text.endswith(":") and before.heading == heading:
            passages.pop()  # "Bring along:" and the list it announces are one
            lines = [before.text, *lines]
        passages.extend(cut(name, lines, heading, None, element.sourceline, columns))
    if not passages:
        raise Unreadable(f"{name} contains no readable text (its content may be made by scripts).")
    return Document(name, tuple(passages), soup.get_text(" "), notes)


def _lines(element: Tag) -> tuple[list[str], tuple[str, ...]]:
    """The text of one block, and the column titles of a table."""
    if element.name in ("ul", "ol"):
        return _items(element, 0), ()
    if element.name == "table":
        rows = [row.find_all(["td", "th"]) for row in element.find_all("tr")]
        lines = [" | ".join(_flat(cell.get_text(" ")) for cell in row) for row in rows if row]
        titled = len(rows) > 1 and all(cell.name == "th" for cell in rows[0])
        return lines, tuple(_flat(cell.get_text(" ")) for cell in rows[0]) if titled else ()
    if element.find(_BLOCKS) is not None:
        # A container: its own loose text only, the blocks inside come by themselves.
        own = _flat(" ".join(str(child) for child in element.find_all(string=True, recursive=False)))
        return ([own] if len(own) > 20 else []), ()
    return [element.get_text() if element.name == "pre" else _flat(element.get_text(" "))], ()


def _items(element: Tag, depth: int) -> list[str]:
    """The items of a list, one a line, those of lists inside it indented."""
    found: list[str] = []
    for item in element.find_all("li", recursive=False):
        mine = [str(text) for text in item.find_all(string=True) if text.find_parent("li") is item]
        if own := _flat(" ".join(mine)):
            found.append("  " * depth + f"- {own}")
        for one in item.find_all(["ul", "ol"], recursive=False):
            found += _items(one, depth + 1)
    return found


def _flat(text: str) -> str:
    return " ".join(text.split()).replace(" .", ".").replace(" ,", ",")
