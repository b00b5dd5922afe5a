"""The browser over a local site: without scripts, and by Chromium where it is installed."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ioa.adapters.agents.react.toolkit import Toolbox, ToolFailed
from tests.tools.servers.bee_site import bee_site
from tests.tools.servers.web_server import Answer, WebServer, web_server
from tests.tools.web_places import toolbox

CHROMIUM = os.environ.get("IOA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
HAS_CHROMIUM = CHROMIUM is not None and importlib.util.find_spec("playwright") is not None
with_chromium = pytest.mark.skipif(not HAS_CHROMIUM, reason="needs Chromium and the extra browser (playwright)")
BOTH = [pytest.param("plain"), pytest.param("chromium", marks=with_chromium)]


@asynccontextmanager
async def at_the_site(engine: str, folder: Path, **more: Any) -> AsyncIterator[tuple[WebServer, Toolbox]]:
    environment = {"IOA_CHROMIUM": CHROMIUM or ""} if engine == "chromium" else {"IOA_BROWSER_JAVASCRIPT": "off"}
    async with web_server() as server:
        bee_site(server)
        async with toolbox("web_browser", server, folder, environment, **more) as tools:
            yield server, tools


@pytest.mark.parametrize("engine", BOTH)
async def test_a_visit_opens_clicks_finds_reads_goes_back_and_lists(tmp_path: Path, engine: str) -> None:
    async with at_the_site(engine, tmp_path) as (server, tools):
        home = await tools.call("browser_open", {"url": f"{server.url}/"})
        assert home.startswith(f"All about bees\n{server.url}/\n")
        assert "article on honey[3], or see a table[4]." in home
        assert "secret words" not in home

        article = await tools.call("browser_click", {"link": "article on honey"})
        assert article.startswith("Honey\n")
        assert "## Temperature" in article
        read = await tools.call("browser_read", {})
        assert "34.5 degrees" in read
        assert "Cookie banner" not in read

        assert (await tools.call("browser_back", {})).startswith("All about bees")
        assert "Kind | Wings\nBee | 4" in await tools.call("browser_click", {"link": "[4]"})
        await tools.call("browser_back", {})

        links = await tools.call("browser_links", {"containing": "report"})
        assert links.splitlines() == [
            f"[5] The report: {server.url}/files/report.csv",
            f"[6] its PDF: {server.url}/files/report.pdf",
        ]

        first = await tools.call("browser_click", {"link": "Long read"})
        assert "[part 1 of" in first
        assert "Paragraph 0 " in first
        second = await tools.call("browser_page_down", {})
        assert "Paragraph 0 " not in second
        assert (await tools.call("browser_page_up", {})) == first
        found = await tools.call("browser_find", {"text": "waggle dance"})
        assert "1 place(s)" in found
        assert "ends it" in found
        with pytest.raises(ToolFailed, match="This is the last of"):
            await tools.call("browser_page_down", {})


@pytest.mark.parametrize("engine", BOTH)
async def test_files_are_saved_under_plain_names_and_never_over_another(tmp_path: Path, engine: str) -> None:
    async with at_the_site(engine, tmp_path) as (server, tools):
        await tools.call("browser_open", {"url": f"{server.url}/"})
        assert "Saved report.csv (17 bytes, text/csv)" in await tools.call("browser_download", {"link": "The report"})
        assert "Saved report-2.csv" in await tools.call("browser_download", {"link": f"{server.url}/files/report.csv"})
        server.on("/evil/..%2F..%2Fpasswd", Answer(body=b"x"))
        saved = await tools.call("browser_download", {"link": f"{server.url}/evil/..%2F..%2Fpasswd"})
        assert "Saved passwd" in saved
        names = await asyncio.to_thread(lambda: sorted(one.name for one in tmp_path.iterdir()))
        assert names == ["passwd", "report-2.csv", "report.csv"]


@pytest.mark.parametrize("engine", BOTH)
async def test_what_may_not_or_cannot_be_opened_is_said(tmp_path: Path, engine: str) -> None:
    async with at_the_site(engine, tmp_path) as (server, tools):
        for path, said in (
            ("/inner", r"169\.254\.169\.254.*is refused.*metadata service"),
            ("/closed/x", r"robots\.txt asks programs not to fetch this"),
            ("/jump", r"robots\.txt asks programs not to fetch this"),
            ("/files/report.pdf", "this is application/pdf, not a page of text"),
        ):
            with pytest.raises(ToolFailed, match=said):
                await tools.call("browser_open", {"url": f"{server.url}{path}"})


@pytest.mark.parametrize("engine", BOTH)
async def test_a_private_address_is_refused_by_the_guard(tmp_path: Path, engine: str) -> None:
    async with at_the_site(engine, tmp_path) as (_, tools):
        for url in (
            "http://127.0.0.1:9/",
            "http://localhost:9/",
            "http://2130706433:9/",
            "http://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/latest/",
        ):
            with pytest.raises(ToolFailed, match="is refused"):
                await tools.call("browser_open", {"url": url})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "data:text/html,x", "javascript:alert(1)", "ftp://example.org/"])
async def test_other_kinds_of_address_are_refused(tmp_path: Path, url: str) -> None:
    async with at_the_site("plain", tmp_path) as (_, tools):
        with pytest.raises(ToolFailed, match="only http and https are opened"):
            await tools.call("browser_open", {"url": url})


async def test_without_scripts_the_page_says_so_and_why(tmp_path: Path) -> None:
    async with at_the_site("plain", tmp_path) as (server, tools):
        text = await tools.call("browser_open", {"url": f"{server.url}/scripted"})
        assert "(read without running scripts: scripts are switched off (IOA_BROWSER_JAVASCRIPT))" in text
        assert "Not yet counted." in text
        assert "Written by a script" not in text
        with pytest.raises(ToolFailed, match=r"\[1\] needs scripts"):
            await tools.call("browser_click", {"link": "Count"})
        await tools.call("browser_open", {"url": f"{server.url}/"})
        with pytest.raises(ToolFailed, match="Forms cannot be filled in without Chromium"):
            await tools.call("browser_fill", {"field": "Search bees", "text": "honey"})


async def test_without_a_browser_the_note_says_how_to_get_one(tmp_path: Path) -> None:
    async with web_server() as server:
        bee_site(server)
        async with toolbox("web_browser", server, tmp_path, {"PATH": ""}) as tools:
            text = await tools.call("browser_open", {"url": f"{server.url}/scripted"})
            assert "there is no Chromium (install it, or set IOA_CHROMIUM to its path)" in text


async def test_plain_text_is_shown_as_it_is(tmp_path: Path) -> None:
    async with at_the_site("plain", tmp_path) as (server, tools):
        text = await tools.call("browser_open", {"url": f"{server.url}/notes.txt"})
        assert text.endswith("plain notes on bees")
        assert await tools.call("browser_read", {}) == "plain notes on bees"


@with_chromium
async def test_chromium_runs_scripts_clicks_buttons_and_fills_in_forms(tmp_path: Path) -> None:
    async with at_the_site("chromium", tmp_path) as (server, tools):
        text = await tools.call("browser_open", {"url": f"{server.url}/scripted"})
        assert "Written by a script." in text
        assert "Counted to 42" in await tools.call("browser_click", {"link": "Count"})
        home = await tools.call("browser_open", {"url": f"{server.url}/"})
        assert "unseen words" not in home
        text = await tools.call("browser_fill", {"field": "Search bees", "text": "honey & wax"})
        assert "You searched for honey & wax." in text


@with_chromium
async def test_what_a_page_fetches_in_chromium_is_judged_too(tmp_path: Path) -> None:
    """Frames, scripts, images, fetch and web sockets of a page cannot reach what tools may not."""
    async with web_server() as inner, at_the_site("chromium", tmp_path) as (server, tools):
        inner.on("/*", Answer(body="internal secret", headers={"Access-Control-Allow-Origin": "*"}))
        server.page("/attack", f"""<html><head><title>x</title></head><body><p id=o>waiting</p>
            <img src="{inner.url}/img"><iframe src="{inner.url}/frame"></iframe><script src="{inner.url}/js"></script>
            <script>
              const socket = new WebSocket("ws://{inner.place}/socket");
              socket.onerror = () => document.title = "socket refused";
              fetch("{inner.url}/fetch").then(r => r.text()).then(t => o.textContent = t)
                .catch(e => o.textContent = "no");
            </script></body></html>""")  # fmt: skip
        text = await tools.call("browser_open", {"url": f"{server.url}/attack"})
        assert "internal secret" not in text
        assert inner.asked == []


@with_chromium
async def test_a_link_of_the_page_to_a_closed_or_private_place_is_refused_in_chromium(tmp_path: Path) -> None:
    async with at_the_site("chromium", tmp_path) as (server, tools):
        await tools.call("browser_open", {"url": f"{server.url}/"})
        for link, said in (("Closed", r"robots\.txt"), ("Inner", "is refused"), ("Jump", r"robots\.txt")):
            with pytest.raises(ToolFailed, match=said):
                await tools.call("browser_click", {"link": link})
        # The page that was open is still the one to click on.
        assert (await tools.call("browser_click", {"link": "article on honey"})).startswith("Honey")
        assert server.count("/closed/x") <= 1  # a redirect is judged by where it ended, and then not shown


@with_chromium
async def test_a_browser_that_does_not_start_leaves_plain_reading(tmp_path: Path) -> None:
    async with web_server() as server:
        bee_site(server)
        async with toolbox("web_browser", server, tmp_path, {"IOA_CHROMIUM": "/bin/false"}) as tools:
            text = await tools.call("browser_open", {"url": f"{server.url}/scripted"})
            assert "read without running scripts: Chromium does not start" in text


async def test_links_are_named_by_number_or_by_a_text_that_only_one_has(tmp_path: Path) -> None:
    async with at_the_site("plain", tmp_path) as (server, tools):
        with pytest.raises(ToolFailed, match="No page is open"):
            await tools.call("browser_click", {"link": "1"})
        await tools.call("browser_open", {"url": f"{server.url}/"})
        with pytest.raises(ToolFailed, match=r"no link \[99\]; its numbers go to"):
            await tools.call("browser_click", {"link": "99"})
        with pytest.raises(ToolFailed, match="no link with the text 'wasps'"):
            await tools.call("browser_click", {"link": "wasps"})
        with pytest.raises(ToolFailed, match=r"Several links .* give a number: \[2\]"):
            await tools.call("browser_click", {"link": "a"})
        with pytest.raises(ToolFailed, match="404"):
            await tools.call("browser_click", {"link": "Missing"})
        with pytest.raises(ToolFailed, match=r"'wasp nest' is not on this page.*nowhere on it: wasp, nest"):
            await tools.call("browser_find", {"text": "wasp nest"})


async def test_a_question_is_answered_by_the_model_where_there_is_one(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    async def ask(instruction: str, text: str) -> str:
        asked.append((instruction, text))
        return "34.5 degrees, as it says."

    async with at_the_site("plain", tmp_path, ask=ask) as (server, tools):
        await tools.call("browser_open", {"url": f"{server.url}/article"})
        answer = await tools.call("browser_answer", {"question": "How warm is the brood nest?"})
        assert answer == "34.5 degrees, as it says."
        assert "How warm is the brood nest?" in asked[0][0]
        assert "34.5 degrees Celsius" in asked[0][1]
        assert "How warm" not in asked[0][1]
        await tools.call("browser_summarise", {})
        assert asked[1][0].startswith("Summarise this web page")


async def test_without_a_model_a_question_gets_the_passages_that_fit_and_says_so(tmp_path: Path) -> None:
    async with at_the_site("plain", tmp_path) as (server, tools):
        await tools.call("browser_open", {"url": f"{server.url}/article"})
        answer = await tools.call("browser_answer", {"question": "At which temperature is the brood nest kept?"})
        assert "chosen without a model" in answer
        assert "34.5 degrees Celsius" in answer.split("\n\n")[1]
        outline = await tools.call("browser_summarise", {})
        assert "made without a model" in outline
        assert "## Yield\nA colony gives about 23 kilograms of honey in a good year." in outline
        assert "No passage" in await tools.call("browser_answer", {"question": "zzgrx qqvbn?"})
