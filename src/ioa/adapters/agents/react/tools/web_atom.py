"""arXiv's answers: an Atom feed with OpenSearch counts and arXiv's own elements."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from ioa.adapters.agents.react.web.replies import Reply, WebFailed

_ATOM, _ARXIV = "{http://www.w3.org/2005/Atom}", "{http://arxiv.org/schemas/atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"


@dataclass(frozen=True, slots=True)
class Paper:
    id: str
    title: str
    summary: str
    authors: tuple[str, ...]
    published: str
    updated: str
    primary: str
    categories: tuple[str, ...]
    comment: str
    journal: str
    doi: str


@dataclass(frozen=True, slots=True)
class Feed:
    """`error` is what arXiv says is wrong with the request, else empty."""

    total: int
    papers: tuple[Paper, ...]
    error: str = ""


def read_feed(reply: Reply) -> Feed:
    """Raises `WebFailed` for anything that is not arXiv's Atom feed."""
    if b"<!DOCTYPE" in reply.content or b"<!ENTITY" in reply.content:
        raise WebFailed(reply.url, "the answer is not arXiv's feed (it declares entities)", "Try later.")
    try:
        root = ET.fromstring(reply.content)  # noqa: S314 - declarations, with which XML can swell, are refused above
    except ET.ParseError as error:
        raise WebFailed(reply.url, f"the answer is not arXiv's feed ({error})", "Try later.") from error
    if root.tag != f"{_ATOM}feed":
        raise WebFailed(reply.url, "the answer is not arXiv's feed", "Check the address of the service.")
    entries = root.findall(f"{_ATOM}entry")
    for one in entries:
        if "/api/errors" in _text(one, f"{_ATOM}id"):
            return Feed(0, (), _text(one, f"{_ATOM}summary") or "no reason was given")
    total = root.findtext(_TOTAL, default="0").strip()
    # An identifier that is none comes back as an entry without a title.
    papers = tuple(_paper(one) for one in entries if _text(one, f"{_ATOM}title"))
    return Feed(int(total) if total.isdigit() else len(papers), papers)


def _paper(entry: ET.Element) -> Paper:
    primary = entry.find(f"{_ARXIV}primary_category")
    return Paper(
        id=_text(entry, f"{_ATOM}id").split("/abs/")[-1],
        title=_text(entry, f"{_ATOM}title"),
        summary=_text(entry, f"{_ATOM}summary"),
        authors=tuple(_text(one, f"{_ATOM}name") for one in entry.findall(f"{_ATOM}author")),
        published=_text(entry, f"{_ATOM}published"),
        updated=_text(entry, f"{_ATOM}updated"),
        primary=primary.get("term", "") if primary is not None else "",
        categories=tuple(one.get("term", "") for one in entry.findall(f"{_ATOM}category")),
        comment=_text(entry, f"{_ARXIV}comment"),
        journal=_text(entry, f"{_ARXIV}journal_ref"),
        doi=_text(entry, f"{_ARXIV}doi"),
    )


def _text(element: ET.Element, path: str) -> str:
    return " ".join(element.findtext(path, default="").split())
