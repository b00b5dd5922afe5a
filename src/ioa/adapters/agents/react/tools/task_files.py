"""The files that the tools of one task work on: those it was given, and what its tools wrote into its folder."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.standalone import media_type_of
from ioa.ports.agent import LocalFile

_ENTRIES_LIMIT = 5000
_LISTED = 200


@dataclass(frozen=True, slots=True)
class TaskFile:
    """A file under the name that a model calls it by; `made`: written during the task."""

    name: str
    path: Path
    made: bool = False

    @property
    def stamp(self) -> tuple[str, int, int]:
        """What changes when the file does: path, size in bytes, time of change in ns. Raises `OSError`."""
        status = self.path.stat()
        return str(self.path), status.st_size, status.st_mtime_ns

    @property
    def local(self) -> LocalFile:
        """The file for code that takes `LocalFile`, under the last part of its name."""
        name = Path(self.name).name
        return LocalFile(name, media_type_of(name), self.path)


def task_files(setting: ToolSetting) -> list[TaskFile]:
    """Given files by their names, then those in the task's folder by their paths in it; links are not followed.

    Of two with one name the later gets a prefix: `2/report.pdf`, and `./report.pdf` for one in the folder.
    """
    found: dict[str, TaskFile] = {}
    for file in setting.files:
        name, number = file.name, 1
        while name in found:
            number += 1
            name = f"{number}/{file.name}"
        found[name] = TaskFile(name, file.path)
    given = {os.path.realpath(one.path) for one in found.values()}
    for path in _written(setting.folder):
        if os.path.realpath(path) not in given:
            name = path.relative_to(setting.folder).as_posix()
            name = f"./{name}" if name in found else name
            found[name] = TaskFile(name, path, made=True)
    return list(found.values())


def find_file(setting: ToolSetting, name: str) -> TaskFile:
    """The file of that name. Raises `ToolFailed` with the names that there are."""
    files = task_files(setting)
    wanted = name.strip()
    for one in files:
        if one.name == wanted:
            return one
    last = Path(wanted).name.lower()
    for alike in (
        [one for one in files if Path(one.name).name.lower() == last],
        [one for one in files if Path(one.name).stem.lower() == last],
    ):
        if len(alike) == 1:
            return alike[0]
    if not files:
        raise ToolFailed(f"There is no file {name!r}: this task has no files.")
    near = difflib.get_close_matches(wanted, [one.name for one in files], n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(one.name for one in files[:30]) + (f" and {len(files) - 30} more" if len(files) > 30 else "")
    raise ToolFailed(f"There is no file {name!r}.{hint} The files of this task: {listed}.")


def listed_files(setting: ToolSetting) -> str:
    """All files with their sizes, a line each."""
    lines: list[str] = []
    files = task_files(setting)
    for one in files[:_LISTED]:
        try:
            size = f"{one.path.stat().st_size:,} bytes"
        except OSError as error:
            size = f"not readable: {error.strerror}"
        lines.append(f"- {one.name} ({size}{', made during this task' if one.made else ''})")
    if len(files) > _LISTED:
        lines.append(f"… and {len(files) - _LISTED:,} more.")
    return "\n".join(lines) or "This task has no files."


def _written(folder: Path) -> list[Path]:
    found: list[Path] = []
    waiting = [folder]
    seen = 0
    while waiting and seen < _ENTRIES_LIMIT:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue  # a tool's own
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                found.append(Path(entry.path))
    return sorted(found)
