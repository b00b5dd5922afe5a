"""The coder: runs Python that it is given, in a sandbox. It has no model and writes no programs."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ioa.adapters.agents.prose import shortened
from ioa.adapters.agents.sandbox import InputRefused, Sandbox, SandboxLimits, SandboxResult
from ioa.adapters.agents.standalone import run_alone
from ioa.ports.agent import AgentFailed, Assignment, LocalFile, Outcome, ReportProgress

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+#-]*)[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(
    r"\b(?:run|execute|evaluate)\b(?:\s+(?:this|the|following|python|code|program|script|snippet|in|a|sandbox))*\s*:\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_TICKED = re.compile(r"\b(?:run|execute|evaluate)\b[^`]*`([^`\n]+)`", re.IGNORECASE)
_ARGUMENTS = re.compile(r"\bwith (?:the )?(?:arguments?|args|parameters?)\s*:?\s*(.+)", re.IGNORECASE)
_RUNS = re.compile(r"\b(?:run|runs|running|execute|start|launch|call)\b", re.IGNORECASE)
_PYTHON = ("", "python", "py", "python3")
_TRACEBACK_LINES = 12
_CODE_LIMIT_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class _Program:
    """What to run: a file of the task, or `code` given in words, as `name`, with `arguments`."""

    name: str
    code: str | None = None
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coder:
    """Runs given Python code or a given .py file without network, in a folder of its own, within limits."""

    files: Sequence[str | Path] = ()
    sandbox: Sandbox | None = None
    limits: SandboxLimits = field(default_factory=SandboxLimits)

    name: ClassVar[str] = "Coder"
    description: ClassVar[str] = (
        "Runs Python code in a safe sandbox and returns what it prints and the files it makes: a code block given in "
        "the task, or a Python script (.py) among the files, with the other files readable beside it. No network; "
        "limits on time and memory. It needs the code to be given."
    )
    skills: ClassVar[tuple[str, ...]] = (
        "run a Python script, such as script.py",
        "execute the given Python code and return its output",
        "run this program on the data file",
        "run code in a sandbox without network access",
        "execute a .py file with arguments and collect the files it writes",
    )
    idempotent: ClassVar[bool] = True  # every run starts in an empty sandbox and reaches nothing outside it

    def describe(self) -> str:
        """Under which isolation programs run here, and what that does not protect from."""
        return (self.sandbox or Sandbox.best()).describe()

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Run one program. Raises `AgentFailed` when there is none, or it fails or breaks a limit; cancelling
        kills it with all its processes."""
        given = [*assignment.files, *(file for result in assignment.earlier for file in result.files)]
        given += [LocalFile(Path(path).name, "", Path(path)) for path in self.files]
        program = _program(assignment, given)
        sandbox = self.sandbox or Sandbox.best()
        if program.code is not None:
            source = assignment.folder / program.name
            source.write_text(program.code, encoding="utf-8")
            given = [*(file for file in given if file.name != program.name), LocalFile(program.name, "", source)]
        argv = ["{python}", program.name, *program.arguments]
        await progress(f"Running {program.name} in the sandbox ({sandbox.isolation}).")
        try:
            result = await sandbox.run(argv, given, self.limits, folder=assignment.folder)
        except (InputRefused, OSError) as error:
            raise AgentFailed(f"{program.name} could not be started in the sandbox: {error}.") from error
        return _outcome(program, result, sandbox)

    def run(self, task_desc: str) -> str:
        """The coder on its own: code in the text, or a .py file by its path."""
        return run_alone(self, task_desc)


