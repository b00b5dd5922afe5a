"""YouTube: search, and transcripts from captions. It never downloads video.

Search: YouTube Data API v3 with a key, or an instance of Invidious or Piped. Transcripts: such an instance, else
YouTube's own player endpoint, which robots.txt of youtube.com closes to programs: then the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from ioa.adapters.agents.react.tool import Tool, ToolFailed, clipped, one_page, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.web_alone import alone, at_most, short
from ioa.adapters.agents.react.tools.web_captions import Caption, caption_lines, chosen_caption
from ioa.adapters.agents.react.tools.web_videos import DataApi, Innertube, Invidious, Piped, VideoSearch, VideoSource

_ID = re.compile(r"(?:^|v=|/shorts/|/live/|/embed/|youtu\.be/|/v/)([A-Za-z0-9_-]{11})(?:$|[?&#/])")
_NO_SEARCH = (
    "No search of YouTube is configured. Set YOUTUBE_API_KEY (a key for YouTube's Data API), or IOA_INVIDIOUS_URL or "
    "IOA_PIPED_URL (the address of an instance)."
)


class YouTube:
    """Takes the first of what is configured: Data API (search only), Invidious, Piped, YouTube itself (captions)."""

    def __init__(self, setting: ToolSetting) -> None:
        self._setting = setting
        instances: list[Invidious | Piped] = []
        if address := setting.option("youtube", "invidious_url", "IOA_INVIDIOUS_URL"):
            instances.append(Invidious(setting, address))
        if address := setting.option("youtube", "piped_url", "IOA_PIPED_URL"):
            instances.append(Piped(setting, address))
        self._search: VideoSearch | None = instances[0] if instances else None
        if setting.environment.get("YOUTUBE_API_KEY"):
            self._search = DataApi(setting)
        self._source: VideoSource = instances[0] if instances else Innertube(setting)

    async def youtube_search(self, query: str, count: int = 8) -> str:
        """Search videos on YouTube. Gives identifiers, titles, channels; read one with youtube_transcript.

        Args:
            query: The words to search for.
            count: How many videos, at most 25.
        """
        if self._search is None:
            raise ToolFailed(_NO_SEARCH)
        if not query.strip():
            raise ToolFailed("youtube_search: the query is empty. Give the words to search for.")
        found = (await self._search.search(query.strip(), at_most(count, 25)))[: at_most(count, 25)]
        if not found:
            return f"YouTube has no video for {query!r}. Try fewer or other words."
        lines = [f"YouTube, by {self._search.title}, videos for {query!r}:"]
        for one in found:
            facts = "; ".join(part for part in (one.channel, one.date, one.length) if part)
            about = f"\n  {short(one.description, 200)}" if one.description else ""
            lines.append(f"- {one.id}: {one.title}\n  {facts}{about}")
        return clipped("\n".join(lines), "Ask for fewer videos.", self._setting.limits.output_chars)

    async def youtube_transcript(self, video: str, language: str = "en", page: int = 1) -> str:
        """What is said in a video, from its captions, with the time at each minute.

        Args:
            video: Its address or identifier.
            language: The wanted language, such as en; another is given, and named, where it misses.
            page: Which page of a long transcript, from 1.
        """
        identifier = _identifier(video)
        captions = await self._source.captions(identifier)
        if not captions:
            raise ToolFailed(f"The video {identifier} has no captions, so there is no transcript.")
        chosen = chosen_caption(captions, language)
        lines = caption_lines(await self._source.caption_file(chosen))
        if not lines:
            raise ToolFailed(f"The captions of the video {identifier} ({chosen.name}) are empty.")
        text = f"Transcript of {identifier}, {_described(chosen, language, captions)}:\n" + "\n".join(lines)
        return one_page(text, page, "youtube_transcript with page={page}", self._setting.limits.output_chars)


def _identifier(video: str) -> str:
    found = _ID.search(video.strip())
    if not found:
        raise ToolFailed(
            f"{video!r} is not a video of YouTube; give its address or the 11 characters of its identifier."
        )
    return found[1]


def _described(caption: Caption, wanted: str, captions: Sequence[Caption]) -> str:
    made = ", made by a machine" if caption.automatic else ""
    missing = "" if caption.language.split("-")[0] == wanted.split("-")[0] else f"; there is none in {wanted!r}"
    others = sorted({one.language for one in captions} - {caption.language})
    also = f"; also in {', '.join(others[:12])}" if others else ""
    return f"{caption.name or caption.language} ({caption.language}{made}{missing}{also})"


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    videos = YouTube(setting)
    yield tool(videos.youtube_search), tool(videos.youtube_transcript)


youtube_search = alone(YouTube, YouTube.youtube_search)
youtube_transcript = alone(YouTube, YouTube.youtube_transcript)
