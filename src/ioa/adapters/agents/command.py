"""A command line as an agent: any program, in any language, that takes a task and prints a result."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ioa.adapters.agents.bounded_process import Bounds, run_bounded
from ioa.adapters.agents.collected import CollectLimits, collect_files
from ioa.adapters.agents.function import RESULT_LIMIT_BYTES, checked, task_text
from ioa.ports.agent import AgentFailed, Assignment, Outcome, ReportProgress
from ioa.ports.tracing import here

TASK_PLACEHOLDER = "{task}"


@dataclass(frozen=True, slots=True)
class CommandAgent:
    """Runs `argv` without a shell, once a task, in the task's own folder.

    The task text (with earlier results and file paths) goes to standard input, or takes the place of
    `{task}` in one argument; a text that starts with `-` then gets a space before it, so it is never read as
    an option. Standard output is the result; new files in the folder come back with it. `IOA_TASK_ID` is in
    the environment, and `TRACEPARENT` (W3C Trace Context) where the task is traced; variables of ours (`IOA_*`, tokens
    among them) are not handed on. When the task is cancelled or out of time, the whole process group is killed.
    """

    argv: tuple[str, ...]
    name: str
    result_limit_bytes: int = RESULT_LIMIT_BYTES

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Run the program. Raises `AgentFailed` when it cannot start, exits with another code than 0, prints
        nothing, or prints more than `result_limit_bytes`."""
        text = task_text(assignment)
        argv, by_argument = self._with_task(text)
        before = {path.name for path in assignment.folder.iterdir()}
        bounds = Bounds(time_s=None, stdout_bytes=self.result_limit_bytes)
        given = None if by_argument else text.encode()
        environment = _environment(assignment.task_id)
        try:
            finished = await run_bounded(argv, bounds, cwd=assignment.folder, env=environment, stdin=given)
        except (OSError, ValueError) as error:
            raise AgentFailed(f"{self.name}: command {argv[0]!r} did not start: {error}; check command.") from error
        if finished.ended == "output":
            raise AgentFailed(
                f"{self.name} printed more than {self.result_limit_bytes:,} bytes and was stopped; "
                "write large results to a file in the current folder, and print a summary."
            )
        if finished.code != 0:
            ended = f"exit code {finished.code}" if finished.code > 0 else f"killed by signal {-finished.code}"
            said = finished.stderr.decode(errors="replace").strip()
            raise AgentFailed(f"{self.name}: command {argv[0]!r} failed with {ended}" + (f":\n{said}" if said else "."))
        outcome = checked(finished.stdout.decode(errors="replace").strip(), self.name)
        # A folder made now, under a name that the program could not know and turn into a link.
        results = Path(tempfile.mkdtemp(prefix=".results-", dir=assignment.folder))
        files, notes = await asyncio.to_thread(collect_files, assignment.folder, results, CollectLimits(), leave=before)
        conclusion = outcome.conclusion
        if notes:
            conclusion += "\n\nNot returned:\n" + "\n".join(f"- {note}" for note in notes)
        return Outcome(conclusion, outcome.abstract, files)

    def _with_task(self, text: str) -> tuple[list[str], bool]:
        if not any(TASK_PLACEHOLDER in part for part in self.argv):
            return list(self.argv), False
        if "\0" in text:
            raise AgentFailed(f"{self.name}: the task contains a NUL character, which no argument can carry.")
        argv: list[str] = []
        for part in self.argv:
            guarded = f" {text}" if part.startswith(TASK_PLACEHOLDER) and text.startswith("-") else text
            argv.append(part.replace(TASK_PLACEHOLDER, guarded))
        return argv, True


def _environment(task_id: str) -> dict[str, str]:
    """TRACEPARENT is this task's or nobody's: the place that our own process was started from is another."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("IOA_") and name.upper() != "TRACEPARENT"
    }
    place = here().traceparent
    traced = {"TRACEPARENT": place} if place is not None else {}
    return {**kept, **traced, "IOA_TASK_ID": task_id}


def command_of(words: Sequence[str]) -> tuple[str, ...]:
    """`argv` as given in a card, `~` at the start of the program's path expanded."""
    program = str(Path(words[0]).expanduser()) if words[0].startswith("~") else words[0]
    return (program, *words[1:])
