"""Numbers among the options of a tool in `agent.yaml`."""

from __future__ import annotations

from ioa.adapters.agents.react.tool import ToolFailed
from ioa.adapters.agents.react.tool_maker import ToolSetting


def positive_number(setting: ToolSetting, tool: str, name: str, default: float) -> float:
    """The option as a number above 0. Raises `ToolFailed` that names the option and what it is."""
    given = setting.option(tool, name, default=str(default))
    try:
        number = float(given)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ToolFailed(f"The option {name} of the tool {tool} must be a number above 0, not {given!r}.")
    return number
