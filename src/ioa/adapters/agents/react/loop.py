"""The loop of a ReAct agent, on pydantic-ai: thought, tool, observation, until there is an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from pydantic import BaseModel, Field
from pydantic_ai import Agent, capture_run_messages
from pydantic_ai import Tool as ModelTool
from pydantic_ai.capabilities import ProcessHistory
from pydantic_ai.exceptions import ToolFailed as ReportedFailure
from pydantic_ai.exceptions import UnexpectedModelBehavior, UsageLimitExceeded
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models import Model
from pydantic_ai.output import ToolOutput
from pydantic_ai.usage import UsageLimits

from ioa.adapters.agents.react.tool import Tool, ToolFailed
from ioa.adapters.models.failure import MindFailed
from ioa.adapters.models.fencing import fenced
from ioa.adapters.models.windows import tokens_of

ANSWER_TOOL = "answer"
SHARE_OF_WINDOW = 0.6
"""Part of the window that messages may take; the rest is for instructions, tools and the answer."""
SHORT_CHARS = 400
REPAIRS = 3


class Answer(BaseModel):
    """The result of the task."""

    conclusion: str = Field(description="the result in full, in Markdown", min_length=1)
    abstract: str = Field("", description="the result in one sentence")
    files: list[str] = Field(default_factory=list, description="names of files you made that belong to the result")


class StepsSpent(Exception):
    """No answer within the steps that there are."""


async def run_loop(
    model: Model,
    instructions: str,
    task: str,
    tools: Sequence[tuple[Tool, Callable[..., Any]]],
    steps: list[dict[str, Any]],
    *,
    max_steps: int,
    window_tokens: int,
) -> Answer:
    """Run to the answer. `steps` is filled also when it fails. Raises `StepsSpent`, `MindFailed`, `BudgetSpent`."""
    room = int(window_tokens * SHARE_OF_WINDOW)

    def shortened(messages: list[ModelMessage]) -> list[ModelMessage]:
        return within(messages, room)

    agent: Agent[object, Answer | str] = Agent(
        model,
        output_type=[ToolOutput(Answer, name=ANSWER_TOOL, description="Give the result; ends the task."), str],
        instructions=instructions,
        tools=[_offered(one, run) for one, run in tools],
        retries=REPAIRS,
        capabilities=[ProcessHistory(shortened)],
    )
    with capture_run_messages() as messages:
        try:
            made = await agent.run(task, usage_limits=UsageLimits(request_limit=max_steps))
        except UsageLimitExceeded as error:
            raise StepsSpent from error
        except UnexpectedModelBehavior as error:
            raise MindFailed(f"the model's answer cannot be used: {error}", "output") from error
        finally:
            steps += steps_of(messages)
    if isinstance(made.output, str):
        return Answer(conclusion=made.output.strip() or "(no text)", abstract="")
    return made.output


def _offered(one: Tool, run: Callable[..., Any]) -> ModelTool[object]:
    """A tool as the model gets it: its own schema, its failures told, its output as data."""

    async def call(**arguments: Any) -> str:
        try:
            return fenced(await run(**arguments), one.name)
        except ToolFailed as failure:
            raise ReportedFailure(fenced(str(failure), one.name)) from failure

    if one.parameters is not None:
        return ModelTool.from_schema(call, one.name, one.description, dict(one.parameters))
    derived = ModelTool(cast("Callable[..., Any]", one.function), name=one.name)
    schema = derived.function_schema.json_schema
    validate = derived.function_schema.validator

    async def checked(**arguments: Any) -> str:
        from pydantic import ValidationError

        try:
            fitting = cast("dict[str, Any]", validate.validate_python(arguments))
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
            raise ReportedFailure(f"{one.name}: arguments do not fit: {problems}") from error
        return await call(**fitting)

    return ModelTool.from_schema(checked, one.name, one.description, schema)


def within(messages: list[ModelMessage], room: int) -> list[ModelMessage]:
    """The messages with what old tools gave shortened, oldest first, until all fit into `room` tokens. The task and
    the last two messages stay whole."""
    sizes = [tokens_of(_text(message)) for message in messages]
    total = sum(sizes)
    made = list(messages)
    for place, message in enumerate(messages[1:-2], start=1):
        if total <= room:
            break
        if isinstance(message, ModelRequest):
            short = _shorter(message)
            total -= sizes[place] - tokens_of(_text(short))
            made[place] = short
    return made


def _shorter(message: ModelRequest) -> ModelRequest:
    from dataclasses import replace

    parts = [
        replace(part, content=f"{part.model_response_str()[:SHORT_CHARS]} … (shortened: it was read before)")
        if isinstance(part, ToolReturnPart) and len(part.model_response_str()) > SHORT_CHARS
        else part
        for part in message.parts
    ]
    return replace(message, parts=parts)


def _text(message: ModelMessage) -> str:
    texts: list[str] = []
    for part in message.parts:
        match part:
            case ToolReturnPart():
                texts.append(part.model_response_str())
            case ToolCallPart():
                texts.append(f"{part.tool_name} {part.args_as_json_str()}")
            case _:
                content = getattr(part, "content", "")
                texts.append(content if isinstance(content, str) else str(content))
    return "\n".join(texts)


def steps_of(messages: Sequence[ModelMessage]) -> list[dict[str, Any]]:
    """What was done, step by step: `{thought, action, arguments, observation}`, JSON throughout."""
    steps: list[dict[str, Any]] = []
    open_calls: dict[str, dict[str, Any]] = {}
    for message in messages:
        if isinstance(message, ModelResponse):
            thought = "\n".join(
                part.content for part in message.parts if isinstance(part, TextPart | ThinkingPart) and part.content
            )
            calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
            for number, part in enumerate(calls):
                step: dict[str, Any] = {
                    "thought": thought if number == 0 else "",
                    "action": part.tool_name,
                    "arguments": part.args_as_json_str(),
                    "observation": "",
                }
                open_calls[part.tool_call_id] = step
                steps.append(step)
            if not calls and thought:
                steps.append({"thought": thought, "action": "", "arguments": "", "observation": ""})
        else:
            for part in message.parts:
                if isinstance(part, ToolReturnPart) and part.tool_call_id in open_calls:
                    open_calls[part.tool_call_id]["observation"] = part.model_response_str()
    return steps
