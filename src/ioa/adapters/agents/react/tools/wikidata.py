"""Wikidata: entities by name, their facts in words, and SPARQL.

Sources: Wikibase API (wbsearchentities, wbgetentities), Wikidata Query Service (SPARQL 1.1 results in JSON).
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import msgspec

from ioa.adapters.agents.react.tool import Tool, ToolFailed, clipped, one_page, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_alone import alone, at_most
from ioa.adapters.agents.react.tools.web_wikidata import Entity, entities_in, fact_lines
from ioa.adapters.agents.react.web.replies import WebFailed

_ID = re.compile(r"[QPL][1-9]\d*")
_AT_ONCE = 50  # as many entities as wbgetentities gives at a time
_LOOKED_UP = 400  # names of properties and values that are looked up for one entity
_ROWS = 200


class _Hit(msgspec.Struct):
    id: str
    label: str = ""
    description: str = ""
    aliases: list[str] = []


class _Error(msgspec.Struct):
    code: str
    info: str = ""


class _SearchAnswer(msgspec.Struct):
    search: list[_Hit] = []
    error: _Error | None = None


class _EntityAnswer(msgspec.Struct):
    entities: dict[str, Entity] = {}
    error: _Error | None = None


class _Head(msgspec.Struct):
    vars: list[str] = []


class _Term(msgspec.Struct):
    type: str
    value: str


class _Bindings(msgspec.Struct):
    bindings: list[dict[str, _Term]] = []


class _SparqlAnswer(msgspec.Struct):
    head: _Head = msgspec.field(default_factory=_Head)
    results: _Bindings = msgspec.field(default_factory=_Bindings)
    boolean: bool | None = None


class Wikidata:
    """`IOA_WIKIDATA_URL` is the API's address, `IOA_WIKIDATA_SPARQL_URL` the query service's."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._url = setting.option("wikidata", "url", "IOA_WIKIDATA_URL", "https://www.wikidata.org/w/api.php")
        self._sparql = setting.option(
            "wikidata", "sparql_url", "IOA_WIKIDATA_SPARQL_URL", "https://query.wikidata.org/sparql"
        )

    async def wikidata_search(self, name: str, kind: str = "item", language: str = "en", count: int = 7) -> str:
        """Find entities of Wikidata by name. Gives identifiers such as Q42 for wikidata_facts and wikidata_query.

        Args:
            name: The name or an alias of the thing.
            kind: item for things (Q…), property for relations (P…).
            language: The language of the name, such as en or de.
            count: How many, at most 30.
        """
        if kind not in ("item", "property"):
            raise ToolFailed(f"There is no kind {kind!r}; write item or property.")
        asked = {"action": "wbsearchentities", "search": name, "language": language, "uselang": language,
                 "type": kind, "limit": str(at_most(count, 30)), "format": "json"}  # fmt: skip
        answer = (await self._setting.the_web().get(self._url, asked, api=True)).decoded(_SearchAnswer)
        if answer.error:
            raise ToolFailed(f"Wikidata refuses the search for {name!r}: {answer.error.info} ({answer.error.code}).")
        if not answer.search:
            return f"Wikidata has no {kind} called {name!r} in {language!r}. Try another name or language."
        return "\n".join(
            f"{one.id}: {one.label or '(no label)'}{f' - {one.description}' if one.description else ''}"
            + (f" (also {', '.join(one.aliases[:4])})" if one.aliases else "")
            for one in answer.search
        )

    async def wikidata_facts(self, entity: str, about: str = "", language: str = "en", page: int = 1) -> str:
        """All facts of one entity of Wikidata in words: properties, values, and what qualifies them.

        Args:
            entity: Its identifier, such as Q42; find it with wikidata_search.
            about: Only properties with this word in their name, or this identifier (P569); empty for all.
            language: The language of the names, such as en or de.
            page: Which page of a long list, from 1.
        """
        identifier = entity.strip().upper()
        if not _ID.fullmatch(identifier):
            raise ToolFailed(f"{entity!r} is not an identifier like Q42 or P31. Find it with wikidata_search.")
        found = (await self._entities([identifier], language, "labels|descriptions|aliases|claims")).get(identifier)
        if found is None or found.missing is not None:
            raise ToolFailed(f"Wikidata has no entity {identifier}. Find it with wikidata_search.")
        mentioned = [one for one in entities_in(found) if one != identifier]
        names = await self._names(mentioned[:_LOOKED_UP], language)
        lines = fact_lines(found, names, about.strip())
        if not lines:
            return f"{identifier} ({found.name(language)}) has no fact about {about!r}; leave about empty for all."
        description = found.description(language)
        head = f"{identifier}: {found.name(language)}{f' - {description}' if description else ''}"
        also = found.also(language)
        text = "\n".join([head, *([f"also: {', '.join(also[:10])}"] if also else []), *lines])
        if len(mentioned) > _LOOKED_UP:
            text += f"\n(names of {len(mentioned) - _LOOKED_UP} entities were not looked up; they stand as identifiers)"
        return one_page(text, page, "wikidata_facts with page={page}", self._setting.limits.output_chars)

    async def wikidata_query(self, sparql: str) -> str:
        """Answer a SPARQL query over Wikidata. wd:, wdt:, p:, ps:, pq: and the label service are known there.

        Args:
            sparql: The query, SELECT or ASK; use LIMIT.
        """
        asked = {"query": sparql, "format": "json"}
        headers = {"accept": "application/sparql-results+json"}
        try:
            reply = await self._setting.the_web().get(self._sparql, asked, headers=headers, api=True, pause_s=1.0)
        except WebFailed as failure:
            if failure.status == 400:
                raise ToolFailed(f"The query is not understood: {_complaint(failure.body)}") from failure
            if failure.status in (500, 504) and "Timeout" in failure.body:
                raise ToolFailed("The query took too long; ask for less, with more specific patterns.") from failure
            raise
        answer = reply.decoded(_SparqlAnswer)
        if answer.boolean is not None:
            return "yes" if answer.boolean else "no"
        rows = answer.results.bindings
        if not rows:
            return "The query has no results. Check the identifiers with wikidata_search."
        lines = [" | ".join(answer.head.vars)]
        lines += [" | ".join(_shown(row.get(one)) for one in answer.head.vars) for row in rows[:_ROWS]]
        more = (
            f"\n[{len(rows) - _ROWS:,} of {len(rows):,} rows left out; use LIMIT and OFFSET]"
            if len(rows) > _ROWS
            else ""
        )
        return clipped("\n".join(lines), "Use LIMIT and OFFSET.", self._setting.limits.output_chars) + more

    async def _entities(self, ids: Sequence[str], language: str, props: str) -> dict[str, Entity]:
        asked = {"action": "wbgetentities", "ids": "|".join(ids), "props": props, "languages": language,
                 "languagefallback": "1", "format": "json"}  # fmt: skip
        answer = (await self._setting.the_web().get(self._url, asked, api=True)).decoded(_EntityAnswer)
        if answer.error:
            if answer.error.code == "no-such-entity":
                return {}
            raise ToolFailed(f"Wikidata refuses {', '.join(ids[:3])}: {answer.error.info} ({answer.error.code}).")
        return answer.entities

    async def _names(self, ids: Sequence[str], language: str) -> dict[str, str]:
        names: dict[str, str] = {}
        for start in range(0, len(ids), _AT_ONCE):
            for one, entity in (await self._entities(ids[start : start + _AT_ONCE], language, "labels")).items():
                names[one] = entity.name(language)
        return names


def _shown(term: _Term | None) -> str:
    if term is None:
        return ""
    return term.value.removeprefix("http://www.wikidata.org/entity/") if term.type == "uri" else term.value


def _complaint(body: str) -> str:
    """The line of the query service's stack trace that says what is wrong."""
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    telling = [line for line in lines if "MalformedQueryException" in line or "Encountered" in line]
    return (telling or lines or ["no reason was given"])[0][:400]


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    data = Wikidata(setting)
    yield tool(data.wikidata_search), tool(data.wikidata_facts), tool(data.wikidata_query)


wikidata_search = alone(Wikidata, Wikidata.wikidata_search)
wikidata_facts = alone(Wikidata, Wikidata.wikidata_facts)
wikidata_query = alone(Wikidata, Wikidata.wikidata_query)
