"""Every name that leaves this package for a tracing system, in one place.

`gen_ai.*` are OpenTelemetry's conventions for generative AI. They are still in development (their Python constants live
in a private package and are marked as moved), so they are written out here; a test compares them with the installed
`opentelemetry-semantic-conventions`. All others are `ioa.*`.
Source: github.com/open-telemetry/semantic-conventions-genai.
"""

from __future__ import annotations

from collections.abc import Mapping

from ioa.ports.tracing import Fact, Facts, Kind

SCOPE = "ioa"
SERVICE = "ioa"

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
AGENT = "gen_ai.agent.name"
TOOL = "gen_ai.tool.name"
CONVERSATION = "gen_ai.conversation.id"
TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105 - no password
ERROR = "error.type"

GOAL_ID = "ioa.goal_id"
COMM_ID = "ioa.comm_id"
TASK_ID = "ioa.task_id"
SUBGROUP = "ioa.subgroup"
DECISION = "ioa.decision"
POLICY = "ioa.policy"
STATE = "ioa.state"
STATUS = "ioa.status"
COST_USD = "ioa.cost_usd"
ESTIMATED = "ioa.tokens_estimated"
CANCELLED = "ioa.cancelled"

ATTRIBUTES: Mapping[Fact, tuple[str, ...]] = {
    "agent": (AGENT,),
    "attempt": ("ioa.attempt",),
    "comm_id": (COMM_ID, CONVERSATION),
    "cost_usd": (COST_USD,),
    "decision": (DECISION,),
    "depth": ("ioa.depth",),
    "estimated": (ESTIMATED,),
    "fell_back": ("ioa.fell_back",),
    "forced": ("ioa.forced",),
    "goal_id": (GOAL_ID,),
    "input_tokens": (INPUT_TOKENS,),
    "members": ("ioa.members",),
    "model": (REQUEST_MODEL,),
    "output_tokens": (OUTPUT_TOKENS,),
    "policy": (POLICY,),
    "provider": (PROVIDER,),
    "state": (STATE,),
    "status": (STATUS,),
    "subgroup": (SUBGROUP,),
    "task_id": (TASK_ID,),
    "tool": (TOOL,),
}
"""What each fact is called."""

OPERATIONS: Mapping[Kind, str] = {"model_call": "chat", "task": "invoke_agent", "tool": "execute_tool"}
"""Kinds of spans that are operations of the conventions."""

SPANS: Mapping[Kind, str] = {
    "goal": "goal",
    "group": "group",
    "formation": "team formation",
    "turn": "turn",
    "model_call": "chat",
    "task": "invoke_agent",
    "tool": "execute_tool",
}
_SUBJECT: Mapping[Kind, Fact] = {"model_call": "model", "task": "agent", "tool": "tool"}

PROVIDERS: Mapping[str, str] = {
    "openai": "openai",
    "openai-chat": "openai",
    "azure": "azure.ai.openai",
    "azure-responses": "azure.ai.openai",
    "anthropic": "anthropic",
    "google": "gcp.gemini",
}
"""Services by their names of `adapters.models.naming`; others keep their own."""

TOKEN_USAGE = "gen_ai.client.token.usage"  # noqa: S105 - no password
MODEL_CALL_DURATION = "gen_ai.client.operation.duration"
MODEL_COST = "ioa.model.cost"
GOALS = "ioa.goals"
GOAL_DURATION = "ioa.goal.duration"
GROUPS = "ioa.groups"
TASKS = "ioa.tasks"
TASK_DURATION = "ioa.task.duration"
TURN_DURATION = "ioa.turn.duration"
TOOL_DURATION = "ioa.tool.duration"

TOKEN_BOUNDARIES = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
CALL_BOUNDARIES_S = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
"""Both as the conventions have them."""
LONG_BOUNDARIES_S = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]


def span_name(kind: Kind, facts: Facts) -> str:
    """Such as `chat gpt-4o` or `turn`."""
    subject = facts.get(_SUBJECT[kind]) if kind in _SUBJECT else None
    return f"{SPANS[kind]} {subject}" if subject else SPANS[kind]


def attributes_of(facts: Facts) -> dict[str, str | int | float | bool]:
    """Facts as attributes."""
    made: dict[str, str | int | float | bool] = {}
    for fact, value in facts.items():
        said = PROVIDERS.get(value, value) if fact == "provider" and isinstance(value, str) else value
        made.update(dict.fromkeys(ATTRIBUTES[fact], said))
    return made
