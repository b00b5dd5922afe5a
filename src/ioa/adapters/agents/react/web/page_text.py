"""A web page as text for a model: headings, lists, table rows, and every link and button with a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urljoin

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import PageElement, Tag

_GONE = frozenset(("script", "style", "template", "noscript", "svg", "head", "iframe", "object"))
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "dialog", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section",
    "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
_LINES = frozenset(("br", "dd", "dt", "li", "tr"))  # these begin a line, and end none
_LOOKED_AT = 60
_SPACE = "\x01"
_HEADING = re.compile(r"h([1-6])")


@dataclass(frozen=True, slots=True)
class Link:
    """Something to click: `url` is where it leads, empty for what only a script answers."""

    number: int
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class PageText:
    title: str
    text: str
    links: tuple[Link, ...]


def page_text(html: str, base_url: str, *, without: Sequence[str] = (), numbered: bool = True) -> PageText:
    """Read a page; `without` are CSS selectors of what to leave out. Blocks for large pages.

    Elements that carry `data-ioa-n` keep that number; others are numbered in the order of the page.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "lxml")  # in linear time, which html.parser is not for broken pages
    title = _flat(soup.title.get_text(" ")) if soup.title else ""
    for gone in soup.select(",".join(without)) if without else ():
        if not gone.decomposed:
            gone.decompose()
    base = soup.find("base", href=True)
    walk = _Walk(urljoin(base_url, str(base["href"])) if base else base_url, numbered=numbered)
    walk.over(soup)
    return PageText(title, walk.text(), tuple(walk.links))


class _Walk:
    """One pass in document order, with a stack of its own: pages may be nested deeper than Python's."""

    def __init__(self, base_url: str, *, numbered: bool) -> None:
        self._base_url = base_url
        self._numbered = numbered
        self._parts: list[str] = []
        self.links: list[Link] = []
        self._pre = 0

    def over(self, soup: BeautifulSoup) -> None:
        from bs4.element import CData, NavigableString, Tag

        todo: list[PageElement | str] = list(reversed(soup.contents))
        while todo:
            one = todo.pop()
            if isinstance(one, Tag):
                if _is_gone(one):
                    continue
                closing = self._opened(one)
                todo.append(closing)
                todo.extend(reversed(one.contents))
            elif type(one) in (NavigableString, CData):
                text = str(one)
                self._parts.append(_kept(text) if self._pre else re.sub(r"\s+", " ", text))
            elif type(one) is str:
                self._closed(one)

    def _opened(self, tag: Tag) -> str:
        """Write what stands before the content of `tag`; returns what `_closed` must write after it."""
        name = tag.name
        if name == "img":
            alt = _flat(str(tag.get("alt") or ""))
            return f" [image: {alt}] " if alt else ""
        if name in ("td", "th"):
            return "\t"
        block = "\n" if name in _BLOCKS else ""
        heading = _HEADING.fullmatch(name)
        before = "\n" + "#" * int(heading[1]) + " " if heading else "- " if name == "li" else ""
        self._parts.append(block + before)
        if name in _LINES:
            return self._link(tag) if self._numbered and _is_active(tag) else ""
        if name == "pre":
            self._pre += 1
            return "\n\0"
        if self._numbered and _is_active(tag):
            return self._link(tag) + block
        return block

    def _link(self, tag: Tag) -> str:
        given = str(tag.get("data-ioa-n") or "")
        number = int(given) if given.isdigit() else len(self.links) + 1
        href = str(tag.get("href") or "") if tag.name == "a" else ""
        url = "" if href.lower().startswith(("javascript:", "data:")) else urljoin(self._base_url, href) if href else ""
        own = _beginning(tag)
        text = own or _flat(
            str(tag.get("aria-label") or tag.get("value") or tag.get("title") or tag.get("placeholder") or "")
        )
        self.links.append(Link(number, text, url))
        shown = "" if own else text
        return f"{shown}[{number}]"

    def _closed(self, text: str) -> None:
        if text.endswith("\0"):
            self._pre -= 1
        self._parts.append(text.rstrip("\0"))

    def text(self) -> str:
        lines = (re.sub(r"[ \f\v\r\xa0]+", " ", line) for line in "".join(self._parts).split("\n"))
        joined = "\n".join(" | ".join(c.strip() for c in line.split("\t") if c.strip()) for line in lines)
        return re.sub(r"\n{3,}", "\n\n", re.sub(r"\n- \n+", "\n- ", joined)).strip().replace(_SPACE, " ")


def _is_gone(tag: Tag) -> bool:
    """What nobody sees."""
    given = tag.attrs
    return tag.name in _GONE or "hidden" in given or "data-ioa-hidden" in given or given.get("aria-hidden") == "true"


def _is_active(tag: Tag) -> bool:
    if tag.name == "a":
        return tag.has_attr("href") and not str(tag["href"]).startswith("#")
    if tag.name == "input":
        return str(tag.get("type") or "text").lower() != "hidden"
    return tag.name in ("button", "summary", "textarea", "select") or tag.get("role") in ("button", "link", "tab")


def _beginning(tag: Tag) -> str:
    """The text in a link, as far as its first elements have it: links may be nested without end."""
    from bs4.element import NavigableString

    return _flat(" ".join(one for one in islice(tag.descendants, _LOOKED_AT) if type(one) is NavigableString))


def _kept(text: str) -> str:
    """Preformatted text, its spaces safe from being drawn together."""
    return text.replace(_SPACE, "").replace("\t", "    ").replace(" ", _SPACE)


def _flat(text: str) -> str:
    return " ".join(text.split())
