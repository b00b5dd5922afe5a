"""What a model may answer, decision by decision: only what exists and is allowed in the situation.

The types are made anew for each decision, because tasks, members and tools differ; a turn's is in `turns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import BaseModel


def one_of(values: Sequence[str]) -> Any:
    """The type of one of these texts."""
    return Literal[tuple(values)]


def tool_schema(tools: Sequence[str]) -> type[BaseModel]:
    """A tool call of a team formation."""
    from pydantic import Field, create_model

    fields: dict[str, Any] = {
        "thought": (str, Field("", description="why, in one sentence")),
        "tool": (one_of(tools), Field(description="which tool to use")),
        "desc": (list[str], Field(default_factory=list, description="search_agent: capabilities, one phrase each")),
        "team_members": (list[str], Field(default_factory=list, description="launch_group_chat: who joins")),
    }
    return create_model("ToolCall", **fields)


def alone_or_team_schema() -> type[BaseModel]:
    from pydantic import Field, create_model

    fields: dict[str, Any] = {
        "thought": (str, Field("", description="why, in one sentence")),
        "team": (bool, Field(description="true: form a team; false: do it alone")),
    }
    return create_model("AloneOrTeam", **fields)


def triggers_schema(running: Sequence[str]) -> type[BaseModel]:
    from pydantic import Field, create_model

    fields: dict[str, Any] = {
        "triggers": (list[one_of(running)], Field(description="the tasks to wait for", min_length=1))
    }
    return create_model("Triggers", **fields)


def conclusion_schema() -> type[BaseModel]:
    from pydantic import Field, create_model

    fields: dict[str, Any] = {
        "content": (str, Field(description="the answer", min_length=1)),
        "outcome": (one_of(("completed", "partial", "failed")), Field(description="does it answer the goal?")),
        "files": (list[str], Field(default_factory=list, description="names of files that belong to the answer")),
    }
    return create_model("Conclusion", **fields)


def brief_schema(ended: Sequence[str]) -> type[BaseModel]:
    """`ended` are the tasks whose results can go along."""
    from pydantic import Field, create_model

    fields: dict[str, Any] = {
        "task_abstract": (str, Field(description="the task in one line")),
        "task_desc": (str, Field(description="the whole task", min_length=1)),
        "messages": (list[int], Field(default_factory=list, description="numbers of the entries that matter")),
        "criteria": (str, Field("", description="when it is done")),
    }
    if ended:
        results = Field(default_factory=list, description="tasks whose results it needs")
        fields["results_of"] = (list[one_of(ended)], results)
    return create_model("Brief", **fields)
