"""What went wrong with a call, whether it can succeed on retry, and when.

Only what can pass by itself is tried again: too many requests, a provider's own fault, a dropped or cut connection, a
timeout. A wrong key, an unknown model, a prompt that is too long or an account without money fail at once.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeVar, cast

from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.naming import ModelName
from ioa.ports.clock import Clock

T = TypeVar("T")

_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_V1 = ("openai", "openai-chat", "ollama", "compatible")
_SAID_CHARS = 300
_KEY_CHARS = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is tried again: `attempts` in all and within `total_s` seconds of the first; waits begin at
    `first_s`, double, and end at `most_s`, each shortened by chance. A service that asks for a longer wait than
    `retry_after_s` is not waited for. A model that could not be reached at all is left alone for `down_s` seconds: each
    decision would wait anew."""

    attempts: int = 5
    total_s: float = 240.0
    first_s: float = 0.5
    most_s: float = 30.0
    retry_after_s: float = 60.0
    down_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed attempt. `again`: it can succeed on retry; `after_s`: the service's own word on when. `counted`: the
    service may have read the prompt and charge for it, though it gave no answer."""

    kind: str
    text: str
    again: bool = False
    after_s: float | None = None
    counted: bool = False


class CallTimedOut(Exception):
    """A call that took longer than its limit in all."""


def fault_of(error: Exception, name: ModelName, timeout_s: float) -> Fault | None:
    """What an exception of a model call means; None if it is no fault of a call but of a program."""
    from pydantic_ai import exceptions as said

    if isinstance(error, CallTimedOut | said.ModelTimeoutError | said.ModelRequestTimeout):
        return Fault(
            "timeout",
            f"{name.text} did not answer within {timeout_s:g} s. A smaller model or prompt answers sooner; the limit "
            "can be raised",
            again=True,
            counted=True,
        )
    if isinstance(error, said.ModelAPIError):
        return _of_service(error, name)
    if isinstance(error, said.ContentFilterError):
        return Fault("refused", f"{name.text} filtered its answer: its content rules stand against it", counted=True)
    if isinstance(error, said.UnexpectedModelBehavior):
        text = f"{name.text} sent an answer that cannot be read: {_clipped(error.message, name)}"
        return Fault("server", text, again=True, counted=True)
    if isinstance(error, said.UserError):
        return Fault("refused", f"{name.text} cannot be asked this way: {_clipped(error.message, name)}")
    return _of_library(error, name)


async def retried(
    call: Callable[[], Awaitable[T]],
    name: ModelName,
    *,
    clock: Clock,
    random: Random,
    patience: Patience,
    timeout_s: float,
) -> T:
    """The result of the call, tried again while that can help. Raises `MindFailed`; what is no fault of the call passes
    through."""
    began = clock.monotonic_s()
    attempt = 0
    while True:
        attempt += 1
        try:
            return await call()
        except Exception as error:  # a provider's library raises what it likes; what is no fault is raised on
            fault = fault_of(error, name, timeout_s)
            if fault is None:
                raise
            wait = wait_s(fault, attempt, clock.monotonic_s() - began, patience, random)
            if wait is None:
                tries = f" (tried {attempt} times)" if attempt > 1 else ""
                raise MindFailed(fault.text + tries, fault.kind) from error
        await clock.sleep(wait)


def wait_s(fault: Fault, attempt: int, passed_s: float, patience: Patience, random: Random) -> float | None:
    """Seconds until the next attempt, or None if there is none. `attempt` counts from 1."""
    if not fault.again or attempt >= patience.attempts:
        return None
    if fault.after_s is not None and fault.after_s > patience.retry_after_s:
        return None
    wait = min(patience.most_s, patience.first_s * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)
    if fault.after_s is not None:
        # Never before the time that was asked for, and not all of us at once.
        wait = fault.after_s + random.uniform(0.0, min(1.0, 0.1 * fault.after_s + 0.05))
    return wait if passed_s + wait < patience.total_s else None


def _of_service(error: Exception, name: ModelName) -> Fault:
    from pydantic_ai import exceptions as said

    assert isinstance(error, said.ModelAPIError)
    status = error.status_code if isinstance(error, said.ModelHTTPError) else None
    words = _words(error.body, name) or ("" if status is not None else _clipped(error.message, name))
    told = f": {words}" if words else ""
    match error:
        case said.ModelContextWindowExceededError():
            return Fault(
                "window", f"the prompt is too long for {name.text}{told}. IOA_WINDOW sets its window in tokens"
            )
        case said.ModelAuthenticationError():
            # What the service says may show parts of the key.
            return Fault("key", f"{name.text}: the key is refused (status {status}). {_key_remedy(name)}")
        case said.ModelQuotaExceededError():
            return Fault(
                "quota", f"{name.text}: nothing is left to spend on this account{told}. Its owner can add to it"
            )
        case said.ModelNotFoundError():
            at = f" at {name.base_url}" if name.base_url else ""
            return Fault(
                "model",
                f"{name.text}: there is no model {name.name!r}{at} (status {status}){told}. Check the name"
                + (" and the URL, which mostly ends in /v1" if name.base_url and name.service in _V1 else ""),
            )
        case said.ModelRateLimitError():
            asked = f"; it asks to wait {error.retry_after:g} s" if error.retry_after is not None else ""
            text = f"{name.text}: too many requests{asked}{told}"
            return Fault("limit", text, again=True, after_s=error.retry_after)
        case said.ModelConnectionError():
            return _of_connection(error.phase, error.message, name)
        case said.ModelUnavailableError() | said.ModelServerError():
            again = status is None or status in _TRANSIENT
            shown = f" (status {status})" if status is not None else ""
            text = f"{name.text}: the service has a fault of its own{shown}{told}"
            return Fault("server", text, again=again, after_s=error.retry_after, counted=error.in_stream)
        case _:
            pass
    if status is None:
        text = f"{name.text} sent an answer that cannot be read{told}"
        return Fault("server", text, again=True, counted=True)
    if status in _TRANSIENT:
        text = f"{name.text}: the service could not take the request (status {status}){told}"
        return Fault("limit" if status == 429 else "server", text, again=True, after_s=error.retry_after)
    return Fault("refused", f"{name.text} rejects the request (status {status}){told}")


def _of_connection(phase: str | None, words: str, name: ModelName) -> Fault:
    where = name.base_url or "its service"
    if phase in ("connect", "pool"):
        remedy = (
            "Is Ollama running? Start it with: ollama serve"
            if name.service == "ollama"
            else "Check the URL and network"
        )
        return Fault("unreachable", f"{name.text}: nothing answers at {where}. {remedy}", again=True)
    text = f"{name.text}: the connection to {where} broke before the answer was whole ({_clipped(words, name)})"
    return Fault("unreachable", text, again=True, counted=phase != "write")


def _of_library(error: Exception, name: ModelName) -> Fault | None:
    """Faults that a service's own library lets through unchanged."""
    import httpx2

    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return _of_connection("connect", str(error), name)
    if isinstance(error, httpx2.TimeoutException):
        return Fault("timeout", f"{name.text} did not answer in time", again=True, counted=True)
    if isinstance(error, httpx2.HTTPError | httpx2.StreamError | ConnectionError):
        return _of_connection("read", str(error) or type(error).__name__, name)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return Fault("server", f"{name.text} sent an answer that is not JSON", again=True, counted=True)
    return None


def _key_remedy(name: ModelName) -> str:
    if name.service == "google":
        return "Check GOOGLE_API_KEY or GEMINI_API_KEY, and that it may use this model"
    if not name.key:
        return f"The server wants one: set {name.key_variable}"
    return f"Check {name.key_variable}, and that it may use this model"


def _words(body: object, name: ModelName) -> str:
    """What the service says in its error: `error.message`, `message`, or the text itself unless it is a page."""
    if isinstance(body, Mapping):
        fields = cast("Mapping[str, object]", body)
        inner = fields.get("error")
        if isinstance(inner, Mapping):
            fields = cast("Mapping[str, object]", inner)
        elif isinstance(inner, str):
            return _clipped(inner, name)
        message = fields.get("message")
        return _clipped(message, name) if isinstance(message, str) else ""
    if isinstance(body, str) and not body.lstrip().startswith("<"):
        return _clipped(body, name)
    return ""


def _clipped(words: str, name: ModelName) -> str:
    text = " ".join(words.split()).rstrip(".")
    if len(name.key) >= _KEY_CHARS:
        text = text.replace(name.key, "…")
    return text if len(text) <= _SAID_CHARS else text[:_SAID_CHARS] + "…"
