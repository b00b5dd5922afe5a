"""A ReAct agent: a language model that thinks, uses a tool, looks at what came back, and goes on until it can answer.

The steps go along with the result as `steps.json`, so that a run can be read and learned from later. Every call of the
model goes to the goal's account; every tool belongs to the task and is closed with it. Source: IoA paper, 3.1 (the
basic agents of the experiments are ReAct agents with tools) and Appendix C.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ioa.adapters.agents.react.tool import Tool, ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting
from ioa.adapters.agents.react.toolkit import open_tools
from ioa.adapters.agents.standalone import media_type_of
from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.fencing import fenced, named
from ioa.client.prompts import prompt
from ioa.ports.agent import STEPS_FILE, AgentFailed, Assignment, LocalFile, Outcome, ReportProgress
from ioa.ports.spending import BudgetSpent
from ioa.ports.tracing import span

if TYPE_CHECKING:
    from ioa.adapters.models.mind import Mind

MakeMind: TypeAlias = "Callable[[str | None], Mind | None]"
"""The models of this process: for a model string, or the process's own for None; None where there is none."""

MAX_STEPS = 30
SAME_CALL = 3
"""How often a tool is run with the same arguments before the model is told to stop that."""
EARLIER_CHARS = 8_000


@dataclass(frozen=True, slots=True)
class ReactAgent:
    """Does tasks with a model and tools. `tools` are names of `toolkit.TOOLS`, `options` their settings; `model` None
    is the process's own; `allowed_private` are the private addresses that its network tools may reach."""

    name: str
    mind: MakeMind
    tools: tuple[str, ...]
    model: str | None = None
    instructions: str = ""
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])
    allowed_private: tuple[str, ...] = ()
    max_steps: int = MAX_STEPS

    async def perform(self, assignment: Assignment, progress: ReportProgress) -> Outcome:
        """Do one task. Raises `AgentFailed`."""
        from ioa.adapters.agents.react.loop import Answer, StepsSpent, run_loop

        mind = self._thinking()
        spending = assignment.spending

        async def ask(instruction: str, text: str) -> str:
            return await mind.ask(instruction, fenced(text), spending, agent=self.name)

        files = (*assignment.files, *(file for result in assignment.earlier for file in result.files))
        setting = ToolSetting(
            folder=assignment.folder,
            files=files,
            options=self.options,
            allowed_private=self.allowed_private,
            ask=ask,
        )
        steps: list[dict[str, Any]] = []
        words = prompt("agent")
        text = words.filled(
            own=self.instructions.strip(),
            task=assignment.task_desc,
            files=", ".join(named(file.name) for file in files) or "none",
            earlier="\n".join(
                f"{named(result.agent)} did {fenced(result.task_desc, limit_chars=500)}\n"
                + fenced(result.conclusion, result.agent, limit_chars=EARLIER_CHARS)
                for result in assignment.earlier
            )
            or "none",
        )
        try:
            await mind.ready("agent")
            async with open_tools(self.tools, setting) as toolbox:
                guarded = [_Guarded(one, progress).tool() for one in toolbox.tools]
                answer: Answer = await run_loop(
                    mind.model("agent", spending, agent=self.name),
                    words.instructions,
                    text,
                    guarded,
                    steps,
                    max_steps=self.max_steps,
                    window_tokens=mind.window_tokens("agent"),
                )
        except ToolFailed as failure:
            raise AgentFailed(f"{self.name}: {failure}") from failure
        except BudgetSpent as spent:
            raise AgentFailed(f"the goal's budget is spent ({spent}), {_so_far(steps)}") from spent
        except StepsSpent as spent:
            raise AgentFailed(f"there was no answer within {self.max_steps} steps, {_so_far(steps)}") from spent
        except MindFailed as failure:
            raise AgentFailed(f"the model failed: {failure} ({_so_far(steps)})") from failure
        return self._outcome(assignment, answer, steps)

    def _thinking(self) -> Mind:
        try:
            mind = self.mind(self.model)
        except MindFailed as failure:
            raise AgentFailed(f"{self.name} cannot think: {failure}") from failure
        if mind is None:
            raise AgentFailed(
                f"{self.name} needs a language model and none is set: put model: into its agent.yaml, start with "
                "--model, or set IOA_MODEL"
            )
        return mind

    def _outcome(self, assignment: Assignment, answer: Any, steps: Sequence[Mapping[str, Any]]) -> Outcome:
        given = {file.name for file in assignment.files}
        files: list[LocalFile] = []
        for name in dict.fromkeys(answer.files):
            path = assignment.folder / Path(name).name
            if path.name not in given and path.is_file() and not path.is_symlink():
                files.append(LocalFile(path.name, media_type_of(path.name), path))
        if steps:
            path = assignment.folder / STEPS_FILE
            path.write_text(json.dumps(list(steps), ensure_ascii=False, indent=1), encoding="utf-8")
            files.append(LocalFile(STEPS_FILE, "application/json", path))
        return Outcome(answer.conclusion, answer.abstract, tuple(files))


@dataclass(slots=True)
class _Guarded:
    """A tool that says what it does, and does not do the same thing for ever."""

    inner: Tool
    progress: ReportProgress
    _seen: Counter[str] = field(default_factory=Counter[str])

    def tool(self) -> tuple[Tool, Callable[..., Any]]:
        """The tool and the function to run in its place, with keywords."""

        async def run(**arguments: Any) -> str:
            key = json.dumps(arguments, sort_keys=True, default=str)
            self._seen[key] += 1
            if self._seen[key] > SAME_CALL:
                raise ToolFailed(
                    f"{self.inner.name} has been called with these arguments {self._seen[key] - 1} times already; "
                    "what it gave will not change. Do something else, or answer."
                )
            shown = ", ".join(f"{name}={value!r:.80}" for name, value in arguments.items())
            await self.progress(f"{self.inner.name}({shown})")
            with span("tool", {"tool": self.inner.name}):
                return await self.inner.call(arguments)

        return self.inner, run


def _so_far(steps: Sequence[Mapping[str, Any]]) -> str:
    """What was found before it ended, for the group to go on from."""
    found = [str(step["observation"]) for step in steps if step.get("observation")]
    if not found:
        return "before anything was found"
    return f"after {len(found)} tool calls; the last one gave: {' '.join(found[-1].split())[:500]}"
