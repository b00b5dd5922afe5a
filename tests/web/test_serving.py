"""The hub serves the page's files and nothing else; a sign-in link signs in once."""

from __future__ import annotations

import asyncio
import re

import pytest

from ioa.hub.sign_in_codes import SIGNED_IN_S, VALID_S, SignInCodes
from ioa.testing.clocks import ManualClock
from ioa.web import PAGE
from ioa.web.export import exported_html
from tests.hub.served import ALICE, BORIS, served


async def test_the_page_comes_with_a_policy_that_runs_nothing_but_its_own_files(tmp_path):
    async with served(tmp_path, page=PAGE) as net:
        index = await net.ask("GET", "/", token=None)
        policy = index.headers["content-security-policy"]
        assert index.headers["content-type"].startswith("text/html")
        assert "unsafe" not in policy
        assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy.split("; "))
        assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", index.text)
        for name in ("js/app.js", "js/views/chat.js", "vendor/ui.js", "style.css", "icon.svg", "vendor/LICENSES.txt"):
            answer = await net.ask("GET", f"/ui/{name}", token=None)
            assert answer.status_code == 200, name
            assert answer.headers["content-security-policy"] == policy
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_is_known_already_is_not_sent_again(tmp_path):
    async with served(tmp_path, page=PAGE) as net:
        first = await net.ask("GET", "/ui/style.css", token=None)
        headers = {"If-None-Match": first.headers["etag"]}
        again = await net.ask("GET", "/ui/style.css", token=None, headers=headers)
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/ui/../__init__.py", "/ui/%2e%2e/__init__.py", "/ui//etc/passwd", "/ui/vendor/ui.d.ts", "/ui/js", "/ui/"]
)
async def test_no_other_file_can_be_had(tmp_path, path):
    async with served(tmp_path, page=PAGE) as net:
        assert (await net.ask("GET", path, token=None)).status_code == 404


async def test_a_hub_without_a_page_serves_none(tmp_path):
    async with served(tmp_path) as net:
        assert (await net.ask("GET", "/", token=None)).status_code == 404


async def test_a_sign_in_link_signs_in_once(tmp_path):
    async with served(tmp_path) as net:
        link = await net.ask("POST", "/v1/sign-in/links")
        assert link.status_code == 201
        code = link.json()["code"]
        assert link.json()["path"] == f"/#/?code={code}"
        made = await net.ask("POST", "/v1/sign-in", token=None, json={"code": code})
        token = made.json()["token"]
        assert token not in (ALICE, BORIS)
        me = (await net.ask("GET", "/v1/me", token=token)).json()
        assert me == {"kind": "user", "name": "alice", "speaker": "@alice", "operator": False}
        again = await net.ask("POST", "/v1/sign-in", token=None, json={"code": code})
        assert again.status_code == 401
        assert "used" in again.json()["error"]["message"]
        listed = (await net.ask("GET", "/v1/tokens", token=token)).json()["items"]
        (mine,) = [one for one in listed if one["yours"]]
        assert mine["expires_at"] - mine["created_at"] == pytest.approx(SIGNED_IN_S)


async def test_of_many_who_open_a_link_at_once_one_is_signed_in(tmp_path):
    async with served(tmp_path) as net:
        code = (await net.ask("POST", "/v1/sign-in/links")).json()["code"]
        tries = [net.ask("POST", "/v1/sign-in", token=None, json={"code": code}) for _ in range(8)]
        answers = [answer.status_code for answer in await asyncio.gather(*tries)]
        assert sorted(answers) == [200] + [401] * 7


async def test_a_link_that_is_too_old_is_refused(tmp_path):
    async with served(tmp_path) as net:
        clock = ManualClock()
        codes = SignInCodes(net.hub.store, net.hub.tokens, clock)
        caller = await net.hub.sign_in.identify(ALICE)
        code = await codes.make(caller)
        await clock.advance(VALID_S)
        with pytest.raises(Exception, match="too old"):
            await codes.exchange(code)


async def test_links_do_not_use_up_the_quota_of_tokens(tmp_path):
    async with served(tmp_path) as net:
        for _ in range(60):
            code = (await net.ask("POST", "/v1/sign-in/links")).json()["code"]
            assert (await net.ask("POST", "/v1/sign-in", token=None, json={"code": code})).status_code == 200


async def test_links_are_not_for_agents(tmp_path):
    async with served(tmp_path) as net:
        token = await net.register("Ann")
        assert (await net.ask("POST", "/v1/sign-in/links", token=token)).status_code == 403
        assert (await net.ask("GET", "/v1/load", token=token)).status_code == 403
        assert (await net.ask("GET", "/v1/me", token=token)).json()["speaker"] == "Ann"


async def test_load_counts_what_there_is(tmp_path):
    async with served(tmp_path) as net:
        ann = await net.join("Ann")
        await net.register("Bob")
        await net.group(ann, "Bob")
        load = (await net.ask("GET", "/v1/load")).json()
        assert (load["connections"], load["agents"], load["entries"]) == (1, 2, 1)
        assert load["processor_s"] > 0
        assert load["memory_bytes"] > 10_000_000


def test_an_exported_file_holds_hostile_texts_as_data():
    hostile = "</script><script>alert(1)</script><!--"
    text = exported_html({"goal": {"goal": hostile}, "entries": [], "calls": [], "files": {}}, title=hostile)
    assert "<script>alert" not in text
    assert text.count("</script>") == 3  # the import map, the data, the start
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "unsafe" not in policy[1]
    assert "http" not in policy[1]


def test_an_exported_file_needs_nothing_from_elsewhere():
    text = exported_html({"goal": {}, "entries": [], "calls": [], "files": {}}, title="t")
    assert not re.search(r"""(src|href)=["']""", text.split("<body>")[0].replace("<html", ""))
