"""Model strings, and what the environment offers."""

from __future__ import annotations

import asyncio

import pytest

from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.naming import is_private, model_named, ollama_url
from ioa.adapters.models.offers import SUGGESTED, Offer, found_in, ollama_models
from ioa.adapters.models.prices import Prices, TokenCount
from ioa.adapters.models.setting import ModelSetting
from ioa.adapters.models.windows import UNKNOWN_TOKENS, window_tokens
from ioa.testing.model_server import ModelServer

KEY = "sk-secret-0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "env", "service", "name", "base_url"),
    [
        ("openai:gpt-6-luna", {"OPENAI_API_KEY": KEY}, "openai", "gpt-6-luna", None),
        ("openai-responses:gpt-6-luna", {"OPENAI_API_KEY": KEY}, "openai", "gpt-6-luna", None),
        (
            "openai-chat:m",
            {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://gate.example/v1"},
            "openai-chat",
            "m",
            "https://gate.example/v1",
        ),
        ("anthropic:claude-haiku-5-5", {"ANTHROPIC_API_KEY": KEY}, "anthropic", "claude-haiku-5-5", None),
        ("google:gemini-3.8-flash", {"GEMINI_API_KEY": KEY}, "google", "gemini-3.8-flash", None),
        ("gemini:gemini-3.8-flash", {"GOOGLE_API_KEY": KEY}, "google", "gemini-3.8-flash", None),
        (
            "azure:mine",
            {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/"},
            "azure",
            "mine",
            "https://r.openai.azure.com/openai/v1",
        ),
        (
            "azure:mine",
            {
                "AZURE_OPENAI_API_KEY": KEY,
                "AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com",
                "OPENAI_API_VERSION": "2024-10-21",
            },
            "azure",
            "mine",
            "https://r.openai.azure.com",
        ),
        ("ollama:llama3.2:3b", {}, "ollama", "llama3.2:3b", "http://localhost:11434/v1"),
        ("qwen@http://10.0.0.5:8000", {}, "compatible", "qwen", "http://10.0.0.5:8000/v1"),
        ("org/qwen@https://host.example/api/v1/", {}, "compatible", "org/qwen", "https://host.example/api/v1"),
        (
            "openai-compatible:m",
            {"OPENAI_BASE_URL": "http://localhost:1/v1"},
            "compatible",
            "m",
            "http://localhost:1/v1",
        ),
    ],
)
def test_a_model_string_names_service_model_and_address(
    text: str, env: dict[str, str], service: str, name: str, base_url: str | None
) -> None:
    named = model_named(text, env)
    assert (named.service, named.name, named.base_url) == (service, name, base_url)
    assert named.key == (KEY if KEY in env.values() else "")
    assert KEY not in repr(named)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("opnai:gpt-6-luna", "Did you mean openai:gpt-6-luna?"),
        ("gpt-6-luna", "Did you mean openai:gpt-6-luna?"),
        ("claude-haiku-5-5", "Did you mean anthropic:claude-haiku-5-5?"),
        ("llama3.2:3b", "Did you mean ollama:llama3.2:3b?"),
        ("something", "NAME@http://HOST:PORT/v1"),
        ("", "NAME@http://HOST:PORT/v1"),
        ("openai:", "missing after the colon"),
        ("@http://host/v1", "missing before the @"),
        ("m@http://host/v1?key=1", "query"),
        ("m@http://[broken/v1", "not one"),
    ],
)
def test_a_string_that_is_not_understood_says_what_is(text: str, words: str) -> None:
    with pytest.raises(MindFailed) as failure:
        model_named(text, {"OPENAI_API_KEY": KEY})
    assert failure.value.kind == "name"
    assert words in str(failure.value)


