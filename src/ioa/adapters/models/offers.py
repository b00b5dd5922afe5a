"""Which models could be used right now: keys in the environment, a local Ollama.

Source: issue 3 (`ioa run` finds a key in the environment or a local Ollama and offers it in one line).
"""

from __future__ import annotations

import http.client
import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from ioa.adapters.models.naming import ollama_url

PROBE_S = 0.3
_MAX_TAGS_BYTES = 1_000_000

SUGGESTED: Mapping[str, str] = {
    "ANTHROPIC_API_KEY": "anthropic:claude-haiku-5-5",
    "OPENAI_API_KEY": "openai:gpt-6-luna",
    "GOOGLE_API_KEY": "google:gemini-3.8-flash",
    "GEMINI_API_KEY": "google:gemini-3.8-flash",
}
"""A model for each key: new, small and with a known price; the owner chooses another by `--model`."""

Probe: TypeAlias = Callable[[str], list[str] | None]
"""The names of the models of the Ollama at a URL, or None if none answers."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A model string that would work, and why: `because` names the variable or the address, never a key."""

    model: str
    because: str


def found_in(env: Mapping[str, str], probe: Probe | None = None) -> list[Offer]:
    """What the environment and a local Ollama offer, keys first. `probe` asks Ollama (default: `ollama_models`)."""
    offers = [
        Offer(model, f"{variable} is set")
        for variable, model in SUGGESTED.items()
        if env.get(variable) and not (variable == "GEMINI_API_KEY" and env.get("GOOGLE_API_KEY"))
    ]
    if env.get("OPENAI_BASE_URL"):
        # Which models another server has, nobody knows: its owner says.
        offers = [offer for offer in offers if not offer.model.startswith("openai:")]
    if env.get("AZURE_OPENAI_API_KEY") and env.get("AZURE_OPENAI_ENDPOINT"):
        offers.append(Offer("azure:DEPLOYMENT", "AZURE_OPENAI_API_KEY is set; put the name of your deployment there"))
    url = ollama_url(env)
    names = (probe or ollama_models)(url)
    if names:
        offers.append(Offer(f"ollama:{_best(names)}", f"Ollama answers at {url}"))
    return offers


def ollama_models(url: str, *, timeout_s: float = PROBE_S) -> list[str] | None:
    """The models of the Ollama at this URL; None if it is not on this machine or does not answer in time."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not _is_loopback(host):
        return None
    connection = http.client.HTTPConnection(host, parts.port or 80, timeout=timeout_s)
    try:
        connection.request("GET", f"{parts.path}/api/tags")
        answer = connection.getresponse()
        body = answer.read(_MAX_TAGS_BYTES)
        if answer.status != 200:
            return None
        tags: object = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return _names(tags)


def _names(tags: object) -> list[str]:
    models: object = tags.get("models") if isinstance(tags, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON of another program
    if not isinstance(models, list):
        return []
    names: list[str] = []
    for model in models:  # pyright: ignore[reportUnknownVariableType] - JSON of another program
        name: object = model.get("name") if isinstance(model, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - as above
        if isinstance(name, str):
            names.append(name)
    return names


def _best(names: list[str]) -> str:
    """The first that talks: models that only embed are of no use here."""
    return next((name for name in names if "embed" not in name and "bge" not in name), names[0])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
