"""robots.txt: what it says, and that the client keeps to it."""

from __future__ import annotations

import pytest

from ioa.adapters.agents.react.web.replies import WebFailed
from ioa.adapters.agents.react.web.robots import parsed
from tests.tools.servers.jump_clock import JumpClock
from tests.tools.servers.web_server import Answer, WebServer, web_server
from tests.tools.web_places import client

RULES = """\
# a comment
User-agent: Other
Disallow: /

User-agent: InternetOfAgents
User-agent: Third/2.0
Disallow: /private/   # and why
Allow: /private/open
Disallow: /*.pdf$
Disallow: /search?*sort=
Crawl-delay: 2

User-agent: *
Disallow: /all
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/private/x", False),
        ("/private/open/x", True),
        ("/priv%61te/x", False),
        ("/a/b.pdf", False),
        ("/a/b.pdf?x=1", True),
        ("/search?q=1&sort=a", False),
        ("/search?q=1", True),
        ("/all", True),
        ("/robots.txt", True),
    ],
)
def test_the_longest_pattern_of_the_programs_own_group_decides(path: str, allowed: bool) -> None:
    assert parsed(RULES, "InternetOfAgents").allows(path) is allowed


def test_a_program_without_a_group_of_its_own_keeps_to_the_one_for_all() -> None:
    rules = parsed(RULES, "Fourth")
    assert not rules.allows("/all/x")
    assert rules.allows("/private/x")
    assert parsed("User-agent: *\nDisallow:\n", "x").allows("/anything")
    assert parsed("Disallow: /\n", "x").allows("/anything")  # belongs to no group
    assert parsed("<html>nonsense", "x").allows("/anything")


def test_the_delay_and_an_equally_long_allow_count() -> None:
    assert parsed(RULES, "third").delay_s == 2.0
    assert parsed("User-agent: *\nDisallow: /a\nAllow: /a\n", "x").allows("/a")


def test_a_pattern_with_many_asterisks_is_judged_quickly() -> None:
    rules = parsed("User-agent: *\nDisallow: " + "/*a" * 60 + "$\n", "x")
    assert rules.allows("/" + "a" * 20_000 + "b")


def site(server: WebServer, robots: Answer) -> str:
    server.on("/robots.txt", robots)
    server.on("/*", Answer(body="page"))
    return server.url


async def test_a_page_that_is_closed_to_programs_is_not_fetched_and_others_are() -> None:
    clock = JumpClock()
    async with web_server() as server, client(server, clock) as web:
        url = site(server, Answer(body=RULES, media_type="text/plain"))
        with pytest.raises(WebFailed, match=r"robots\.txt asks programs not to fetch this"):
            await web.get(f"{url}/private/x")
        assert (await web.get(f"{url}/open")).text == "page"
        assert (await web.get(f"{url}/open2")).text == "page"
        assert server.count("/robots.txt") == 1
        assert server.count("/private/x") == 0
        assert clock.slept[-1] == pytest.approx(2.0)  # the delay it asks for
        assert (await web.get(f"{url}/private/x", api=True)).text == "page"


async def test_a_redirect_to_a_closed_page_is_not_followed() -> None:
    async with web_server() as server, client(server) as web:
        url = site(server, Answer(body=RULES, media_type="text/plain"))
        server.on("/go", Answer(301, headers={"Location": "/private/x"}))
        with pytest.raises(WebFailed, match=r"/private/x: the site's robots\.txt"):
            await web.get(f"{url}/go")
        assert server.count("/private/x") == 0


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False), (503, False)])
async def test_a_site_without_rules_allows_all_and_one_that_cannot_say_allows_nothing(
    status: int, allowed: bool
) -> None:
    async with web_server() as server, client(server) as web:
        url = site(server, Answer(status, "x", "text/plain"))
        if allowed:
            assert (await web.get(f"{url}/a")).text == "page"
        else:
            with pytest.raises(WebFailed, match="cannot say what programs may fetch"):
                await web.get(f"{url}/a")


async def test_of_endless_rules_the_beginning_counts() -> None:
    async with web_server() as server, client(server) as web:
        text = RULES + "Disallow: /x\n" * 100_000
        url = site(server, Answer(body=text, media_type="text/plain"))
        assert not await web.allowed_by_robots(f"{url}/private/x")
        assert await web.allowed_by_robots(f"{url}/open")


async def test_its_owner_can_switch_the_rules_off_for_sites_of_his_own() -> None:
    async with web_server() as server, client(server, honour_robots=False) as web:
        url = site(server, Answer(body="User-agent: *\nDisallow: /\n", media_type="text/plain"))
        assert (await web.get(f"{url}/a")).text == "page"
        assert server.count("/robots.txt") == 0
