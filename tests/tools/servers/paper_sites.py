"""arXiv's Atom API, Semantic Scholar's Graph API and OpenAlex, in their formats."""

from __future__ import annotations

from tests.tools.servers.web_server import Answer, Asked, WebServer, as_json

_ENTRY = """
  <entry>
    <id>http://arxiv.org/abs/{id}v7</id>
    <updated>2023-08-02T00:41:18Z</updated>
    <published>2017-06-12T17:57:34Z</published>
    <title>{title}</title>
    <summary>  The dominant sequence transduction models are based on
complex networks.
</summary>
    <author><name>Ashish Vaswani</name></author>
    <author><name>Noam Shazeer</name></author>
    <arxiv:comment xmlns:arxiv="http://arxiv.org/schemas/atom">15 pages, 5 figures</arxiv:comment>
    <arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1000/xyz</arxiv:doi>
    <link href="http://arxiv.org/abs/{id}v7" rel="alternate" type="text/html"/>
    <link title="pdf" href="http://arxiv.org/pdf/{id}v7" rel="related" type="application/pdf"/>
    <arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="cs.CL" scheme="http://arxiv.org/schemas/atom"/>
    <category term="cs.CL" scheme="http://arxiv.org/schemas/atom"/>
    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
  </entry>"""
_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <link href="http://arxiv.org/api/query?search_query%3D" rel="self" type="application/atom+xml"/>
  <title type="html">ArXiv Query</title>
  <id>http://arxiv.org/api/cHxbiOdZaP56ODnBPIenZhzg5f8</id>
  <opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{total}</opensearch:totalResults>
  <opensearch:startIndex xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">0</opensearch:startIndex>
  <opensearch:itemsPerPage xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">8</opensearch:itemsPerPage>{entries}
</feed>"""
_ERROR = """
  <entry><id>http://arxiv.org/api/errors#incorrect_id_format_for_x</id><title>Error</title>
  <summary>incorrect id format for x</summary><author><name>arXiv api core</name></author></entry>"""
_ATOM = "application/atom+xml; charset=UTF-8"


def arxiv(asked: Asked) -> Answer:
    query = asked.query.get("search_query", "")
    if "bomb" in query:
        return Answer(body='<!DOCTYPE x [<!ENTITY a "aaaa">]><feed/>', media_type=_ATOM)
    if "wrong" in query:
        return Answer(body=_FEED.format(total=1, entries=_ERROR), media_type=_ATOM)
    if "nothing" in query or asked.query.get("id_list") == "2501.99999":
        return Answer(body=_FEED.format(total=0, entries=""), media_type=_ATOM)
    if "id_list" in asked.query:
        entries, total = _ENTRY.format(id=asked.query["id_list"].split("v")[0], title="Attention Is All\n  You Need"), 1
    else:
        many, start = int(asked.query["max_results"]), int(asked.query["start"])
        entries = "".join(_ENTRY.format(id=f"1706.{n:05}", title=f"Paper {n}") for n in range(start, start + many))
        total = 1234
    return Answer(body=_FEED.format(total=total, entries=entries), media_type=_ATOM)


def _semantic(number: int) -> dict[str, object]:
    return {
        "paperId": f"{number:040x}", "externalIds": {"ArXiv": "1706.03762", "DOI": "10.1000/xyz", "CorpusId": 13756489},
        "url": f"https://www.semanticscholar.org/paper/{number:040x}", "title": f"Paper {number}",
        "abstract": "The dominant models." if number % 2 else None, "venue": "NeurIPS", "year": 2017,
        "citationCount": 90_000, "openAccessPdf": {"url": "https://example.org/p.pdf", "status": "GREEN"},
        "authors": [{"authorId": str(n), "name": f"Author {n}"} for n in range(7)],
    }  # fmt: skip


def semantic_scholar(asked: Asked) -> Answer:
    path = asked.path.removeprefix("/graph/v1/paper/")
    if asked.query.get("query") == "crowd":
        return as_json({"message": "Too Many Requests.", "code": "429"}, 429)
    if path == "search":
        if asked.query["query"] == "nothing":
            return as_json({"total": 0, "offset": 0})
        start, many = int(asked.query["offset"]), int(asked.query["limit"])
        return as_json({"total": 100, "offset": start, "next": start + many,
                        "data": [_semantic(n) for n in range(start, start + many)]})  # fmt: skip
    if path in ("DOI:10.1000%2Fxyz", "ARXIV:1706.03762", "0" * 39 + "1"):
        return as_json(_semantic(1))
    if path.endswith("/citations"):
        return as_json({"offset": 0, "next": 2, "data": [{"citingPaper": _semantic(n)} for n in (2, 3)]})
    if path.endswith("/references"):
        return as_json({"offset": 0, "data": [{"citedPaper": _semantic(4)}, {"citedPaper": None}]})
    return as_json({"error": "Paper with id x not found"}, 404)


def _work(number: int) -> dict[str, object]:
    return {
        "id": f"https://openalex.org/W{number}", "doi": "https://doi.org/10.1000/xyz", "display_name": f"Work {number}",
        "title": f"Work {number}", "publication_year": 2020, "cited_by_count": 12,
        "authorships": [{"author_position": "first", "author": {"id": "https://openalex.org/A1",
                                                                "display_name": "Ada"}}],
        "primary_location": {"is_oa": True, "landing_page_url": "https://doi.org/10.1000/xyz",
                             "source": {"id": "https://openalex.org/S1", "display_name": "Nature"}},
        "open_access": {"is_oa": True, "oa_status": "gold", "oa_url": "https://example.org/w.pdf"},
        "abstract_inverted_index": {"bees": [1, 3], "Do": [0], "like": [2]},
    }  # fmt: skip


def openalex(asked: Asked) -> Answer:
    path = asked.path.removeprefix("/alex/works").strip("/")
    if path:
        known = path in ("W7", "doi:10.1000/xyz", "doi:10.48550/arxiv.1706.03762")
        return as_json(_work(7)) if known else Answer(404, "<!doctype html>Not Found")
    page, many = int(asked.query["page"]), int(asked.query["per-page"])
    return as_json({"meta": {"count": 25, "page": page, "per_page": many, "db_response_time_ms": 9}, "group_by": [],
                    "results": [_work(n) for n in range((page - 1) * many, min(page * many, 25))]})  # fmt: skip


def paper_sites(server: WebServer) -> dict[str, str]:
    server.on("/api/query", arxiv)
    server.on("/pdf/1706.03762", Answer(body=b"%PDF-1.5 paper", media_type="application/pdf"))
    server.on("/pdf/2501.00001", Answer(body="<html>no PDF</html>"))
    server.on("/graph/v1/paper/*", semantic_scholar)
    server.on("/alex/works*", openalex)
    return {
        "IOA_ARXIV_URL": f"{server.url}/api/query",
        "IOA_ARXIV_PDF_URL": server.url,
        "IOA_SEMANTIC_SCHOLAR_URL": f"{server.url}/graph/v1",
        "IOA_OPENALEX_URL": f"{server.url}/alex",
    }
