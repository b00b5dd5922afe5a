"""How much a model can read at once, and how much a text is.

Source: windows are in the data of genai-prices; issue 3 (a transcript is kept to the model's window).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from math import ceil

from ioa.adapters.models.naming import ModelName
from ioa.adapters.models.prices import per_model, provider_models

UNKNOWN_TOKENS = 32_768
OLLAMA_TOKENS = 8_192
"""Ollama cuts to its own setting, not to what the model could read, and does so without a word."""

_MIN_TOKENS = 512
_DIGITS = re.compile(r"\d")
_MARKS = re.compile(r"[^\w\s]", re.ASCII)


def window_tokens(name: ModelName, env: Mapping[str, str] | None = None) -> int:
    """The context window of a model, read and written together.

    `IOA_WINDOW` overrides it: one number for all models, or `MODEL=TOKENS` for some, separated by commas. A model that
    nobody knows is taken to have 32k. Raises `ValueError` for an `IOA_WINDOW` that cannot be read.
    """
    env = os.environ if env is None else env
    given = _given(env.get("IOA_WINDOW", ""), name)
    if given is not None:
        return given
    if name.service == "ollama":
        return OLLAMA_TOKENS
    for model in provider_models(name):
        if model.context_window:
            return model.context_window
    return UNKNOWN_TOKENS


def tokens_of(text: str) -> int:
    """A cautious count of the tokens in a text, without any model's vocabulary and thus for all of them: English counts
    about a third too many, so that what fits by this count fits."""
    if not text:
        return 0
    plain = len(text.encode("ascii", "ignore"))
    foreign = len(text) - plain
    digits = len(_DIGITS.findall(text))
    marks = len(_MARKS.findall(text)) - foreign
    return ceil(plain / 3.4 + digits * 0.3 + max(0, marks) * 0.3 + foreign * 1.1)


def _given(text: str, name: ModelName) -> int | None:
    text = text.strip()
    if not text:
        return None
    if text.replace("_", "").isdigit():
        return _tokens(text)
    for model, value in per_model(text, "IOA_WINDOW", "MODEL=TOKENS"):
        if model in (name.text, name.name):
            return _tokens(value)
    return None


def _tokens(text: str) -> int:
    try:
        tokens = int(text)
    except ValueError:
        tokens = 0
    if tokens < _MIN_TOKENS:
        raise ValueError(f"IOA_WINDOW: {text!r} is not a number of tokens of at least {_MIN_TOKENS}")
    return tokens
