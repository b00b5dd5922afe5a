"""Python programs in the sandbox, whose folder is kept from one call to the next of a task."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ioa.adapters.agents.collected import CollectLimits, safe_name
from ioa.adapters.agents.react.tool import Tool, ToolFailed, clipped, tool
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.tools.option_numbers import positive_number
from ioa.adapters.agents.react.tools.task_files import task_files
from ioa.adapters.agents.sandbox import InputRefused, Sandbox, SandboxLimits, SandboxResult
from ioa.adapters.agents.standalone import media_type_of
from ioa.ports.agent import LocalFile

_MIB = 1024 * 1024
_KEPT = "ioa-kept.tar"  # the folder as the last program left it, packed and unpacked inside the sandbox only
_KEPT_NEW = "ioa-kept-new.tar"
_KEEPER = "ioa-keeper.py"
_PROGRAM = "program.py"
_GRACE_S = 10.0  # to pack the folder after the program was stopped
_STOPPED = 124
_MAX_CODE_CHARS = 200_000

# Runs in the sandbox around the program: lays the folder out, runs the program with a deadline of its own, and packs
# what it left. Files that were given are read-only and not packed.
_KEEPER_CODE = """
import os, subprocess, sys, tarfile
kept, program, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
given = set(os.listdir("."))
if kept in given:
    with tarfile.open(kept) as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        plain = [one for one in archive if (one.isfile() or one.isdir()) and one.name.split("/")[0] not in given]
        archive.extractall(".", members=plain, **safely)
try:
    code = subprocess.run([sys.executable, program], stdin=subprocess.DEVNULL, timeout=seconds).returncode
except subprocess.TimeoutExpired:
    code = 124
left = sorted(set(os.listdir(".")) - given - {"__pycache__", ".config", ".cache"})
try:
    with tarfile.open("ioa-kept-new.tar", "w") as archive:
        for name in left:
            archive.add(name)
except OSError as error:
    print("The folder is not kept for later calls:", error, file=sys.stderr)
    if os.path.exists("ioa-kept-new.tar"):
        os.unlink("ioa-kept-new.tar")
sys.exit(code if code >= 0 else 128 - code)
"""


class CodeExecutor:
    """Runs programs for one task. Variables do not last; files do."""

    def __init__(
        self,
        setting: ToolSetting,
        scratch: Path,
        *,
        sandbox: Sandbox | None = None,
        limits: SandboxLimits | None = None,
    ) -> None:
        """`scratch` is an empty folder outside the task's own, for what the sandbox needs between calls."""
        self._setting = setting
        self._scratch = scratch
        self._sandbox = sandbox
        time_s = positive_number(setting, "code_executor", "time_s", setting.limits.call_s)
        collect = CollectLimits(files=64, file_bytes=128 * _MIB, total_bytes=256 * _MIB)
        self._limits = limits or SandboxLimits(
            time_s=time_s, file_bytes=128 * _MIB, folder_bytes=512 * _MIB, collect=collect
        )
        self._kept: Path | None = None
        self._made: dict[str, str] = {}  # name in the task's folder -> digest
        self._one_at_a_time = asyncio.Lock()

    async def run_python(self, code: str) -> str:
        """Run a Python program and return what it prints. The task's files lie in its working folder, to be read;
        files that it writes there are kept for later calls and handed on. Variables are not kept. There is no
        network. Print what you want to see.

        Args:
            code: The whole program, as it would stand in a .py file.
        """
        if not code.strip():
            raise ToolFailed("There is no code to run; give a whole Python program.")
        if len(code) > _MAX_CODE_CHARS:
            raise ToolFailed(f"The program has {len(code):,} characters, at most {_MAX_CODE_CHARS:,} are run.")
        async with self._one_at_a_time:
            folder = Path(tempfile.mkdtemp(dir=self._scratch))
            try:
                result = await self._run(code, folder)
                made, notes = await asyncio.to_thread(self._keep, result)
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return self._said(result, made, notes)

    async def _run(self, code: str, folder: Path) -> SandboxResult:
        (self._scratch / _PROGRAM).write_text(code, encoding="utf-8")
        (self._scratch / _KEEPER).write_text(_KEEPER_CODE, encoding="utf-8")
        own = [_KEEPER, _PROGRAM] + ([_KEPT] if self._kept is not None else [])
        files = [one.local for one in await asyncio.to_thread(task_files, self._setting) if one.name not in self._made]
        files += [LocalFile(name, media_type_of(name), self._scratch / name) for name in own]
        sandbox = self._sandbox or Sandbox.best()
        limits = replace(self._limits, time_s=self._limits.time_s + _GRACE_S)
        argv = ["{python}", _KEEPER, _KEPT, _PROGRAM, str(self._limits.time_s)]
        try:
            return await sandbox.run(argv, files, limits, folder=folder)
        except (InputRefused, OSError) as error:
            raise ToolFailed(f"The program could not be started in the sandbox: {error}.") from error

    def _keep(self, result: SandboxResult) -> tuple[list[str], list[str]]:
        """Take over the folder as it was left, and copy new and changed files into the task's folder; blocks."""
        made: list[str] = []
        notes = [note for note in result.notes if not note.startswith(_KEPT_NEW)]
        for file in result.files:
            if file.name == _KEPT_NEW:
                if result.ended == "exit":  # else it may be half written
                    self._kept = self._scratch / _KEPT
                    shutil.copyfile(file.path, self._kept)
                continue
            digest = hashlib.sha256(file.path.read_bytes()).hexdigest()
            if self._made.get(file.name) == digest:
                continue
            name = safe_name(file.name)
            target = self._setting.folder / name
            if target.exists() and name not in self._made:
                notes.append(f"{name}: there is a file of that name in the task's folder; write under another name")
                continue
            shutil.copyfile(file.path, target)
            self._made[name] = digest
            made.append(name)
        return made, notes

    def _said(self, result: SandboxResult, made: Sequence[str], notes: Sequence[str]) -> str:
        limit = self._setting.limits.output_chars
        printed = clipped(result.stdout.rstrip(), "Print less, or write it to a file.", limit * 3 // 4)
        complaint = result.stderr.strip()[-limit // 6 :]
        stopped = result.said
        if result.ended == "exit" and result.code == _STOPPED and result.duration_s >= self._limits.time_s:
            stopped = f"ran longer than {self._limits.time_s:g} seconds"
        kept = (
            "" if result.ended == "exit" else " Files of this call are handed on, but are not in later calls' folder."
        )
        parts = [f"Printed:\n{printed}" if printed else "It printed nothing."]
        if complaint:
            parts.append(f"On its error output:\n{complaint}")
        if made:
            parts.append(f"Files made or changed: {', '.join(made)}")
        if notes:
            parts.append("Not handed on:\n" + "\n".join(f"- {note}" for note in notes[:20]))
        text = "\n\n".join(parts)
        if result.ended != "exit" or stopped:
            raise ToolFailed(f"The program was stopped: it {stopped}.{kept}\n\n{text}")
        if result.code != 0:
            how = f"exit code {result.code}" if result.code <= 128 else f"signal {result.code - 128}"
            raise ToolFailed(f"The program failed with {how}.\n\n{text}")
        return text


@asynccontextmanager
async def opened(setting: ToolSetting) -> AsyncGenerator[Sequence[Tool]]:
    """`run_python`. Option: `time_s` of one program, by default the limit of a call."""
    with tempfile.TemporaryDirectory(prefix="ioa-code-", ignore_cleanup_errors=True) as scratch:
        yield [tool(CodeExecutor(setting, Path(scratch)).run_python)]
