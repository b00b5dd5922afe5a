"""MCP servers as users write them down: `{"name": {"command", "args", "env"} | {"url", "headers"}}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ioa.adapters.agents.react.tool import ToolFailed

_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}")
_STREAMABLE = ("http", "streamable-http", "streamable_http", "streamableHttp", "sse")
_KNOWN = {
    "command", "args", "env", "cwd", "url", "headers", "type", "transport", "tools", "timeout", "disabled",
    "description",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServerSetting:
    """One server. Either `command` is set (a program spoken to over its input and output) or `url`.

    `tools` are the names to take of it, all when empty; `timeout_s` bounds one call. `env` is all that the program
    gets beside PATH and HOME.
    """

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    cwd: Path | None = None
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    sse: bool = False
    tools: tuple[str, ...] = ()
    timeout_s: float | None = None


def servers_of(given: object, environment: Mapping[str, str]) -> list[ServerSetting]:
    """The servers of a setting; `{"mcpServers": {…}}` is understood too, disabled ones are left out. `${NAME}` and
    `${NAME:-default}` in texts are taken from `environment`. Raises `ToolFailed` that names the entry and remedy."""
    entries = _record(given, "The MCP servers")
    for wrapper in ("mcpServers", "servers"):
        if set(entries) == {wrapper}:
            entries = _record(entries[wrapper], wrapper)
    found: list[ServerSetting] = []
    for name, raw in entries.items():
        entry = _record(raw, f"The MCP server {name!r}")
        if entry.get("disabled") is not True:
            found.append(_server(name, entry, environment))
    return found


def _server(name: str, entry: Mapping[str, object], environment: Mapping[str, str]) -> ServerSetting:
    where = f"The MCP server {name!r}"
    if not _NAME.fullmatch(name):
        raise ToolFailed(f"{where} needs a name of at most 40 letters, digits, dashes and dots.")
    unknown = sorted(set(entry) - _KNOWN)
    if unknown:
        raise ToolFailed(f"{where} has the unknown key {unknown[0]!r}; known are: {', '.join(sorted(_KNOWN))}.")
    if ("command" in entry) == ("url" in entry):
        raise ToolFailed(f"{where} needs either a command (and args) or a url.")

    def text(key: str) -> str:
        value = entry.get(key, "")
        if not isinstance(value, str):
            raise ToolFailed(f"{where}: {key} must be text, not {value!r}.")
        return _filled(value, environment, f"{where}: {key}")

    def texts(key: str) -> dict[str, str]:
        record = _record(entry.get(key) or {}, f"{where}: {key}")
        return {one: _filled(str(value), environment, f"{where}: {key} {one}") for one, value in record.items()}

    kind = text("type") or text("transport")
    if "url" in entry:
        url = text("url")
        if not url.startswith(("http://", "https://")):
            raise ToolFailed(f"{where}: url must begin with http:// or https://, not {url!r}.")
        if kind and kind not in _STREAMABLE:
            raise ToolFailed(f"{where}: type {kind!r} does not go with a url; use http or sse.")
    elif kind not in ("", "stdio"):
        raise ToolFailed(f"{where}: type {kind!r} does not go with a command; leave it out.")
    timeout = entry.get("timeout")
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or timeout <= 0):
        raise ToolFailed(f"{where}: timeout must be a number of seconds, not {timeout!r}.")
    cwd = text("cwd")
    return ServerSetting(
        name=name,
        command=text("command"),
        args=tuple(_filled(one, environment, f"{where}: args") for one in _texts(entry, "args", where)),
        env=texts("env"),
        cwd=Path(cwd).expanduser() if cwd else None,
        url=text("url"),
        headers=texts("headers"),
        sse=kind == "sse",
        tools=tuple(_texts(entry, "tools", where)),
        timeout_s=float(timeout) if timeout is not None else None,
    )


def _filled(text: str, environment: Mapping[str, str], where: str) -> str:
    def value(found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        if name not in environment and default is None:
            raise ToolFailed(f"{where} refers to the environment variable {name}, which is not set.")
        return environment.get(name, default or "")

    return _VARIABLE.sub(value, text)


def _record(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ToolFailed(f"{where} must be a mapping of names to settings, not {type(value).__name__}.")
    return {str(key): one for key, one in cast("Mapping[object, object]", value).items()}


def _texts(entry: Mapping[str, object], key: str, where: str) -> list[str]:
    value: object = entry.get(key) or ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ToolFailed(f"{where}: {key} must be a list, not {value!r}.")
    return [str(one) for one in cast("Sequence[object]", value)]
