"""YouTube's Data API, its player endpoint and captions, Invidious and Piped, in their formats."""

from __future__ import annotations

from tests.tools.servers.web_server import Answer, Asked, WebServer, as_json

VIDEO = "dQw4w9WgXcQ"
JSON3 = {"wireMagic": "pb3", "pens": [{}], "wsWinStyles": [{}], "events": [
    {"tStartMs": 0, "dDurationMs": 2000, "id": 1, "wpWinPosId": 1},
    {"tStartMs": 1200, "dDurationMs": 3000, "segs": [{"utf8": "We"}, {"utf8": " have", "tOffsetMs": 80}]},
    {"tStartMs": 4000, "dDurationMs": 100, "aAppend": 1, "segs": [{"utf8": "\n"}]},
    {"tStartMs": 4000, "dDurationMs": 3000, "segs": [{"utf8": "bees & honey"}]},
    {"tStartMs": 64000, "dDurationMs": 3000, "segs": [{"utf8": "A minute later."}]},
    {"tStartMs": 3_700_000, "dDurationMs": 3000, "segs": [{"utf8": "An hour later."}]},
]}  # fmt: skip
TIMED = ('<?xml version="1.0" encoding="utf-8" ?><transcript><text start="1.2" dur="3">We have</text>'
         '<text start="4" dur="3">bees &amp;amp; honey</text></transcript>')  # fmt: skip
SRV3 = ('<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><body><p t="1200" d="3000"><s>We</s>'
        '<s t="80"> have</s></p><p t="4000" d="3000">bees &amp; honey</p></body></timedtext>')  # fmt: skip
VTT = """WEBVTT
Kind: captions
Language: en

00:00:01.200 --> 00:00:04.000 align:start position:0%
We<00:00:01.400><c> have</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
We have

00:00:04.010 --> 00:00:07.000 align:start position:0%
We have
bees &amp; honey
"""


def data_api(asked: Asked) -> Answer:
    if asked.headers.get("x-goog-api-key") == "spent":
        return as_json({"error": {"code": 403, "message": "The request cannot be completed because you have exceeded "
                        "your quota.", "errors": [{"domain": "youtube.quota", "reason": "quotaExceeded"}]}},
                       403)  # fmt: skip
    assert asked.headers["x-goog-api-key"] == "yt-key"
    assert "key" not in asked.query
    return as_json({"kind": "youtube#searchListResponse", "etag": "e", "nextPageToken": "CAUQAA", "regionCode": "DE",
                    "pageInfo": {"totalResults": 1000000, "resultsPerPage": 5}, "items": [
        {"kind": "youtube#searchResult", "etag": "e", "id": {"kind": "youtube#video", "videoId": VIDEO},
         "snippet": {"publishedAt": "2009-10-25T06:57:33Z", "channelId": "UC1", "title": "Bees &amp; honey",
                     "description": "All about bees.", "channelTitle": "Bee TV", "liveBroadcastContent": "none"}},
    ]})  # fmt: skip


def player(asked: Asked) -> Answer:
    assert asked.json["context"]["client"]["clientName"]
    video = asked.json["videoId"]
    if video == "privateXXXX":
        return as_json({"playabilityStatus": {"status": "LOGIN_REQUIRED", "reason": "This video is private"}})
    if video == "noCaptions0":
        return as_json({"playabilityStatus": {"status": "OK"}, "videoDetails": {"videoId": video}})
    tracks = [
        {"baseUrl": f"/api/timedtext?v={video}&lang={code}{'&kind=asr' if auto else ''}", "vssId": f".{code}",
         "languageCode": code, "isTranslatable": True,
         "name": {"simpleText": name} if not auto else {"runs": [{"text": name}]},
         **({"kind": "asr"} if auto else {})}
        for code, name, auto in (("de", "German", False), ("en", "English (auto-generated)", True))
    ]  # fmt: skip
    return as_json({"responseContext": {}, "playabilityStatus": {"status": "OK", "playableInEmbed": True},
                    "captions": {"playerCaptionsTracklistRenderer": {"captionTracks": tracks}}})  # fmt: skip


def timed_text(asked: Asked) -> Answer:
    assert asked.query["fmt"] == "json3"
    return as_json(
        JSON3 if asked.query["lang"] == "en" else {"events": [{"tStartMs": 0, "segs": [{"utf8": "Guten Tag"}]}]}
    )


def invidious(asked: Asked) -> Answer:
    if asked.path.endswith("/search"):
        return as_json([
            {"type": "channel", "author": "Bee TV", "authorId": "UC1"},
            {"type": "video", "title": "Bees", "videoId": VIDEO, "author": "Bee TV", "authorId": "UC1",
             "videoThumbnails": [], "description": "About <b>bees</b>", "viewCount": 5, "published": 1256453853,
             "publishedText": "15 years ago", "lengthSeconds": 3723, "liveNow": False},
        ])  # fmt: skip
    if asked.query.get("label"):
        return Answer(body=VTT, media_type="text/vtt; charset=UTF-8")
    return as_json({"captions": [{"label": "English (auto-generated)", "language_code": "en",
                                  "url": f"/api/v1/captions/{VIDEO}?label=English%20(auto-generated)"}]})  # fmt: skip


def video_sites(server: WebServer, robots: str = "") -> None:
    server.on("/robots.txt", Answer(body=robots, media_type="text/plain"))
    server.on("/yt/search", data_api)
    server.on("/youtubei/v1/player", player)
    server.on("/api/timedtext", timed_text)
    server.on("/api/v1/*", invidious)
    server.on("/piped/search", as_json({"items": [
        {"url": f"/watch?v={VIDEO}", "type": "stream", "title": "Bees", "thumbnail": "", "uploaderName": "Bee TV",
         "uploadedDate": "2 years ago", "duration": 65, "views": 9, "shortDescription": "Bees."},
        {"url": "/channel/UC1", "type": "channel", "name": "Bee TV"},
    ], "nextpage": None, "corrected": False}))  # fmt: skip
    server.on("/piped/streams/*", as_json({"title": "Bees", "subtitles": [
        {"url": f"{server.url}/piped/captions", "mimeType": "application/ttml+xml", "name": "English", "code": "en",
         "autoGenerated": False}]}))  # fmt: skip
    server.on("/piped/captions", Answer(body=TIMED, media_type="text/xml; charset=UTF-8"))
