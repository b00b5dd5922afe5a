"""What services say of themselves: their models, and that they are an Ollama."""

from __future__ import annotations

from collections.abc import Sequence

from ioa.testing.model_formats.conversation import JsonObject

OLLAMA_VERSION = "0.12.6"
_CREATED = "2025-01-01T00:00:00Z"
_CREATED_S = 1_735_689_600


def openai_models(models: Sequence[str]) -> JsonObject:
    """`GET /v1/models` as OpenAI answers it."""
    return {"object": "list", "data": [openai_model(model) for model in models]}


def openai_model(model: str) -> JsonObject:
    """`GET /v1/models/{model}` as OpenAI answers it."""
    return {"id": model, "object": "model", "created": _CREATED_S, "owned_by": "scripted"}


def anthropic_models(models: Sequence[str]) -> JsonObject:
    """`GET /v1/models` as Anthropic answers it."""
    data = [anthropic_model(model) for model in models]
    first, last = (models[0], models[-1]) if models else (None, None)
    return {"data": data, "has_more": False, "first_id": first, "last_id": last}


def anthropic_model(model: str) -> JsonObject:
    """`GET /v1/models/{model}` as Anthropic answers it."""
    return {"type": "model", "id": model, "display_name": model, "created_at": _CREATED}


def gemini_models(models: Sequence[str]) -> JsonObject:
    """`GET /v1beta/models` as Google answers it."""
    return {"models": [gemini_model(model) for model in models]}


def gemini_model(model: str) -> JsonObject:
    """`GET /v1beta/models/{model}` as Google answers it."""
    methods = ["generateContent", "countTokens"]
    limits = {"inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536}
    return {"name": f"models/{model}", "displayName": model, "supportedGenerationMethods": methods, **limits}


def ollama_tags(models: Sequence[str]) -> JsonObject:
    """`GET /api/tags`: the models a local Ollama has."""
    details = {"format": "gguf", "family": "llama", "parameter_size": "8.0B", "quantization_level": "Q4_K_M"}
    return {
        "models": [
            {
                "name": model if ":" in model else f"{model}:latest",
                "model": model if ":" in model else f"{model}:latest",
                "modified_at": _CREATED,
                "size": 4_661_224_676,
                "digest": "0" * 64,
                "details": details,
            }
            for model in models
        ]
    }
