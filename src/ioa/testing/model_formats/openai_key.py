"""Where OpenAI and Azure OpenAI look for the key."""

from __future__ import annotations

from ioa.testing.model_formats.conversation import Service
from ioa.testing.model_formats.format import Asked


def openai_key(asked: Asked, service: Service) -> str | None:
    """`Authorization: Bearer KEY`; Azure takes `api-key: KEY` too."""
    if service == "azure" and (key := asked.headers.get("api-key")):
        return key
    scheme, _, token = asked.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
