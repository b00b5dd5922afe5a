"""Wikipedia's and Wikidata's APIs in their formats: MediaWiki Action API, Wikibase, the query service."""

from __future__ import annotations

from tests.tools.servers.web_server import Answer, Asked, WebServer, as_json

LEAD = """<div class="mw-content-ltr mw-parser-output" lang="en" dir="ltr"><style>.x{}</style>
<table class="infobox"><tbody><tr><th>Born</th><td>10 December 1815</td></tr></tbody></table>
<p><b>Ada Lovelace</b> was an English <a href="/wiki/Mathematician" title="Mathematician">mathematician</a>.<sup
 id="cite_ref-1" class="reference"><a href="#cite_note-1">[1]</a></sup></p></div>"""
BIOGRAPHY = """<div class="mw-parser-output"><div class="mw-heading mw-heading2"><h2 id="Biography">Biography</h2><span
 class="mw-editsection">[<a href="/w/index.php?action=edit">edit</a>]</span></div>
<p>She met Charles Babbage in 1833.</p>
<ul><li>daughter of Lord Byron</li><li>mother of three</li></ul></div>"""
SECTIONS = [
    {"toclevel": 1, "level": "2", "line": "Biography", "number": "1", "index": "1", "fromtitle": "Ada_Lovelace",
     "byteoffset": 100, "anchor": "Biography", "linkAnchor": "Biography"},
    {"toclevel": 2, "level": "3", "line": "Early <i>life</i>", "number": "1.1", "index": "2", "anchor": "Early_life"},
    {"toclevel": 1, "level": "2", "line": "Long", "number": "2", "index": "3", "anchor": "Long"},
]  # fmt: skip


def wikipedia(asked: Asked) -> Answer:
    query = asked.query
    assert query["format"] == "json"
    assert query["formatversion"] == "2"
    if query["action"] == "query":
        if query["srsearch"] == "xyzzyq":
            return as_json({"batchcomplete": True, "query": {"searchinfo": {"totalhits": 0, "suggestion": "xyzzy"},
                            "search": []}})  # fmt: skip
        return as_json({
            "batchcomplete": True, "continue": {"sroffset": 1, "continue": "-||"},
            "query": {"searchinfo": {"totalhits": 2345}, "search": [
                {"ns": 0, "title": "Ada Lovelace", "pageid": 974, "size": 99000, "wordcount": 10123,
                 "snippet": 'Augusta <span class="searchmatch">Ada</span> King &amp; Countess',
                 "timestamp": "2025-01-01T00:00:00Z"}]},
        })  # fmt: skip
    title = query["page"]
    if title == "Ada":
        return as_json({"parse": {"title": "Ada", "pageid": 5, "text": "<p>Ada may refer to a language.</p>",
                                  "sections": [], "properties": {"disambiguation": ""}}})  # fmt: skip
    if title not in ("Ada Lovelace", "Ada Byron"):
        return as_json({"error": {"code": "missingtitle", "info": "The page you specified doesn't exist.",
                                  "docref": "See https://en.wikipedia.org/w/api.php for API usage."}})  # fmt: skip
    moved = [{"from": title, "to": "Ada Lovelace"}] if title == "Ada Byron" else []
    article: dict[str, object] = {"title": "Ada Lovelace", "pageid": 974, "redirects": moved}
    if query["prop"] == "text":
        article["text"] = {"0": LEAD, "1": BIOGRAPHY, "3": "<p>" + "A long story. " * 900 + "</p>"}[query["section"]]
    else:
        article |= {"sections": SECTIONS, "properties": {"wikibase_item": "Q7259"}}
    return as_json({"parse": article})


def _snak(identifier: str, kind: str, value: object, datatype: str = "string") -> dict[str, object]:
    return {"snaktype": "value", "property": identifier, "hash": "h", "datavalue": {"value": value, "type": kind},
            "datatype": datatype}  # fmt: skip


def _claim(snak: dict[str, object], rank: str = "normal", **qualifiers: list[dict[str, object]]) -> dict[str, object]:
    return {"mainsnak": snak, "type": "statement", "id": "Q7259$1", "rank": rank, "qualifiers": qualifiers,
            "qualifiers-order": list(qualifiers), "references": []}  # fmt: skip


def _item(number: int) -> dict[str, object]:
    return {"entity-type": "item", "numeric-id": number, "id": f"Q{number}"}


def _time(time: str, precision: int) -> dict[str, object]:
    return {"time": time, "timezone": 0, "before": 0, "after": 0, "precision": precision,
            "calendarmodel": "http://www.wikidata.org/entity/Q1985727"}  # fmt: skip