@pytest.mark.parametrize(
    ("text", "env", "variable"),
    [
        ("openai:m", {}, "OPENAI_API_KEY"),
        ("openai:m", {"OPENAI_BASE_URL": "https://gate.example/v1"}, "OPENAI_API_KEY"),
        ("anthropic:m", {}, "ANTHROPIC_API_KEY"),
        ("google:m", {}, "GEMINI_API_KEY"),
        ("azure:m", {"AZURE_OPENAI_API_KEY": KEY}, "AZURE_OPENAI_ENDPOINT"),
        ("azure:m", {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com"}, "AZURE_OPENAI_API_KEY"),
        ("openai-compatible:m", {}, "OPENAI_BASE_URL"),
    ],
)
def test_a_missing_variable_is_named(text: str, env: dict[str, str], variable: str) -> None:
    with pytest.raises(MindFailed) as failure:
        model_named(text, env)
    assert failure.value.kind == "key"
    assert variable in str(failure.value)
    assert KEY not in str(failure.value)


def test_a_server_of_this_network_needs_no_key_and_a_replay_needs_none_at_all() -> None:
    assert model_named("openai:m", {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}).key == ""
    assert model_named("anthropic:m", {}, keyless=True).key == ""


def test_the_key_of_one_service_does_not_go_to_another() -> None:
    env = {"OPENAI_API_KEY": KEY}
    assert model_named("m@https://elsewhere.example/v1", env).key == ""
    paired = env | {"OPENAI_BASE_URL": "https://elsewhere.example/v1"}
    assert model_named("m@https://elsewhere.example/v1", paired).key == KEY


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(MindFailed) as failure:
        model_named("m@https://user:hunter2@host.example/v1", {})
    assert "hunter2" not in str(failure.value)
    assert "OPENAI_COMPATIBLE_API_KEY" in str(failure.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://localhost:11434"),
        ("0.0.0.0", "http://localhost:11434"),
        ("127.0.0.1:9999", "http://127.0.0.1:9999"),
        ("http://box:9999/", "http://box:9999"),
        ("https://ollama.example", "https://ollama.example:443"),
        ("[::1]:5", "http://[::1]:5"),
    ],
)
def test_ollama_is_where_its_own_variable_says(host: str, url: str) -> None:
    assert ollama_url({"OLLAMA_HOST": host}) == url


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost:1", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:80", True),
        ("http://192.168.1.7:8000/v1", True),
        ("http://vllm:8000", True),
        ("http://box.local", True),
        ("https://api.openai.com", False),
        ("http://8.8.8.8", False),
    ],
)
def test_private_addresses_are_told_by_their_host(url: str, private: bool) -> None:
    assert is_private(url) is private


def test_the_environment_offers_what_it_has_keys_for_and_shows_none() -> None:
    offers = found_in({"ANTHROPIC_API_KEY": KEY, "GEMINI_API_KEY": KEY, "GOOGLE_API_KEY": KEY}, lambda _: None)
    assert [offer.model for offer in offers] == ["anthropic:claude-haiku-5-5", "google:gemini-3.8-flash"]
    assert KEY not in repr(offers)
    assert found_in({}, lambda _: None) == []
    # A key for a gateway says nothing about which models are behind it.
    assert found_in({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://gate.example"}, lambda _: None) == []


def test_a_local_ollama_is_offered_with_a_model_that_talks() -> None:
    offers = found_in({}, lambda _: ["nomic-embed-text:latest", "qwen3:4b"])
    assert offers == [Offer("ollama:qwen3:4b", "Ollama answers at http://localhost:11434")]


def test_what_is_offered_has_a_known_price_and_window() -> None:
    for variable, text in SUGGESTED.items():
        name = model_named(text, {variable: KEY})
        assert Prices().cost_usd(name, TokenCount(1_000_000, 1_000_000)), text
        assert window_tokens(name, {}) > UNKNOWN_TOKENS, text


async def test_an_ollama_on_this_machine_lists_its_models() -> None:
    async with ModelServer(models=("qwen3:4b", "llama3.2:1b")) as server:
        assert await asyncio.to_thread(ollama_models, server.url) == ["qwen3:4b", "llama3.2:1b"]
        closed = server.url
    assert await asyncio.to_thread(ollama_models, closed) is None
    assert ollama_models("http://192.0.2.1:11434") is None  # not this machine: not asked at all


def test_a_model_can_be_set_for_each_decision() -> None:
    setting = ModelSetting("openai:big", {"alone_or_team": "ollama:small"})
    assert setting.of("alone_or_team") == "ollama:small"
    assert setting.of("conclusion") == "openai:big"
    with pytest.raises(ValueError, match="no such decision"):
        ModelSetting("openai:big", {"alone": "ollama:small"})
    with pytest.raises(ValueError, match="timeout_s"):
        ModelSetting("openai:big", timeout_s=0)
