"""The coder: runs Python that it is given, in a sandbox. It has no model and writes no programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from ioa.adapters.agents.program_request import Program, program_of
from ioa.adapters.agents.prose import shortened
from ioa.adapters.agents.sandbox import InputRefused, Sandbox, SandboxLimits, SandboxResult
from ioa.adapters.agents.standalone import media_type_of, run_alone
from ioa.ports.agent import AgentFailed, Assignment, LocalFile, Outcome, ReportProgress

_TRACEBACK_LINES = 12
_NUMBER_FILE = "result.csv"


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
        program = program_of(assignment, given)
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
        outcome = _outcome(program, result, sandbox)
        number = _lone_number(result.stdout)
        if number is None or any(file.name == _NUMBER_FILE for file in outcome.files):
            return outcome
        # A number that others may compute with goes along as a table of one cell.
        path = assignment.folder / _NUMBER_FILE
        path.write_text(f"result\n{number}\n", encoding="utf-8")
        return replace(outcome, files=(*outcome.files, LocalFile(_NUMBER_FILE, media_type_of(_NUMBER_FILE), path)))

    def run(self, task_desc: str) -> str:
        """The coder on its own: code in the text, or a .py file by its path."""
        return run_alone(self, task_desc)


def _lone_number(printed: str) -> str | None:
    """The number that is all a program printed, as written but for thousands separators; `None` for anything else."""
    text = printed.strip()
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return text.replace(",", "")
    return text if re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", text) else None


def _outcome(program: Program, result: SandboxResult, sandbox: Sandbox) -> Outcome:
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
