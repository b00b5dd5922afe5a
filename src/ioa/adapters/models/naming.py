"""Model strings: which service, which model, at which address and with which key. Imports no model library.

    openai:NAME              OpenAI, responses API            OPENAI_API_KEY, OPENAI_BASE_URL
    openai-chat:NAME         OpenAI, chat completions         the same
    azure:DEPLOYMENT         Azure OpenAI, chat completions   AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY and,
                             for dated APIs                   OPENAI_API_VERSION
    azure-responses:NAME     Azure OpenAI, responses API      the same
    anthropic:NAME           Anthropic                        ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL
    google:NAME              Google Gemini                    GOOGLE_API_KEY or GEMINI_API_KEY, GOOGLE_GEMINI_BASE_URL
    ollama:NAME              Ollama                           OLLAMA_HOST (default localhost:11434), OLLAMA_API_KEY
    NAME@http://host/v1      any OpenAI-compatible URL        OPENAI_COMPATIBLE_API_KEY, if it wants one
    openai-compatible:NAME   the same at OPENAI_BASE_URL      OPENAI_API_KEY, if it wants one

Source: the prefixes are those of pydantic-ai 2, the variables those of the services' own libraries.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from ioa.adapters.models.failure import MindFailed

Service: TypeAlias = Literal[
    "openai", "openai-chat", "azure", "azure-responses", "anthropic", "google", "ollama", "compatible"
]

PREFIXES: Mapping[str, Service] = {
    "openai": "openai",
    "openai-responses": "openai",
    "openai-chat": "openai-chat",
    "openai-compatible": "compatible",
    "azure": "azure",
    "azure-responses": "azure-responses",
    "anthropic": "anthropic",
    "google": "google",
    "google-gla": "google",
    "gemini": "google",
    "ollama": "ollama",
}
"""What a model string can begin with, before the colon."""

KEYS: Mapping[Service, str] = {
    "openai": "OPENAI_API_KEY",
    "openai-chat": "OPENAI_API_KEY",
    "azure": "AZURE_OPENAI_API_KEY",
    "azure-responses": "AZURE_OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google": "GOOGLE_API_KEY",
    "ollama": "OLLAMA_API_KEY",
    "compatible": "OPENAI_COMPATIBLE_API_KEY",
}
"""The variable that holds the key of a service."""

_FORMS = "openai:NAME, anthropic:NAME, google:NAME, azure:DEPLOYMENT, ollama:NAME or NAME@http://HOST:PORT/v1"
_FAMILIES = (
    (("gpt", "chatgpt", "o1", "o3", "o4"), "openai"),
    (("claude",), "anthropic"),
    (("gemini",), "google"),
    (("llama", "qwen", "mistral", "phi", "gemma", "deepseek"), "ollama"),
)
_OLLAMA = "http://localhost:11434"
_OLLAMA_PORT = 11434


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model string that was understood. `text` is the string as given, and safe to show; `base_url` None is the
    service's own; `key` is empty where none is needed, and never shown."""

    text: str
    service: Service
    name: str
    base_url: str | None = None
    key: str = field(default="", repr=False)
    api_version: str = ""

    @property
    def local(self) -> bool:
        """Whether the model runs on this machine or in this network, which costs nothing."""
        return self.service in ("ollama", "compatible") and self.base_url is not None and is_private(self.base_url)

    @property
    def key_variable(self) -> str:
        """The environment variable that a wrong key comes from."""
        return KEYS[self.service]


def model_named(text: str, env: Mapping[str, str] | None = None, *, keyless: bool = False) -> ModelName:
    """What a model string means with these environment variables (default: the process's own).

    `keyless` is for replays, which call nobody: what is missing from the environment is then left empty.
    Raises `MindFailed` with kind `name` (not understood) or `key` (a variable is missing), which is named.
    """
    env = os.environ if env is None else env
    text = text.strip()
    prefix, colon, rest = text.partition(":")
    name, url = _at_url(text)
    if url is not None:
        if name.startswith("openai-compatible:"):
            name = name.removeprefix("openai-compatible:")
        return _compatible(text, name, url, env)
    service = PREFIXES.get(prefix.lower()) if colon else None
    if service is None:
        raise MindFailed(_unknown(text), "name")
    if not rest:
        raise MindFailed(f"{text!r}: the name of the model is missing after the colon", "name")
    if service == "compatible":
        base = env.get("OPENAI_BASE_URL", "")
        if not base and not keyless:
            raise MindFailed(
                f"{text}: OPENAI_BASE_URL is not set. Set it to the server's URL, such as http://localhost:8000/v1, or "
                f"write the URL into the model: {rest}@http://localhost:8000/v1",
                "key",
            )
        return ModelName(text, service, rest, base or None, env.get("OPENAI_API_KEY", ""))
    if service == "ollama":
        base = env.get("OLLAMA_BASE_URL") or ollama_url(env) + "/v1"
        return ModelName(text, service, rest, base.rstrip("/"), env.get("OLLAMA_API_KEY", ""))
    return _with_key(ModelName(text, service, rest), env, keyless=keyless)


