"""The real clients of the services, pointed at a scripted server. None of them asks again by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
from anthropic import AsyncAnthropic
from openai import AsyncAzureOpenAI, AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.azure import AzureProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

from ioa.testing.model_server import ModelServer

KEY = "sk-a-key-for-tests"
KINDS = ("openai-chat", "openai-responses", "anthropic", "gemini", "azure", "azure-v1")


@asynccontextmanager
async def model_of(kind: str, server: ModelServer, key: str = KEY) -> AsyncIterator[Model]:
    """A pydantic-ai model of this kind; its connections end with the block."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=60, verify=False))  # no certificates to read
        if kind in ("openai-chat", "openai-responses"):
            client = AsyncOpenAI(base_url=server.openai_url, api_key=key, max_retries=0, http_client=http)
            provider = OpenAIProvider(openai_client=client)
            chat = OpenAIChatModel if kind == "openai-chat" else OpenAIResponsesModel
            yield chat("gpt-4o", provider=provider)
        elif kind == "anthropic":
            client = AsyncAnthropic(base_url=server.url, api_key=key, max_retries=0, http_client=http)
            provider = AnthropicProvider(anthropic_client=client)
            yield AnthropicModel("claude-haiku-4-5", provider=provider, settings={"max_tokens": 4_000})
        elif kind == "gemini":
            yield GoogleModel(
                "gemini-2.5-flash", provider=GoogleProvider(api_key=key, base_url=server.url, http_client=http)
            )
        elif kind == "azure":
            client = AsyncAzureOpenAI(
                azure_endpoint=server.url, api_version="2024-10-21", api_key=key, max_retries=0, http_client=http
            )
            provider = AzureProvider(openai_client=client)
            yield OpenAIChatModel("gpt-4o", provider=provider)
        else:
            provider = AzureProvider(azure_endpoint=f"{server.url}/openai/v1", api_key=key, http_client=http)
            yield OpenAIChatModel("gpt-4o", provider=provider, settings={"max_retries": 0})
