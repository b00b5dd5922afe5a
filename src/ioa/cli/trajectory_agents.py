"""What ReAct agents did within their tasks: their `steps.json`, fetched from the hub.

The files are other agents' words: one that is too large, or that is something else under that name, is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from ioa.cli.failures import Failure
from ioa.cli.hub_api import HubApi
from ioa.cli.records import Entry
from ioa.cli.trajectory_steps import AgentStep
from ioa.ports.agent import is_record
from ioa.protocol.messages import Artifact, TaskResult

MAX_BYTES = 16 * 2**20

AgentSteps: TypeAlias = Mapping[str, tuple[AgentStep, ...]]
"""The steps of each file, by its digest."""


class _Written(msgspec.Struct, frozen=True):
    """A step as a ReAct agent writes it; `arguments` is JSON as text."""

    thought: str = ""
    action: str = ""
    arguments: str = ""
    observation: str = ""


_STEPS = msgspec.json.Decoder(list[_Written])


async def fetch_agent_steps(api: HubApi, entries: Sequence[Entry]) -> AgentSteps:
    """All steps that the results in these logs bring along."""
    files = {file.digest: file for entry in entries for file in _files(entry)}
    found: dict[str, tuple[AgentStep, ...]] = {}
    for digest, file in files.items():
        if file.size_bytes > MAX_BYTES:
            continue
        try:
            found[digest] = _read(await api.download(digest))
        except (Failure, msgspec.DecodeError):  # gone, or something else under that name
            continue
    return found


def agent_steps_of(artifacts: Iterable[Artifact], known: AgentSteps) -> tuple[AgentStep, ...]:
    """The steps that came with a result; empty where it has none."""
    return next((known[file.digest] for file in artifacts if is_record(file) and file.digest in known), ())


def _files(entry: Entry) -> list[Artifact]:
    message = entry.message
    return [file for file in message.artifacts if is_record(file)] if isinstance(message, TaskResult) else []


def _read(content: bytes) -> tuple[AgentStep, ...]:
    return tuple(
        AgentStep(
            thought=step.thought,
            action=step.action,
            arguments=_parsed(step.arguments),
            observation=step.observation,
        )
        for step in _STEPS.decode(content)
    )


def _parsed(arguments: str) -> object:
    try:
        return msgspec.json.decode(arguments) if arguments else {}
    except msgspec.DecodeError:
        return arguments
