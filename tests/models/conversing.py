"""What the tests of models share: the variables that lead every service to a scripted server, and one typed answer."""

from __future__ import annotations

from typing import Literal

import msgspec

from ioa.adapters.models.faults import Patience
from ioa.adapters.models.mind import Mind
from ioa.adapters.models.setting import ModelSetting
from ioa.adapters.models.tape import Tape
from ioa.ports.spending import ModelCall, Unlimited
from ioa.protocol.messages import Usage
from ioa.testing.model_server import ModelServer

KEY = "sk-secret-0123456789abcdef"
QUICK = Patience(first_s=0.001, most_s=0.01, down_s=0.0)
TURN = {"content": "Let us wait for the search.", "next_state": "pause", "next_speaker": "bob"}
SERVICES = (
    "openai:gpt-6-luna",
    "openai-chat:gpt-6-luna",
    "azure:my-deployment",
    "anthropic:claude-haiku-5-5",
    "anthropic:claude-3-haiku",
    "google:gemini-3.8-flash",
    "ollama:llama3.2",
    "local-model@URL",
)
"""One of each way to reach a model; `anthropic:claude-3-haiku` has no structured output and answers by a tool."""


class Turn(msgspec.Struct, frozen=True):
    content: str
    next_state: Literal["discussion", "pause"]
    next_speaker: str = ""


def env_of(server: ModelServer, key: str = KEY) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": server.openai_url,
        "OPENAI_API_KEY": key,
        "OPENAI_COMPATIBLE_API_KEY": key,
        "AZURE_OPENAI_ENDPOINT": server.url,
        "AZURE_OPENAI_API_KEY": key,
        "OPENAI_API_VERSION": "2024-10-21",
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": key,
        "GOOGLE_GEMINI_BASE_URL": server.url,
        "GEMINI_API_KEY": key,
        "OLLAMA_HOST": server.url,
    }


def mind_of(
    server: ModelServer, service: str = SERVICES[1], *, timeout_s: float = 30.0, tape: Tape | None = None
) -> Mind:
    text = service.replace("URL", server.openai_url)
    return Mind(ModelSetting(text, timeout_s=timeout_s), env=env_of(server), patience=QUICK, tape=tape)


def told(spending: Unlimited) -> list[Usage]:
    """What the account was told; every call that was asked for has to be told."""
    usages = [usage for _, usage, _ in spending.calls]
    assert None not in usages
    return [usage for usage in usages if usage is not None]


def asked(spending: Unlimited) -> list[ModelCall]:
    return [call for call, _, _ in spending.calls]


def notes(spending: Unlimited) -> list[str]:
    return [error for _, _, error in spending.calls]
