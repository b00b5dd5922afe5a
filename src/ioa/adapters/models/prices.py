"""What a call costs: the published prices of the services (genai-prices, without the network), and the owner's own.

Source: https://github.com/pydantic/genai-prices; the data come with the package.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from ioa.adapters.models.naming import ModelName, Service

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

_PER = 1_000_000
_PROVIDERS: Mapping[Service, tuple[str, ...]] = {
    "openai": ("openai",),
    "openai-chat": ("openai",),
    "azure": ("azure", "openai"),
    "azure-responses": ("azure", "openai"),
    "anthropic": ("anthropic",),
    "google": ("google",),
    "ollama": (),
    "compatible": (),
}

OwnPrices: TypeAlias = Mapping[str, tuple[float, float]]


def _nothing() -> OwnPrices:
    return {}


@dataclass(frozen=True, slots=True)
class TokenCount:
    """What a call read and wrote. The cached tokens, read and written, are part of `input_tokens`."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in US dollars. `own` holds the owner's: dollars for a million tokens read and written, by model string or
    by name."""

    own: OwnPrices = field(default_factory=_nothing)

    @classmethod
    def given(cls, env: Mapping[str, str] | None = None) -> Prices:
        """With the owner's prices in `IOA_PRICES`: `MODEL=READ/WRITTEN`, dollars per million tokens, separated by
        commas. Raises `ValueError` for what cannot be read."""
        env = os.environ if env is None else env
        own: dict[str, tuple[float, float]] = {}
        for model, value in per_model(env.get("IOA_PRICES", ""), "IOA_PRICES", "MODEL=READ/WRITTEN"):
            own[model] = _pair(value)
        return cls(own)

    def cost_usd(self, name: ModelName, count: TokenCount, answered_by: str = "") -> float | None:
        """What a call costs; None if nobody knows the price. `answered_by` is the model that the service says it used:
        it decides where the model string only names a deployment. The owner's prices come first; models on this
        machine or network are free."""
        own = self.own.get(name.text) or self.own.get(name.name)
        if own is not None:
            return (count.input_tokens * own[0] + count.output_tokens * own[1]) / _PER
        if name.local:
            return 0.0
        for model, provider in _known(name, answered_by):
            now = datetime.now(UTC)
            if not any(vars(model.get_prices(now)).values()):
                continue  # it stands in the data without a price, which is not the same as free
            return float(model.calc_price(count, provider, genai_request_timestamp=now).total_price)
        return None


def provider_models(name: ModelName) -> Iterator[ModelInfo]:
    """What genai-prices knows about a model, best match first; nothing where it is not installed."""
    for model, _ in _known(name, ""):
        yield model


def per_model(text: str, variable: str, form: str) -> Iterator[tuple[str, str]]:
    """The pairs of a setting like `MODEL=VALUE, MODEL=VALUE`; a model string may hold `=` no more than a comma."""
    for entry in text.split(","):
        if not entry.strip():
            continue
        model, equals, value = entry.strip().rpartition("=")
        if not equals or not model.strip() or not value.strip():
            raise ValueError(f"{variable}: {entry.strip()!r} is not of the form {form}")
        yield model.strip(), value.strip()


def _pair(value: str) -> tuple[float, float]:
    read, slash, written = value.partition("/")
    try:
        pair = (float(read), float(written if slash else read))
    except ValueError:
        pair = (-1.0, -1.0)
    if not all(0 <= price < _PER for price in pair):
        raise ValueError(f"IOA_PRICES: {value!r} is not two prices in dollars per million tokens, such as 0.25/2")
    return pair


def _known(name: ModelName, answered_by: str) -> Iterator[tuple[ModelInfo, Provider]]:
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return
    snapshot = get_snapshot()
    places: list[tuple[str | None, str | None]] = [(provider, None) for provider in _PROVIDERS[name.service]]
    if not places and name.base_url is not None:
        places = [(None, name.base_url)]
    for reference in dict.fromkeys(ref for ref in (answered_by, name.name) if ref):
        for provider_id, url in places:
            try:
                provider, model = snapshot.find_provider_model(reference, None, provider_id, url)
            except LookupError:
                continue
            yield model, provider
