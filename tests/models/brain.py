"""A model's part played by a function: which decision is asked for, of whom, and what to answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ioa.client.prompts import names, prompt
from ioa.testing.model_server import ModelRequest, Reply, structured

Think = Callable[["Asked"], Mapping[str, Any] | Reply | str]


class Asked:
    """One request, as the decision that it is. `me` is whose client asks, as far as the prompt says it."""

    def __init__(self, request: ModelRequest) -> None:
        self.request = request
        self.decision = decision_of(request)
        self.text = "\n".join(message.text for message in request.messages if message.role == "user")
        self.me = _me(self.text)

    @property
    def repaired(self) -> bool:
        """Is this the question again, with a reason why the first answer cannot be used?"""
        return sum(message.role == "user" for message in self.request.messages) > 1

    def has(self, *words: str) -> bool:
        return all(word in self.text for word in words)


def decision_of(request: ModelRequest) -> str:
    """The name of the prompt whose instructions the request begins with."""
    return next(name for name in names() if request.system.startswith(prompt(name).instructions))


def played(think: Think) -> Callable[[ModelRequest], Reply | str]:
    """A script of the model server: mappings are the typed answer of the decision."""

    def script(request: ModelRequest) -> Reply | str:
        answer = think(Asked(request))
        return structured(request, dict(answer)) if isinstance(answer, Mapping) else answer

    return script


def _me(text: str) -> str:
    found = re.search(r"^You are (.+)\.$", text, re.MULTILINE) or re.search(
        r"^(?:Your agent|The agent):\n- ([^:(]+?)(?: \(.*?\))?: <data", text, re.MULTILINE
    )
    return found[1] if found else ""
