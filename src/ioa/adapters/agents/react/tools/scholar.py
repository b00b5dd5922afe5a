"""Scientific papers, who cites them and what they cite: Semantic Scholar or OpenAlex.

Sources: Semantic Scholar Academic Graph API (paper/search, paper/{id}, citations, references), OpenAlex API (works).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from ioa.adapters.agents.react.tool import Tool, ToolFailed, clipped, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_alone import alone, at_most, short
from ioa.adapters.agents.react.tools.web_papers import Catalogue, Papers, Work
from ioa.adapters.agents.react.tools.web_papers_openalex import OpenAlex
from ioa.adapters.agents.react.tools.web_papers_semantic import SemanticScholar

_RELATIONS = ("citations", "references")


class Scholar:
    """`IOA_SCHOLAR` (option `provider`) is semantic_scholar, the default, or openalex."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._catalogue = _chosen(setting)

    async def scholar_search(self, query: str, count: int = 8, page: int = 1, years: str = "") -> str:
        """Search scientific papers of all fields. Gives identifiers, titles, authors, years and numbers of citations.

        Args:
            query: The words to search for.
            count: How many papers, at most 30.
            page: Which page of results, from 1.
            years: Only papers of these years, such as 2020 or 2018-2022; empty for all.
        """
        if not query.strip():
            raise ToolFailed("scholar_search: the query is empty. Give the words to search for.")
        many, number = at_most(count, 30), max(page, 1)
        first, last = _span(years)
        found = await self._catalogue.search(query.strip(), many, number, first, last)
        if not found.works:
            return f"{self._catalogue.title} has no paper for {query!r}. Try fewer or other words."
        return self._listed(f"papers for {query!r}", found, many, number, "scholar_search")

    async def scholar_read(self, paper: str) -> str:
        """What is known of one paper: title, authors, year, venue, abstract, identifiers, where its text is free.

        Args:
            paper: Its identifier from scholar_search, or a DOI (10.…), or arXiv:1706.03762.
        """
        one = await self._catalogue.work(paper.strip())
        lines = [_line(one)]
        lines += [f"{name}: {value}" for name, value in (
            ("venue", one.venue), ("DOI", one.doi), ("free text", one.free_url), ("page", one.url),
        ) if value]  # fmt: skip
        lines.append(f"\n{one.abstract}" if one.abstract else "\n(The catalogue has no abstract of it.)")
        return clipped("\n".join(lines), "Open its page for the rest.", self._setting.limits.output_chars)

    async def scholar_related(self, paper: str, relation: str = "citations", count: int = 10, page: int = 1) -> str:
        """Papers that cite a paper, or that it cites.

        Args:
            paper: Its identifier from scholar_search, or a DOI (10.…), or arXiv:1706.03762.
            relation: citations for those that cite it, references for those that it cites.
            count: How many, at most 30.
            page: Which page of them, from 1.
        """
        if relation not in _RELATIONS:
            raise ToolFailed(f"There is no relation {relation!r}; write {' or '.join(_RELATIONS)}.")
        many, number = at_most(count, 30), max(page, 1)
        found = await self._catalogue.related(paper.strip(), relation, many, number)
        if not found.works:
            return f"{self._catalogue.title} knows no {relation} of {paper!r}{' on this page' if number > 1 else ''}."
        return self._listed(f"{relation} of {paper}", found, many, number, "scholar_related")

    def _listed(self, what: str, found: Papers, count: int, page: int, call: str) -> str:
        total = f" of {found.total:,}" if found.total else ""
        start = (page - 1) * count
        lines = [f"{self._catalogue.title}, {start + 1} to {start + len(found.works)}{total} {what}:"]
        for one in found.works:
            lines.append(_line(one) + (f"\n  {short(one.abstract, 240)}" if one.abstract else ""))
        if found.more:
            lines.append(f"[{call} with page={page + 1} for more]")
        return clipped("\n".join(lines), "Ask for fewer papers.", self._setting.limits.output_chars)


def _chosen(setting: ToolSetting) -> Catalogue:
    name = setting.option("scholar", "provider", "IOA_SCHOLAR", "semantic_scholar").lower()
    if name == "semantic_scholar":
        return SemanticScholar(setting)
    if name == "openalex":
        return OpenAlex(setting)
    raise ToolFailed(f"There is no catalogue of papers {name!r}; known: semantic_scholar, openalex.")


def _span(years: str) -> tuple[str, str]:
    parts = [one.strip() for one in years.split("-")] if years.strip() else ["", ""]
    first, last = (parts[0], parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    if len(parts) > 2 or not all(one == "" or (one.isascii() and one.isdigit() and len(one) == 4) for one in parts):
        raise ToolFailed(f"{years!r} are not years; write 2020, 2018-2022, 2018- or -2022.")
    return first, last


def _line(work: Work) -> str:
    authors = ", ".join(work.authors[:5]) + (f" and {len(work.authors) - 5} more" if len(work.authors) > 5 else "")
    cited = f"; cited {work.cited:,} times" if work.cited is not None else ""
    return f"- {work.id}: {work.title}\n  {authors or 'authors unknown'}; {work.year or 'year unknown'}{cited}"


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    papers = Scholar(setting)
    yield tool(papers.scholar_search), tool(papers.scholar_read), tool(papers.scholar_related)


scholar_search = alone(Scholar, Scholar.scholar_search)
scholar_read = alone(Scholar, Scholar.scholar_read)
scholar_related = alone(Scholar, Scholar.scholar_related)
