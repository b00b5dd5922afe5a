"""Who knows about videos: YouTube's Data API, instances of Invidious and Piped, and YouTube's player endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin

import msgspec

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_alone import plain
from ioa.adapters.agents.react.tools.web_captions import Caption
from ioa.adapters.agents.react.web.replies import WebFailed

_CLIENT_VERSION = "2.20250101.00.00"


@dataclass(frozen=True, slots=True)
class Video:
    id: str
    title: str
    channel: str
    date: str = ""
    length: str = ""
    description: str = ""


class VideoSearch(Protocol):
    @property
    def title(self) -> str: ...

    async def search(self, query: str, count: int) -> Sequence[Video]: ...


class VideoSource(Protocol):
    async def captions(self, video: str) -> Sequence[Caption]: ...

    async def caption_file(self, caption: Caption) -> str: ...


class _Id(msgspec.Struct, rename="camel"):
    video_id: str = ""


class _Snippet(msgspec.Struct, rename="camel"):
    title: str
    channel_title: str = ""
    published_at: str = ""
    description: str = ""


class _Item(msgspec.Struct):
    id: _Id
    snippet: _Snippet


class _DataAnswer(msgspec.Struct):
    items: list[_Item] = []


class DataApi:
    """YouTube Data API v3, `search`. The key goes in a header, so no address that is shown has it."""

    title = "YouTube's Data API"

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        default = "https://www.googleapis.com/youtube/v3"
        self._url = setting.option("youtube", "data_api_url", "IOA_YOUTUBE_API_URL", default).rstrip("/")

    async def search(self, query: str, count: int) -> Sequence[Video]:
        asked = {"part": "snippet", "type": "video", "q": query, "maxResults": str(count)}
        headers = {"x-goog-api-key": self._setting.environment["YOUTUBE_API_KEY"]}
        try:
            reply = await self._setting.the_web().get(f"{self._url}/search", asked, headers=headers, api=True)
        except WebFailed as failure:
            if failure.status == 403 and "quotaExceeded" in failure.body:
                raise ToolFailed(
                    "The day's quota of YOUTUBE_API_KEY is used up; it is renewed at midnight, Pacific time."
                ) from failure
            raise
        return [
            Video(one.id.video_id, plain(one.snippet.title), plain(one.snippet.channel_title),
                  one.snippet.published_at[:10], "", plain(one.snippet.description))
            for one in reply.decoded(_DataAnswer).items if one.id.video_id
        ]  # fmt: skip


class _InvidiousVideo(msgspec.Struct, rename="camel"):
    type: str = ""
    title: str = ""
    video_id: str = ""
    author: str = ""
    published_text: str | None = None
    length_seconds: int = 0
    description: str | None = None


class _InvidiousCaption(msgspec.Struct):
    label: str
    url: str
    language_code: str = ""
    languageCode: str = ""  # noqa: N815 - newer instances write it so


class _InvidiousCaptions(msgspec.Struct):
    captions: list[_InvidiousCaption] = []


class Invidious:
    """An instance of Invidious: `/api/v1/search`, `/api/v1/captions/ID`."""

    title = "Invidious"

    def __init__(self, setting: ToolSetting, url: str) -> None:
        self._setting = setting
        self._url = url.rstrip("/")

    async def search(self, query: str, count: int) -> Sequence[Video]:
        asked = {"q": query, "type": "video"}
        reply = await self._setting.the_web().get(f"{self._url}/api/v1/search", asked, api=True)
        return [
            Video(one.video_id, one.title, one.author, one.published_text or "", _length(one.length_seconds),
                  plain(one.description))
            for one in reply.decoded(list[_InvidiousVideo]) if one.type == "video"
        ][:count]  # fmt: skip

    async def captions(self, video: str) -> Sequence[Caption]:
        reply = await self._setting.the_web().get(f"{self._url}/api/v1/captions/{video}", api=True)
        return [
            Caption(one.language_code or one.languageCode, one.label, urljoin(f"{self._url}/", one.url),
                    "auto" in one.label.lower())
            for one in reply.decoded(_InvidiousCaptions).captions
        ]  # fmt: skip

    async def caption_file(self, caption: Caption) -> str:
        return (await self._setting.the_web().get(caption.url, api=True)).text


class _PipedVideo(msgspec.Struct, rename="camel"):
    url: str = ""
    type: str = ""
    title: str | None = None
    uploader_name: str | None = None
    uploaded_date: str | None = None
    duration: int = 0
    short_description: str | None = None


class _PipedSearch(msgspec.Struct):
    items: list[_PipedVideo] = []


class _PipedSubtitle(msgspec.Struct, rename="camel"):
    url: str
    name: str | None = None
    code: str = ""
    auto_generated: bool = False


class _PipedStreams(msgspec.Struct):
    subtitles: list[_PipedSubtitle] = []


class Piped:
    """An instance of Piped's API: `/search`, `/streams/ID`."""

    title = "Piped"

    def __init__(self, setting: ToolSetting, url: str) -> None:
        self._setting = setting
        self._url = url.rstrip("/")

    async def search(self, query: str, count: int) -> Sequence[Video]:
        asked = {"q": query, "filter": "videos"}
        reply = await self._setting.the_web().get(f"{self._url}/search", asked, api=True)
        return [
            Video(one.url.partition("v=")[2], one.title or "", one.uploader_name or "", one.uploaded_date or "",
                  _length(one.duration), plain(one.short_description))
            for one in reply.decoded(_PipedSearch).items if one.type == "stream"
        ][:count]  # fmt: skip

    async def captions(self, video: str) -> Sequence[Caption]:
        reply = await self._setting.the_web().get(f"{self._url}/streams/{video}", api=True)
        return [
            Caption(one.code, one.name or one.code, one.url, one.auto_generated)
            for one in reply.decoded(_PipedStreams).subtitles
        ]

    async def caption_file(self, caption: Caption) -> str:
        return (await self._setting.the_web().get(caption.url, api=True)).text


