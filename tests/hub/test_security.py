"""Tokens, settings, buckets, and what a hub refuses to be."""

import logging
import stat
import sys

import pytest

from ioa.adapters.clock import SystemClock
from ioa.adapters.store.memory import MemoryStore
from ioa.hub.hub import Hub
from ioa.hub.security import TokenBucket, bearer, local_token, new_token, token_hash
from ioa.hub.settings import HubSettings, SettingsError
from ioa.protocol.errors import Refused
from ioa.protocol.frames import Search
from tests.hub.network import WordIndex, network


def test_a_hub_that_others_can_reach_needs_users(tmp_path):
    for host in ("0.0.0.0", "192.168.1.5", "::", "hub.example.org"):
        with pytest.raises(SettingsError, match="users"):
            HubSettings(data_dir=tmp_path, host=host)
        HubSettings(data_dir=tmp_path, host=host, users={"alice": new_token("user")})
    for host in ("127.0.0.1", "127.0.0.53", "::1", "localhost"):
        assert HubSettings(data_dir=tmp_path, host=host).on_loopback


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"port": 99_999}, "port 99999"),
        ({"users": {"alice": "short"}}, "at least 20"),
        ({"users": {"": "x" * 30}}, "user name"),
        ({"tls_key": "key.pem"}, "both or neither"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_remedy(tmp_path, setting, words):
    with pytest.raises(SettingsError, match=words):
        HubSettings(data_dir=tmp_path, **setting)


def test_settings_do_not_show_tokens(tmp_path):
    token = new_token("user")
    assert token not in repr(HubSettings(data_dir=tmp_path, users={"alice": token}))


def test_the_local_users_token_is_made_once_and_only_for_its_owner(tmp_path):
    token = local_token(tmp_path / "data")
    assert local_token(tmp_path / "data") == token
    assert len(token) > 40
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "data" / "token").stat().st_mode) == 0o600
    (tmp_path / "data" / "token").write_text("")
    assert local_token(tmp_path / "data") != token


async def test_tokens_are_stored_hashed_only(tmp_path):
    store = MemoryStore()
    async with network(tmp_path, store=store) as net:
        token = await net.register("Ann")
        bodies = b"".join([entry.body for entry in await store.documents("agent")])
        assert token.encode() not in bodies
        assert token_hash(token).encode() in bodies


async def test_configured_users_replace_the_local_one(tmp_path):
    token = new_token("user")
    settings = HubSettings(data_dir=tmp_path, users={"alice": token})
    clock = SystemClock()
    hub = Hub(settings, store=MemoryStore(), index=WordIndex(), clock=clock, new_id=lambda: "id")
    await hub.start()
    try:
        assert (hub.identify(token).kind, hub.identify(token).speaker) == ("user", "@alice")
        assert not (tmp_path / "token").exists()
        for wrong in ("", token + "x", token[:-1], "\ud800"):
            with pytest.raises(Refused):
                hub.identify(wrong)
    finally:
        await hub.stop()


def test_bearer_tokens_are_read_and_their_absence_explained():
    assert bearer("Bearer abc") == "abc"
    assert bearer("bearer  abc ") == "abc"
    for header in (None, "", "Basic abc", "Bearer", "Bearer  "):
        with pytest.raises(Refused, match="Bearer TOKEN"):
            bearer(header)


def test_a_bucket_allows_a_burst_and_then_the_rate():
    bucket = TokenBucket(2, 3, 0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.5)
    assert not bucket.take(0.5)
    assert not bucket.take(1.0, cost=2)
    assert bucket.take(100.0, cost=3)
    assert not bucket.take(100.0)


async def test_logs_hold_no_tokens_and_no_escape_codes(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    class Failing(WordIndex):
        def search(self, *_, **__):
            raise ValueError("broken")

    async with network(tmp_path, index=Failing()) as net:
        ann = await net.join("Ann")
        answer = await ann.ask(Search(request_id="s", desc=("\x1b[31mred",)))
        assert answer.code == "internal"
        assert "broken" not in answer.rule
    assert net.tokens["Ann"] not in caplog.text
    assert "\x1b" not in caplog.text
    assert "failed" in caplog.text