def ollama_url(env: Mapping[str, str]) -> str:
    """Where Ollama listens: `OLLAMA_HOST` in any of the forms that Ollama takes, as a URL without `/v1`."""
    host = env.get("OLLAMA_HOST", "").strip().rstrip("/")
    if not host:
        return _OLLAMA
    given_scheme = "://" in host
    parts = urlsplit(host if given_scheme else f"http://{host}")
    name = parts.hostname or "localhost"
    if name in ("0.0.0.0", "::"):  # noqa: S104 - where a server listens is not where a client asks
        name = "localhost"
    if ":" in name:
        name = f"[{name}]"
    port = parts.port or ({"https": 443, "http": 80}[parts.scheme] if given_scheme else _OLLAMA_PORT)
    return f"{parts.scheme}://{name}:{port}{parts.path}"


def is_private(url: str) -> bool:
    """Whether a URL leads to this machine or its own network, by its host alone: nothing is looked up."""
    host = (urlsplit(url).hostname or "").lower()
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host and host != ""  # a bare name, as in a network of containers
    return address.is_private or address.is_loopback


def _at_url(text: str) -> tuple[str, str | None]:
    for scheme in ("@http://", "@https://"):
        name, found, rest = text.partition(scheme)
        if found:
            return name, scheme[1:] + rest
    return text, None


def _compatible(text: str, name: str, url: str, env: Mapping[str, str]) -> ModelName:
    parts = _split(url)
    if "@" in parts.netloc:
        shown = f"{name}@{parts.scheme}://{parts.hostname}"
        raise MindFailed(
            f"{shown}: a name or password stands in the URL. Take it out and put the key into "
            "OPENAI_COMPATIBLE_API_KEY: model strings are shown and stored",
            "name",
        )
    if not name:
        raise MindFailed(f"{text!r}: the name of the model is missing before the @", "name")
    if not parts.hostname:
        raise MindFailed(f"{text!r}: the URL has no host. Write it as {name}@http://localhost:8000/v1", "name")
    if parts.query or parts.fragment:
        raise MindFailed(f"{name}@{parts.scheme}://{parts.netloc}: the URL must not have a query or fragment", "name")
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"
    key = env.get("OPENAI_COMPATIBLE_API_KEY", "")
    if not key and env.get("OPENAI_BASE_URL", "").rstrip("/") == base:
        key = env.get("OPENAI_API_KEY", "")  # the owner has paired this key with this very URL
    return ModelName(f"{name}@{base}", "compatible", name, base, key)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise MindFailed(f"the URL of the model is not one: {error}", "name") from error
    return parts


def _with_key(name: ModelName, env: Mapping[str, str], *, keyless: bool) -> ModelName:
    base: str | None
    version = ""
    match name.service:
        case "azure" | "azure-responses":
            base = env.get("AZURE_OPENAI_ENDPOINT", "").rstrip("/") or None
            version = env.get("OPENAI_API_VERSION") or env.get("AZURE_OPENAI_API_VERSION") or ""
            if base is None and not keyless:
                raise _missing(
                    name, "AZURE_OPENAI_ENDPOINT", "the URL of the resource, https://RESOURCE.openai.azure.com"
                )
            if base is not None and not version and not base.endswith("/v1"):
                base += "/openai/v1"  # the API without dated versions
        case "anthropic":
            base = env.get("ANTHROPIC_BASE_URL") or None
        case "google":
            base = env.get("GOOGLE_GEMINI_BASE_URL") or None
        case _:
            base = env.get("OPENAI_BASE_URL") or None
    key = env.get(name.key_variable, "")
    if name.service == "google":
        key = key or env.get("GEMINI_API_KEY", "")
    if not key and not keyless and not (base is not None and is_private(base)):
        other = " (or GEMINI_API_KEY)" if name.service == "google" else ""
        raise _missing(name, name.key_variable, f"your key{other}")
    return ModelName(name.text, name.service, name.name, base, key, version)


def _missing(name: ModelName, variable: str, what: str) -> MindFailed:
    return MindFailed(f"{name.text}: {variable} is not set. Set it to {what}: export {variable}=…", "key")


def _unknown(text: str) -> str:
    prefix, colon, rest = text.partition(":")
    said = f"{text!r} is no model I know how to reach"
    for beginnings, service in _FAMILIES:
        if text.lower().startswith(beginnings):
            return f"{said}. Did you mean {service}:{text}? A model is written as {_FORMS}"
    close = difflib.get_close_matches(prefix.lower(), PREFIXES, n=1, cutoff=0.7) if colon and rest else []
    if close:
        return f"{said}. Did you mean {close[0]}:{rest}? A model is written as {_FORMS}"
    return f"{said}. A model is written as {_FORMS}"
