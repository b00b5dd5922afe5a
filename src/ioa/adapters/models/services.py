"""A model string as a model of pydantic-ai. The only place that knows the services' own libraries.

Their retries are off: each attempt has to pass the account (`metered.py`), and `faults.py` decides on the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.naming import ModelName, is_private
from ioa.adapters.models.setting import ModelSetting

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from openai import AsyncOpenAI
    from pydantic_ai.models import Model
    from pydantic_ai.settings import ModelSettings

EXTRA = 'models need the extra "models": pip install "internet-of-agents[models]"'
_CONNECT_S = 5.0
_NO_KEY = "no-key-is-needed"


def built(name: ModelName, setting: ModelSetting, http: AsyncClient) -> Model:
    """The model, with the limits of the setting and `http` as its client, which stays the caller's to close.

    Raises `MindFailed` (`extra`) if the libraries are not installed.
    """
    try:
        return _built(name, setting, http)
    except ImportError as error:
        raise MindFailed(f"{name.text}: {EXTRA} ({error})", "extra") from error


def http_client(timeout_s: float, *, private: bool) -> AsyncClient:
    """A client for the services. A `private` one ignores the proxies of the environment, which do not lead to this
    machine or network. Raises `MindFailed` (`extra`)."""
    try:
        import httpx2
        from pydantic_ai._http import create_async_httpx2_client
    except ImportError as error:
        raise MindFailed(f"{EXTRA} ({error})", "extra") from error
    # Its request hook keeps the time to connect short, which the services' libraries would lengthen to the whole.
    return create_async_httpx2_client(
        timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)),
        transport=httpx2.AsyncHTTPTransport() if private else None,
    )


def wants_private(name: ModelName) -> bool:
    """Whether the model's address is in this network."""
    return name.base_url is not None and is_private(name.base_url)


def _settings(setting: ModelSetting) -> ModelSettings:
    from pydantic_ai.settings import ModelSettings

    settings = ModelSettings(max_tokens=setting.max_output_tokens)
    if setting.temperature is not None:
        settings["temperature"] = setting.temperature
    return settings


def _built(name: ModelName, setting: ModelSetting, http: AsyncClient) -> Model:
    settings = _settings(setting)
    match name.service:
        case "anthropic":
            from anthropic import AsyncAnthropic
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            client = AsyncAnthropic(
                api_key=name.key or _NO_KEY,
                base_url=name.base_url,
                http_client=http,
                max_retries=0,
                timeout=setting.timeout_s,
            )
            _ = client.messages, client.beta.messages  # loads their types here, not within the first call
            return AnthropicModel(name.name, provider=AnthropicProvider(anthropic_client=client), settings=settings)
        case "google":
            from google.genai.types import HttpRetryOptions
            from pydantic_ai.models.google import GoogleModel
            from pydantic_ai.providers.google import GoogleProvider

            provider = GoogleProvider(
                api_key=name.key or _NO_KEY,
                base_url=name.base_url,
                http_client=http,
                retry_options=HttpRetryOptions(attempts=1),
            )
            return GoogleModel(name.name, provider=provider, settings=settings)
        case "azure" | "azure-responses":
            from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
            from pydantic_ai.providers.azure import AzureProvider

            azure = AzureProvider(
                azure_endpoint=name.base_url or "https://unknown.openai.azure.com/openai/v1",
                api_version=name.api_version or None,
                api_key=name.key or _NO_KEY,
                http_client=http,
            )
            azure.client.max_retries = 0
            azure.client.timeout = setting.timeout_s
            kind = OpenAIChatModel if name.service == "azure" else OpenAIResponsesModel
            return kind(name.name, provider=azure, settings=settings)
        case "ollama":
            from pydantic_ai.models.ollama import OllamaModel
            from pydantic_ai.providers.ollama import OllamaProvider

            client = _openai(name, setting, http)
            return OllamaModel(name.name, provider=OllamaProvider(openai_client=client), settings=settings)
        case "compatible":
            from pydantic_ai.models.openai import OpenAIChatModel
            from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

            client = _openai(name, setting, http)
            served = OpenAICompatibleProvider("openai-compatible", openai_client=client)
            return OpenAIChatModel(name.name, provider=served, settings=settings)
        case "openai" | "openai-chat":
            from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
            from pydantic_ai.providers.openai import OpenAIProvider

            kind = OpenAIResponsesModel if name.service == "openai" else OpenAIChatModel
            provider = OpenAIProvider(openai_client=_openai(name, setting, http))
            return kind(name.name, provider=provider, settings=settings)


def _openai(name: ModelName, setting: ModelSetting, http: AsyncClient) -> AsyncOpenAI:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(
        api_key=name.key or _NO_KEY,
        base_url=name.base_url or "https://api.openai.com/v1",
        http_client=http,
        max_retries=0,
        timeout=setting.timeout_s,
    )
    _ = client.chat.completions, client.responses  # loads their types here, not within the first call
    return client
