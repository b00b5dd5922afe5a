"""`agent.yaml`: a card, and where the agent behind it is found.

    name: Weather
    description: Tells the weather of a city.
    skills: [weather forecast, temperature in a city]
    function: weather:run        # or  command: [...]  or  url: https://...  or  builtin: librarian

or a language model with tools (see docs/models.md):

    tools: [web_search, web_browser, read_file, code_executor]
    model: openai:gpt-5-mini     # else that of --model or IOA_MODEL
    instructions: You look up weather records.

Functions are looked up beside the file; so are the programs of relative command paths.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

from ioa.adapters.agents.builtin import BUILTIN, MissingLibrary, UnknownBuiltIn, builtin_agent
from ioa.adapters.agents.carded import CardedAgent, CardError, TeamRules, make_card
from ioa.adapters.agents.command import CommandAgent, command_of
from ioa.adapters.agents.function import as_agent
from ioa.adapters.agents.module_attribute import BadTarget, import_attribute, near
from ioa.adapters.agents.react.agent import MakeMind
from ioa.adapters.agents.react.card_part import react_agent
from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.remote import BadAddress, RemoteAgent
from ioa.bounded_yaml import BadYaml, load_yaml
from ioa.ports.agent import Agent, AgentFailed, Assignment, Outcome, ReportProgress
from ioa.protocol.cards import Visibility

SOURCES = ("function", "command", "url", "builtin", "tools")
_TYPES = ("Human Assistant", "Thing Assistant")
_KEYS = ("name", "type", "description", "skills", "idempotent", "discussion_only", "visibility", "team", "timeout_s",
         "observe", "allow_private", "model", "instructions", "options", "max_steps", *SOURCES)  # fmt: skip
_REACT_KEYS = ("model", "instructions", "options", "max_steps")
_TEAM_KEYS = ("nested", "depth")
_FILE_LIMIT_BYTES = 256 * 1024


class CardFileError(CardError):
    """An `agent.yaml` that cannot be used. The text names the file, the field, the value and the remedy."""


def no_models(model: str | None) -> None:
    """Where nothing is said about models: an agent that needs one says so when it gets a task."""


def load_card_file(path: Path, mind: MakeMind = no_models) -> CardedAgent:
    """Read an `agent.yaml` and find its agent: its module is imported, not run. `mind` makes the models of agents that
    think. Raises `CardFileError`."""
    try:
        if path.stat().st_size > _FILE_LIMIT_BYTES:
            raise CardFileError(f"{path}: larger than {_FILE_LIMIT_BYTES:,} bytes; is this an agent.yaml?")
        content = load_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardFileError(f"{path}: cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise CardFileError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    except BadYaml as error:
        raise CardFileError(f"{path}: not YAML: {error}") from error
    try:
        return carded(_mapping("the file", content), path.resolve().parent, mind)
    except CardFileError as error:
        raise CardFileError(f"{path}: {error}") from error.__cause__
    except (CardError, UnknownBuiltIn, MissingLibrary, BadAddress, ToolFailed) as error:
        raise CardFileError(f"{path}: {error}") from error


def carded(given: Mapping[str, object], folder: Path, mind: MakeMind = no_models) -> CardedAgent:
    """An agent from the content of an `agent.yaml` that lies in `folder`. Raises `CardError` and its kin."""
    _known(given, _KEYS, "")
    agent, own = _source(given, folder, mind)
    agent_type = given.get("type", own.card.type if own else "Thing Assistant")
    if agent_type not in _TYPES:
        raise CardFileError(f"type: {agent_type!r} is none of {' | '.join(_TYPES)}.")
    for key in ("name", "description"):
        if key not in given and own is None:
            raise CardFileError(f"{key}: missing; add a line such as {key}: ...")
    skills = given.get("skills", list(own.card.skills) if own else [])
    if not isinstance(skills, list):
        raise CardFileError(f"skills: {skills!r} is {_kind(skills)}, not a list; write skills: [first, second].")
    card = make_card(
        given.get("name", own.card.name if own else None),
        given.get("description", own.card.description if own else None),
        cast("list[object]", skills),
        agent_type=agent_type,
        idempotent=_switch(given, "idempotent", own is not None and own.card.idempotent),
        discussion_only=_switch(given, "discussion_only", False),
        visibility=_visibility(given),
    )
    made = CardedAgent(card, agent, _team(given.get("team")), _seconds(given), _observer(given, folder))
    return replace(made, timeout_s=own.timeout_s) if own and made.timeout_s is None else made


def _visibility(given: Mapping[str, object]) -> Visibility | None:
    found = given.get("visibility")
    if found is None:
        return None
    for known in get_args(Visibility):
        if found == known:
            return known
    raise CardFileError(f"visibility: {found!r} is none of {' | '.join(get_args(Visibility))}.")


class _OnlyDiscusses:
    """Stands where a client has no agent of its own (IoA paper, A.4.3)."""

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        raise AgentFailed("This member only discusses (discussion_only: true); assign the task to another.")


def _source(given: Mapping[str, object], folder: Path, mind: MakeMind) -> tuple[Agent, CardedAgent | None]:
    """The agent, and the card that it brings along when it has one."""
    named = [key for key in SOURCES if key in given]
    if not named and given.get("discussion_only") is True:
        return _OnlyDiscusses(), None
    if len(named) != 1:
        got = " and ".join(named) or "none"
        raise CardFileError(f"exactly one of {', '.join(SOURCES)} is needed, got {got}.")
    (source,) = named
    name = str(given.get("name", source))
    if source not in ("url", "tools") and "allow_private" in given:
        raise CardFileError("allow_private: only belongs beside url or tools; remove it.")
    for key in _REACT_KEYS:
        if source != "tools" and key in given:
            raise CardFileError(f"{key}: only belongs beside tools; remove it.")
    if source == "tools":
        return react_agent(given, name, mind), None
    if source == "builtin":
        short = _text(given, "builtin")
        if short not in BUILTIN:
            raise CardFileError(f"builtin: {short!r} is none of {', '.join(BUILTIN)}.{near(short, tuple(BUILTIN))}")
        own = builtin_agent(short)
        return own.agent, own
    if source == "function":
        found = _imported(given, "function", folder)
        if isinstance(found, CardedAgent):
            return found.agent, found
        try:
            return as_agent(found, name), None
        except TypeError as error:
            raise CardFileError(f"function: {error}") from error
    if source == "url":
        return RemoteAgent(_text(given, "url"), name, allow_private=_switch(given, "allow_private", False)), None
    return CommandAgent(_argv(given["command"], folder), name), None


def _argv(value: object, folder: Path) -> tuple[str, ...]:
    if isinstance(value, str):
        try:
            words = shlex.split(value)
        except ValueError as error:
            raise CardFileError(f"command: {value!r} has unbalanced quotes ({error}); write it as a list.") from error
    elif isinstance(value, list):
        words = cast("list[object]", value)
    else:
        raise CardFileError(f"command: {value!r} is {_kind(value)}; write a text or a list of texts.")
    for word in words:
        if not isinstance(word, str) or "\0" in word:
            raise CardFileError(f"command: {word!r} is {_kind(word)}, not text; put it in quotes.")
    argv = cast("list[str]", words)
    if not argv or not argv[0].strip():
        raise CardFileError(f"command: {value!r} names no program; write for example [python3, agent.py].")
    # The program runs in the task's folder, so what lies beside the yaml is named in full here.
    beside = [str(folder / word) if _lies_in(folder, word) else word for word in argv]
    return command_of(beside)


def _lies_in(folder: Path, word: str) -> bool:
    try:
        return not Path(word).is_absolute() and ("." in word or "/" in word) and (folder / word).is_file()
    except (OSError, ValueError):
        return False


def _team(value: object) -> TeamRules:
    if value is None:
        return TeamRules()
    if isinstance(value, bool):
        return TeamRules(nested=value)
    given = _mapping("team", value)
    _known(given, _TEAM_KEYS, "team.")
    depth = given.get("depth")
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or not 0 <= depth <= 16):
        raise CardFileError(f"team.depth: {depth!r} is not a whole number from 0 to 16.")
    return TeamRules(nested=_switch(given, "nested", True, "team."), depth=depth)


def _seconds(given: Mapping[str, object]) -> float | None:
    value = given.get("timeout_s")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise CardFileError(f"timeout_s: {value!r} is not a number of seconds above 0; write for example 60.")
    return float(value)


def _observer(given: Mapping[str, object], folder: Path) -> Callable[[], str | Awaitable[str]] | None:
    if "observe" not in given:
        return None
    found = _imported(given, "observe", folder)
    if not callable(found):
        raise CardFileError(f"observe: {given['observe']!r} is {_kind(found)}, not a function.")
    return cast("Callable[[], str | Awaitable[str]]", found)


def _imported(given: Mapping[str, object], key: str, folder: Path) -> object:
    try:
        return import_attribute(_text(given, key), folder)
    except BadTarget as error:
        raise CardFileError(f"{key}: {error}") from error


def _text(given: Mapping[str, object], key: str) -> str:
    value = given[key]
    if not isinstance(value, str) or not value.strip():
        raise CardFileError(f"{key}: {value!r} is {_kind(value)}, not text of at least one character.")
    return value.strip()


def _switch(given: Mapping[str, object], key: str, default: bool, where: str = "") -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise CardFileError(f"{where}{key}: {value!r} is {_kind(value)}; write true or false, without quotes.")
    return value


def _mapping(what: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise CardFileError(f"{what}: {value!r:.60} is {_kind(value)}, not lines of key: value.")
    for key in cast("dict[object, object]", value):
        if not isinstance(key, str):
            raise CardFileError(f"{what}: the key {key!r} is {_kind(key)}, not text; put it in quotes.")
    return cast("dict[str, object]", value)


def _known(given: Mapping[str, object], keys: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in keys:
            hint = near(key, keys) or f" Known are: {', '.join(keys)}."
            raise CardFileError(f"{where}{key}: unknown key.{hint}")


def _kind(value: object) -> str:
    return "empty" if value is None or value == "" else type(value).__name__
