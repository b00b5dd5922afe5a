"""OpenAlex's API of works."""

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


class _Named(msgspec.Struct):
    display_name: str | None = None


class _Authorship(msgspec.Struct):
    author: _Named = msgspec.field(default_factory=_Named)


class _Location(msgspec.Struct):
    source: _Named | None = None
    landing_page_url: str | None = None


class _Access(msgspec.Struct):
    oa_url: str | None = None


class _Work(msgspec.Struct):
    id: str
    doi: str | None = None
    display_name: str | None = None
    publication_year: int | None = None
    authorships: list[_Authorship] = []
    cited_by_count: int | None = None
    primary_location: _Location | None = None
    open_access: _Access | None = None
    abstract_inverted_index: dict[str, list[int]] | None = None

    def work(self) -> Work:
        location = self.primary_location or _Location()
        return Work(
            id=self.id.rsplit("/", 1)[-1],
            title=self.display_name or "(no title)",
            authors=tuple(one.author.display_name for one in self.authorships if one.author.display_name),
            year=self.publication_year,
            venue=(location.source.display_name or "") if location.source else "",
            abstract=_in_order(self.abstract_inverted_index or {}),
            cited=self.cited_by_count,
            doi=(self.doi or "").removeprefix("https://doi.org/"),
            url=location.landing_page_url or self.id,
            free_url=(self.open_access.oa_url or "") if self.open_access else "",
        )


class _Meta(msgspec.Struct):
    count: int = 0


class _Found(msgspec.Struct):
    meta: _Meta
    results: list[_Work]


class OpenAlex:
    """`IOA_OPENALEX_URL` is the API's address; `OPENALEX_API_KEY` and `IOA_WEB_CONTACT` (an e-mail) are sent along."""

    title = "OpenAlex"

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        default = "https://api.openalex.org"
        self._url = setting.option("scholar", "openalex_url", "IOA_OPENALEX_URL", default).rstrip("/")

    async def search(self, query: str, count: int, page: int, first_year: str, last_year: str) -> Papers:
        asked = {"search": query}
        if first_year or last_year:
            asked["filter"] = (
                f"publication_year:{first_year if first_year == last_year else f'{first_year}-{last_year}'}"
            )
        return await self._page(asked, count, page)

    async def work(self, paper: str) -> Work:
        return (await self._get(f"works/{_reference(paper)}", {}, _Work)).work()

    async def related(self, paper: str, relation: str, count: int, page: int) -> Papers:
        identifier = paper.rsplit("/", 1)[-1].upper()
        if not re.fullmatch(r"W\d+", identifier):
            identifier = (await self.work(paper)).id
        # "cites:W1" are the works that cite W1; "cited_by:W1" those that W1 cites.
        asked = {"filter": f"{'cites' if relation == 'citations' else 'cited_by'}:{identifier}"}
        return await self._page(asked, count, page)

    async def _page(self, asked: dict[str, str], count: int, page: int) -> Papers:
        found = await self._get("works", {**asked, "per-page": str(count), "page": str(page)}, _Found)
        return Papers([one.work() for one in found.results], found.meta.count, page * count < found.meta.count)

    async def _get(self, path: str, asked: dict[str, str], kind: type[T]) -> T:
        key = self._setting.environment.get("OPENALEX_API_KEY", "")
        contact = self._setting.environment.get("IOA_WEB_CONTACT", "")
        shared = ({"api_key": key} if key else {}) | ({"mailto": contact} if "@" in contact else {})
        try:
            reply = await self._setting.the_web().get(f"{self._url}/{path}", {**asked, **shared}, api=True)
        except WebFailed as failure:
            if failure.status == 404:
                raise ToolFailed("OpenAlex has no such paper. Find it with scholar_search.") from failure
            raise
        return reply.decoded(kind)


def _in_order(index: dict[str, list[int]]) -> str:
    """The abstract, which OpenAlex gives as the places of its words."""
    placed = sorted((at, word) for word, places in index.items() for at in places)
    return " ".join(word for _, word in placed)


def _reference(paper: str) -> str:
    text = re.sub(r"^https?://(dx\.)?doi\.org/", "", paper)
    if re.match(r"10\.\d{4,}/", text):
        return quote(f"doi:{text}", safe=":/")
    if found := re.match(r"(?i)arxiv:(.+)", text):
        return quote(f"doi:10.48550/arxiv.{found[1]}", safe=":/")
    identifier = text.rsplit("/", 1)[-1].upper()
    if not re.fullmatch(r"W\d+", identifier):
        raise ToolFailed(
            f"{paper!r} is not an identifier of OpenAlex (W…), a DOI or arXiv:…; find it by scholar_search."
        )
    return identifier