class _Run(msgspec.Struct):
    text: str = ""


class _Name(msgspec.Struct, rename="camel"):
    simple_text: str = ""
    runs: list[_Run] = []


class _Track(msgspec.Struct, rename="camel"):
    base_url: str
    language_code: str
    name: _Name = msgspec.field(default_factory=_Name)
    kind: str = ""


class _Tracklist(msgspec.Struct, rename="camel"):
    caption_tracks: list[_Track] = []


class _Captions(msgspec.Struct, rename="camel"):
    player_captions_tracklist_renderer: _Tracklist = msgspec.field(default_factory=_Tracklist)


class _Playability(msgspec.Struct):
    status: str = ""
    reason: str | None = None


class _Player(msgspec.Struct, rename="camel"):
    playability_status: _Playability = msgspec.field(default_factory=_Playability)
    captions: _Captions | None = None


class Innertube:
    """YouTube's own player endpoint, only where robots.txt lets programs in."""

    title = "YouTube"

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        self._url = setting.option("youtube", "url", "IOA_YOUTUBE_URL", "https://www.youtube.com").rstrip("/")

    async def captions(self, video: str) -> Sequence[Caption]:
        url = f"{self._url}/youtubei/v1/player"
        web = self._setting.the_web()
        if not await web.allowed_by_robots(url):
            raise ToolFailed(
                "YouTube asks programs not to fetch captions (robots.txt). Set IOA_INVIDIOUS_URL or IOA_PIPED_URL to "
                "an instance that gives them, or look for a written source."
            )
        client = {"clientName": "WEB", "clientVersion": _CLIENT_VERSION, "hl": "en"}
        player = (await web.post_json(url, {"context": {"client": client}, "videoId": video})).decoded(_Player)
        status = player.playability_status
        if status.status not in ("OK", ""):
            raise ToolFailed(f"YouTube does not show the video {video}: {status.reason or status.status}.")
        tracks = player.captions.player_captions_tracklist_renderer.caption_tracks if player.captions else []
        return [
            Caption(one.language_code, one.name.simple_text or "".join(run.text for run in one.name.runs),
                    urljoin(f"{self._url}/", one.base_url), one.kind == "asr")
            for one in tracks
        ]  # fmt: skip

    async def caption_file(self, caption: Caption) -> str:
        return (await self._setting.the_web().get(caption.url, {"fmt": "json3"})).text


def _length(seconds: int) -> str:
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes = divmod(minutes, 60)
    return "" if seconds <= 0 else f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
