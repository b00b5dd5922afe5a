"""What `ioa export` does: read a goal with all its logs and files, and pack it."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ioa.cli.failures import BadInput, Failure
from ioa.cli.hub_api import HubApi
from ioa.cli.reach import Located
from ioa.cli.records import Entry
from ioa.cli.show import entries_of, with_located
from ioa.cli.terminal import one_line, stderr, stdout
from ioa.protocol.messages import Artifact, Conclusion, Launch, TaskResult
from ioa.settings import Settings
from ioa.web.export import exported_html


async def export_goal(
    identifier: str, hub: str | None, token: str | None, out: Path | None, *, max_file_bytes: int, force: bool
) -> None:
    """Write the file and say where it is. Raises `Failure`."""

    async def read(api: HubApi, located: Located) -> tuple[Located, list[Entry], tuple[object, ...], dict[str, str]]:
        goal = located.goal
        entries = await entries_of(api, goal.groups)
        calls = await api.calls(goal.goal_id) if goal.usage.calls else ()
        files: dict[str, str] = {}
        for artifact in _artifacts(entries):
            if artifact.size_bytes > max_file_bytes:
                stderr().write(f"Left out {one_line(artifact.name, 60)}: it has {artifact.size_bytes:,} bytes.")
            elif artifact.digest not in files:
                files[artifact.digest] = base64.b64encode(await api.download(artifact.digest)).decode()
        return located, entries, calls, files

    located, entries, calls, files = await with_located(identifier, hub, token, read)
    goal = located.goal
    path = out or Path(f"ioa-{goal.goal_id[:8]}.html")
    packed = {
        "goal": msgspec.to_builtins(goal),
        "entries": [msgspec.to_builtins(entry) for entry in entries],
        "calls": msgspec.to_builtins(calls),
        "files": files,
        "exported_at": time.time(),
    }
    text = exported_html(packed, title=one_line(goal.goal, 80))
    await asyncio.to_thread(_write, path, text, force)
    shown = stdout(colour=Settings.read().colour)
    shown.write(f"{path}  ({len(text.encode()) / 1024 / 1024:.1f} MB, {len(entries)} messages, {len(files)} files)")


def _write(path: Path, text: str, force: bool) -> None:
    if path.exists() and not force:
        raise BadInput(f"{path} exists; give another name with --out, or --force to replace it.")
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}.") from error


def _artifacts(entries: Iterable[Entry]) -> list[Artifact]:
    """Every file that the messages refer to, once."""
    found: dict[str, Artifact] = {}
    for entry in entries:
        message = entry.message
        if isinstance(message, Launch | TaskResult | Conclusion):
            for artifact in message.artifacts:
                found.setdefault(artifact.digest, artifact)
        if isinstance(message, Launch):
            for given in message.given:
                for artifact in given.artifacts:
                    found.setdefault(artifact.digest, artifact)
    return list(found.values())
