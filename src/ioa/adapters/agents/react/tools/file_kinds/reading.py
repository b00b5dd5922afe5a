"""Files read in a process of their own, bounded in time and output: what the tools call."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ioa.adapters.agents.bounded_process import Bounds, run_bounded
from ioa.adapters.agents.documents import Passage
from ioa.adapters.agents.react.tools.file_kinds.file_text import FileText, Part, Source, UnreadableFile

TIME_S = 60.0
_ANSWER_BYTES = 64 * 1024 * 1024
_BATCH = 16
_WORKER = "ioa.adapters.agents.react.tools.file_kinds.worker"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the process said of one file: its text and passages, or why it cannot be read."""

    source: Source
    text: FileText | None = None
    passages: tuple[Passage, ...] = ()
    problem: str = ""


async def text_of(source: Source, members: Sequence[str] = (), *, time_s: float = TIME_S) -> FileText:
    """The text of a file, or of a member inside it. Raises `UnreadableFile`."""
    (reading,) = await _batch([source], members, passages=False, time_s=time_s)
    if reading.text is None:
        raise UnreadableFile(reading.problem)
    return reading.text


async def passages_of(sources: Sequence[Source], *, time_s: float = TIME_S) -> list[Reading]:
    """The passages of every file, in order; one that cannot be read has a `problem`. `time_s` is for each process
    of some 16 files: the one at which it ends is blamed, the others go on."""
    found: list[Reading] = []
    while len(found) < len(sources):
        found += await _batch(sources[len(found) : len(found) + _BATCH], (), passages=True, time_s=time_s)
    return found


async def _batch(sources: Sequence[Source], members: Sequence[str], *, passages: bool, time_s: float) -> list[Reading]:
    """Readings of the first of these files, at least one: up to the one that ended the process."""
    requests = [
        {"name": one.name, "path": str(one.path.absolute()), "members": list(members), "passages": passages}
        for one in sources
    ]
    # -P: a file called json.py beside the documents must not be imported.
    finished = await run_bounded(
        [sys.executable, "-P", "-m", _WORKER],
        Bounds(time_s, _ANSWER_BYTES),
        cwd=Path(Path.cwd().anchor),
        env=_environment(),
        stdin=json.dumps(requests).encode(),
    )
    whole = finished.stdout.decode(errors="replace").splitlines(keepends=True)
    lines = [line for line in whole if line.endswith("\n")]
    found = [_reading(source, json.loads(line)) for source, line in zip(sources, lines, strict=False)]
    if len(found) == len(sources):
        return found
    guilty = sources[len(found)]
    if finished.ended == "timeout":
        why = f"takes longer than {time_s:g} seconds to read; split it or export it as text"
    elif finished.ended == "output":
        why = f"has more than {_ANSWER_BYTES // 2**20} MiB of text; split it"
    else:
        said = finished.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"code {finished.code}"]
        why = f"ended the process that read it ({said[0][:200]}); save it again in its own program"
    return [*found, Reading(guilty, problem=f"{guilty.name} {why}.")]


def _reading(source: Source, said: dict[str, Any]) -> Reading:
    if "error" in said:
        return Reading(source, problem=str(said["error"]))
    text = FileText(
        str(said["kind"]),
        tuple(Part(str(title), str(text)) for title, text in cast("list[list[str]]", said["parts"])),
        tuple(cast("list[str]", said["notes"])),
        tuple(cast("list[str]", said["members"])),
    )
    passages = tuple(
        Passage(source.name, str(text), str(heading), page, line, tuple(columns))
        for text, heading, page, line, columns in cast("list[list[Any]]", said["passages"])
    )
    return Reading(source, text, passages)


def _environment() -> dict[str, str]:
    """What a Python needs to start; no keys of services: a file that takes the process over finds none."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    paths = [path for path in sys.path if path]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # threads reserve address space
    return environment | one_thread | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"}