CLAIMS = {
    "P31": [_claim(_snak("P31", "wikibase-entityid", _item(5), "wikibase-item"))],
    "P569": [_claim(_snak("P569", "time", _time("+1815-12-10T00:00:00Z", 11), "time"), "preferred"),
             _claim(_snak("P569", "time", _time("+1816-00-00T00:00:00Z", 9), "time"), "deprecated")],
    "P106": [_claim(_snak("P106", "wikibase-entityid", _item(170790), "wikibase-item"),
                    P580=[_snak("P580", "time", _time("+1842-00-00T00:00:00Z", 9), "time")])],
    "P2048": [_claim(_snak("P2048", "quantity", {"amount": "+1.65", "unit": "http://www.wikidata.org/entity/Q11573"},
                           "quantity"))],
    "P625": [_claim(_snak("P625", "globecoordinate", {"latitude": 51.5, "longitude": -0.12, "altitude": None,
                          "precision": 0.01, "globe": "http://www.wikidata.org/entity/Q2"}, "globe-coordinate"))],
    "P1559": [_claim(_snak("P1559", "monolingualtext", {"text": "Ada", "language": "en"}, "monolingualtext"))],
    "P22": [_claim({"snaktype": "somevalue", "property": "P22", "hash": "h", "datatype": "wikibase-item"})],
}  # fmt: skip
NAMES = {"P31": "instance of", "Q5": "human", "P569": "date of birth", "P106": "occupation", "Q170790": "mathematician",
         "P580": "start time", "P2048": "height", "Q11573": "metre", "P625": "coordinate location",
         "P1559": "name in native language", "P22": "father"}  # fmt: skip


def wikidata(asked: Asked) -> Answer:
    query = asked.query
    if query["action"] == "wbsearchentities":
        hits = [{"id": "Q7259", "title": "Q7259", "pageid": 8323, "concepturi": "http://www.wikidata.org/entity/Q7259",
                 "repository": "wikidata", "url": "//www.wikidata.org/wiki/Q7259", "label": "Ada Lovelace",
                 "display": {"label": {"value": "Ada Lovelace", "language": "en"}},
                 "description": "English mathematician (1815-1852)", "aliases": ["Ada King"],
                 "match": {"type": "label", "language": "en", "text": "Ada Lovelace"}}]  # fmt: skip
        return as_json({"searchinfo": {"search": query["search"]}, "search": hits if "Ada" in query["search"] else [],
                        "success": 1})  # fmt: skip
    wanted = query["ids"].split("|")
    assert len(wanted) <= 50
    entities: dict[str, object] = {}
    for one in wanted:
        if one == "Q999999999":
            return as_json(
                {"error": {"code": "no-such-entity", "info": f'Could not find an entity with the ID "{one}".'}}
            )
        entities[one] = {"type": "item", "id": one,
                         "labels": {"en": {"language": "en", "value": NAMES.get(one, one)}}}  # fmt: skip
        if one == "Q7259":
            entities[one] = {
                "type": "item", "id": one, "labels": {"en": {"language": "en", "value": "Ada Lovelace"}},
                "descriptions": {"en": {"language": "en", "value": "English mathematician"}},
                "aliases": {"en": [{"language": "en", "value": "Ada King"}]}, "claims": CLAIMS,
            }  # fmt: skip
    return as_json({"entities": entities, "success": 1})


def sparql(asked: Asked) -> Answer:
    assert asked.headers["accept"] == "application/sparql-results+json"
    query = asked.query["query"]
    if query.startswith("ASK"):
        return as_json({"head": {}, "boolean": True})
    if "broken" in query:
        return Answer(400, "SPARQL-QUERY: queryStr=broken\njava.util.concurrent.ExecutionException: "
                      "org.openrdf.query.MalformedQueryException: Encountered \" <EOF>\" at line 1\n\tat java.base",
                      "text/plain")  # fmt: skip
    if "slow" in query:
        return Answer(500, "java.util.concurrent.TimeoutException: Query has timed out. Timeout", "text/plain")
    many = 500 if "many" in query else 2
    rows = [
        {
            "item": {"type": "uri", "value": f"http://www.wikidata.org/entity/Q{n}"},
            "itemLabel": {"xml:lang": "en", "type": "literal", "value": f"thing {n}"},
        }
        for n in range(1, many + 1)
    ]
    return as_json(
        {"head": {"vars": ["item", "itemLabel", "empty"]}, "results": {"bindings": [] if "none" in query else rows}}
    )


def wikimedia(server: WebServer) -> dict[str, str]:
    for language in ("en", "de"):
        server.on(f"/{language}/w/api.php", wikipedia)
    server.on("/data/w/api.php", wikidata)
    server.on("/sparql", sparql)
    return {
        "IOA_WIKIPEDIA_URL": f"{server.url}/{{language}}/w/api.php",
        "IOA_WIKIDATA_URL": f"{server.url}/data/w/api.php",
        "IOA_WIKIDATA_SPARQL_URL": f"{server.url}/sparql",
    }
