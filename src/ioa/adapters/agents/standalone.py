"""Run an agent by itself, without a network: `run(task_desc: str) -> str` of the paper (A.2.1)."""

from __future__ import annotations

import asyncio
import mimetypes
import re
import tempfile
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ioa.ports.agent import Agent, Assignment, LocalFile, Outcome

# What mimetypes does not know on every platform, and what our agents hand around.
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".jsonl": "application/x-ndjson",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_QUOTED = re.compile(r"\"([^\"\n]{1,1000})\"|'([^'\n]{1,1000})'|`([^`\n]{1,1000})`")
_WORD = re.compile(r"[^\s\"'`<>|]+")


def media_type_of(name: str) -> str:
    """The media type that a file's name promises; `application/octet-stream` when it promises nothing."""
    suffix = Path(name).suffix.lower()
    return _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def local_file(path: Path) -> LocalFile:
    """The file at `path`, under its plain name."""
    return LocalFile(name=path.name, media_type=media_type_of(path.name), path=path)


def files_in_text(task_desc: str) -> tuple[LocalFile, ...]:
    """The files that exist and whose paths stand in the text, as a word or in quotes, in that order."""
    words = ["".join(groups) for groups in _QUOTED.findall(task_desc)]
    words += [word.strip(",;:!?()[]{}") for word in _WORD.findall(task_desc)]
    found: dict[Path, LocalFile] = {}
    for word in words:
        for candidate in (word, word.rstrip(".")):
            if "." not in candidate and "/" not in candidate:
                continue  # "in" may be a file in this folder; nobody means it
            path = Path(candidate).expanduser()
            try:
                if path.is_file():
                    found.setdefault(path.resolve(), local_file(path))
                    break
            except (OSError, ValueError):  # too long for a path, or with a NUL in it: a word, no file
                continue
    return tuple(found.values())


def run_alone(agent: Agent, task_desc: str, files: Sequence[str | Path | LocalFile] = ()) -> str:
    """One task of one agent, to its conclusion. Raises `AgentFailed`.

    Files that the agent makes stay in a fresh temporary folder; the answer names their paths. Blocks, also
    when called from inside a running event loop."""
    given = tuple(file if isinstance(file, LocalFile) else local_file(Path(file)) for file in files)
    known = {file.path.resolve() for file in given}
    named = tuple(file for file in files_in_text(task_desc) if file.path.resolve() not in known)
    folder = Path(tempfile.mkdtemp(prefix="ioa-run-"))
    assignment = Assignment(f"alone-{uuid.uuid4().hex}", task_desc, folder, files=given + named)

    async def perform() -> Outcome:
        return await agent.perform(assignment, _unheard)

    with ThreadPoolExecutor(1) as thread:
        outcome = thread.submit(asyncio.run, perform()).result()
    if not outcome.files:
        return outcome.conclusion
    listed = "\n".join(f"- {file.name}: {file.path}" for file in outcome.files)
    return f"{outcome.conclusion}\n\nFiles:\n{listed}"


async def _unheard(_: str) -> None:
    """Progress of an agent that runs alone: nobody listens."""
