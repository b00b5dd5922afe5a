"""YouTube's search and transcripts over each way that there is, and honesty where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ioa.adapters.agents.react.toolkit import ToolFailed
from ioa.adapters.agents.react.tools.web_captions import caption_lines
from tests.tools.servers.video_sites import SRV3, TIMED, VIDEO, VTT, video_sites
from tests.tools.servers.web_server import web_server
from tests.tools.web_places import toolbox

CLOSED = "User-agent: *\nDisallow: /youtubei/\nDisallow: /api/\n"


async def ask(tmp_path: Path, keys: dict[str, str], function: str, robots: str = "", **arguments: object) -> str:
    async with web_server() as server:
        video_sites(server, robots)
        environment = {"IOA_YOUTUBE_URL": server.url, "IOA_YOUTUBE_API_URL": f"{server.url}/yt"}
        environment |= {name: value.format(url=server.url) for name, value in keys.items()}
        async with toolbox("youtube", server, tmp_path, environment) as tools:
            return await tools.call(function, arguments)


@pytest.mark.parametrize(
    ("keys", "source", "facts"),
    [
        ({"YOUTUBE_API_KEY": "yt-key"}, "YouTube's Data API", "Bees & honey\n  Bee TV; 2009-10-25\n  All about bees."),
        ({"IOA_INVIDIOUS_URL": "{url}"}, "Invidious", "Bees\n  Bee TV; 15 years ago; 1:02:03\n  About bees"),
        ({"IOA_PIPED_URL": "{url}/piped/"}, "Piped", "Bees\n  Bee TV; 2 years ago; 1:05\n  Bees."),
    ],
)
async def test_videos_are_found_by_each_source(tmp_path: Path, keys: dict[str, str], source: str, facts: str) -> None:
    text = await ask(tmp_path, keys, "youtube_search", query="bees")
    assert text == f"YouTube, by {source}, videos for 'bees':\n- {VIDEO}: {facts}"


async def test_without_a_source_search_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"YOUTUBE_API_KEY.*IOA_INVIDIOUS_URL or IOA_PIPED_URL"):
        await ask(tmp_path, {}, "youtube_search", query="bees")


async def test_a_used_up_quota_is_said_as_such(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="quota of YOUTUBE_API_KEY is used up"):
        await ask(tmp_path, {"YOUTUBE_API_KEY": "spent"}, "youtube_search", query="bees")


@pytest.mark.parametrize(
    "video",
    [VIDEO, f"https://www.youtube.com/watch?v={VIDEO}&t=10", f"https://youtu.be/{VIDEO}?si=x",
     f"https://www.youtube.com/shorts/{VIDEO}", f"https://www.youtube.com/watch?list=PL1&v={VIDEO}"],
)  # fmt: skip
async def test_a_transcript_is_stamped_by_the_minute_and_says_who_made_it(tmp_path: Path, video: str) -> None:
    text = await ask(tmp_path, {}, "youtube_transcript", video=video)
    assert text.splitlines() == [
        f"Transcript of {VIDEO}, English (auto-generated) (en, made by a machine; also in de):",
        "[0:01] We have bees & honey",
        "[1:04] A minute later.",
        "[1:01:40] An hour later.",
    ]


async def test_a_language_that_misses_is_named(tmp_path: Path) -> None:
    text = await ask(tmp_path, {}, "youtube_transcript", video=VIDEO, language="de")
    assert text.startswith(f"Transcript of {VIDEO}, German (de; also in en):\n[0:00] Guten Tag")
    assert "there is none in 'fr'" in await ask(tmp_path, {}, "youtube_transcript", video=VIDEO, language="fr")


@pytest.mark.parametrize("keys", [{"IOA_INVIDIOUS_URL": "{url}"}, {"IOA_PIPED_URL": "{url}/piped"}])
async def test_an_instance_gives_transcripts_in_its_own_form(tmp_path: Path, keys: dict[str, str]) -> None:
    text = await ask(tmp_path, keys, "youtube_transcript", robots=CLOSED, video=VIDEO)
    assert text.endswith("[0:01] We have bees & honey")


@pytest.mark.parametrize(
    ("video", "robots", "said"),
    [
        (VIDEO, CLOSED, r"asks programs not to fetch captions \(robots\.txt\)"),
        ("privateXXXX", "", "This video is private"),
        ("noCaptions0", "", "has no captions"),
        ("https://example.org/", "", "not a video of YouTube"),
    ],
)
async def test_a_transcript_that_is_not_to_be_had_is_said_with_the_reason(
    tmp_path: Path, video: str, robots: str, said: str
) -> None:
    with pytest.raises(ToolFailed, match=said):
        await ask(tmp_path, {}, "youtube_transcript", robots, video=video)


@pytest.mark.parametrize("content", [TIMED, SRV3, VTT])
def test_each_form_of_captions_gives_the_same_words_once(content: str) -> None:
    assert caption_lines(content) == ["[0:01] We have bees & honey"]


@pytest.mark.parametrize("content", ["hello", "{broken", "<broken", '<!DOCTYPE x [<!ENTITY a "b">]><x/>'])
def test_captions_in_another_form_are_said_to_be_so(content: str) -> None:
    with pytest.raises(ToolFailed, match="captions"):
        caption_lines(content)


def test_empty_captions_have_no_lines() -> None:
    assert caption_lines("") == []
    assert caption_lines("WEBVTT\n\n") == []