def _program(assignment: Assignment, files: Sequence[LocalFile]) -> _Program:
    """What the task wants to be run. Raises `AgentFailed` that says what is missing."""
    task = assignment.task_desc
    if code := _fenced(task):
        return _Program("program.py", _checked(code))
    scripts = {file.name: file for file in files if file.name.lower().endswith(".py")}
    named = [name for name in scripts if re.search(rf"(?<![\w/.-]){re.escape(name)}(?!\w)", task, re.IGNORECASE)]
    named = named or [name for name, file in scripts.items() if str(file.path) in task]
    if len(named) == 1:
        match = _ARGUMENTS.search(task)
        try:
            words = shlex.split(match[1].strip().rstrip(".")) if match else []
        except ValueError as error:
            raise AgentFailed(f"The arguments {match[1] if match else ''!r} cannot be read: {error}.") from error
        return _Program(named[0], arguments=tuple(word.strip(",") for word in words if word != "and"))
    if len(named) > 1:
        raise AgentFailed(f"The task names several scripts ({', '.join(named)}); name one to run.")
    if absent := re.search(r"[\w./-]+\.py\b", task):
        there = ", ".join(file.name for file in files) or "none"
        raise AgentFailed(f"{absent[0]} is not among the files of this task ({there}); add it.")
    if match := _TICKED.search(task) or _INLINE.search(task):
        return _Program("program.py", _checked(match[1].strip().strip("`")))
    for result in reversed(assignment.earlier):
        if _RUNS.search(task) and (code := _fenced(result.conclusion, explicit=True)):
            return _Program("program.py", _checked(code))
    if _RUNS.search(task) and len(scripts) == 1:
        return _Program(next(iter(scripts)))
    if len(scripts) > 1:
        raise AgentFailed(f"There are several scripts ({', '.join(scripts)}); name the one to run.")
    raise AgentFailed(
        "I run Python code, I do not write it: I work by rules, without a language model. "
        "Give the code in a ```python block, after 'run:', or as a .py file."
    )


def _fenced(text: str, *, explicit: bool = False) -> str:
    blocks = _FENCE.findall(text.replace("\r\n", "\n"))
    python = [code for _, language, code in blocks if language.lower() in _PYTHON[1 if explicit else 0 :]]
    if blocks and not python and not explicit:
        raise AgentFailed(f"The block is {blocks[0][1]!r}; I run Python only.")
    return "\n".join(python)


def _checked(code: str) -> str:
    if len(code) > _CODE_LIMIT_CHARS:
        raise AgentFailed(f"The code has {len(code):,} characters, at most {_CODE_LIMIT_CHARS:,}; give it as a file.")
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        shown = error.msg if isinstance(error, SyntaxError) else str(error)
        raise AgentFailed(f"This is not Python{where} ({shown}): {shortened(code, 80)!r}.") from error
    return code


def _outcome(program: _Program, result: SandboxResult, sandbox: Sandbox) -> Outcome:
    if result.ended != "exit":
        so_far = f" It had printed: {shortened(result.stdout, 300)!r}." if result.stdout.strip() else ""
        raise AgentFailed(f"{program.name} was stopped: it {result.said}.{so_far}")
    if result.code != 0:
        tail = "\n".join(result.stderr.strip().splitlines()[-_TRACEBACK_LINES:])
        how = f"exit code {result.code}" if result.code > 0 else f"signal {-result.code}"
        raise AgentFailed(f"{program.name} failed with {how}" + (f":\n{tail}" if tail else " and no error message."))
    printed = result.stdout.rstrip()
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", printed)), 3)
    lines = printed.splitlines()
    if len(lines) == 1:
        said = f"{program.name} printed: {shortened(printed, 300)}"
    elif lines:
        said = f"{program.name} printed {len(lines)} lines; the last is: {shortened(lines[-1], 200)}"
    else:
        said = f"{program.name} ended without printing anything"
    parts = [said.rstrip(".") + "."]
    if len(lines) > 1:
        parts.append(f"{fence}text\n{printed}\n{fence}")
    if warning := result.stderr.strip():
        parts.append(f"On its error output: {shortened(warning, 500)!r}")
    if result.files:
        parts.append("Files made:\n" + "\n".join(f"- {file.name}" for file in result.files))
    if result.notes:
        parts.append("Not returned:\n" + "\n".join(f"- {note}" for note in result.notes))
    parts.append(f"*Ran {result.duration_s:.2f} s under {sandbox.describe()}.*")
    return Outcome("\n\n".join(parts), shortened(parts[0], 300), result.files)
