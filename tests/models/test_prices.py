"""Prices, windows and the cautious count of tokens."""

from __future__ import annotations

import pytest

from ioa.adapters.models.naming import ModelName, model_named
from ioa.adapters.models.prices import Prices, TokenCount
from ioa.adapters.models.windows import OLLAMA_TOKENS, UNKNOWN_TOKENS, tokens_of, window_tokens

MILLION = TokenCount(1_000_000, 1_000_000)


def named(text: str) -> ModelName:
    return model_named(text, {}, keyless=True)


def test_published_prices_are_known_without_the_network() -> None:
    prices = Prices()
    haiku = prices.cost_usd(named("anthropic:claude-3-haiku"), TokenCount(1_000_000, 0))
    assert haiku == pytest.approx(0.25)
    assert prices.cost_usd(named("anthropic:claude-3-haiku"), TokenCount(0, 1_000_000)) == pytest.approx(1.25)


def test_cached_tokens_are_priced_as_such() -> None:
    prices, name = Prices(), named("anthropic:claude-3-haiku")
    cached = prices.cost_usd(name, TokenCount(1_000_000, 0, cache_read_tokens=1_000_000))
    plain = prices.cost_usd(name, TokenCount(1_000_000, 0))
    assert cached is not None
    assert plain is not None
    assert 0 < cached < plain / 5


def test_an_unknown_price_is_none_and_a_local_model_costs_nothing() -> None:
    prices = Prices()
    assert prices.cost_usd(named("openai:no-such-model"), MILLION) is None
    assert prices.cost_usd(named("m@https://somewhere.example/v1"), MILLION) is None
    assert prices.cost_usd(named("ollama:llama3.2"), MILLION) == 0.0
    assert prices.cost_usd(named("m@http://10.1.2.3:8000/v1"), MILLION) == 0.0


def test_a_deployment_is_priced_by_the_model_that_answered() -> None:
    prices, name = Prices(), named("azure:my-deployment")
    assert prices.cost_usd(name, MILLION) is None
    assert prices.cost_usd(name, MILLION, "o3-mini") == pytest.approx(1.1 + 4.4)


def test_the_owners_prices_come_first() -> None:
    prices = Prices.given({"IOA_PRICES": "my-deployment=1/10, m@http://10.1.2.3:8000/v1=0.5"})
    assert prices.cost_usd(named("azure:my-deployment"), MILLION, "o3-mini") == pytest.approx(11)
    assert prices.cost_usd(named("m@http://10.1.2.3:8000/v1"), MILLION) == pytest.approx(1)


@pytest.mark.parametrize("text", ["m", "m=", "=1/2", "m=a/b", "m=-1/2", "m=1/nan"])
def test_prices_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="IOA_PRICES"):
        Prices.given({"IOA_PRICES": text})


def test_windows_are_known_guessed_cautiously_or_given() -> None:
    assert window_tokens(named("anthropic:claude-3-haiku"), {}) == 200_000
    assert window_tokens(named("openai:no-such-model"), {}) == UNKNOWN_TOKENS
    assert window_tokens(named("ollama:llama3.2"), {}) == OLLAMA_TOKENS
    assert window_tokens(named("ollama:llama3.2"), {"IOA_WINDOW": "16000"}) == 16_000
    given = {"IOA_WINDOW": "llama3.2=4096, openai:no-such-model=64000"}
    assert window_tokens(named("ollama:llama3.2"), given) == 4_096
    assert window_tokens(named("openai:no-such-model"), given) == 64_000
    assert window_tokens(named("anthropic:claude-3-haiku"), given) == 200_000
    with pytest.raises(ValueError, match="IOA_WINDOW"):
        window_tokens(named("ollama:llama3.2"), {"IOA_WINDOW": "llama3.2=many"})


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        # What OpenAI's, Anthropic's and Google's own counters say lies between; measured values are around a quarter
        # of the characters for English, up to one and a half a character for Chinese.
        ("The quick brown fox jumps over the lazy dog. " * 20, 200, 320),
        ('{"content": "hello", "next_state": "pause"}' * 10, 120, 260),
        ("这是一个测试句子" * 10, 60, 130),
        ("0123456789" * 10, 34, 100),
    ],
)
def test_tokens_are_counted_on_the_high_side(text: str, least: int, most: int) -> None:
    assert least <= tokens_of(text) <= most


def test_tokens_of_nothing_are_none_and_more_text_is_never_fewer() -> None:
    assert tokens_of("") == 0
    assert tokens_of("a") >= 1
    assert tokens_of("x" * 200_000) > tokens_of("x" * 100_000) > 25_000
