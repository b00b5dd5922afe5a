"""Brave, Tavily, Serper, SearXNG and DuckDuckGo's page, in their formats."""

from __future__ import annotations

from tests.tools.servers.web_server import Answer, Asked, WebServer, as_json


def brave(asked: Asked) -> Answer:
    if asked.headers.get("x-subscription-token") != "brave-key":
        return as_json({"type": "ErrorResponse", "error": {"code": "SUBSCRIPTION_TOKEN_INVALID", "status": 422,
                        "detail": "The provided subscription token is invalid."}}, 422)  # fmt: skip
    return as_json({
        "type": "search",
        "query": {"original": asked.query["q"], "more_results_available": True, "is_navigational": False},
        "mixed": {"type": "mixed", "main": [{"type": "web", "index": 0, "all": False}]},
        "web": {"type": "search", "family_friendly": True, "results": [
            {"title": "Bees &amp; hives", "url": "https://bees.example/hives", "is_source_local": False,
             "description": "How a <strong>bee</strong> builds &#x27;combs&#x27;.", "page_age": "2025-04-01T08:00:00",
             "age": "April 1, 2025", "language": "en", "profile": {"name": "Bees", "url": "https://bees.example"}},
            {"title": "Bee", "url": "https://en.example/Bee", "description": "Insects.", "language": "en"},
        ][: int(asked.query["count"])]},
    })  # fmt: skip


def tavily(asked: Asked) -> Answer:
    if asked.headers.get("authorization") != "Bearer tavily-key":
        return as_json({"detail": {"error": "Unauthorized: missing or invalid API key."}}, 401)
    return as_json({
        "query": asked.json["query"], "follow_up_questions": None, "answer": None, "images": [],
        "results": [{"url": "https://bees.example/t", "title": "Tavily on bees", "content": "Bees dance.",
                     "score": 0.98, "raw_content": None}],
        "response_time": 1.1, "request_id": "x",
    })  # fmt: skip


def serper(asked: Asked) -> Answer:
    if asked.headers.get("x-api-key") != "serper-key":
        return as_json({"message": "Unauthorized.", "statusCode": 403}, 403)
    return as_json({
        "searchParameters": {"q": asked.json["q"], "type": "search", "num": asked.json["num"], "engine": "google"},
        "organic": [{"title": "Serper on bees", "link": "https://bees.example/s", "snippet": "They hum.",
                     "date": "Mar 3, 2024", "position": 1, "sitelinks": []}],
        "peopleAlsoAsk": [], "credits": 1,
    })  # fmt: skip


def searxng(asked: Asked) -> Answer:
    if asked.query.get("format") != "json":
        return Answer(body="<html>")
    return as_json({
        "query": asked.query["q"], "number_of_results": 0,
        "results": [
            {"url": f"https://bees.example/{n}", "title": f"Bees {n}", "content": "Many.", "engine": "mojeek",
             "template": "default.html", "publishedDate": "2023-05-06T00:00:00" if n == 1 else None,
             "engines": ["mojeek"], "positions": [n], "score": 1.0, "category": "general"} for n in range(1, 12)
        ],
        "answers": [], "corrections": [], "infoboxes": [], "suggestions": ["bumble bees"], "unresponsive_engines": [],
    })  # fmt: skip


DUCK = """<!DOCTYPE html><html><head><title>bees at DuckDuckGo</title></head><body><div id="links" class="results">
<div class="result results_links results_links_deep result--ad"><h2 class="result__title"><a class="result__a"
 href="https://duckduckgo.com/y.js?ad_domain=shop.example">Buy bees</a></h2></div>
<div class="result results_links results_links_deep web-result"><div class="links_main links_deep result__body">
<h2 class="result__title"><a rel="nofollow" class="result__a"
 href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fbees.example%2Fa%3Fb%3D1%26c%3D2&amp;rut=1f2e">
All about <b>bees</b></a></h2>
<a class="result__snippet" href="//duckduckgo.com/l/?uddg=x">Bees are <b>insects</b>.</a></div></div>
<div class="result results_links web-result"><h2 class="result__title"><a class="result__a"
 href="https://direct.example/">Direct</a></h2></div></div></body></html>"""
DUCK_NONE = '<html><body><div class="result result--no-result"><span>No results.</span></div></body></html>'
DUCK_CHALLENGE = (
    '<html><body><div class="anomaly-modal__title">Unfortunately, bots use DuckDuckGo too.</div></body></html>'
)


def duckduckgo(asked: Asked) -> Answer:
    body = {"nothing": DUCK_NONE, "robot": DUCK_CHALLENGE, "changed": "<html><body>new look</body></html>"}
    return Answer(202 if asked.query["q"] == "robot" else 200, body.get(asked.query["q"], DUCK))


def engines(server: WebServer) -> dict[str, str]:
    """All of them on this server; the environment that leads there, without keys."""
    for path, handler in (("/brave", brave), ("/tavily", tavily), ("/serper", serper), ("/searx/search", searxng),
                          ("/html/", duckduckgo)):  # fmt: skip
        server.on(path, handler)
    return {
        "IOA_BRAVE_URL": f"{server.url}/brave",
        "IOA_TAVILY_URL": f"{server.url}/tavily",
        "IOA_SERPER_URL": f"{server.url}/serper",
        "IOA_DUCKDUCKGO_URL": f"{server.url}/html/",
    }
