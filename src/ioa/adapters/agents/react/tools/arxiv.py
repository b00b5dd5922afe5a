"""arXiv: search by field, abstracts, papers as PDF. Source: arXiv API (Atom), its user's manual."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from ioa.adapters.agents.react.tool import Tool, ToolFailed, clipped, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_alone import alone, at_most, short
from ioa.adapters.agents.react.tools.web_atom import Feed, Paper, read_feed
from ioa.adapters.agents.react.web.free_names import free_path

_PAUSE_S = 3.0  # what arXiv asks programs to wait between requests
_FIELDS = {"all": "all", "title": "ti", "author": "au", "abstract": "abs", "category": "cat", "comment": "co",
           "journal": "jr"}  # fmt: skip
_ORDERS = {"relevance": "relevance", "newest": "submittedDate", "updated": "lastUpdatedDate"}
_ID = re.compile(r"(?:arxiv:)?(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(v\d+)?", re.IGNORECASE)


class Arxiv:
    """`IOA_ARXIV_URL` is the API's address; `IOA_ARXIV_PDF_URL` where papers lie, `/pdf/ID` below it."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._url = setting.option("arxiv", "url", "IOA_ARXIV_URL", "https://export.arxiv.org/api/query")
        self._pdf = setting.option("arxiv", "pdf_url", "IOA_ARXIV_PDF_URL", "https://export.arxiv.org").rstrip("/")

    async def arxiv_search(
        self, query: str, field: str = "all", order: str = "relevance", count: int = 8, page: int = 1
    ) -> str:
        """Search papers on arXiv. Gives identifiers, titles, authors, dates and the beginning of abstracts.

        Args:
            query: Words, all of which must occur, or a phrase in double quotes. A query in arXiv's own syntax, such
                as au:hinton AND ti:capsules, is taken as it is.
            field: Where to search: all, title, author, abstract, category, comment or journal.
            order: relevance, newest or updated.
            count: How many papers, at most 30.
            page: Which page of results, from 1.
        """
        if field not in _FIELDS:
            raise ToolFailed(f"arXiv has no field {field!r}; known: {', '.join(_FIELDS)}.")
        if order not in _ORDERS:
            raise ToolFailed(f"arXiv has no order {order!r}; known: {', '.join(_ORDERS)}.")
        if not query.strip():
            raise ToolFailed("arxiv_search: the query is empty. Give the words to search for.")
        many = at_most(count, 30)
        start = (max(page, 1) - 1) * many
        asked = {"search_query": _syntax(query, _FIELDS[field]), "start": str(start), "max_results": str(many),
                 "sortBy": _ORDERS[order], "sortOrder": "descending"}  # fmt: skip
        feed = await self._feed(asked)
        if not feed.papers:
            return f"arXiv has no paper for {query!r} in {field}. Try fewer or other words."
        lines = [f"arXiv, papers {start + 1} to {start + len(feed.papers)} of {feed.total:,} for {query!r}:"]
        lines += [f"{_line(one)}\n  {short(one.summary, 300)}" for one in feed.papers]
        if start + len(feed.papers) < feed.total:
            lines.append(f"[arxiv_search with page={max(page, 1) + 1} for more; arxiv_read for a whole abstract]")
        return clipped("\n".join(lines), "Ask for fewer papers.", self._setting.limits.output_chars)

    async def arxiv_read(self, paper: str) -> str:
        """What arXiv says of one paper: title, authors, dates, categories, whole abstract, journal, DOI.

        Args:
            paper: Its identifier or address, such as 1706.03762 or https://arxiv.org/abs/1706.03762v7.
        """
        feed = await self._feed({"id_list": _identifier(paper), "max_results": "1"})
        if not feed.papers:
            raise ToolFailed(f"arXiv has no paper {paper!r}. Find it with arxiv_search.")
        one = feed.papers[0]
        lines = [_line(one), f"categories: {', '.join(one.categories)}", f"updated: {one.updated[:10]}"]
        lines += [f"{name}: {value}" for name, value in (("comment", one.comment), ("journal", one.journal),
                                                         ("DOI", one.doi)) if value]  # fmt: skip
        return clipped("\n".join([*lines, "", one.summary]), "", self._setting.limits.output_chars)

    async def arxiv_download(self, paper: str) -> str:
        """Download a paper as PDF into the task's folder; read it then with a tool for files.

        Args:
            paper: Its identifier or address, such as 1706.03762.
        """
        identifier = _identifier(paper)
        path = free_path(self._setting.folder, f"arxiv-{identifier.replace('/', '-')}.pdf")
        reply = await self._setting.the_web().download(f"{self._pdf}/pdf/{identifier}", path, pause_s=_PAUSE_S)
        with path.open("rb") as file:
            is_pdf = file.read(5) == b"%PDF-"
        if not is_pdf:
            path.unlink()
            raise ToolFailed(f"{reply.url} is no PDF ({reply.media_type or 'kind unknown'}); the paper may have none.")
        size = path.stat().st_size
        return f"Saved {path.name} ({size:,} bytes) in the task's folder."

    async def _feed(self, asked: dict[str, str]) -> Feed:
        reply = await self._setting.the_web().get(self._url, asked, api=True, pause_s=_PAUSE_S)
        feed = read_feed(reply)
        if feed.error:
            raise ToolFailed(f"arXiv does not understand the request: {feed.error}.")
        return feed


def _syntax(query: str, field: str) -> str:
    """Words become `ti:one AND ti:two`; a query that names fields itself stays."""
    if re.search(r"\b(?:all|ti|au|abs|cat|co|jr|rn|id):", query):
        return query
    words = re.findall(r'"[^"]+"|[^\s"]+', query)
    return " AND ".join(f"{field}:{one}" for one in words if one not in ("AND", "OR", "ANDNOT"))


def _identifier(paper: str) -> str:
    text = re.sub(r"^https?://[^/]*arxiv\.org/(?:abs|pdf|html)/", "", paper.strip()).removesuffix(".pdf")
    found = _ID.fullmatch(text)
    if not found:
        raise ToolFailed(f"{paper!r} is not an identifier of arXiv, such as 1706.03762 or hep-th/9901001.")
    return f"{found[1]}{found[2] or ''}"


def _line(paper: Paper) -> str:
    authors = ", ".join(paper.authors[:6]) + (f" and {len(paper.authors) - 6} more" if len(paper.authors) > 6 else "")
    return f"- {paper.id}: {paper.title}\n  {authors}; {paper.published[:10]}; {paper.primary}"


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    papers = Arxiv(setting)
    yield tool(papers.arxiv_search), tool(papers.arxiv_read), tool(papers.arxiv_download)


arxiv_search = alone(Arxiv, Arxiv.arxiv_search)
arxiv_read = alone(Arxiv, Arxiv.arxiv_read)
arxiv_download = alone(Arxiv, Arxiv.arxiv_download)
