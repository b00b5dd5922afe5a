"""The ways to a typed answer: the service's own structured output, a tool that takes the answer, or JSON in text.

The first that the model's profile has is taken. A server that rejects it, or gives no JSON with it, is asked for JSON
in text from then on: many OpenAI-compatible servers do not know `response_format` or tools, or ignore them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from ioa.adapters.models.answers import Form, asked_in_text
from ioa.adapters.models.canonical import canonical_request
from ioa.adapters.models.driven import Question, Surroundings, put
from ioa.adapters.models.failure import MindFailed, NotLegal
from ioa.adapters.models.faults import fault_of
from ioa.adapters.models.metered import Metered, estimated_tokens

T = TypeVar("T")
Way: TypeAlias = Literal["native", "tool", "text"]

ANSWERS = 3
"""How often a model may answer: once, and twice more with the reason."""

_TOOL = "answer"
_RETURNED_CHARS = 4_000


class Ways:
    """Which way leads to typed answers, by model string; learned from what the servers do."""

    def __init__(self) -> None:
        self._text_only: set[str] = set()

    def of(self, text: str, model: Model) -> Way:
        """The way to ask this model."""
        if text in self._text_only:
            return "text"
        if model.profile.get("supports_json_schema_output", False):
            return "native"
        return "tool" if model.profile.get("supports_tools", True) else "text"

    def text_only(self, text: str) -> None:
        """From now on, ask this model for JSON in text."""
        self._text_only.add(text)


async def decided(
    question: Question,
    around: Surroundings,
    ways: Ways,
    form: Form[T],
    instructions: str,
    prompt: str,
    check: Callable[[T], None] | None,
) -> T:
    """A value that can be read and that `check` lets pass. Raises `MindFailed`, `BudgetSpent`."""
    messages: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart(prompt)], instructions=instructions)]
    reason = ""
    for _ in range(ANSWERS):
        response = await _answered(question, around, ways, form, messages)
        try:
            value = form.read(_answer(response))
            if check is not None:
                check(value)
        except NotLegal as error:
            reason = _reason(error, response)
        else:
            return value
        if response.finish_reason == "content_filter":
            raise MindFailed(f"{question.name.text} filtered its answer: its content rules stand against it", "refused")
        messages = [*messages, *_returned(response, reason, form, instructions)]
    raise MindFailed(
        f"{question.name.text} gave no answer that can be used, {ANSWERS} times. The last: {reason}", "output"
    )


async def written(question: Question, around: Surroundings, instructions: str, prompt: str) -> str:
    """The text that a model writes; may be empty. Raises `MindFailed`, `BudgetSpent`."""
    messages: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart(prompt)], instructions=instructions)]
    parameters = _with_instructions(ModelRequestParameters(), instructions)
    response = await put(
        question,
        around,
        canonical_request(question.name.text, messages, parameters),
        estimated_tokens(messages, parameters),
        lambda model: model.request(messages, ModelSettings(), parameters),
    )
    return _text(response).strip()


async def _answered(
    question: Question, around: Surroundings, ways: Ways, form: Form[Any], messages: list[ModelMessage]
) -> ModelResponse:
    text = question.name.text
    instructions = _instructions(messages)

    async def live(model: Metered) -> ModelResponse:
        way = ways.of(text, model)
        try:
            response = await model.request(messages, ModelSettings(), _parameters(way, form, instructions))
        except Exception as error:  # a provider's library raises what it likes; what is not mended is raised on
            fault = fault_of(error, question.name, around.timeout_s)
            if way == "text" or fault is None or fault.kind != "refused" or fault.counted:
                raise
            response = await model.request(messages, ModelSettings(), _parameters("text", form, instructions))
            ways.text_only(text)  # the same question in text was not rejected
            return response
        if way == "native" and not _says_json(response):
            ways.text_only(text)
        return response

    # Neither the record nor the estimate depends on the way, which a server's behaviour may change at any time.
    parameters = _parameters("text", form, instructions)
    plain = _with_instructions(ModelRequestParameters(), instructions)
    return await put(
        question,
        around,
        canonical_request(text, messages, plain, form.schema),
        estimated_tokens(messages, parameters),
        live,
    )


def _parameters(way: Way, form: Form[Any], instructions: str) -> ModelRequestParameters:
    match way:
        case "native":
            parameters = ModelRequestParameters(
                output_mode="native",
                output_object=OutputObjectDefinition(json_schema=form.schema, name=form.name),
                allow_text_output=True,
            )
        case "tool":
            tool = ToolDefinition(
                name=_TOOL,
                description="Give your answer. Call this exactly once.",
                parameters_json_schema=form.schema,
                kind="output",
            )
            parameters = ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=False)
        case "text":
            instructions = f"{instructions}\n\n{asked_in_text(form.schema)}"
            parameters = ModelRequestParameters(output_mode="text")
    return _with_instructions(parameters, instructions)


def _with_instructions(parameters: ModelRequestParameters, instructions: str) -> ModelRequestParameters:
    from pydantic_ai.messages import InstructionPart

    return replace(parameters, instruction_parts=[InstructionPart(content=instructions)] if instructions else [])


def _instructions(messages: list[ModelMessage]) -> str:
    first = messages[0]
    assert isinstance(first, ModelRequest)
    return first.instructions or ""


def _answer(response: ModelResponse) -> str | dict[str, Any]:
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    for call in calls:
        if call.tool_name == _TOOL:
            return call.args if isinstance(call.args, dict) else call.args or ""
    text = _text(response)
    if not text.strip() and calls:
        raise NotLegal(f"There is no tool {calls[0].tool_name!r}. Give the answer itself, as it was asked for.")
    return text


def _text(response: ModelResponse) -> str:
    return "".join(part.content for part in response.parts if isinstance(part, TextPart))


def _says_json(response: ModelResponse) -> bool:
    return "{" in _text(response) or any(isinstance(part, ToolCallPart) for part in response.parts)


def _reason(error: NotLegal, response: ModelResponse) -> str:
    if response.finish_reason == "length":
        return "The answer was cut off because it is too long. Answer shorter."
    return str(error)


def _returned(response: ModelResponse, reason: str, form: Form[Any], instructions: str) -> list[ModelMessage]:
    """The answer as the model gave it, as text (whatever it called has no result), and why it was not taken."""
    said = "\n".join(
        [_text(response).strip()]
        + [f"{part.tool_name}({part.args_as_json_str()})" for part in response.parts if isinstance(part, ToolCallPart)]
    ).strip()
    if len(said) > _RETURNED_CHARS:
        said = f"{said[:_RETURNED_CHARS]}… (cut here, {len(said)} characters)"
    fields = ", ".join(sorted(form.fields))
    feedback = f"This answer cannot be taken. {reason} Answer again, with the fields: {fields}."
    return [
        ModelResponse(parts=[TextPart(said or "(nothing)")]),
        ModelRequest(parts=[UserPromptPart(feedback)], instructions=instructions),
    ]
