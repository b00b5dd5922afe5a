"""Semantic Scholar's Academic Graph API."""

from __future__ import annotations

import re
from typing import TypeVar
from urllib.parse import quote

import msgspec

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_papers import Papers, Work
from ioa.adapters.agents.react.web.replies import WebFailed

T = TypeVar("T")
_FIELDS = "title,year,authors,abstract,venue,citationCount,externalIds,openAccessPdf,url"


class _Author(msgspec.Struct):
    name: str | None = None


class _Pdf(msgspec.Struct):
    url: str | None = None


class _Paper(msgspec.Struct, rename="camel"):
    paper_id: str | None = None
    title: str | None = None
    year: int | None = None
    authors: list[_Author] | None = None
    abstract: str | None = None
    venue: str | None = None
    citation_count: int | None = None
    external_ids: dict[str, str | int] | None = None
    open_access_pdf: _Pdf | None = None
    url: str | None = None

    def work(self) -> Work:
        return Work(
            id=self.paper_id or "(no identifier)",
            title=self.title or "(no title)",
            authors=tuple(one.name for one in self.authors or () if one.name),
            year=self.year,
            venue=self.venue or "",
            abstract=" ".join((self.abstract or "").split()),
            cited=self.citation_count,
            doi=str((self.external_ids or {}).get("DOI", "")),
            url=self.url or "",
            free_url=(self.open_access_pdf.url or "") if self.open_access_pdf else "",
        )


class _Found(msgspec.Struct):
    total: int = 0
    next: int | None = None
    data: list[_Paper] | None = None


class _Edge(msgspec.Struct, rename="camel"):
    citing_paper: _Paper | None = None
    cited_paper: _Paper | None = None


class _Edges(msgspec.Struct):
    next: int | None = None
    data: list[_Edge] | None = None


class SemanticScholar:
    """`IOA_SEMANTIC_SCHOLAR_URL` is the API's address; `SEMANTIC_SCHOLAR_API_KEY` gives more requests."""

    title = "Semantic Scholar"

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        default = "https://api.semanticscholar.org/graph/v1"
        self._url = setting.option("scholar", "semantic_scholar_url", "IOA_SEMANTIC_SCHOLAR_URL", default).rstrip("/")

    async def search(self, query: str, count: int, page: int, first_year: str, last_year: str) -> Papers:
        asked = {"query": query, "limit": str(count), "offset": str((page - 1) * count), "fields": _FIELDS}
        if first_year or last_year:
            asked["year"] = first_year if first_year == last_year else f"{first_year}-{last_year}"
        found = await self._get("paper/search", asked, _Found)
        return Papers([one.work() for one in found.data or ()], found.total, found.next is not None)

    async def work(self, paper: str) -> Work:
        return (await self._get(f"paper/{_reference(paper)}", {"fields": _FIELDS}, _Paper)).work()

    async def related(self, paper: str, relation: str, count: int, page: int) -> Papers:
        asked = {"limit": str(count), "offset": str((page - 1) * count), "fields": _FIELDS}
        found = await self._get(f"paper/{_reference(paper)}/{relation}", asked, _Edges)
        papers = [one.citing_paper or one.cited_paper for one in found.data or ()]
        return Papers([one.work() for one in papers if one is not None], 0, found.next is not None)

    async def _get(self, path: str, asked: dict[str, str], kind: type[T]) -> T:
        key = self._setting.environment.get("SEMANTIC_SCHOLAR_API_KEY", "")
        headers = {"x-api-key": key} if key else None
        try:
            reply = await self._setting.the_web().get(
                f"{self._url}/{path}", asked, headers=headers, api=True, pause_s=1.0
            )
        except WebFailed as failure:
            if failure.status == 404:
                raise ToolFailed(
                    f"Semantic Scholar has no such paper ({path.split('/')[1]}). Find it with scholar_search."
                ) from failure
            if failure.status == 429:
                raise ToolFailed(
                    "Semantic Scholar gets too many requests from all who have no key; try again in a minute, set "
                    "SEMANTIC_SCHOLAR_API_KEY, or IOA_SCHOLAR=openalex."
                ) from failure
            raise
        return reply.decoded(kind)


def _reference(paper: str) -> str:
    """`DOI:10.…` and `ARXIV:…` for those; else as given."""
    text = re.sub(r"^https?://(dx\.)?doi\.org/", "", paper)
    if re.match(r"10\.\d{4,}/", text):
        text = f"DOI:{text}"
    elif re.match(r"(?i)arxiv:", text):
        text = "ARXIV:" + text[6:]
    if not text:
        raise ToolFailed("The paper's identifier is empty. Find it with scholar_search.")
    return quote(text, safe=":")
